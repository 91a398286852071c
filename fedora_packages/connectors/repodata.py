"""Repositories: a package in the repositories of each release, as the worker has read them.

The worker reads a repository when a message or its ``repomd.xml`` says that it has changed, and writes what it says to a store.
All processes answer from the stores, and send no request.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.mdapi_relations import (
    MAX_OBSOLETERS,
    MAX_REASONS,
    MAX_REQUIRERS,
    Obsoleters,
    RequiredBy,
)
from fedora_packages.connectors.query import query
from fedora_packages.connectors.repositories import Repository, repositories
from fedora_packages.connectors.repository_files import Mirror
from fedora_packages.connectors.repository_store import Store, Stores, members
from fedora_packages.connectors.repository_sweep import RepositorySweep
from fedora_packages.connectors.repository_values import (
    Changelog,
    Files,
    P,
    Package,
    PackageRelations,
    PackageWithNames,
)
from fedora_packages.connectors.sweep import Swept, sweep
from fedora_packages.connectors.types import M, NotFound
from fedora_packages.errors import ReleaseNotServed, UpstreamError
from fedora_packages.messages.contents.composes import COMPOSED, SYNCED, reading_of
from fedora_packages.messages.event import Event

#: The directory of downloads, below that of the stores.
DOWNLOADS = "downloads"


def _read_in(*lists: str) -> Callable[[Event], Iterator[str]]:
    """Return the rule of what is read from these lists of a repository, or depends on other packages' relations."""

    def names(event: Event) -> Iterator[str]:
        reading = reading_of(event.body)
        if reading is not None and not set(lists).isdisjoint(reading.lists):
            yield from reading.names

    return names


