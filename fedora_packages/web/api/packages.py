"""Packages: all of them, some by name, one; what each release has of one, and what happened to it lately."""

from collections.abc import Collection, Mapping
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import QueryCall
from fedora_packages.connectors.releases import RELEASES
from fedora_packages.errors import CacheUnavailable, InvalidArgument
from fedora_packages.messages import timeline
from fedora_packages.rpm.nvr import EVR
from fedora_packages.search.document import Document
from fedora_packages.search.packages import Package, find
from fedora_packages.web.api.endpoint import USUAL_ROWS, asked, names_of
from fedora_packages.web.api.schemas import STATES
from fedora_packages.web.api.values import about_of, as_json, unknown
from fedora_packages.web.request import asked_package, branch_meant
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.panel import call_of
from fedora_packages.widgets.parameters import NO_BRANCH, one_of, parsed, releases_of
from fedora_packages.widgets.release_names import reading_order

#: What "what each release has" is made of.
TAGGED, UPDATES, REASON = "koji.tagged", "bodhi.updates", "distgit.spec"


@view_config(route_name="api.packages", renderer="json")
def packages(request: Request) -> dict[str, Any]:
    """Return all source packages, page by page, or those of some names."""
    values = asked(request, "api.packages")
    if "names" in values:
        if values.keys() & {"page", "size"}:
            raise InvalidArgument("names and pages are not for both: what is asked for by name is given at once")
        return _named(request, names_of(values["names"]), values)
    for name in ("query", "release"):
        if name in values:
            raise InvalidArgument(f"{name} is for packages that are asked for by names=")
    return _all(request, values.get("page", 1), values.get("size", USUAL_ROWS))


@view_config(route_name="api.package", renderer="json")
def package(request: Request) -> dict[str, Any]:
    """Return what a name means, and the addresses of everything about it."""
    found = asked_package(request)
    asked(request, "api.package")
    return described(request, found, _reasons(request, [found]))


@view_config(route_name="api.package.releases", renderer="json")
def releases(request: Request) -> dict[str, Any] | Response:
    """Return what each active release has of a package: koji's tags, by the releases that they are of."""
    package = asked_package(request)
    asked_for = asked(request, "api.package.releases")
    queries = request.service.queries
    names = (RELEASES, TAGGED, UPDATES)
    wanted = [QueryCall(queries[RELEASES]), *(QueryCall(queries[name], package.source) for name in names[1:])]
    cached_values = request.loader(wanted)
    for want, cached in zip(wanted[:2], cached_values, strict=False):
        if not cached.is_known:
            return unknown(request, want, cached)
    known, tagged, updates = (cached.value for cached in cached_values)
    active = known["releases"]
    if "release" in asked_for:
        # Every active release has a row, also one that does not have the package.
        branches = [release["branch"] for release in active]
        wanted_branch = _branch(request, asked_for["release"], branches)
        active = [release for release in active if release["branch"] == wanted_branch]
    return {
        "package": package.source,
        "retired": package.is_retired,
        "state": max((cached.state for cached in cached_values), key=list(STATES).index),
        "releases": [_in_release(release, tagged["tags"], updates["updates"] if updates else ()) for release in active],
        "readings": {name: _stamped(cached) for name, cached in zip(names, cached_values, strict=True)},
    }


@view_config(route_name="api.package.timeline", renderer="json")
def events(request: Request) -> dict[str, Any]:
    """Return the messages about a package that were handled lately, newest first.  Raises `CacheUnavailable`."""
    package = asked_package(request)
    asked(request, "api.package.timeline")
    events = timeline.read(request.service.client, package.source)
    return {"package": package.source, "events": [_event(**event) for event in events]}


def _event(details: Mapping[str, Any], **cause: Any) -> dict[str, Any]:
    # Clients know the details as "gist".
    return {**cause, "gist": details}


def described(request: Request, package: Package, reasons: Mapping[str, CachedValue]) -> dict[str, Any]:
    """Return what is known of a package by itself.  ``reasons`` has the spec file's reading of those that are retired."""
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


def listed(request: Request, document: Document, binaries: tuple[str, ...]) -> dict[str, Any]:
    """Return what a list says of a source package."""
    return {
        "name": document.name,
        "summary": document.summary,
        "retired": document.retired,
        "branch": document.branch,
        "binaries": binaries,
        "url": request.route_url("api.package", package=document.name),
    }


