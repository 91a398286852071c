"""Packages: all, some by name, one; the builds of one in each release, and its recent messages."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.active_releases import RELEASES
from fedora_packages.connectors.query import QueryCall
from fedora_packages.errors import CacheUnavailable, InvalidArgument
from fedora_packages.rpm.nvr import evr, newer
from fedora_packages.search.document import Document
from fedora_packages.search.packages import Package, find
from fedora_packages.web.api.endpoint import DEFAULT_ROWS, names_of, parse_parameters
from fedora_packages.web.api.lists import page_of
from fedora_packages.web.api.schemas import STATES
from fedora_packages.web.api.values import as_json, call_fields, no_value
from fedora_packages.web.request import branch_of, panel_context, requested_package
from fedora_packages.widgets.parameters import NO_BRANCH, one_of, parse_one, releases_of
from fedora_packages.widgets.published import is_published, published_order
from fedora_packages.widgets.release_names import reading_order

#: The queries behind the builds in each release, and those that say what its repositories have.
TAGGED, UPDATES, REASON = "koji.tagged", "bodhi.updates", "distgit.spec"
ABOUT, BUILDS = "mdapi.package", "koji.builds"


@view_config(route_name="api.packages", renderer="json")
def packages(request: Request) -> dict[str, Any]:
    """Return all source packages, page by page, or those of some names."""
    values = parse_parameters(request, "api.packages")
    if "names" not in values:
        return _all(request, values)
    if values.keys() & {"page", "size"}:
        raise InvalidArgument("names cannot be combined with page or size; packages by name are not paginated")
    return _by_name(request, names_of(values["names"]), values)


@view_config(route_name="api.package", renderer="json")
def package(request: Request) -> dict[str, Any]:
    """Return the package of a name, with the URLs of all its data."""
    package = requested_package(request)
    parse_parameters(request, "api.package")
    return package_fields(request, package, _reasons(request, [package]))


@view_config(route_name="api.package.releases", renderer="json")
def releases(request: Request) -> dict[str, Any] | Response:
    """Return the builds of a package in each active release, by the Koji tags of the release."""
    package = requested_package(request)
    parameters = parse_parameters(request, "api.package.releases")
    queries = request.queries
    names = (RELEASES, TAGGED, UPDATES)
    calls = [QueryCall(queries[RELEASES]), *(QueryCall(queries[name], package.source) for name in names[1:])]
    cached_values = request.loader(calls)
    for call, cached in zip(calls[:2], cached_values, strict=False):
        if not cached.is_known:
            return no_value(request, call, cached)
    releases, tagged, updates = (cached.value for cached in cached_values)
    active = releases["releases"]
    if "release" in parameters:
        # Every active release has a row, even without the package.
        branches = [release["branch"] for release in active]
        requested = _branch(request, parameters["release"], branches)
        active = [release for release in active if release["branch"] == requested]
    abouts, builds = _repositories(request, package, [release["branch"] for release in active])
    return {
        "package": package.source,
        "retired": package.is_retired,
        "state": max((cached.state for cached in cached_values), key=list(STATES).index),
        "releases": [
            _in_release(
                release, tagged["tags"], updates["updates"] if updates else (), abouts.get(release["branch"]), builds
            )
            for release in active
        ],
        "readings": {name: _stamped(cached) for name, cached in zip(names, cached_values, strict=True)},
    }


@view_config(route_name="api.package.timeline", renderer="json")
def events(request: Request) -> dict[str, Any]:
    """Return the recently handled messages about a package, newest first.  Raises `CacheUnavailable`."""
    package = requested_package(request)
    parse_parameters(request, "api.package.timeline")
    return {"package": package.source, "events": [_event(**event) for event in request.timeline(package.source)]}


def _event(details: Mapping[str, Any], **cause: Any) -> dict[str, Any]:
    # Clients know the details as "gist".
    return {**cause, "gist": details}


def package_fields(request: Request, package: Package, reasons: Mapping[str, CachedValue]) -> dict[str, Any]:
    """Return the fields of a package.  ``reasons`` has the cached spec files of retired ones."""
    return {
        "name": package.name,
        "kind": package.kind,
        "source": package.source,
        "summary": package.document.summary,
        "branch": package.branch,
        "releases": package.document.releases,
        "retired": package.is_retired,
        "retirement": _retirement(reasons.get(package.name)) if package.is_retired else None,
        "binaries": package.siblings,
        "links": {
            "self": request.route_url("api.package", package=package.name),
            "page": request.route_url("package", package=package.name),
            "releases": request.route_url("api.package.releases", package=package.name),
            "timeline": request.route_url("api.package.timeline", package=package.name),
            **{
                name: request.route_url("api.query", package=package.name, query=name)
                for name in request.registry.addressed
            },
        },
    }


def summary_fields(request: Request, document: Document, binaries: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of a source package in a list."""
    return {
        "name": document.name,
        "summary": document.summary,
        "retired": document.retired,
        "branch": document.branch,
        "binaries": binaries,
        "url": request.route_url("api.package", package=document.name),
    }


