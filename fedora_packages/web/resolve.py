"""What somebody has pasted into the search, and where it leads: on this site, and at the upstream that knows it.

The one thing to know: the search answers whatever becomes of this.  What an upstream does not say in time is left out and said to
be so; its own page, whose address needs nobody's answer, is linked to in any case.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pyramid.request import Request

from fedora_packages.connectors.bugzilla import PRODUCTS
from fedora_packages.connectors.query import QueryCall
from fedora_packages.errors import CacheUnavailable
from fedora_packages.rpm.nvr import NEVRA, NVR, name_of
from fedora_packages.search.packages import Package, find, sources_of
from fedora_packages.web.formats import moment
from fedora_packages.web.identifiers import (
    LOOKED_AT,
    Bug,
    Named,
    NumberedBuild,
    NumberedPackage,
    Pasted,
    Project,
    Update,
    Vulnerability,
    recognised,
)
from fedora_packages.web.live_lookups import Found, Question
from fedora_packages.web.rate_limit import client_of
from fedora_packages.web.request import printable

#: What can be identified, and what people call it; a CVE's name says that it is one.
KINDS = {"build": "Build", "update": "Update", "bug": "Bug", "cve": "", "package": "Package", "project": "Project"}

#: Bounds of what is shown: packages of an update or a project, its builds, characters of a title.
PACKAGES_SHOWN, BUILDS_SHOWN, TITLE_SHOWN = 10, 5, 300

BUILDS, VERSIONS = "koji.builds", "anitya.versions"


@dataclass(frozen=True)
class Place:
    """A page of this site: which package it is of, what to call it, its path."""

    package: str
    label: str
    path: str


@dataclass(frozen=True)
class Carrier:
    """A bug that names a CVE: bugzilla's facts, its page there, and the bugs of its package here (None: it is of none)."""

    bug: Mapping[str, Any]
    address: str
    place: Place | None


