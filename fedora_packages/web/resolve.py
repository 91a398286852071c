"""Resolve a pasted identifier: what it refers to, its pages on this site, and its page at the upstream.

The search works whatever becomes of this.  An answer that an upstream does not give in time is left out, with a note; the link to
the upstream's own page needs no answer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyramid.request import Request

from fedora_packages.connectors.bugzilla_bugs import PRODUCTS
from fedora_packages.connectors.query import QueryCall
from fedora_packages.errors import CacheUnavailable
from fedora_packages.rpm.nvr import NEVRA, NVR, name_of
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.search.packages import Package, find, sources_of
from fedora_packages.web.formats import format_time
from fedora_packages.web.identifiers import (
    Bug,
    BuildNumber,
    Identifier,
    PackageNumber,
    PackagePage,
    Project,
    Update,
    Vulnerability,
    recognize,
)
from fedora_packages.web.live_lookups import Lookup
from fedora_packages.web.rate_limit import client_of
from fedora_packages.web.request import printable

#: The kinds of matches, with their labels; the name of a CVE needs none.
KINDS = {"build": "Build", "update": "Update", "bug": "Bug", "cve": "", "package": "Package", "project": "Project"}

#: Packages of an update or a project, builds of an update, and characters of a title that are shown.
MAX_PACKAGES, MAX_BUILDS, MAX_TITLE = 10, 5, 300

BUILDS, VERSIONS = "koji.builds", "anitya.versions"


@dataclass(frozen=True)
class PageLink:
    """A page of this site: its package, label and path."""

    package: str
    label: str
    path: str


@dataclass(frozen=True)
class Match:
    """What an identifier refers to.

    ``kind`` is one of `KINDS`, ``text`` its name, ``upstream`` the connector's name, ``url`` its page there.  ``title``,
    ``state`` and ``details`` come from the upstream, as far as known; ``note`` is a sentence about what is not.  ``bugs`` are
    those that name a CVE, with the ``url`` of each in Bugzilla and as ``page`` the Bugs tab of its package (None: it belongs to
    no package).
    """

    kind: str
    text: str
    upstream: str
    url: str
    title: str = ""
    state: str = ""
    details: str = ""
    note: str = ""
    pages: tuple[PageLink, ...] = ()
    bugs: tuple[Mapping[str, Any], ...] = ()

    @property
    def heading(self) -> str:
        return f"{KINDS[self.kind]} {self.text}".strip()

    @property
    def all_pages(self) -> tuple[PageLink, ...]:
        """Its own pages on this site, and those of the bugs that name it."""
        return (*self.pages, *(bug["page"] for bug in self.bugs if bug["page"]))

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that it is about, each once."""
        return tuple(dict.fromkeys(page.package for page in self.all_pages))


def identifier_in(request: Request, text: str) -> Identifier | None:
    """Return the identifier in a text; None if there is none, or the text names a package.

    Sends no request to an upstream.  Raises `SearchUnavailable`.
    """
    text = printable(text.strip(), MAX_QUERY_LENGTH)
    if find(request.index, text) is not None:
        return None
    return recognize(text, request.links.sites, request.application_url)


def resolve(request: Request, identifier: Identifier | None) -> Match | None:
    """Return what an identifier refers to, or None.

    Waits for an upstream no longer than `fedora_packages.web.live_lookups` allows.  Raises `SearchUnavailable`.
    """
    resolver = _RESOLVERS.get(type(identifier))
    return resolver(request, identifier) if resolver else None


def unknown_package(request: Request, identifier: Identifier | None) -> str | None:
    """Return the package name in an identifier if the index has no package of that name, else None.

    Raises `SearchUnavailable`.
    """
    if isinstance(identifier, NEVRA):
        return None if _package_of(request, identifier.nvr.name) else identifier.nvr.name
    if isinstance(identifier, PackagePage):
        return None if _first(request, identifier.names) else identifier.names[0]
    return None


