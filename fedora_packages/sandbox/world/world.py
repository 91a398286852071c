"""The world: every package as it is now, and as it was at any time since the start.

Stand-ins read it through a `View` of one time; the actions change it.  Only changed packages are stored, each as the list of its
records; all others are generated when needed.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from fedora_packages.sandbox.world import external, ids
from fedora_packages.sandbox.world.events import EventLog
from fedora_packages.sandbox.world.history import generate
from fedora_packages.sandbox.world.load import Catalog
from fedora_packages.sandbox.world.models import Bug, Build, Listing, Package, Project, Source, Update
from fedora_packages.sandbox.world.releases import Release, Tag, koji_tags

#: The maximum number of records of one package; a view of a time before the oldest shows the oldest.
MAX_RECORDS = 500

#: The number of unchanged packages in a list over all packages (builds without a package, updates of a release); changed ones
#: are all in it.  The small world has fewer; the whole list of a world file would take minutes.
SCANNED = 1000

#: The software that can answer as an upstream, the default first.  dist-git can be neither for a while between the two.
SOFTWARE: Mapping[str, tuple[str, ...]] = {
    "mdapi": ("classic", "metasource"),
    "distgit": ("pagure", "forgejo", "neither"),
}

#: An empty source, in place of one that can be generated again.
NO_SOURCE = Source("", "", "", "", "", "", ())


class Renewal(NamedTuple):
    """The time of a repository's last change (UTC seconds, or minus infinity), and its revision (unique whole UTC seconds)."""

    timestamp: float
    revision: int


