"""Resolve a pasted identifier: what it refers to, its pages on this site, and its page at the upstream.

The search works whatever becomes of this.  An answer that an upstream does not give in time is left out, with a note; the link to
the upstream's own page needs no answer.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pyramid.request import Request

from fedora_packages.connectors.bugzilla import PRODUCTS
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
from fedora_packages.web.live_lookups import Lookup, LookupResult
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
class CVEBug:
    """A bug that names a CVE, its URL in Bugzilla, and the Bugs tab of its package (None: it belongs to no package)."""

    bug: Mapping[str, Any]
    url: str
    page: PageLink | None


@dataclass(frozen=True)
class Match:
    """What an identifier refers to.

    ``kind`` is one of `KINDS`, ``text`` its name, ``upstream`` the connector's name, ``url`` its page there.  ``title``,
    ``state`` and ``details`` come from the upstream, as far as known; ``note`` is a sentence about what is not.
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
    bugs: tuple[CVEBug, ...] = ()

    @property
    def heading(self) -> str:
        return f"{KINDS[self.kind]} {self.text}".strip()

    @property
    def all_pages(self) -> tuple[PageLink, ...]:
        """Its own pages on this site, and those of the bugs that name it."""
        return (*self.pages, *(found.page for found in self.bugs if found.page))

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
    names = identifier.names if isinstance(identifier, PackagePage) else ()
    return names[0] if names and not any(find(request.index, name) for name in names) else None


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
                **{key: found.bug[key] for key in ("id", "summary", "status", "product", "component", "version")},
                "page": f"{request.host_url}{found.page.path}" if found.page else None,
                "upstream": found.url,
            }
            for found in match.bugs
        ],
        "note": match.note or None,
        "links": {
            "page": f"{request.host_url}{match.all_pages[0].path}" if match.all_pages else None,
            "upstream": match.url,
        },
    }


# Builds.


def _build(request: Request, nevra: NEVRA) -> Match:
    """Resolve a build, or a binary package of one."""
    package, links = _package_of(request, nevra.nvr.name), request.links
    if package is None:
        note = f"This site has no package {nevra.nvr.name}."
        return Match("build", str(nevra.nvr), "koji", links.build_of(str(nevra.nvr)), note=note)
    nvr = NVR(package.source, nevra.nvr.version, nevra.nvr.release)
    pages = [_page(request, package.name), _page(request, package.source), _page(request, package.source, "builds")]
    match = Match(
        "build",
        str(nvr),
        "koji",
        links.build_of(str(nvr)),
        title="" if nevra.nvr.name == package.source else f"{nevra.nvr} is one of its binary packages.",
        pages=tuple(dict.fromkeys(pages)),
    )
    cached = _cached_build(request, package.source, str(nvr))
    if cached is not None:
        build, note = cached
    else:
        result = _look_up(request, "koji", "build", str(nvr))
        # Some binary packages have versions of their own.
        build, note = result.value, _note(result, f"Koji has no build {nvr}.")
    if build is None:
        return replace(match, note=note)
    return replace(match, url=links.build(build["build_id"]), state=build["state"], note=note)


def _package_of(request: Request, name: str) -> Package | None:
    """Return the package of a binary package of a build; debug packages are not in the repositories that are indexed."""
    names = dict.fromkeys((name, name.removesuffix("-debuginfo"), name.removesuffix("-debugsource")))
    return next((package for name in names if (package := find(request.index, name))), None)


def _cached_build(request: Request, source: str, nvr: str) -> tuple[Mapping[str, Any], str] | None:
    """Return the build of an NVR from the cached builds of its source package, with a note on its age, or None."""
    try:
        (cached,) = request.loader.known([QueryCall(request.queries[BUILDS], source)])
    except CacheUnavailable:
        return None
    build = next((build for build in cached.value["builds"] if build["nvr"] == nvr), None) if cached.is_known else None
    if build is None:
        return None
    note = "" if cached.is_fresh else f"The state may be out of date (as of {format_time(cached.stamp.fetched)})."
    return build, note


def _build_number(request: Request, identifier: BuildNumber) -> Match:
    result, url = _look_up(request, "koji", "build", identifier.number), request.links.build(identifier.number)
    match = Match("build", str(identifier.number), "koji", url, note=_note(result, "Koji has no build of this number."))
    if not result.value:
        return match
    build, package = result.value, find(request.index, result.value["name"])
    pages = (_page(request, package.name), _page(request, package.name, "builds")) if package else ()
    return replace(match, text=build["nvr"], state=build["state"], pages=pages)


# Packages.


def _package_page(request: Request, identifier: PackagePage) -> Match | None:
    name = next((name for name in identifier.names if find(request.index, name)), None)
    if name is None:
        return None
    source = find(request.index, name).source
    return Match("package", name, "distgit", request.links.sources(source), pages=(_page(request, name),))


