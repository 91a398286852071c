"""Replay: what is owed, and the way through datagrepper's pages."""

import threading

import pytest

from fedora_packages.errors import UpstreamLied, UpstreamUnavailable
from fedora_packages.worker.handle import SEEN_KEY
from fedora_packages.worker.replay import Replay
from tests.upstream import Answer

NOW = 1_000_000.0


@pytest.fixture
def handled():
    return []


@pytest.fixture
def replay(service, handled):
    return Replay(service.client, service.settings.worker, "fedmsg", handled.append, clock=lambda: NOW)


def page(*numbers, pages=1):
    return {"raw_messages": [{"msg_id": f"id-{number}"} for number in numbers], "pages": pages, "total": 0}


def run(replay):
    return replay.run(NOW - 100, NOW, threading.Event())


def test_on_a_first_start_nothing_is_owed_and_time_begins(replay, client):
    assert (replay.owed(), client.zscore(SEEN_KEY, "fedmsg")) == (None, NOW)


def test_owed_is_what_came_since_the_last_message_and_a_margin(replay, client):
    client.zadd(SEEN_KEY, {"fedmsg": NOW - 500})
    assert replay.owed() == (NOW - 560, NOW)


def test_a_replay_that_was_not_finished_is_still_owed(replay, client):
    client.zadd(SEEN_KEY, {"fedmsg": NOW - 500})
    replay.owed()
    client.zadd(SEEN_KEY, {"fedmsg": NOW - 1})
    assert replay.owed() == (NOW - 560, NOW)


def test_a_replay_that_was_finished_is_not_owed_again(replay, client):
    client.zadd(SEEN_KEY, {"fedmsg": NOW - 500})
    replay.owed()
    replay.settle()
    client.zadd(SEEN_KEY, {"fedmsg": NOW - 1})
    assert replay.owed() == (NOW - 61, NOW)


def test_what_is_owed_is_bounded_and_the_rest_said(replay, client, caplog):
    client.zadd(SEEN_KEY, {"fedmsg": 5})
    assert replay.owed() == (NOW - 3 * 86400, NOW)
    assert "will not be noticed" in caplog.text


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


def test_it_stops_when_told_to(replay, upstream, handled):
    upstream.says("/raw", page(1, 2))
    stop = threading.Event()
    stop.set()
    replay.run(0, NOW, stop)
    assert handled == []


def test_datagrepper_being_down_is_said(replay, upstream):
    upstream.answers["/raw"] = Answer(b"", 502)
    with pytest.raises(UpstreamUnavailable, match="datagrepper was asked messages of 100 s, page 1: it answered 502"):
        run(replay)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"raw_messages": 1, "pages": 1}', b'{"raw_messages": []}'])
def test_datagrepper_lying_is_said(replay, upstream, body):
    upstream.answers["/raw"] = Answer(body)
    with pytest.raises(UpstreamLied):
        run(replay)