class RepodataConnector(Connector):
    """Repository metadata, from the repositories themselves."""

    name = "repodata"
    title = "Repositories"
    role = "mdapi"
    url_setting = "search.mirror"
    timeout = 30.0
    has_store = True

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._stores = Stores(Path(self.settings.store or ""))
        mirror = Mirror(
            self.settings.url,
            self._stores.folder / DOWNLOADS,
            self._agent,
            timeout=self.settings.timeout,
        )
        self._sweep = RepositorySweep(
            self.name, self.title, mirror, self._stores, self.settings.sweep, lambda: self.releases()
        )

    @query(version=5, subject="binary")
    def package(self, package, release) -> Package | NotFound:
        """Return the description of a package in a release.

        For a source package without a binary of its name, it is that of one of its binaries.

        Source: ``primary``.
        """
        return self._described(Package, package, release) or NotFound()

    def source(self, package: str, release: str) -> dict[str, Any]:
        """Return the value of ``package`` with the names of its relations, as `binary` does: for the search index.

        Source: ``primary``.
        """
        return (self._described(PackageWithNames, package, release) or NotFound()).model_dump(mode="json")

    def binary(self, package: str, release: str) -> dict[str, Any]:
        """Return the value of ``package``, of a binary package only: for the search index.

        It also has the names of the capabilities that the package ``provides``, ``obsoletes`` and ``requires``, each once.

        Source: ``primary``.
        """
        found = self._answer(PackageWithNames, package, release, _about) or NotFound()
        return {**found.model_dump(mode="json"), **({"name": package} if found.found else {})}

    @query(version=4, subject="binary")
    def relations(self, package, release) -> PackageRelations | NotFound:
        """Return what a binary package requires, provides and so on, in a release.

        Source: ``primary``.
        """
        return self._answer(PackageRelations, package, release, _about) or NotFound()

    @query(version=6, subject="binary", every=3 * 86400, sample="keybinder3")
    def required_by(self, package, release) -> RequiredBy | NotFound:
        """Return the packages of a release that require a binary package.

        They require its name, a file or another capability of it, also in a rich dependency.  All repositories of the release
        count.  A value has at most `MAX_REQUIRERS` packages, and `MAX_REASONS` relations of each.

        Source: ``primary``, ``filelists``.  A message finds the package that owns a path, other than a command, in the repository
        that requires it only.  Hence the schedule.
        """
        stores = self._stores_of(release)
        having = [store for _, store in stores if store.has(package)]
        if not having:
            return NotFound()
        provided = dict.fromkeys([package, *(name for store in having for name in _provided(store, package, stores))])
        found: dict[tuple[str, Store], None] = {}
        asked, kinds = [package], {}
        for capability in provided:
            rows = list(_having(stores, "requires", capability))
            if rows and capability != package:
                asked.append(capability)
            for kind, store, name in rows:
                kinds[kind] = found[name, store] = None
        packages: dict[str, dict[str, Any]] = {}
        names = dict.fromkeys(sorted(name for name, _ in found))
        for name, store in found:
            if name in packages or len(packages) < MAX_REQUIRERS:
                _add_reasons(packages, name, store.package(name), provided.keys())
        value = {
            "asked": asked, "unasked": 0, "is_by_name_only": False, "is_complete": True,
            "repositories": list(kinds), "total": len(names),
            "packages": sorted(packages.values(), key=lambda row: (row["source"], row["name"])),
            "is_cut": len(names) > len(packages),
        }  # fmt: skip
        return self.read(f"requirers of {package} in {release}", RequiredBy, value)

    @query(version=3, subject="binary")
    def files(self, package, release) -> Files | NotFound:
        """Return the files of a binary package in a release, by directory.

        Source: ``filelists``.
        """
        return self._answer(Files, package, release, lambda store, name: {"files": store.files(name)}) or NotFound()

    @query(version=4, subject="binary")
    def changelog(self, package, release) -> Changelog | NotFound:
        """Return the changelog of a binary package in a release, newest first.

        Source: ``other``.
        """
        found = self._answer(Changelog, package, release, lambda store, name: {"changelogs": store.changelog(name)})
        return found or NotFound()

    @query(version=5, subject="binary", sample="glibc-kernheaders")
    def obsoleters(self, package, release) -> Obsoleters:
        """Return the binary packages of a release that obsolete a name: they replace a package that is gone.

        A value has at most `MAX_OBSOLETERS` packages.

        Source: ``primary``.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        for _, store, name in _having(self._stores_of(release), "obsoletes", package):
            about = store.package(name)
            rows = [{**row, "name": name} for row in about["obsoletes"] if row["name"] == package]
            found.setdefault(name, [{"source": about["basename"], **row} for row in rows])
        packages = [row for name in sorted(found) for row in found[name]]
        value = {"is_known": True, "packages": packages[:MAX_OBSOLETERS]}
        return self.read(f"obsoleters of {package} in {release}", Obsoleters, value)

    package.affected(*SYNCED, COMPOSED)(_read_in("primary"))
    relations.affected(*SYNCED, COMPOSED)(_read_in("primary"))
    required_by.affected(*SYNCED, COMPOSED)(_read_in("primary", "requires"))
    obsoleters.affected(*SYNCED, COMPOSED)(_read_in("obsoletes"))
    files.affected(*SYNCED, COMPOSED)(_read_in("primary", "filelists"))
    changelog.affected(*SYNCED, COMPOSED)(_read_in("primary", "other"))

    @sweep(every=300)
    def changes(self, position, now) -> Swept:
        """Read the next repository that has changed, and return the packages that differ.

        Source: ``repomd.xml``, then ``primary``, ``filelists`` and ``other``.
        """
        return self._sweep.step(position, now)

    @changes.hears
    def changes_heard(self, event):
        return self._sweep.hear(event)

    def _stores_of(self, release: str) -> list[tuple[str, Store]]:
        """Return the stores of a release with the kinds of their repositories, in the order in which they are searched."""
        found = [(one, self._stores.get(one.name)) for one in repositories({"branch": release}) if not one.is_source]
        missing = [one.name for one, store in found if store is None]
        if not found or self._is_absent(found) or (missing and not self._is_active(release)):
            raise ReleaseNotServed(self.name, f"repositories of {release}", "the mirror has none", title=self.title)
        if missing:
            raise self.unavailable(f"repository {missing[0]}", "it has not been read yet")
        return [(one.kind, store) for one, store in found]

    def _is_absent(self, found: Iterable[tuple[Repository, Store | None]]) -> bool:
        """Whether the mirror lacks what a release began with."""
        return any(one.kind == "release" and store is not None and not store.meta.lists for one, store in found)

    def _is_active(self, release: str) -> bool:
        with suppress(UpstreamError):
            return release in {each["branch"] for each in self.releases()}
        return True

    def _answer(
        self, kind: type[M], package: str, release: str, answer: Callable[[Store, str], Mapping[str, Any]]
    ) -> M | None:
        """Return a value made of what the first repository that has a package says; None if no repository has it."""
        for repository, store in self._stores_of(release):
            if store.has(package):
                value = {**answer(store, package), "repo": repository}
                return self.read(f"{package} in {release}", kind, value)
        return None

    def _described(self, kind: type[P], package: str, release: str) -> P | None:
        """Return a binary package, or one of the binaries of a source package; None if the release has neither."""
        found, name = self._answer(kind, package, release, _about), package
        if found is None or found.source != package:
            binary = next(
                (names[0] for _, store in self._stores_of(release) if (names := store.of_source(package))), None
            )
            if binary is not None:
                found, name = self._answer(kind, binary, release, _about), binary
        if found is not None:
            found.name = name
        return found


def _about(store: Store, package: str) -> dict[str, Any]:
    about = store.package(package) or {}
    return {**about, "co-packages": store.of_source(about["basename"])}


def _having(stores: list[tuple[str, Store]], kind: str, capability: str) -> Iterator[tuple[str, Store, str]]:
    """Yield the packages with a relation to a capability: kind of repository, store, name.

    An update replaces a package of that name; one in testing stands beside it.
    """
    for place, (repository, store) in enumerate(stores):
        newer = [other for its, other in stores[:place] if "testing" not in its]
        for name in store.having(kind, capability):
            if not any(other.has(name) for other in newer):
                yield repository, store, name


def _provided(store: Store, package: str, stores: list[tuple[str, Store]]) -> Iterator[str]:
    """Yield the capabilities that a package provides, and those of its files that packages require."""
    yield from (relation["name"] for relation in (store.package(package) or {})["provides"] if relation["name"])
    required = frozenset().union(*(other.required_paths for _, other in stores))
    for row in store.files(package):
        folder = row["dirname"].rstrip("/")
        yield from (path for name in row["filenames"].split("/") if (path := f"{folder}/{name}") in required)


def _add_reasons(
    packages: dict[str, dict[str, Any]], name: str, about: Mapping[str, Any], capabilities: Iterable[str]
) -> None:
    """Add the relations by which a package requires capabilities."""
    row = packages.setdefault(name, {"name": name, "source": about["basename"], "relations": []})
    for relation in about["requires"]:
        is_new = len(row["relations"]) < MAX_REASONS and relation not in row["relations"]
        if is_new and any(member in capabilities for member in members(relation["name"] or "")):
            row["relations"].append(relation)
