"""The change feed: which changes are in it, and which cursors are valid."""

import pytest

from fedora_packages.cache import changefeed, keys
from fedora_packages.cache.cache import Cache
from fedora_packages.cache.fill_types import Outcome, Policy
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


def fed(client, cursor: str, count: int = 100) -> list[tuple[str, str, str]]:
    return [
        (change.query, change.package, change.variant) for change in changefeed.since(client, cursor, count).changes
    ]


def test_a_value_that_differs_from_the_one_before_is_fed_and_no_other(client, cache):
    cursor = changefeed.current(client).cursor
    put(cache, {"total": 1})
    put(cache, {"total": 1})
    put(cache, {"total": 2})
    put(cache, {"total": 1}, OTHER, "f45")
    put(cache, {"total": 1}, OTHER, "rawhide")
    assert fed(client, cursor) == [
        ("koji.builds", "guake", ""),
        ("koji.builds", "guake", ""),
        ("mdapi.files", "guake", "f45"),
        ("mdapi.files", "guake", "rawhide"),
    ]


def test_an_answer_that_is_not_stored_is_not_fed(client, cache):
    put(cache, {"total": 1})
    cursor = changefeed.current(client).cursor
    opened = cache.open(ENTRY)
    cache.invalidate([Invalidation(ENTRY)])
    cache.fill(source(ENTRY, {"total": 2}), Policy.CHECK, opened)
    cache.fill(source(ENTRY, {"total": 1}), Policy.MISS)
    assert fed(client, cursor) == []


def test_a_dropped_variant_is_fed_when_it_comes_again(client, cache):
    put(cache, {"total": 1}, OTHER, "f45")
    cursor = changefeed.current(client).cursor
    cache.drop(OTHER, "f45")
    put(cache, {"total": 1}, OTHER, "f45")
    assert fed(client, cursor) == [("mdapi.files", "guake", "f45")]


def test_a_client_reads_every_change_once_and_in_order(client, cache):
    cursor, read = changefeed.current(client).cursor, []
    for number in range(7):
        put(cache, {"total": number}, Entry("koji.builds", f"package{number}", 1))
    while True:
        found = changefeed.since(client, cursor, 3)
        cursor, read = found.cursor, read + [change.package for change in found.changes]
        if not found.more:
            break
    assert (read, changefeed.since(client, cursor, 3).cursor) == ([f"package{number}" for number in range(7)], cursor)


def test_a_cursor_is_valid_until_a_change_after_it_is_trimmed(client):
    cache = Cache(client, "worker", max_changes=200)
    first = changefeed.current(client).cursor
    for number in range(150):
        put(cache, number)
    middle = changefeed.current(client).cursor
    assert len(fed(client, first, 1000)) == 150
    for number in range(200):
        put(cache, number)
    with pytest.raises(changefeed.CursorTooOld, match="first of them are gone"):
        changefeed.since(client, first, 10, max_changes=200)
    assert len(fed(client, middle, 1000)) == 200


def test_a_cursor_of_data_that_was_lost_is_refused(client, cache):
    put(cache, {"total": 1})
    cursor = changefeed.current(client).cursor
    client.flushall()
    with pytest.raises(changefeed.CursorTooOld, match="before Redis lost its data"):
        changefeed.since(client, cursor, 10)


def test_a_cursor_from_beyond_the_data_that_redis_fell_back_to_is_refused(client, cache):
    put(cache, {"total": 1})
    stream = client.dump(keys.CHANGES)
    put(cache, {"total": 2})
    cursor = changefeed.current(client).cursor
    client.restore(keys.CHANGES, 0, stream, replace=True)
    with pytest.raises(changefeed.CursorTooOld, match="fallen back"):
        changefeed.since(client, cursor, 10)


def test_a_client_from_the_very_beginning_misses_nothing(client, cache):
    cursor = changefeed.current(client).cursor
    assert (changefeed.since(client, cursor, 10).changes, changefeed.current(client).cursor) == ((), cursor)
    put(cache, {"total": 1})
    assert len(fed(client, cursor)) == 1
