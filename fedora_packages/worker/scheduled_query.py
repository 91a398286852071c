"""Queries about no package that are fetched again on a schedule, because no message announces all that changes them."""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.connectors.query import Queries, Query
from fedora_packages.errors import CacheUnavailable, UpstreamError
from fedora_packages.messages.event import Event

log = logging.getLogger(__name__)

#: Seconds between two fetches outside of the schedule.
EARLY_PAUSE = 30.0


@dataclass(eq=False, repr=False)
class ScheduledQuery:
    """Fetches a query on its schedule, and invalidates the queries that are made with its value when that changes.

    * ``fetch``: stores and returns the query's current value.
    * ``followers``: the queries that are made with it.
    * ``invalidate_all``: invalidates all entries of a query and returns their number.
    * ``wake``: called with the number of jobs that were queued for each upstream.
    * ``every``: seconds between two fetches, ``early_pause`` those between two outside of the schedule.
    * ``early``: set to request a fetch outside of the schedule.
    """

    client: Redis
    query: Query
    fetch: Callable[[], Any]
    followers: Sequence[Query]
    invalidate_all: Callable[[Query], int]
    wake: Callable[[Mapping[str, int]], Any]
    stop: threading.Event
    every: float
    early_pause: float = EARLY_PAUSE

    def __post_init__(self) -> None:
        self.early = threading.Event()
        self._value: Any = None
        self._fetched_at = -self.early_pause

    def consider(self, event: Event) -> None:
        """Request a fetch if the value misses what an event says."""
        if self._value is not None and self.query.misses(self._value, event):
            self.early.set()

    def run(self) -> None:
        """Fetch at once and then on the schedule, until stopped."""
        attempts = 0
        while not self.stop.is_set():
            try:
                self.update()
                attempts, delay = 0, self.every
            except Exception as error:
                # A bug of ours must not end the thread either: without it nothing fetches the query any more.
                is_bug = not isinstance(error, UpstreamError | CacheUnavailable)
                level = logging.ERROR if is_bug else logging.WARNING
                attempts += 1
                delay = min(self.every, 2.0**attempts)
                log.log(
                    level, "scheduled fetch of %s failed, next attempt in %.0f s: %s", self.query.name, delay, error,
                    exc_info=is_bug,
                )  # fmt: skip
            if self.early.wait(delay):
                self.early.clear()
                self.stop.wait(max(0.0, self._fetched_at + self.early_pause - time.monotonic()))

    def update(self) -> None:
        """Fetch the query, and invalidate its followers if the value is not the one that they were made with.

        Raises `UpstreamError` and `CacheUnavailable`; followers that are not invalidated by then are at the next fetch.
        """
        self._value = self.fetch()
        self._fetched_at = time.monotonic()
        digest = hashlib.sha256(json.dumps(self._value, sort_keys=True).encode()).hexdigest()
        with redis_errors():
            known = self.client.hget(keys.SCHEDULED, self.query.name)
        if known and known.decode() == digest:
            return
        for follower in self.followers:
            count = self.invalidate_all(follower)
            log.info("%s has changed: %d entries of %s are fetched again", self.query.name, count, follower.name)
            self.wake({follower.upstream: count})
        with redis_errors():
            self.client.hset(keys.SCHEDULED, self.query.name, digest)


def scheduled_queries(queries: Queries) -> list[Query]:
    """Return the queries about no package that have a schedule."""
    return [query for query in queries.values() if query.declaration.every and query.subject == "nothing"]
