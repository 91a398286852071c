"""The worker: one handler of messages, and the threads that do the rest.

Whatever brings the messages (``hub.py``) makes one `Worker`, starts it, and gives it each message.
"""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import redis_errors
from fedora_packages.connectors.query import Query
from fedora_packages.errors import CacheUnavailable, UpstreamError
from fedora_packages.messages.event import Event
from fedora_packages.monitoring.heartbeat import HEARTBEAT_EVERY
from fedora_packages.monitoring.metrics import FAILED
from fedora_packages.monitoring.verify import check
from fedora_packages.service import Service
from fedora_packages.worker.audit import Audit
from fedora_packages.worker.buffer import MessageBuffer
from fedora_packages.worker.gaps import Gaps
from fedora_packages.worker.handler import Handler
from fedora_packages.worker.index_repair import IndexRepair
from fedora_packages.worker.index_updater import IndexUpdater
from fedora_packages.worker.invalidation import invalidate_all, invalidate_and_queue
from fedora_packages.worker.refill import REDIS_PAUSE, Pace, Refiller, Refillers, undisturbed
from fedora_packages.worker.reporter import Bus, Pulse
from fedora_packages.worker.sequence import SequenceTracker

log = logging.getLogger(__name__)

#: Seconds between two early looks at what is read on a schedule.
EARLY_PAUSE = 30.0

#: Seconds between two checks whether the index is corrupt.
REPAIR_POLL_INTERVAL = 2.0

#: Seconds that threads have to end.
STOP_LIMIT = 5.0


