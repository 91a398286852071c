"""The probe as work of the workers: at the start of each, once a day, one at a time, and never in anyone's way."""

import threading
import time

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.redis import connect
from fedora_packages.errors import CacheUnavailable
from fedora_packages.monitoring.probe import Probe, probes
from fedora_packages.worker.probe import EVERY, NAME, Prober
from fedora_packages.worker.shared_work import SharedWork
from fedora_packages.worker.worker import Worker
from tests.upstream import Answer

STARTED = 2_000_000.0


def result(query):
    return Probe(query.name, "bash", STARTED, ("karma: expected an integer",), STARTED)


@pytest.fixture
def take(client, queries):
    """Let a worker that has started at some time take its turn; returns whether it did."""

    def take(now, started, run=None):
        run = run or Prober(client, queries, threading.Event(), result).run
        return SharedWork(client, NAME, EVERY, run, lambda: now, since=started).take()

    return take


def test_every_query_is_probed_and_its_result_kept(take, client, queries):
    assert take(STARTED, STARTED)
    assert {one.query for one in probes(client)} == set(queries)


def test_it_is_due_at_the_start_of_each_worker_and_a_day_later(take):
    assert take(STARTED, STARTED)
    assert not take(STARTED + 60, STARTED)
    assert take(STARTED + 60, STARTED + 50)
    # The first worker has nothing to do: the second was later.
    assert not take(STARTED + 70, STARTED)
    assert take(STARTED + 60 + EVERY, STARTED)


def test_one_worker_does_it_for_all_that_start_together(take):
    def meanwhile(turn):
        assert not take(STARTED + 1, STARTED + 1, lambda turn: pytest.fail("another worker"))

    assert take(STARTED + 2, STARTED, meanwhile)
    assert not take(STARTED + 3, STARTED + 1)


def test_a_worker_that_stops_probes_no_further(client, queries):
    stop, probed = threading.Event(), []

    def probe(query):
        probed.append(query.name)
        stop.set()
        return result(query)

    SharedWork(client, NAME, EVERY, Prober(client, queries, stop, probe).run).take()
    assert len(probed) == 1


def test_a_finding_is_logged(take, caplog):
    take(STARTED, STARTED)
    assert "probe of bodhi.updates about bash: karma: expected an integer" in caplog.text


def test_a_worker_probes_when_it_starts_and_upstreams_that_fail_keep_it_from_nothing(service, upstream, wait_until):
    upstream.answer = lambda asked: Answer(b"<html></html>", content_type="text/html")
    # Another worker did it a minute ago.
    began = time.time() - 60
    service.client.hset(keys.turn(NAME), "began", began)
    worker = Worker(service, "fedmsg", redis_pause=0.0)
    worker.start()
    try:
        wait_until(lambda: {one.query for one in probes(service.client)} == set(service.queries))
        assert worker.handle({"topic": "org.fedoraproject.prod.git.receive", "msg": {}}) != "failed"
    finally:
        worker.stop()
    assert float(service.client.hget(keys.turn(NAME), "began")) > began
    assert any("web page" in finding for one in probes(service.client) for finding in one.findings)


def test_without_redis_the_turn_is_not_taken(queries):
    away = connect("redis://127.0.0.1:9/0", timeout=0.2)
    with pytest.raises(CacheUnavailable):
        SharedWork(away, NAME, EVERY, Prober(away, queries, threading.Event(), result).run).take()
