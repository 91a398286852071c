"""Metrics: what the processes of the service have done, and how fast, added up in Redis.

A process counts in memory and adds its counts to Redis about once a second, so that counting costs a page or a message nothing.
``/status`` and ``/metrics`` read the sums of all processes::

    fp:{metrics}:total            hash: NAME|LABEL -> count since the beginning; of durations NAME|LABEL|BUCKET and |sum
    fp:{metrics}:recent:<slot>    the same for one span of `SLOT` seconds; expires after `RECENT`

Durations are counted in buckets (`bounds_of`), so that percentiles over all processes can be computed, exact to a bucket.
"""

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, pipeline, redis_errors
from fedora_packages.errors import CacheUnavailable, InvalidResponse, UpstreamUnavailable

#: Upper bounds of the buckets of durations, in seconds; longer ones are in one more bucket.
BOUNDS = (
    0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0,
    30.0, 60.0, 300.0, 3600.0,
)  # fmt: skip

#: The bounds of the ages of wrong values: 1, 5 and 10 minutes.
AGES = (60.0, 300.0, 600.0)

#: Seconds of one span, and of all spans that count as recent.
SLOT = 300
RECENT = 3600

#: Seconds between two additions to Redis.
FLUSH_EVERY = 1.0

#: Outcomes of a message.
HANDLED, UNTOUCHED, REPEATED, HELD_BACK, FOREIGN, NOT_UNDERSTOOD, FAILED = (
    "handled", "untouched", "repeated", "held-back", "foreign", "not-understood", "failed",
)  # fmt: skip


class MetricName(StrEnum):
    """The name of every metric; behind each, what its label is."""

    # Counters.
    HITS = "hits"  # query: reads that the cache answered
    MISSES = "misses"  # query
    REFILLS = "refills"  # query
    FAILURES = "refill failures"  # query
    RECHECKS = "rechecks"  # query: refills whose answer did not show their message yet
    AUDITED = "checks by audit"  # query
    SCHEDULED = "checks by schedule"  # query
    REQUESTED = "checks by reader"  # query
    DRIFT = "drift"  # query: differences that a lost message explains
    LATE = "late"  # query: differences whose message came a little later
    IGNORED = "ignored"  # query: differences in nothing but ignored fields
    FORGOTTEN = "forgotten"  # query: entries that the refill queue had lost
    INVALID_ROWS = "invalid rows"  # query: rows left out of values because the upstream returned invalid data
    COMPARED_IN_BULK = "compared in bulk"  # query: values compared with an answer about all packages
    SWEPT_TOLD = "swept told"  # query: changes of sweeps that the cache shows already
    SWEPT_UNTOLD = "swept untold"  # query: changes that no message had announced before the sweep
    SWEPT_SILENT = "swept silent"  # query: changes that no message announces
    UNTOLD = "untold"  # topic: changes that sweeps found before the message of that topic came
    FAILED_MESSAGES = "failed messages"  # messages that an error of ours kept from being handled
    REQUESTS_UNAVAILABLE = "requests unavailable"  # upstream
    REQUESTS_INVALID = "requests invalid"  # upstream

    # Durations.
    WRONG_FOR = "wrong for"  # query|found by: for how long a value was wrong, at most
    REQUESTS = "requests"  # upstream
    RECEIVED_TO_INVALIDATED = "received to invalidated"
    SENT_TO_INVALIDATED = "sent to invalidated"
    SENT_TO_FRESH = "sent to fresh"
    INVALIDATED_TO_FRESH = "invalidated to fresh"  # upstream


def bounds_of(name: str) -> tuple[float, ...]:
    """Return the upper bounds of a duration's buckets, in seconds; longer durations are in one more bucket."""
    return AGES if name == MetricName.WRONG_FOR else BOUNDS


