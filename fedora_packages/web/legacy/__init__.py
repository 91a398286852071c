"""The JSON that the service had from 2011 to 2020, for the programs that still call it: ``/fcomm_connector/CONNECTOR/...``.

The one thing to know: nothing here is for new clients (see `fedora_packages.web.api`), and nothing may be tidied.  What looks
odd (versions that are links, ``"None"`` as a text, a ``text/html`` that holds JSON) is what some program reads.

``transport`` reads a request, ``look`` what is known, the module of each old connector makes its rows of that, ``operations``
lists them all, ``answers`` writes them.
"""
