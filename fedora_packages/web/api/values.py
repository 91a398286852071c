"""Values of queries with their stamps: ``/api/v1/packages/NAME/QUERY`` and ``/api/v1/releases``."""

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import NO_PACKAGE, Query, QueryCall
from fedora_packages.connectors.releases import RELEASES
from fedora_packages.errors import InvalidArgument, InvalidResponse, ReleaseNotServed, UpstreamUnavailable
from fedora_packages.monitoring import checks
from fedora_packages.web.api.endpoint import PARTS, name_of, parse_parameters
from fedora_packages.web.api.lists import lists_of
from fedora_packages.web.formats import upstream_title
from fedora_packages.web.loader import COOL_DOWN
from fedora_packages.web.problems import problem
from fedora_packages.web.request import UnknownPart, panel_context, release_parser, requested_package
from fedora_packages.widgets.panel import call_of

#: What the API calls the outcomes of a check: clients know these values.
CHECK_OUTCOMES = {
    checks.SAME: "same",
    checks.CORRECTED: "healed",
    checks.FIRST: "first",
    checks.SUPERSEDED: "overtaken",
    checks.LAGGING: "lagging",
}

#: Kinds of errors whose names clients know from before they were renamed.
KINDS = {UpstreamUnavailable.kind: "silent", InvalidResponse.kind: "unusable"}


@view_config(route_name="api.query", renderer="json")
def query(request: Request) -> dict[str, Any] | Response:
    """Return the value of a query about a package, however old, with its stamp; a problem if it has none."""
    return _response(request, *_call(request, requested_query(request)))


@view_config(route_name="api.releases", renderer="json")
def releases(request: Request) -> dict[str, Any] | Response:
    """Return the active releases, in reading order."""
    return _response(request, QueryCall(request.queries[RELEASES]), parse_parameters(request, "api.releases"))


def requested_query(request: Request) -> Query:
    """Return the query in the URL.  Raises `UnknownPackage` and `UnknownPart`."""
    requested_package(request)
    queries, name = request.registry.addressed, request.matchdict["query"]
    if name not in queries:
        names = ", ".join(sorted({*queries, *PARTS}))
        raise UnknownPart(f"Query {name[:40]!r} does not exist. Queries: {names}.")
    return queries[name]


def requested_entry(request: Request) -> QueryCall:
    """Return the query call in the URL of a check, which takes a release only.

    Raises `UnknownPackage`, `UnknownPart` and `InvalidArgument`.
    """
    return _call(request, requested_query(request), "api.check")[0]


def call_fields(call: QueryCall) -> dict[str, Any]:
    """Return the fields of a query call in every response."""
    return {
        "package": None if call.package == NO_PACKAGE else call.package,
        "query": call.query.name,
        "release": call.release,
    }


def as_json(cached: CachedValue) -> dict[str, Any]:
    """Return a cached value for the API, with the kinds of errors as clients know them."""
    fields = cached.as_dict()
    if fields["problem"]:
        fields["problem"]["kind"] = KINDS.get(fields["problem"]["kind"], fields["problem"]["kind"])
    return fields


def no_value(request: Request, call: QueryCall, cached: CachedValue) -> Response:
    """Return the problem of a query call without a value."""
    members, detail = {**call_fields(call), **as_json(cached)}, missing_detail(cached, call.query.upstream)
    if cached.error_state and cached.error_state.kind == ReleaseNotServed.kind:
        return problem(request, 404, detail, kind="release-not-served", **members)
    return problem(request, 503, detail, kind="no-value", retry=COOL_DOWN, **members)


def missing_detail(cached: CachedValue, upstream: str) -> str:
    """Return the reason for a missing value, as a sentence."""
    if cached.error_state:
        return f"{cached.error_state.error}."
    return f"{upstream_title(upstream)} has not answered yet. Try again later."


def _call(request: Request, query: Query, endpoint: str = "") -> tuple[QueryCall, dict[str, Any]]:
    """Return the query call of a request, and the values of its parameters."""
    package = requested_package(request)
    parsers = {"release": release_parser(request, package)} if query.by_release else {}
    values = parse_parameters(request, endpoint or name_of(query), parsers)
    if "release" in values and endpoint and not query.by_release:
        raise InvalidArgument(f"{query.short_name} does not take release: its value is the same for all releases")
    return call_of(query, panel_context(request, package, values)), values


def _response(request: Request, call: QueryCall, values: Mapping[str, Any]) -> dict[str, Any] | Response:
    lists = lists_of(call.query)
    lists.check(values)
    also = [QueryCall(request.queries[RELEASES])] if lists.names_releases and "release" in values else []
    cached, *others = request.loader([call, *also])
    if not cached.is_known:
        return no_value(request, call, cached)
    if also and not others[0].is_known:
        return no_value(request, also[0], others[0])

    def url(page: int) -> str:
        return request.current_route_url(_query={**request.query_parameters, "page": page})

    releases = others[0].value["releases"] if others else ()
    return {**call_fields(call), **as_json(cached), **lists.cut(cached.value, values, url, releases)}
