"""Sweeps: ask each upstream in turn what has changed, and invalidate what the cache does not show.

The bus is the first witness of a change, the upstream's own list the second.  A sweep compares each listed change with the
cached values: a change that they show costs nothing more, any other is treated like a message.  The metrics tell the changes
that the bus had announced from those that it had not.

All workers together run one sweep of an upstream at a time (`fedora_packages.worker.shared_work`).
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fedora_packages.cache.cache import Cache
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.cache.values import Contents
from fedora_packages.connectors.query import Queries, Query
from fedora_packages.connectors.sweep import MARGIN, Change, Sweep
from fedora_packages.messages import timeline
from fedora_packages.messages.event import Event
from fedora_packages.monitoring.checks import explain
from fedora_packages.monitoring.metrics import MetricName, Metrics
from fedora_packages.search import packages
from fedora_packages.search.reader import IndexReader
from fedora_packages.worker.batch import Batch, EntryChange
from fedora_packages.worker.index_updater import mark_dirty
from fedora_packages.worker.invalidation import BATCH, batched
from fedora_packages.worker.shared_work import SharedWork

log = logging.getLogger(__name__)

#: Steps of one sweep, at most: each is a bounded number of requests.  The next sweep goes on from there.
MAX_STEPS = 100

#: Seconds by which the clocks of upstreams and of this host may differ.
CLOCK_SKEW = 5.0


@dataclass(eq=False, repr=False)
class SweepHandler:
    """Compares the changes that sweeps find with the cache, and invalidates the entries that do not show them.

    ``invalidate`` invalidates entries and queues their refills, as `Handler.invalidate` does.
    """

    client: Redis
    cache: Cache
    index: IndexReader
    queries: Queries
    metrics: Metrics
    invalidate: Callable[[Sequence[EntryChange]], Any]

    def handle(self, changes: Sequence[Change], began: float, listed: float, previous: float | None = None) -> int:
        """Invalidate and queue the entries that do not show some changes, and return the number of those changes.

        ``began`` is when the sweep did, ``previous`` when the one before did, ``listed`` when the upstream had listed the
        changes.  Raises `CacheUnavailable`.
        """
        return sum(self._handle_some(some, began, listed, previous) for some in batched(changes, BATCH))

    def _handle_some(self, changes: Sequence[Change], began: float, listed: float, previous: float | None) -> int:
        all_changes = self._batch([change.event for change in changes])
        unshown = self._unshown(all_changes, changes, listed, previous)
        explain(self.client, self.metrics, _silent(all_changes, changes))
        stale = {(query.name, package) for _, query, package in unshown}
        news = list(dict.fromkeys(number for number, *_ in unshown))
        batch = self._batch([replace(changes[number].event, swept=began) for number in news])
        self.invalidate([change for change in batch.changes if (change.query.name, change.package) in stale])
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            for number, item in zip(news, batch.items, strict=True):
                if not changes[number].is_silent:
                    for name in batch.packages(item):
                        timeline.note(pipe, name, item.event)
            # What the index does not know has no entries to compare.
            mark_dirty(pipe, batch.dirty() | (all_changes.dirty() - all_changes.known))
            pipe.execute()
        return len(news)

    def _batch(self, events: Sequence[Event]) -> Batch:
        batch = Batch(events, self.queries)
        batch.find_names(self.cache.packages_named_by)
        batch.find_sources(lambda names: packages.sources_of(self.index, names))
        batch.find_changes()
        return batch

    def _unshown(
        self, batch: Batch, changes: Sequence[Change], listed: float, previous: float | None
    ) -> list[tuple[int, Query, str]]:
        """Return the changes that an entry does not show, by number, each with the query and the package of that entry."""
        affected = [
            (number, query, package)
            for number, item in enumerate(batch.items)
            for query, names in item.names
            if not changes[number].shows or query.name in changes[number].shows
            for package in names
        ]
        entries = list(dict.fromkeys(query.entry(package) for _, query, package in affected))
        contents = dict(zip(entries, self.cache.contents(entries), strict=True))
        unshown = []
        for number, query, package in affected:
            change, found = changes[number], contents[query.entry(package)]
            if not is_shown(change, query, package, found, listed):
                unshown.append((number, query, package))
                if found.current and not (change.is_announced or _was_announced(change, found)):
                    age = listed - _wrong_since(change, found, previous)
                    self.metrics.observe(MetricName.WRONG_FOR, f"{query.name}|sweep", max(0.0, age))
                    if change.is_silent:
                        self.metrics.count(MetricName.SWEPT_SILENT, query.name)
                    else:
                        self.metrics.count(MetricName.SWEPT_UNTOLD, query.name)
                        self.metrics.count(MetricName.UNTOLD, change.event.topic)
            elif change.is_new and found.current:
                self.metrics.count(MetricName.SWEPT_TOLD, query.name)
        return unshown


def _silent(batch: Batch, changes: Sequence[Change]) -> set[tuple[str, str]]:
    """Return the entries, by query and package, that new changes touch of which no message tells."""
    return {
        (query.name, package)
        for change, item in zip(changes, batch.items, strict=True)
        if change.is_silent and change.is_new
        for query, names in item.names
        if not change.shows or query.name in change.shows
        for package in names
    }


def is_shown(change: Change, query: Query, package: str, contents: Contents, listed: float) -> bool:
    """Whether all that an entry has of a query shows a change, or is newer than it.

    ``listed`` is when the upstream had listed the change.  An entry that was never fetched shows all changes: its first fetch
    will.  One that is being refilled does not: the fetch may have begun before.  It does if it was invalidated after the change,
    if its refill waits for the change already, or if the change is only compared: the next sweep does that again.  A value that
    was fetched `MARGIN` after a change is newer, whatever it shows: another change may hide this one, and each sweep that
    overlaps would invalidate the value.
    """
    if not contents.is_cached:
        return True
    expected = query.expected(change.event, package)
    if not contents.current:
        lag = CLOCK_SKEW if expected is None else MARGIN
        return not change.is_new or expected in contents.expected or contents.invalidated > change.event.sent + lag
    shows = change.shows.get(query.name)
    for variant, cached in contents.current.items():
        if cached.stamp.fetched > min(listed, change.event.sent + MARGIN):
            continue
        if shows is not None:
            is_seen = shows(package, cached.value)
        elif expected is not None:
            is_seen = query.reflects(cached.value, [expected], variant)
        else:
            is_seen = cached.stamp.fetched > change.event.sent + CLOCK_SKEW
        if not is_seen:
            return False
    return True


def _wrong_since(change: Change, contents: Contents, previous: float | None) -> float:
    """Return the time since which a current value does not show a change, at the earliest.

    It was right when it was fetched, and nothing says when a silent change happened: after the ``previous`` sweep.
    """
    changed = previous if change.is_silent else change.event.sent
    return max(changed or 0.0, *(cached.stamp.fetched for cached in contents.current.values()))


def _was_announced(change: Change, contents: Contents) -> bool:
    """Whether a message of the bus invalidated the entry at about the time of the change, or later."""
    cause = contents.cause
    return cause is not None and "swept" not in cause and cause["sent"] >= change.event.sent - CLOCK_SKEW


@dataclass(eq=False, repr=False)
class Sweeper:
    """Runs the sweep of one upstream, as the work of a `SharedWork`.

    ``handle`` is `SweepHandler.handle`.  ``invalidate_older`` invalidates the upstream's values that were fetched before a time.
    """

    sweep: Sweep
    handle: Callable[[Sequence[Change], float, float, float | None], int]
    stop: threading.Event
    clock: Callable[[], float] = time.time
    max_steps: int = MAX_STEPS
    invalidate_older: Callable[[float], Any] = lambda before: None

    def run(self, turn: SharedWork) -> bool:
        """Sweep from the position of a turn, and return whether nothing is left.

        Raises `UpstreamError`, `CacheUnavailable` and `LockError`.
        """
        found = invalid = 0
        for _ in range(self.max_steps):
            swept = self.sweep.fetch(turn.position or {}, turn.began)
            if swept.invalid_rows:
                count, error = swept.invalid_rows.count, swept.invalid_rows.error
                invalid += count
                log.warning("%s: %d invalid rows left out; the first: %s", self.sweep.name, count, error)
            found += self.handle(swept.changes, turn.began, self.clock(), turn.done)
            if swept.is_gap:
                self.invalidate_older(self.clock())
            turn.advance(swept.position, changes=found, invalid=invalid)
            if swept.again is not None:
                turn.wake(swept.again)
            if swept.is_complete:
                return True
            if self.stop.is_set():
                break
        return False
