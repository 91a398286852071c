"""From a message to the entries it changes, invalidated and queued: no bus, no framework.

The order is the whole point.  Entries are invalidated first; then, in a second step, they are queued and the
message's time is noted as seen; only then is the message acknowledged by whoever called.  Killed anywhere in between,
the message comes again, and handling it twice does no harm.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from fedora_packages import package, timeline
from fedora_packages.cache import PREFIX, Entry, redis_errors
from fedora_packages.errors import MessageNotUnderstood, SearchUnavailable
from fedora_packages.events import MAX_MESSAGE_BYTES, Event, parse
from fedora_packages.query import Query
from fedora_packages.service import Service
from fedora_packages.worker import index

log = logging.getLogger(__name__)

#: Counters of what became of messages, by outcome, in one hash.
COUNTS_KEY = f"{PREFIX}:{{worker}}:messages"

#: Per bus, when the newest message was sent that was handled.
SEEN_KEY = f"{PREFIX}:{{worker}}:seen"

#: Messages that were handled, by when they were sent: what a replay need not handle again.
HANDLED_KEY = f"{PREFIX}:{{worker}}:handled"

#: What becomes of a message.
HANDLED, UNTOUCHED, FOREIGN, NOT_UNDERSTOOD, FAILED = (
    "handled", "untouched", "foreign", "not-understood", "failed",
)  # fmt: skip

#: Entries invalidated in one round trip: Redis must not be kept from answering pages for long.
BATCH = 500


class Handler:
    """Handles messages of one bus.  Handling is idempotent and tolerates any order.

    ``on_event`` is told of each event that is ours, once it was acted upon.
    """

    def __init__(self, service: Service, bus: str, on_event: Callable[[Event], None] = lambda event: None):
        self._service = service
        self._bus = bus
        self._on_event = on_event
        self._prefixes = frozenset(service.settings.worker.topic_prefix)

    def handle(self, message: Any) -> str:
        """Invalidate and queue what a message changes; returns what became of it.

        Raises `CacheUnavailable` when Redis is away: the message is then not handled and must be given again.
        """
        try:
            event = parse(message)
            if event.prefix not in self._prefixes:
                return self._count(FOREIGN)
            touched = list(self._touched(event))
        except MessageNotUnderstood as error:
            log.warning("message skipped: %s", error)
            return self._count(NOT_UNDERSTOOD)
        outcome = self._act(event, touched)
        self._on_event(event)
        return outcome

    def failed(self) -> None:
        """Count a message that a bug of ours kept from being handled."""
        self._count(FAILED)

    def refuse(self, topic: str, size: int) -> str:
        """Skip a message that is too large to be read at all."""
        log.warning("message skipped: %d bytes on %s, over the %d there may be", size, topic[:200], MAX_MESSAGE_BYTES)
        return self._count(NOT_UNDERSTOOD)

    def _touched(self, event: Event) -> Iterator[tuple[Query, str, bool]]:
        """Yield (query, package, whether the package is known) for each entry the event changes, each once."""
        queries = self._service.queries.listening(event.topic)
        names = {query.name: dict.fromkeys(query.touched(event)) for query in queries}
        everything = {name for found in names.values() for name in found}
        sources = self._sources(everything)
        known = sources.keys() | set(sources.values())
        for query in queries:
            found = names[query.name]
            if query.about == "binary":
                # A source without a binary of its own name is described by its binaries.
                found |= dict.fromkeys(sources[name] for name in list(found) if name in sources)
            for name in found:
                yield query, name, name in known

    def _sources(self, names: set[str]) -> dict[str, str]:
        """Return the source package of each name that is known; without an index any name may be."""
        try:
            return package.sources_of(self._service.index, names)
        except SearchUnavailable as error:
            log.error("packages cannot be told from other names: %s", error)
            return {name: name for name in names}

    def _act(self, event: Event, touched: list[tuple[Query, str, bool]]) -> str:
        cause = event.cause()
        entries: list[Entry] = [query.entry(name) for query, name, _ in touched]
        taken: list[int] = []
        for start in range(0, len(entries), BATCH):
            taken += self._service.cache.invalidate(entries[start : start + BATCH], cause)
        outcome = HANDLED if touched else UNTOUCHED
        known = {name for _, name, is_known in touched if is_known}
        # What nobody can look at needs no refill; had a fill been under way, losing the race queues it.
        wanted = [
            (query, name) for (query, name, is_known), values in zip(touched, taken, strict=True) if is_known or values
        ]
        for start in range(0, len(wanted), BATCH):
            self._queue_all(wanted[start : start + BATCH], event)
        with redis_errors():
            pipe = self._service.client.pipeline(transaction=False)
            for name in self._subjects(event, known):
                timeline.note(pipe, name, event)
            index.touch(pipe, self._to_index(event, known))
            pipe.zadd(SEEN_KEY, {self._bus: event.sent}, gt=True)
            if self._service.settings.worker.datagrepper:
                pipe.zadd(HANDLED_KEY, {event.id: event.sent})
            pipe.hincrby(COUNTS_KEY, outcome, 1)
            pipe.execute()
        return outcome

    def _subjects(self, event: Event, known: set[str]) -> set[str]:
        """Return the source packages that an event is about; of one that names binaries, those that build them."""
        sources = self._sources(known.intersection(event.binary_packages)) if event.binary_packages else {}
        return known.intersection(event.source_packages) | set(sources.values())

    def _queue_all(self, wanted: list[tuple[Query, str]], event: Event) -> None:
        with redis_errors():
            pipe = self._service.client.pipeline(transaction=False)
            for query, name in wanted:
                kept = event if query.reflects_events else event.without_body()
                self._service.queue.add(query.upstream, query.name, name, kept, pipe=pipe)
            pipe.execute()

    def _to_index(self, event: Event, known: set[str]) -> set[str]:
        """Return the names whose document must be looked at.

        Those in a repository or in a release's list of packages, those of whom a maintainer came or went, and packages new to us.
        """
        if event.topic == "mdapi.repo.update":
            return known
        if event.topic.startswith("pagure.project.") or event.topic == "buildsys.package.list.change":
            return set(event.source_packages)
        if event.topic == "buildsys.build.state.change":
            return set(event.source_packages) - known
        return set()

    def _count(self, outcome: str) -> str:
        with redis_errors():
            self._service.client.hincrby(COUNTS_KEY, outcome, 1)
        return outcome


def invalidate_all(service: Service, query: Query) -> int:
    """Invalidate and queue every entry of a query, and return how many those are.

    For a change that touches all packages at once, such as a new release.  Raises `CacheUnavailable`.
    """
    pattern = query.entry("*").key
    before, after = pattern.split("*")
    count = 0
    with redis_errors():
        for batch in batched(service.client.scan_iter(match=pattern, count=1000), BATCH):
            names = [key.decode().removeprefix(before).removesuffix(after) for key in batch]
            service.cache.invalidate([query.entry(name) for name in names])
            pipe = service.client.pipeline(transaction=False)
            for name in names:
                service.queue.add(query.upstream, query.name, name, pipe=pipe)
            pipe.execute()
            count += len(names)
    return count


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield the items in lists of at most ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
