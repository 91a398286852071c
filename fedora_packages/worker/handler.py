"""From a message to the entries it changes, invalidated and queued: no bus, no framework.

The order is the whole point.  Entries are invalidated and queued in one step; then the message is noted as handled; only
then is it acknowledged by whoever called.  Killed anywhere in between, the message comes again, and handling it twice does
no harm.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import redis_errors, run_script
from fedora_packages.connectors.query import Query
from fedora_packages.errors import CacheUnavailable, MessageNotUnderstood, SearchUnavailable
from fedora_packages.messages import timeline
from fedora_packages.messages.event import MAX_MESSAGE_BYTES, Event, parse
from fedora_packages.messages.families.base import Documents
from fedora_packages.monitoring.metrics import (
    FAILED,
    FOREIGN,
    HANDLED,
    NOT_UNDERSTOOD,
    REPEATED,
    UNTOUCHED,
    MetricName,
)
from fedora_packages.search import packages
from fedora_packages.service import Service
from fedora_packages.worker.batch import _Touch
from fedora_packages.worker.index_updater import mark_dirty
from fedora_packages.worker.invalidation import BATCH, batched, invalidate_and_queue, is_wanted

log = logging.getLogger(__name__)

TOPICS_KEPT = 200


class Handler:
    """Handles messages of one bus.  Handling is idempotent and tolerates any order.

    ``on_event`` is told of each event that is ours, once it was acted upon; ``on_queued`` how many jobs were queued for each
    upstream.
    """

    def __init__(
        self,
        service: Service,
        bus: str,
        on_event: Callable[[Event], None] = lambda event: None,
        on_queued: Callable[[Mapping[str, int]], None] = lambda jobs: None,
    ):
        self._service = service
        self._bus = bus
        self._on_event = on_event
        self._on_queued = on_queued
        self._prefixes = frozenset(service.settings.worker.topic_prefix)
        self._topics: set[str] = set()

    def handle(self, message: Any) -> str:
        """Invalidate and queue what a message changes; returns what became of it.

        Raises `CacheUnavailable` when Redis is away: the message is then not handled and must be given again.
        """
        return self.handle_batch([message])[0]

    def handle_batch(self, messages: Sequence[Any], received: float | None = None) -> list[str]:
        """Invalidate and queue what some messages change; returns what became of each.

        They are acted upon together: an entry that several of them touch is invalidated once.  ``received`` is when the first
        of them came.  Raises as `handle`.
        """
        outcomes: list[str] = []
        events: list[tuple[int, Event]] = []
        for message in messages:
            try:
                event = parse(message)
                event.binary_packages, event.source_packages  # noqa: B018 - may refuse the message
            except MessageNotUnderstood as error:
                log.warning("message skipped: %s", error)
                outcomes.append(NOT_UNDERSTOOD)
                continue
            if event.prefix in self._prefixes:
                events.append((len(outcomes), event))
                outcomes.append(UNTOUCHED)
            else:
                outcomes.append(FOREIGN)
        run, events = self._new(events, outcomes)
        named = [(number, event, self._named(event)) for number, event in events]
        told = {name for _, event in events if event.family.is_listed for name in event.source_packages}
        sources = self._sources(told.union(*(names for _, _, found in named for _, names in found)))
        known = sources.keys() | set(sources.values())
        # Whatever is fetched of them once the index knows them must show these events too.
        coming = {name for _, event in events for name in self._to_index(event, known)} - known
        touched: dict[tuple[str, str], _Touch] = {}
        for number, event, found in named:
            if self._touch(event, found, sources, known, coming, touched):
                outcomes[number] = HANDLED
        told_of = [(event, self._subjects(event, found, sources, known)) for _, event, found in named]
        self._act(told_of, list(touched.values()), known, outcomes, received, run)
        for _, event in events:
            self._on_event(event)
        return outcomes

    def failed(self) -> None:
        """Count a message that a bug of ours kept from being handled."""
        self._service.metrics.count(MetricName.FAILED_MESSAGES)
        self._count(FAILED)

    def refuse(self, topic: str, size: int) -> str:
        """Skip a message that is too large to be read at all."""
        log.warning("message skipped: %d bytes on %s, over the %d there may be", size, topic[:200], MAX_MESSAGE_BYTES)
        return self._count(NOT_UNDERSTOOD)

    def _new(self, events: list[tuple[int, Event]], outcomes: list[str]) -> tuple[str, list[tuple[int, Event]]]:
        """Return the run of Redis that was asked, and the events that are not noted as handled, marking the others.

        To handle one again would do no harm, but to die over it would: no replay brings again what is noted.
        """
        if not events or not self._service.settings.worker.datagrepper:
            return "", events
        ids = [event.id for _, event in events]
        run, *noted = run_script(self._service.client, "unhandled", [keys.HANDLED], *ids)
        for (number, _), is_noted in zip(events, noted, strict=True):
            if is_noted:
                outcomes[number] = REPEATED
        return run.decode(), [one for one, is_noted in zip(events, noted, strict=True) if not is_noted]

    def _named(self, event: Event) -> list[tuple[Query, dict[str, None]]]:
        """Return the queries that listen to an event, each with the names that it gives them.

        Raises `CacheUnavailable`: which packages are meant by what is no package is asked of the cache.
        """
        return [
            (query, dict.fromkeys([*query.touched(event), *self._referring(query, event)]))
            for query in self._service.queries.listening(event.topic)
        ]

    def _referring(self, query: Query, event: Event) -> Iterator[str]:
        """Yield the packages whose values are about what an event names in the place of packages."""
        for number in dict.fromkeys(query.external_ids(event)):
            yield from self._service.cache.packages_named_by(query.name, number)

    def _touch(
        self,
        event: Event,
        named: Sequence[tuple[Query, dict[str, None]]],
        sources: Mapping[str, str],
        known: Set[str],
        coming: Set[str],
        touched: dict[tuple[str, str], _Touch],
    ) -> bool:
        """Add to ``touched`` what an event changes, and say whether that is anything."""
        is_any = False
        for query, names in named:
            if query.subject == "binary":
                # A source without a binary of its own name is described by its binaries.
                names |= dict.fromkeys(sources[name] for name in list(names) if name in sources)
            for name in names:
                is_any = True
                key = (query.name, name)
                touch = touched.get(key)
                if touch is None:
                    touch = touched[key] = _Touch(
                        query, name, is_wanted(query, name, known), is_wanted(query, name, coming), event
                    )
                touch.add(event)
        return is_any

    def _sources(self, names: set[str]) -> dict[str, str]:
        """Return the source package of each name that is known; without an index any name may be."""
        if not names:
            return {}
        try:
            return packages.sources_of(self._service.index, names)
        except SearchUnavailable as error:
            log.error("packages cannot be told from other names: %s", error)
            return {name: name for name in names}

    def _act(
        self,
        told_of: Sequence[tuple[Event, Set[str]]],
        touched: Sequence[_Touch],
        known: Set[str],
        outcomes: Sequence[str],
        received: float | None,
        run: str,
    ) -> None:
        """Take out of use what was touched, then note what was done; ``told_of`` has each event with its `_subjects`."""
        events = [event for event, _ in told_of]
        for batch in batched(self._wanted(touched), BATCH):
            jobs = [
                (touch.query.upstream, touch.query.name, touch.package, touch.event.sent)
                for touch, is_refilled in batch
                if is_refilled
            ]
            invalidate_and_queue(self._service, [touch.invalidation() for touch, _ in batch], jobs)
            self._on_queued(Counter(upstream for upstream, *_ in jobs))
        invalidated, metrics = time.time(), self._service.metrics
        self._note(told_of, known, outcomes)
        self._note_handled(events, run)
        # What is replayed comes as late as it was missed, and says nothing about the bus.
        for event in events if received is not None else ():
            metrics.observe(MetricName.SENT_TO_INVALIDATED, "", max(0.0, invalidated - event.sent))
            metrics.observe(MetricName.RECEIVED_TO_INVALIDATED, "", max(0.0, invalidated - received))

    def _wanted(self, touched: Sequence[_Touch]) -> list[tuple[_Touch, bool]]:
        """Return what is to be taken out of use, each with whether it is to be refilled.

        What is costly to make, and all of a package that the index does not know, is refilled only if it was cached before: most
        such names are those of images.  Of one that the index is about to know it is kept what its messages say.
        """
        unknown = [touch for touch in touched if not touch.is_wanted]
        cached = self._service.cache.are_cached([touch.query.entry(touch.package) for touch in unknown])
        return [
            *((touch, True) for touch in touched if touch.is_wanted),
            *(
                (touch, is_cached)
                for touch, is_cached in zip(unknown, cached, strict=True)
                if is_cached or touch.is_coming
            ),
        ]

    def _note(self, told_of: Sequence[tuple[Event, Set[str]]], known: Set[str], outcomes: Sequence[str]) -> None:
        """Note for others what was handled: the timelines, the index, the replay, the figures."""
        events = [event for event, _ in told_of]
        newest: dict[str, Event] = {}
        for event in events:
            if event.topic not in newest or event.sent >= newest[event.topic].sent:
                newest[event.topic] = event
        with redis_errors():
            pipe = self._service.client.pipeline(transaction=False)
            for event, subjects in told_of:
                for name in subjects:
                    timeline.note(pipe, name, event)
            mark_dirty(pipe, {name for event in events for name in self._to_index(event, known)})
            if events:
                pipe.zadd(keys.SEEN, {self._bus: max(event.sent for event in events)}, gt=True)
            for topic, event in newest.items():
                if self._service.queries.listening(topic) and len(self._topics | {topic}) <= TOPICS_KEPT:
                    self._topics.add(topic)
                    pipe.hset(keys.TOPICS, topic, json.dumps({**event.cause(), "handled": time.time()}))
            for outcome, count in Counter(outcomes).items():
                pipe.hincrby(keys.OUTCOMES, outcome, count)
            pipe.execute()

    def _note_handled(self, events: Sequence[Event], run: str) -> None:
        """Note that no replay need bring these again.  Last of all, and only in the Redis that has the rest."""
        if not events or not self._service.settings.worker.datagrepper:
            return
        told = [part for event in events for part in (event.sent, event.id)]
        if not run_script(self._service.client, "handled", [keys.HANDLED], run, *told):
            raise CacheUnavailable("Redis was restarted while messages were handled")

    def _subjects(
        self,
        event: Event,
        named: Sequence[tuple[Query, dict[str, None]]],
        sources: Mapping[str, str],
        known: Set[str],
    ) -> set[str]:
        """Return the source packages that an event is about; of one that names binaries, those that build them."""
        if not named and not event.family.is_listed:
            return set()
        names = set(event.source_packages).union(*(names for query, names in named if query.subject == "source"))
        builders = {sources[name] for name in event.binary_packages if name in sources}
        return known & names | builders

    def _to_index(self, event: Event, known: Set[str]) -> Set[str]:
        """Return the names whose document must be looked at.

        Those in a repository or in a release's list of packages, those of whom a maintainer came or went, and packages new to us.
        """
        documents = event.family.documents
        if documents is Documents.NONE:
            return set()
        names = {*event.source_packages, *event.binary_packages}
        return names & known if documents is Documents.KNOWN else names - known if documents is Documents.NEW else names

    def _count(self, outcome: str) -> str:
        with redis_errors():
            self._service.client.hincrby(keys.OUTCOMES, outcome, 1)
        return outcome
