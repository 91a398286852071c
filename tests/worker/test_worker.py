"""The worker as a whole, without a bus: messages in, fresh entries out, and nothing that stops it."""

import json
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.redis import RedisError
from fedora_packages.monitoring.heartbeat import heartbeats
from fedora_packages.worker.worker import Worker
from tests.filling import put
from tests.upstream import Answer
from tests.worker.parts import RELEASE, read, releases

BUILD = {
    "topic": "org.fedoraproject.prod.buildsys.build.state.change",
    "msg": {"name": "guake", "build_id": 7, "new": 4},
    "msg_id": "2026-1",
    "timestamp": 1000,
}


@pytest.fixture
def worker(service, upstream):
    upstream.says("/releases/", releases(RELEASE))
    upstream.says("/raw", {"raw_messages": [], "pages": 0})
    upstream.koji_says([[0], [[]]])
    worker = Worker(service, "fedmsg", redis_pause=0.0)
    yield worker
    worker.stop()


def odd(message):
    """Return a message that a bug of ours keeps from being handled."""
    return {**message, "msg": Odd(message["msg"])}


class Odd(dict):
    """A body that raises when it is read."""

    def get(self, *arguments):
        raise KeyError("a bug of ours")


def test_a_message_makes_its_entry_fresh_before_anyone_asks(service, worker, wait_until):
    worker.start()
    worker.handle({**BUILD, "msg": {"name": "guake"}})
    wait_until(lambda: read(service, "koji.builds", "guake").is_fresh)
    assert read(service, "koji.builds", "guake").stamp.event["id"] == "2026-1"


def test_without_an_archive_a_gap_costs_only_what_no_sweep_covers(service):
    for query, value in (("koji.builds", {"total": 0, "builds": []}), ("distgit.maintainers", {"found": False})):
        put(service.cache, service.queries[query].entry("guake"), value)
    worker = Worker(replace(service, datagrepper=SimpleNamespace(settings=SimpleNamespace(url=""))), "fedmsg")
    assert worker.gaps.close(worker.gaps.hints) == 0
    states = [read(service, query, "guake").state for query in ("koji.builds", "distgit.maintainers")]
    assert states == ["fresh", "refreshing"]


def test_the_releases_are_read_at_the_start(service, worker, wait_until):
    worker.start()
    wait_until(lambda: read(service, "bodhi.releases").is_fresh)


@pytest.mark.parametrize("rate", [0, 100])
def test_what_was_never_cached_is_fetched_at_the_rate_of_the_settings(service, upstream, wait_until, rate):
    upstream.says("/releases/", releases(RELEASE))
    upstream.koji_says([[0], [[]]])
    settings = replace(service.settings, worker=replace(service.settings.worker, warm_rate=rate))
    worker = Worker(replace(service, settings=settings), "fedmsg")
    worker.start()
    wait_until(lambda: read(service, "bodhi.releases").is_fresh)
    if rate:
        wait_until(lambda: all(read(service, "koji.builds", name).is_fresh for name in ("guake", "vim", "gcc", "gone")))
    worker.stop()
    assert read(service, "koji.builds", "guake").is_known == bool(rate)


def test_messages_missed_are_replayed_at_the_start(service, worker, upstream, client, wait_until):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", time.time() - 100)
    upstream.says("/raw", {"raw_messages": [{**BUILD, "msg": {"name": "guake"}}], "pages": 1})
    worker.start()
    wait_until(lambda: read(service, "koji.builds", "guake").is_fresh)


def test_a_replay_goes_on_trying_while_live_messages_are_handled(service, worker, upstream, client, wait_until):
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", time.time() - 100)
    upstream.answers["/raw"] = Answer(b"", 502)
    worker.start()
    worker.handle({**BUILD, "msg": {"name": "vim"}, "msg_id": "2026-2"})
    wait_until(lambda: read(service, "koji.builds", "vim").is_fresh)
    upstream.says("/raw", {"raw_messages": [{**BUILD, "msg": {"name": "guake"}}], "pages": 1})
    wait_until(lambda: read(service, "koji.builds", "guake").is_fresh)


def test_a_bug_of_ours_costs_one_message_which_is_counted(worker, client, caplog):
    assert worker.handle(odd(BUILD)) == "failed"
    assert ("a bug of ours" in caplog.text, client.hgetall(keys.OUTCOMES)) == (True, {b"failed": b"1"})


