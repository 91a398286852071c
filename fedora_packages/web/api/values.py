"""Values of queries with their stamps: ``/api/v1/packages/NAME/QUERY``, ``/api/v1/releases`` and ``/api/v1/UPSTREAM/QUERY``."""

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.active_releases import RELEASES
from fedora_packages.connectors.query import NO_PACKAGE, QueryCall
from fedora_packages.errors import InvalidArgument, InvalidResponse, ReleaseNotServed, UpstreamUnavailable
from fedora_packages.monitoring import checks
from fedora_packages.web.api.endpoint import PARTS, name_of, parse_parameters
from fedora_packages.web.api.lists import Lists
from fedora_packages.web.formats import missing_detail
from fedora_packages.web.loader import COOL_DOWN
from fedora_packages.web.problems import problem
from fedora_packages.web.request import UnknownPart, panel_context, release_parser, requested_package

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
    return _response(request, *requested_call(request))


@view_config(route_name="api.releases", renderer="json")
def releases(request: Request) -> dict[str, Any] | Response:
    """Return the active releases, in reading order."""
    return _response(request, QueryCall(request.queries[RELEASES]), parse_parameters(request, "api.releases"))


@view_config(route_name="api.shared", renderer="json")
def shared(request: Request) -> dict[str, Any] | Response:
    """Return the value of a query about no package.  Raises `UnknownPart`."""
    name = "{upstream}.{query}".format_map(request.matchdict)
    if name not in request.registry.shared:
        raise UnknownPart(f"Query {name[:40]!r} does not exist. Queries: {', '.join(request.registry.shared)}.")
    return _response(request, QueryCall(request.registry.shared[name]), parse_parameters(request, name))


def requested_call(request: Request, endpoint: str = "") -> tuple[QueryCall, dict[str, Any]]:
    """Return the query call in a URL, and the values of its parameters; ``endpoint`` is that of the query unless given.

    Raises `UnknownPackage`, `UnknownPart` and `InvalidArgument`.
    """
    package = requested_package(request)
    queries, name = request.registry.addressed, request.matchdict["query"]
    if name not in queries:
        names = ", ".join(sorted({*queries, *PARTS}))
        raise UnknownPart(f"Query {name[:40]!r} does not exist. Queries: {names}.")
    query = queries[name]
    parsers = {"release": release_parser(request, package)} if query.by_release else {}
    values = parse_parameters(request, endpoint or name_of(query), parsers)
    if "release" in values and endpoint and not query.by_release:
        raise InvalidArgument(f"{query.short_name} does not take release: its value is the same for all releases")
    return panel_context(request, package, values).call(query.name), values


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
        return problem(request, "release-not-served", detail, **members)
    return problem(request, "no-value", detail, retry=COOL_DOWN, **members)


def _response(request: Request, call: QueryCall, values: Mapping[str, Any]) -> dict[str, Any] | Response:
    lists = Lists(call.query)
    lists.check(values)
    calls = [call]
    if lists.names_releases and "release" in values:
        calls.append(QueryCall(request.queries[RELEASES]))
    cached_values = request.loader(calls)
    for wanted, cached in zip(calls, cached_values, strict=True):
        if not cached.is_known:
            return no_value(request, wanted, cached)
    cached, *others = cached_values

    def url(page: int) -> str:
        return request.current_route_url(_query={**request.query_parameters, "page": page})

    releases = others[0].value["releases"] if others else ()
    return {**call_fields(call), **as_json(cached), **lists.cut(cached.value, values, url, releases)}
