"""What a page or a JSON answer reads: many entries at once, from the cache, within a bounded time.

A hit costs one round trip for all of them.  What is missing is asked for in the background, each upstream by threads
of its own, and waited for together; what has not come by then is answered with the last known good value and its
reason.  So a page is neither an error because one upstream is down, nor slow because one is.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from fedora_packages.cache.fill import Policy
from fedora_packages.cache.redis import counted, in_one_trip
from fedora_packages.cache.values import (
    BEHIND,
    FAILING,
    FRESH,
    REFRESHING,
    UNKNOWN,
    UNWATCHED,
    CachedValue,
    Entry,
    ErrorState,
)
from fedora_packages.connectors.query import NO_PACKAGE, QueryCall
from fedora_packages.errors import CacheUnavailable, FillInProgress, ReleaseNotServed, UpstreamError
from fedora_packages.monitoring.heartbeat import FreshnessMonitor
from fedora_packages.monitoring.metrics import MetricName
from fedora_packages.service import Service

log = logging.getLogger(__name__)

#: Seconds after a failure during which pages do not ask that entry's upstream again: they say what is wrong at once.
COOL_DOWN = 10.0

#: Pages of one process that wait for upstreams at the same time; others show at once what is known, so that an upstream that
#: hangs does not take every thread of the server.
WAITING_PAGES = 4

#: Seconds between two times that the queue is told which packages are looked at.
TELL_VIEWED_EVERY = 2.0

#: What is said of a value while nobody can tell whether it has changed.
UNHANDLED = "messages that were sent since then have not been handled yet"

#: What is said of a value while its upstream lags behind its own messages.
UNSEEN = "it is asked again and again until it does, for some minutes"

#: Seconds that a page waits for an upstream without which it is whole.
MOMENT = 0.3

#: Entries that are left to the worker in a minute because many were asked for at once; it knows of others by itself.
LEFT_PER_MINUTE = 1000

#: Fills of one upstream that may wait for a thread, for each thread; a page then leaves its own to the worker.
WAITING_PER_THREAD = 8


class Loader:
    """The reading side of one web process."""

    def __init__(self, service: Service):
        self._service = service
        self._cache = service.cache
        self._metrics = service.metrics
        self._freshness = FreshnessMonitor(service.client)
        self._viewed = _Viewed(service)
        self._waiting = threading.BoundedSemaphore(WAITING_PAGES)
        self._pools: dict[str, FillPool] = {
            name: FillPool(name, connector.settings.concurrency) for name, connector in service.connectors.items()
        }

    def __call__(self, wanted: Sequence[QueryCall]) -> list[CachedValue]:
        """Return a reading for each of ``wanted``, in their order; raises nothing for what upstreams or Redis do."""
        pairs = [(want.entry, want.variant) for want in wanted]
        try:
            cached_values = self._cache.read(pairs)
        except CacheUnavailable as error:
            return self._read_upstream(wanted, error)
        for want, cached in zip(wanted, cached_values, strict=True):
            self._metrics.count(MetricName.HITS if cached.is_fresh else MetricName.MISSES, want.query.name)
        self._viewed.note(want.package for want in wanted if want.package != NO_PACKAGE)
        return self._watched(
            [_shown(*pair) for pair in zip(wanted, self._filled(wanted, pairs, cached_values), strict=True)]
        )

    def known(self, wanted: Sequence[QueryCall]) -> list[CachedValue]:
        """Return a reading for each of ``wanted`` as the cache has it: no upstream is asked, and nothing is waited for.

        What is not fresh is left to the worker, unless it is costly and was never known: `LEFT_PER_MINUTE` entries at most, so
        that whoever asks for all packages does not make those wait that messages are about.  Raises `CacheUnavailable`.
        """
        pairs = [(want.entry, want.variant) for want in wanted]
        cached_values = self._cache.read(pairs)
        for want, cached in zip(wanted, cached_values, strict=True):
            self._metrics.count(MetricName.HITS if cached.is_fresh else MetricName.MISSES, want.query.name)
        missing = dict.fromkeys(
            (want.query, want.package)
            for want, found in zip(wanted, cached_values, strict=True)
            if not found.is_fresh and (found.is_known or not want.query.declaration.is_lazy)
        )
        jobs = [(query.upstream, query.name, package, None) for query, package in missing]
        if jobs:
            count, _ = counted(self._service.client, "{queue}:left", len(jobs))
            left = jobs[: max(0, len(jobs) - max(0, count - LEFT_PER_MINUTE))]
            in_one_trip(self._service.client, lambda pipe: self._service.queue.add_all(pipe, left))
        return self._watched([_shown(*pair) for pair in zip(wanted, cached_values, strict=True)])

    def _filled(
        self, wanted: Sequence[QueryCall], pairs: list[tuple[Entry, str]], cached_values: list[CachedValue]
    ) -> list[CachedValue]:
        """Return the readings, with what is missing asked for within the bounds of time."""
        silent = self._silent()
        fills = {
            number: self._start(want, cached)
            for number, (want, cached) in enumerate(zip(wanted, cached_values, strict=True))
            if not cached.is_fresh and not self._is_cooling(cached)
        }
        under_way = {number: future for number, future in fills.items() if future is not None}
        self._wait(wanted, under_way, silent)
        for number, future in under_way.items():
            cached_values[number] = _outcome(future, cached_values[number], self._cache.clock())
        return self._reread(fills, pairs, cached_values)

    def _silent(self) -> Set[str]:
        """Return the upstreams that do not answer.  To be looked at before they are asked: what fails then is waited for."""
        return {name for name, found in self._service.connectors.items() if found.circuit.failing_since is not None}

    def _wait(self, wanted: Sequence[QueryCall], under_way: Mapping[int, Future], silent: Set[str]) -> None:
        """Wait for fills within the bounds of time, unless too many pages wait already.

        An upstream without which a page is whole is waited for a moment, and not at all while it does not answer; where nothing
        else is wanted, it is what somebody has come for.
        """
        connectors = [self._service.connectors[want.query.upstream] for want in wanted]
        optional = {number for number, connector in enumerate(connectors) if connector.is_optional}
        needed = [future for number, future in under_way.items() if number not in optional]
        extra = [
            future
            for number, future in under_way.items()
            if number in optional and connectors[number].name not in silent
        ]
        limit = self._service.settings.cache.wait
        if not (needed or extra) or not self._waiting.acquire(blocking=False):
            return
        try:
            begun = time.monotonic()
            if needed:
                wait(needed, timeout=limit)
            if extra:
                bound = limit if len(optional) == len(wanted) else min(limit, MOMENT)
                wait(extra, timeout=max(0.0, begun + bound - time.monotonic()))
        finally:
            self._waiting.release()

    def summaries(self, wanted: Sequence[QueryCall]) -> list[dict[str, Any] | None]:
        """Return the `Cache.summaries` of each of ``wanted``; None where they are not known to be fresh.

        One round trip; no upstream is asked, nothing is waited for and nothing raised.
        """
        try:
            found = self._cache.summaries([(want.entry, want.variant) for want in wanted])
        except CacheUnavailable:
            return [None] * len(wanted)
        # While changes may be missing nothing is fresh.
        return [None] * len(wanted) if self._freshness.broken_since() is not None else found

    def close(self) -> None:
        """Forget fills that have not begun; those under way end by their timeouts."""
        for filler in self._pools.values():
            filler.close()

    def _watched(self, cached_values: list[CachedValue]) -> list[CachedValue]:
        """Return the readings, none of them fresh while changes may be missing."""
        since = self._freshness.broken_since()
        self._metrics.flush_if_due()
        if since is None:
            return cached_values
        now = self._cache.clock()
        return [
            replace(
                cached,
                state=UNWATCHED,
                error_state=ErrorState(max(since, cached.stamp.fetched), now, UNHANDLED, "worker", UNWATCHED),
            )
            if cached.is_fresh
            else cached
            for cached in cached_values
        ]

    def _is_cooling(self, cached: CachedValue) -> bool:
        return cached.error_state is not None and self._cache.clock() - cached.error_state.at < COOL_DOWN

    def _start(self, call: QueryCall, cached: CachedValue) -> "Future[CachedValue] | None":
        future = self._submit(call)
        if future is None or cached.is_known:
            # Somebody is looking at it: its refill, which the worker may have already, goes before others.
            self._leave_to_worker(call.entry)
        return future

    def _submit(self, call: QueryCall, policy: Policy = Policy.MISS) -> "Future[CachedValue] | None":
        """Return the future of a fill, or None if too many wait for that upstream."""
        return self._pools[call.query.upstream].submit((call, policy), lambda: self._fill(call, policy))

    def _fill(self, call: QueryCall, policy: Policy) -> CachedValue:
        try:
            return self._cache.fill(call.source(), policy).after
        except ReleaseNotServed:
            raise
        except UpstreamError:
            if policy is Policy.MISS:
                # Whoever looks next should find it filled: the worker goes on trying.
                self._leave_to_worker(call.entry)
            raise

    def _leave_to_worker(self, entry: Entry) -> None:
        # With Redis away there is no queue; whoever looks next tries again.
        with contextlib.suppress(CacheUnavailable):
            self._service.queue_refill(entry, first=True)

    def _reread(
        self, fills: dict[int, Any], pairs: list[tuple[Any, str]], cached_values: list[CachedValue]
    ) -> list[CachedValue]:
        """Read once more what did not become fresh: others may have filled it, or the reason is known by now."""
        again = [
            number for number in fills if cached_values[number].state != FRESH and not _is_new(cached_values[number])
        ]
        if not again:
            return cached_values
        try:
            found = self._cache.read([pairs[number] for number in again])
        except CacheUnavailable:
            return cached_values
        for number, cached in zip(again, found, strict=True):
            cached_values[number] = replace(cached, state=REFRESHING) if cached.state == UNKNOWN else cached
        return cached_values

    def _read_upstream(self, wanted: Sequence[QueryCall], error: CacheUnavailable) -> list[CachedValue]:
        """Answer without the cache: ask upstream for all of it, and store nothing."""
        silent = self._silent()
        futures = [self._submit(want, Policy.UNCACHED) for want in wanted]
        self._wait(wanted, {number: future for number, future in enumerate(futures) if future is not None}, silent)
        now = self._cache.clock()
        cached_values = []
        for want, future in zip(wanted, futures, strict=True):
            nothing = CachedValue(
                want.entry, want.variant, FAILING,
                error_state=ErrorState(now, now, str(error), "redis", "silent"),
            )  # fmt: skip
            cached_values.append(_outcome(future, nothing, now))
        return cached_values


class _Viewed:
    """The packages that this process shows, told to the queue every few seconds and not with every page."""

    def __init__(self, service: Service):
        self._service = service
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._told = float("-inf")

    def note(self, names: Iterable[str]) -> None:
        now = time.monotonic()
        with self._lock:
            self._names.update(names)
            if now - self._told < TELL_VIEWED_EVERY or not self._names:
                return
            told, self._names, self._told = self._names, set(), now
        with contextlib.suppress(CacheUnavailable):
            self._service.queue.viewed(told)


class FillPool:
    """The threads that ask one upstream; what is being asked already is shared."""

    def __init__(self, upstream: str, threads: int):
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"fill-{upstream}")
        self._limit = threads * WAITING_PER_THREAD
        self._lock = threading.Lock()
        self._under_way: dict[Any, Future[Any]] = {}

    def submit(self, key: Any, work: Any) -> "Future[Any] | None":
        """Return the future of ``work``, of the same key's under way, or None if too much is waiting."""
        with self._lock:
            if key in self._under_way:
                return self._under_way[key]
            if len(self._under_way) >= self._limit:
                return None
            future = self._pool.submit(work)
            self._under_way[key] = future
        future.add_done_callback(lambda _: self._forget(key))
        return future

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _forget(self, key: Any) -> None:
        with self._lock:
            self._under_way.pop(key, None)


