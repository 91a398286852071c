"""Health: the state of the service in Redis, and the alerts that follow from it."""

import json
import os
import time
from dataclasses import asdict, replace

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.queue import Queue
from fedora_packages.cache.redis import connect
from fedora_packages.cache.values import Invalidation
from fedora_packages.connectors.circuit import Circuit
from fedora_packages.errors import CacheUnavailable
from fedora_packages.monitoring.alerts import alerts
from fedora_packages.monitoring.health import ENTRY_COUNTS_EVERY, THIS_PROCESS, entry_counts, health
from fedora_packages.monitoring.heartbeat import write_heartbeat
from fedora_packages.search import corruption
from fedora_packages.search.corruption import Corruption
from fedora_packages.search.indexing.writer import Writer
from tests.upstream import Answer

NOW = 1_764_072_249.0

GAP = {
    "closed": True, "reason": "the worker has started", "archive": True, "archive_error": None, "archive_error_since": None,
    "replayed_at": NOW - 30, "replayed": 3,
}  # fmt: skip

DRIFT = {
    "query": "koji.builds", "package": "guake", "variant": "", "generation": "1", "found": NOW - 90, "fetched": NOW - 900,
    "differences": ['builds 7 state was "building", is "complete"'], "by": "audit", "is_announced": True,
    "topics": ["buildsys.build.state.change"],
}  # fmt: skip


def parts(**changes):
    """Return what a worker reports in its heartbeat."""
    return {
        "bus": "fedmsg", "host": "vm", "pid": 7, "begun": NOW - 3600, "endpoints": {"tcp://192.0.2.1:9940": True},
        "hub_seen": NOW, "hub_moves": True, "buffer": 0, "dead": [], "gaps": GAP, "upstreams": {}, **changes,
    }  # fmt: skip


def state_of(service):
    """Return the state of a service, as the web reads it."""
    return health(
        service.client,
        service.queries,
        service.connectors,
        service.queue,
        service.index,
        service.metrics,
        service.cache.clock(),
    )


def not_responding(service):
    """Return the summary of the alert about Koji."""
    return f"{upstream_of(state_of(service), 'koji').title} is not responding"


@pytest.fixture
def now(service, client):
    """The time of all reads; all is well then."""
    client.delete(keys.HEARTBEATS)
    service.cache.clock = lambda: NOW
    write_heartbeat(client, "one", NOW, NOW, parts())
    return NOW


@pytest.fixture
def wrong(service, now):
    """Return the alerts as (summary, since, severity)."""
    return lambda: [(alert.summary, alert.since, alert.severity) for alert in alerts(state_of(service))]


def query_of(found, name):
    return next(query for query in found.queries if query.name == name)


def upstream_of(found, name):
    return next(upstream for upstream in found.upstreams if upstream.name == name)


# The state.


def test_while_all_is_well_there_is_no_alert(wrong):
    assert wrong() == []


def test_every_query_and_every_upstream_is_there(service, now):
    found = state_of(service)
    assert {query.name for query in found.queries} == set(service.queries)
    assert [upstream.name for upstream in found.upstreams] == list(service.connectors)


def test_counters_are_those_of_the_last_hour(service, now):
    service.metrics._clock = lambda: NOW
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
    service.metrics._clock = lambda: NOW
    service.metrics.observe("invalidated to fresh", "koji", 0.2)
    service.metrics.observe("sent to fresh", "", 0.9)
    lags = {(lag.name, lag.upstream): lag.lately.percentile(0.5) for lag in state_of(service).lags}
    assert (lags["invalidated to fresh", "koji"], lags["invalidated to fresh", "bodhi"]) == (0.25, None)
    assert lags["sent to fresh", ""] == 1.0


def test_requests_are_by_upstream(service, now):
    service.metrics._clock = lambda: NOW
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
    assert (found.messages, [asdict(topic) for topic in found.topics]) == ({"foreign": 1, "handled": 9}, [row])


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
        return service.cache.fill(found.entry(package), found.variant(release), lambda: {}, found.upstream)

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


# Alerts: workers.


def test_no_worker_at_all_is_an_alert(wrong, client):
    client.delete(keys.HEARTBEATS)
    assert wrong() == [("No worker has ever run", None, "critical")]


