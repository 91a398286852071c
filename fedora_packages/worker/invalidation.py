"""Invalidate entries and queue their refills, in one step: one entry, some, or all of a query."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from itertools import islice
from typing import Any

from fedora_packages.cache.redis import in_one_trip, redis_errors
from fedora_packages.cache.values import Entry, Invalidation
from fedora_packages.connectors.query import Query
from fedora_packages.service import Service

#: Entries invalidated in one step: Redis must not be kept from answering pages for long.
BATCH = 200


def is_wanted(query: Query, name: str, known: Set[str]) -> bool:
    """Whether a value is to be there although nobody has asked for it yet: of known packages, unless it is costly to make."""
    return name in known and not query.declaration.is_lazy


def invalidate_and_queue(
    service: Service, taken: Sequence[Invalidation], jobs: Sequence[tuple[str, str, str, float | None]]
) -> None:
    """Invalidate entries and queue their refills, in one step.

    Queued first, an entry could be refilled before it is invalidated, and would stay cold; invalidated first, it would stay
    cold if whoever does it died in between, and another had noted the message as handled.  Raises `CacheUnavailable`.
    """

    def build(pipe: Any) -> None:
        service.cache.add_invalidations(pipe, taken)
        service.queue.add_all(pipe, jobs)

    in_one_trip(service.client, build, as_one=True)


def invalidate_all(
    service: Service, query: Query, only: Callable[[Sequence[Entry]], Sequence[Entry]] = lambda entries: entries
) -> int:
    """Invalidate and queue every entry of a query, or those of each batch that ``only`` gives; returns how many those are.

    For what touches all packages at once, such as a new release.  Raises `CacheUnavailable`.
    """
    pattern = query.entry("*").key
    before, after = pattern.split("*")
    count = 0
    with redis_errors():
        for batch in batched(service.client.scan_iter(match=pattern, count=1000), BATCH):
            names = [key.decode().removeprefix(before).removesuffix(after) for key in batch]
            entries = only([query.entry(name) for name in names])
            jobs = [(query.upstream, query.name, entry.package, None) for entry in entries]
            if jobs:
                invalidate_and_queue(service, [Invalidation(entry) for entry in entries], jobs)
            count += len(entries)
    return count


def invalidate_older_than(service: Service, before: float) -> int:
    """Invalidate and queue every entry with a value that was fetched before a moment; returns how many those are.

    For when messages are missing that nobody can replay.  Raises `CacheUnavailable`.
    """

    def old(entries: Sequence[Entry]) -> Sequence[Entry]:
        return [
            entry for entry, fetched in zip(entries, service.cache.oldest(entries), strict=True) if fetched < before
        ]

    return sum(invalidate_all(service, query, old) for query in service.queries.values())


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield the items in lists of at most ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