def _all(request: Request, values: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("query", "release"):
        if name in values:
            raise InvalidArgument(f"{name} requires names")
    index, size = request.index, values.get("size", DEFAULT_ROWS)

    def url(number: int) -> str:
        return request.route_url("api.packages", _query={"page": number, "size": size})

    shown, fields = page_of("packages", list(index.names()), values.get("page", 1), size, url)
    # A package can disappear after its name was read.
    documents = [document for name in shown if (document := index.source(name))]
    return {
        "packages": [summary_fields(request, document, document.binary_names) for document in documents],
        "list": fields,
    }


def _by_name(request: Request, names: list[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the packages of some names, each with the cached value of a query, and the unknown names."""
    packages = {name: package for name in names if (package := find(request.index, name)) is not None}
    reasons = _reasons(request, packages.values())
    cached = _values(request, packages, values)
    rows = [{**package_fields(request, package, reasons), **cached.get(name, {})} for name, package in packages.items()]
    return {"packages": rows, "unknown": [name for name in names if name not in packages]}


def _values(request: Request, packages: Mapping[str, Package], values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the cached values of a query about some packages, by name; None for one that the release does not have."""
    release = values.get("release")
    if "query" not in values:
        if release is not None:
            raise InvalidArgument("release requires query")
        return {}
    query = request.registry.addressed[values["query"]]
    if release is not None and not query.by_release:
        raise InvalidArgument(f"{query.short_name} does not take release: its value is the same for all releases")
    if release is not None and packages:
        branches = sorted({name for package in packages.values() for name in releases_of(package)}, key=reading_order)
        release = _branch(request, release, branches)
    calls = {
        name: panel_context(request, package, values, query_parameters={}).call(query.name, release)
        for name, package in packages.items()
        if release is None or release in releases_of(package)
    }
    cached_values = request.loader.known(list(calls.values()))
    answers = {
        name: {**call_fields(call), **as_json(cached)}
        for (name, call), cached in zip(calls.items(), cached_values, strict=True)
    }
    return {name: {"answer": answers.get(name)} for name in packages}


def _reasons(request: Request, packages: Iterable[Package]) -> dict[str, CachedValue]:
    """Return the cached reasons for retirements, by package; none without Redis."""
    retired = [package for package in packages if package.is_retired]
    query = request.queries[REASON]
    calls = [QueryCall(query, package.source, releases_of(package)[0]) for package in retired]
    try:
        cached_values = request.loader.known(calls)
    except CacheUnavailable:
        return {}
    return {package.name: cached for package, cached in zip(retired, cached_values, strict=True)}


def _retirement(cached: CachedValue | None) -> dict[str, Any]:
    if cached is None or not cached.is_known:
        return {"branch": NO_BRANCH, "reason": None, "is_known": False}
    return {"branch": cached.variant, "reason": cached.value["dead"], "is_known": True}


def _branch(request: Request, text: str, branches: Collection[str]) -> str:
    """Return the requested branch among ``branches``, by any name of the release.  Raises `InvalidArgument`."""
    return parse_one("release", branch_of(request, text, branches), one_of(*branches))


def _repositories(
    request: Request, package: Package, branches: Collection[str]
) -> tuple[dict[str, Any], Sequence[Mapping[str, Any]]]:
    """Return what the repositories of some releases have of a package, by branch, and its builds, as far as the cache knows.

    Old values would compare a build with a repository of before it, so that only fresh ones count.
    """
    context = panel_context(request, package, {}, query_parameters={})
    having = [branch for branch in branches if branch in releases_of(package)]
    calls = [context.call(BUILDS), *(context.call(ABOUT, branch) for branch in having)]
    try:
        cached_values = request.loader.known(calls)
    except CacheUnavailable:
        return {}, ()
    builds, *abouts = (cached.value if cached.is_fresh else None for cached in cached_values)
    return dict(zip(having, abouts, strict=True)), builds["builds"] if builds else ()


def _in_release(
    release: Mapping[str, Any],
    tags: Mapping[str, Any],
    updates: Any,
    about: Mapping[str, Any] | None,
    builds: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    tags_of = {"stable": release["stable_tag"], "testing": release["testing_tag"]}
    here = [update for update in updates if update["release"] == release["name"]]
    stable, testing = (tags.get(tag) for tag in tags_of.values())
    testing = newer(testing, stable)
    return {
        **{key: release[key] for key in ("name", "title", "version", "branch", "family", "state")},
        "stable": _slot(stable, here, published_order(stable, about, builds)),
        "testing": _slot(testing, here, published_order(testing, about, builds, is_testing=True)),
        "published": evr(about) if about and about["found"] else None,
        "is_known": all(tag is None or tag in tags for tag in tags_of.values()),
    }


def _slot(
    build: Mapping[str, Any] | None, updates: list[Mapping[str, Any]], order: int | None
) -> dict[str, Any] | None:
    if build is None:
        return None
    update = next((update["alias"] for update in updates if build["nvr"] in update["builds"]), None)
    return {**build, "evr": evr(build), "update": update, "is_published": is_published(order)}


def _stamped(cached: CachedValue) -> dict[str, Any]:
    fields = {name: part for name, part in as_json(cached).items() if name != "value"}
    invalid = cached.value.get("invalid_rows") if cached.is_known else None
    return {**fields, "invalid_rows": invalid} if invalid else fields
