"""Replay: what the bus has not brought, and the way through datagrepper's pages."""

import json
import threading

import pytest

from fedora_packages.cache import keys
from fedora_packages.errors import CacheUnavailable, UpstreamUnavailable
from fedora_packages.worker.replay import INTERVAL
from tests.upstream import Answer
from tests.worker.parts import make_replay

NOW = 1_000_000.0


@pytest.fixture
def handled():
    return []


@pytest.fixture
def replay(service, handled):
    return make_replay(service, handled.extend, clock=lambda: NOW)


@pytest.fixture
def stop():
    return threading.Event()


def page(*numbers, pages=1):
    return {"raw_messages": [{"msg_id": f"id-{number}"} for number in numbers], "pages": pages, "total": 0}


@pytest.fixture(autouse=True)
def no_repositories(upstream):
    """Have the archive hold no messages of mdapi, which are requested by themselves."""
    answer = upstream.answer

    def answer_others(asked):
        if asked.params.get("category") != ["mdapi"]:
            return answer(asked)
        return Answer(json.dumps(page(pages=0)).encode())

    upstream.answer = answer_others


def mark(client):
    found = client.hget(keys.HIGH_WATER_MARKS, "fedmsg")
    return found and float(found)


def asked_since(upstream):
    return NOW - float(upstream.asked[0].params["start"][0])


def test_on_a_first_start_nothing_can_have_been_missed(replay, client, upstream, stop):
    assert (replay.catch_up(stop), mark(client), upstream.asked) == (0, NOW, [])


def test_what_was_cached_before_the_first_start_may_be_old(replay, client, upstream, stop):
    client.set(keys.BEGUN, NOW - 500)
    upstream.says("/raw", page(1))
    assert (replay.catch_up(stop), asked_since(upstream)) == (1, 560)


def test_the_archive_is_read_from_the_mark_and_a_margin_before(replay, client, upstream, stop):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", NOW - 500)
    upstream.says("/raw", page(1))
    replay.catch_up(stop)
    assert (asked_since(upstream), mark(client)) == (560, NOW)


def test_messages_that_were_handled_are_passed_over(replay, client, upstream, stop, handled):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", NOW - 500)
    client.zadd(keys.HANDLED, {"id-1": NOW - 100, "id-3": NOW - 90})
    upstream.says("/raw", page(1, 2, 3))
    replay.catch_up(stop)
    assert handled == [{"msg_id": "id-2"}]


def test_what_was_replayed_is_not_replayed_again(replay, client, upstream, stop, handled):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", NOW - 500)
    upstream.says("/raw", page(1))
    replay.catch_up(stop)
    replay.catch_up(stop)
    assert len(handled) == 1


def test_a_replay_that_was_stopped_leaves_the_mark(service, client, upstream, stop):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", NOW - 500)
    upstream.says("/raw", page(1, 2))
    stopped = make_replay(service, lambda messages: stop.set(), clock=lambda: NOW)
    stopped.catch_up(stop)
    assert mark(client) == NOW - 500


def test_a_replay_that_failed_on_the_way_leaves_the_mark(replay, client, upstream, stop, handled):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", NOW - 500)
    upstream.says("/raw", page(1, pages=2))
    upstream.answers["/raw"] += [Answer(b"", 502)]
    with pytest.raises(UpstreamUnavailable):
        replay.catch_up(stop)
    assert (len(handled), mark(client)) == (1, NOW - 500)


def test_a_redis_that_has_lost_its_newest_data_has_lost_the_mark_with_it(replay, client, upstream, stop, handled):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", NOW - 500)
    upstream.says("/raw", page(1))
    older = {key: client.dump(key) for key in client.scan_iter()}
    replay.catch_up(stop)
    client.flushall()
    for key, data in older.items():
        client.restore(key, 0, data)
    replay.catch_up(stop)
    assert len(handled) == 2