@dataclass(frozen=True)
class Identified:
    """What a text identifies.

    ``kind`` is one of `KINDS`, ``text`` what it is called, ``upstream`` who knows it, at ``address``.  ``title``, ``state`` and
    ``facts`` are what the upstream says of it, as far as that is known; ``note`` is a sentence about what is not.
    """

    kind: str
    text: str
    upstream: str
    address: str
    title: str = ""
    state: str = ""
    facts: str = ""
    note: str = ""
    places: tuple[Place, ...] = ()
    bugs: tuple[Carrier, ...] = ()

    @property
    def heading(self) -> str:
        return f"{KINDS[self.kind]} {self.text}".strip()

    @property
    def leads_to(self) -> tuple[Place, ...]:
        """The pages of this site that it leads to: its own, and those of the bugs that name it."""
        return (*self.places, *(found.place for found in self.bugs if found.place))

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that it is about, each once."""
        return tuple(dict.fromkeys(place.package for place in self.leads_to))


def recognise(request: Request, text: str) -> Pasted | None:
    """Return what a text has the form of, or None: of a text that names a package always.

    Asks no upstream.  Raises `SearchUnavailable`.
    """
    text = printable(text.strip(), LOOKED_AT)
    if find(request.service.index, text) is not None:
        return None
    return recognised(text, request.links.sites, request.application_url)


def identified(request: Request, pasted: Pasted | None) -> Identified | None:
    """Return what is known of what was pasted, or None where that is nothing to tell of.

    Waits for an upstream no longer than `fedora_packages.web.live_lookups` says.  Raises `SearchUnavailable`.
    """
    tell = _TELLING.get(type(pasted))
    return tell(request, pasted) if tell else None


def unknown_name(request: Request, pasted: Pasted | None) -> str | None:
    """Return the name of the package that was pasted, or a build or an address of, if there is no such package.

    Raises `SearchUnavailable`.
    """
    if isinstance(pasted, NEVRA):
        return None if _building(request, pasted.nvr.name) else pasted.nvr.name
    names = pasted.names if isinstance(pasted, Named) else ()
    return names[0] if names and not any(find(request.service.index, name) for name in names) else None


def as_json(request: Request, found: Identified | None) -> dict[str, Any] | None:
    """Return what was identified, for programs."""
    if found is None:
        return None
    page = f"{request.host_url}{found.leads_to[0].path}" if found.leads_to else None
    return {
        "kind": found.kind,
        "text": found.text,
        "title": found.title or None,
        "state": found.state or None,
        "packages": found.packages,
        "bugs": [
            {
                **{key: carrier.bug[key] for key in ("id", "summary", "status", "product", "component", "version")},
                "page": f"{request.host_url}{carrier.place.path}" if carrier.place else None,
                "upstream": carrier.address,
            }
            for carrier in found.bugs
        ],
        "note": found.note or None,
        "links": {"page": page, "upstream": found.address},
    }


# Builds.


def _build(request: Request, pasted: NEVRA) -> Identified:
    """Tell of a build, or of a package of one."""
    package, links = _building(request, pasted.nvr.name), request.links
    if package is None:
        note = f"No package called {pasted.nvr.name} is known here."
        return Identified("build", str(pasted.nvr), "koji", links.build_of(str(pasted.nvr)), note=note)
    nvr = NVR(package.source, pasted.nvr.version, pasted.nvr.release)
    places = [_place(request, package.name), _place(request, package.source), _place(request, package.source, "builds")]
    found = Identified(
        "build",
        str(nvr),
        "koji",
        links.build_of(str(nvr)),
        title="" if pasted.nvr.name == package.source else f"{pasted.nvr} is one of its packages.",
        places=tuple(dict.fromkeys(places)),
    )
    known = _known_build(request, package.source, str(nvr))
    if known is not None:
        build, note = known
    else:
        asked = _asked(request, "koji", "build", str(nvr))
        # Some binaries have versions of their own.
        build, note = asked.value, _missing(asked, f"Koji has no build {nvr}.")
    if build is None:
        return replace(found, note=note)
    return replace(found, address=links.build(build["build_id"]), state=build["state"], note=note)


def _building(request: Request, name: str) -> Package | None:
    """Return the package that a package of a build is; what is made for debugging one is in no repository that is read."""
    names = dict.fromkeys((name, name.removesuffix("-debuginfo"), name.removesuffix("-debugsource")))
    return next((found for name in names if (found := find(request.service.index, name))), None)


def _known_build(request: Request, source: str, nvr: str) -> tuple[Mapping[str, Any], str] | None:
    """Return the build of an NVR if it is among those of its source that are known here, and a note on how sure that is."""
    try:
        (cached,) = request.loader.known([QueryCall(request.service.queries[BUILDS], source)])
    except CacheUnavailable:
        return None
    build = next((build for build in cached.value["builds"] if build["nvr"] == nvr), None) if cached.is_known else None
    if build is None:
        return None
    return (
        build,
        "" if cached.is_fresh else f"So it was at {moment(cached.stamp.fetched)}; it may have changed since.",
    )


def _numbered_build(request: Request, pasted: NumberedBuild) -> Identified:
    asked, address = _asked(request, "koji", "build", pasted.number), request.links.build(pasted.number)
    found = Identified("build", str(pasted.number), "koji", address, note=_missing(asked, "Koji has no such build."))
    if not asked.value:
        return found
    build, package = asked.value, find(request.service.index, asked.value["name"])
    places = (_place(request, package.name), _place(request, package.name, "builds")) if package else ()
    return replace(found, text=build["nvr"], state=build["state"], places=places)


# Packages.


def _named(request: Request, pasted: Named) -> Identified | None:
    name = next((name for name in pasted.names if find(request.service.index, name)), None)
    if name is None:
        return None
    source = find(request.service.index, name).source
    return Identified("package", name, "distgit", request.links.sources(source), places=(_place(request, name),))


def _numbered_package(request: Request, pasted: NumberedPackage) -> Identified:
    asked, number = _asked(request, "koji", "package", pasted.number), str(pasted.number)
    found = Identified("package", number, "koji", request.links.builds(number))
    if not asked.value:
        return replace(found, note=_missing(asked, "Koji has no such package."))
    package = find(request.service.index, asked.value)
    return replace(found, text=asked.value, places=(_place(request, asked.value),) if package else ())


def _project(request: Request, pasted: Project) -> Identified:
    try:
        names = request.service.cache.packages_about(VERSIONS, pasted.number)
    except CacheUnavailable:
        names = []
    places = _places(request, sorted(names))
    note = "" if places else "No package that is known here is mapped to it."
    return Identified(
        "project", str(pasted.number), "anitya", request.links.project(pasted.number), note=note, places=places
    )


# Updates.


def _update(request: Request, pasted: Update) -> Identified:
    asked = _asked(request, "bodhi", "update", pasted.alias)
    found = Identified("update", pasted.alias, "bodhi", request.links.update(pasted.alias))
    if not asked.value:
        return replace(found, note=_missing(asked, "Bodhi has no such update."))
    update = asked.value
    shown, more = update["builds"][:BUILDS_SHOWN], len(update["builds"]) - BUILDS_SHOWN
    builds = f"{', '.join(shown)}{f' and {more} more' if more > 0 else ''}"
    release = update["release"] or "an unknown release"
    names = dict.fromkeys(name for nvr in update["builds"] if (name := name_of(nvr)))
    return replace(
        found,
        # Most are called as their builds are.
        title="" if update["title"] == " ".join(update["builds"]) else update["title"][:TITLE_SHOWN],
        state=update["status"],
        facts=f"{update['type'].capitalize()} update of {release}: {builds}",
        places=_and_packages(request, _places(request, names, "updates")),
    )


# Bugs.


def _bug(request: Request, pasted: Bug) -> Identified:
    asked = _asked(request, "bugzilla", "bug", pasted.number)
    found = Identified("bug", str(pasted.number), "bugzilla", request.links.bug(pasted.number))
    if not asked.value:
        return replace(found, note=_missing(asked, "Bugzilla has no such bug."))
    bug = asked.value
    if bug["is_private"]:
        return replace(found, note="It is private: Bugzilla shows it to some people only.")
    places = _and_packages(request, _places(request, _component(bug), "bugs"))
    of = f"{bug['product']} {bug['version']}".strip()
    facts = f"{of}, component {bug['component']}" if bug["component"] else of
    return replace(found, title=bug["summary"][:TITLE_SHOWN], state=bug["status"], facts=facts, places=places)


def _cve(request: Request, pasted: Vulnerability) -> Identified:
    asked = _asked(request, "bugzilla", "carriers", pasted.name)
    found = Identified("cve", pasted.name, "bugzilla", request.links.cve(pasted.name))
    if not asked.value:
        return replace(found, note=_missing(asked, "Bugzilla has no public bug of Fedora's that names it."))
    names = dict.fromkeys(name for bug in asked.value for name in _component(bug))
    places = {place.package: place for place in _places(request, names, "bugs", len(names))}
    carriers = (
        Carrier(bug, request.links.bug(bug["id"]), next(map(places.get, _component(bug)), None)) for bug in asked.value
    )
    return replace(found, bugs=tuple(carriers))


def _component(bug: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the package that a bug is of, if any: other products call their components as our packages are called."""
    return (bug["component"],) if bug["product"] in PRODUCTS else ()


