"""XML-RPC as Koji's hub writes it.

Source: koji 1.35.3, ``koji/xmlrpcplus.py``.
"""

import xmlrpc.client
from collections.abc import Callable
from typing import Any


class _Marshaller(xmlrpc.client.Marshaller):
    """Writes integers of more than 32 bits as ``<i8>``, as the hub does."""

    dispatch = dict(xmlrpc.client.Marshaller.dispatch)

    def _dump_int(self, value: int, write: Callable[[str], None]) -> None:
        if not -(2**63) <= value < 2**63:
            raise OverflowError("int exceeds 64-bit limit")
        kind = "int" if -(2**31) <= value < 2**31 else "i8"
        write(f"<value><{kind}>{value}</{kind}></value>\n")

    dispatch[int] = _dump_int


def dumps(value: Any) -> bytes:
    """Return an XML-RPC response with a value."""
    params = _Marshaller("utf-8", True).dumps((value,))
    return f"<?xml version='1.0'?>\n<methodResponse>\n{params}</methodResponse>\n".encode()


def dump_fault(fault: xmlrpc.client.Fault) -> bytes:
    """Return an XML-RPC response with a fault."""
    xml = _Marshaller("utf-8", True).dumps(fault)
    return f"<?xml version='1.0'?>\n<methodResponse>\n{xml}</methodResponse>\n".encode()
