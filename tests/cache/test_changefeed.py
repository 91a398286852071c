"""The stream of changes: what is told in it, and which cursors are good."""

import pytest

from fedora_packages.cache import changefeed as changes
from fedora_packages.cache import keys
from fedora_packages.cache.fill import Outcome, Policy
from fedora_packages.cache.protocol import Cache
from fedora_packages.cache.values import Entry, Invalidation
from tests.filling import source

ENTRY = Entry("koji.builds", "guake", 1)
OTHER = Entry("mdapi.files", "guake", 1)


@pytest.fixture
def cache(client) -> Cache:
    return Cache(client, "worker")


def put(cache: Cache, value, entry: Entry = ENTRY, variant: str = "") -> None:
    """Invalidate, fetch and store, as a refill does."""
    cache.invalidate([Invalidation(entry, make=True)])
    assert cache.fill(source(entry, value, variant), Policy.REFILL).outcome is Outcome.STORED


def told(client, cursor: str, count: int = 100) -> list[tuple[str, str, str]]:
    return [(change.query, change.package, change.variant) for change in changes.since(client, cursor, count).changes]


def test_a_value_is_told_of_when_it_is_another_than_before_and_only_then(client, cache):
    cursor = changes.current(client).cursor
    put(cache, {"total": 1})
    put(cache, {"total": 1})
    put(cache, {"total": 2})
    put(cache, {"total": 1}, OTHER, "f45")
    put(cache, {"total": 1}, OTHER, "rawhide")
    assert told(client, cursor) == [
        ("koji.builds", "guake", ""),
        ("koji.builds", "guake", ""),
        ("mdapi.files", "guake", "f45"),
        ("mdapi.files", "guake", "rawhide"),
    ]


def test_what_is_not_stored_is_not_told_of(client, cache):
    put(cache, {"total": 1})
    cursor = changes.current(client).cursor
    opened = cache.open(ENTRY)
    cache.invalidate([Invalidation(ENTRY)])
    cache.fill(source(ENTRY, {"total": 2}), Policy.CHECK, opened)
    cache.fill(source(ENTRY, {"total": 1}), Policy.MISS)
    assert told(client, cursor) == []


def test_a_variant_that_was_dropped_is_told_of_when_it_comes_again(client, cache):
    put(cache, {"total": 1}, OTHER, "f45")
    cursor = changes.current(client).cursor
    cache.drop(OTHER, "f45")
    put(cache, {"total": 1}, OTHER, "f45")
    assert told(client, cursor) == [("mdapi.files", "guake", "f45")]


def test_a_follower_reads_every_change_once_in_their_order(client, cache):
    cursor, read = changes.current(client).cursor, []
    for number in range(7):
        put(cache, {"total": number}, Entry("koji.builds", f"package{number}", 1))
    while True:
        found = changes.since(client, cursor, 3)
        cursor, read = found.cursor, read + [change.package for change in found.changes]
        if not found.more:
            break
    assert (read, changes.since(client, cursor, 3).cursor) == ([f"package{number}" for number in range(7)], cursor)


def test_a_cursor_is_good_until_what_came_after_it_is_trimmed(client):
    cache = Cache(client, "worker", max_changes=200)
    first = changes.current(client).cursor
    for number in range(150):
        put(cache, number)
    middle = changes.current(client).cursor
    assert len(told(client, first, 1000)) == 150
    for number in range(200):
        put(cache, number)
    with pytest.raises(changes.CursorTooOld, match="not kept any more"):
        changes.since(client, first, 10, kept=200)
    assert len(told(client, middle, 1000)) == 200


def test_a_cursor_of_data_that_was_lost_is_refused(client, cache):
    put(cache, {"total": 1})
    cursor = changes.current(client).cursor
    client.flushall()
    with pytest.raises(changes.CursorTooOld, match="has been lost since"):
        changes.since(client, cursor, 10)


def test_a_cursor_from_beyond_the_data_that_redis_fell_back_to_is_refused(client, cache):
    put(cache, {"total": 1})
    stream = client.dump(keys.CHANGES)
    put(cache, {"total": 2})
    cursor = changes.current(client).cursor
    client.restore(keys.CHANGES, 0, stream, replace=True)
    with pytest.raises(changes.CursorTooOld, match="fallen back"):
        changes.since(client, cursor, 10)


def test_a_follower_from_the_very_beginning_misses_nothing(client, cache):
    cursor = changes.current(client).cursor
    assert (changes.since(client, cursor, 10).changes, changes.current(client).cursor) == ((), cursor)
    put(cache, {"total": 1})
    assert len(told(client, cursor)) == 1