def _all(request: Request, page: int, size: int) -> dict[str, Any]:
    index = request.service.index
    names = list(index.names())
    pages = max(1, -(-len(names) // size))
    # One that has gone since its name was read is left out.
    documents = [document for name in names[(page - 1) * size : page * size] if (document := index.source(name))]

    def address(number: int) -> str:
        return request.route_url("api.packages", _query={"page": number, "size": size})

    return {
        "packages": [listed(request, document, document.binary_names) for document in documents],
        "list": {
            "name": "packages",
            "total": len(names),
            "page": page,
            "size": size,
            "pages": pages,
            "previous": address(min(page - 1, pages)) if page > 1 else None,
            "next": address(page + 1) if page < pages else None,
        },
    }


def _named(request: Request, names: list[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return some packages, each with what the cache has of a query, and the names that are no packages'."""
    known = {name: package for name in names if (package := find(request.service.index, name)) is not None}
    reasons = _reasons(request, [package for package in known.values() if package.is_retired])
    answers = _answers(request, known, values)
    rows = [{**described(request, package, reasons), **answers.get(name, {})} for name, package in known.items()]
    return {"packages": rows, "unknown": [name for name in names if name not in known]}


def _answers(request: Request, packages: Mapping[str, Package], values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the cache has of a query about some packages, by name; None of one that is not in the release."""
    release = values.get("release")
    if "query" not in values:
        if release is not None:
            raise InvalidArgument("release is for a query; which, is not said")
        return {}
    query = request.registry.addressed[values["query"]]
    if release is not None and not query.by_release:
        raise InvalidArgument(f"release is not for {query.short_name}: it does not differ by release")
    if release is not None and packages:
        branches = sorted({name for package in packages.values() for name in releases_of(package)}, key=reading_order)
        release = _branch(request, release, branches)
    wanted = {
        name: call_of(query, PanelContext(package, request.service, request.links, {}, values), release)
        for name, package in packages.items()
        if release is None or release in releases_of(package)
    }
    cached_values = request.registry.loader.known(list(wanted.values()))
    found = {
        name: {"answer": {**about_of(want), **as_json(cached)}}
        for (name, want), cached in zip(wanted.items(), cached_values, strict=True)
    }
    return {name: found.get(name, {"answer": None}) for name in packages}


def _reasons(request: Request, packages: list[Package]) -> dict[str, CachedValue]:
    """Return what the cache has of why packages were retired, by name; nothing with Redis away."""
    retired = [package for package in packages if package.is_retired]
    query = request.service.queries[REASON]
    wanted = [QueryCall(query, package.source, releases_of(package)[0]) for package in retired]
    try:
        cached_values = request.registry.loader.known(wanted)
    except CacheUnavailable:
        return {}
    return {package.name: cached for package, cached in zip(retired, cached_values, strict=True)}


def _retirement(cached: CachedValue | None) -> dict[str, Any]:
    if cached is None or not cached.is_known:
        return {"branch": NO_BRANCH, "reason": None, "is_known": False}
    return {"branch": cached.variant, "reason": cached.value["dead"], "is_known": True}


def _branch(request: Request, text: str, branches: Collection[str]) -> str:
    """Return which of some branches is asked for, in whichever words.  Raises `InvalidArgument`."""
    return parsed("release", branch_meant(request, text, branches), one_of(*branches))


def _in_release(release: Mapping[str, Any], tags: Mapping[str, Any], updates: Any) -> dict[str, Any]:
    wanted = {"stable": release["stable_tag"], "testing": release["testing_tag"]}
    here = [update for update in updates if update["release"] == release["name"]]
    return {
        **{key: release[key] for key in ("name", "title", "version", "branch", "family", "state")},
        **{slot: _slot(tags.get(tag), here) for slot, tag in wanted.items()},
        "is_known": all(tag is None or tag in tags for tag in wanted.values()),
    }


def _slot(build: Mapping[str, Any] | None, updates: list[Mapping[str, Any]]) -> dict[str, Any] | None:
    if build is None:
        return None
    update = next((update["alias"] for update in updates if build["nvr"] in update["builds"]), None)
    return {**build, "evr": str(EVR(build["epoch"], build["version"], build["release"])), "update": update}


def _stamped(cached: CachedValue) -> dict[str, Any]:
    return {name: part for name, part in as_json(cached).items() if name != "value"}
