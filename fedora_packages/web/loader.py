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
from dataclasses import replace
from typing import Any

from fedora_packages.cache.fill import Policy
from fedora_packages.cache.protocol import Cache
from fedora_packages.cache.queue import Queue
from fedora_packages.cache.redis import in_one_trip
from fedora_packages.cache.values import (
    BEHIND,
    FAILING,
    FRESH,
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
    ReleaseNotServed,
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


class Loader:
    """Loads the entries of one web process.

    ``wait`` bounds the seconds that a page waits for upstreams, ``optional_wait`` those for upstreams that it can do without.
    ``executor`` makes the pool of an upstream's fills.  The other arguments are described at their defaults.
    """

    def __init__(
        self,
        cache: Cache,
        queue: Queue,
        connectors: Mapping[str, Connector],
        freshness: FreshnessMonitor,
        metrics: Metrics,
        wait: float,
        *,
        optional_wait: float = OPTIONAL_WAIT,
        cool_down: float = COOL_DOWN,
        max_waiting_pages: int = MAX_WAITING_PAGES,
        left_per_minute: int = LEFT_PER_MINUTE,
        executor: Callable[..., Executor] = ThreadPoolExecutor,
    ):
        self._cache = cache
        self._queue = queue
        self._connectors = connectors
        self._freshness = freshness
        self._metrics = metrics
        self._wait_limit = wait
        self._optional_wait = min(wait, optional_wait)
        self._cool_down = cool_down
        self._left = RateLimit(cache.client, "left", left_per_minute)
        self._viewed = _Viewed(queue)
        self._waiting = threading.BoundedSemaphore(max_waiting_pages)
        self._pools = {
            name: FillPool(name, connector.settings.concurrency, executor) for name, connector in connectors.items()
        }

    def __call__(self, calls: Sequence[QueryCall]) -> list[CachedValue]:
        """Return the value of each call, in their order.  Failures of upstreams and of Redis raise nothing."""
        try:
            cached_values = self._read(calls)
        except CacheUnavailable as error:
            return self._without_cache(calls, error)
        self._viewed.note(call.package for call in calls if call.package != NO_PACKAGE)
        return self._marked(calls, self._filled(calls, cached_values))

    def known(self, calls: Sequence[QueryCall]) -> list[CachedValue]:
        """Return what the cache has of each call, without asking an upstream.

        Entries that are not fresh are queued, lazy ones only if they had a value before.  All processes together queue at most
        ``left_per_minute``: a client that reads all packages must not delay refills that messages require.  Raises
        `CacheUnavailable`.
        """
        cached_values = self._read(calls)
        missing = dict.fromkeys(
            (call.query, call.package)
            for call, cached in zip(calls, cached_values, strict=True)
            if not cached.is_fresh and (cached.is_known or not call.query.declaration.is_lazy)
        )
        jobs = [(query.upstream, query.name, package, None) for query, package in missing]
        if jobs:
            jobs = jobs[: self._left.share(len(jobs))]
            in_one_trip(self._cache.client, lambda pipe: self._queue.add_all(pipe, jobs))
        return self._marked(calls, cached_values)

    def summaries(self, calls: Sequence[QueryCall]) -> list[dict[str, Any] | None]:
        """Return the `Cache.summaries` of the calls, None for values that are not fresh.

        One round trip.  Nothing is fetched; failures of Redis raise nothing.
        """
        try:
            summaries = self._cache.summaries([(call.entry, call.variant) for call in calls])
        except CacheUnavailable:
            return [None] * len(calls)
        # While messages may be missing no value is fresh.
        return [None] * len(calls) if self._freshness.broken_since() is not None else summaries

    def close(self) -> None:
        """Cancel fills that have not begun.  Those under way end by the upstreams' timeouts."""
        for pool in self._pools.values():
            pool.close()

    def _read(self, calls: Sequence[QueryCall]) -> list[CachedValue]:
        cached_values = self._cache.read([(call.entry, call.variant) for call in calls])
        for call, cached in zip(calls, cached_values, strict=True):
            self._metrics.count(MetricName.HITS if cached.is_fresh else MetricName.MISSES, call.query.name)
        return cached_values

    def _filled(self, calls: Sequence[QueryCall], cached_values: list[CachedValue]) -> list[CachedValue]:
        """Return the values, after fills of those that are not fresh."""
        failing = self._failing()
        futures = {
            number: self._start(call, cached)
            for number, (call, cached) in enumerate(zip(calls, cached_values, strict=True))
            if not cached.is_fresh and not self._is_cooling(cached)
        }
        under_way = {number: future for number, future in futures.items() if future is not None}
        self._wait(calls, under_way, failing)
        for number, future in under_way.items():
            cached_values[number] = _result(future, cached_values[number], self._cache.clock())
        return self._reread(futures, cached_values)

    def _failing(self) -> Set[str]:
        """Return the upstreams that fail.  To be called before fills start: a failure among those is worth its wait."""
        return {name for name, one in self._connectors.items() if one.circuit.failing_since is not None}

    def _wait(self, calls: Sequence[QueryCall], under_way: Mapping[int, Future], failing: Set[str]) -> None:
        """Wait for fills within the time limits; not at all if too many pages wait already.

        An optional upstream is awaited for a short time, and not while it fails.  If only optional upstreams are wanted, the
        visitor came for them: they get the whole time.
        """
        connectors = [self._connectors[call.query.upstream] for call in calls]
        optional = {number for number, connector in enumerate(connectors) if connector.is_optional}
        required = [future for number, future in under_way.items() if number not in optional]
        extra = [
            future
            for number, future in under_way.items()
            if number in optional and connectors[number].name not in failing
        ]
        if not (required or extra) or not self._waiting.acquire(blocking=False):
            return
        try:
            begun = time.monotonic()
            if required:
                wait(required, timeout=self._wait_limit)
            if extra:
                limit = self._wait_limit if len(optional) == len(calls) else self._optional_wait
                wait(extra, timeout=max(0.0, begun + limit - time.monotonic()))
        finally:
            self._waiting.release()

    def _marked(self, calls: Sequence[QueryCall], cached_values: Sequence[CachedValue]) -> list[CachedValue]:
        """Return the values; those that are behind their messages, or whose messages may be missing, are not fresh."""
        since = self._freshness.broken_since()
        self._metrics.flush_if_due()
        marked = [_compared(*pair) for pair in zip(calls, cached_values, strict=True)]
        return marked if since is None else [self._unwatched(cached, since) for cached in marked]

    def _unwatched(self, cached: CachedValue, since: float) -> CachedValue:
        if not cached.is_fresh:
            return cached
        since = max(since, cached.stamp.fetched)
        error_state = ErrorState(since, self._cache.clock(), MESSAGES_MISSING, "worker", UNWATCHED)
        return replace(cached, state=UNWATCHED, error_state=error_state)

    def _is_cooling(self, cached: CachedValue) -> bool:
        return cached.error_state is not None and self._cache.clock() - cached.error_state.at < self._cool_down

    def _start(self, call: QueryCall, cached: CachedValue) -> "Future[CachedValue] | None":
        future = self._submit(call, Policy.MISS)
        if future is None or cached.is_known:
            # A visitor looks at it: its refill, which may be queued already, goes before others.
            self._leave_to_worker(call)
        return future

    def _submit(self, call: QueryCall, policy: Policy) -> "Future[CachedValue] | None":
        """Return the future of a fill, or None if too many fills wait for that upstream."""
        key = (call.entry, call.variant, policy)
        return self._pools[call.query.upstream].submit(key, lambda: self._fill(call, policy))

    def _fill(self, call: QueryCall, policy: Policy) -> CachedValue:
        try:
            return self._cache.fill(call.source(), policy).after
        except ReleaseNotServed:
            raise
        except UpstreamError:
            if policy is Policy.MISS:
                # The next visitor should find it filled: the worker retries.
                self._leave_to_worker(call)
            raise

    def _leave_to_worker(self, call: QueryCall) -> None:
        # Without Redis there is no queue; the next visitor's page tries again.
        with contextlib.suppress(CacheUnavailable):
            self._queue.add(call.query.upstream, call.query.name, call.package, first=True)

    def _reread(self, tried: Iterable[int], cached_values: list[CachedValue]) -> list[CachedValue]:
        """Read those values again that did not become fresh: another process may have filled them, or noted why not."""
        again = [
            number
            for number in tried
            if cached_values[number].state != FRESH and not _is_from_upstream(cached_values[number])
        ]
        if not again:
            return cached_values
        try:
            reread = self._cache.read(
                [(cached_values[number].entry, cached_values[number].variant) for number in again]
            )
        except CacheUnavailable:
            return cached_values
        for number, cached in zip(again, reread, strict=True):
            cached_values[number] = replace(cached, state=REFRESHING) if cached.state == UNKNOWN else cached
        return cached_values

    def _without_cache(self, calls: Sequence[QueryCall], error: CacheUnavailable) -> list[CachedValue]:
        """Ask the upstreams for everything, and store nothing."""
        failing = self._failing()
        futures = [self._submit(call, Policy.UNCACHED) for call in calls]
        self._wait(calls, {number: future for number, future in enumerate(futures) if future is not None}, failing)
        now = self._cache.clock()
        error_state = ErrorState(now, now, str(error), "redis", UpstreamUnavailable.kind)
        return [
            _result(future, CachedValue(call.entry, call.variant, FAILING, error_state=error_state), now)
            for call, future in zip(calls, futures, strict=True)
        ]


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
            if key in self._under_way:
                return self._under_way[key]
            if len(self._under_way) >= self._limit:
                return None
            future = self._executor.submit(work)
            self._under_way[key] = future
        future.add_done_callback(lambda _: self._forget(key))
        return future

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _forget(self, key: Any) -> None:
        with self._lock:
            self._under_way.pop(key, None)


def _result(future: "Future[CachedValue] | None", before: CachedValue, now: float) -> CachedValue:
    """Return the value of a fill, or ``before`` if the fill failed or has not ended; ``now`` is when it failed."""
    if future is None or not future.done():
        return before
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, UpstreamError):
        error_state = before.error_state or ErrorState(now, now, error.sentence, error.upstream, error.kind)
        return replace(before, state=FAILING, error_state=error_state)
    if not isinstance(error, FillInProgress | CacheUnavailable):
        log.error("fill of %s about %s failed", before.entry.query, before.entry.package, exc_info=error)
    return before


def _compared(call: QueryCall, cached: CachedValue) -> CachedValue:
    """Return the value, ``behind`` if it does not reflect the expected state."""
    if not cached.is_fresh:
        return cached
    missing = [
        sent for sent, state in cached.expected if not call.query.reflects(cached.value, [state], cached.variant)
    ]
    if not missing:
        return cached
    error_state = ErrorState(min(missing), cached.stamp.fetched, NOT_REFLECTED, call.query.upstream, BEHIND)
    return replace(cached, state=BEHIND, error_state=error_state)


def _is_from_upstream(cached: CachedValue) -> bool:
    """Whether the value comes from a fill whose answer was not stored."""
    return cached.state == REFRESHING and cached.because is None and cached.is_known
