"""``/api/v1/changes``: which values became others, for programs that keep what they read of all packages."""

from collections.abc import Iterable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, view_config

from fedora_packages.cache import changefeed
from fedora_packages.cache.changefeed import Change, CursorTooOld
from fedora_packages.connectors.query import NO_PACKAGE
from fedora_packages.connectors.releases import RELEASES
from fedora_packages.search.packages import BINARY, find
from fedora_packages.web.api.endpoint import asked, names_of
from fedora_packages.web.problems import problem

#: Changes that are looked at for one answer: at most, and where it is not said.
MOST_CHANGES = 1000
USUAL_CHANGES = 500


@view_config(route_name="api.changes", renderer="json")
def following(request: Request) -> dict[str, Any]:
    """Return what changed since a cursor, oldest first, and the cursor for the next time; without one that alone.

    Raises `CursorTooOld` and `CacheUnavailable`.
    """
    values = asked(request, "api.changes")
    names, unknown = _wanted(request, names_of(values["names"])) if "names" in values else (None, [])
    client = request.service.client
    count = values.get("count", USUAL_CHANGES)
    found = changefeed.since(client, values["since"], count) if "since" in values else changefeed.current(client)
    query = values.get("query")
    kept = (
        _told(request, change)
        for change in found.changes
        if names is None or change.package in names
        if query is None or change.query.partition(".")[2] == query
    )
    answer = {"changes": list(kept), "cursor": found.cursor, "more": found.more}
    return {**answer, "unknown": unknown} if names is not None else answer


@exception_view_config(CursorTooOld)
def gone(error: CursorTooOld, request: Request) -> Response:
    """A cursor after which not everything is known any more: the answer has a new one, to begin again with."""
    cursor = changefeed.current(request.service.client).cursor
    detail = (
        f"{error}.  Take the cursor of this answer, then read anew what you keep, then ask for changes since that cursor: so "
        "nothing is missed."
    )
    return problem(request, 410, detail, kind="cursor-gone", cursor=cursor)


def _wanted(request: Request, names: Iterable[str]) -> tuple[frozenset[str], list[str]]:
    """Return the packages that names stand for, a source's binaries and a binary's source too; and the names that are none's."""
    found: set[str] = set()
    unknown = []
    for name in names:
        package = find(request.service.index, name)
        if package is None:
            unknown.append(name)
        else:
            found |= {name, package.source} if package.kind == BINARY else {name, *package.siblings}
    return frozenset(found), unknown


def _told(request: Request, change: Change) -> dict[str, Any]:
    return {
        "query": change.query,
        "package": None if change.package == NO_PACKAGE else change.package,
        "release": change.variant or None,
        "at": change.at,
        "url": _address(request, change),
    }


def _address(request: Request, change: Change) -> str | None:
    """Return where a value is; None of a query that has no address, or that this process does not know."""
    query = request.service.queries.get(change.query)
    if query is None or (query.subject == "nothing" and query.name != RELEASES):
        return None
    if query.subject == "nothing":
        return request.route_url("api.releases")
    named = {"release": change.variant} if change.variant else {}
    return request.route_url("api.query", package=change.package, query=query.short_name, _query=named)
