"""Load many entries for one page or JSON response, from the cache, within a time limit.

A hit costs one round trip for all entries.  Missing entries are fetched in the background, by a pool of threads for each
upstream, and awaited together.  What misses the time limit is shown as its last known value, with the reason.  So an upstream
that is down or slow makes no page an error, and no page slow.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fedora_packages.cache.cache import Cache
from fedora_packages.cache.fill_types import Policy
from fedora_packages.cache.queue import Queue
from fedora_packages.cache.redis import in_one_trip
from fedora_packages.cache.values import (
    BEHIND,
    FAILING,
    REFRESHING,
    UNKNOWN,
    UNWATCHED,
    CachedValue,
    ErrorState,
)
from fedora_packages.connectors import Connector
from fedora_packages.connectors.query import NO_PACKAGE, QueryCall
from fedora_packages.errors import (
    CacheUnavailable,
    FillInProgress,
    NotServed,
    UpstreamError,
    UpstreamUnavailable,
)
from fedora_packages.monitoring.heartbeat import FreshnessMonitor
from fedora_packages.monitoring.metrics import MetricName, Metrics
from fedora_packages.web.rate_limit import RateLimit

log = logging.getLogger(__name__)

#: Seconds after a failure in which no page fetches that variant again.  Pages then show the error without waiting.
COOL_DOWN = 10.0

#: Pages of one process that wait for upstreams at the same time.  Others show at once what the cache has: an upstream that hangs
#: must not occupy every thread of the server.
MAX_WAITING_PAGES = 4

#: Seconds that a page waits for an optional upstream.
OPTIONAL_WAIT = 0.3

#: Entries that `Loader.known` may queue in a minute, over all processes.
LEFT_PER_MINUTE = 1000

#: Fills of one upstream that may wait for a thread, for each of its threads.  Beyond that, pages leave fills to the worker.
MAX_WAITING_PER_THREAD = 8

#: Seconds between two updates of the packages that the queue prefers.
VIEWED_EVERY = 2.0

#: The error of a value while messages may be missing, and of one that is behind its messages.
MESSAGES_MISSING = "messages sent since then have not been handled yet"
NOT_REFLECTED = "it is fetched again until it shows the message, for some minutes"


@dataclass
class _Read:
    """A query call of a page, its value so far, and the fill that may bring another."""

    call: QueryCall
    cached: CachedValue
    future: "Future[CachedValue] | None" = None

    @property
    def is_from_upstream(self) -> bool:
        """Whether the value comes from a fill whose answer was not stored."""
        return self.cached.state == REFRESHING and self.cached.because is None and self.cached.is_known

    def finish(self, now: float) -> None:
        """Take the value of the fill.  The one so far stays if the fill failed (``now``) or has not ended."""
        if self.future is None or not self.future.done():
            return
        error = self.future.exception()
        if error is None:
            self.cached = self.future.result()
        elif isinstance(error, UpstreamError):
            error_state = self.cached.error_state or ErrorState(now, now, error.sentence, error.upstream, error.kind)
            self.cached = replace(self.cached, state=FAILING, error_state=error_state)
        elif not isinstance(error, FillInProgress | CacheUnavailable):
            entry = self.cached.entry
            log.error("fill of %s about %s failed", entry.query, entry.package, exc_info=error)


@dataclass(eq=False)
class Loader:
    """Loads the entries of one web process.

    ``wait`` bounds the seconds that a page waits for upstreams.  ``executor`` makes the pool of an upstream's fills.  The other
    arguments are described at their defaults.
    """

    cache: Cache
    queue: Queue
    connectors: Mapping[str, Connector]
    freshness: FreshnessMonitor
    metrics: Metrics
    wait: float
    max_waiting_pages: int = MAX_WAITING_PAGES
    left_per_minute: int = LEFT_PER_MINUTE
    executor: Callable[..., Executor] = ThreadPoolExecutor

    def __post_init__(self):
        self._optional = {name for name, connector in self.connectors.items() if connector.is_optional}
        self._left = RateLimit(self.cache.client, "left", self.left_per_minute)
        self._viewed = _Viewed(self.queue)
        self._waiting = threading.BoundedSemaphore(self.max_waiting_pages)
        self._pools = {
            name: FillPool(name, connector.settings.concurrency, self.executor)
            for name, connector in self.connectors.items()
        }

    def __call__(self, calls: Sequence[QueryCall]) -> list[CachedValue]:
        """Return the value of each call, in their order.  Failures of upstreams and of Redis raise nothing."""
        try:
            reads = self._read(calls)
        except CacheUnavailable as error:
            return self._without_cache(calls, error)
        self._viewed.note(call.package for call in calls if call.package != NO_PACKAGE)
        missing = [read for read in reads if not read.cached.is_fresh and not self._is_cooling(read.cached)]
        self._fetch(reads, missing, Policy.MISS)
        self._reread(missing)
        return self._marked(reads)

    def known(self, calls: Sequence[QueryCall]) -> list[CachedValue]:
        """Return what the cache has of each call, without asking an upstream.

        Entries that are not fresh are queued, lazy ones only if they had a value before.  All processes together queue at most
        ``left_per_minute``: a client that reads all packages must not delay refills that messages require.  Raises
        `CacheUnavailable`.
        """
        reads = self._read(calls)
        missing = dict.fromkeys(
            (read.call.query, read.call.package)
            for read in reads
            if not read.cached.is_fresh and (read.cached.is_known or not read.call.query.declaration.is_lazy)
        )
        jobs = [(query.upstream, query.name, package, None) for query, package in missing]
        if jobs:
            jobs = jobs[: self._left.share(len(jobs))]
            in_one_trip(self.cache.client, lambda pipe: self.queue.add_all(pipe, jobs))
        return self._marked(reads)

    def summaries(self, calls: Sequence[QueryCall]) -> list[dict[str, Any] | None]:
        """Return the `Cache.summaries` of the calls, None for values that are not fresh.

        One round trip.  Nothing is fetched; failures of Redis raise nothing.
        """
        with contextlib.suppress(CacheUnavailable):
            summaries = self.cache.summaries([(call.entry, call.variant) for call in calls])
            # While messages may be missing no value is fresh.
            if self.freshness.broken_since() is None:
                return summaries
        return [None] * len(calls)

    def close(self) -> None:
        """Cancel fills that have not begun.  Those under way end by the upstreams' timeouts."""
        for pool in self._pools.values():
            pool.close()

    def _read(self, calls: Sequence[QueryCall]) -> list[_Read]:
        cached_values = self.cache.read([(call.entry, call.variant) for call in calls])
        for call, cached in zip(calls, cached_values, strict=True):
            self.metrics.count(MetricName.HITS if cached.is_fresh else MetricName.MISSES, call.query.name)
        return list(map(_Read, calls, cached_values))

    def _is_cooling(self, cached: CachedValue) -> bool:
        return cached.error_state is not None and self.cache.clock() - cached.error_state.at < COOL_DOWN

    def _fetch(self, reads: Sequence[_Read], missing: Sequence[_Read], policy: Policy) -> None:
        """Fill the missing ones of all values of a page, as far as the time limits allow."""
        # Before the fills start: a failure among those is worth its wait.
        failing = {name for name, one in self.connectors.items() if one.circuit.failing_since is not None}
        for read in missing:
            call = read.call
            key = (call.entry, call.variant, policy)
            read.future = self._pools[call.query.upstream].submit(key, partial(self._fill, call, policy))
            # A visitor looks at a known value: its refill, which may be queued already, goes before others.
            if policy is Policy.MISS and (read.future is None or read.cached.is_known):
                self._leave_to_worker(call)
        self._wait(reads, failing)
        for read in missing:
            read.finish(self.cache.clock())

    def _wait(self, reads: Sequence[_Read], failing: Set[str]) -> None:
        """Wait for fills within the time limits; not at all if too many pages wait already.

        An optional upstream is awaited for a short time, and not while it fails.  If only optional upstreams are wanted, the
        visitor came for them: they get the whole time.
        """
        under_way = [(read.call.query.upstream, read.future) for read in reads if read.future is not None]
        required = [future for name, future in under_way if name not in self._optional]
        extra = [future for name, future in under_way if name in self._optional - failing]
        if not (required or extra) or not self._waiting.acquire(blocking=False):
            return
        try:
            begun = time.monotonic()
            wait(required, timeout=self.wait)
            is_optional = all(read.call.query.upstream in self._optional for read in reads)
            limit = self.wait if is_optional else min(self.wait, OPTIONAL_WAIT)
            wait(extra, timeout=max(0.0, begun + limit - time.monotonic()))
        finally:
            self._waiting.release()

    def _fill(self, call: QueryCall, policy: Policy) -> CachedValue:
        try:
            return self.cache.fill(call.source(), policy).after
        except UpstreamError as error:
            if policy is Policy.MISS and not isinstance(error, NotServed):
                # The next visitor should find it filled: the worker retries.
                self._leave_to_worker(call)
            raise

    def _leave_to_worker(self, call: QueryCall) -> None:
        # Without Redis there is no queue; the next visitor's page tries again.
        with contextlib.suppress(CacheUnavailable):
            self.queue.add(call.query.upstream, call.query.name, call.package, first=True)

    def _reread(self, tried: Sequence[_Read]) -> None:
        """Read those values again that did not become fresh: another process may have filled them, or noted why not."""
        again = [read for read in tried if not read.cached.is_fresh and not read.is_from_upstream]
        with contextlib.suppress(CacheUnavailable):
            reread = self.cache.read([(read.cached.entry, read.cached.variant) for read in again])
            for read, cached in zip(again, reread, strict=True):
                read.cached = replace(cached, state=REFRESHING) if cached.state == UNKNOWN else cached

    def _without_cache(self, calls: Sequence[QueryCall], error: CacheUnavailable) -> list[CachedValue]:
        """Ask the upstreams for everything, and store nothing."""
        now = self.cache.clock()
        error_state = ErrorState(now, now, str(error), "redis", UpstreamUnavailable.kind)
        reads = [_Read(call, CachedValue(call.entry, call.variant, FAILING, error_state=error_state)) for call in calls]
        self._fetch(reads, reads, Policy.UNCACHED)
        return [read.cached for read in reads]

    def _marked(self, reads: Sequence[_Read]) -> list[CachedValue]:
        """Return the values; those that are behind their messages, or whose messages may be missing, are not fresh."""
        since = self.freshness.broken_since()
        self.metrics.flush_if_due()
        return [
            self._compared(read.call, read.cached, since) if read.cached.is_fresh else read.cached for read in reads
        ]

    def _compared(self, call: QueryCall, cached: CachedValue, broken_since: float | None) -> CachedValue:
        """Return a fresh value, or that value as ``behind`` or ``unwatched``."""
        missing = [
            sent for sent, state in cached.expected if not call.query.reflects(cached.value, [state], cached.variant)
        ]
        fetched = cached.stamp.fetched
        if missing:
            error_state = ErrorState(min(missing), fetched, NOT_REFLECTED, call.query.upstream, BEHIND)
        elif broken_since is not None:
            since = max(broken_since, fetched)
            error_state = ErrorState(since, self.cache.clock(), MESSAGES_MISSING, "worker", UNWATCHED)
        else:
            return cached
        return replace(cached, state=error_state.kind, error_state=error_state)


