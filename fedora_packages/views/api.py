"""The JSON API: the values of pages with their stamps, one address for each query.

``/api/v1/packages/NAME/QUERY`` follows from the queries: their short names are its addresses.  Every answer may be read from any
other site (``Access-Control-Allow-Origin: *``); errors are RFC 9457's ``application/problem+json``.
"""

from collections.abc import Iterable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from fedora_packages.cache import Reading
from fedora_packages.errors import ReleaseNotServed, SettingsError
from fedora_packages.query import NO_PACKAGE, Query
from fedora_packages.reads import COOL_DOWN, Wanted
from fedora_packages.search.reader import LAST_HIT, MOST_ROWS
from fedora_packages.service import RELEASES
from fedora_packages.views.errors import problem
from fedora_packages.views.request import UnknownPart, asked_package
from fedora_packages.views.search import TERM_KEPT
from fedora_packages.widgets.base import Page, wanted_of
from fedora_packages.widgets.parameters import parse, release_of, whole


def includeme(config: Configurator) -> None:
    """Give each query about packages its address."""
    config.registry.addressed = addressed(config.registry.service.queries.values())


def addressed(queries: Iterable[Query]) -> dict[str, Query]:
    """Return the queries about packages by short name, sorted.  Raises `SettingsError` if two have the same."""
    found: dict[str, Query] = {}
    for query in sorted((query for query in queries if query.about != "nothing"), key=lambda query: query.short_name):
        if query.short_name in found:
            raise SettingsError(
                f"two queries are called {query.short_name!r}: {found[query.short_name].name} and {query.name}"
            )
        found[query.short_name] = query
    return found


@view_config(route_name="api.package", renderer="json")
def package(request: Request) -> dict[str, Any]:
    """Return what a name means, and the addresses of everything about it."""
    found = asked_package(request)
    return {
        "name": found.name,
        "kind": found.kind,
        "source": found.source,
        "summary": found.document.summary,
        "branch": found.branch,
        "releases": found.document.releases,
        "retired": found.is_retired,
        "binaries": found.siblings,
        "links": {
            "self": request.route_url("api.package", package=found.name),
            "page": request.route_url("package", package=found.name),
            **{
                name: request.route_url("api.query", package=found.name, query=name)
                for name in request.registry.addressed
            },
        },
    }


@view_config(route_name="api.query", renderer="json")
def query(request: Request) -> dict[str, Any] | Response:
    """Return the value of a query about a package, however old, with its stamp; a problem where none is known."""
    return _answer(request, asked_entry(request))


@view_config(route_name="api.releases", renderer="json")
def releases(request: Request) -> dict[str, Any] | Response:
    """Return the active releases, in reading order."""
    return _answer(request, Wanted(request.service.queries[RELEASES]))


@view_config(route_name="api.search", renderer="json")
def search(request: Request) -> dict[str, Any]:
    """Return the packages that the text ``q`` finds, best first: ``rows`` of them from ``start`` on (the first is 0)."""
    asked = parse(request.given, {"start": whole(0, LAST_HIT), "rows": whole(0, MOST_ROWS)})
    start = asked.get("start", 0)
    found = request.service.index.search(request.given.get("q", "")[:TERM_KEPT], start, asked.get("rows", 20))
    return {
        "total": found.total,
        "start": start,
        "packages": [
            {
                "name": hit.document.name,
                "summary": hit.document.summary,
                "retired": hit.document.retired,
                "branch": hit.document.branch,
                "binaries": hit.binaries,
                "url": request.route_url("api.package", package=hit.document.name),
            }
            for hit in found.hits
        ],
    }


def asked_entry(request: Request) -> Wanted:
    """Return what the address of a query is about.  Raises `UnknownPackage`, `UnknownPart` and `InvalidArgument`."""
    found = asked_package(request)
    queries = request.registry.addressed
    name = request.matchdict["query"]
    if name not in queries:
        raise UnknownPart(f"There is no query {name[:40]!r}; there are {', '.join(queries)}.")
    parsers = {"release": release_of(found)} if queries[name].by_release else {}
    page = Page(found, request.service, request.links, request.given, parse(request.given, parsers))
    return wanted_of(queries[name], page)


def about_of(wanted: Wanted) -> dict[str, Any]:
    """Return what every answer about an entry begins with."""
    return {
        "package": None if wanted.package == NO_PACKAGE else wanted.package,
        "query": wanted.query.name,
        "release": wanted.release,
    }


def _answer(request: Request, wanted: Wanted) -> dict[str, Any] | Response:
    (reading,) = request.reads([wanted])
    about = about_of(wanted)
    if reading.is_known:
        return {**about, **reading.as_dict()}
    if reading.problem and reading.problem.kind == ReleaseNotServed.kind:
        return problem(request, 404, _why(reading, wanted.query.upstream), **about, **reading.as_dict())
    response = problem(request, 503, _why(reading, wanted.query.upstream), **about, **reading.as_dict())
    response.headers["Retry-After"] = f"{COOL_DOWN:.0f}"
    return response


def _why(reading: Reading, upstream: str) -> str:
    if reading.problem:
        return f"{reading.problem.error}."
    return f"{upstream} has not answered yet; it is being asked."
