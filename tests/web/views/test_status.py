"""The status page, its JSON and the metrics."""

import json
import os
import re
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fedora_packages.cache import keys
from fedora_packages.monitoring.health import LAGS
from fedora_packages.monitoring.heartbeat import write_heartbeat
from fedora_packages.monitoring.metrics import BOUNDS
from fedora_packages.monitoring.probe import Probe, store
from fedora_packages.monitoring.warmth import WARM, QueryWarmth, Warmth
from fedora_packages.search import corruption
from fedora_packages.search.indexing.writer import Writer
from fedora_packages.web.formats import upstream_title
from fedora_packages.web.views.metrics import METRICS, Histogram
from fedora_packages.web.views.status import second, share, span
from tests.documented import undocumented
from tests.web.website import Elements, website

HOSTILE = "\"'><script>alert(1)</script>"


@pytest.fixture
def beat(client):
    """Write a worker's heartbeat."""

    def beat(worker="vm:7:abc", ago=0.0, behind=0.0, **changes):
        at = time.time() - ago
        parts = {
            "bus": "fedmsg",
            "begun": at - 60,
            "buffer": 3,
            "hub_moves": True,
            "hub_seen": at,
            "dead": [],
            **changes,
        }
        write_heartbeat(client, worker, at, at - behind, parts)

    return beat


@pytest.fixture
def away(service, strings):
    """The application without Redis."""
    with website(service, {**strings, "cache.url": "redis://127.0.0.1:9/0"}) as found:
        yield found


@pytest.fixture
def drifted(client):
    """Note a lost message."""

    def drifted(**changes):
        row = {
            "query": "koji.builds", "package": "guake", "variant": "", "generation": "1", "found": 1764072249.0,
            "fetched": 1764070000.0, "differences": ["builds 7 is gone"], "by": "audit", "is_announced": True,
            "topics": ["buildsys.build.state.change"], **changes,
        }  # fmt: skip
        client.lpush(keys.DRIFT, json.dumps(row))

    return drifted


