"""The worker: one handler of messages, and the threads that do the rest.

The adapter of a bus (``hub.py``) makes one `Worker`, starts it, and passes it each message.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from fedora_packages.connectors.bulk import Bulk, bulks_of
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.connectors.sweep import Sweep, sweeps_of
from fedora_packages.errors import CacheUnavailable
from fedora_packages.messages.contents.table import archive_requests
from fedora_packages.messages.event import Event, label
from fedora_packages.monitoring.checks import check
from fedora_packages.monitoring.heartbeat import HEARTBEAT_EVERY
from fedora_packages.monitoring.metrics import FAILED
from fedora_packages.monitoring.warmth import WARM
from fedora_packages.service import Service
from fedora_packages.widgets import load as load_tabs
from fedora_packages.worker.audit import Audit
from fedora_packages.worker.buffer import MAX_MESSAGES, MessageBuffer
from fedora_packages.worker.bulk_audit import BulkAudit
from fedora_packages.worker.bulk_fill import BulkFill
from fedora_packages.worker.gaps import Gaps
from fedora_packages.worker.handler import Handler
from fedora_packages.worker.index_repair import IndexRepair
from fedora_packages.worker.index_updater import IndexUpdater
from fedora_packages.worker.invalidation import invalidate_all, invalidate_and_queue, invalidate_older_than
from fedora_packages.worker.probe import EVERY as PROBE_EVERY
from fedora_packages.worker.probe import NAME as PROBE
from fedora_packages.worker.probe import Prober
from fedora_packages.worker.refill import REDIS_PAUSE, Refiller, Refillers, undisturbed
from fedora_packages.worker.replay import Replay
from fedora_packages.worker.reporter import Bus, HeartbeatReporter
from fedora_packages.worker.scheduled_query import ScheduledQuery, scheduled_queries
from fedora_packages.worker.sequence import SequenceTracker
from fedora_packages.worker.shared_work import KEEP_EVERY, SharedWork
from fedora_packages.worker.sweep import Sweeper, SweepHandler
from fedora_packages.worker.warm import Warmer

log = logging.getLogger(__name__)

#: Seconds between two checks whether the index is corrupt.
REPAIR_POLL_INTERVAL = 2.0

#: Seconds between two looks at messages that are held back.
HELD_POLL_INTERVAL = 1.0

#: Seconds between two looks whether a sweep is due.
TURN_POLL_INTERVAL = 1.0

#: Seconds that the refillers have to end, and then the other threads.
STOP_LIMIT = 5.0


class Worker:
    """Handles messages, refills what they affect, replays what was missed, audits the cache, and reports its state.

    A bus passes messages to `take`, which returns at once, or to `handle`, which returns when a message is handled.

    * ``bus``: the name of the bus; ``state_of_bus`` returns its state.
    * ``buffer``, ``gaps``, ``reporter``: parts of it, public to be looked at.
    * ``max_buffered``: messages that are kept unhandled, at most.
    * ``redis_pause``: seconds before Redis is tried again when it is unavailable.
    * ``stop_limit``: seconds that the refillers have to end, and then the other threads.
    """

    def __init__(
        self,
        service: Service,
        bus: str,
        state_of_bus: Callable[[], Bus] = Bus,
        max_buffered: int = MAX_MESSAGES,
        redis_pause: float = REDIS_PAUSE,
        stop_limit: float = STOP_LIMIT,
    ):
        settings, pace = service.settings.worker, service.settings.worker.pace
        client, queries = service.client, service.queries
        is_replayed = bool(service.datagrepper.settings.url)
        self._stop = threading.Event()
        self._redis_pause = redis_pause
        self._stop_limit = stop_limit
        self._audit_rate = settings.audit_rate
        self._warm_rate = settings.warm_rate
        self.buffer = MessageBuffer(max_buffered)
        self._sequences = SequenceTracker()
        self._refiller = Refiller(
            service.cache, service.queue, service.connectors, queries, service.index, service.releases, service.metrics,
            pace,
        )  # fmt: skip
        self._refillers = Refillers(self._refiller, self._stop, self.buffer.is_flooded)
        self._handler = Handler(
            client, service.cache, service.index, queries, service.metrics, settings.topic_prefix,
            partial(invalidate_and_queue, service.cache, service.queue), is_replayed, self._consider, self._refillers.wake,
        )  # fmt: skip
        self._scheduled = [
            ScheduledQuery(
                client, query, partial(_fetch, service, query), queries.following(query.name),
                partial(invalidate_all, service.cache, service.queue), self._refillers.wake, self._stop,
                query.declaration.every,
            )
            for query in scheduled_queries(queries)
        ]  # fmt: skip
        swept = SweepHandler(client, service.cache, service.index, queries, service.metrics, self._handler.invalidate)
        self._sweeps = [
            (sweep, SharedWork(client, sweep.name, sweep.every, self._sweeper(service, sweep, swept).run))
            for sweep in sweeps_of(service.connectors.values())
        ]
        self._turns = [turn for _, turn in self._sweeps]
        self._turns += [
            SharedWork(client, bulk.name, bulk.every, self._bulk_audit(service, bulk).run)
            for bulk in bulks_of(service.connectors.values())
        ]
        self._turns.append(
            SharedWork(client, PROBE, PROBE_EVERY, Prober(client, queries, self._stop).run, since=time.time())
        )
        self._warmer = Warmer(
            service.cache, service.queue, service.index, service.connectors, queries, tuple(load_tabs().values()),
            settings.warm_rate, self._stop,
        )  # fmt: skip
        if self._warm_rate:
            # This version can have raised the schema version of a query.
            began = time.time()
            self._turns.append(SharedWork(client, WARM, pace.warm_every, self._warmer.run, since=began))
            for bulk in bulks_of(service.connectors.values()):
                if bulk.values is not None:
                    fill = BulkFill(service.cache, service.index, bulk, queries[bulk.query], self._stop)
                    self._turns.append(SharedWork(client, fill.name, pace.warm_every, fill.run, since=began))
        self._audit = Audit(
            service.cache, service.queue, service.connectors, queries, service.metrics, grace=pace.audit_grace
        )
        self._index_updater = IndexUpdater(client, service.settings.search.index, queries, service.releases)
        self._index_repair = IndexRepair(client, service.settings)
        # What messages have not told of an upstream that is swept, its sweep finds.
        swept = {sweep.upstream for sweep in sweeps_of(service.connectors.values())}
        unswept = [query for query in queries.values() if query.upstream not in swept]
        invalidate_older = partial(invalidate_older_than, service.cache, service.queue, unswept)
        replay = Replay(
            client, service.datagrepper, archive_requests(topic for query in queries.values() for topic in query.topics), bus,
            self.handle_all, invalidate_older, pace.replay_margin, settings.replay_limit,
        )  # fmt: skip
        self.gaps = Gaps(replay if is_replayed else None, invalidate_older, self._stop, pace)
        circuits = {name: connector.circuit for name, connector in service.connectors.items()}
        self.reporter = HeartbeatReporter(
            client, service.metrics, circuits, bus, self.gaps, self.buffer, state_of_bus, audit_rate=settings.audit_rate
        )
        self._threads: list[threading.Thread] = []
        self._refill_threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        for name, run in self._refillers.runs():
            self._refill_threads.append(self.run_thread(name, run))
        self._repeat("renew", self._refiller.renew_every, self._refiller.renew, "renewing claims")
        self._repeat("handle", 0, self._handle_some, "handling messages")
        self._repeat("held", HELD_POLL_INTERVAL, self._handler.handle_held, "handling messages that were held back")
        self.run_thread("index", self._update_index)
        if self._warm_rate:
            for name, run in self._warmer.runs():
                self._refill_threads.append(self.run_thread(name, run))
        for scheduled in self._scheduled:
            self.run_thread(f"schedule-{scheduled.query.name}", scheduled.run)
        for turn in self._turns:
            self._repeat(turn.name, TURN_POLL_INTERVAL, turn.take, turn.name)
        self._repeat("keep", KEEP_EVERY, self._keep_turns, "keeping turns")
        self._repeat("repair", REPAIR_POLL_INTERVAL, self._index_repair.check, "index repair")
        self.run_thread("gaps", self.gaps.run)
        if self._audit_rate:
            self._repeat("audit", 1 / self._audit_rate, self._audit.step, "audit")
        self._repeat("heartbeat", HEARTBEAT_EVERY, self._report, "heartbeat")

    def stop(self) -> None:
        """End the threads.  Jobs that do not end in time are claimed again by another worker."""
        self._stop.set()
        self.buffer.put(None)
        self.gaps.suspect("")
        for scheduled in self._scheduled:
            scheduled.early.set()
        self._index_repair.stop()
        self._refillers.wake_all()
        # A refiller that waits for its upstream must not take the time of the threads that handle messages.
        others = [thread for thread in self._threads if thread not in self._refill_threads]
        for threads in (self._refill_threads, others):
            deadline = time.monotonic() + self._stop_limit
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))

    def take(self, message: Any) -> None:
        """Take a message from the bus, as a string, as bytes or decoded; it is handled soon, with others that come meanwhile."""
        if not self.buffer.put(message):
            self.gaps.suspect("the buffer of messages is full")

    def handle(self, message: Any) -> str:
        """Handle one message and return its outcome.  It raises nothing, also because of a bug of ours.

        While Redis is unavailable this waits: the bus delivers no message twice.
        """
        return self.handle_all([message])[0]

    def handle_all(self, messages: Sequence[Any], received: float | None = None) -> list[str]:
        """Handle messages together and return their outcomes, as `handle` does; ``received`` is when the first came."""
        while not self._stop.is_set():
            try:
                return self._handler.handle_batch(messages, received)
            except CacheUnavailable as error:
                log.error("%d messages wait for Redis: %s", len(messages), error)
                self._stop.wait(self._redis_pause)
            except Exception:
                if len(messages) > 1:
                    # A bug of ours must cost one message, not those that came with it.
                    return [outcome for message in messages for outcome in self.handle_all([message], received)]
                log.exception("%s was not handled", label(messages[0]))
                _try_once(self._handler.failed, "counting a failed message")
                return [FAILED]
        return ["stopped"] * len(messages)

    def refuse(self, topic: str, size: int) -> None:
        """Skip a message that is too large to be parsed; ``size`` is in bytes."""
        _try_once(lambda: self._handler.refuse(topic, size), f"counting a refused message on {topic[:200]}")

    def run_thread(self, name: str, target: Callable[[], Any]) -> threading.Thread:
        """Start and return a thread of the worker, whose end the heartbeat reports."""
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _sweeper(self, service: Service, sweep: Sweep, handler: SweepHandler) -> Sweeper:
        queries = [query for query in service.queries.values() if query.upstream == sweep.upstream]
        older = partial(invalidate_older_than, service.cache, service.queue, queries)
        return Sweeper(sweep, handler.handle, self._stop, invalidate_older=older)

    def _bulk_audit(self, service: Service, bulk: Bulk) -> BulkAudit:
        one = partial(check, service.cache, service.metrics, by="audit", grace=service.settings.worker.pace.audit_grace)
        return BulkAudit(service.cache, bulk, service.queries[bulk.query], one, service.metrics, self._stop)

    def _repeat(self, name: str, seconds: float, step: Callable[[], Any], what: str) -> None:
        """Start a thread that repeats a step every few seconds."""

        def run() -> None:
            while not self._stop.wait(seconds):
                undisturbed(step, what)

        self.run_thread(name, run)

    def _handle_some(self) -> None:
        """Handle the messages in the buffer, or wait a little for one."""
        waiting, received = self.buffer.get()
        messages = [_decoded(message) for message in waiting]
        for message in messages:
            # Every number counts, also after one that has shown a hole.
            body = message.get("body") if isinstance(message, dict) else None
            if isinstance(body, dict) and self._sequences.is_hole(body):
                self.gaps.suspect("the number of a message shows that messages before it are missing")
        if messages:
            self.handle_all(messages, received)
            self.buffer.handled()

    def _keep_turns(self) -> None:
        for turn in self._turns:
            turn.keep()

    def _report(self) -> None:
        dead = [thread.name for thread in self._threads if not thread.is_alive()]
        self.reporter.report(dead)

    def _consider(self, event: Event) -> None:
        for scheduled in self._scheduled:
            scheduled.consider(event)
        for sweep, turn in self._sweeps:
            if sweep.hear(event):
                turn.wake()

    def _update_index(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(undisturbed(lambda: self._index_updater.run(self._stop), "index update") or 0)


def _try_once(step: Callable[[], Any], what: str) -> None:
    """Run a step that is not repeated.  Any error in it is logged."""
    try:
        step()
    except CacheUnavailable as error:
        log.error("%s failed: %s", what, error)
    except Exception:
        log.exception("%s failed", what)


def _fetch(service: Service, query: Query) -> Any:
    return check(service.cache, service.metrics, QueryCall(query), "schedule", grace=0).after.value


def _decoded(message: Any) -> Any:
    """Return a message as the hub passes it on; invalid JSON stays as it is, which is no message."""
    if not isinstance(message, str | bytes):
        return message
    try:
        return {"body": json.loads(message)}
    except (ValueError, RecursionError):
        return message
