"""Figures: counted in memory, added to Redis, read by others."""

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.redis import connect
from fedora_packages.monitoring import metrics as metrics
from fedora_packages.monitoring.metrics import BOUNDS, RECENT, SLOT, Metrics, recent, total


@pytest.fixture
def now():
    return [10_000.0]


@pytest.fixture
def counted(client, now):
    return Metrics(client, clock=lambda: now[0])


def test_what_was_counted_is_added_up_over_processes(client, counted, now):
    other = Metrics(client, clock=lambda: now[0])
    for process in (counted, other):
        process.count("hits", "koji.builds", by=2)
        process.flush()
    assert (total(client).count("hits", "koji.builds"), total(client).labels("hits")) == (4, ["koji.builds"])


def test_what_was_never_counted_is_none_at_all(client):
    assert (total(client).count("hits"), total(client).durations("lag").percentile(0.5)) == (0, None)


def test_nothing_is_added_before_it_is_time(client, counted, now):
    counted.count("hits")
    counted.flush_if_due()
    assert total(client).count("hits") == 0
    now[0] += metrics.EVERY
    counted.flush_if_due()
    assert total(client).count("hits") == 1


def test_a_percentile_is_the_bound_that_so_many_did_not_exceed(client, counted):
    for seconds in (0.0005, 0.004, 0.004, 0.2):
        counted.observe("lag", "", seconds)
    counted.flush()
    found = total(client).durations("lag")
    assert (found.count, found.percentile(0.25), found.percentile(0.5), found.percentile(1)) == (4, 0.001, 0.005, 0.25)
    assert found.sum == pytest.approx(0.2085)


@pytest.mark.parametrize(
    ("seconds", "bound"), [(BOUNDS[3], BOUNDS[3]), (BOUNDS[-1] + 1, float("inf")), (0.0, BOUNDS[0])]
)
def test_a_bound_belongs_to_its_bucket(client, counted, seconds, bound):
    counted.observe("lag", "", seconds)
    counted.flush()
    assert total(client).durations("lag").percentile(1) == bound


def test_what_is_old_is_not_lately(client, counted, now):
    counted.count("hits")
    counted.flush()
    assert recent(client, now[0] + RECENT).count("hits") == 1
    assert recent(client, now[0] + RECENT + 2 * SLOT).count("hits") == 0


def test_what_was_lately_is_forgotten_in_time(client, counted):
    counted.count("hits")
    counted.flush()
    (key,) = [key for key in client.keys("fp:{metrics}:*") if key != keys.METRICS_TOTAL.encode()]
    assert RECENT < client.ttl(key) <= RECENT + 2 * SLOT


def test_with_redis_away_it_is_kept_for_later(client, counted):
    away = connect("redis://127.0.0.1:1", timeout=0.2)
    counted.count("hits")
    counted.observe("lag", "", 0.002)
    counted._client = away
    counted.flush()
    counted._client = client
    counted.flush()
    assert (total(client).count("hits"), total(client).durations("lag").count) == (1, 1)


def test_how_many_different_figures_are_kept_is_bounded(counted, monkeypatch):
    monkeypatch.setattr(metrics, "KEPT", 3)
    for number in range(10):
        counted.count("made up", str(number))
    assert len(counted._counts) == 3


def test_a_request_that_failed_is_counted_as_what_it_was(client, counted):
    counted.asked("koji", "answered", 0.1)
    counted.asked("koji", "silent", 1.0)
    counted.flush()
    found = total(client)
    assert (found.durations("requests", "koji").count, found.count("requests silent", "koji")) == (2, 1)