def metrics(site):
    """Return the samples of ``/metrics``: (name, labels as items) -> number."""
    families = text_string_to_metric_families(site.get("/metrics", 200).text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def number(site, name, **labels):
    return metrics(site).get((f"fedora_packages_{name}", tuple(sorted(labels.items()))))


# The page.


def test_without_alerts_the_page_says_so_first(site):
    text = site.get("/status", 200).text
    assert text.index("All is well.") < text.index("<h2")


def test_a_page_without_any_worker_says_so(site, client):
    client.delete(keys.HEARTBEATS)
    text = site.get("/status", 200).text
    assert ("All is well" in text, text.count("No worker has ever run.") == 2) == (False, True)


def test_a_worker_is_shown_with_its_parts(site, beat):
    gap = {
        "closed": False,
        "reason": "the worker has started",
        "archive": True,
        "replayed_at": 1764072249.0,
        "replayed": 5,
    }
    beat(endpoints={"tcp://192.0.2.1:9940": True, "tcp://192.0.2.2:9940": False}, gaps=gap)
    text = site.get("/status", 200).text
    shown = ("vm:7:abc", "tcp://192.0.2.1:9940", "possible: the worker has started", "2025-11-25 12:04:09 UTC")
    assert [words for words in shown if words not in text] == []


def test_an_alert_stands_before_everything_else_with_its_description(site, beat, client):
    client.delete(keys.HEARTBEATS)
    beat(ago=500)
    text = site.get("/status", 200).text
    sentence, meaning = (
        text.index("No worker is running"),
        text.index("Start fedora-packages-worker"),
    )
    assert sentence < meaning < text.index("<h2")


def test_a_critical_alert_looks_critical(site, service, client):
    service.metrics.count("failed messages")
    service.metrics.flush()
    text = site.get("/status").text
    assert ('class="critical"' in text, "Critical:" in text) == (False, False)
    client.delete(keys.HEARTBEATS)
    text = site.get("/status").text
    assert ('class="critical"' in text, "Critical: No worker has ever run." in text) == (True, True)


def test_every_query_and_upstream_has_a_row(site, service):
    text = site.get("/status").text
    wanted = [*service.queries, *(upstream_title(name) for name in service.connectors)]
    assert [name for name in wanted if f'<th scope="row">{name}</th>' not in text] == []


def test_the_page_says_that_bus_timestamps_are_whole_seconds(site):
    assert "Bus timestamps are whole seconds" in site.get("/status").text


def test_every_table_has_a_caption_and_column_headers(site, drifted, client, beat):
    beat(endpoints={"tcp://192.0.2.1:9940": True})
    drifted()
    client.hset(keys.OUTCOMES, "handled", 1)
    client.hset(keys.TOPICS, "git.receive", json.dumps({"id": "1", "topic": "git.receive", "sent": 1, "handled": 2}))
    store(client, CHANGED)
    elements = Elements(site.get("/status").text)
    assert len(elements.of("table")) == len(elements.of("caption")) == 12
    assert [head for head in elements.of("th") if head.get("scope") not in ("col", "row")] == []
    assert (elements.misplaced, elements.open, len(elements.of("h1"))) == ([], [], 1)


def test_the_ids_of_the_page_are_unique(site, drifted):
    drifted()
    ids = [attributes["id"] for _, attributes in Elements(site.get("/status").text).found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_a_lost_message_is_shown_with_its_expected_topics(site, drifted):
    drifted()
    text = site.get("/status").text
    assert ("builds 7 is gone" in text, "buildsys.build.state.change" in text) == (True, True)


@pytest.mark.parametrize("part", ["topics", "package", "differences", "variant", "by", "query"])
def test_text_of_a_lost_message_is_escaped(site, drifted, part):
    drifted(**{part: [HOSTILE] if part in ("topics", "differences") else HOSTILE})
    assert Elements(site.get("/status", 200).text).strange_scripts == []


def test_text_of_topics_and_workers_is_escaped(site, client, beat):
    client.hset(keys.TOPICS, HOSTILE, json.dumps({"id": HOSTILE, "topic": HOSTILE, "sent": 1, "handled": 2}))
    client.hset(keys.OUTCOMES, HOSTILE, 1)
    circuit = {"failures": 9, "reset_pause": 5.0, "reason": HOSTILE, "answered": None, "failing_since": 1.0}
    beat(HOSTILE, endpoints={HOSTILE: False}, dead=[HOSTILE], bus=HOSTILE, upstreams={"koji": circuit})
    assert Elements(site.get("/status", 200).text).strange_scripts == []


def test_sweeps_are_shown_with_what_they_found(site, client, beat):
    beat()
    client.hset(keys.turn("sweep:koji"), mapping={"began": 1.0, "finished": 2.0, "changes": 7, "error": "<b>late</b>"})
    site.service.metrics.count("swept untold", "koji.builds", 3)
    site.service.metrics.flush()
    page = site.get("/status", 200).text
    assert "7 changes" in page
    assert "&lt;b&gt;late&lt;/b&gt;" in page
    assert 'data-label="Without a message">3 / 3</td>' in page


#: A probe with everything that one can have.
CHANGED = Probe("bodhi.updates", "bash", 2.0, ("<b>karma</b>: expected an integer",), 1.0, "HTTP 503", ("bugs",))


@pytest.fixture
def warm(client):
    """Note a count of what is cached of all that pages show."""
    rows = {"koji.builds": QueryWarmth(200, 150, 2), "mdapi.files": QueryWarmth()}
    counted = Warmth(1764070000.0, 1764060000.0, 0.25, rows)
    client.hset(keys.turn(WARM), "position", json.dumps(counted.as_position()))


def test_how_far_the_cache_is_filled_is_shown(site, warm):
    page = site.get("/status", 200).text
    table = page[page.index('id="caption-warm"') : page.index('id="messages"')].partition("<tbody>")[2]
    cells = re.findall(r"<t[hd][^>]*>([^<]+)</", table)
    assert ("75 % of the values" in page, "0.25 come a second." in page) == (True, True)
    assert cells == ["koji.builds", "200", "150", "75 %", "2", "mdapi.files", "0", "0", "–", "0"]


def test_how_far_the_cache_is_filled_is_in_json_and_metrics(site, warm):
    found = site.get("/api/v1/status").json["warmth"]
    assert (found["since"], found["queries"]["koji.builds"]) == (
        1764060000.0,
        {"wanted": 200, "there": 150, "failed": 2},
    )
    assert [number(site, name, query="koji.builds") for name in ("wanted_values", "warm_values")] == [200, 150]


def test_a_count_that_cannot_be_read_is_none(site, client):
    assert "Not counted so far." in site.get("/status").text
    client.hset(keys.turn(WARM), "position", "{")
    assert site.get("/api/v1/status").json["warmth"] is None


def test_what_a_probe_has_found_is_shown_escaped_and_returned_and_measured(site, client, beat):
    beat()
    store(client, CHANGED)
    page = site.get("/status", 200).text
    shown = (
        "&lt;b&gt;karma&lt;/b&gt;: expected",
        "HTTP 503",
        "No rows to compare: bugs",
        "Bodhi's answers have changed",
    )
    assert [words for words in shown if words not in page.replace("&#39;", "'")] == []
    answer = site.get("/api/v1/status", 200)
    document = site.app.app.registry.openapi
    assert undocumented(document, "/api/v1/status", "get", 200, answer.content_type, answer.json) == []
    (row,) = answer.json["probes"]
    assert (row["query"], row["findings"], row["since"]) == ("bodhi.updates", [*CHANGED.findings], 1.0)
    assert number(site, "probe_findings", query="bodhi.updates") == 1
    assert number(site, "probe_timestamp_seconds", query="bodhi.updates") == 2


def test_a_probe_without_findings_is_as_expected(site, client, beat):
    beat()
    store(client, Probe("bodhi.updates", "bash", 2.0))
    page = site.get("/status", 200).text
    assert ("as expected" in page, "All is well." in page) == (True, True)


def test_garbage_in_the_state_of_a_sweep_is_no_error(site, client, beat):
    beat()
    client.hset(
        keys.turn("sweep:koji"),
        mapping={"began": "x", "finished": b"\xff", "changes": "1e9"},
    )
    assert "sweep:koji" in site.get("/status", 200).text


def test_every_cell_is_labeled_for_small_screens(site, drifted, client, beat):
    drifted()
    beat()
    client.hset(keys.TOPICS, "x", json.dumps({"id": "1", "topic": "x", "sent": 1, "handled": 2}))
    store(client, CHANGED)
    page = site.get("/status", 200).text
    tables = Elements(page).of("table")
    assert (len(tables), {table.get("class") for table in tables}) == (11, {"stacked"})
    assert re.findall(r"<td[^>]*>", page.replace("<td></td>", "")) == re.findall(r"<td[^>]* data-label=[^>]*>", page)


def test_an_impossible_timestamp_is_no_error(site, client, beat):
    client.hset(keys.TOPICS, "x", json.dumps({"id": "1", "topic": "x", "sent": 1e300, "handled": -1e300}))
    beat(begun=1e30)
    assert "at an unknown time" in site.get("/status", 200).text


def test_the_page_without_redis_is_503_and_says_so(away):
    answer = away.get("/status", 503)
    assert ("Redis does not answer" in answer.text, answer.headers["Retry-After"]) == (True, "30")


def test_packages_that_the_build_left_out_are_counted(site, service):
    with Writer(service.settings.search.index) as writer:
        writer.note_skipped_packages(3)
        writer.commit()
    assert "(the last build left out 3 invalid ones)" in site.get("/status", 200).text
    assert site.get("/api/v1/status", 200).json["skipped_packages"] == 3


def test_the_page_without_an_index_says_so(service, strings, tmp_path):
    with website(service, {**strings, "search.index": str(tmp_path / "nowhere")}) as site:
        assert "The search index is missing or unreadable" in site.get("/status", 200).text


@pytest.mark.parametrize("address", ["/", "/guake", "/nothing"])
def test_every_page_leads_to_the_status(site, address):
    assert "/status" in {link["href"] for link in Elements(site.get(address).text).of("a")}


@pytest.mark.parametrize("address", ["/status", "/metrics", "/api/v1/status"])
def test_the_status_is_also_below_the_old_prefix(site, address):
    assert [site.get(prefix + address).status_int for prefix in ("", "/packages")] == [200, 200]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"), (0.001, "1 ms"), (0.0075, "7.5 ms"), (0.15, "150 ms"), (1.0, "1 s"), (2.5, "2.5 s"), (60.0, "60 s"),
        (300.0, "5 min"), (3600.0, "1 h"), (float("inf"), "over 1 h"), (200000.0, "2.31 days"),
    ],
)  # fmt: skip
def test_durations_are_written_for_people(seconds, words):
    assert span(seconds) == words


