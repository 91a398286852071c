"""A small Fedora on one machine: a process that answers as Koji, Bodhi, Bugzilla, mdapi, dist-git, FAF, Anitya, datagrepper and
the download servers.

All of them show one world.  Actions change the world and publish messages on a bus, as Fedora's services do.  The sandbox is
written from the documented behavior of those services and imports nothing of what it stands in for.

::

    cli  process  devserver     the command; a sandbox as a process; the whole service as processes
    server                      one HTTP server, which applies the faults
    control                     the control addresses: trigger actions, set faults, read the state
    faults  state               how an upstream misbehaves; what server and control share
    actions/                    what can happen, and the messages that it publishes
    expected                    the state that pages must show
    upstreams/                  the stand-ins, which only read a view of the world
    archive  bus                the published messages; fedmsg
    world/                      packages now and before, their generated history, their files

Each imports only those below it.
"""
