"""``/api/v1/changes``: the feed of changed values, for programs that mirror many packages."""

from collections.abc import Iterable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, view_config

from fedora_packages.cache import changefeed
from fedora_packages.cache.changefeed import Change, CursorTooOld
from fedora_packages.connectors.active_releases import RELEASES
from fedora_packages.connectors.query import NO_PACKAGE
from fedora_packages.search.packages import BINARY, find
from fedora_packages.web.api.endpoint import names_of, parse_parameters
from fedora_packages.web.problems import problem

#: Changes that one response is selected from.
MAX_COUNT = 1000
DEFAULT_COUNT = 500


@view_config(route_name="api.changes", renderer="json")
def change_feed(request: Request) -> dict[str, Any]:
    """Return the changes after a cursor, oldest first, and the next cursor; without a cursor, the current one.

    Raises `CursorTooOld` and `CacheUnavailable`.
    """
    values = parse_parameters(request, "api.changes")
    names, unknown = _packages(request, names_of(values["names"])) if "names" in values else (None, [])
    client = request.service.client
    count = values.get("count", DEFAULT_COUNT)
    feed = changefeed.since(client, values["since"], count) if "since" in values else changefeed.current(client)
    query = values.get("query")
    rows = (
        _row(request, change)
        for change in feed.changes
        if names is None or change.package in names
        if query is None or change.query.partition(".")[2] == query
    )
    response = {"changes": list(rows), "cursor": feed.cursor, "more": feed.more}
    return {**response, "unknown": unknown} if names is not None else response


@exception_view_config(CursorTooOld)
def gone(error: CursorTooOld, request: Request) -> Response:
    """The feed no longer has all changes after the cursor; the response has a new one."""
    cursor = changefeed.current(request.service.client).cursor
    detail = f"{error}. Keep the cursor of this response, then fetch all values, then poll with that cursor."
    return problem(request, "cursor-gone", detail, cursor=cursor)


def _packages(request: Request, names: Iterable[str]) -> tuple[frozenset[str], list[str]]:
    """Return the packages of some names, with the binary packages of a source and the source of a binary, and the unknown
    names."""
    packages: set[str] = set()
    unknown = []
    for name in names:
        package = find(request.index, name)
        if package is None:
            unknown.append(name)
        else:
            packages |= {name, package.source} if package.kind == BINARY else {name, *package.siblings}
    return frozenset(packages), unknown


def _row(request: Request, change: Change) -> dict[str, Any]:
    return {
        "query": change.query,
        "package": None if change.package == NO_PACKAGE else change.package,
        "release": change.variant or None,
        "at": change.at,
        "url": _url(request, change),
    }


def _url(request: Request, change: Change) -> str | None:
    """Return the URL of a changed value; None for an unknown query."""
    if change.query == RELEASES:
        return request.route_url("api.releases")
    query = request.queries.get(change.query)
    if query is None:
        return None
    if query.subject == "nothing":
        return request.route_url("api.shared", upstream=query.upstream, query=query.short_name)
    parameters = {"release": change.variant} if change.variant else {}
    return request.route_url("api.query", package=change.package, query=query.short_name, _query=parameters)