def test_shares_are_percents_and_timestamps_have_seconds():
    assert [share(None), share(0.0), share(0.00123), share(1.0)] == ["–", "0 %", "0.123 %", "100 %"]
    assert second(1764072249) == "2025-11-25 12:04:09 UTC"


# The JSON.


def test_the_json_says_that_all_is_well(site):
    answer = site.get("/api/v1/status", 200).json
    assert (answer["ok"], answer["alerts"]) == (True, [])


def test_the_json_has_the_same_alerts_as_the_page(site, client):
    client.delete(keys.HEARTBEATS)
    answer = site.get("/api/v1/status", 200).json
    (alert,) = answer["alerts"]
    assert (answer["ok"], alert["summary"], alert["severity"]) == (False, "No worker has ever run", "critical")


@pytest.fixture
def wrong(service):
    """Count wrong values that a sweep and an audit have found."""
    for age in (30, 400, 700):
        service.metrics.observe("wrong for", "koji.builds|sweep", age)
    service.metrics.observe("wrong for", "bugzilla.bugs|audit", 61)
    service.metrics.flush()


def test_wrong_values_are_shown_by_age_and_by_who_found_them(site, wrong):
    rows = site.get("/status", 200).html.find(id="caption-wrong").find_parent("table").tbody.find_all("tr")
    shown = {tuple(cell.text.strip() for cell in row.find_all(["th", "td"])) for row in rows}
    assert shown == {
        ("koji.builds", "sweep", "3 / 3", "2 / 2", "2 / 2", "1 / 1"),
        ("bugzilla.bugs", "audit", "1 / 1", "1 / 1", "0 / 0", "0 / 0"),
    }


