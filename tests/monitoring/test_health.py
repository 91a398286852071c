"""Health: the state of the service in Redis."""

import json
import os
from dataclasses import asdict, replace

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.queue import Queue
from fedora_packages.cache.redis import connect
from fedora_packages.cache.values import Invalidation
from fedora_packages.errors import CacheUnavailable
from fedora_packages.monitoring.health import ENTRY_COUNTS_EVERY, THIS_PROCESS, entry_counts
from fedora_packages.monitoring.heartbeat import write_heartbeat
from fedora_packages.search import corruption
from tests.filling import put
from tests.monitoring.state import (
    FAILING,
    GAP,
    NOW,
    parts,
    query_of,
    state_of,
    upstream_of,
)
from tests.upstream import Answer


def test_every_query_and_every_upstream_is_there(service, now):
    found = state_of(service)
    assert {query.name for query in found.queries} == set(service.queries)
    assert [upstream.name for upstream in found.upstreams] == list(service.connectors)


def test_counters_are_those_of_the_last_hour(service, now):
    service.metrics.clock = lambda: NOW
    for name, by in (("hits", 3), ("misses", 1), ("refills", 2), ("refill failures", 4), ("rechecks", 5)):
        service.metrics.count(name, "koji.builds", by)
    for name, by in (("checks by audit", 8), ("checks by schedule", 6), ("checks by reader", 7), ("drift", 2)):
        service.metrics.count(name, "koji.builds", by)
    lately = query_of(state_of(service), "koji.builds").lately
    assert (lately.hits, lately.misses, lately.refills, lately.failures, lately.rechecks) == (3, 1, 2, 4, 5)
    assert (lately.audited, lately.scheduled, lately.requested, lately.drift) == (8, 6, 7, 2)
    assert (lately.hit_rate, lately.drift_rate) == (0.75, 0.25)


def test_rates_of_nothing_are_unknown(service, now):
    lately = query_of(state_of(service), "koji.builds").lately
    assert (lately.hit_rate, lately.drift_rate) == (None, None)


def test_lags_are_by_upstream_where_they_are_measured_so(service, now):
    service.metrics.clock = lambda: NOW
    service.metrics.observe("invalidated to fresh", "koji", 0.2)
    service.metrics.observe("sent to fresh", "", 0.9)
    lags = {(lag.name, lag.upstream): lag.lately.percentile(0.5) for lag in state_of(service).lags}
    assert (lags["invalidated to fresh", "koji"], lags["invalidated to fresh", "bodhi"]) == (0.25, None)
    assert lags["sent to fresh", ""] == 1.0


def test_requests_are_by_upstream(service, now):
    service.metrics.clock = lambda: NOW
    service.metrics.observe_request("koji", "answered", 0.2)
    service.metrics.observe_request("koji", "unavailable", 10.0)
    koji = upstream_of(state_of(service), "koji").lately
    assert (koji.took.count, koji.unavailable, koji.invalid) == (2, 1, 0)


def test_waiting_entries_name_the_package_that_waits_longest(service, now):
    service.queue.add("koji", "koji.builds", "guake")
    service.queue.add("koji", "koji.builds", "vim")
    found = state_of(service)
    waiting = query_of(found, "koji.builds").waiting
    assert (waiting.entries, waiting.package in ("guake", "vim"), waiting.since is not None) == (2, True, True)
    assert (upstream_of(found, "koji").queued, upstream_of(found, "bodhi").queued) == (2, 0)


def test_messages_and_topics_are_listed(service, client, now):
    client.hset(keys.OUTCOMES, mapping={"handled": 9, "foreign": 1})
    row = {"id": "2026-1", "topic": "git.receive", "sent": NOW - 5, "handled": NOW - 4}
    client.hset(keys.TOPICS, "git.receive", json.dumps(row))
    found = state_of(service)
    assert (found.messages, [asdict(topic) for topic in found.topics]) == (
        {"foreign": 1, "handled": 9},
        [{**row, "untold": 0}],
    )


def test_a_worker_of_another_version_may_report_fewer_or_more_fields(service, client, now):
    write_heartbeat(client, "old", NOW - 1, NOW - 1, {})
    write_heartbeat(client, "new", NOW - 2, NOW - 2, parts(weather="good", gaps={**GAP, "width": 3}))
    workers = {worker.name: worker for worker in state_of(service).workers}
    assert (workers["old"].buffer, workers["old"].gap, workers["new"].gap.closed) == (None, None, True)


