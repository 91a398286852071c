"""The JSON API of 2011 to 2020, for the programs that still call it: ``/fcomm_connector/CONNECTOR/...``.

New clients use `fedora_packages.web.api`.  Nothing here can be tidied up: the oddities (versions that are links, the string
``"None"``, JSON as ``text/html``) are what some program reads.

`decode` reads a request, `context` the cached values, the module of each old connector makes rows, `operations` lists them all,
and `envelope` writes them.
"""