def test_without_wrong_values_the_page_says_so(site):
    assert "No wrong values found." in site.get("/status", 200).text


def test_wrong_values_are_in_json_and_metrics(site, wrong):
    answer = site.get("/api/v1/status", 200)
    found = {(row["query"], row["found_by"]): row["lately"] for row in answer.json["wrong"]}
    assert found["koji.builds", "sweep"] == {"count": 3, "over_60": 2, "over_300": 2, "over_600": 1}
    assert found["koji.builds", "audit"]["count"] == 0
    labels = {"query": "koji.builds", "found_by": "sweep"}
    bounds = ("60.0", "300.0", "600.0", "+Inf")
    assert [number(site, "wrong_value_age_seconds_bucket", **labels, le=bound) for bound in bounds] == [1, 1, 2, 3]
    document = site.app.app.registry.openapi
    assert undocumented(document, "/api/v1/status", "get", 200, answer.content_type, answer.json) == []


def test_the_json_has_every_metric(site, service, beat, drifted):
    service.metrics.observe("sent to fresh", "", 0.9)
    service.metrics.observe("invalidated to fresh", "koji", 1e6)
    service.metrics.count("hits", "koji.builds", 3)
    service.metrics.flush()
    beat(endpoints={"tcp://192.0.2.1:9940": True})
    drifted()
    answer = site.get("/api/v1/status", 200).json
    lags = {(lag["name"], lag["upstream"]): lag["total"] for lag in answer["lags"]}
    assert lags["sent to fresh", None] == {"count": 1, "sum": 0.9, "p50": 1.0, "p95": 1.0, "p99": 1.0}
    assert lags["invalidated to fresh", "koji"]["p50"] is None
    assert answer["queries"]["koji.builds"]["total"]["hits"] == 3
    assert answer["drifts"][0]["package"] == "guake"
    assert answer["workers"][0]["endpoints"] == {"tcp://192.0.2.1:9940": True}
    assert set(answer["upstreams"]["koji"]) == {"queued", "lately", "total", "circuits"}


