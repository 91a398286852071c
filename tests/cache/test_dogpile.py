"""dogpile's own ways to an entry keep the protocol too, and the lock of a fill."""

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.cache import Cache
from fedora_packages.cache.dogpile import StaleFill
from fedora_packages.cache.values import Entry, Invalidation, Stamp, StampedValue
from fedora_packages.errors import FillInProgress
from tests.filling import put

ENTRY = Entry("koji.builds", "guake", 1)
NAME = keys.variant_of(ENTRY.key, "")


@pytest.fixture
def cache(client):
    return Cache(client, "web", wait=0.05)


def read(cache):
    (cached,) = cache.read([(ENTRY, "")])
    return cached


def test_a_deletion_is_an_invalidation(cache):
    put(cache, ENTRY, 1)
    cache.region.delete(NAME)
    assert (read(cache).state, read(cache).value) == ("refreshing", 1)


def test_a_value_of_an_entry_invalidated_since_is_refused(cache):
    filled = StampedValue(cache.open(ENTRY).generation, 1, Stamp(1000.0, 0.1, "koji", "web"))
    cache.region.set(NAME, filled)
    assert read(cache).value == 1
    cache.invalidate([Invalidation(ENTRY)])
    with pytest.raises(StaleFill):
        cache.region.set(NAME, filled)
    assert read(cache).state == "refreshing"


def test_a_lock_is_held_by_one_and_waited_for_within_a_limit(cache):
    first, second = cache.backend.get_mutex(NAME), cache.backend.get_mutex(NAME)
    assert (first.acquire(), first.locked(), second.acquire(wait=False)) == (True, True, False)
    with pytest.raises(FillInProgress, match="still holds .* after 0.05 s"):
        second.acquire()
    first.release()
    assert second.acquire(wait=False)


def test_a_lock_that_ran_out_is_given_back_without_an_error(cache, client, caplog):
    lock = cache.backend.get_mutex(NAME)
    lock.acquire()
    client.delete(keys.fill_lock(ENTRY.key, ""))
    lock.release()
    assert "fill:" in caplog.text


def test_a_lock_expires_with_a_process_that_dies(cache, client):
    cache.backend.get_mutex(NAME).acquire()
    assert 0 < client.ttl(keys.fill_lock(ENTRY.key, "")) <= 60
