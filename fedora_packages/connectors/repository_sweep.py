"""The sweep of repositories: look which have changed, read those, and say which packages differ.

A message makes a repository awaited: it is looked at until it changes, since a compose is announced hours before the mirror has
it.  All others are looked at in each sweep.  A step is one repository, or one download.  Downloads stay until their repository is
read, so that a worker that goes on after a kill repeats one.

The position has what was told of each repository, by the identity of its store.  A store that is newer than that knows how it
differs from the one before.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fedora_packages.connectors.repositories import Repository, repositories
from fedora_packages.connectors.repository_files import Mirror, RepositoryFile
from fedora_packages.connectors.repository_lists import Listing, listing_of
from fedora_packages.connectors.repository_reader import write
from fedora_packages.connectors.repository_store import Changed, Difference, Meta, Store, Stores, members
from fedora_packages.connectors.sweep import Change, LeftOut, Swept, event_of
from fedora_packages.errors import InvalidResponse, UpstreamError
from fedora_packages.messages.contents import composes
from fedora_packages.messages.contents.composes import COMPOSED, LISTS, READING, SYNCED, Reading
from fedora_packages.messages.event import Event

#: Seconds between two looks at an awaited repository, and for how long it is awaited after a message.  The mirror has a sync
#: before the message, though not on all hosts; how long it needs for a compose is unknown.
POLL = 30.0
AWAITED = {COMPOSED: 4 * 3600.0, **dict.fromkeys(SYNCED, 1800.0)}

#: Packages of one change.
MAX_NAMES = 200

_REPOMD = "repodata/repomd.xml"


class RepositorySweep:
    """Reads the repositories of the active releases from a mirror into stores.

    ``name`` and ``title`` are the upstream's, ``every`` the seconds between two looks at a repository that is not awaited.
    ``releases`` returns the active releases, and can raise `UpstreamError`.
    """

    def __init__(
        self,
        name: str,
        title: str,
        mirror: Mirror,
        stores: Stores,
        every: float,
        releases: Callable[[], Sequence[Mapping[str, Any]]],
        clock: Callable[[], float] = time.time,
    ):
        self._name = name
        self._title = title
        self._mirror = mirror
        self._stores = stores
        self._every = every
        self._releases = releases
        self._clock = clock
        # Until when a repository is awaited, by its name.
        self._awaited: dict[str, float] = {}
        self._lock = threading.Lock()

    def hear(self, event: Event) -> bool:
        """Note which repositories a message says have changed, and return whether there are any."""
        names = composes.repositories(event.topic, event.body)
        with self._lock:
            self._awaited.update(dict.fromkeys(names, self._clock() + AWAITED.get(event.topic, 0.0)))
        return bool(names)

    def step(self, position: Mapping[str, Any], now: float) -> Swept:
        """Look at the next repository, and return the packages that differ in it.

        ``now`` is when the sweep began.  Raises `UpstreamError` at the end of a sweep if repositories could not be read: it names
        them, and their old stores stay.
        """
        known = {one.name: one for release in self._releases() for one in repositories(release) if not one.is_source}
        if not known:
            # All stores would be those of ended releases.
            raise InvalidResponse("bodhi", "GET /releases/", "no active release with repositories", title="Bodhi")
        position = {"told": {}, "failed": {}, "waiting": [], "full": 0.0, "is_gap": False, **position}
        if position.get("began") != now:
            position = self._begun(position, now, known)
        position["waiting"] = [name for name in position["waiting"] if name in known]
        if not position["waiting"]:
            return self._ended(position, known)
        return self._looked(position, known[position["waiting"][0]])

    def _begun(self, position: Mapping[str, Any], now: float, known: Collection[str]) -> dict[str, Any]:
        with self._lock:
            self._awaited = {
                name: until for name, until in self._awaited.items() if until > self._clock() and name in known
            }
            awaited = [name for name in known if name in self._awaited]
        is_full = not 0 <= now - position["full"] < self._every
        full = now if is_full else position["full"]
        # What is awaited comes first; a sweep that was cut short goes on.
        others = [name for name in known if name not in awaited and (is_full or name in position["waiting"])]
        return {**position, "began": now, "full": full, "waiting": [*awaited, *others]}

    def _ended(self, position: Mapping[str, Any], known: Collection[str]) -> Swept:
        # Those of ended releases, and of repositories that have changed since their first list was downloaded.
        self._stores.remove_others(known)
        self._mirror.remove_all()
        failed = {name: reason for name, reason in position["failed"].items() if name in known}
        if failed:
            raise InvalidResponse(self._name, ", ".join(failed), "; ".join(failed.values())[:1000], title=self._title)
        return Swept([], position, again=self._again())

    def _looked(self, position: dict[str, Any], repository: Repository) -> Swept:
        name, skipped, changes = repository.name, [], []
        with self._lock:
            is_awaited = name in self._awaited
        failed = {other: reason for other, reason in position["failed"].items() if other != name}
        try:
            if not self._read(repository, skipped.append):
                return Swept([], position, is_complete=False)
        except UpstreamError as error:
            failed[name] = error.sentence
        except (OSError, sqlite3.Error) as error:
            failed[name] = f"its store cannot be written: {error}"
        store, told = self._stores.get(name), position["told"].get(name)
        is_gap = False
        if store is not None and store.meta.identity != told:
            difference = store.meta.difference
            if difference is not None and difference.identity == told:
                changes = list(self._changes(repository, store, difference, is_awaited))
            else:
                is_gap = True
            with self._lock:
                self._awaited.pop(name, None)
            told = store.meta.identity
        waiting = position["waiting"][1:]
        is_gap = is_gap or position["is_gap"]
        after = {
            **position, "failed": failed, "waiting": waiting, "told": {**position["told"], name: told},
            "is_gap": is_gap and bool(waiting),
        }  # fmt: skip
        left_out = LeftOut(len(skipped), skipped[0]) if skipped else None
        # What was fetched before all repositories were read is fetched again once.
        return Swept(changes, after, False, left_out, self._again(), is_gap and not waiting)

    def _again(self) -> float | None:
        return POLL if self._awaited else None

    # One repository.

    def _read(self, repository: Repository, skipped: Callable[[str], None]) -> bool:
        """Read a repository into its store if it has changed; return False if another step has to go on.

        Raises `UpstreamError`, `OSError` and `sqlite3.Error`.
        """
        store, (path, listing) = self._stores.get(repository.name), self._listing(repository)
        if listing is None:
            if store is not None and store.meta.lists:
                raise self._invalid(repository, "no repository, which it had before")
            self._write(repository, Meta(path, 0, {}), {}, skipped, store)
            return True
        files = {kind: listing.files[kind] for kind in LISTS if kind in listing.files}
        if len(files) < len(LISTS):
            raise self._invalid(
                repository, f"no readable list {', '.join(kind for kind in LISTS if kind not in files)}"
            )
        meta = Meta(path, listing.revision, {kind: file.open_checksum[1] for kind, file in files.items()})
        if store is not None and store.meta.path == path and listing.revision < store.meta.revision:
            raise self._invalid(repository, f"revision {listing.revision}, older than {store.meta.revision}")
        try:
            if self._write(repository, meta, files, skipped, store):
                return True
        except InvalidResponse:
            if self._listing(repository) == (path, listing):
                raise
            # It has changed since its list of files was read.
        return False

    def _listing(self, repository: Repository) -> tuple[str, Listing | None]:
        for path in repository.paths:
            content = self._mirror.read(f"{path}/{_REPOMD}")
            if content is not None:
                return path, listing_of(content, self._mirror.url(f"{path}/{_REPOMD}"))
        return repository.paths[0], None

    def _write(
        self,
        repository: Repository,
        meta: Meta,
        files: Mapping[str, RepositoryFile],
        skipped: Callable[[str], None],
        store: Store | None,
    ) -> bool:
        """Write the store of a repository unless it is there; return False if lists were downloaded first."""
        if store is not None and store.meta.identity == meta.identity:
            return True
        for file in files.values():
            if not self._mirror.has(file):
                self._mirror.fetch(meta.path, file)
                return False
        lists = {
            kind: (self._mirror.fetch(meta.path, file), self._mirror.url(f"{meta.path}/{file.href}"))
            for kind, file in files.items()
        }
        write(self._stores.path(repository.name), meta, lists, skipped, store is not None)
        self._mirror.remove_all()
        return True

    def _invalid(self, repository: Repository, reason: str) -> InvalidResponse:
        return InvalidResponse(self._name, repository.name, reason, title=self._title)

    # What differs.

    def _changes(
        self, repository: Repository, store: Store, difference: Difference, is_announced: bool
    ) -> Iterator[Change]:
        # A worker that was killed tells it later.
        sent = os.stat(self._stores.path(repository.name)).st_mtime
        topic = COMPOSED if repository.kind == "release" else SYNCED[0]
        if repository.release.startswith("epel"):
            topic = SYNCED[1]
        for number, reading in enumerate(self._readings(repository, difference)):
            key = f"{repository.name}-{store.meta.revision}-{number}"
            yield Change(event_of(self._name, topic, key, sent, {READING: reading}), is_announced=is_announced)

    def _readings(self, repository: Repository, difference: Difference) -> Iterator[Reading]:
        versions = _versions(difference.packages.values())
        by_lists: dict[tuple[str, ...], dict[str, Changed]] = {}
        for name, changed in difference.packages.items():
            by_lists.setdefault(tuple(changed.lists), {})[name] = changed
        for lists, packages in by_lists.items():
            for names in _some(list(packages)):
                # One reading has the version of a source package, so that the timeline has one line.
                sources = dict.fromkeys(packages[name].source for name in names)
                told = {source: versions.pop(source) for source in sources if source in versions}
                yield Reading(repository.name, lists, names, told)
        found = (
            self._stores.get(one.name) for one in repositories({"branch": repository.release}) if not one.is_source
        )
        beside = [store for store in found if store is not None]
        hidden = [] if "testing" in repository.kind else _hidden(difference, beside)
        obsoleted = {*difference.obsoleted, *_named(hidden, "obsoletes")}
        capabilities = {*difference.capabilities, *_named(hidden, "requires")}
        yield from (Reading(repository.name, ["obsoletes"], names) for names in _some(sorted(obsoleted)))
        providers = {
            name for store in beside for capability in capabilities for name in store.having("provides", capability)
        }
        yield from (Reading(repository.name, ["requires"], names) for names in _some(sorted(providers)))


def _some(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), MAX_NAMES):
        yield names[start : start + MAX_NAMES]


def _hidden(difference: Difference, beside: Iterable[Store]) -> list[Mapping[str, Any]]:
    """Return the packages that one hides which is new in its repository, or uncovers which is gone from it."""
    names = [name for name, changed in difference.packages.items() if None in (changed.before, changed.version)]
    return [about for name in names for store in beside if (about := store.package(name)) is not None]


def _named(packages: Iterable[Mapping[str, Any]], kind: str) -> Iterator[str]:
    for about in packages:
        for relation in about[kind]:
            yield from members(relation["name"] or "")


def _versions(packages: Iterable[Changed]) -> dict[str, str | None]:
    """Return the new versions of source packages; None for one whose packages were removed."""
    versions: dict[str, str | None] = {}
    for changed in packages:
        if changed.version != changed.before:
            versions[changed.source] = changed.version or versions.get(changed.source)
    return versions