def test_why_a_corrupt_index_is_not_built_anew_is_told_and_escaped(site, service, client):
    folder = os.path.realpath(service.settings.search.index)
    corruption.note(client, folder, f"block 7 {HOSTILE}")
    corruption.note_failure(client, folder, f"koji does not answer {HOSTILE}")
    page = site.get("/status", 200).text
    assert ("koji does not answer" in page, HOSTILE in page) == (True, False)
    answer = site.get("/api/v1/status", 200)
    told = answer.json["corruption"]
    assert (told["directory"], told["failure"]) == (folder, f"koji does not answer {HOSTILE}")
    assert 0 <= told["failed"] - told["at"] < 60
    document = site.app.app.registry.openapi
    assert undocumented(document, "/api/v1/status", "get", 200, answer.content_type, answer.json) == []


def test_the_json_without_redis_is_a_problem(away):
    answer = away.get("/api/v1/status", 503)
    assert (answer.content_type, "Redis does not answer" in answer.json["detail"]) == ("application/problem+json", True)


# The metrics.


def test_metrics_can_be_parsed_and_agree_with_what_was_counted(site, service, client):
    counters = service.metrics
    for name, by in (("hits", 3), ("misses", 1), ("refills", 2), ("refill failures", 4), ("drift", 5), ("late", 6)):
        counters.count(name, "koji.builds", by)
    counters.count("checks by audit", "koji.builds", 7)
    counters.count("requests invalid", "koji", 2)
    counters.flush()
    client.hset(keys.OUTCOMES, "handled", 11)
    found = metrics(site)
    query = ("query", "koji.builds")
    wanted = {
        ("reads_total", query, ("result", "hit")): 3,
        ("reads_total", query, ("result", "miss")): 1,
        ("refills_total", query): 2,
        ("refill_failures_total", query): 4,
        ("drift_total", query): 5,
        ("late_messages_total", query): 6,
        ("checks_total", ("by", "audit"), query): 7,
        ("upstream_request_failures_total", ("kind", "invalid"), ("upstream", "koji")): 2,
        ("messages_total", ("outcome", "handled")): 11,
        ("redis_up",): 1,
        ("index_up",): 1,
        ("index_packages",): 5,
        ("workers",): 1,
        ("alerts", ("severity", "critical")): 1,
    }
    assert {key: found.get((f"fedora_packages_{key[0]}", key[1:])) for key in wanted} == wanted


def test_durations_are_histograms_whose_buckets_add_up(site, service):
    for seconds in (0.0005, 0.2, 0.2, 1e6):
        service.metrics.observe("requests", "koji", seconds)
    service.metrics.flush()
    name, found = "fedora_packages_upstream_request_duration_seconds", metrics(site)
    buckets = {
        dict(labels)["le"]: value
        for (sample, labels), value in found.items()
        if sample == f"{name}_bucket" and dict(labels)["upstream"] == "koji"
    }
    assert (buckets["0.001"], buckets["0.15"], buckets["0.25"], buckets["3600.0"], buckets["+Inf"]) == (1, 1, 3, 3, 4)
    assert len(buckets) == len(BOUNDS) + 1
    koji = (("upstream", "koji"),)
    assert (found[f"{name}_count", koji], found[f"{name}_sum", koji]) == (4, pytest.approx(1e6 + 0.4005))