def test_dead_workers_are_an_alert_since_the_last_heartbeat(wrong, client):
    client.delete(keys.HEARTBEATS)
    write_heartbeat(client, "one", NOW - 500, NOW - 501, parts())
    write_heartbeat(client, "two", NOW - 300, NOW - 301, parts())
    assert wrong() == [("No worker is running", NOW - 300, "critical")]


def test_the_alert_about_dead_workers_says_how_many_entries_wait(service, client, now):
    service.queue.add("koji", "koji.builds", "guake")
    client.delete(keys.HEARTBEATS)
    later = time.time() + 3600
    service.cache.clock = lambda: later
    write_heartbeat(client, "one", later - 300, later - 301, parts())
    (alert,) = alerts(state_of(service))
    assert "Refills waiting for a worker: 1." in alert.description


def test_a_dead_worker_is_no_alert_while_another_is_alive(wrong, client):
    write_heartbeat(client, "two", NOW - 300, NOW - 301, parts(dead=["handle"]))
    assert wrong() == []


def test_a_lost_connection_to_the_bus_names_the_endpoint(wrong, client):
    write_heartbeat(
        client, "one", NOW, NOW, parts(endpoints={"tcp://192.0.2.1:9940": False, "tcp://192.0.2.2:9940": True})
    )
    assert wrong() == [("one has no connection to the bus at tcp://192.0.2.1:9940", None, "warning")]


def test_a_lost_connection_without_an_archive_is_critical(service, client, now):
    write_heartbeat(
        client, "one", NOW, NOW, parts(endpoints={"tcp://192.0.2.1:9940": False}, gaps={**GAP, "archive": False})
    )
    cut = alerts(state_of(service))[0]
    assert (cut.severity, "do not show later changes" in cut.description) == ("critical", True)


def test_a_hub_that_hangs_is_an_alert(wrong, client):
    write_heartbeat(client, "one", NOW, NOW, parts(hub_moves=False, hub_seen=NOW - 60))
    assert wrong() == [("The hub of one hangs", NOW - 60, "warning")]


def test_a_dead_thread_is_critical_and_named(wrong, client):
    write_heartbeat(client, "one", NOW, None, parts(dead=["handle", "refill-koji"]))
    assert wrong() == [("one has dead threads: handle, refill-koji", None, "critical")]


def test_an_unavailable_archive_leaves_a_gap_open(service, client, now):
    gap = {
        **GAP,
        "closed": False,
        "reason": "Redis was restarted",
        "archive_error": "datagrepper: HTTP 503.",
        "archive_error_since": 5,
    }
    write_heartbeat(client, "one", NOW, NOW - 600, parts(gaps=gap))
    (alert,) = alerts(state_of(service))
    assert (alert.summary, alert.since, alert.severity) == (
        "one cannot read the message archive", 5, "critical",
    )  # fmt: skip
    assert alert.description.startswith("datagrepper: HTTP 503.  Messages may be missing (Redis was restarted).")


def test_an_unavailable_archive_is_a_warning_while_no_message_is_missing(wrong, client):
    write_heartbeat(
        client,
        "one",
        NOW,
        NOW,
        parts(gaps={**GAP, "archive_error": "datagrepper: HTTP 503.", "archive_error_since": 5}),
    )
    assert wrong() == [("one cannot read the message archive", 5, "warning")]


def test_a_gap_that_is_closed_in_time_is_no_alert(wrong, client):
    write_heartbeat(client, "one", NOW, NOW - 3, parts(gaps={**GAP, "closed": False}))
    assert wrong() == []


def test_a_gap_that_stays_open_is_an_alert(wrong, client):
    write_heartbeat(client, "one", NOW, NOW - 60, parts(gaps={**GAP, "closed": False}))
    what = "one is still replaying missed messages: the worker has started"
    assert wrong() == [(what, NOW - 60, "critical")]


def test_workers_that_are_behind_for_no_other_reason_are_an_alert(wrong, client):
    write_heartbeat(client, "one", NOW, NOW - 60, parts(buffer=9000))
    assert wrong() == [("The workers are behind with their messages", NOW - 60, "critical")]


def test_a_missing_archive_is_one_alert_for_all_workers(wrong, client):
    for worker in ("one", "two"):
        write_heartbeat(client, worker, NOW, NOW, parts(gaps={**GAP, "archive": False}))
    assert wrong() == [("datagrepper is not configured", None, "warning")]


# Alerts: upstreams, refills, values, messages, the index.

