"""The heartbeat reporter: what a worker reports of itself, and what it notices of Redis."""

import threading
from itertools import count

import pytest

from fedora_packages.cache import keys
from fedora_packages.monitoring.heartbeat import DEAD_AFTER, heartbeats
from fedora_packages.worker.buffer import MessageBuffer
from fedora_packages.worker.reporter import Bus, HeartbeatReporter
from tests.worker.parts import make_gaps, make_replay

BEGAN = 1_000_000.0


@pytest.fixture
def now():
    return [BEGAN]


@pytest.fixture
def bus():
    """How the bus is: a test puts something else here."""
    return [Bus({"tcp://192.0.2.1:9940": True})]


@pytest.fixture
def gaps(service, upstream, now):
    upstream.says("/raw", {"raw_messages": [], "pages": 0})
    replay = make_replay(service, lambda messages: None, clock=lambda: now[0])
    gaps = make_gaps(service, replay, threading.Event(), clock=lambda: now[0])
    gaps.close(gaps.hints)
    return gaps


@pytest.fixture
def buffer():
    return MessageBuffer()


@pytest.fixture
def make_reporter(service, gaps, buffer, bus, now):
    def make(client):
        circuits = {name: connector.circuit for name, connector in service.connectors.items()}
        return HeartbeatReporter(
            client, service.metrics, circuits, "fedmsg", gaps, buffer, lambda: bus[0], clock=lambda: now[0]
        )

    return make


@pytest.fixture
def reporter(make_reporter, client):
    return make_reporter(client)


@pytest.fixture
def last(client, reporter):
    def last():
        return next(beat for beat in heartbeats(client) if beat.worker == reporter.worker)

    return last


def test_a_worker_that_has_missed_nothing_says_so(reporter, last, now):
    reporter.report([])
    now[0] += 1
    reporter.report([])
    assert (last().at, last().caught_up_to) == (BEGAN + 1, BEGAN + 1)


def test_messages_that_wait_are_not_handled_yet(reporter, last, buffer, now):
    buffer.put("a message")
    now[0] = buffer.oldest() + 60
    reporter.report([])
    assert (last().caught_up_to, last().parts["buffer"]) == (buffer.oldest(), 1)


def test_a_thread_that_has_died_makes_the_rest_worthless(reporter, last):
    reporter.report(["refill-koji-1"])
    assert (last().caught_up_to, last().parts["dead"]) == (None, ["refill-koji-1"])


def test_a_bus_that_is_cut_holds_the_moment(reporter, last, bus, now):
    reporter.report([])
    bus[0] = Bus({"tcp://192.0.2.1:9940": False})
    now[0] += 30
    reporter.report([])
    assert (last().caught_up_to, last().parts["endpoints"]) == (BEGAN, {"tcp://192.0.2.1:9940": False})


def test_a_hub_that_does_not_move_is_as_good_as_a_bus_that_is_cut(reporter, last, bus, now):
    reporter.report([])
    bus[0] = Bus({}, seen=BEGAN)
    now[0] += DEAD_AFTER
    reporter.report([])
    assert (last().caught_up_to, last().parts["hub_moves"]) == (BEGAN, False)


def test_a_redis_that_was_emptied_is_noticed(reporter, gaps, client):
    reporter.report([])
    client.flushall()
    reporter.report([])
    assert gaps.reason == "Redis has lost its newest data"


def test_a_redis_that_fell_back_is_noticed(reporter, gaps, client, now):
    reporter.report([])
    older = client.dump(keys.HEARTBEATS)
    now[0] += 1
    reporter.report([])
    client.restore(keys.HEARTBEATS, 0, older, replace=True)
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", BEGAN - 900)
    now[0] += 1
    reporter.report([])
    assert (gaps.reason, gaps.caught_up_to(now[0])) == ("Redis has lost its newest data", BEGAN - 900)


class Runs:
    """A client of a Redis that restarts before each heartbeat."""

    def __init__(self, client):
        self._client = client
        self._runs = count()

    def __getattr__(self, name):
        return getattr(self._client, name)

    def info(self, section):
        return {**self._client.info(section), "run_id": f"run {next(self._runs)}"}


def test_a_redis_that_was_restarted_is_noticed(make_reporter, gaps, client):
    reporter = make_reporter(Runs(client))
    reporter.report([])
    reporter.report([])
    assert gaps.reason == "Redis was restarted"


def test_a_redis_that_stays_as_it_is_hints_at_nothing(reporter, gaps, now):
    for _ in range(3):
        now[0] += 1
        reporter.report([])
    assert gaps.as_dict()["closed"]


def test_metrics_are_added_with_each_beat(service, reporter, client):
    from fedora_packages.monitoring.metrics import total

    service.metrics.count("refills", "koji.builds")
    reporter.report([])
    assert total(client).count("refills", "koji.builds") == 1


def test_upstreams_are_told_of(service, reporter, last):
    service.connectors["koji"].circuit.failed("it said 502")
    reporter.report([])
    assert (last().parts["upstreams"]["koji"]["reason"], last().parts["upstreams"]["bodhi"]["failures"]) == (
        "it said 502",
        0,
    )