def test_lags_have_a_histogram_each(site, service):
    service.metrics.observe("received to invalidated", "", 0.002)
    service.metrics.observe("invalidated to fresh", "koji", 0.2)
    service.metrics.flush()
    assert number(site, "message_received_to_invalidated_seconds_count") == 1
    assert number(site, "message_invalidated_to_fresh_seconds_count", upstream="koji") == 1
    assert number(site, "message_invalidated_to_fresh_seconds_count", upstream="bodhi") == 0


def test_the_state_of_workers_queue_and_circuits_is_measured(site, service, beat):
    beat(
        endpoints={"tcp://192.0.2.1:9940": False},
        gaps={"closed": False, "reason": "", "archive": True},
        dead=["handle"],
    )
    service.queue.add("koji", "koji.builds", "guake")
    for _ in range(5):
        site.app.app.registry.service.connectors["koji"].circuit.failed("no")
    found, worker = metrics(site), ("worker", "vm:7:abc")
    wanted = {
        ("bus_connected", ("endpoint", "tcp://192.0.2.1:9940"), worker): 0,
        ("worker_buffer_messages", worker): 3,
        ("worker_dead_threads", worker): 1,
        ("worker_gap_open", worker): 1,
        ("queued_refills", ("upstream", "koji")): 1,
        ("waiting_entries", ("query", "koji.builds")): 1,
        ("upstream_circuit_open", ("process", "this web process"), ("upstream", "koji")): 1,
        ("upstream_failures_in_a_row", ("process", "this web process"), ("upstream", "koji")): 5,
        ("upstream_circuit_open", ("process", "this web process"), ("upstream", "bodhi")): 0,
    }
    assert {key: found.get((f"fedora_packages_{key[0]}", key[1:])) for key in wanted} == wanted
    assert found["fedora_packages_longest_waiting_timestamp_seconds", (("query", "koji.builds"),)] > 1e9


@pytest.mark.parametrize("lag", LAGS)
def test_every_lag_of_health_has_a_metric(site, lag):
    name = f"message_{lag.replace(' ', '_')}_seconds"
    assert (METRICS[name][0], f"fedora_packages_{name}_count" in site.get("/metrics", 200).text) == (Histogram, True)


def test_unknown_values_have_no_metric(site, client):
    client.delete(keys.HEARTBEATS)
    found = metrics(site)
    names = {name for name, _ in found}
    assert names & {"fedora_packages_caught_up_to_timestamp_seconds", "fedora_packages_worker_buffer_messages"} == set()
    assert found["fedora_packages_workers", ()] == 0


def test_metrics_without_redis_are_200_and_say_that_alone(away):
    assert metrics(away) == {("fedora_packages_redis_up", ()): 0}


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain"),
        ("text/plain", "text/plain"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text"),
    ],
)
def test_metrics_have_the_format_that_the_client_accepts(site, accept, content_type):
    assert site.app.get("/metrics", headers={"Accept": accept}).content_type == content_type


def test_hostile_labels_are_no_metrics_of_their_own(site, client):
    topic = 'a"} 1\nfedora_packages_redis_up 0\n'
    client.hset(keys.TOPICS, topic, json.dumps({"id": "1", "topic": topic, "sent": 7, "handled": 8}))
    found = metrics(site)
    assert found["fedora_packages_redis_up", ()] == 1
    assert found["fedora_packages_last_message_timestamp_seconds", (("topic", topic),)] == 7


def test_names_keep_to_the_guide(site):
    families = list(text_string_to_metric_families(site.get("/metrics").text))
    wrong = [
        family.name
        for family in families
        if not family.name.startswith("fedora_packages_")
        or not family.documentation
        or family.name.endswith("_total")
        or (family.type == "histogram" and not family.name.endswith("_seconds"))
    ]
    assert wrong == []