@dataclass
class Metrics:
    """What one process counts.  With Redis away it keeps up to ``max_pending`` different counts for later."""

    client: Redis
    clock: Callable[[], float] = time.time
    max_pending: int = 5000

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._sums: Counter[str] = Counter()
        self._flushed = self.clock()

    def count(self, name: str, label: str = "", by: int = 1) -> None:
        """Add to a counter; ``label`` is the query or the upstream.  Raises ValueError for an unknown name."""
        field = f"{MetricName(name)}|{label}"
        with self._lock:
            if len(self._counts) < self.max_pending:
                self._counts[field] += by

    def observe(self, name: str, label: str, seconds: float) -> None:
        """Count a duration.  Raises ValueError for an unknown name."""
        field = f"{MetricName(name)}|{label}"
        with self._lock:
            if len(self._counts) < self.max_pending:
                self._counts[f"{field}|{bisect_left(bounds_of(name), seconds)}"] += 1
                self._sums[f"{field}|sum"] += seconds

    def observe_request(self, upstream: str, outcome: str, seconds: float) -> None:
        """Count a request to an upstream; ``outcome`` is "answered" or the kind of its error."""
        self.observe(MetricName.REQUESTS, upstream, seconds)
        if outcome in (UpstreamUnavailable.kind, InvalidResponse.kind):
            self.count(f"requests {outcome}", upstream)

    def flush_if_due(self) -> None:
        """Add the counts to Redis if the last time was a while ago; with Redis away they are kept for later."""
        if self.clock() - self._flushed >= FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        """Add the counts to Redis; with Redis away they are kept for later."""
        with self._lock:
            self._flushed = self.clock()
            counts, sums, self._counts, self._sums = self._counts, self._sums, Counter(), Counter()
        if not counts:
            return
        recent = keys.metrics_recent(int(self._flushed // SLOT))
        try:
            # In one step, so that a failure can mean nothing but "not added".
            with pipeline(self.client, as_one=True) as pipe:
                for key in (keys.METRICS_TOTAL, recent):
                    for field, number in counts.items():
                        pipe.hincrby(key, field, number)
                    for field, seconds in sums.items():
                        pipe.hincrbyfloat(key, field, round(seconds, 6))
                pipe.expire(recent, RECENT + 2 * SLOT)
                pipe.execute()
        except CacheUnavailable:
            with self._lock:
                self._counts.update(counts)
                self._sums.update(sums)


@dataclass(frozen=True)
class Durations:
    """A distribution of durations: a count for each bucket and one beyond the last of their bounds, and the sum in seconds."""

    buckets: tuple[int, ...]
    sum: float
    bounds: tuple[float, ...] = BOUNDS

    @property
    def count(self) -> int:
        return sum(self.buckets)

    def percentile(self, share: float) -> float | None:
        """Return the duration in seconds that a ``share`` (0 to 1) of all did not exceed, rounded up to the bound of its bucket.

        None without any durations; infinite beyond the last bound.
        """
        if not self.count:
            return None
        rank, seen = share * self.count, 0
        for number, bound in zip(self.buckets, (*self.bounds, float("inf")), strict=True):
            seen += number
            if seen >= rank:
                return bound
        return float("inf")

    def longer_than(self, bound: float) -> int:
        """Return the number of durations longer than one of the bounds."""
        return sum(self.buckets[self.bounds.index(bound) + 1 :])


class Counts:
    """Metrics as read from Redis."""

    def __init__(self, rows: Iterable[Mapping[bytes, bytes]]):
        self._numbers: Counter[str] = Counter()
        for row in rows:
            for field, number in row.items():
                self._numbers[field.decode()] += float(number)

    def count(self, name: str, label: str = "") -> int:
        """Return the value of a counter."""
        return int(self._numbers[f"{name}|{label}"])

    def labels(self, name: str) -> set[str]:
        """Return the labels of a counter that have been counted."""
        return {label for found, _, label in (field.partition("|") for field in self._numbers) if found == name}

    def durations(self, name: str, label: str = "") -> Durations:
        """Return the distribution of a duration."""
        bounds = bounds_of(name)
        buckets = tuple(self.count(name, f"{label}|{bucket}") for bucket in range(len(bounds) + 1))
        return Durations(buckets, float(self._numbers[f"{name}|{label}|sum"]), bounds)


def total(client: Redis) -> Counts:
    """Return the metrics since the beginning.  Raises `CacheUnavailable`."""
    with redis_errors():
        return Counts([client.hgetall(keys.METRICS_TOTAL)])


def recent(client: Redis, now: float) -> Counts:
    """Return the metrics of the last `RECENT` seconds, exact to `SLOT` seconds.  Raises `CacheUnavailable`."""
    with pipeline(client) as pipe:
        for back in range(RECENT // SLOT + 1):
            pipe.hgetall(keys.metrics_recent(int((now - back * SLOT) // SLOT)))
        rows: list[Any] = pipe.execute()
    return Counts(rows)