# What all of them need.


def _asked(request: Request, upstream: str, method: str, identifier: str | int) -> Found:
    return request.lookups(client_of(request.remote_addr), Question(upstream, method, identifier))


def _missing(asked: Found, nothing: str) -> str:
    """Return why nothing can be told: there is ``nothing``, or it is not known whether there is."""
    if asked.value:
        return ""
    return nothing if asked.is_known else f"{asked.why[:1].upper()}{asked.why[1:]}: no more can be said of it now."


def _place(request: Request, package: str, tab: str = "") -> Place:
    """Return a page of a package, or one of its tabs."""
    if not tab:
        return Place(package, package, request.route_path("package", package=package))
    return Place(package, f"{tab.capitalize()} of {package}", request.route_path("tab", package=package, tab=tab))


def _places(request: Request, names: Iterable[str], tab: str = "", most: int = PACKAGES_SHOWN) -> tuple[Place, ...]:
    """Return a page of each name that is a package's, of so many at most."""
    known = sources_of(request.service.index, names)
    return tuple(_place(request, name, tab) for name in list(known)[:most])


def _and_packages(request: Request, tabs: Iterable[Place]) -> tuple[Place, ...]:
    """Return tabs of packages, each with its package's own page behind it."""
    return tuple(place for tab in tabs for place in (tab, _place(request, tab.package)))


_TELLING: Mapping[type, Callable[[Request, Any], Identified | None]] = {
    NEVRA: _build,
    NumberedBuild: _numbered_build,
    NumberedPackage: _numbered_package,
    Named: _named,
    Project: _project,
    Update: _update,
    Bug: _bug,
    Vulnerability: _cve,
}