class Away:
    """A client of a Redis that is unavailable at first: for so many calls of scripts."""

    def __init__(self, client, calls):
        self._client = client
        self._calls = calls

    def __getattr__(self, name):
        return getattr(self._client, name)

    def evalsha(self, *arguments):
        if self._calls:
            self._calls -= 1
            raise RedisError("away")
        return self._client.evalsha(*arguments)

    def hincrby(self, *arguments):
        raise RedisError("away")


def test_a_message_waits_for_redis(service, upstream):
    worker = Worker(replace(service, client=Away(service.client, calls=3)), "fedmsg", redis_pause=0.0)
    assert worker.handle(BUILD) == "handled"


def test_a_refused_message_that_is_not_counted_is_named_by_its_topic(service, caplog):
    worker = Worker(replace(service, client=Away(service.client, calls=0)), "fedmsg")
    worker.refuse("org.fedoraproject.prod.mdapi.repo.update", 99_999_999)
    assert "counting a refused message on org.fedoraproject.prod.mdapi.repo.update failed: " in caplog.text
    assert "waiting for Redis" not in caplog.text


@pytest.mark.parametrize("as_the_bus_has_it", [dict, json.dumps, lambda message: json.dumps(message).encode()])
def test_messages_that_are_taken_are_handled_soon(service, worker, wait_until, as_the_bus_has_it):
    worker.start()
    worker.take(as_the_bus_has_it("no message") if as_the_bus_has_it is json.dumps else "{no JSON")
    for name in ("guake", "vim"):
        worker.take(as_the_bus_has_it({**BUILD, "msg": {"name": name}, "msg_id": f"2026-{name}"}))
    wait_until(lambda: all(read(service, "koji.builds", name).is_fresh for name in ("guake", "vim")))
    assert worker.buffer.oldest() is None


@pytest.mark.parametrize("as_it_comes", [lambda body: {"topic": body["topic"], "body": body}, json.dumps])
def test_a_hole_in_a_publishers_numbers_has_the_archive_looked_at(worker, wait_until, as_it_comes):
    worker.start()
    wait_until(lambda: worker.gaps.is_closed)
    for number in (1, 2, 4):
        worker.take(as_it_comes({**BUILD, "i": number, "msg_id": f"2026-{number}"}))
    wait_until(lambda: "number" in worker.gaps.reason)


def test_a_full_buffer_of_messages_has_the_archive_read(service):
    worker = Worker(service, "fedmsg", max_buffered=1)
    for _ in range(2):
        worker.take(BUILD)
    assert worker.gaps.reason == "the buffer of messages is full"


def test_a_bug_in_one_message_does_not_cost_those_that_came_with_it(worker):
    first, other = {**BUILD, "msg_id": "2026-1"}, {**BUILD, "msg_id": "2026-2"}
    assert worker.handle_all([first, odd({**BUILD, "msg_id": "2026-3"}), other]) == ["handled", "failed", "handled"]


def test_stuck_refillers_take_no_time_from_the_threads_that_handle_messages(service, monkeypatch):
    worker = Worker(service, "fedmsg", stop_limit=1.0)
    is_over, ended = threading.Event(), threading.Event()
    monkeypatch.setattr(worker._refiller, "work", lambda upstream: is_over.wait(30))

    def handle():
        worker._stop.wait()
        # Longer than the refillers have, and within the time of the others.
        time.sleep(1.4)
        ended.set()

    worker.start()
    worker.run_thread("slow", handle)
    worker.stop()
    is_over.set()
    assert ended.is_set()


def test_no_part_shows_the_settings_in_its_representation(worker):
    # The URL of Redis can have a password, and a traceback ends up in a log.
    assert [name for name, part in vars(worker).items() if "Settings(" in repr(part)] == []


@pytest.fixture
def beats(worker, client):
    """A function that gives the worker's own beats, newest first."""
    return lambda: [beat for beat in heartbeats(client) if beat.worker == worker.reporter.worker]


def test_it_says_that_it_lives_and_has_missed_nothing(worker, beats, wait_until):
    worker.start()
    wait_until(lambda: beats() and beats()[0].caught_up_to == beats()[0].at)
    assert (beats()[0].parts["dead"], beats()[0].parts["bus"]) == ([], "fedmsg")


def test_a_thread_that_has_ended_is_told_of(worker, beats, wait_until):
    worker.run_thread("short-lived", lambda: None)
    worker.start()
    wait_until(lambda: beats() and beats()[0].parts["dead"] == ["short-lived"])
    assert beats()[0].caught_up_to is None