CIRCUIT = {"failures": 0, "rests": 0.0, "reason": "", "answered": NOW - 10, "failing_since": None}
FAILING = {"failures": 7, "rests": 8.0, "reason": "HTTP 503", "answered": NOW - 99, "failing_since": NOW - 90}


def test_an_upstream_that_fails_a_worker_is_an_alert_with_the_error(service, client, now):
    write_heartbeat(client, "one", NOW, NOW, parts(upstreams={"koji": FAILING, "bodhi": CIRCUIT}))
    (alert,) = alerts(state_of(service))
    assert (alert.summary, alert.since) == (not_responding(service), NOW - 90)
    assert alert.description.startswith("Error of one: HTTP 503.  Only an occasional request is sent.")


def test_an_upstream_that_fails_this_process_is_an_alert(service, now):
    for _ in range(Circuit.FAILURES):
        service.connectors["koji"].circuit.failed("no answer within 1 s")
    (alert,) = alerts(state_of(service))
    assert (alert.summary, f"Error of {THIS_PROCESS}: no answer within 1 s." in alert.description) == (
        not_responding(service), True,
    )  # fmt: skip


def test_an_upstream_that_has_answered_another_process_since_is_no_alert(wrong, client):
    recovered = {**FAILING, "rests": 0.0}
    write_heartbeat(client, "one", NOW, NOW, parts(upstreams={"koji": recovered}))
    write_heartbeat(client, "two", NOW, NOW, parts(upstreams={"koji": CIRCUIT}))
    assert wrong() == []


def test_circuits_of_dead_workers_are_not_listed(service, client, now):
    write_heartbeat(client, "two", NOW - 300, NOW - 300, parts(upstreams={"koji": FAILING}))
    assert [circuit.process for circuit in upstream_of(state_of(service), "koji").circuits] == [THIS_PROCESS]


def test_a_refill_that_waits_for_long_is_an_alert(service, now):
    began = time.time()
    service.queue.add("koji", "koji.builds", "guake")
    service.cache.clock = lambda: began + 3600
    write_heartbeat(service.client, "one", began + 3600, began + 3600, parts())
    (alert,) = alerts(state_of(service))
    assert (alert.summary, alert.since == pytest.approx(began, abs=5)) == (
        "1 entry of koji.builds waits for a refill (guake)", True,
    )  # fmt: skip


def test_of_many_waiting_refills_the_longest_is_named(service, now):
    for package in ("guake", "vim", "gcc"):
        service.queue.add("koji", "koji.builds", package)
    later = time.time() + 3600
    service.cache.clock = lambda: later
    write_heartbeat(service.client, "one", later, later, parts())
    (alert,) = alerts(state_of(service))
    assert alert.summary.startswith("3 entries of koji.builds wait for a refill (longest: ")


def test_the_alert_about_an_upstream_says_how_many_entries_wait_for_it(service, now):
    service.queue.add("koji", "koji.builds", "guake")
    later = time.time() + 3600
    service.cache.clock = lambda: later
    write_heartbeat(
        service.client, "one", later, later, parts(upstreams={"koji": {**FAILING, "failing_since": later - 90}})
    )
    (alert,) = alerts(state_of(service))
    assert (alert.summary, "Waiting for a refill: 1 entry of koji.builds." in alert.description) == (
        not_responding(service),
        True,
    )


def test_a_refill_that_has_just_begun_to_wait_is_no_alert(service, client):
    service.queue.add("koji", "koji.builds", "guake")
    write_heartbeat(client, "test", time.time(), time.time(), parts())
    assert alerts(state_of(service)) == []


def test_a_lost_message_is_critical_and_the_latest_is_named(service, client, wrong):
    service.metrics._clock = lambda: NOW
    service.metrics.count("drift", "koji.builds", 2)
    for found, package in ((NOW - 200, "vim"), (NOW - 90, "guake")):
        client.lpush(keys.DRIFT, json.dumps({**DRIFT, "found": found, "package": package}))
    what = "2 lost messages in the last hour; the latest changed koji.builds of guake"
    assert wrong() == [(what, NOW - 200, "critical")]


def test_a_message_lost_long_ago_is_no_alert_any_more(service, client, wrong):
    service.metrics._clock = lambda: NOW - 7200
    service.metrics.count("drift", "koji.builds")
    client.lpush(keys.DRIFT, json.dumps({**DRIFT, "found": NOW - 7200}))
    assert wrong() == []
    assert query_of(state_of(service), "koji.builds").total.drift == 1