def as_json(request: Request, match: Match | None) -> dict[str, Any] | None:
    """Return a match for the JSON API."""
    if match is None:
        return None
    return {
        "kind": match.kind,
        "text": match.text,
        "title": match.title or None,
        "state": match.state or None,
        "packages": match.packages,
        "bugs": [
            {
                **{key: bug[key] for key in ("id", "summary", "status", "product", "component", "version")},
                "page": f"{request.host_url}{bug['page'].path}" if bug["page"] else None,
                "upstream": bug["url"],
            }
            for bug in match.bugs
        ],
        "note": match.note or None,
        "links": {
            "page": f"{request.host_url}{match.all_pages[0].path}" if match.all_pages else None,
            "upstream": match.url,
        },
    }


# Identifiers that the index or the cache resolves.


def _build(request: Request, nevra: NEVRA) -> Match:
    """Resolve a build, or a binary package of one."""
    name, package = nevra.nvr.name, _package_of(request, nevra.nvr.name)
    nvr = replace(nevra.nvr, name=package.source) if package else nevra.nvr
    match = Match("build", str(nvr), "koji", request.links.build_of(str(nvr)))
    if package is None:
        return replace(match, note=f"This site has no package {name}.")
    pages = (_page(request, package.name), _page(request, nvr.name), _page(request, nvr.name, "builds"))
    # Some binary packages have versions of their own.
    unknown = f"Koji has no build {nvr}."
    build, note = _cached_build(request, nvr) or _look_up(request, "koji", "build", str(nvr), unknown)
    return replace(
        match,
        url=request.links.build(build["build_id"]) if build else match.url,
        title="" if name == nvr.name else f"{nevra.nvr} is one of its binary packages.",
        state=build["state"] if build else "",
        note=note,
        pages=tuple(dict.fromkeys(pages)),
    )


def _package_of(request: Request, name: str) -> Package | None:
    """Return the package of a binary package of a build; debug packages are not in the repositories that are indexed."""
    return _first(request, (name, name.removesuffix("-debuginfo"), name.removesuffix("-debugsource")))


def _first(request: Request, names: Iterable[str]) -> Package | None:
    """Return the first of some names that is a package."""
    return next((package for name in dict.fromkeys(names) if (package := find(request.index, name))), None)


def _cached_build(request: Request, nvr: NVR) -> tuple[Mapping[str, Any], str] | None:
    """Return the build of an NVR from the cached builds of its source package, with a note on its age, or None."""
    try:
        (cached,) = request.loader.known([QueryCall(request.queries[BUILDS], nvr.name)])
    except CacheUnavailable:
        return None
    for build in cached.value["builds"] if cached.is_known else ():
        if build["nvr"] == str(nvr):
            age = f"The state may be out of date (as of {format_time(cached.stamp.fetched)})."
            return build, "" if cached.is_fresh else age
    return None


def _package_page(request: Request, identifier: PackagePage) -> Match | None:
    package = _first(request, identifier.names)
    if package is None:
        return None
    url, pages = request.links.sources(package.source), (_page(request, package.name),)
    return Match("package", package.name, "distgit", url, pages=pages)


def _project(request: Request, identifier: Project) -> Match:
    try:
        names = request.cache.packages_about(VERSIONS, identifier.value)
    except CacheUnavailable:
        names = []
    pages = _pages(request, sorted(names), "")
    note = "" if pages else "No package on this site is mapped to this project."
    url = request.links.project(identifier.value)
    return Match("project", str(identifier.value), "anitya", url, note=note, pages=pages)


# Identifiers that an upstream resolves: each function returns the fields of the match for the upstream's answer.


def _build_fields(request: Request, build: Mapping[str, Any]) -> dict[str, Any]:
    pages = _pages(request, [build["name"]], "", "builds")
    return {"text": build["nvr"], "state": build["state"], "pages": pages}


def _package_fields(request: Request, name: str) -> dict[str, Any]:
    return {"text": name, "pages": _pages(request, [name], "")}


def _update_fields(request: Request, update: Mapping[str, Any]) -> dict[str, Any]:
    more = len(update["builds"]) - MAX_BUILDS
    builds = f"{', '.join(update['builds'][:MAX_BUILDS])}{f' and {more} more' if more > 0 else ''}"
    release = update["release"] or "an unknown release"
    names = dict.fromkeys(name for nvr in update["builds"] if (name := name_of(nvr)))
    return {
        # The title of most updates is the list of their builds.
        "title": "" if update["title"] == " ".join(update["builds"]) else update["title"][:MAX_TITLE],
        "state": update["status"],
        "details": f"{update['type'].capitalize()} update for {release}: {builds}",
        "pages": _pages(request, names, "updates", ""),
    }


