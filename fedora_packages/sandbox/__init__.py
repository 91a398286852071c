"""Fedora's side on one machine: one process that answers as koji, bodhi, bugzilla, mdapi, dist-git, FAF, Anitya,
datagrepper and the download servers do.

All of them show one small world, which can be told to change, and then says so on the bus as they would.  It is written from the
documented behaviour of those services and imports nothing of what it stands in for.

::

    cli        serve                            the command; a sandbox as a process
    server     control  faults  busy             one HTTP server; what makes things happen and go wrong
    koji bodhi bugzilla distgit faf anitya datagrepper              the stand-ins: pure readers of a View of the world
    mirror     repodata    mdapi                the repositories whole, as XML, and package by package
    happenings (update_, bug_, outside_)  messages  truth           what can happen, what is said of it, what is true
    world      derive  outside  load  generated  specs   packages now and then; their made-up past; what rpm adds; their files
    facts      releases  ids                    records without behaviour
    bus        archive                          fedmsg, and what was published

Imports point down (``served`` and ``telling`` hold what a layer shares).
"""
