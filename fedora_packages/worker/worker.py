"""The worker: one handler of messages, and the threads that do the rest.

Whatever brings the messages (``hub.py``) makes one `Worker`, starts it, and gives it each message.
"""

import hashlib
import json
import logging
import threading
import time
from typing import Any

from fedora_packages.cache import PREFIX, redis_errors
from fedora_packages.errors import CacheUnavailable, UpstreamError
from fedora_packages.events import Event
from fedora_packages.query import Query
from fedora_packages.service import Service
from fedora_packages.worker.handle import FAILED, HANDLED, Handler, invalidate_all
from fedora_packages.worker.index import Upkeep
from fedora_packages.worker.refill import REDIS_PAUSE, Pace, Refiller, Refillers, undisturbed
from fedora_packages.worker.replay import Replay

log = logging.getLogger(__name__)

#: Seconds after the first replay at which a second one reads what was sent while the bus was being connected.
SECOND_REPLAY = 5.0

#: Per query that is read on a schedule, a digest of the value that its followers were last invalidated for.
FOLLOWED_KEY = f"{PREFIX}:{{worker}}:followed"

#: Seconds between two early looks at what is read on a schedule.
EARLY_PAUSE = 30.0

#: Seconds that threads have to end.
STOP_LIMIT = 5.0


class Worker:
    """Handles messages, refills what they touch, replays what was missed, re-reads what no message announces."""

    def __init__(self, service: Service, bus: str):
        settings = service.settings.worker
        self._service = service
        self._stop = threading.Event()
        self._handler = Handler(service, bus, self._look_early)
        self._refiller = Refiller(service, Pace(settings.lease, settings.retry, settings.retry_limit))
        self._refillers = Refillers(service, self._refiller, self._stop)
        self._scheduled = [Scheduled(service, self._refiller, query, self._stop) for query in _scheduled(service)]
        self._replay = Replay(service.client, settings, bus, self.handle) if settings.datagrepper else None
        self._pace = Pace(settings.lease, settings.retry, settings.retry_limit)
        self._upkeep = Upkeep(service.client, service.settings.search, service.connectors, service.releases)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        self._refillers.start()
        self._run("index", self._keep_index)
        for scheduled in self._scheduled:
            self._run(f"reread-{scheduled.query.name}", scheduled.run)
        if self._replay:
            self._run("replay", self._catch_up)

    def stop(self) -> None:
        """End the threads.  What is under way and does not end in time is claimed again by the next worker."""
        self._stop.set()
        for scheduled in self._scheduled:
            scheduled.look()
        self._refillers.join(STOP_LIMIT)
        for thread in self._threads:
            thread.join(STOP_LIMIT)

    def handle(self, message: Any) -> str:
        """Handle one message and return what became of it; nothing in it, and no fault of ours, is raised.

        With Redis away this waits in place until it is back: the bus gives no message twice.
        """
        while not self._stop.is_set():
            try:
                outcome = self._handler.handle(message)
            except CacheUnavailable as error:
                log.error("a message waits for Redis: %s", error)
                self._stop.wait(REDIS_PAUSE)
                continue
            except Exception:
                # A bug of ours must cost one message, not the worker.
                log.exception("a message was not handled: %.500r", message)
                undisturbed(self._handler.failed, "counting a message")
                return FAILED
            if outcome == HANDLED:
                self._refillers.wake()
            return outcome
        return "stopped"

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

    def _look_early(self, event: Event) -> None:
        for scheduled in self._scheduled:
            scheduled.consider(event)

    def _keep_index(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(undisturbed(lambda: self._upkeep.run(self._stop), "keeping the index") or 0)

    def _catch_up(self) -> None:
        """Read from the archive what the bus has not brought: soon again after the start, then now and then.

        However long datagrepper is down, live messages are handled meanwhile.
        """
        attempts, soon = 0, True
        while not self._stop.is_set():
            try:
                self._replay.catch_up(self._stop)
                attempts, delay = 0, SECOND_REPLAY if soon else self._service.settings.worker.replay_every
                soon = False
            except (UpstreamError, CacheUnavailable) as error:
                attempts += 1
                delay = self._pace.after_failure(attempts)
                log.error("replay failed, again in %.1f s: %s", delay, error)
            except Exception:
                # A bug of ours must not end the thread: nobody would read the archive any more.
                attempts += 1
                delay = self._pace.after_failure(attempts)
                log.exception("replay failed, again in %.1f s", delay)
            self._stop.wait(delay)


class Scheduled:
    """A query that is read again and again, because no message announces what changes its answer."""

    def __init__(self, service: Service, refiller: Refiller, query: Query, stop: threading.Event):
        self.query = query
        self._service = service
        self._refiller = refiller
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
        if self._value is not None and self.query.is_overtaken(self._value, event):
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
        self._refiller.check(self.query, self.query.entry().package, self.query.variant())
        (reading,) = self._service.cache.read([(self.query.entry(), self.query.variant())])
        self._value, self._read_at = reading.value, time.monotonic()
        followers = self._service.queries.following(self.query.name)
        digest = hashlib.sha256(json.dumps(self._value, sort_keys=True).encode()).hexdigest()
        with redis_errors():
            known = self._service.client.hget(FOLLOWED_KEY, self.query.name)
        if known and known.decode() == digest:
            return
        for follower in followers:
            count = invalidate_all(self._service, follower)
            log.info("%s has changed: %d entries of %s are read again", self.query.name, count, follower.name)
        with redis_errors():
            self._service.client.hset(FOLLOWED_KEY, self.query.name, digest)


def _scheduled(service: Service) -> list[Query]:
    return [query for query in service.queries.values() if query.declaration.every]
