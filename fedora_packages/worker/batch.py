"""A batch of events, and what they change: events -> packages -> invalidations.

Events that come together are handled together, so that an entry that several of them change is invalidated once.  The only input
and output here are the search index, which tells packages from other names, and the lookup of external ids in the cache.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from fedora_packages.cache.values import Entry, Invalidation
from fedora_packages.connectors.query import Queries, Query
from fedora_packages.errors import SearchUnavailable
from fedora_packages.messages.contents.base import Documents
from fedora_packages.messages.event import Event
from fedora_packages.worker.invalidation import is_wanted

log = logging.getLogger(__name__)

#: A refill to queue: upstream, query, package, and when the event was sent.
Job = tuple[str, str, str, float | None]


@dataclass
class EntryChange:
    """What the events of a batch change about one entry.

    ``is_wanted``: the entry is refilled although nothing has read it yet.  ``is_coming``: the index is about to know its package,
    and the entry keeps what the messages say.  ``is_cached``: it has values.  ``event`` is the newest event.
    """

    query: Query
    package: str
    is_wanted: bool
    is_coming: bool
    event: Event
    is_cached: bool = False
    expected: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)

    @property
    def entry(self) -> Entry:
        return self.query.entry(self.package)

    @property
    def is_refilled(self) -> bool:
        """Whether the entry is queued: most packages that the index does not know are images, which are never read."""
        return self.is_wanted or self.is_cached

    @property
    def is_due(self) -> bool:
        """Whether the entry is invalidated."""
        return self.is_refilled or self.is_coming

    @property
    def job(self) -> Job:
        return (self.query.upstream, self.query.name, self.package, self.event.sent)

    def add(self, event: Event) -> None:
        """Add an event, with the state that it expects of the entry."""
        if event.sent >= self.event.sent:
            self.event = event
        expected = self.query.expected(event, self.package)
        if expected is not None:
            self.expected.append((event.sent, expected))

    def invalidation(self) -> Invalidation:
        return Invalidation(self.entry, self.event.cause(), self.expected, make=self.is_wanted or self.is_coming)


@dataclass
class BatchItem:
    """One event of a batch: the queries that listen to it, each with the names of the packages that it affects."""

    event: Event
    names: list[tuple[Query, dict[str, None]]] = field(default_factory=list)
    is_handled: bool = False  # whether it affects an entry
    is_held_back: bool = False  # whether it does so later


class Batch:
    """Events and what they change.  The steps are methods, to be called in their order: each needs those before.

    * ``items``: the events with the queries and names that they affect, in order.
    * ``sources``: the source package of each name that is known.
    * ``known``: the names that are packages.
    * ``changes``: what the events change, an item an entry.
    """

    def __init__(self, events: Iterable[Event], queries: Queries):
        self._queries = queries
        self.items = [BatchItem(event) for event in events]
        self.sources: Mapping[str, str] = {}
        self.known: Set[str] = frozenset()
        self._changes: dict[tuple[str, str], EntryChange] = {}

    @property
    def events(self) -> list[Event]:
        return [item.event for item in self.items]

    @property
    def changes(self) -> Sequence[EntryChange]:
        return list(self._changes.values())

    def find_names(self, packages_named_by: Callable[[str, int], Iterable[str]]) -> None:
        """Find the names that each event affects, by query.

        ``packages_named_by`` returns the packages whose value of a query is about an external id.  It can raise
        `CacheUnavailable`.
        """
        for item in self.items:
            for query in self._queries.listening(item.event.topic):
                names = dict.fromkeys(query.touched(item.event))
                for number in dict.fromkeys(query.external_ids(item.event)):
                    names.update(dict.fromkeys(packages_named_by(query.name, number)))
                item.names.append((query, names))

    def find_sources(self, sources_of: Callable[[Set[str]], Mapping[str, str]]) -> None:
        """Find which names are packages, and their source packages.

        ``sources_of`` returns the source package of each known name.  If it raises `SearchUnavailable`, every name counts as
        that of a source package: a refill too many is harmless.
        """
        names = {name for item in self.items for _, its in item.names for name in its}
        names |= {name for event in self.events if event.family.is_listed for name in event.source_packages}
        if names:
            try:
                self.sources = sources_of(names)
            except SearchUnavailable as error:
                log.error("every name in messages counts as a package, the search index is unavailable: %s", error)
                self.sources = {name: name for name in names}
        self.known = self.sources.keys() | set(self.sources.values())

    def hold_back(self, hold: Callable[[Mapping[str, Event]], Set[str]]) -> None:
        """Leave out packages that messages which anybody can send touch too often.

        ``hold`` gets the newest such event of each package, and returns the packages whose events it handles later.
        """
        public = [item for item in self.items if item.event.family.is_public]
        newest: dict[str, Event] = {}
        for event in sorted((item.event for item in public), key=attrgetter("sent")):
            newest |= dict.fromkeys(event.source_packages, event)
        held = hold(newest) if newest else frozenset()
        for item in public:
            item.is_held_back = not held.isdisjoint(item.event.source_packages)
            item.names = [(query, {name: None for name in names if name not in held}) for query, names in item.names]

    def find_changes(self) -> None:
        """Find the entries that the events change."""
        # A value fetched once the index knows a new package must show these events too.
        coming = self.dirty() - self.known
        for item in self.items:
            for query, names in item.names:
                if query.subject == "binary":
                    # A source without a binary of its own name is described by its binaries.
                    names |= dict.fromkeys(self.sources[name] for name in list(names) if name in self.sources)
                for name in names:
                    self._change(query, name, item.event, coming).add(item.event)
                    item.is_handled = True

    def dirty(self) -> set[str]:
        """Return the names whose document in the search index is to be written again: see `Documents`."""
        return {name for event in self.events for name in self._documents(event)}

    def packages(self, item: BatchItem) -> Set[str]:
        """Return the source packages that an event is about; for one that names binaries, their source packages."""
        is_listed = item.event.family.is_listed
        if is_listed is False or (not item.names and not is_listed):
            return set()
        names = set(item.event.source_packages)
        names = names.union(*(names for query, names in item.names if query.subject == "source"))
        return self.known & names | {self.sources[name] for name in item.event.binary_packages if name in self.sources}

    def _change(self, query: Query, name: str, event: Event, coming: Set[str]) -> EntryChange:
        key = (query.name, name)
        if key not in self._changes:
            self._changes[key] = EntryChange(
                query, name, is_wanted(query, name, self.known), is_wanted(query, name, coming), event
            )
        return self._changes[key]

    def _documents(self, event: Event) -> Set[str]:
        documents = event.family.documents
        if documents is Documents.NONE:
            return set()
        names = {*event.source_packages, *event.binary_packages}
        if documents is Documents.KNOWN:
            return names & self.known
        return names - self.known if documents is Documents.NEW else names
