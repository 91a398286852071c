"""A fill by each of its policies: whether the upstream is asked, and what is stored."""

import pytest

from fedora_packages.cache.cache import Cache
from fedora_packages.cache.fill_types import Fill, Outcome, Policy
from fedora_packages.cache.values import Entry, Invalidation
from fedora_packages.errors import UpstreamUnavailable
from tests.filling import put, source

ENTRY = Entry("koji.builds", "guake", 1)
EVENT = {"id": "2026-1", "topic": "buildsys.tag", "sent": 990.0}
OTHER_EVENT = {**EVENT, "id": "2026-2", "sent": 995.0}

STORING = [Policy.MISS, Policy.REFILL, Policy.LAST_REFILL, Policy.RECHECK, Policy.CHECK]


@pytest.fixture
def queued():
    """The entries whose fills were superseded, or lag behind a page."""
    return []


@pytest.fixture
def cache(client, queued):
    return Cache(client, "web", wait=0.2, queue_refill=queued.append, clock=lambda: 1000.0)


def read(cache):
    (cached,) = cache.read([(ENTRY, "")])
    return cached


def expect(cache, state=7):
    """Invalidate the entry with an event that says which value the upstream returns from now on."""
    cache.invalidate([Invalidation(ENTRY, EVENT, [(990.0, {"about": "it", "value": state})], make=True)])


def reflects(value, expected):
    return all(value >= state["value"] for state in expected)


def fill(cache, value, policy, opened=None, **more) -> Fill:
    return cache.fill(source(ENTRY, value, **more), policy, opened)


def down():
    raise UpstreamUnavailable("koji", "listBuilds of 'guake'", "no answer within 10 s")


@pytest.mark.parametrize("policy", STORING)
def test_a_missing_value_is_fetched_and_stored(cache, policy):
    filled = fill(cache, 1, policy)
    assert (filled.outcome, filled.after.value, filled.after.state) == (Outcome.STORED, 1, "fresh")
    assert read(cache).value == 1


@pytest.mark.parametrize(
    ("policy", "value"),
    [(Policy.MISS, 1), (Policy.REFILL, 1), (Policy.LAST_REFILL, 1), (Policy.RECHECK, 2), (Policy.CHECK, 2)],
)
def test_a_current_value_is_kept_by_misses_and_refills_alone(cache, policy, value):
    put(cache, ENTRY, 1)
    filled = fill(cache, 2, policy)
    assert (filled.after.value, read(cache).value) == (value, value)
    assert (filled.outcome is Outcome.CURRENT) == (value == 1)


@pytest.mark.parametrize("policy", STORING)
def test_an_invalidation_during_the_fetch_supersedes_the_fill(cache, queued, policy):
    def superseded():
        cache.invalidate([Invalidation(ENTRY)])
        return 1

    filled = fill(cache, superseded, policy)
    assert (filled.outcome, filled.after.state, read(cache).is_known) == (Outcome.SUPERSEDED, "refreshing", False)
    assert queued == [ENTRY]


@pytest.mark.parametrize("policy", STORING)
def test_a_failure_is_noted_and_raised(cache, policy):
    with pytest.raises(UpstreamUnavailable):
        fill(cache, down, policy)
    assert read(cache).state == "failing"


@pytest.mark.parametrize(
    ("policy", "is_stored", "is_queued"),
    [
        (Policy.MISS, False, True),
        (Policy.REFILL, False, False),
        (Policy.LAST_REFILL, True, False),
        (Policy.RECHECK, True, False),
        (Policy.CHECK, False, False),
    ],
)
def test_a_lagging_answer_is_stored_by_the_last_refill_and_by_rechecks_alone(
    cache, queued, policy, is_stored, is_queued
):
    expect(cache, 7)
    filled = fill(cache, 6, policy, reflects=reflects)
    assert filled.outcome is (Outcome.STORED if is_stored else Outcome.LAGGING)
    assert (filled.is_reflected, filled.after.value) == (False, 6)
    assert (read(cache).is_fresh, bool(queued)) == (is_stored, is_queued)


