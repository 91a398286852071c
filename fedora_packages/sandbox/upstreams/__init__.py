"""The stand-ins: one file for each upstream, written from its contract and not from our connectors."""