class Worker:
    """Handles messages, refills what they touch, replays what was missed, compares what is cached, and says how it is.

    A bus hands messages to `take` (it returns at once) or to `handle` (it returns when all is done).
    """

    def __init__(
        self, service: Service, bus: str, look_at_bus: Callable[[], Bus] = Bus, max_buffered: int | None = None
    ):
        settings = service.settings.worker
        self._service = service
        self._stop = threading.Event()
        self._buffer = MessageBuffer() if max_buffered is None else MessageBuffer(max_buffered)
        self._sequences = SequenceTracker()
        self._refiller = Refiller(service, Pace(settings.lease, settings.retry, settings.retry_limit))
        self._refillers = Refillers(service, self._refiller, self._stop, self._buffer.is_flooded)
        self._handler = Handler(
            service.client, service.cache, service.index, service.queries, service.metrics, bus, settings.topic_prefix,
            partial(invalidate_and_queue, service), bool(settings.datagrepper), self._look_early, self._refillers.wake,
        )  # fmt: skip
        self._scheduled = [Scheduled(service, self._refillers, query, self._stop) for query in _scheduled(service)]
        self._audit = Audit(service, settings.audit_grace)
        self._index_updater = IndexUpdater(
            service.client, service.settings.search.index, service.queries, service.releases
        )
        self._index_repair = IndexRepair(service.client, service.settings)
        self._gaps = Gaps(service, bus, self.handle_all, self._stop)
        self._pulse = Pulse(service, bus, self._gaps, self._buffer, look_at_bus)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        self._refillers.start()
        self._run("handle", self._drain)
        self._run("index", self._update_index)
        for scheduled in self._scheduled:
            self._run(f"reread-{scheduled.query.name}", scheduled.run)
        self._run("repair", lambda: self._every(REPAIR_POLL_INTERVAL, self._index_repair.check, "index repair"))
        self._run("gaps", self._gaps.run)
        if self._service.settings.worker.audit_rate:
            pause = 1 / self._service.settings.worker.audit_rate
            self._run("audit", lambda: self._every(pause, self._audit.step, "the audit"))
        self._run("pulse", lambda: self._every(HEARTBEAT_EVERY, self._beat, "the beat"))

    def stop(self) -> None:
        """End the threads.  What is under way and does not end in time is claimed again by the next worker."""
        self._stop.set()
        self._buffer.put(None)
        self._gaps.suspect("")
        for scheduled in self._scheduled:
            scheduled.look()
        self._index_repair.stop()
        self._refillers.join(STOP_LIMIT)
        for thread in self._threads:
            thread.join(STOP_LIMIT)

    def take(self, message: Any) -> None:
        """Take a message from the bus, to be handled soon, together with others that come meanwhile.

        As the text that the bus has carried, or decoded.
        """
        if not self._buffer.put(message):
            self._gaps.suspect("more messages came than could be kept")

    def handle(self, message: Any) -> str:
        """Handle one message and return what became of it; nothing in it, and no fault of ours, is raised.

        With Redis away this waits in place until it is back: the bus gives no message twice.
        """
        return self.handle_all([message])[0]

    def handle_all(self, messages: Sequence[Any], received: float | None = None) -> list[str]:
        """Handle messages together and return what became of each, as `handle` does; ``received`` is when the first came."""
        while not self._stop.is_set():
            try:
                outcomes = self._handler.handle_batch(messages, received)
            except CacheUnavailable as error:
                log.error("%d messages wait for Redis: %s", len(messages), error)
                self._stop.wait(REDIS_PAUSE)
                continue
            except Exception:
                if len(messages) > 1:
                    # A bug of ours must cost one message, not those that came with it.
                    return [outcome for message in messages for outcome in self.handle_all([message], received)]
                log.exception("a message was not handled: %.500r", messages[0])
                undisturbed(self._handler.failed, "counting a message")
                return [FAILED]
            return outcomes
        return ["stopped"] * len(messages)

    def refuse(self, topic: str, size: int) -> None:
        """Skip a message that is too large to be read."""
        try:
            self._handler.refuse(topic, size)
        except CacheUnavailable as error:
            log.error("a message that was refused could not be counted: %s", error)

    def _run(self, name: str, target: Any) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _every(self, seconds: float, step: Callable[[], Any], what: str) -> None:
        while not self._stop.wait(seconds):
            undisturbed(step, what)

    def _drain(self) -> None:
        while not self._stop.is_set():
            undisturbed(self._handle_some, "handling messages")

    def _handle_some(self) -> None:
        """Handle what is in the inbox, or wait a little for something to be."""
        waiting, received = self._buffer.get()
        messages = [_decoded(message) for message in waiting]
        for message in messages:
            # Each of them counts, also once one has shown a hole.
            self._look_at_number(message)
        if messages:
            self.handle_all(messages, received)
            self._buffer.handled()

    def _look_at_number(self, message: Any) -> None:
        body = message.get("body") if isinstance(message, dict) else None
        if isinstance(body, dict) and self._sequences.is_hole(body):
            self._gaps.suspect("a message's number says that others before it did not come")

    def _beat(self) -> None:
        dead = [thread.name for thread in self._threads if not thread.is_alive()]
        self._pulse.beat([*dead, *self._refillers.dead()])

    def _look_early(self, event: Event) -> None:
        for scheduled in self._scheduled:
            scheduled.consider(event)

    def _update_index(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(undisturbed(lambda: self._index_updater.run(self._stop), "index update") or 0)


class Scheduled:
    """A query about no package that is read again and again, because no message announces what changes its answer."""

    def __init__(self, service: Service, refillers: Refillers, query: Query, stop: threading.Event):
        self.query = query
        self._service = service
        self._refillers = refillers
        self._stop = stop
        self._every: float = getattr(service.settings.worker, query.declaration.every)
        self._early = threading.Event()
        self._value: Any = None
        self._read_at = -EARLY_PAUSE

    def look(self) -> None:
        """Have it read soon."""
        self._early.set()

    def consider(self, event: Event) -> None:
        """Have it read soon if an event tells of something that is not known yet."""
        if self._value is not None and self.query.is_superseded(self._value, event):
            self.look()

    def run(self) -> None:
        """Read it at once and then on its schedule, until told to stop."""
        attempts = 0
        while not self._stop.is_set():
            try:
                self.read()
                attempts, delay = 0, self._every
            except (UpstreamError, CacheUnavailable) as error:
                attempts += 1
                delay = min(self._every, 2.0**attempts)
                log.warning("%s could not be read, again in %.0f s: %s", self.query.name, delay, error)
            except Exception:
                # A bug of ours must not end the thread: nobody would look any more.
                attempts += 1
                delay = min(self._every, 2.0**attempts)
                log.exception("%s could not be read, again in %.0f s", self.query.name, delay)
            if self._early.wait(delay):
                self._early.clear()
                self._stop.wait(max(0.0, self._read_at + EARLY_PAUSE - time.monotonic()))

    def read(self) -> None:
        """Read it, and if it is another than its followers were made with, invalidate those.

        Raises `UpstreamError` and `CacheUnavailable`; what was not invalidated by then is at the next reading.
        """
        checked = check(
            self._service, self.query, self.query.entry().package, self.query.variant(), "schedule", grace=0
        )
        self._value, self._read_at = checked.after.value, time.monotonic()
        followers = self._service.queries.following(self.query.name)
        digest = hashlib.sha256(json.dumps(self._value, sort_keys=True).encode()).hexdigest()
        with redis_errors():
            known = self._service.client.hget(keys.SCHEDULED, self.query.name)
        if known and known.decode() == digest:
            return
        for follower in followers:
            count = invalidate_all(self._service, follower)
            log.info("%s has changed: %d entries of %s are read again", self.query.name, count, follower.name)
            self._refillers.wake({follower.upstream: count})
        with redis_errors():
            self._service.client.hset(keys.SCHEDULED, self.query.name, digest)


def _decoded(message: Any) -> Any:
    """Return what the text of a message holds, as the hub hands it on; what is no JSON as it is, which is no message."""
    if not isinstance(message, str | bytes):
        return message
    try:
        return {"body": json.loads(message)}
    except (ValueError, RecursionError):
        return message


def _scheduled(service: Service) -> list[Query]:
    return [query for query in service.queries.values() if query.declaration.every and query.subject == "nothing"]
