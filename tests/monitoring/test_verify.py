"""Checks: compared with upstream, healed, and settled whether a message was lost."""

import time

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.values import Invalidation
from fedora_packages.connectors.query import QueryCall
from fedora_packages.errors import UpstreamError
from fedora_packages.monitoring.metrics import total
from fedora_packages.monitoring.verify import check, confirm, drifts
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


def read(service, query):
    (cached,) = service.cache.read([(query.entry("guake"), "")])
    return cached


def counted(service, name):
    service.metrics.flush()
    return total(service.client).count(name, "koji.builds")


def test_what_is_right_is_found_right_and_its_stamp_is_renewed(service, query, make, known):
    checked = make()
    assert (checked.outcome, checked.differences) == ("same", ())
    assert read(service, query).stamp.fetched > known.stamp.fetched


def test_what_differs_is_healed_and_said(service, query, make, known, upstream):
    upstream.koji_says(builds({**BUILD, "state": 3}))
    checked = make()
    assert (checked.outcome, checked.differences) == ("corrected", ('builds 7 state was "complete", is "failed"',))
    assert read(service, query).value["builds"][0]["state"] == "failed"


def test_what_was_not_known_is_known_after(service, query, make, upstream):
    upstream.koji_says(builds(BUILD))
    assert (make().outcome, read(service, query).is_fresh) == ("first", True)


def test_an_upstream_that_fails_leaves_what_is_known(service, query, make, known, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    with pytest.raises(UpstreamError):
        make()
    assert (read(service, query).state, read(service, query).value) == ("fresh", known.value)


def test_an_event_that_comes_meanwhile_is_not_overwritten(service, query, make, known, upstream):
    fetch = query.connector._multicall

    def overtaken(*arguments):
        service.cache.invalidate([Invalidation(query.entry("guake"))])
        return fetch(*arguments)

    query.connector._multicall = overtaken
    upstream.koji_says(builds({**BUILD, "state": 3}))
    assert (make().outcome, read(service, query).value) == ("superseded", known.value)
    assert service.queue.depth("koji") == 1


def test_an_upstream_that_lags_behind_a_recent_event_heals_nothing(service, query, make, known, upstream):
    event = {"id": "2026-1", "topic": "buildsys.build.state.change", "sent": time.time()}
    facts = {"about": "build 8", "build_id": 8, "state": 1}
    upstream.koji_says(builds({**BUILD, "build_id": 8}, BUILD))
    service.cache.invalidate([Invalidation(query.entry("guake"), event, [(event["sent"], facts)])])
    put(service.cache, query.entry("guake"), lambda: query.fetch("guake"))
    upstream.koji_says(builds(BUILD))
    assert (make().outcome, len(read(service, query).value["builds"])) == ("lagging", 2)


def test_what_waits_for_its_refill_is_not_made_fresh_by_an_upstream_that_lags(service, query, make, known, upstream):
    event = {"id": "2026-1", "topic": "buildsys.build.state.change", "sent": time.time()}
    facts = {"about": "build 8", "build_id": 8, "state": 1}
    service.cache.invalidate([Invalidation(query.entry("guake"), event, [(event["sent"], facts)])])
    assert (make().outcome, read(service, query).state) == ("lagging", "refreshing")


def test_a_difference_that_no_message_explains_is_a_lost_one(service, make, known, upstream, caplog):
    upstream.koji_says(builds({**BUILD, "state": 3}))
    make()
    assert confirm(service.cache, service.queries, service.metrics, time.time()) == []
    (drift,) = confirm(service.cache, service.queries, service.metrics, time.time() + GRACE + 1)
    assert (drift.query, drift.package, drift.by) == ("koji.builds", "guake", "audit")
    assert "lost message on buildsys.build.state.change" in caplog.text
    assert (counted(service, "drift"), drifts(service.client)[0]["topics"]) == (1, ["buildsys.build.state.change"])


def test_a_message_that_came_a_little_later_was_not_lost(service, query, make, known, upstream):
    upstream.koji_says(builds({**BUILD, "state": 3}))
    make()
    service.cache.invalidate([Invalidation(query.entry("guake"))])
    assert confirm(service.cache, service.queries, service.metrics, time.time() + GRACE + 1) == []
    assert (counted(service, "drift"), counted(service, "late"), drifts(service.client)) == (0, 1, [])


def test_a_difference_in_what_nobody_announces_is_no_loss(service, upstream):
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
    assert total(service.client).count("ignored", "bodhi.updates") == 1


def test_a_doubt_is_settled_once(service, make, known, upstream):
    upstream.koji_says(builds({**BUILD, "state": 3}))
    make()
    assert [
        len(confirm(service.cache, service.queries, service.metrics, time.time() + GRACE + 1)) for _ in range(2)
    ] == [1, 0]
    assert service.client.zcard(keys.SUSPECTED_DRIFT) == 0


def test_who_asked_is_counted(service, make, known):
    for by in ("audit", "reader", "reader"):
        make(by)
    assert (counted(service, "checks by audit"), counted(service, "checks by reader")) == (1, 2)
