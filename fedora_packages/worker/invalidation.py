"""Invalidate entries and queue their refills in one step: some entries, or all of a query."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from itertools import islice
from typing import Any

from fedora_packages.cache.cache import Cache
from fedora_packages.cache.queue import Queue
from fedora_packages.cache.redis import in_one_trip
from fedora_packages.cache.values import Entry, Invalidation
from fedora_packages.connectors.query import Query

log = logging.getLogger(__name__)

#: Entries invalidated in one step: Redis must answer pages between two steps.
BATCH = 200


def is_wanted(query: Query, name: str, known: Set[str]) -> bool:
    """Whether an entry is refilled even though it was never read: those of ``known`` packages are, unless the query is lazy."""
    return name in known and not query.declaration.is_lazy


def invalidate_and_queue(
    cache: Cache,
    queue: Queue,
    invalidations: Sequence[Invalidation],
    jobs: Sequence[tuple[str, str, str, float | None]],
) -> None:
    """Invalidate entries and queue jobs (as `Queue.add_all` takes them), in one step.

    In two steps an entry could end cold.  Queued first, it may be refilled before it is invalidated.  Invalidated first, it is
    not queued if this process dies in between, and another has noted the message as handled.  Raises `CacheUnavailable`.
    """

    def build(pipe: Any) -> None:
        cache.add_invalidations(pipe, invalidations)
        queue.add_all(pipe, jobs)

    in_one_trip(cache.client, build, as_one=True)


def invalidate_all(
    cache: Cache,
    queue: Queue,
    query: Query,
    only: Callable[[Sequence[Entry]], Sequence[Entry]] = lambda entries: entries,
) -> int:
    """Invalidate and queue every entry of a query, and return their number.

    ``only`` selects from each batch of entries.  For events that change all packages, such as a new release.  Raises
    `CacheUnavailable`.
    """
    count = 0
    for batch in batched(cache.entries(*query.schema), BATCH):
        entries = only(batch)
        jobs = [(query.upstream, query.name, entry.package, None) for entry in entries]
        if jobs:
            invalidate_and_queue(cache, queue, [Invalidation(entry) for entry in entries], jobs)
        count += len(entries)
    return count


def invalidate_older_than(cache: Cache, queue: Queue, queries: Iterable[Query], before: float) -> int:
    """Invalidate and queue every entry with a value fetched before a timestamp, and return their number.

    For gaps that no replay can close.  Raises `CacheUnavailable`.
    """

    def old(entries: Sequence[Entry]) -> Sequence[Entry]:
        return [entry for entry, fetched in zip(entries, cache.oldest(entries), strict=True) if fetched < before]

    count = sum(invalidate_all(cache, queue, query, old) for query in queries)
    log.warning("%d entries that were cached before a gap are fetched again", count)
    return count


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield the items in lists of at most ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
