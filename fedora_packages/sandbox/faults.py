"""The faults of an upstream: a delay, a failure, an invalid response, a lag.

Each lasts until it is reset, or for a number of requests.  A slow upstream reads first and waits then, so its response is stale
when it arrives: the harder case for a cache.
"""

import asyncio
import gzip
import json
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from aiohttp import web

from fedora_packages.sandbox.upstreams.koji_xmlrpc import dump_fault, dumps

FAILURES = (500, 502, 503, 504, 429, "reset", "hang", "offline")
INVALID = ("html", "truncated", "huge", "types", "empty")

#: Former names of what a fault consists of; still accepted.
FORMER_NAMES = {"lie": "invalid", "well": "reset"}

#: Bytes that a "huge" response has at least.
HUGE = 12 << 20

#: The maximum in seconds of a delay, of a lag, and of a request that hangs.
MAX_DELAY, MAX_LAG, MAX_HANG = 600.0, 1e7, 3600.0

#: What Koji's hub says during an outage.
OFFLINE = xmlrpc.client.Fault(1014, "server is offline")

LOGIN_PAGE = "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><h1>Log in to go on</h1></body></html>\n"


class FaultError(ValueError):
    """An unknown fault, or a wrong value of one; the message names the allowed ones."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How an upstream misbehaves.

    ``delay``: seconds before each response.  ``fail``: an HTTP status, ``reset``, ``hang`` or ``offline``.  ``invalid``: a kind
    of invalid response.  ``times``: the number of requests for which these three last; None: until they are reset.  ``lag``:
    seconds by which the upstream is behind.
    """

    delay: float = 0.0
    fail: int | str | None = None
    times: int | None = None
    invalid: str | None = None
    lag: float = 0.0

    def merged(self, changes: Mapping[str, Any]) -> "Fault":
        """Return the fault with some fields changed; ``{"reset": true}`` clears the others.  Raises `FaultError`."""
        changes = {FORMER_NAMES.get(name, name): value for name, value in changes.items()}
        start = NO_FAULT if changes.pop("reset", False) else self
        unknown = set(changes) - {field.name for field in fields(Fault)}
        if unknown:
            raise FaultError(f"unknown fault {sorted(unknown)[0]!r}; use delay, fail, times, invalid, lag or reset")
        for name, highest in (("delay", MAX_DELAY), ("lag", MAX_LAG)):
            if name in changes and not (_is_number(changes[name]) and 0 <= changes[name] <= highest):
                raise FaultError(f"{name!r} must be a number of seconds from 0 to {highest:g}, not {changes[name]!r}")
        for name, allowed in (("fail", FAILURES), ("invalid", INVALID)):
            if changes.get(name) is not None and changes[name] not in allowed:
                raise FaultError(f"{name!r} must be one of {', '.join(map(str, allowed))}, not {changes[name]!r}")
        times = changes.get("times")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or not 0 < times < 10**9):
            raise FaultError(f"'times' must be an integer above 0, not {times!r}")
        return replace(start, **changes)

    def after_one(self) -> "Fault":
        """Return the fault after one more request."""
        if self.times is None:
            return self
        return replace(NO_FAULT, lag=self.lag) if self.times == 1 else replace(self, times=self.times - 1)

    def as_json(self) -> dict[str, Any]:
        """Return all fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(Fault)}


NO_FAULT = Fault()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


async def fail(request: web.Request, how: int | str) -> web.StreamResponse:
    """Fail a request: with a status and a proxy's page, by breaking the connection, or by never answering.

    Offline, Koji's hub answers with a fault and HTTP 200 (koji 1.35.3, ``kojixmlrpc.py``, ``offline_reply``), any other upstream
    with 503.
    """
    if how == "offline":
        if request.path.startswith("/kojihub"):
            return web.Response(body=dump_fault(OFFLINE), content_type="text/xml")
        how = 503
    if how == "reset":
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the connection was broken on purpose")
    if how == "hang":
        for _ in range(int(MAX_HANG * 10)):
            if request.transport is None or request.transport.is_closing():
                break
            await asyncio.sleep(0.1)
        raise ConnectionResetError("the client gave up")
    assert isinstance(how, int)
    page = f"<html><head><title>{how}</title></head><body><h1>{how}</h1><p>The server cannot answer now.</p></body></html>\n"
    return web.Response(status=how, text=page, content_type="text/html")


def invalid_response(response: web.Response, how: str) -> web.Response:
    """Return an invalid response in place of a valid one, with status 200 and, but for ``html``, the same content type."""
    body = bytes(response.body) if isinstance(response.body, bytes | bytearray) else b""
    content_type = response.content_type
    if how == "html":
        return web.Response(text=LOGIN_PAGE, content_type="text/html")
    if how == "empty":
        return web.Response(body=b"", content_type=content_type)
    if how == "truncated":
        return web.Response(body=body[: len(body) // 2], content_type=content_type)
    if how == "huge":
        return web.Response(body=_huge(body, content_type), content_type=content_type)
    return web.Response(body=_of_other_types(body, content_type), content_type=content_type)


def _huge(body: bytes, kind: str) -> bytes:
    """Return the body, still well formed, grown beyond any sensible limit."""
    if kind == "application/json" and body.rstrip().endswith(b"}"):
        return body.rstrip()[:-1] + b', "padding": "' + b"x" * HUGE + b'"}'
    if kind == "application/json":
        return b'["' + b"x" * HUGE + b'"]'
    if kind == "text/xml":
        return body + b"<!-- " + b"x" * HUGE + b" -->"
    if kind == "application/x-gzip":
        # Small in transit, hundreds of megabytes when unpacked.
        return body + gzip.compress(b" " * HUGE) * 20
    return body + b"\n" + b"x" * HUGE


def _of_other_types(body: bytes, kind: str) -> bytes:
    if kind == "application/json":
        return json.dumps(_turned(json.loads(body), depth=0)).encode()
    if kind == "text/xml":
        try:
            (value,), _ = xmlrpc.client.loads(body)
        except xmlrpc.client.Fault:
            return dumps("a fault, it seems")
        return dumps(_turned(value, depth=0))
    if kind == "application/xml":
        # repomd.xml stays as it is, so that the files do not match its checksums.
        return body
    if kind == "application/x-gzip":
        return body + gzip.compress(b"<!-- not in the checksum -->")
    return b"\xff\xfe\x00" + body[::-1]


def _turned(value: Any, depth: int) -> Any:
    """Return a value with its leaves changed to other types; the three outermost layers keep theirs."""
    if isinstance(value, dict):
        return {key: _turned(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_turned(one, depth + 1) for one in value] if depth < 3 and value else "a list"
    if isinstance(value, bool) or value is None:
        return {"so": "what"}
    return [value] if isinstance(value, int | float) else len(value)
