"""Checks: an entry is compared with its upstream and corrected, and suspected drift is confirmed."""

import time

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.values import Invalidation
from fedora_packages.connectors.query import QueryCall
from fedora_packages.errors import UpstreamError
from fedora_packages.monitoring.checks import MAX_INTERVALS, check, confirm, drifts, explain
from fedora_packages.monitoring.metrics import MetricName, total
from tests.filling import put
from tests.upstream import Answer

BUILD = {
    "build_id": 7, "nvr": "guake-3.9-1.fc45", "version": "3.9", "release": "1.fc45", "epoch": None, "state": 1,
    "owner_name": "pingou", "task_id": None, "start_ts": 1000.5, "creation_ts": 1000.5, "completion_ts": 1100.9,
}  # fmt: skip

GRACE = 60.0


def builds(*rows):
    return [[len(rows)], [list(rows)]]


@pytest.fixture
def query(service):
    return service.queries["koji.builds"]


@pytest.fixture
def make(service, query):
    def make(by="audit"):
        return check(service.cache, service.metrics, QueryCall(query, "guake"), by, GRACE)

    return make


@pytest.fixture
def known(service, query, upstream):
    """What is cached: one build, as koji says."""
    upstream.koji_says(builds(BUILD))
    return put(service.cache, query.entry("guake"), lambda: query.fetch("guake"))


@pytest.fixture(autouse=True)
def swept(client):
    """A function that notes when the last complete sweep of each upstream began; by default after all that a test does."""

    def swept(at):
        for upstream in ("koji", "bodhi"):
            client.hset(keys.turn(f"sweep:{upstream}"), "done", at)

    swept(4e9)
    return swept


def read(service, query):
    (cached,) = service.cache.read([(query.entry("guake"), "")])
    return cached


def counted(service, name):
    service.metrics.flush()
    return total(service.client).count(name, "koji.builds")


def test_a_check_of_an_equal_value_renews_its_stamp(service, query, make, known):
    checked = make()
    assert (checked.outcome, checked.differences) == ("same", ())
    assert read(service, query).stamp.fetched > known.stamp.fetched


def test_a_difference_is_corrected_and_described(service, query, make, known, upstream):
    upstream.koji_says(builds({**BUILD, "state": 3}))
    checked = make()
    assert (checked.outcome, checked.differences) == ("corrected", ('builds 7 state was "complete", is "failed"',))
    assert read(service, query).value["builds"][0]["state"] == "failed"


def test_a_check_fills_a_missing_value(service, query, make, upstream):
    upstream.koji_says(builds(BUILD))
    assert (make().outcome, read(service, query).is_fresh) == ("first", True)


