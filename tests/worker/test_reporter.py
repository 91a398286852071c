"""The pulse: what a worker says of itself, and what it notices of Redis."""

import threading

import pytest

from fedora_packages.cache import keys
from fedora_packages.monitoring.heartbeat import DEAD_AFTER, heartbeats
from fedora_packages.worker.buffer import MessageBuffer
from fedora_packages.worker.gaps import Gaps
from fedora_packages.worker.reporter import Bus, Pulse

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
    found = Gaps(service, "fedmsg", lambda messages: None, threading.Event(), clock=lambda: now[0])
    found.close(found._hints)
    return found


@pytest.fixture
def inbox():
    return MessageBuffer()


@pytest.fixture
def pulse(service, gaps, inbox, bus, now):
    return Pulse(service, "fedmsg", gaps, inbox, lambda: bus[0], clock=lambda: now[0])


@pytest.fixture
def last(client, pulse):
    def last():
        return next(beat for beat in heartbeats(client) if beat.worker == pulse.worker)

    return last


def test_a_worker_that_has_missed_nothing_says_so(pulse, last, now):
    pulse.beat([])
    now[0] += 1
    pulse.beat([])
    assert (last().at, last().caught_up_to) == (BEGAN + 1, BEGAN + 1)


def test_messages_that_wait_are_not_handled_yet(pulse, last, inbox, now):
    inbox.put("a message")
    now[0] = inbox.oldest() + 60
    pulse.beat([])
    assert (last().caught_up_to, last().parts["buffer"]) == (inbox.oldest(), 1)


def test_a_thread_that_has_died_makes_the_rest_worthless(pulse, last):
    pulse.beat(["refill-koji-1"])
    assert (last().caught_up_to, last().parts["dead"]) == (None, ["refill-koji-1"])


def test_a_bus_that_is_cut_holds_the_moment(pulse, last, bus, now):
    pulse.beat([])
    bus[0] = Bus({"tcp://192.0.2.1:9940": False})
    now[0] += 30
    pulse.beat([])
    assert (last().caught_up_to, last().parts["endpoints"]) == (BEGAN, {"tcp://192.0.2.1:9940": False})


def test_a_hub_that_does_not_move_is_as_good_as_a_bus_that_is_cut(pulse, last, bus, now):
    pulse.beat([])
    bus[0] = Bus({}, seen=BEGAN)
    now[0] += DEAD_AFTER
    pulse.beat([])
    assert (last().caught_up_to, last().parts["hub_moves"]) == (BEGAN, False)


def test_a_redis_that_was_emptied_is_noticed(pulse, gaps, client):
    pulse.beat([])
    client.flushall()
    pulse.beat([])
    assert gaps.reason == "Redis has lost what was last written"


def test_a_redis_that_fell_back_is_noticed(pulse, gaps, client, now):
    pulse.beat([])
    older = client.dump(keys.HEARTBEATS)
    now[0] += 1
    pulse.beat([])
    client.restore(keys.HEARTBEATS, 0, older, replace=True)
    client.hset(keys.HIGH_WATER_MARKS, "fedmsg", BEGAN - 900)
    now[0] += 1
    pulse.beat([])
    assert (gaps.reason, gaps.until(now[0])) == ("Redis has lost what was last written", BEGAN - 900)


def test_a_redis_that_was_restarted_is_noticed(pulse, gaps):
    pulse.beat([])
    pulse._run = "another"
    pulse.beat([])
    assert gaps.reason == "Redis was restarted"


def test_a_redis_that_stays_as_it_is_hints_at_nothing(pulse, gaps, now):
    for _ in range(3):
        now[0] += 1
        pulse.beat([])
    assert gaps.as_dict()["closed"]


def test_figures_are_added_with_each_beat(service, pulse, client):
    from fedora_packages.monitoring.metrics import total

    service.metrics.count("refills", "koji.builds")
    pulse.beat([])
    assert total(client).count("refills", "koji.builds") == 1


def test_upstreams_are_told_of(service, pulse, last):
    service.connectors["koji"].circuit.failed("it said 502")
    pulse.beat([])
    assert (last().parts["upstreams"]["koji"]["reason"], last().parts["upstreams"]["bodhi"]["failures"]) == (
        "it said 502",
        0,
    )
