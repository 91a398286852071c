"""Alerts: what follows from the state of the service."""

import ast
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fedora_packages.cache import keys
from fedora_packages.connectors.circuit import Circuit
from fedora_packages.monitoring import alerts as module
from fedora_packages.monitoring.alerts import alerts
from fedora_packages.monitoring.health import THIS_PROCESS
from fedora_packages.monitoring.heartbeat import write_heartbeat
from fedora_packages.monitoring.metrics import MetricName, Metrics
from fedora_packages.search.corruption import Corruption
from fedora_packages.search.indexing.writer import Writer
from tests.monitoring.state import (
    CIRCUIT,
    DRIFT,
    FAILING,
    GAP,
    NOW,
    not_responding,
    parts,
    query_of,
    state_of,
)


def test_while_all_is_well_there_is_no_alert(wrong):
    assert wrong() == []


# Workers.


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


# Upstreams, refills, values, messages, the index.


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
    recovered = {**FAILING, "reset_pause": 0.0}
    write_heartbeat(client, "one", NOW, NOW, parts(upstreams={"koji": recovered}))
    write_heartbeat(client, "two", NOW, NOW, parts(upstreams={"koji": CIRCUIT}))
    assert wrong() == []


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
    service.metrics.clock = lambda: NOW
    service.metrics.count("drift", "koji.builds", 2)
    for found, package in ((NOW - 200, "vim"), (NOW - 90, "guake")):
        client.lpush(keys.DRIFT, json.dumps({**DRIFT, "found": found, "package": package}))
    assert wrong() == [("2 lost messages in the last hour", NOW - 200, "critical")]
    (alert,) = alerts(state_of(service))
    assert alert.description.startswith("The latest changed koji.builds of guake.  ")


def test_a_message_lost_long_ago_is_no_alert_any_more(service, client, wrong):
    service.metrics.clock = lambda: NOW - 7200
    service.metrics.count("drift", "koji.builds")
    client.lpush(keys.DRIFT, json.dumps({**DRIFT, "found": NOW - 7200}))
    assert wrong() == []
    assert query_of(state_of(service), "koji.builds").total.drift == 1


def test_forgotten_entries_are_an_alert(service, wrong):
    service.metrics.clock = lambda: NOW
    service.metrics.count("forgotten", "koji.builds")
    assert wrong() == [("The refill queue lost 1 entry in the last hour", None, "warning")]


def test_failed_messages_are_an_alert_for_an_hour(service, client, wrong):
    client.hset(keys.OUTCOMES, mapping={"failed": 5, "not-understood": 7})
    service.metrics.clock = lambda: NOW
    service.metrics.count("failed messages", by=2)
    assert wrong() == [("2 messages failed in the last hour", None, "warning")]


def test_a_missing_index_is_critical(service, now, tmp_path):
    service.index.path = tmp_path / "nowhere"
    service.index._local.handle = None
    found = state_of(service)
    assert found.packages is None
    assert [alert.summary for alert in alerts(found)] == ["The search index is missing or unreadable"]


def test_packages_that_a_build_left_out_are_counted_and_no_alert(service, now):
    assert state_of(service).skipped_packages == 0
    with Writer(service.settings.search.index) as writer:
        writer.note_skipped_packages(3)
        writer.commit()
    found = state_of(service)
    assert (found.skipped_packages, [alert for alert in alerts(found) if "index" in alert.summary]) == (3, [])


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
    service.metrics.clock = lambda: NOW
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


# Schedules.


@pytest.mark.parametrize(("entries", "is_wrong"), [(1_000_000, True), (1000, False)])
def test_schedules_that_ask_for_more_than_the_budget_are_an_alert(service, client, now, entries, is_wrong):
    counts = {"at": time.time(), "entries": {"faf.problems": entries}}
    client.set(keys.ENTRY_COUNTS, json.dumps(counts))
    write_heartbeat(client, "one", time.time(), time.time(), {**parts(), "audit_rate": 1.0})
    summaries = [alert.summary for alert in alerts(state_of(service))]
    assert ("The schedules exceed the budget" in summaries) is is_wrong


# Sweeps.


@pytest.mark.parametrize(
    ("began", "finished", "is_late"),
    [(NOW - 100, NOW - 100, False), (NOW - 10, NOW - 1000, True), (NOW - 1000, None, True), (None, None, False)],
)
def test_a_sweep_that_has_missed_turns_is_an_alert(wrong, client, began, finished, is_late):
    noted = {"began": began, "finished": finished, "error": "Koji: listBuilds failed"}
    client.hset(keys.turn("sweep:koji"), mapping={key: value for key, value in noted.items() if value is not None})
    assert wrong() == ([("sweep:koji is late", finished or began, "warning")] if is_late else [])


@pytest.mark.parametrize(("handled", "untold", "is_wrong"), [(7200, 5, True), (60, 50, False), (7200, 4, False)])
def test_a_topic_without_messages_although_its_changes_happen_is_an_alert(wrong, client, handled, untold, is_wrong):
    topic = {"topic": "buildsys.tag", "id": "1", "sent": NOW - handled, "handled": NOW - handled}
    client.hset(keys.TOPICS, "buildsys.tag", json.dumps(topic))
    metrics = Metrics(client, lambda: NOW)
    metrics.count(MetricName.UNTOLD, "buildsys.tag", untold)
    metrics.flush()
    expected = [("No messages arrive on buildsys.tag", NOW - handled, "warning")]
    assert wrong() == (expected if is_wrong else [])


def test_a_topic_of_which_no_message_ever_came_is_an_alert_too(client, wrong):
    metrics = Metrics(client, lambda: NOW)
    metrics.count(MetricName.UNTOLD, "buildsys.tag", 5)
    metrics.flush()
    assert wrong() == [("No messages arrive on buildsys.tag", None, "warning")]


def test_each_alert_is_in_the_documentation():
    source = Path(module.__file__).read_text("utf-8")
    text = (Path(__file__).parents[2] / "docs" / "operations.rst").read_text("utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    summaries = [node.args[0] for node in calls if ast.unparse(node.func) == "Alert"]
    fixed = [max(_constants(summary), key=len).strip(" :(") for summary in summaries]
    assert len(fixed) == 21
    assert [words for words in fixed if words not in text] == []


def _constants(summary):
    """Yield the fixed parts of a string or an f-string."""
    return [node.value for node in ast.walk(summary) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