class World:
    """All packages, all releases, and the last ids.

    ``started`` is its start in UTC seconds, from which all generated history counts back; ``max_records`` the number of records
    kept of one package.  ``software`` is what answers as each upstream of `SOFTWARE`.
    """

    def __init__(self, catalog: Catalog, started: int, max_records: int = MAX_RECORDS):
        self.catalog = catalog
        self.started = started
        self.software = {name: kinds[0] for name, kinds in SOFTWARE.items()}
        self._max_records = max_records
        self._releases: list[tuple[float, tuple[Release, ...]]] = [(-math.inf, catalog.releases)]
        self.tags: Mapping[str, Tag] = koji_tags(catalog.releases)
        self.changes = 0
        #: The time of the last change, in UTC seconds.
        self.changed = float("-inf")
        self.events = EventLog(started)
        self._records: dict[str, tuple[list[float], list[Package | None]]] = {}
        self._homes: dict[tuple[str, int], str] = {}
        self._renewals: dict[str, list[Renewal]] = {}
        self._first_shown: dict[int, Mapping[str, Build]] = {}
        self._first_tagged: dict[int, Package] = {}
        self._first_projects: dict[int, Project | None] = {}
        self._given = dict.fromkeys(("build", "bug", "update", "problem"), 0)
        self._generated_count = len(catalog.names)
        self._generated = lru_cache(maxsize=4096)(self._generate)

    def _generate(self, number: int) -> Package:
        return generate(number, self.catalog.origin(number), self.catalog.releases, self.started)

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases as they are now."""
        return self._releases[-1][1]

    def releases_at(self, timestamp: float) -> tuple[Release, ...]:
        """Return the releases as they were at a time."""
        place = bisect_right(self._releases, timestamp, key=lambda record: record[0])
        return self._releases[max(place - 1, 0)][1]

    def set_releases(self, releases: tuple[Release, ...], timestamp: float) -> None:
        """Store the releases from a time on.  New ones get Koji tags; none loses its own."""
        timestamp = self.changed = max(timestamp, math.nextafter(self.changed, math.inf))
        self._releases.append((timestamp, releases))
        highest = max(tag.tag_id for tag in self.tags.values())
        new = [tag for name, tag in koji_tags(releases).items() if name not in self.tags]
        self.tags = {
            **self.tags,
            **{tag.name: replace(tag, tag_id=highest + place) for place, tag in enumerate(new, 1)},
        }
        self.changes += 1

    @property
    def names(self) -> list[str]:
        """The names of all packages, the oldest in the world first."""
        return self.catalog.names

    def now(self) -> "View":
        """Return the world as it is."""
        return View(self, float("inf"))

    def at(self, timestamp: float) -> "View":
        """Return the world as it was at a time in UTC seconds."""
        return View(self, timestamp)

    def package(self, name: str, timestamp: float = float("inf")) -> Package | None:
        """Return a package as it was at a time, or None."""
        records = self._records.get(name)
        if records is not None:
            times, states = records
            return states[max(bisect_right(times, timestamp) - 1, 0)]
        number = self.catalog.numbers.get(name)
        return None if number is None or number >= self._generated_count else self._generated(number)

    def with_tags(self, name: str, timestamp: float) -> Package | None:
        """Return a package for lists of all tagged builds: with its tags, and with its builds without their sources' contents.

        Those of the start are kept, like `shown`, because generating them takes most of the time.
        """
        number = self.catalog.numbers.get(name)
        if name in self._records or number is None or number >= self._generated_count:
            return self.package(name, timestamp)
        if number not in self._first_tagged:
            package = self._generate(number)
            source = replace(NO_SOURCE, name=name)
            builds = tuple(replace(build, source=source) for build in package.builds)
            self._first_tagged[number] = replace(
                package, builds=builds, branches={}, updates=(), bugs=(), problems=(), project=None, published={}
            )
        return self._first_tagged[number]

    def project(self, name: str, timestamp: float) -> Project | None:
        """Return the upstream project of a package.  Of an unchanged package, nothing else is generated, and that once."""
        number = self.catalog.numbers.get(name)
        if name in self._records or number is None or number >= self._generated_count:
            package = self.package(name, timestamp)
            return package.project if package else None
        if number not in self._first_projects:
            self._first_projects[number] = external.project(number, self.catalog.origin(number), self.started)
        return self._first_projects[number]

    def listing(self, name: str, timestamp: float) -> Listing | None:
        """Return the part of a package for lists of all packages, or None.  It is fast enough for thousands."""
        releases = [release for release in self.releases if release.holds_packages]
        number = self.catalog.numbers.get(name)
        if name in self._records or number is None:
            package = self.package(name, timestamp)
            if package is None:
                return None
            living = {
                release.branch
                for release in releases
                if release.state != "archived"
                and release.branch in package.branches
                and package.branches[release.branch].dead is None
            }
            branches = living | {build.branch for build in package.builds}
            people, blocked = (package.owner, *package.admins, *package.committers), package.blocked
        else:
            outline = self.catalog.outline(name)
            branches = outline.branches
            people = (outline.owner, *outline.admins, *outline.committers)
            blocked = frozenset(one.base_tag for one in releases if outline.dead and one.branch == "rawhide")
        listed = {release.base_tag for release in releases if release.branch in branches}
        return Listing(people[0], tuple(dict.fromkeys(people)), blocked | listed, blocked)

    def put(self, package: Package, timestamp: float, user: str = "releng") -> None:
        """Store the state of a package from a time on, in UTC seconds; ``user`` is the account that changes it in Koji.

        Each change gets a later time than the one before, even if the clock stands still or is set back.
        """
        timestamp = self.changed = max(timestamp, math.nextafter(self.changed, math.inf))
        before = self.package(package.name)
        listing = self.listing(package.name, math.inf)
        times, states = self._records.setdefault(package.name, ([float("-inf")], [before]))
        times.append(timestamp)
        states.append(package)
        if len(times) > self._max_records:
            del times[:2], states[:1]
            times.insert(0, float("-inf"))
        self._note_renewals(before, package, timestamp)
        lists = (listing, self.listing(package.name, math.inf))
        self.events.note(before, package, lists, timestamp, user)
        for kind, found in self._holdings(package):
            self._homes[kind, found] = package.name
        self.changes += 1

    def _note_renewals(self, before: Package | None, package: Package, timestamp: float) -> None:
        """Note the repositories that show another build of a package from a time on."""
        held = before.published if before else {}
        for repository in held.keys() | package.published.keys():
            if held.get(repository) != package.published.get(repository):
                renewals = self._renewals.setdefault(repository, [Renewal(-math.inf, self.started)])
                renewals.append(Renewal(timestamp, max(int(timestamp), renewals[-1].revision + 1)))
                del renewals[: -self._max_records]

    def renewal(self, repository: str, timestamp: float) -> Renewal:
        """Return the last renewal of a repository up to a time: a change of its contents, not a compose."""
        renewals = self._renewals.get(repository, [Renewal(-math.inf, self.started)])
        return renewals[max(bisect_right(renewals, timestamp, key=lambda one: one.timestamp) - 1, 0)]

    def shown(self, repository: str, number: int, timestamp: float) -> Build | None:
        """Return a repository's build of a package by number, at a time.

        Readers of whole repositories need only this of most packages.  The builds of the start are cached, because generating
        them takes most of the time, without their sources, which take most of the memory.
        """
        name = self.names[number]
        if name in self._records:
            package = self.package(name, timestamp)
            return package.shown(repository) if package else None
        if number not in self._first_shown:
            package = self._generated(number)
            builds = {build.build_id: replace(build, source=NO_SOURCE) for build in package.builds}
            self._first_shown[number] = {where: builds[build_id] for where, build_id in package.published.items()}
        build = self._first_shown[number].get(repository)
        return replace(build, source=self.catalog.origin(number).source) if build else None

    def _holdings(self, package: Package) -> Iterator[tuple[str, int]]:
        yield from (("build", build.build_id) for build in package.builds[-8:])
        yield from (("update", update.update_id) for update in package.updates[-8:])
        yield from (("bug", bug.bug_id) for bug in package.bugs)

    def add(self, source: Source) -> int:
        """Add a new package and return its number.  Raises `ValueError` if its name is invalid or exists."""
        number = self.catalog.add(source.name)
        self._records[source.name] = ([float("-inf")], [None])
        self.catalog.index_source(number, source)
        return number

    def new_id(self, kind: str) -> int:
        """Return a new id of a ``build``, ``bug``, ``update`` or ``problem``, higher than all existing ones."""
        kinds = {"build": ids.build_id, "bug": ids.bug_id, "update": ids.update_id, "problem": ids.problem_id}
        first = kinds[kind](self._generated_count, 0)
        self._given[kind] += 1
        return first + self._given[kind]

    def changed_names(self) -> list[str]:
        """Return the names of the packages that changed."""
        return list(self._records)

    def home(self, kind: str, number: int) -> Iterator[str]:
        """Yield the names of the packages that can have the build, update or bug of an id."""
        known = self._homes.get((kind, number))
        if known:
            yield known
        place = ids.owner_of(kind)(number)
        if 0 <= place < self._generated_count and self.names[place] != known:
            yield self.names[place]

    def release(self, name: str) -> Release | None:
        """Return a release of packages by branch or Bodhi's name, in any case."""
        wanted = name.lower()
        for release in self.releases:
            if release.holds_packages and wanted in (release.branch, release.name.lower()):
                return release
        return None


