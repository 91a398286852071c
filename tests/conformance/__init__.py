"""The sandbox held to the published servers and clients of koji, bodhi, bugzilla and mdapi.

Nothing here knows how the sandbox is made.  It runs as a process of its own; what is compared goes over HTTP.
"""