@pytest.mark.parametrize("policy", STORING)
def test_an_answer_that_reflects_the_expected_state_is_stored(cache, policy):
    expect(cache, 7)
    filled = fill(cache, 7, policy, reflects=reflects)
    assert (filled.outcome, filled.is_reflected, read(cache).value) == (Outcome.STORED, True, 7)


def test_a_refill_says_of_a_current_value_whether_it_reflects_the_expected_state(cache):
    expect(cache, 7)
    put(cache, ENTRY, 6)
    kept = fill(cache, 7, Policy.REFILL, reflects=reflects)
    assert (kept.outcome, kept.is_reflected, kept.after.value) == (Outcome.CURRENT, False, 6)


@pytest.mark.parametrize("policy", STORING)
def test_the_stamp_names_the_event_that_invalidated_the_entry(cache, policy):
    expect(cache, 7)
    assert fill(cache, 7, policy).after.stamp.event == EVENT


def test_a_check_of_a_fresh_value_keeps_the_event_of_its_stamp(cache):
    cache.invalidate([Invalidation(ENTRY, EVENT, make=True)])
    put(cache, ENTRY, 1)
    assert fill(cache, 2, Policy.CHECK).after.stamp.event == EVENT


def test_a_check_returns_what_the_cache_had(cache):
    put(cache, ENTRY, 1)
    cache.invalidate([Invalidation(ENTRY, EVENT)])
    before = fill(cache, 2, Policy.CHECK).before
    assert (before.state, before.value) == ("refreshing", 1)


def test_a_check_that_confirms_a_lagging_value_renews_its_stamp(client):
    now = [1000.0]
    cache = Cache(client, "worker", clock=lambda: now[0])
    expect(cache, 7)
    put(cache, ENTRY, 6)
    now[0] = 1001.0
    assert fill(cache, 6, Policy.CHECK, reflects=reflects).outcome is Outcome.STORED
    assert read(cache).stamp.fetched == 1001.0


def test_a_refill_compares_where_no_message_says_what_a_value_must_show(cache):
    put(cache, ENTRY, 1)
    cache.invalidate([Invalidation(ENTRY, EVENT)])
    assert fill(cache, 1, Policy.REFILL).before.value == 1
    cache.invalidate([Invalidation(ENTRY, OTHER_EVENT)])
    assert fill(cache, 1, Policy.REFILL, reflects=reflects).before is None


def test_variants_of_an_entry_that_was_opened_once_are_all_superseded_by_one_invalidation(cache):
    opened = cache.open(ENTRY)
    assert fill(cache, 1, Policy.REFILL, opened, variant="f44").outcome is Outcome.STORED
    cache.invalidate([Invalidation(ENTRY)])
    assert fill(cache, 1, Policy.REFILL, opened, variant="f45").outcome is Outcome.SUPERSEDED


def test_without_the_cache_the_upstream_is_asked_and_redis_is_not_touched(cache, client):
    put(cache, ENTRY, 1)
    before = {key: client.dump(key) for key in client.scan_iter()}
    filled = fill(cache, 2, Policy.UNCACHED)
    assert (filled.outcome, filled.after.value, filled.after.state) == (Outcome.UNCACHED, 2, "fresh")
    with pytest.raises(UpstreamUnavailable):
        fill(cache, down, Policy.UNCACHED)
    assert {key: client.dump(key) for key in client.scan_iter()} == before


def test_a_fill_is_stamped_with_the_seconds_that_the_upstream_took(cache):
    filled = fill(cache, 1, Policy.MISS)
    assert filled.took == read(cache).stamp.took >= 0


def test_a_value_ends_the_failure_before_it_for_good(cache):
    with pytest.raises(UpstreamUnavailable):
        fill(cache, down, Policy.MISS)
    fill(cache, 1, Policy.MISS)
    cache.invalidate([Invalidation(ENTRY)])
    # A failure that was kept would be read again once its value is not current any more.
    assert (read(cache).state, read(cache).error_state) == ("refreshing", None)