def _bug_fields(request: Request, bug: Mapping[str, Any]) -> dict[str, Any]:
    if bug["is_private"]:
        return {"note": "This bug is private."}
    product = f"{bug['product']} {bug['version']}".strip()
    return {
        "title": bug["summary"][:MAX_TITLE],
        "state": bug["status"],
        "details": f"{product}, component {bug['component']}" if bug["component"] else product,
        "pages": _pages(request, [_component(bug)], "bugs", ""),
    }


def _cve_fields(request: Request, bugs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    pages = {page.package: page for page in _pages(request, map(_component, bugs), "bugs", limit=len(bugs))}
    rows = ({**bug, "url": request.links.bug(bug["id"]), "page": pages.get(_component(bug))} for bug in bugs)
    return {"bugs": tuple(rows)}


def _component(bug: Mapping[str, Any]) -> str | None:
    """Return the package of a bug, if any; components of other products may have the names of our packages."""
    return bug["component"] if bug["product"] in PRODUCTS else None


def _looked_up(request: Request, identifier: Any) -> Match:
    """Resolve an identifier by the row of its class in `_LOOKUPS`."""
    kind, upstream, method, link, unknown, fields = _LOOKUPS[type(identifier)]
    answer, note = _look_up(request, upstream, method, identifier.value, unknown)
    match = Match(kind, str(identifier.value), upstream, getattr(request.links, link)(identifier.value), note=note)
    return replace(match, **fields(request, answer)) if answer else match


def _look_up(request: Request, upstream: str, method: str, identifier: str | int, unknown: str) -> tuple[Any, str]:
    """Return the upstream's answer, and a note if there is none: ``unknown``, or why the upstream gave none."""
    result = request.live_lookups(client_of(request.remote_addr), Lookup(upstream, method, identifier))
    note = unknown if result.is_known else f"{result.reason}. Details are not available now."
    return result.value, "" if result.value else note


def _page(request: Request, package: str, tab: str = "") -> PageLink:
    """Return the page of a package, or one of its tabs."""
    if not tab:
        return PageLink(package, package, request.route_path("package", package=package))
    return PageLink(package, f"{tab.capitalize()} of {package}", request.route_path("tab", package=package, tab=tab))


def _pages(
    request: Request, names: Iterable[str | None], *tabs: str, limit: int = MAX_PACKAGES
) -> tuple[PageLink, ...]:
    """Return some tabs ("" is the package's own page) of the names that are packages, of at most ``limit``."""
    packages = list(sources_of(request.index, names))[:limit]
    return tuple(_page(request, name, tab) for name in packages for tab in tabs)


#: Of each identifier that is looked up: the kind of the match, the connector and its method, the link to the upstream's page, the
#: note on an unknown one, and the function that returns the fields of the match.
_LOOKUPS: Mapping[type, tuple[str, str, str, str, str, Callable[[Request, Any], dict[str, Any]]]] = {
    BuildNumber: ("build", "koji", "build", "build", "Koji has no build of this number.", _build_fields),
    PackageNumber: ("package", "koji", "package", "builds", "Koji has no package of this number.", _package_fields),
    Update: ("update", "bodhi", "update", "update", "Bodhi has no update of this name.", _update_fields),
    Bug: ("bug", "bugzilla", "bug", "bug", "Bugzilla has no bug of this number.", _bug_fields),
    Vulnerability: (
        "cve",
        "bugzilla",
        "carriers",
        "cve",
        "No public Fedora bug in Bugzilla names this CVE.",
        _cve_fields,
    ),
}

_RESOLVERS: Mapping[type, Callable[[Request, Any], Match | None]] = {
    NEVRA: _build,
    PackagePage: _package_page,
    Project: _project,
    **dict.fromkeys(_LOOKUPS, _looked_up),
}
