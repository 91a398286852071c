"""What messages contain, one file a sender: the packages that they name, their details and their sentence on a timeline.

Which queries a message makes stale stands beside each query, in ``connectors/``.
"""
