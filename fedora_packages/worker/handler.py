"""From a message to the entries it changes, invalidated and queued: no bus, no framework.

The order matters.  Entries are invalidated and queued in one step; then the message is noted as handled; only then does the
caller acknowledge it.  If the worker is killed in between, the message comes again, and handling it twice does no harm.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.cache import Cache
from fedora_packages.cache.redis import Redis, redis_errors, run_script
from fedora_packages.cache.values import Invalidation
from fedora_packages.connectors.query import Queries
from fedora_packages.errors import CacheUnavailable, MessageNotUnderstood
from fedora_packages.messages import timeline
from fedora_packages.messages.event import MAX_MESSAGE_BYTES, Event, parse
from fedora_packages.monitoring.metrics import (
    FAILED,
    FOREIGN,
    HANDLED,
    HELD_BACK,
    NOT_UNDERSTOOD,
    REPEATED,
    UNTOUCHED,
    MetricName,
    Metrics,
)
from fedora_packages.search import packages
from fedora_packages.search.reader import IndexReader
from fedora_packages.worker.batch import Batch, EntryChange, Job
from fedora_packages.worker.held import PAUSE, HeldEvents
from fedora_packages.worker.index_updater import mark_dirty
from fedora_packages.worker.invalidation import BATCH, batched

log = logging.getLogger(__name__)

#: Topics whose newest message is kept.
MAX_TOPICS = 200


@dataclass
class Message:
    """A message that is being handled: its event, if it has one, and its outcome."""

    outcome: str
    event: Event | None = None


class Handler:
    """Handles messages of a bus.  Handling is idempotent and tolerates any order.

    * ``prefixes``: the prefixes of our messages' topics, with the environment; others are not handled.
    * ``invalidate_and_queue``: invalidates entries and queues refills in one step.
    * ``is_replayed``: whether there is an archive; handled messages are then noted, so that no replay handles them again.
    * ``on_event``: called with each event of ours, after it was acted upon.
    * ``on_queued``: called with the number of jobs that were queued for each upstream.
    * ``max_topics``: the topics whose newest message is kept, at most.
    * ``held_for``: seconds in which messages that anybody can send touch a package once.
    """

    def __init__(
        self,
        client: Redis,
        cache: Cache,
        index: IndexReader,
        queries: Queries,
        metrics: Metrics,
        prefixes: Iterable[str],
        invalidate_and_queue: Callable[[Sequence[Invalidation], Sequence[Job]], Any],
        is_replayed: bool = True,
        on_event: Callable[[Event], None] = lambda event: None,
        on_queued: Callable[[Mapping[str, int]], None] = lambda jobs: None,
        max_topics: int = MAX_TOPICS,
        held_for: float = PAUSE,
    ):
        self._client = client
        self._cache = cache
        self._index = index
        self._queries = queries
        self._metrics = metrics
        self._prefixes = frozenset(prefixes)
        self._invalidate_and_queue = invalidate_and_queue
        self._is_replayed = is_replayed
        self._on_event = on_event
        self._on_queued = on_queued
        self._max_topics = max_topics
        self._held = HeldEvents(client, held_for)
        self._topics: set[str] = set()

    def handle(self, message: Any) -> str:
        """Invalidate and queue what a message changes, and return its outcome.

        Raises `CacheUnavailable`: the message is then not handled, and must be given again.
        """
        return self.handle_batch([message])[0]

    def handle_batch(self, messages: Sequence[Any], received: float | None = None) -> list[str]:
        """Invalidate and queue what some messages change, together, and return the outcome of each.

        ``received`` is when the first of them came (seconds since 1970); None for a replay.  Raises as `handle`.
        """
        parsed = [self._parsed(message) for message in messages]
        run = self._find_repeated(parsed)
        new = [message for message in parsed if message.outcome == UNTOUCHED]
        batch = Batch([message.event for message in new if message.event], self._queries)
        batch.find_names(self._cache.packages_named_by)
        batch.find_sources(lambda names: packages.sources_of(self._index, names))
        batch.hold_back(self._held.hold)
        batch.find_changes()
        for message, item in zip(new, batch.items, strict=True):
            message.outcome = HANDLED if item.is_handled else HELD_BACK if item.is_held_back else UNTOUCHED
        self.invalidate(batch.changes)
        invalidated, outcomes = time.time(), [message.outcome for message in parsed]
        self._note(batch, outcomes)
        self._note_handled(batch.events, run)
        if received is not None:
            # A replayed message is as late as it was missed, and says nothing about the bus.
            for event in batch.events:
                self._metrics.observe(MetricName.SENT_TO_INVALIDATED, "", max(0.0, invalidated - event.sent))
                self._metrics.observe(MetricName.RECEIVED_TO_INVALIDATED, "", max(0.0, invalidated - received))
        for event in batch.events:
            self._on_event(event)
        return outcomes

    def handle_held(self) -> None:
        """Invalidate and queue what events change that were held back, now that they may.  Raises `CacheUnavailable`."""
        events = self._held.due()
        if events:
            batch = Batch(events.values(), self._queries)
            batch.find_names(self._cache.packages_named_by)
            batch.find_sources(lambda names: packages.sources_of(self._index, names))
            batch.find_changes()
            self.invalidate(batch.changes)
            self._held.forget(events)

    def invalidate(self, changes: Sequence[EntryChange]) -> None:
        """Invalidate the entries that are due, and queue their refills.

        An entry that nothing has to have read is refilled only if it is cached.  Raises `CacheUnavailable`.
        """
        optional = [change for change in changes if not change.is_wanted]
        for change, is_cached in zip(optional, self._cache.are_cached([one.entry for one in optional]), strict=True):
            change.is_cached = is_cached
        for batch in batched((change for change in changes if change.is_due), BATCH):
            jobs = [change.job for change in batch if change.is_refilled]
            self._invalidate_and_queue([change.invalidation() for change in batch], jobs)
            self._on_queued(Counter(upstream for upstream, *_ in jobs))

    def failed(self) -> None:
        """Count a message that a bug of ours kept from being handled."""
        self._metrics.count(MetricName.FAILED_MESSAGES)
        self._count(FAILED)

    def refuse(self, topic: str, size: int) -> str:
        """Skip a message that is too large to be parsed; ``size`` is in bytes."""
        log.warning("message skipped: %d bytes on %s, at most %d are read", size, topic[:200], MAX_MESSAGE_BYTES)
        return self._count(NOT_UNDERSTOOD)

    def _parsed(self, message: Any) -> Message:
        try:
            event = parse(message)
            event.binary_packages, event.source_packages  # noqa: B018 - can refuse the message
        except MessageNotUnderstood as error:
            log.warning("message skipped: %s", error)
            return Message(NOT_UNDERSTOOD)
        return Message(UNTOUCHED, event) if event.prefix in self._prefixes else Message(FOREIGN)

    def _find_repeated(self, messages: Sequence[Message]) -> str:
        """Give messages that are noted as handled their outcome, and return the run id of Redis.

        To handle one again does no harm, but a kill meanwhile would: no replay brings it again, since it is noted.
        """
        events = [message for message in messages if message.event]
        if not events or not self._is_replayed:
            return ""
        ids = [message.event.id for message in events if message.event]
        run, *noted = run_script(self._client, "unhandled", [keys.HANDLED], *ids)
        for message, is_noted in zip(events, noted, strict=True):
            if is_noted:
                message.outcome = REPEATED
        return run.decode()

    def _note(self, batch: Batch, outcomes: Sequence[str]) -> None:
        """Note what was handled in timelines, for the index, and for ``/status``."""
        newest: dict[str, Event] = {}
        for event in batch.events:
            if event.topic not in newest or event.sent >= newest[event.topic].sent:
                newest[event.topic] = event
        with redis_errors():
            pipe = self._client.pipeline(transaction=False)
            for item in batch.items:
                for name in batch.packages(item):
                    timeline.note(pipe, name, item.event)
            mark_dirty(pipe, batch.dirty())
            for topic, event in newest.items():
                if self._queries.listening(topic) and len(self._topics | {topic}) <= self._max_topics:
                    self._topics.add(topic)
                    pipe.hset(keys.TOPICS, topic, json.dumps({**event.cause(), "handled": time.time()}))
            for outcome, count in Counter(outcomes).items():
                pipe.hincrby(keys.OUTCOMES, outcome, count)
            pipe.execute()

    def _note_handled(self, events: Sequence[Event], run: str) -> None:
        """Note that no replay need bring these events again.  The last step, and only in the Redis that has the rest."""
        if not events or not self._is_replayed:
            return
        arguments = [part for event in events for part in (event.sent, event.id)]
        if not run_script(self._client, "handled", [keys.HANDLED], run, *arguments):
            raise CacheUnavailable("Redis was restarted while messages were handled")

    def _count(self, outcome: str) -> str:
        with redis_errors():
            self._client.hincrby(keys.OUTCOMES, outcome, 1)
        return outcome