class _Viewed:
    """The packages whose pages this process shows, passed to the queue at most every `VIEWED_EVERY` seconds."""

    def __init__(self, queue: Queue):
        self._queue = queue
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._passed = float("-inf")

    def note(self, names: Iterable[str]) -> None:
        now = time.monotonic()
        with self._lock:
            self._names.update(names)
            if now - self._passed < VIEWED_EVERY or not self._names:
                return
            viewed, self._names, self._passed = self._names, set(), now
        with contextlib.suppress(CacheUnavailable):
            self._queue.viewed(viewed)


class FillPool:
    """The threads that fetch from one upstream.  Fills of the same key share one future."""

    def __init__(self, upstream: str, threads: int, executor: Callable[..., Executor] = ThreadPoolExecutor):
        self._executor = executor(threads, thread_name_prefix=f"fill-{upstream}")
        self._limit = threads * MAX_WAITING_PER_THREAD
        self._lock = threading.Lock()
        self._under_way: dict[Any, Future[Any]] = {}

    def submit(self, key: Any, work: Callable[[], Any]) -> "Future[Any] | None":
        """Return the future of ``work``, the one of the same key that is under way, or None if too many wait."""
        with self._lock:
            future = self._under_way.get(key)
            if future is None and len(self._under_way) < self._limit:
                future = self._under_way[key] = self._executor.submit(work)
                # Without the lock: of a fill that has ended already, this thread calls it at once.
                future.add_done_callback(lambda _: self._under_way.pop(key))
        return future

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
