"""``/metrics``: the state of the service for Prometheus.

Metrics follow Prometheus' naming guide: base units, ``_total`` for counters, timestamps in place of ages.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client.core import CounterMetricFamily as Counter
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import HistogramMetricFamily as Histogram
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from fedora_packages.errors import CacheUnavailable
from fedora_packages.monitoring.alerts import CRITICAL, WARNING, alerts
from fedora_packages.monitoring.health import Health
from fedora_packages.monitoring.metrics import Durations
from fedora_packages.web.api.status import health_of

#: Every metric, in the order of the response: the name behind ``fedora_packages_``, the type and the help text.
METRICS = {
    "redis_up": (Gauge, "1 if Redis responds."),
    "alerts": (Gauge, "Current alerts; /status has them in words."),
    "index_up": (Gauge, "1 if the search index can be read."),
    "index_packages": (Gauge, "Source packages in the search index."),
    "caught_up_to_timestamp_seconds": (Gauge, "Time up to which all messages are handled."),
    "refills": (Counter, "Entries that workers refilled."),
    "refill_failures": (Counter, "Refills that failed."),
    "refill_rechecks": (Counter, "Refills whose answer did not show their message yet."),
    "wrong_value_age_seconds": (Histogram, "For how long values were shown and wrong, at most."),
    "drift": (Counter, "Differences from an upstream that a lost message explains."),
    "late_messages": (Counter, "Differences whose message came a little later."),
    "ignored_changes": (Counter, "Differences in nothing but ignored fields."),
    "forgotten_entries": (Counter, "Entries that the refill queue lost."),
    "invalid_rows": (Counter, "Rows left out of values because the upstream returned invalid data."),
    "reads": (Counter, "Entries read for pages and the API."),
    "checks": (Counter, "Entries checked against their upstream."),
    "entries": (Gauge, "Entries in the cache, counted once a minute."),
    "waiting_entries": (Gauge, "Entries that wait for a refill."),
    "longest_waiting_timestamp_seconds": (
        Gauge,
        "Time since which the longest waiting entry waits; absent while none waits.",
    ),
    "queued_refills": (Gauge, "Refills that wait or are in progress."),
    "upstream_request_duration_seconds": (Histogram, "Durations of requests to upstreams."),
    "upstream_request_failures": (Counter, "Requests that failed: upstream unavailable, or response invalid."),
    "upstream_failures_in_a_row": (Gauge, "Failed requests of a process since the upstream last responded to it."),
    "upstream_circuit_open": (Gauge, "1 if the circuit is open: the process sends only an occasional probe."),
    "messages": (Counter, "Messages by outcome."),
    "last_message_timestamp_seconds": (Gauge, "Time at which the newest message of a topic was sent."),
    "message_received_to_invalidated_seconds": (Histogram, "Durations from received until invalidated, of messages."),
    "message_sent_to_invalidated_seconds": (Histogram, "Durations from sent until invalidated, of messages."),
    "message_sent_to_fresh_seconds": (Histogram, "Durations from sent until fresh, of messages."),
    "message_invalidated_to_fresh_seconds": (Histogram, "Durations from invalidated until fresh, of messages."),
    "swept_changes": (Counter, "Changes found by sweeps: told by a message before, untold, or silent by nature."),
    "compared_in_bulk": (Counter, "Values compared with an answer about all packages."),
    "probe_findings": (Gauge, "Findings of the latest probe: answers of the upstream that have changed."),
    "probe_timestamp_seconds": (Gauge, "Time of the latest probe of a query, answered or not."),
    "wanted_values": (Gauge, "Values that pages show by default."),
    "warm_values": (Gauge, "Those of the wanted values that are or were cached."),
    "turn_finished_timestamp_seconds": (Gauge, "Time at which a sweep or an audit in bulk last finished."),
    "workers": (Gauge, "Running workers."),
    "worker_last_heartbeat_timestamp_seconds": (Gauge, "Time of the latest heartbeat of a running worker."),
    "worker_buffer_messages": (Gauge, "Messages that a worker has received and not handled yet."),
    "worker_dead_threads": (Gauge, "Dead threads of a worker."),
    "worker_gap_open": (Gauge, "1 if a worker may have missed messages and not replayed them yet."),
    "bus_connected": (Gauge, "1 if a worker is connected to an endpoint of the bus."),
}

#: The name of a metric, the labels of this sample, and what was measured; None if it is unknown.
Sample = tuple[str, Mapping[str, str], float | Durations | None]


@view_config(route_name="metrics")
def metrics(request: Request) -> Response:
    """Return all metrics in the format that the client accepts; without Redis only ``redis_up`` is known."""
    try:
        samples = list(_samples(health_of(request)))
    except CacheUnavailable:
        samples = [("redis_up", {}, False)]
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    response = Response(encode(_Families(samples)))
    response.headers["Content-Type"] = content_type
    return response


class _Families(Collector):
    """Samples by metric, as the encoders of prometheus_client read them.  A metric without a known sample is left out."""

    def __init__(self, samples: Iterable[Sample]):
        self._families: dict[str, Any] = {}
        for name, labels, measured in samples:
            if measured is None:
                continue
            if name not in self._families:
                make, help_text = METRICS[name]
                self._families[name] = make(f"fedora_packages_{name}", help_text, labels=list(labels))
            if isinstance(measured, Durations):
                bounds = map(floatToGoString, (*measured.bounds, float("inf")))
                buckets = list(zip(bounds, accumulate(measured.buckets), strict=True))
                self._families[name].add_metric(labels.values(), buckets, measured.sum)
            else:
                self._families[name].add_metric(labels.values(), float(measured))

    def collect(self) -> Iterator[Metric]:
        return filter(None, map(self._families.get, METRICS))


def _samples(state: Health) -> Iterator[Sample]:
    yield "redis_up", {}, True
    current = alerts(state)
    for severity in (CRITICAL, WARNING):
        yield "alerts", {"severity": severity}, sum(alert.severity == severity for alert in current)
    yield "index_up", {}, state.packages is not None
    yield "index_packages", {}, state.packages
    yield "caught_up_to_timestamp_seconds", {}, state.caught_up_to
    yield from _of_queries(state)
    for wrong in state.wrong:
        yield "wrong_value_age_seconds", {"query": wrong.query, "found_by": wrong.found_by}, wrong.total
    yield from _of_upstreams(state)
    for outcome, count in state.messages.items():
        yield "messages", {"outcome": outcome}, count
    for topic in state.topics:
        yield "last_message_timestamp_seconds", {"topic": topic.topic}, topic.sent
    for lag in state.lags:
        labels = {"upstream": lag.upstream} if lag.upstream else {}
        yield f"message_{lag.name.replace(' ', '_')}_seconds", labels, lag.total
    for probe in state.probes:
        yield "probe_findings", {"query": probe.query}, len(probe.findings)
        yield "probe_timestamp_seconds", {"query": probe.query}, probe.at
    for turn in state.turns:
        yield "turn_finished_timestamp_seconds", {"turn": turn.name}, turn.finished
    for name, query in state.warmth.queries.items() if state.warmth else ():
        yield "wanted_values", {"query": name}, query.wanted
        yield "warm_values", {"query": name}, query.there
    yield from _of_workers(state)


def _of_queries(state: Health) -> Iterator[Sample]:
    for query in state.queries:
        labels, total = {"query": query.name}, query.total
        yield "refills", labels, total.refills
        yield "refill_failures", labels, total.failures
        yield "refill_rechecks", labels, total.rechecks
        yield "drift", labels, total.drift
        yield "late_messages", labels, total.late
        yield "ignored_changes", labels, total.ignored
        yield "forgotten_entries", labels, total.forgotten
        yield "invalid_rows", labels, total.invalid_rows
        yield "compared_in_bulk", labels, total.compared_in_bulk
        for witness in ("told", "untold", "silent"):
            yield "swept_changes", {**labels, "witness": witness}, getattr(total, f"swept_{witness}")
        yield "reads", {**labels, "result": "hit"}, total.hits
        yield "reads", {**labels, "result": "miss"}, total.misses
        yield "checks", {**labels, "by": "audit"}, total.audited
        yield "checks", {**labels, "by": "schedule"}, total.scheduled
        yield "checks", {**labels, "by": "reader"}, total.requested
        yield "entries", labels, query.entries
        yield "waiting_entries", labels, query.waiting.entries
        yield "longest_waiting_timestamp_seconds", labels, query.waiting.since


def _of_upstreams(state: Health) -> Iterator[Sample]:
    for upstream in state.upstreams:
        labels, total = {"upstream": upstream.name}, upstream.total
        yield "queued_refills", labels, upstream.queued
        yield "upstream_request_duration_seconds", labels, total.took
        yield "upstream_request_failures", {**labels, "kind": "unavailable"}, total.unavailable
        yield "upstream_request_failures", {**labels, "kind": "invalid"}, total.invalid
        for circuit in upstream.circuits:
            process = {**labels, "process": circuit.process}
            yield "upstream_failures_in_a_row", process, circuit.failures
            yield "upstream_circuit_open", process, circuit.is_open


def _of_workers(state: Health) -> Iterator[Sample]:
    yield "workers", {}, len(state.alive)
    for worker in state.alive:
        labels = {"worker": worker.name}
        yield "worker_last_heartbeat_timestamp_seconds", labels, worker.at
        yield "worker_buffer_messages", labels, worker.buffer
        yield "worker_dead_threads", labels, len(worker.dead)
        yield "worker_gap_open", labels, worker.gap and not worker.gap.closed
        for endpoint, is_connected in worker.endpoints.items():
            yield "bus_connected", {**labels, "endpoint": endpoint}, is_connected