def test_forgotten_entries_are_an_alert(service, wrong):
    service.metrics._clock = lambda: NOW
    service.metrics.count("forgotten", "koji.builds")
    assert wrong() == [("The refill queue lost 1 entry in the last hour", None, "warning")]


def test_failed_messages_are_an_alert_for_an_hour(service, client, wrong):
    client.hset(keys.OUTCOMES, mapping={"failed": 5, "not-understood": 7})
    service.metrics._clock = lambda: NOW
    service.metrics.count("failed messages", by=2)
    assert wrong() == [("2 messages failed in the last hour", None, "warning")]


def test_a_missing_index_is_critical(service, now, tmp_path):
    service.index.path = tmp_path / "nowhere"
    service.index._local.handle = None
    found = state_of(service)
    assert found.packages is None
    assert [alert.summary for alert in alerts(found)] == ["The search index is missing or unreadable"]


def test_releases_that_the_index_lacks_are_named(service, now):
    assert state_of(service).skipped_releases == ()
    with Writer(service.settings.search.index) as writer:
        writer.note_skipped_releases(("f45", "epel10"))
        writer.commit()
    found = state_of(service)
    assert found.skipped_releases == ("f45", "epel10")
    (alert,) = [alert for alert in alerts(found) if "lacks" in alert.summary]
    assert (alert.summary, alert.severity) == ("The search index lacks f45, epel10", "warning")


def test_critical_alerts_come_first_and_of_those_the_oldest(service, client, now):
    service.metrics._clock = lambda: NOW
    service.metrics.count("failed messages")
    write_heartbeat(client, "one", NOW, None, parts(dead=["handle"], hub_moves=False, hub_seen=NOW - 60))
    found = replace(state_of(service), packages=None)
    assert [alert.severity for alert in alerts(found)] == ["critical", "critical", "warning", "warning"]


@pytest.mark.parametrize(
    ("packages", "severity", "meanwhile"), [(5, "warning", "copy"), (None, "critical", "have no pages")]
)
def test_a_corrupt_index_is_an_alert_with_the_error(service, now, packages, severity, meanwhile):
    found = replace(state_of(service), packages=packages, corruption=Corruption("/index.1", "block 7", NOW))
    (alert,) = [alert for alert in alerts(found) if "corrupt" in alert.summary]
    assert (alert.severity, alert.since, "block 7" in alert.description) == (severity, NOW, True)
    assert meanwhile in alert.description
    assert not [other for other in alerts(found) if "missing" in other.summary]


def test_corruption_of_any_other_directory_is_ignored(service, client, now):
    current = os.path.realpath(service.settings.search.index)
    for folder, is_told in (("/index.1", False), (current, True)):
        corruption.note(client, folder, "block 7")
        assert (state_of(service).corruption is not None) is is_told


def test_the_alert_about_a_corrupt_index_says_why_its_rebuild_fails(service, now):
    found = replace(
        state_of(service), corruption=Corruption("/index.1", "block 7", NOW, "koji does not answer", NOW + 60)
    )
    (alert,) = [alert for alert in alerts(found) if "corrupt" in alert.summary]
    assert "The last rebuild failed at 2025-11-25 12:05 UTC: koji does not answer." in alert.description


def test_every_alert_says_what_it_means_and_what_to_do(service, client, now):
    ends = {"dead": ["handle"], "hub_moves": False, "endpoints": {"tcp://192.0.2.1:9940": False}}
    gap = {**GAP, "archive": False, "closed": False, "archive_error": "no"}
    write_heartbeat(client, "one", NOW, None, parts(**ends, gaps=gap, upstreams={"koji": FAILING}))
    current = alerts(replace(state_of(service), packages=None, failed_lately=1, skipped_releases=("f45",)))
    assert len(current) == 9
    assert [alert.summary for alert in current if len(alert.description) < 60 or alert.summary.endswith(".")] == []
    sentences = [sentence for alert in current for sentence in alert.description.split(".  ")]
    assert [sentence for sentence in sentences if len(sentence.split()) > 25] == []


@pytest.mark.parametrize("reason", ["HTTP 503", "HTTP 503."])
def test_an_error_in_an_alert_ends_with_one_period(service, client, now, reason):
    write_heartbeat(client, "one", NOW, NOW, parts(upstreams={"koji": {**FAILING, "reason": reason}}))
    (alert,) = alerts(state_of(service))
    assert "Error of one: HTTP 503.  Only" in alert.description


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
