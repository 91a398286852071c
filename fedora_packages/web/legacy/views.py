"""The URLs of the old JSON API, and of the icons that old clients show."""

from importlib.resources import files
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.legacy.context import LegacyContext, NotAvailable, UnknownPackage
from fedora_packages.web.legacy.decode import BadQuery, LegacyRequest, decode, segments_of
from fedora_packages.web.legacy.envelope import answer_response, failure, nothing, page
from fedora_packages.web.legacy.operations import CALLING, CONNECTORS, METHOD, MODEL, QUERY, QUERYING, Operation
from fedora_packages.web.request import printable

#: Seconds for which clients may cache an icon.
ICON_MAX_AGE = 7 * 86400


@view_config(route_name="legacy")
@view_config(route_name="legacy.root")
def connector(request: Request) -> Response:
    """Answer an old client.

    An unavailable answer is an error in the envelope with status 200, as ever; an invalid request has status 400, an unknown
    operation 404.
    """
    segments, body = segments_of(request.matchdict.get("rest", ""))
    search = request.route_url("api.search")
    if len(segments) < 2 or segments[0] not in CONNECTORS:
        return nothing(request, search)
    word = segments[1]
    name, operation = _operation(*segments)
    if operation is None:
        names = ", ".join(CONNECTORS[segments[0]])
        error = f"{segments[0]} has no operation {name[:40]!r}. Operations: {names}."
        return answer_response(request, failure(error), search, 404)
    if word == MODEL:
        model = {"path": name, "can_paginate": name != "query_active_releases", "filters": list(operation.filters)}
        return answer_response(request, model, search)
    query, context, status = LegacyRequest(rows=0), LegacyContext(request), 200
    try:
        query = decode(request, body, () if word == QUERYING else operation.filters)
        answer = operation.answer(query, context)
    except BadQuery as error:
        answer, status = _failed(operation, f"{error.args[0]}.", query), 400
    except NotAvailable as error:
        is_empty = isinstance(error, UnknownPackage) and operation.kind == QUERY
        answer = page([], query) if is_empty else _failed(operation, error.args[0], query)
    return answer_response(request, answer, successor_of(request, operation, query, context), status)


@view_config(route_name="legacy.icon")
def icon(request: Request) -> Response:
    """Return the icon of all packages, for any name and extension."""
    image = files("fedora_packages.web").joinpath("static", "package_128x128.png").read_bytes()
    response = Response(body=image, content_type="image/png")
    response.cache_control = f"public, max-age={ICON_MAX_AGE}"
    return response


def successor_of(request: Request, operation: Operation, query: LegacyRequest, context: LegacyContext) -> str:
    """Return the URL with the same data in the JSON API; for an unknown package, the search for it."""
    if context.found is None:
        named = next((query.filters[name] for name in operation.filters if query.filters.get(name)), "")
        text = printable(named, MAX_QUERY_LENGTH) if isinstance(named, str) else ""
        return request.route_url("api.search", _query={"q": text} if text else None)
    if operation.successor == "releases":
        return request.route_url("api.package.releases", package=context.found.name)
    query = request.registry.addressed.get(operation.successor)
    if query is None:
        return request.route_url("api.package", package=context.found.name)
    parameters = {"release": context.release} if query.by_release and context.release else None
    return request.route_url("api.query", package=context.found.name, query=operation.successor, _query=parameters)


def _operation(connector: str, word: str, *path: str) -> tuple[str, Operation | None]:
    """Return the name of the operation, and the operation or None."""
    is_named_after = word in (QUERYING, MODEL, *CALLING)
    name = "/".join(path) if is_named_after else word
    found = CONNECTORS[connector].get(name)
    kinds = (QUERY, METHOD) if word in CALLING else (QUERY,) if is_named_after else (METHOD,)
    return name, found if found is not None and found.kind in kinds else None


def _failed(operation: Operation, error: str, query: LegacyRequest) -> dict[str, Any]:
    return {"error": error} if operation.is_bare else failure(error, query.rows)
