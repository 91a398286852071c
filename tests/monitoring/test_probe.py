"""Probes: what an upstream no longer returns is named, whatever the query makes of it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from fedora_packages import settings
from fedora_packages.cache import keys
from fedora_packages.connectors import declared, load
from fedora_packages.connectors.query import Declaration, Queries
from fedora_packages.monitoring.alerts import alerts
from fedora_packages.monitoring.probe import MAX_FINDING, Probe, probe, probes, store
from tests.monitoring.state import NOW, state_of
from tests.sabotaged import Sabotaged
from tests.sandbox.running import Running
from tests.upstream import PAGURE_VERSION, Answer, Upstream, connector_strings

QUERIES = sorted(
    f"{kind.name}.{name}"
    for kind in declared()
    # What has no URL of its own sends no request.
    if kind.url_setting is None
    for name, one in vars(kind).items()
    if isinstance(one, Declaration)
)

#: Queries of which no answer is a JSON object.
NO_OBJECTS = {"faf.tracked_packages", "faf.tracked_releases"}

#: A value of a type that no field has.
ODD = {"of": {"another": ["type"]}}


def changed(answer: Any, name: str, change: Callable[[dict[str, Any]], None]) -> Any:
    """Return an answer of whose objects those with a field are changed."""
    if isinstance(answer, list):
        return [changed(row, name, change) for row in answer]
    if not isinstance(answer, dict):
        return answer
    found = {key: changed(value, name, change) for key, value in answer.items()}
    if name in found:
        change(found)
    return found


@pytest.fixture(scope="module")
def sabotaged():
    """The sandbox, to be sabotaged."""
    server = Upstream()
    with Running() as sandbox:
        yield Sabotaged(server, sandbox)
    server.close()


@pytest.fixture
def sandbox(sabotaged):
    """The sandbox as it is."""
    sabotaged.change = lambda answer: answer
    return sabotaged


def remove(name: str) -> Callable[[Any], Any]:
    return lambda answer: changed(answer, name, lambda row: row.pop(name))


def replace_type(name: str) -> Callable[[Any], Any]:
    return lambda answer: changed(answer, name, lambda row: row.update({name: ODD}))


@pytest.mark.parametrize("name", QUERIES)
def test_a_probe_of_what_the_sandbox_returns_finds_nothing_and_checks_all(sandbox, name):
    found = probe(sandbox.queries[name])
    assert (found.findings, found.unavailable, found.unchecked, found.since) == ((), "", (), None)


@pytest.mark.parametrize("sabotage", [remove, replace_type])
@pytest.mark.parametrize("name", [name for name in QUERIES if name not in NO_OBJECTS])
def test_a_field_whose_loss_or_type_makes_another_value_is_named(sandbox, name, sabotage):
    """No list of fields stands here: each that the sandbox returns is sabotaged, and the value tells whether it is read."""
    sandbox.keys.clear()
    whole, unnamed, read = sandbox.value(name), [], []
    for field in list(sandbox.keys):
        sandbox.change = sabotage(field)
        if sandbox.value(name) == whole:
            continue
        read.append(field)
        found = probe(sandbox.queries[name])
        if not any(re.search(rf"(?<!\w){re.escape(field)}(?!\w)", finding) for finding in found.findings):
            unnamed.append((field, found))
    # Of dist-git's files only the branches are JSON.
    assert (unnamed, bool(read)) == ([], True)


#: Fields that are read, and are the same as if they were missing in the sandbox's answers about the samples.
UNTOLD = [
    ("koji.builds", "extra", remove),
    ("koji.builds", "draft", replace_type),
    ("distgit.maintainers", "collaborator", remove),
]


@pytest.mark.parametrize(("name", "field", "sabotage"), UNTOLD)
def test_a_field_that_makes_no_other_value_today_is_named_too(sandbox, name, field, sabotage):
    sandbox.change = sabotage(field)
    assert any(f"{field}: expected" in finding for finding in probe(sandbox.queries[name]).findings)


@pytest.mark.parametrize("name", QUERIES)
def test_a_web_page_with_status_200_is_named_with_the_setting_to_check(sandbox, upstream, name):
    upstream.answer = lambda asked: Answer(b"<!DOCTYPE html><title>Are you human?</title>", content_type="text/html")
    found = probe(at(sandbox, name, upstream.url))
    (finding,) = found.findings
    assert ("web page" in finding, f"connectors.{name.split('.')[0]}.url" in finding) == (True, True)


#: Queries of one answer that is read as it comes: other answers are no JSON, or parts of a larger whole.
OBJECTS = [name for name in QUERIES if name.startswith(("bodhi", "bugzilla", "faf")) and name not in NO_OBJECTS]
OBJECTS += ["distgit.maintainers", "mdapi.changelog", "mdapi.files", "mdapi.package", "mdapi.relations"]


@pytest.mark.parametrize("name", OBJECTS)
def test_json_of_another_server_is_named_with_the_setting_to_check(sandbox, upstream, name):
    upstream.answer = lambda asked: Answer(b'{"openapi": "3.1.0", "paths": {}}')
    (finding,) = probe(at(sandbox, name, upstream.url)).findings
    assert f"another server; check connectors.{name.split('.')[0]}.url" in finding


@pytest.mark.parametrize("name", QUERIES)
def test_an_upstream_that_is_down_is_no_finding(sandbox, upstream, name):
    upstream.answer = lambda asked: Answer(b"<html>busy</html>", 503, "text/html")
    found = probe(at(sandbox, name, upstream.url))
    assert (found.findings, "HTTP 503" in found.unavailable) == ((), True)


def test_a_query_that_needs_the_releases_is_not_blamed_for_them(sandbox, upstream):
    upstream.answer = lambda asked: Answer(b"<html></html>", content_type="text/html")
    queries = at(sandbox, "koji.tagged", upstream.url)
    queries.connector.releases = lambda: at(sandbox, "bodhi.releases", upstream.url).fetch("*")["releases"]
    found = probe(queries)
    assert (found.findings, "Bodhi: GET /releases/" in found.unavailable) == ((), True)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("mdapi.package", Answer(b"404: Not Found", 404, "text/plain")),
        ("mdapi.obsoleters", Answer(b"400: Bad Request", 400, "text/plain")),
        ("distgit.maintainers", Answer(b'{"error_code": "ENOPROJECT"}', 404)),
    ],
)
def test_an_upstream_without_a_package_that_is_everywhere_is_a_finding(sandbox, upstream, name, answer):
    upstream.answer = lambda asked: PAGURE_VERSION if asked.path == "/api/0/version" else answer
    query = at(sandbox, name, upstream.url)
    assert probe(query).findings == (f"expected an answer about {query.declaration.sample}, got that there is none",)


def empty(rows: str) -> Callable[[Any], Any]:
    return lambda answer: changed(answer, rows, lambda row: row.update({rows: [], "total": 0}))


def test_an_empty_list_about_a_package_that_is_everywhere_is_a_finding(sandbox):
    sandbox.change = empty("updates")
    assert probe(sandbox.queries["bodhi.updates"]).findings == ("updates: expected at least one row, got none",)


def test_a_list_without_rows_where_that_happens_is_not_checked_and_says_so(sandbox):
    sandbox.change = empty("problems")
    found = probe(sandbox.queries["faf.problems"])
    assert (found.findings, found.unchecked) == ((), ("problems",))


def test_one_invalid_row_is_a_finding(sandbox):
    def spoil(answer):
        answer.get("updates", [{}])[0]["karma"] = "much"
        return answer

    sandbox.change = spoil
    (finding,) = probe(sandbox.queries["bodhi.updates"]).findings
    assert (
        finding
        == "invalid rows left out: 1; the first: updates[0].karma: expected an integer, got a string of 4 characters"
    )


def test_a_finding_is_short_and_printable_whatever_an_upstream_calls_its_fields(sandbox):
    sandbox.change = lambda answer: {**answer, "branches": {"\x1b[2J\n" + "x" * 10_000: ODD}}
    (finding,) = probe(sandbox.queries["distgit.spec"]).findings
    assert (finding.isprintable(), len(finding) <= MAX_FINDING) == (True, True)


# What is kept.

GOOD = Probe("bodhi.updates", "bash", NOW)
BAD = Probe("bodhi.updates", "bash", NOW - 60, ("updates[0].karma: expected a value",), NOW - 60)
SILENT = Probe("bodhi.updates", "bash", NOW, unavailable="Bodhi: GET /updates/ failed: HTTP 503")


def kept(client, *results):
    for result in results:
        store(client, result)
    return probes(client)[0]


def test_a_result_is_kept_as_it_is(client):
    assert kept(client, BAD) == BAD


def test_a_good_probe_ends_a_finding(client):
    assert kept(client, BAD, GOOD) == GOOD


def test_a_finding_lasts_while_the_upstream_is_down(client):
    found = kept(client, BAD, SILENT)
    assert (found.findings, found.since, found.unavailable) == (BAD.findings, BAD.since, SILENT.unavailable)


def test_a_finding_that_is_found_again_has_the_time_of_the_first(client):
    found = kept(client, BAD, Probe("bodhi.updates", "bash", NOW, ("another",), NOW))
    assert (found.findings, found.since, found.at) == (("another",), NOW - 60, NOW)


def test_a_worker_of_another_version_may_keep_fewer_or_more_fields(client):
    client.hset(
        keys.PROBES, "bodhi.updates", json.dumps({"query": "bodhi.updates", "sample": "bash", "at": 1, "mood": 7})
    )
    assert probes(client) == [Probe("bodhi.updates", "bash", 1)]


# The alert.


def test_the_alert_names_upstream_query_and_field_and_ends_with_a_good_probe(service, client, now):
    store(client, BAD)
    store(client, Probe("bodhi.releases", "*", NOW, ("releases[0].state: expected a value",), NOW))
    (alert,) = alerts(state_of(service))
    assert alert.summary == "Bodhi's answers have changed: bodhi.releases: releases[0].state: expected a value"
    assert ("bodhi.updates: updates[0].karma" in alert.description, alert.severity) == (True, "warning")
    assert alert.since == NOW - 60
    for name in ("bodhi.updates", "bodhi.releases"):
        store(client, Probe(name, "bash", NOW))
    assert alerts(state_of(service)) == []


def test_an_upstream_that_could_not_be_probed_is_no_alert(service, client, now):
    store(client, SILENT)
    assert alerts(state_of(service)) == []


def test_a_probe_of_a_query_that_no_longer_exists_is_ignored(service, client, now):
    store(client, Probe("bodhi.gone", "bash", NOW, ("x",), NOW))
    assert state_of(service).probes == ()


def at(sandbox: Sabotaged, name: str, url: str) -> Any:
    """Return a query whose upstream is at another URL."""
    loaded = settings.from_strings(
        {
            **connector_strings(url, timeout="1"),
            "cache.url": "redis://127.0.0.1:9/0",
            "search.index": "/nowhere",
            "worker.topic_prefix": "org.fedoraproject.dev",
        },
        declared(),
        {},
    )
    return Queries(load(loaded, "test", lambda: sandbox.releases).values())[name]
