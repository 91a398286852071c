"""Figures: what the processes of the service have done, and how quickly, counted together in Redis.

A process counts in its memory and adds that to Redis about once a second, so that counting costs nothing on the way of a page
or a message.  Whoever shows figures (``/status``, ``/metrics``) reads what all processes have added::

    fp:{metrics}:total            hash: NAME|LABEL -> count since the beginning; of durations NAME|LABEL|BUCKET and |sum
    fp:{metrics}:recent:<slot>    the same, of one span of `SLOT` seconds; forgotten after `RECENT`

Durations are counted in the buckets of `BOUNDS`, so that percentiles of all processes can be told; they are exact to a bucket.
"""

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.errors import CacheUnavailable

#: Upper bounds of the buckets of durations, in seconds; what takes longer than the last is in a bucket of its own.
BOUNDS = (
    0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0,
    30.0, 60.0, 300.0, 3600.0,
)  # fmt: skip

#: Seconds of one span, and for how many "lately" lasts.
SLOT = 300
RECENT = 3600

#: Seconds between two additions to Redis.
EVERY = 1.0

#: Different figures that are kept until they can be added, should Redis be away.
KEPT = 5000


class Metrics:
    """What one process counts."""

    def __init__(self, client: Redis, clock: Callable[[], float] = time.time):
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._sums: Counter[str] = Counter()
        self._flushed = clock()

    def count(self, name: str, label: str = "", by: int = 1) -> None:
        """Count something; ``label`` says of what (a query, an upstream)."""
        with self._lock:
            if len(self._counts) < KEPT:
                self._counts[f"{name}|{label}"] += by

    def observe(self, name: str, label: str, seconds: float) -> None:
        """Count a duration."""
        with self._lock:
            if len(self._counts) < KEPT:
                self._counts[f"{name}|{label}|{bisect_left(BOUNDS, seconds)}"] += 1
                self._sums[f"{name}|{label}|sum"] += seconds

    def asked(self, upstream: str, outcome: str, seconds: float) -> None:
        """Count a request to an upstream: how it ended, and how long that took."""
        self.observe("requests", upstream, seconds)
        if outcome != "answered":
            self.count(f"requests {outcome}", upstream)

    def flush_if_due(self) -> None:
        """Add to Redis what was counted, if that was not done lately; with Redis away it is kept for later."""
        if self._clock() - self._flushed >= EVERY:
            self.flush()

    def flush(self) -> None:
        """Add to Redis what was counted; with Redis away it is kept for later."""
        with self._lock:
            self._flushed = self._clock()
            counts, sums, self._counts, self._sums = self._counts, self._sums, Counter(), Counter()
        if not counts:
            return
        recent = keys.metrics_recent(int(self._flushed // SLOT))
        try:
            with redis_errors():
                # In one step, so that a failure can mean nothing but "not added".
                pipe = self._client.pipeline(transaction=True)
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
    """A distribution of durations: how many were in each bucket of `BOUNDS` and beyond, and their sum in seconds."""

    buckets: tuple[int, ...]
    sum: float

    @property
    def count(self) -> int:
        return sum(self.buckets)

    def percentile(self, share: float) -> float | None:
        """Return the duration, in seconds, that ``share`` (0 to 1) of all did not exceed: the bound of its bucket.

        None if there are none; infinite if it is beyond the last bound.
        """
        if not self.count:
            return None
        wanted, seen = share * self.count, 0
        for number, bound in zip(self.buckets, (*BOUNDS, float("inf")), strict=True):
            seen += number
            if seen >= wanted:
                return bound
        return float("inf")


class Counted:
    """Figures as they were read from Redis."""

    def __init__(self, rows: Iterable[Mapping[bytes, bytes]]):
        self._found: dict[tuple[str, str], float] = {}
        self._durations: dict[tuple[str, str], dict[str, float]] = {}
        for row in rows:
            for field, number in row.items():
                name, label, *bucket = field.decode().split("|")
                if bucket:
                    there = self._durations.setdefault((name, label), {})
                    there[bucket[0]] = there.get(bucket[0], 0.0) + float(number)
                else:
                    self._found[name, label] = self._found.get((name, label), 0) + float(number)

    def count(self, name: str, label: str = "") -> int:
        """Return how often something was counted."""
        return int(self._found.get((name, label), 0))

    def labels(self, name: str) -> list[str]:
        """Return of what something was counted, sorted."""
        return sorted({label for found, label in (*self._found, *self._durations) if found == name})

    def durations(self, name: str, label: str = "") -> Durations:
        """Return the durations that were counted."""
        there = self._durations.get((name, label), {})
        buckets = tuple(int(there.get(str(number), 0)) for number in range(len(BOUNDS) + 1))
        return Durations(buckets, there.get("sum", 0.0))


def total(client: Redis) -> Counted:
    """Return what was counted since the beginning.  Raises `CacheUnavailable`."""
    with redis_errors():
        return Counted([client.hgetall(keys.METRICS_TOTAL)])


def recent(client: Redis, now: float) -> Counted:
    """Return what was counted in the last `RECENT` seconds, to `SLOT` seconds exactly.  Raises `CacheUnavailable`."""
    with redis_errors():
        pipe = client.pipeline(transaction=False)
        for back in range(RECENT // SLOT + 1):
            pipe.hgetall(keys.metrics_recent(int((now - back * SLOT) // SLOT)))
        found: list[Any] = pipe.execute()
    return Counted(found)