def test_a_worker_without_a_recent_heartbeat_is_not_alive(service, client, now):
    write_heartbeat(client, "gone", NOW - 100, NOW - 100, parts())
    assert [(worker.name, worker.is_alive) for worker in state_of(service).workers] == [
        ("one", True),
        ("gone", False),
    ]


def test_without_redis_it_raises(service):
    away = connect("redis://127.0.0.1:9/0", timeout=0.2)
    with pytest.raises(CacheUnavailable):
        state_of(replace(service, client=away, queue=Queue(away)))


# Entry counts.


@pytest.fixture
def fill(service):
    """Fill an entry of a query."""

    def fill(query, package, release=None):
        found = service.queries[query]
        return put(service.cache, found.entry(package), {}, found.variant(release))

    return fill


def counted(service, now):
    return entry_counts(service.client, service.queries.values(), now)


def test_entries_are_counted_and_nothing_else(service, fill):
    fill("koji.builds", "guake")
    fill("koji.builds", "queue")
    fill("mdapi.files", "guake", "f45")
    fill("mdapi.files", "guake", "rawhide")
    service.client.hset("fp:{guake}:koji.builds:999", "gen", 1)
    service.queue.add("koji", "koji.builds", "guake")
    assert counted(service, NOW) == (NOW, {"koji.builds": 2, "mdapi.files": 1})


def test_a_count_is_used_for_a_while(service, fill):
    counted(service, NOW)
    fill("koji.builds", "guake")
    assert counted(service, NOW + ENTRY_COUNTS_EVERY - 1) == (NOW, {})


def test_a_count_that_is_too_old_is_made_again(service, client, fill):
    counted(service, NOW)
    fill("koji.builds", "guake")
    client.delete(keys.ENTRY_COUNTS_LOCK)
    assert counted(service, NOW + ENTRY_COUNTS_EVERY) == (NOW + ENTRY_COUNTS_EVERY, {"koji.builds": 1})


def test_only_one_process_counts_and_the_others_use_the_last_count(service, client, fill):
    client.set(keys.ENTRY_COUNTS, json.dumps({"at": NOW, "entries": {"koji.builds": 7}}))
    client.set(keys.ENTRY_COUNTS_LOCK, "")
    assert counted(service, NOW + 10 * ENTRY_COUNTS_EVERY) == (NOW, {"koji.builds": 7})


def test_until_entries_are_counted_their_number_is_unknown(service, client, now):
    client.set(keys.ENTRY_COUNTS_LOCK, "")
    found = state_of(service)
    assert (found.counted, query_of(found, "koji.builds").entries) == (None, None)


def test_the_lock_of_a_count_expires(service, client):
    counted(service, NOW)
    assert 0 < client.ttl(keys.ENTRY_COUNTS_LOCK) <= ENTRY_COUNTS_EVERY


# Upstreams and the index.


def test_circuits_of_dead_workers_are_not_listed(service, client, now):
    write_heartbeat(client, "two", NOW - 300, NOW - 300, parts(upstreams={"koji": FAILING}))
    assert [circuit.process for circuit in upstream_of(state_of(service), "koji").circuits] == [THIS_PROCESS]


def test_corruption_of_any_other_directory_is_ignored(service, client, now):
    current = os.path.realpath(service.settings.search.index)
    for folder, is_told in (("/index.1", False), (current, True)):
        corruption.note(client, folder, "block 7")
        assert (state_of(service).corruption is not None) is is_told


def test_reading_the_state_takes_few_round_trips(service, now, monkeypatch):
    state_of(service)
    connection = service.client.connection_pool.get_connection()
    service.client.connection_pool.release(connection)
    sent, send = [], connection.send_packed_command
    monkeypatch.setattr(
        connection, "send_packed_command", lambda *told, **more: sent.append(told) or send(*told, **more)
    )
    state_of(service)
    assert len(sent) <= 8 + len(service.queries) + len(service.connectors)


def test_no_request_goes_to_an_upstream(service, upstream, now):
    upstream.answers["/"] = Answer(b"", 503)
    service.cache.invalidate([Invalidation(service.queries["koji.builds"].entry("guake"), make=True)])
    state_of(service)
    assert upstream.asked == []
