"""The stand-in of datagrepper: search for published messages by time and subject.

``/raw`` returns messages in the classic envelope, ``/v2/search`` in fedora-messaging's; the search is the same.
"""

import html
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from fedora_packages.sandbox.archive import Archive, ArchivedMessage
from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed

ROWS_DEFAULT, ROWS_LIMIT = 25, 100

#: The maximum age of messages for ``contains``, in seconds: eight months.
CONTAINS_LIMIT = 8 * 31 * 86400

META = frozenset(
    {
        "summary",
        "text",
        "url",
        "app_icon",
        "agent_avatar",
        "usernames",
        "packages",
        "containers",
        "modules",
        "flatpaks",
        "date",
    }
)


class Refusal(ValueError):
    """A request refused with status 400."""


def routes(sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return datagrepper's routes, each also with a slash at the end."""
    service = Datagrepper(sandbox.bus.archive)
    found = []
    for path, handler in (
        ("/raw", service.raw), ("/v2/search", service.search), ("/id", service.raw_id), ("/v2/id", service.search_id),
    ):  # fmt: skip
        found += [web.get(f"/datagrepper{path}", handler), web.get(f"/datagrepper{path}/", handler)]
    return found


class Datagrepper:
    """The handlers, over one archive."""

    def __init__(self, archive: Archive):
        self.archive = archive

    async def raw(self, request: web.Request) -> web.Response:
        """Answer ``GET /raw``."""
        return self._searched(request, raw_json)

    async def search(self, request: web.Request) -> web.Response:
        """Answer ``GET /v2/search``."""
        return self._searched(request, message_json)

    async def raw_id(self, request: web.Request) -> web.Response:
        """Answer ``GET /id?id=``."""
        return self._one(request, raw_json)

    async def search_id(self, request: web.Request) -> web.Response:
        """Answer ``GET /v2/id?id=``."""
        return self._one(request, message_json)

    def _one(self, request: web.Request, shape: Callable[[ArchivedMessage], dict[str, Any]]) -> web.Response:
        wanted = request.query.get("id")
        if not wanted:
            return web.Response(status=400, text="Bad Request", content_type="text/html")
        found = self.archive.find(wanted)
        if found is None or found.came > request[VIEW].timestamp:
            return web.Response(status=404, text="No message with the given ID", content_type="text/html")
        return web.json_response(shape(found))

    def _searched(self, request: web.Request, shape: Callable[[ArchivedMessage], dict[str, Any]]) -> web.Response:
        now = time.time()
        try:
            start, end, delta = _range(request, now)
            page, rows, newest_first = _paging(request)
            tests = _filters(request, start, now)
        except Refusal as refusal:
            return web.Response(status=400, text=html.escape(str(refusal)), content_type="text/html")
        if not META.issuperset(request.query.getall("meta", ())):
            return web.Response(status=500, text="Internal Server Error", content_type="text/html")
        timestamp = request[VIEW].timestamp
        found = [
            kept
            for kept in self.archive
            if kept.came <= timestamp
            and (start is None or kept.sent >= start)
            and (end is None or kept.sent <= end)
            and all(test(kept) for test in tests)
        ]
        found.sort(key=lambda kept: kept.sent, reverse=newest_first)
        shown = found[(page - 1) * rows : page * rows]
        arguments: dict[str, Any] = {
            "start": start, "end": end, "delta": delta, "page": page, "rows_per_page": rows,
            "order": "desc" if newest_first else "asc", "grouped": False, "meta": request.query.getall("meta", []),
            **{f"{name}s" if name != "category" else "categories": request.query.getall(name, []) for name in FILTERS},
            **{f"not_{name}s" if name != "category" else "not_categories": request.query.getall(f"not_{name}", [])
               for name in FILTERS},
            "contains": request.query.getall("contains", []),
        }  # fmt: skip
        return web.json_response(
            {
                "arguments": arguments,
                "count": len(shown),
                "pages": -(-len(found) // rows),
                "total": len(found),
                "raw_messages": [shape(kept) for kept in shown],
            }
        )


FILTERS: dict[str, Callable[[ArchivedMessage], set[str]]] = {
    "user": lambda kept: _people(kept.envelope["msg"]),
    "package": lambda kept: _packages(kept),
    "category": lambda kept: {kept.category},
    "topic": lambda kept: {kept.topic},
    "agent": lambda kept: (
        {str(kept.envelope["msg"].get("agent", ""))} if isinstance(kept.envelope["msg"], dict) else set()
    ),
}


def _filters(request: web.Request, start: float | None, now: float) -> list[Callable[[ArchivedMessage], bool]]:
    tests: list[Callable[[ArchivedMessage], bool]] = []
    for name, read in FILTERS.items():
        wanted, unwanted = set(request.query.getall(name, ())), set(request.query.getall(f"not_{name}", ()))
        if wanted:
            tests.append(lambda kept, read=read, wanted=wanted: not wanted.isdisjoint(read(kept)))
        if unwanted:
            tests.append(lambda kept, read=read, unwanted=unwanted: unwanted.isdisjoint(read(kept)))
    texts = request.query.getall("contains", ())
    if texts:
        if start is None or start < now - CONTAINS_LIMIT:
            raise Refusal("When using contains, specify a start at most eight months into the past")
        if "topic" not in request.query and "category" not in request.query:
            raise Refusal("When using contains, specify either a topic or a category as well")
        tests.append(lambda kept: any(text in json.dumps(kept.envelope["msg"]) for text in texts))
    return tests


def _time(text: str) -> float:
    """Return a timestamp from epoch seconds or a date; a date without a zone is in UTC.  Raises `Refusal`."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        timestamp = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(f"Invalid timestamp: {text}") from error
    return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)).timestamp()


def _range(request: web.Request, now: float) -> tuple[float | None, float | None, float | None]:
    """Return the time bounds of a request, each a timestamp or None, and its delta."""
    start = _time(request.query["start"]) if request.query.get("start") else None
    end = _time(request.query["end"]) if request.query.get("end") else None
    delta = _time(request.query["delta"]) if request.query.get("delta") else None
    if start is not None and end is not None:
        return start, end, delta
    if start is not None:
        return start, now if delta is None else start + delta, delta
    if delta is not None:
        upper = now if end is None else end
        return upper - delta, upper, delta
    # An end alone has no effect: its start becomes 0, which the database layer reads as "not given".
    return None, None, None


def _paging(request: web.Request) -> tuple[int, int, bool]:
    try:
        page = int(request.query.get("page", "1"))
        rows = int(request.query.get("rows_per_page", str(ROWS_DEFAULT)))
    except ValueError as error:
        raise web.HTTPInternalServerError from error
    order = request.query.get("order", "desc")
    if page < 1:
        raise Refusal("page must be > 0")
    if not 0 <= rows <= ROWS_LIMIT:
        raise Refusal("rows_per_page must be <= 100" if rows > ROWS_LIMIT else "rows_per_page must be >= 0")
    if order not in ("desc", "asc"):
        raise Refusal("order must be either 'desc' or 'asc'")
    return page, rows or ROWS_DEFAULT, order == "desc"


def _packages(kept: ArchivedMessage) -> set[str]:
    """Return the source packages of a message, whose body can be anything."""
    body = kept.envelope["msg"]
    if not isinstance(body, dict):
        return set()
    found: list[Any] = [body.get("name"), body.get("package")] if kept.category in ("buildsys", "git") else []
    found += [_part(body, "repo").get("name"), _part(body, "project").get("name"), _part(body, "commit").get("repo")]
    found.append(_part(body, "bug").get("component"))
    update = _part(body, "update") or _part(_part(body, "comment"), "update")
    builds = update.get("builds")
    for build in builds if isinstance(builds, list) else ():
        nvr = build.get("nvr") if isinstance(build, dict) else None
        found.append(nvr.rsplit("-", 2)[0] if isinstance(nvr, str) else None)
    return {name for name in found if isinstance(name, str)}


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    return part if isinstance(part, dict) else {}


def _people(body: Any) -> set[str]:
    if not isinstance(body, dict):
        return set()
    return {value for value in (body.get("agent"), body.get("owner"), body.get("user")) if isinstance(value, str)}


def raw_json(kept: ArchivedMessage) -> dict[str, Any]:
    """Return a message in the classic envelope, as ``/raw`` does."""
    envelope = kept.envelope
    return {
        "i": envelope.get("i", 0),
        "msg_id": kept.msg_id,
        "topic": kept.topic,
        "timestamp": kept.sent,
        "certificate": None,
        "signature": None,
        "agent_name": None,
        "username": envelope.get("username"),
        "crypto": None,
        "msg": envelope["msg"],
        "headers": {},
        "source_name": "datanommer",
        "source_version": "1.5.0",
        "users": sorted(_people(envelope["msg"])),
        "packages": sorted(_packages(kept)),
    }


def message_json(kept: ArchivedMessage) -> dict[str, Any]:
    """Return a message in fedora-messaging's envelope, as ``/v2/search`` does."""
    sent = datetime.fromtimestamp(kept.sent, UTC).isoformat()
    return {
        "topic": kept.topic,
        "body": kept.envelope["msg"],
        "headers": {"sent-at": sent, "fedora_messaging_severity": 20, "fedora_messaging_schema": "base.message"},
        "id": kept.msg_id,
        "priority": 0,
        "queue": None,
    }
