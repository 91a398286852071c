"""Heartbeats of the workers, and what they mean for the values that pages show."""

import pytest

from fedora_packages.cache.redis import connect
from fedora_packages.errors import CacheUnavailable
from fedora_packages.monitoring.heartbeat import (
    DEAD_AFTER,
    FORGOTTEN_AFTER,
    READ_EVERY,
    TOLERANCE,
    FreshnessMonitor,
    caught_up_to,
    forget_old_heartbeats,
    heartbeats,
    write_heartbeat,
)


def test_a_heartbeat_returns_the_time_of_the_previous_one(client):
    assert [write_heartbeat(client, "one", at, at, {}) for at in (1.0, 2.0, 3.0)] == [None, 1.0, 2.0]


def test_the_newest_heartbeat_comes_first(client):
    write_heartbeat(client, "one", 5.0, 5.0, {"buffer": 0})
    write_heartbeat(client, "two", 7.0, None, {})
    assert [(heartbeat.worker, heartbeat.caught_up_to) for heartbeat in heartbeats(client)] == [
        ("two", None),
        ("one", 5.0),
    ]


def test_a_worker_without_a_recent_heartbeat_is_dead(client):
    write_heartbeat(client, "one", 100.0, 100.0, {})
    (heartbeat,) = heartbeats(client)
    assert (heartbeat.is_alive(100 + DEAD_AFTER - 1), heartbeat.is_alive(100 + DEAD_AFTER)) == (True, False)


def test_the_site_is_as_fresh_as_its_freshest_worker(client):
    write_heartbeat(client, "one", 9.0, 3.0, {})
    write_heartbeat(client, "two", 9.0, 8.0, {})
    write_heartbeat(client, "three", 9.0, None, {})
    assert caught_up_to(heartbeats(client)) == 8.0


def test_old_heartbeats_are_deleted_except_the_newest(client):
    write_heartbeat(client, "older", 10.0, 10.0, {})
    write_heartbeat(client, "old", 20.0, 20.0, {})
    forget_old_heartbeats(client, 30.0 + FORGOTTEN_AFTER)
    assert [heartbeat.worker for heartbeat in heartbeats(client)] == ["old"]


@pytest.fixture
def now():
    return [1000.0]


@pytest.fixture
def seen(client, now):
    return FreshnessMonitor(client, clock=lambda: now[0])


def test_while_a_worker_is_caught_up_values_are_fresh(client, seen):
    write_heartbeat(client, "one", 1000.0, 1000.0, {})
    assert seen.broken_since() is None


def test_without_any_worker_no_value_is_fresh(seen):
    assert seen.broken_since() == 0.0


@pytest.mark.parametrize(("after", "broken"), [(TOLERANCE, None), (TOLERANCE + 1, 1000.0)])
def test_changes_may_be_missing_since_the_worker_was_caught_up(client, seen, now, after, broken):
    write_heartbeat(client, "one", 1000.0, 1000.0, {})
    now[0] += after
    assert seen.broken_since() == broken


def test_a_live_worker_with_a_gap_is_not_caught_up(client, seen):
    write_heartbeat(client, "one", 1000.0, 400.0, {})
    assert seen.broken_since() == 400.0


def test_redis_is_read_at_most_once_in_a_while(client, seen, now):
    write_heartbeat(client, "one", 1000.0, 1000.0, {})
    assert seen.broken_since() is None
    write_heartbeat(client, "one", 1000.0, 400.0, {})
    now[0] += READ_EVERY / 2
    assert seen.broken_since() is None
    now[0] += READ_EVERY / 2
    assert seen.broken_since() == 400.0


def test_without_redis_the_monitor_reports_nothing_and_reading_fails():
    away = connect("redis://127.0.0.1:1", timeout=0.2)
    assert FreshnessMonitor(away).broken_since() is None
    with pytest.raises(CacheUnavailable):
        heartbeats(away)
