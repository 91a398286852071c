"""The moods of an upstream: slow, failing, lying, lagging.  All are of the sandbox's own making and end when told to.

A slow upstream reads first and waits then: its answer is as old as it is late, which is the worse for whoever caches it.
"""

import asyncio
import gzip
import json
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from aiohttp import web

from fedora_packages.sandbox.upstreams.koji import dumps

FAILURES = (500, 502, 503, 504, 429, "reset", "hang")
LIES = ("html", "truncated", "huge", "types", "empty")

#: Bytes that a "huge" answer has at least.
HUGE = 12 << 20

#: Seconds that a delay, a lag, or an upstream that hangs lasts at most.
DELAY_LIMIT, LAG_LIMIT, HANG_LIMIT = 600.0, 1e7, 3600.0

LOGIN_PAGE = "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><h1>Log in to go on</h1></body></html>\n"


class MoodError(ValueError):
    """A mood was asked for that there is not; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Mood:
    """How an upstream answers.  ``times``: for how many more requests, None for all; ``lag``: by how many seconds it is late."""

    delay: float = 0.0
    fail: int | str | None = None
    times: int | None = None
    lie: str | None = None
    lag: float = 0.0

    def merged(self, wish: Mapping[str, Any]) -> "Mood":
        """Return the mood with what is wished for; ``{"well": true}`` starts from none.  Raises `MoodError`."""
        wish = dict(wish)
        start = WELL if wish.pop("well", False) else self
        unknown = set(wish) - {field.name for field in fields(Mood)}
        if unknown:
            raise MoodError(f"{sorted(unknown)[0]!r} is no mood; there are delay, fail, times, lie, lag and well")
        for name, highest in (("delay", DELAY_LIMIT), ("lag", LAG_LIMIT)):
            if name in wish and not (_is_number(wish[name]) and 0 <= wish[name] <= highest):
                raise MoodError(f"{name!r} is a number of seconds from 0 to {highest:g}, not {wish[name]!r}")
        for name, allowed in (("fail", FAILURES), ("lie", LIES)):
            if wish.get(name) is not None and wish[name] not in allowed:
                raise MoodError(f"{name!r} is one of {', '.join(map(str, allowed))}, not {wish[name]!r}")
        times = wish.get("times")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or not 0 < times < 10**9):
            raise MoodError(f"'times' is a whole number above 0, not {times!r}")
        return replace(start, **wish)

    def after_one(self) -> "Mood":
        """Return the mood after one more request."""
        if self.times is None:
            return self
        return replace(WELL, lag=self.lag) if self.times == 1 else replace(self, times=self.times - 1)

    def as_json(self) -> dict[str, Any]:
        """Return the mood as it is shown."""
        return {field.name: getattr(self, field.name) for field in fields(Mood)}


WELL = Mood()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


async def fail(request: web.Request, how: int | str) -> web.StreamResponse:
    """Fail a request: with a status and a proxy's page, by breaking the connection, or by never answering."""
    if how == "reset":
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the connection was broken on purpose")
    if how == "hang":
        for _ in range(int(HANG_LIMIT * 10)):
            if request.transport is None or request.transport.is_closing():
                break
            await asyncio.sleep(0.1)
        raise ConnectionResetError("the client gave up")
    assert isinstance(how, int)
    page = f"<html><head><title>{how}</title></head><body><h1>{how}</h1><p>The server cannot answer now.</p></body></html>\n"
    return web.Response(status=how, text=page, content_type="text/html")


def lied(answer: web.Response, how: str) -> web.Response:
    """Return what a lying upstream sends in the place of an answer, with the status and content type of success."""
    body = answer.body if isinstance(answer.body, bytes | bytearray) else b""
    kind = answer.content_type
    if how == "html":
        return web.Response(text=LOGIN_PAGE, content_type="text/html")
    if how == "empty":
        return web.Response(body=b"", content_type=kind)
    if how == "truncated":
        return web.Response(body=bytes(body[: len(body) // 2]), content_type=kind)
    if how == "huge":
        return web.Response(body=_huge(bytes(body), kind), content_type=kind)
    return web.Response(body=_of_other_types(bytes(body), kind), content_type=kind)


def _huge(body: bytes, kind: str) -> bytes:
    """Return the body with so much more in it that nobody should read it; it is still well formed where it was."""
    if kind == "application/json" and body.rstrip().endswith(b"}"):
        return body.rstrip()[:-1] + b', "padding": "' + b"x" * HUGE + b'"}'
    if kind == "application/json":
        return b'["' + b"x" * HUGE + b'"]'
    if kind == "text/xml":
        return body + b"<!-- " + b"x" * HUGE + b" -->"
    if kind == "application/x-gzip":
        # Small on its way, and hundreds of megabytes to whoever unpacks all of it.
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
        # What names a repository's files stays right: then they are not what it promises.
        return body
    if kind == "application/x-gzip":
        return body + gzip.compress(b"<!-- nobody promised this -->")
    return b"\xff\xfe\x00" + body[::-1]


def _turned(value: Any, depth: int) -> Any:
    """Return a value whose parts are of other types than they should be; its outermost layers are as they were."""
    if isinstance(value, dict):
        return {key: _turned(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_turned(one, depth + 1) for one in value] if depth < 3 and value else "a list"
    if isinstance(value, bool) or value is None:
        return {"so": "what"}
    return [value] if isinstance(value, int | float) else len(value)
