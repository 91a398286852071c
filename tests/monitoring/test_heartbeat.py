"""The watch: what workers say of themselves, and what that means for what is shown."""

import pytest

from fedora_packages.cache.redis import connect
from fedora_packages.errors import CacheUnavailable
from fedora_packages.monitoring import heartbeat as watch
from fedora_packages.monitoring.heartbeat import DEAD_AFTER, FORGOTTEN_AFTER, LOOK_EVERY, TOLERANCE, Watch


def test_a_beat_gives_the_time_of_the_one_before(client):
    assert [watch.beat(client, "one", at, at, {}) for at in (1.0, 2.0, 3.0)] == [None, 1.0, 2.0]


def test_the_newest_beat_comes_first(client):
    watch.beat(client, "one", 5.0, 5.0, {"inbox": 0})
    watch.beat(client, "two", 7.0, None, {})
    assert [(beat.worker, beat.until) for beat in watch.beats(client)] == [("two", None), ("one", 5.0)]


def test_a_worker_that_has_not_beaten_for_a_while_is_dead(client):
    watch.beat(client, "one", 100.0, 100.0, {})
    (beat,) = watch.beats(client)
    assert (beat.is_alive(100 + DEAD_AFTER - 1), beat.is_alive(100 + DEAD_AFTER)) == (True, False)


def test_what_one_worker_has_not_missed_nobody_has(client):
    watch.beat(client, "one", 9.0, 3.0, {})
    watch.beat(client, "two", 9.0, 8.0, {})
    watch.beat(client, "three", 9.0, None, {})
    assert watch.until(watch.beats(client)) == 8.0


def test_workers_long_gone_are_forgotten_but_for_the_last(client):
    watch.beat(client, "older", 10.0, 10.0, {})
    watch.beat(client, "old", 20.0, 20.0, {})
    watch.forget_the_gone(client, 30.0 + FORGOTTEN_AFTER)
    assert [beat.worker for beat in watch.beats(client)] == ["old"]


@pytest.fixture
def now():
    return [1000.0]


@pytest.fixture
def seen(client, now):
    return Watch(client, clock=lambda: now[0])


def test_while_a_worker_misses_nothing_all_is_well(client, seen):
    watch.beat(client, "one", 1000.0, 1000.0, {})
    assert seen.broken_since() is None


def test_without_any_worker_nobody_has_ever_listened(seen):
    assert seen.broken_since() == 0.0


@pytest.mark.parametrize(("after", "broken"), [(TOLERANCE, None), (TOLERANCE + 1, 1000.0)])
def test_it_is_told_since_when_changes_may_be_missing(client, seen, now, after, broken):
    watch.beat(client, "one", 1000.0, 1000.0, {})
    now[0] += after
    assert seen.broken_since() == broken


def test_a_worker_that_lives_and_has_a_gap_to_close_is_no_better(client, seen):
    watch.beat(client, "one", 1000.0, 400.0, {})
    assert seen.broken_since() == 400.0


def test_redis_is_asked_at_most_once_in_a_while(client, seen, now, monkeypatch):
    watch.beat(client, "one", 1000.0, 1000.0, {})
    asked = []
    beats = watch.beats
    monkeypatch.setattr(watch, "beats", lambda client: asked.append(1) or beats(client))
    for now[0] in (1000.0, 1000.0 + LOOK_EVERY / 2, 1000.0 + LOOK_EVERY):
        seen.broken_since()
    assert len(asked) == 2


def test_with_redis_away_nothing_is_said():
    away = connect("redis://127.0.0.1:1", timeout=0.2)
    assert Watch(away).broken_since() is None
    with pytest.raises(CacheUnavailable):
        watch.beats(away)