def test_a_failure_leaves_the_value(service, query, make, known, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    with pytest.raises(UpstreamError):
        make()
    assert (read(service, query).state, read(service, query).value) == ("fresh", known.value)


def test_an_event_supersedes_a_check(service, query, make, known, upstream):
    fetch = query.connector.multicall

    def superseded(*arguments):
        service.cache.invalidate([Invalidation(query.entry("guake"))])
        return fetch(*arguments)

    query.connector.multicall = superseded
    upstream.koji_says(builds({**BUILD, "state": 3}))
    assert (make().outcome, read(service, query).value) == ("superseded", known.value)
    assert service.queue.depth("koji") == 1


def test_a_lagging_answer_corrects_nothing(service, query, make, known, upstream):
    event = {"id": "2026-1", "topic": "buildsys.build.state.change", "sent": time.time()}
    facts = {"about": "build 8", "build_id": 8, "state": 1}
    upstream.koji_says(builds({**BUILD, "build_id": 8}, BUILD))
    service.cache.invalidate([Invalidation(query.entry("guake"), event, [(event["sent"], facts)])])
    put(service.cache, query.entry("guake"), lambda: query.fetch("guake"))
    upstream.koji_says(builds(BUILD))
    assert (make().outcome, len(read(service, query).value["builds"])) == ("lagging", 2)


def test_a_lagging_answer_does_not_make_an_invalidated_entry_fresh(service, query, make, known, upstream):
    event = {"id": "2026-1", "topic": "buildsys.build.state.change", "sent": time.time()}
    facts = {"about": "build 8", "build_id": 8, "state": 1}
    service.cache.invalidate([Invalidation(query.entry("guake"), event, [(event["sent"], facts)])])
    assert (make().outcome, read(service, query).state) == ("lagging", "refreshing")


def test_a_difference_that_no_message_explains_is_drift(service, make, known, upstream, caplog):
    upstream.koji_says(builds({**BUILD, "state": 3}))
    make()
    assert confirm(service.cache, service.queries, service.metrics, time.time()) == []
    (drift,) = confirm(service.cache, service.queries, service.metrics, time.time() + GRACE + 1)
    assert (drift.query, drift.package, drift.by) == ("koji.builds", "guake", "audit")
    assert "lost message on buildsys.build.state.change" in caplog.text
    assert (counted(service, "drift"), drifts(service.client)[0]["topics"]) == (1, ["buildsys.build.state.change"])


def test_a_difference_waits_for_the_sweep_that_follows_and_not_for_ever(service, make, known, upstream, swept):
    swept(time.time() - 1)
    upstream.koji_says(builds({**BUILD, "state": 3}))
    make()
    soon, late = time.time() + GRACE + 1, time.time() + MAX_INTERVALS * 300 + 2 * GRACE
    assert confirm(service.cache, service.queries, service.metrics, soon) == []
    assert confirm(service.cache, service.queries, service.metrics, soon + GRACE) == []
    assert len(confirm(service.cache, service.queries, service.metrics, late)) == 1


def test_a_difference_is_confirmed_after_the_sweep_that_follows(service, make, known, upstream, swept):
    swept(time.time() - 1)
    upstream.koji_says(builds({**BUILD, "state": 3}))
    make()
    confirm(service.cache, service.queries, service.metrics, time.time() + GRACE + 1)
    swept(time.time())
    assert len(confirm(service.cache, service.queries, service.metrics, time.time() + 3 * GRACE)) == 1


def test_a_difference_that_a_sweep_explains_is_no_drift(service, make, known, upstream):
    upstream.koji_says(builds({**BUILD, "state": 3}))
    make()
    explain(service.client, service.metrics, {("koji.builds", "vim"), ("koji.tagged", "guake")})
    assert service.client.zcard(keys.SUSPECTED_DRIFT) == 1
    explain(service.client, service.metrics, {("koji.builds", "guake")})
    assert confirm(service.cache, service.queries, service.metrics, time.time() + GRACE + 1) == []
    assert (counted(service, "drift"), counted(service, "ignored")) == (0, 1)
    assert total(service.client).durations(MetricName.WRONG_FOR, "koji.builds|audit").count == 1


@pytest.mark.parametrize(("age", "bound"), [(30, 60.0), (400, 600.0), (4000, float("inf"))])
def test_a_wrong_value_is_counted_by_its_age_and_by_who_found_it(service, query, upstream, age, bound):
    upstream.koji_says(builds(BUILD))
    service.cache.clock = lambda: time.time() - age
    put(service.cache, query.entry("guake"), lambda: query.fetch("guake"))
    service.cache.clock = time.time
    upstream.koji_says(builds({**BUILD, "state": 3}))
    check(service.cache, service.metrics, QueryCall(query, "guake"), "reader", 0)
    confirm(service.cache, service.queries, service.metrics, time.time() + 1)
    service.metrics.flush()
    ages = total(service.client).durations(MetricName.WRONG_FOR, "koji.builds|reader")
    assert (ages.count, ages.percentile(1)) == (1, bound)


def test_a_difference_that_a_late_message_explains_is_no_drift(service, query, make, known, upstream):
    upstream.koji_says(builds({**BUILD, "state": 3}))
    make()
    service.cache.invalidate([Invalidation(query.entry("guake"))])
    assert confirm(service.cache, service.queries, service.metrics, time.time() + GRACE + 1) == []
    assert (counted(service, "drift"), counted(service, "late"), drifts(service.client)) == (0, 1, [])
    assert total(service.client).durations(MetricName.WRONG_FOR, "koji.builds|audit").count == 0


def test_a_difference_in_ignored_fields_is_no_drift(service, upstream):
    query = service.queries["bodhi.updates"]
    row = {
        "alias": "F-1", "title": "x", "release": {"name": "F45"}, "status": "testing", "request": None, "type": "bugfix",
        "severity": "low", "karma": 0, "critpath": False, "user": None, "date_submitted": None, "date_modified": None,
        "date_pushed": None, "date_testing": None, "date_stable": None, "test_gating_status": "waiting", "builds": [],
        "bugs": [],
    }  # fmt: skip
    upstream.says("/updates/", {"updates": [row], "total": 1})
    put(service.cache, query.entry("guake"), lambda: query.fetch("guake"))
    upstream.says("/updates/", {"updates": [{**row, "test_gating_status": "passed"}], "total": 1})
    assert check(service.cache, service.metrics, QueryCall(query, "guake"), "schedule", 0).outcome == "corrected"
    assert confirm(service.cache, service.queries, service.metrics, time.time() + 1) == []
    service.metrics.flush()
    counts = total(service.client)
    assert counts.count(MetricName.IGNORED, "bodhi.updates") == 1
    assert counts.durations(MetricName.WRONG_FOR, "bodhi.updates|schedule").count == 1


def test_a_difference_of_what_no_message_announces_is_no_drift(service, upstream):
    query = service.queries["faf.tracked_packages"]
    upstream.says("/component_names.json", ["guake"])
    put(service.cache, query.entry(), lambda: query.fetch("*"))
    upstream.says("/component_names.json", ["gcc", "guake"])
    assert check(service.cache, service.metrics, QueryCall(query), "audit", 0).outcome == "corrected"
    assert confirm(service.cache, service.queries, service.metrics, time.time() + 1) == []


def test_suspected_drift_is_confirmed_once(service, make, known, upstream):
    upstream.koji_says(builds({**BUILD, "state": 3}))
    make()
    assert [
        len(confirm(service.cache, service.queries, service.metrics, time.time() + GRACE + 1)) for _ in range(2)
    ] == [1, 0]
    assert service.client.zcard(keys.SUSPECTED_DRIFT) == 0


def test_checks_are_counted_by_their_callers(service, make, known):
    for by in ("audit", "reader", "reader"):
        make(by)
    assert (counted(service, "checks by audit"), counted(service, "checks by reader")) == (1, 2)
