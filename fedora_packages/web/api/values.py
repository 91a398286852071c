"""The values of queries with their stamps: ``/api/v1/packages/NAME/QUERY`` and ``/api/v1/releases``."""

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import NO_PACKAGE, Query, QueryCall
from fedora_packages.connectors.releases import RELEASES
from fedora_packages.errors import InvalidArgument, InvalidResponse, ReleaseNotServed, UpstreamUnavailable
from fedora_packages.monitoring import verify
from fedora_packages.web.api.endpoint import PARTS, asked, name_of
from fedora_packages.web.api.lists import Lists, lists_of
from fedora_packages.web.loader import COOL_DOWN
from fedora_packages.web.problems import problem
from fedora_packages.web.request import UnknownPart, asked_package, named_release
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.panel import call_of

#: What the API calls the outcomes of a check: clients know these values.
CHECK_OUTCOMES = {
    verify.SAME: "same",
    verify.CORRECTED: "healed",
    verify.FIRST: "first",
    verify.SUPERSEDED: "overtaken",
    verify.LAGGING: "lagging",
}

#: Kinds of errors whose names clients know from before they were renamed.
KINDS = {UpstreamUnavailable.kind: "silent", InvalidResponse.kind: "unusable"}


@view_config(route_name="api.query", renderer="json")
def query(request: Request) -> dict[str, Any] | Response:
    """Return the value of a query about a package, however old, with its stamp; a problem where none is known."""
    found = asked_query(request)
    return _answer(request, *_entry(request, found))


@view_config(route_name="api.releases", renderer="json")
def releases(request: Request) -> dict[str, Any] | Response:
    """Return the active releases, in reading order."""
    return _answer(request, QueryCall(request.service.queries[RELEASES]), asked(request, "api.releases"))


def asked_query(request: Request) -> Query:
    """Return the query that an address names.  Raises `UnknownPackage` and `UnknownPart`."""
    asked_package(request)
    queries, name = request.registry.addressed, request.matchdict["query"]
    if name not in queries:
        there = ", ".join(sorted({*queries, *PARTS}))
        raise UnknownPart(f"There is no query {name[:40]!r}; there are {there}.")
    return queries[name]


def asked_entry(request: Request) -> QueryCall:
    """Return what the address of a query is about.  Raises `UnknownPackage`, `UnknownPart` and `InvalidArgument`.

    For what does not give lists: it takes the release and nothing else.
    """
    return _entry(request, asked_query(request), "api.check")[0]


def about_of(wanted: QueryCall) -> dict[str, Any]:
    """Return what every answer about an entry begins with."""
    return {
        "package": None if wanted.package == NO_PACKAGE else wanted.package,
        "query": wanted.query.name,
        "release": wanted.release,
    }


def as_json(cached: CachedValue) -> dict[str, Any]:
    """Return a cached value as the API shows it, with the kinds of errors as clients know them."""
    found = cached.as_dict()
    if found["problem"]:
        found["problem"]["kind"] = KINDS.get(found["problem"]["kind"], found["problem"]["kind"])
    return found


def unknown(request: Request, wanted: QueryCall, cached: CachedValue) -> Response:
    """Return the problem that no value is known."""
    told, why = {**about_of(wanted), **as_json(cached)}, why_unknown(cached, wanted.query.upstream)
    if cached.error_state and cached.error_state.kind == ReleaseNotServed.kind:
        return problem(request, 404, why, kind="release-not-served", **told)
    return problem(request, 503, why, kind="no-value", retry=COOL_DOWN, **told)


def why_unknown(cached: CachedValue, upstream: str) -> str:
    """Return why there is no value, in a sentence."""
    if cached.error_state:
        return f"{cached.error_state.error}."
    return f"{upstream} has not answered yet; it is being asked."


def _entry(request: Request, query: Query, address: str = "") -> tuple[QueryCall, dict[str, Any]]:
    """Return the entry that a request is about, and the values of its parameters."""
    package = asked_package(request)
    parsers = {"release": named_release(request, package)} if query.by_release else {}
    values = asked(request, address or name_of(query), parsers)
    if "release" in values and address and not query.by_release:
        raise InvalidArgument(f"release is not for {query.short_name}: it does not differ by release")
    return call_of(query, PanelContext(package, request.service, request.links, request.given, values)), values


def _answer(request: Request, wanted: QueryCall, values: Mapping[str, Any]) -> dict[str, Any] | Response:
    lists = lists_of(wanted.query)
    lists.check(values)
    also = [QueryCall(request.service.queries[RELEASES])] if lists.names_releases and "release" in values else []
    cached, *others = request.loader([wanted, *also])
    if not cached.is_known:
        return unknown(request, wanted, cached)
    if also and not others[0].is_known:
        return unknown(request, also[0], others[0])
    return {**about_of(wanted), **as_json(cached), **_cut(request, lists, cached.value, values, others)}


def _cut(
    request: Request, lists: Lists, value: Any, asked_for: Mapping[str, Any], others: list[CachedValue]
) -> dict[str, Any]:
    """Return the value as it was asked for, and what is said of its list."""

    def address(page: int) -> str:
        return request.current_route_url(_query={**request.given, "page": page})

    known = others[0].value["releases"] if others else ()
    part, told = lists.cut(value, asked_for, address, known)
    return {"value": part} if told is None else {"value": part, "list": told}