class View:
    """The world at one time, as an upstream reads it.  ``timestamp`` is in UTC seconds, or infinity for now."""

    def __init__(self, world: World, timestamp: float):
        self.world = world
        self.timestamp = timestamp

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases."""
        return self.world.releases_at(self.timestamp)

    def package(self, name: str) -> Package | None:
        """Return a package, or None."""
        return self.world.package(name, self.timestamp)

    def shown(self, repository: str, number: int) -> Build | None:
        """Return a repository's build of a package by number."""
        return self.world.shown(repository, number, self.timestamp)

    def renewal(self, repository: str) -> Renewal:
        """Return the last renewal of a repository."""
        return self.world.renewal(repository, self.timestamp)

    def with_tags(self, name: str) -> Package | None:
        """Return a package with its builds and tags only, or None."""
        return self.world.with_tags(name, self.timestamp)

    def project(self, name: str) -> Project | None:
        """Return the upstream project of a package, or None.  It is fast enough for thousands."""
        return self.world.project(name, self.timestamp)

    def listing(self, name: str) -> Listing | None:
        """Return the part of a package for lists of all packages, or None."""
        return self.world.listing(name, self.timestamp)

    def packages(self) -> Iterator[Package]:
        """Yield all packages; of the unchanged ones in a large world only `SCANNED`."""
        names = self.world.names
        if len(names) > SCANNED:
            names = list(dict.fromkeys([*names[:SCANNED], *self.world.changed_names()]))
        for name in names:
            package = self.package(name)
            if package is not None:
                yield package

    def find_build(self, build_id: int) -> Build | None:
        """Return a build by id."""
        for package in map(self.package, self.world.home("build", build_id)):
            found = package.build(build_id) if package else None
            if found:
                return found
        return None

    def find_nvr(self, nvr: str) -> Build | None:
        """Return a build by NVR."""
        package = self.package(nvr.rsplit("-", 2)[0])
        return package.build_of(nvr) if package else None

    def find_update(self, alias: str) -> tuple[Package, Update] | None:
        """Return an update by alias, with its package."""
        number = ids.update_of(alias)
        if number is not None:
            for package in map(self.package, self.world.home("update", number)):
                for update in package.updates if package else ():
                    if update.alias == alias:
                        return package, update
        return None

    def find_bug(self, bug_id: int) -> Bug | None:
        """Return a bug by id."""
        for package in map(self.package, self.world.home("bug", bug_id)):
            for bug in package.bugs if package else ():
                if bug.bug_id == bug_id:
                    return bug
        return None

    def inherited(self, tag: str) -> list[str]:
        """Return a Koji tag and those that it inherits from, the nearest first; empty for an unknown tag."""
        order: list[str] = []
        waiting = [tag] if tag in self.world.tags else []
        while waiting:
            name = waiting.pop(0)
            if name not in order:
                order.append(name)
                waiting += self.world.tags[name].parents
        return order

    def tagged(self, package: Package, tag: str, inherit: bool) -> list[tuple[str, Build]]:
        """Return the complete builds of a package in a tag, the one tagged last first, each with its own tag.

        A block in the tag, or in one that it inherits from, ends the list.
        """
        found: list[tuple[str, Build]] = []
        for name in self.inherited(tag) if inherit else [tag]:
            if name in package.blocked:
                break
            for build_id in package.tags.get(name, ()):
                build = package.build(build_id)
                if build is not None and build.state == "complete":
                    found.append((name, build))
        return found