def _package_number(request: Request, identifier: PackageNumber) -> Match:
    result, number = _look_up(request, "koji", "package", identifier.number), str(identifier.number)
    match = Match("package", number, "koji", request.links.builds(number))
    if not result.value:
        return replace(match, note=_note(result, "Koji has no package of this number."))
    package = find(request.index, result.value)
    return replace(match, text=result.value, pages=(_page(request, result.value),) if package else ())


def _project(request: Request, identifier: Project) -> Match:
    try:
        names = request.cache.packages_about(VERSIONS, identifier.number)
    except CacheUnavailable:
        names = []
    number, pages = str(identifier.number), _pages(request, sorted(names))
    note = "" if pages else "No package on this site is mapped to this project."
    return Match("project", number, "anitya", request.links.project(identifier.number), note=note, pages=pages)


# Updates.


def _update(request: Request, identifier: Update) -> Match:
    result = _look_up(request, "bodhi", "update", identifier.alias)
    match = Match("update", identifier.alias, "bodhi", request.links.update(identifier.alias))
    if not result.value:
        return replace(match, note=_note(result, "Bodhi has no update of this name."))
    update = result.value
    more = len(update["builds"]) - MAX_BUILDS
    builds = f"{', '.join(update['builds'][:MAX_BUILDS])}{f' and {more} more' if more > 0 else ''}"
    release = update["release"] or "an unknown release"
    names = dict.fromkeys(name for nvr in update["builds"] if (name := name_of(nvr)))
    return replace(
        match,
        # The title of most updates is the list of their builds.
        title="" if update["title"] == " ".join(update["builds"]) else update["title"][:MAX_TITLE],
        state=update["status"],
        details=f"{update['type'].capitalize()} update for {release}: {builds}",
        pages=_with_overviews(request, _pages(request, names, "updates")),
    )


# Bugs.


def _bug(request: Request, identifier: Bug) -> Match:
    result = _look_up(request, "bugzilla", "bug", identifier.number)
    match = Match("bug", str(identifier.number), "bugzilla", request.links.bug(identifier.number))
    if not result.value:
        return replace(match, note=_note(result, "Bugzilla has no bug of this number."))
    bug = result.value
    if bug["is_private"]:
        return replace(match, note="This bug is private.")
    pages = _with_overviews(request, _pages(request, _component(bug), "bugs"))
    product = f"{bug['product']} {bug['version']}".strip()
    details = f"{product}, component {bug['component']}" if bug["component"] else product
    return replace(match, title=bug["summary"][:MAX_TITLE], state=bug["status"], details=details, pages=pages)


def _cve(request: Request, identifier: Vulnerability) -> Match:
    result = _look_up(request, "bugzilla", "carriers", identifier.name)
    match = Match("cve", identifier.name, "bugzilla", request.links.cve(identifier.name))
    if not result.value:
        return replace(match, note=_note(result, "No public Fedora bug in Bugzilla names this CVE."))
    names = dict.fromkeys(name for bug in result.value for name in _component(bug))
    pages = {page.package: page for page in _pages(request, names, "bugs", len(names))}
    bugs = (
        CVEBug(bug, request.links.bug(bug["id"]), next(map(pages.get, _component(bug)), None)) for bug in result.value
    )
    return replace(match, bugs=tuple(bugs))


def _component(bug: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the package of a bug, if any; components of other products may have the names of our packages."""
    return (bug["component"],) if bug["product"] in PRODUCTS else ()


# Shared.


def _look_up(request: Request, upstream: str, method: str, identifier: str | int) -> LookupResult:
    return request.live_lookups(client_of(request.remote_addr), Lookup(upstream, method, identifier))


def _note(result: LookupResult, unknown: str) -> str:
    """Return a note for a result without a value: ``unknown``, or why the upstream gave no answer."""
    if result.value:
        return ""
    return unknown if result.is_known else f"{result.reason}. Details are not available now."


def _page(request: Request, package: str, tab: str = "") -> PageLink:
    """Return the page of a package, or one of its tabs."""
    if not tab:
        return PageLink(package, package, request.route_path("package", package=package))
    return PageLink(package, f"{tab.capitalize()} of {package}", request.route_path("tab", package=package, tab=tab))


def _pages(request: Request, names: Iterable[str], tab: str = "", limit: int = MAX_PACKAGES) -> tuple[PageLink, ...]:
    """Return the pages of the names that are packages, at most ``limit``."""
    sources = sources_of(request.index, names)
    return tuple(_page(request, name, tab) for name in list(sources)[:limit])


def _with_overviews(request: Request, tabs: Iterable[PageLink]) -> tuple[PageLink, ...]:
    """Return tabs of packages, each followed by the package's own page."""
    return tuple(page for tab in tabs for page in (tab, _page(request, tab.package)))


_RESOLVERS: Mapping[type, Callable[[Request, Any], Match | None]] = {
    NEVRA: _build,
    BuildNumber: _build_number,
    PackageNumber: _package_number,
    PackagePage: _package_page,
    Project: _project,
    Update: _update,
    Bug: _bug,
    Vulnerability: _cve,
}
