"""Calls of Koji's hub over XML-RPC, several in one request.

The standard library speaks XML-RPC: Koji's own client needs Kerberos headers to compile, and these calls are anonymous.  A fault
has the HTTP status 200, like any answer.
"""

import xmlrpc.client
from contextlib import suppress
from typing import Any
from xml.parsers.expat import ExpatError

from fedora_packages.connectors.http import HTTPClient, Response
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable

#: The fault of a hub that is offline for maintenance (``koji.ServerOffline``).
SERVER_OFFLINE = 1014

#: What the parser raises for invalid XML-RPC.
INVALID_XML = (
    ExpatError,
    xmlrpc.client.Error,
    ValueError,
    LookupError,
    TypeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
)


class XMLRPCClient(HTTPClient):
    """Sends the calls of one hub."""

    def multicall(self, request: str, *calls: dict[str, Any]) -> list[Any]:
        """Return the results of several calls in one request.  Raises the error of the first that is a fault."""
        if not calls:
            return []
        body = xmlrpc.client.dumps((list(calls),), "multiCall", allow_none=True).encode()
        headers = {"Accept": "text/xml", "Content-Type": "text/xml"}
        answer = self.send("POST", "", request=request, data=body, headers=headers, refuse=self._refuse_offline)
        if answer.status != 200:
            raise self.invalid(request, f"HTTP {answer.status}")
        results = self._loaded(answer)
        if not isinstance(results, list) or len(results) != len(calls):
            raise self.invalid(request, f"expected a list of {len(calls)} results, got a {type(results).__name__}")
        return [self._result(request, result) for result in results]

    def _result(self, request: str, result: Any) -> Any:
        if isinstance(result, list) and len(result) == 1:
            return result[0]
        if isinstance(result, dict) and "faultCode" in result:
            raise self._fault(request, result["faultCode"], result.get("faultString"))
        raise self.invalid(request, f"expected a list as the result of a call, got a {type(result).__name__}")

    def _refuse_offline(self, answer: Response) -> None:
        """Raise `UpstreamUnavailable` if the hub is offline: that fault has the status 200, like any other."""
        if b"<fault>" in answer.body[:200]:
            # Any other error is raised when the answer is read.
            with suppress(InvalidResponse):
                self._loaded(answer)

    def _loaded(self, answer: Response) -> Any:
        """Return the value in an answer.  Raises the error of a fault, and `InvalidResponse` for invalid XML-RPC."""
        try:
            (found,), _ = xmlrpc.client.loads(answer.body, use_builtin_types=True)
        except xmlrpc.client.Fault as fault:
            raise self._fault(answer.request, fault.faultCode, fault.faultString) from fault
        except INVALID_XML as error:
            kind = answer.content_type or "no content type"
            raise self.invalid(answer.request, f"invalid XML-RPC ({kind})", answer.body) from error
        return found

    def _fault(self, request: str, code: Any, said: Any) -> UpstreamUnavailable | InvalidResponse:
        kind = UpstreamUnavailable if code == SERVER_OFFLINE else InvalidResponse
        reason = f"fault {code}" if isinstance(code, int) else "a fault without a number"
        return kind(self.name, request, reason, str(said).encode("utf-8", "replace"), title=self.title)


def call(method: str, *positional: Any, **named: Any) -> dict[str, Any]:
    """Return a call for `XMLRPCClient.multicall`."""
    params = [*positional, {**named, "__starstar": True}] if named else list(positional)
    return {"methodName": method, "params": params}