class Before:
    """A client that was told of the run of Redis before a restart."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)

    def info(self, section):
        return {**self._client.info(section), "run_id": "the run before"}


@pytest.mark.parametrize("when", ["handled", "mark"])
def test_in_a_redis_that_was_restarted_meanwhile_nothing_is_noted_as_handled(service, client, upstream, stop, when):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", NOW - 500)
    upstream.says("/raw", page(1) if when == "handled" else page())
    replay = make_replay(service, len, client=Before(client), clock=lambda: NOW)
    with pytest.raises(CacheUnavailable, match="restarted"):
        replay.catch_up(stop)
    assert (mark(client), client.exists(keys.HANDLED)) == (NOW - 500, 0)


def test_how_far_back_is_bounded_and_the_rest_said(replay, client, upstream, stop, caplog):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", 5)
    upstream.says("/raw", page())
    replay.catch_up(stop)
    assert (asked_since(upstream), "are fetched again" in caplog.text) == (3 * 86400, True)


def test_what_was_cached_before_the_part_that_is_replayed_is_not_trusted(service, client, upstream, stop):
    invalidated = []
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", 5)
    upstream.says("/raw", page())
    make_replay(service, len, invalidate_older_than=invalidated.append, clock=lambda: NOW).catch_up(stop)
    assert invalidated == [NOW - 3 * 86400]


def test_a_long_gap_is_read_in_intervals_and_the_mark_moves_after_each(replay, client, upstream, stop):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", NOW - 2 * INTERVAL)
    upstream.answers["/raw"] = [Answer(json.dumps(page(1)).encode()), Answer(b"", 502)]
    with pytest.raises(UpstreamUnavailable):
        replay.catch_up(stop)
    assert mark(client) == NOW - INTERVAL - 60
    upstream.says("/raw", page(2))
    replay.catch_up(stop)
    assert mark(client) == NOW


def test_large_messages_are_asked_for_a_few_at_a_time(service, client, upstream, stop):
    asked = []
    upstream.answer = lambda one: asked.append(one) or Answer(json.dumps(page(pages=0)).encode())
    make_replay(service, len, clock=lambda: NOW).run(NOW - 10, NOW, stop)
    rows = {tuple(one.params["category"]): int(one.params["rows_per_page"][0]) for one in asked}
    assert (rows[("mdapi",)], max(rows.values())) == (5, 100)


def test_what_is_long_handled_is_forgotten(replay, client, upstream, stop):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", NOW - 500)
    client.zadd(keys.HANDLED, {"old": NOW - 86400, "new": NOW - 10})
    upstream.says("/raw", page())
    replay.catch_up(stop)
    assert client.zrange(keys.HANDLED, 0, -1) == [b"new"]


def run(replay):
    return replay.run(NOW - 100, NOW, threading.Event())


def test_all_pages_are_handled_in_order(replay, upstream, handled):
    upstream.says("/raw", page(1, 2, pages=2), page(3, pages=2))
    assert run(replay) == 3
    assert [message["msg_id"] for message in handled] == ["id-1", "id-2", "id-3"]


def test_a_message_on_two_pages_is_handled_once(replay, upstream, handled):
    upstream.says("/raw", page(1, 2, pages=2), page(2, 3, pages=2))
    run(replay)
    assert len(handled) == 3


def test_the_interval_is_the_same_for_every_page(replay, upstream):
    upstream.says("/raw", page(1, pages=2), page(2, pages=2))
    run(replay)
    asked = [{key: asked.params[key] for key in ("start", "end", "order", "page")} for asked in upstream.asked]
    interval = {"start": ["999900.000"], "end": ["1000000.000"], "order": ["asc"]}
    assert asked == [{**interval, "page": ["1"]}, {**interval, "page": ["2"]}]


def test_nothing_missed_is_no_error(replay, upstream):
    upstream.says("/raw", page(pages=0))
    assert run(replay) == 0


@pytest.mark.parametrize("message", [None, "text", {"msg_id": ["a", "list"]}, {"msg_id": None}, []])
def test_an_odd_message_is_handed_on_like_any_other(replay, upstream, handled, message):
    upstream.says("/raw", {"raw_messages": [message], "pages": 1})
    run(replay)
    assert handled == [message]
