"""The stand-ins, one file an upstream, written from its contract and not from our connectors."""
