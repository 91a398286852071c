"""The addresses of the old JSON, and of the icons that old clients show beside its rows."""

from dataclasses import replace
from importlib.resources import files
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.legacy.context import Look, NotKnown
from fedora_packages.web.legacy.decode import LONGEST, Asked, BadQuery, asked_of, segments_of
from fedora_packages.web.legacy.envelope import answered, envelope, failure, nothing
from fedora_packages.web.legacy.operations import CALLING, CONNECTORS, METHOD, MODEL, QUERY, QUERYING, Operation
from fedora_packages.web.request import printable

#: Seconds for which an icon is kept.
ICON_KEPT = 7 * 86400


@view_config(route_name="legacy")
@view_config(route_name="legacy.root")
def connector(request: Request) -> Response:
    """Answer an old client.

    What is not known is said in the envelope, with a status of 200 as ever; what cannot be understood with 400, and what there
    is not with 404.
    """
    segments, body = segments_of(request.matchdict.get("rest", ""))
    search = request.route_url("api.search")
    if len(segments) < 2 or segments[0] not in CONNECTORS:
        return nothing(request, search)
    name, operation = _operation(*segments)
    if operation is None:
        names = ", ".join(CONNECTORS[segments[0]])
        error = f"{segments[0]} has no {name[:40]!r}; it has {names}."
        return answered(request, failure(error), search, 404)
    if segments[1] == MODEL:
        return answered(request, operation.model(name), search)
    asked, look, status = None, Look(request), 200
    try:
        asked = _completed(asked_of(request, segments, body), operation, segments[1] == QUERYING)
        answer = _answer(operation, asked, look)
    except BadQuery as error:
        answer, status = _failed(operation, f"{error.args[0]}.", asked), 400
    except NotKnown as error:
        answer = _failed(operation, error.args[0], asked)
    return answered(request, answer, successor_of(request, operation, asked, look), status)


@view_config(route_name="legacy.icon")
def icon(request: Request) -> Response:
    """Return a package's icon.  All have the same, whatever name is asked for, and with whatever ending."""
    image = files("fedora_packages.web").joinpath("static", "package_128x128.png").read_bytes()
    response = Response(body=image, content_type="image/png")
    response.cache_control = f"public, max-age={ICON_KEPT}"
    return response


def successor_of(request: Request, operation: Operation, asked: Asked | None, look: Look) -> str:
    """Return the address in the JSON API that has what is asked for; of a package that there is not, the search for it."""
    if look.found is None:
        named = (
            next((asked.filters[name] for name in operation.filters if asked.filters.get(name)), "") if asked else ""
        )
        text = printable(named, MAX_QUERY_LENGTH) if isinstance(named, str) else ""
        return request.route_url("api.search", _query={"q": text} if text else None)
    if operation.successor == "releases":
        return request.route_url("api.package.releases", package=look.found.name)
    query = request.registry.addressed.get(operation.successor)
    if query is None:
        return request.route_url("api.package", package=look.found.name)
    parameters = {"release": look.release} if query.by_release and look.release else None
    return request.route_url("api.query", package=look.found.name, query=operation.successor, _query=parameters)


def _operation(connector: str, operation: str, *path: str) -> tuple[str, Operation | None]:
    """Return the name of what is asked for, and what that is; None where there is nothing of the name."""
    queries = CONNECTORS[connector]
    if operation in (QUERYING, MODEL, *CALLING):
        name = "/".join(path)
        found = queries.get(name)
        return name, found if found is None or found.kind == QUERY or operation in CALLING else None
    found = queries.get(operation)
    return operation, found if found is not None and found.kind == METHOD else None


def _completed(asked: Asked, operation: Operation, is_query: bool) -> Asked:
    """Return what is asked with the filters that are given as parameters, where they may be."""
    if is_query:
        return asked
    given = {name: text[: LONGEST + 1] for name, text in asked.parameters.items() if name in operation.filters}
    return replace(asked, filters={**asked.filters, **given})


def _answer(operation: Operation, asked: Asked, look: Look) -> Any:
    found = operation.answer(asked, look)
    if operation.kind == METHOD:
        return found
    rows, total = found.page(asked)
    return envelope(rows, total, asked.rows, asked.start)


def _failed(operation: Operation, error: str, asked: Asked | None) -> dict[str, Any]:
    return {"error": error} if operation.is_bare else failure(error, asked.rows if asked else 0)
