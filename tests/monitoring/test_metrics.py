"""Metrics: counted in memory, added to Redis, read by other processes."""

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.redis import connect
from fedora_packages.monitoring.metrics import BOUNDS, FLUSH_EVERY, RECENT, SLOT, MetricName, Metrics, recent, total


@pytest.fixture
def now():
    return [10_000.0]


@pytest.fixture
def metrics(client, now):
    return Metrics(client, clock=lambda: now[0])


def test_what_was_counted_is_added_up_over_processes(client, metrics, now):
    other = Metrics(client, clock=lambda: now[0])
    for process in (metrics, other):
        process.count("hits", "koji.builds", by=2)
        process.flush()
    assert total(client).count("hits", "koji.builds") == 4


def test_what_was_never_counted_is_none_at_all(client):
    assert (total(client).count("hits"), total(client).durations("sent to fresh").percentile(0.5)) == (0, None)


def test_nothing_is_added_before_it_is_time(client, metrics, now):
    metrics.count("hits")
    metrics.flush_if_due()
    assert total(client).count("hits") == 0
    now[0] += FLUSH_EVERY
    metrics.flush_if_due()
    assert total(client).count("hits") == 1


def test_a_percentile_is_the_bound_that_so_many_did_not_exceed(client, metrics):
    for seconds in (0.0005, 0.004, 0.004, 0.2):
        metrics.observe("sent to fresh", "", seconds)
    metrics.flush()
    found = total(client).durations("sent to fresh")
    assert (found.count, found.percentile(0.25), found.percentile(0.5), found.percentile(1)) == (4, 0.001, 0.005, 0.25)
    assert found.sum == pytest.approx(0.2085)


@pytest.mark.parametrize(
    ("seconds", "bound"), [(BOUNDS[3], BOUNDS[3]), (BOUNDS[-1] + 1, float("inf")), (0.0, BOUNDS[0])]
)
def test_a_bound_belongs_to_its_bucket(client, metrics, seconds, bound):
    metrics.observe("sent to fresh", "", seconds)
    metrics.flush()
    assert total(client).durations("sent to fresh").percentile(1) == bound


def test_ages_of_wrong_values_have_bounds_of_their_own(client, metrics):
    for age in (60, 61, 301, 601, 9999):
        metrics.observe("wrong for", "koji.builds|sweep", age)
    metrics.flush()
    ages = total(client).durations("wrong for", "koji.builds|sweep")
    assert [ages.longer_than(bound) for bound in (60.0, 300.0, 600.0)] == [4, 3, 2]
    assert (ages.count, ages.percentile(0.2), ages.percentile(1)) == (5, 60.0, float("inf"))


def test_what_is_old_is_not_lately(client, metrics, now):
    metrics.count("hits")
    metrics.flush()
    assert recent(client, now[0] + RECENT).count("hits") == 1
    assert recent(client, now[0] + RECENT + 2 * SLOT).count("hits") == 0


def test_what_was_lately_is_forgotten_in_time(client, metrics):
    metrics.count("hits")
    metrics.flush()
    (key,) = [key for key in client.keys("fp:{metrics}:*") if key != keys.METRICS_TOTAL.encode()]
    assert RECENT < client.ttl(key) <= RECENT + 2 * SLOT


def test_with_redis_away_it_is_kept_for_later(client, metrics):
    away = connect("redis://127.0.0.1:1", timeout=0.2)
    metrics.count("hits")
    metrics.observe("sent to fresh", "", 0.002)
    metrics.client = away
    metrics.flush()
    metrics.client = client
    metrics.flush()
    assert (total(client).count("hits"), total(client).durations("sent to fresh").count) == (1, 1)


def test_the_number_of_different_counts_kept_is_bounded(client, now):
    bounded = Metrics(connect("redis://127.0.0.1:1", timeout=0.2), clock=lambda: now[0], max_pending=3)
    for number in range(10):
        bounded.count("hits", str(number))
    bounded.flush()
    bounded.client = client
    bounded.flush()
    assert [total(client).count("hits", str(number)) for number in range(5)] == [1, 1, 1, 0, 0]


def test_an_unknown_name_is_an_error(metrics):
    with pytest.raises(ValueError, match="made up"):
        metrics.count("made up")
    with pytest.raises(ValueError, match="made up"):
        metrics.observe("made up", "", 0.1)


def test_the_names_of_metrics_have_no_separator_of_redis_fields():
    assert [name for name in MetricName if "|" in name] == []


@pytest.mark.parametrize(("kind", "name"), [("unavailable", "requests unavailable"), ("invalid", "requests invalid")])
def test_a_failed_request_is_counted_by_its_kind(client, metrics, kind, name):
    metrics.observe_request("koji", "answered", 0.1)
    metrics.observe_request("koji", kind, 1.0)
    metrics.observe_request("koji", "some other kind", 1.0)
    metrics.flush()
    counts = total(client)
    assert (counts.durations("requests", "koji").count, counts.count(name, "koji")) == (3, 1)