def _outcome(future: "Future[CachedValue] | None", before: CachedValue, now: float) -> CachedValue:
    """Return what a fill brought, or what was known before it if it brought nothing yet."""
    if future is None or not future.done():
        return before
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, UpstreamError):
        problem = before.error_state or ErrorState(now, now, error.sentence, error.upstream, error.kind)
        return replace(before, state=FAILING, error_state=problem)
    if not isinstance(error, FillInProgress | CacheUnavailable):
        log.error("%s about %s could not be filled", before.entry.query, before.entry.package, exc_info=error)
    return before


def _shown(want: QueryCall, cached: CachedValue) -> CachedValue:
    """Return a reading that says if its value does not show yet what a message has announced."""
    if not cached.is_fresh:
        return cached
    unseen = [sent for sent, facts in cached.expected if not want.query.reflects(cached.value, [facts], cached.variant)]
    if not unseen:
        return cached
    problem = ErrorState(min(unseen), cached.stamp.fetched, UNSEEN, want.query.upstream, BEHIND)
    return replace(cached, state=BEHIND, error_state=problem)


def _is_new(cached: CachedValue) -> bool:
    """Whether a fill has just brought this value, which an event that came meanwhile kept from being stored."""
    return cached.state == REFRESHING and cached.because is None and cached.is_known
