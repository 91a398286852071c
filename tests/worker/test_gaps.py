"""Gaps: what hints at them, what closes them, and up to when nothing was missed."""

import threading
import time

import pytest

from fedora_packages.cache import keys
from fedora_packages.errors import UpstreamUnavailable
from fedora_packages.worker.gaps import AGAIN, HINT_PAUSE, MAX_HINT_PAUSE, POLL_INTERVAL
from tests.filling import put
from tests.upstream import Answer
from tests.worker.parts import make_gaps, make_replay

BEGAN = 1_000_000.0


@pytest.fixture
def now():
    return [BEGAN]


@pytest.fixture
def handled():
    return []


@pytest.fixture
def gaps(service, now, handled):
    replay = make_replay(service, handled.extend, clock=lambda: now[0])
    return make_gaps(service, replay, threading.Event(), clock=lambda: now[0])


@pytest.fixture
def archive(upstream):
    upstream.says("/raw", {"raw_messages": [], "pages": 0})


def test_after_the_start_nothing_is_known_before_the_first_replay(gaps, client):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", BEGAN - 500)
    assert gaps.caught_up_to(BEGAN) == BEGAN - 500


def test_a_gap_that_is_closed_leaves_nothing_missed(gaps, archive, now):
    gaps.close(gaps.hints)
    now[0] += 7
    assert gaps.caught_up_to(now[0]) == now[0]


def test_a_hint_holds_the_moment_until_the_next_replay(gaps, archive, now):
    gaps.close(gaps.hints)
    assert gaps.caught_up_to(BEGAN) == BEGAN
    gaps.suspect("a hole")
    now[0] += 7
    assert gaps.caught_up_to(now[0]) == BEGAN
    gaps.close(gaps.hints)
    assert gaps.caught_up_to(now[0]) == now[0]


def test_a_hint_that_came_during_a_replay_is_not_closed_by_it(gaps, archive, now):
    hints = gaps.hints
    gaps.suspect("a hole")
    gaps.close(hints)
    now[0] += 7
    assert gaps.caught_up_to(now[0]) == BEGAN


def test_while_the_bus_is_cut_it_is_as_far_as_the_archive_was_read(gaps, archive, now):
    gaps.close(gaps.hints)
    gaps.connected(False)
    now[0] += 10
    gaps.close(gaps.hints)
    now[0] += 5
    assert gaps.caught_up_to(now[0]) == BEGAN + 10


def test_while_the_bus_is_cut_the_archive_is_read_every_few_seconds(gaps):
    gaps.connected(False)
    assert gaps._next(0, False) == POLL_INTERVAL


def test_a_bus_that_comes_back_is_a_hint(gaps, archive):
    gaps.connected(False)
    gaps.close(gaps.hints)
    gaps.connected(True)
    assert (gaps.is_closed, gaps.reason) == (False, "the bus was disconnected, and is connected again")


def test_a_bus_that_stays_as_it_is_hints_at_nothing(gaps, archive):
    gaps.close(gaps.hints)
    gaps.connected(True)
    assert gaps.is_closed


def test_a_redis_that_fell_back_is_behind_to_its_mark(gaps, archive, client, now):
    gaps.close(gaps.hints)
    gaps.caught_up_to(BEGAN)
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", BEGAN - 900)
    gaps.suspect("Redis has lost data", lost_since=True)
    assert gaps.caught_up_to(BEGAN) == BEGAN - 900


def test_after_a_hint_the_archive_is_read_again_soon_since_it_may_hear_later(gaps):
    delays = [gaps._next(0, False) for _ in range(3)]
    assert delays == [*AGAIN, 300.0]


def test_hints_that_were_false_are_followed_more_slowly(gaps):
    pauses = []
    for found, is_hinted in ((0, True), (0, True), (5, True), (0, True), (0, False)):
        gaps._next(found, is_hinted)
        pauses.append(gaps._pause / HINT_PAUSE)
    assert pauses == [2, 4, 1, 2, 1]


def test_however_many_hints_are_false_the_next_is_followed_soon(gaps):
    for _ in range(50):
        gaps._next(0, True)
    assert gaps._pause == MAX_HINT_PAUSE


def test_what_was_missed_is_handled(gaps, client, upstream, handled):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", BEGAN - 100)
    upstream.says("/raw", {"raw_messages": [{"msg_id": "id-1"}], "pages": 1})
    assert (gaps.close(gaps.hints), handled[0]) == (1, {"msg_id": "id-1"})


def test_an_archive_that_is_down_leaves_the_gap_open(gaps, client, upstream, now):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", BEGAN - 100)
    upstream.answers["/raw"] = Answer(b"", 502)
    with pytest.raises(UpstreamUnavailable):
        gaps.close(gaps.hints)
    now[0] += 60
    assert gaps.caught_up_to(now[0]) == BEGAN - 100


def test_without_an_archive_what_was_cached_before_is_not_trusted(service, now):
    query = service.queries["koji.builds"]
    service.cache.clock = lambda: BEGAN - 10
    put(service.cache, query.entry("guake"), 1)
    gaps = make_gaps(service, None, threading.Event(), clock=lambda: now[0])
    gaps.close(gaps.hints)
    (cached,) = service.cache.read([(query.entry("guake"), "")])
    assert (cached.state, gaps.caught_up_to(BEGAN)) == ("refreshing", BEGAN)


def test_without_an_archive_nothing_is_known_while_the_bus_is_away(service, now):
    gaps = make_gaps(service, None, threading.Event(), clock=lambda: now[0])
    gaps.close(gaps.hints)
    gaps.connected(False)
    now[0] += 60
    gaps.close(gaps.hints)
    assert (gaps.is_closed, gaps.caught_up_to(now[0])) == (False, BEGAN)
    gaps.connected(True)
    gaps.close(gaps.hints)
    assert (gaps.is_closed, gaps.caught_up_to(now[0])) == (True, BEGAN + 60)


def test_it_goes_on_until_the_archive_answers(service, client, upstream, wait_until):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", time.time() - 100)
    upstream.answers["/raw"] = Answer(b"<html>", content_type="text/html")
    stop = threading.Event()
    gaps = make_gaps(service, make_replay(service, lambda messages: None), stop)
    running = threading.Thread(target=gaps.run)
    running.start()
    try:
        wait_until(lambda: gaps.error)
        assert ("datagrepper: " in gaps.error, "<html>" in gaps.error) == (True, False)
        upstream.says("/raw", {"raw_messages": [], "pages": 0})
        wait_until(lambda: gaps.is_closed)
        assert gaps.error is None
    finally:
        stop.set()
        gaps.suspect("")
        running.join(10)
