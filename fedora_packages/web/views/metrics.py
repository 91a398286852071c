"""``/metrics``: the state of the service for Prometheus.

Metrics follow Prometheus' naming guide: base units, ``_total`` for counters, timestamps in place of ages.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.utils import floatToGoString
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from fedora_packages.errors import CacheUnavailable
from fedora_packages.monitoring.alerts import CRITICAL, WARNING, alerts
from fedora_packages.monitoring.health import Health, Lag
from fedora_packages.monitoring.metrics import BOUNDS, Durations
from fedora_packages.web.api.status import health_of


@view_config(route_name="metrics")
def metrics(request: Request) -> Response:
    """Return all metrics in the format that the client accepts; without Redis only ``redis_up`` is known."""
    try:
        state: Health | None = health_of(request)
    except CacheUnavailable:
        state = None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(state))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    response = Response(encode(registry))
    response.headers["Content-Type"] = content_type
    return response


class _Collector:
    """Makes metrics of a `Health`; None means that Redis is unavailable."""

    def __init__(self, state: Health | None):
        self._state = state

    def collect(self) -> Iterator[Metric]:
        state = self._state
        yield _gauge("redis_up", "1 if Redis responds.", [], [((), state is not None)])
        if state is not None:
            yield from _of_service(state)
            yield from _of_queries(state)
            yield from _of_upstreams(state)
            yield from _of_messages(state)
            yield from _of_workers(state)


def _of_service(state: Health) -> Iterator[Metric]:
    current = alerts(state)
    yield _gauge(
        "alerts",
        "Current alerts; /status has them in words.",
        ["severity"],
        [((severity,), sum(alert.severity == severity for alert in current)) for severity in (CRITICAL, WARNING)],
    )
    yield _gauge("index_up", "1 if the search index can be read.", [], [((), state.packages is not None)])
    if state.packages is not None:
        yield _gauge("index_packages", "Source packages in the search index.", [], [((), state.packages)])
    if state.caught_up_to is not None:
        yield _gauge(
            "caught_up_to_timestamp_seconds",
            "Time up to which all messages are handled.",
            [],
            [((), state.caught_up_to)],
        )


#: Counters of queries: name, help text, attribute of `QueryCounts`.
QUERY_COUNTERS = (
    ("refills", "Entries that workers refilled.", "refills"),
    ("refill_failures", "Refills that failed.", "failures"),
    ("refill_rechecks", "Refills whose answer did not show their message yet.", "rechecks"),
    ("drift", "Differences from an upstream that a lost message explains.", "drift"),
    ("late_messages", "Differences whose message came a little later.", "late"),
    ("ignored_changes", "Differences in nothing but ignored fields.", "ignored"),
    ("forgotten_entries", "Entries that the refill queue lost.", "forgotten"),
    ("invalid_rows", "Rows left out of values because the upstream returned invalid data.", "invalid_rows"),
)

#: Counters of queries with one more label: name, help text, label, its values with their attributes of `QueryCounts`.
LABELED_COUNTERS = (
    ("reads", "Entries read for pages and the API.", "result", (("hit", "hits"), ("miss", "misses"))),
    (
        "checks",
        "Entries checked against their upstream.",
        "by",
        (("audit", "audited"), ("schedule", "scheduled"), ("reader", "requested")),
    ),
)


def _of_queries(state: Health) -> Iterator[Metric]:
    for name, help_text, attribute in QUERY_COUNTERS:
        rows = [((query.name,), getattr(query.total, attribute)) for query in state.queries]
        yield _counter(name, help_text, ["query"], rows)
    for name, help_text, label, values in LABELED_COUNTERS:
        labeled = [
            ((query.name, value), getattr(query.total, attribute))
            for query in state.queries
            for value, attribute in values
        ]
        yield _counter(name, help_text, ["query", label], labeled)
    yield _gauge(
        "entries",
        "Entries in the cache, counted once a minute.",
        ["query"],
        [((query.name,), query.entries) for query in state.queries if query.entries is not None],
    )
    yield _gauge(
        "waiting_entries",
        "Entries that wait for a refill.",
        ["query"],
        [((query.name,), query.waiting.entries) for query in state.queries],
    )
    yield _gauge(
        "longest_waiting_timestamp_seconds",
        "Time since which the longest waiting entry waits; absent while none waits.",
        ["query"],
        [((query.name,), query.waiting.since) for query in state.queries if query.waiting.since is not None],
    )


def _of_upstreams(state: Health) -> Iterator[Metric]:
    yield _gauge(
        "queued_refills",
        "Refills that wait or are in progress.",
        ["upstream"],
        [((upstream.name,), upstream.queued) for upstream in state.upstreams],
    )
    yield _histogram(
        "upstream_request_duration_seconds",
        "Durations of requests to upstreams.",
        ["upstream"],
        [((upstream.name,), upstream.total.took) for upstream in state.upstreams],
    )
    yield _counter(
        "upstream_request_failures",
        "Requests that failed: upstream unavailable, or response invalid.",
        ["upstream", "kind"],
        [
            row
            for upstream in state.upstreams
            for row in (
                ((upstream.name, "unavailable"), upstream.total.unavailable),
                ((upstream.name, "invalid"), upstream.total.invalid),
            )
        ],
    )
    circuits = [(upstream.name, circuit) for upstream in state.upstreams for circuit in upstream.circuits]
    yield _gauge(
        "upstream_failures_in_a_row",
        "Failed requests of a process since the upstream last responded to it.",
        ["upstream", "process"],
        [((name, circuit.process), circuit.failures) for name, circuit in circuits],
    )
    yield _gauge(
        "upstream_circuit_open",
        "1 if the circuit is open: the process sends only an occasional probe.",
        ["upstream", "process"],
        [((name, circuit.process), circuit.is_open) for name, circuit in circuits],
    )


def _of_messages(state: Health) -> Iterator[Metric]:
    yield _counter(
        "messages",
        "Messages by outcome.",
        ["outcome"],
        [((outcome,), count) for outcome, count in state.messages.items()],
    )
    yield _gauge(
        "last_message_timestamp_seconds",
        "Time at which the newest message of a topic was sent.",
        ["topic"],
        [((topic.topic,), topic.sent) for topic in state.topics],
    )
    by_name: dict[str, list[Lag]] = {}
    for lag in state.lags:
        by_name.setdefault(lag.name, []).append(lag)
    for name, lags in by_name.items():
        labels = ["upstream"] if lags[0].upstream else []
        rows = [((lag.upstream,) if lag.upstream else (), lag.total) for lag in lags]
        help_text = f"Durations from {name.replace(' to ', ' until ')}, of messages."
        yield _histogram(f"message_{name.replace(' ', '_')}_seconds", help_text, labels, rows)


def _of_workers(state: Health) -> Iterator[Metric]:
    yield _gauge("workers", "Running workers.", [], [((), len(state.alive))])
    yield _gauge(
        "worker_last_heartbeat_timestamp_seconds",
        "Time of the latest heartbeat of a running worker.",
        ["worker"],
        [((worker.name,), worker.at) for worker in state.alive],
    )
    yield _gauge(
        "worker_buffer_messages",
        "Messages that a worker has received and not handled yet.",
        ["worker"],
        [((worker.name,), worker.buffer) for worker in state.alive if worker.buffer is not None],
    )
    yield _gauge(
        "worker_dead_threads",
        "Dead threads of a worker.",
        ["worker"],
        [((worker.name,), len(worker.dead)) for worker in state.alive],
    )
    yield _gauge(
        "worker_gap_open",
        "1 if a worker may have missed messages and not replayed them yet.",
        ["worker"],
        [((worker.name,), not worker.gap.closed) for worker in state.alive if worker.gap],
    )
    yield _gauge(
        "bus_connected",
        "1 if a worker is connected to an endpoint of the bus.",
        ["worker", "endpoint"],
        [
            ((worker.name, address), is_connected)
            for worker in state.alive
            for address, is_connected in worker.endpoints.items()
        ],
    )


#: The samples of a metric: the values of its labels, and the number.
Rows = Iterable[tuple[tuple[str, ...], float]]


def _gauge(name: str, help_text: str, labels: list[str], rows: Rows) -> Metric:
    return _filled(GaugeMetricFamily(f"fedora_packages_{name}", help_text, labels=labels), rows)


def _counter(name: str, help_text: str, labels: list[str], rows: Rows) -> Metric:
    return _filled(CounterMetricFamily(f"fedora_packages_{name}", help_text, labels=labels), rows)


def _filled(metric: Any, rows: Rows) -> Metric:
    for labels, number in rows:
        metric.add_metric(labels, float(number))
    return metric


def _histogram(
    name: str, help_text: str, labels: list[str], rows: Iterable[tuple[tuple[str, ...], Durations]]
) -> Metric:
    metric = HistogramMetricFamily(f"fedora_packages_{name}", help_text, labels=labels)
    bounds = [floatToGoString(bound) for bound in (*BOUNDS, float("inf"))]
    for values, durations in rows:
        buckets: Mapping[str, int] = dict(zip(bounds, accumulate(durations.buckets), strict=True))
        metric.add_metric(values, list(buckets.items()), durations.sum)
    return metric
