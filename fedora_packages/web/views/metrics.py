"""``/metrics``: the state of the service for Prometheus."""

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
    """Return the figures as Prometheus reads them; with Redis away that alone is known, and said."""
    try:
        found: Health | None = health_of(request)
    except CacheUnavailable:
        found = None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(found))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    response = Response(encode(registry))
    response.headers["Content-Type"] = content_type
    return response


class _Collector:
    """Makes metrics of a `Health`; of None that Redis does not answer."""

    def __init__(self, found: Health | None):
        self._found = found

    def collect(self) -> Iterator[Metric]:
        found = self._found
        yield _gauge("redis_up", "Whether Redis answers.", [], [((), found is not None)])
        if found is not None:
            yield from _of_service(found)
            yield from _of_queries(found)
            yield from _of_upstreams(found)
            yield from _of_messages(found)
            yield from _of_workers(found)


def _of_service(found: Health) -> Iterator[Metric]:
    current = alerts(found)
    yield _gauge(
        "alerts",
        "Current alerts; /status has them in words.",
        ["severity"],
        [((severity,), sum(alert.severity == severity for alert in current)) for severity in (CRITICAL, WARNING)],
    )
    yield _gauge("index_up", "Whether the search index can be read.", [], [((), found.packages is not None)])
    if found.packages is not None:
        yield _gauge("index_packages", "Source packages in the search index.", [], [((), found.packages)])
    if found.caught_up_to is not None:
        yield _gauge(
            "caught_up_to_timestamp_seconds",
            "Up to when every message is known to have been handled.",
            [],
            [((), found.caught_up_to)],
        )


#: The metrics of queries: name, what it is, the attribute of `QueryCounts`.
QUERY_COUNTERS = (
    ("refills", "Entries fetched again by the workers.", "refills"),
    ("refill_failures", "Fetches by the workers that failed.", "failures"),
    ("refill_rechecks", "Fetches that did not show their message yet.", "rechecks"),
    ("drift", "Differences that a lost message explains.", "drift"),
    ("late_messages", "Differences of which a message told a little later.", "late"),
    ("ignored_changes", "Differences of which no message ever tells.", "ignored"),
    ("forgotten_entries", "Entries that the refill queue had forgotten.", "forgotten"),
)

#: Counters of queries with one more label: name, what it is, the label, its values and their attributes of `QueryCounts`.
LABELLED_COUNTERS = (
    ("reads", "Entries read for pages and answers.", "result", (("hit", "hits"), ("miss", "misses"))),
    (
        "checks",
        "Entries compared with their upstream.",
        "by",
        (("audit", "audited"), ("schedule", "scheduled"), ("reader", "requested")),
    ),
)


def _of_queries(found: Health) -> Iterator[Metric]:
    for name, meaning, attribute in QUERY_COUNTERS:
        rows = [((query.name,), getattr(query.total, attribute)) for query in found.queries]
        yield _counter(name, meaning, ["query"], rows)
    for name, meaning, label, values in LABELLED_COUNTERS:
        labelled = [
            ((query.name, value), getattr(query.total, attribute))
            for query in found.queries
            for value, attribute in values
        ]
        yield _counter(name, meaning, ["query", label], labelled)
    yield _gauge(
        "entries",
        "Entries in the cache, counted once a minute.",
        ["query"],
        [((query.name,), query.entries) for query in found.queries if query.entries is not None],
    )
    yield _gauge(
        "waiting_entries",
        "Entries that wait to be fresh.",
        ["query"],
        [((query.name,), query.waiting.entries) for query in found.queries],
    )
    yield _gauge(
        "longest_waiting_timestamp_seconds",
        "Since when the entry waits that has waited longest; there while one does.",
        ["query"],
        [((query.name,), query.waiting.since) for query in found.queries if query.waiting.since is not None],
    )


def _of_upstreams(found: Health) -> Iterator[Metric]:
    yield _gauge(
        "queued_refills",
        "Refills that wait or are under way.",
        ["upstream"],
        [((upstream.name,), upstream.queued) for upstream in found.upstreams],
    )
    yield _histogram(
        "upstream_request_duration_seconds",
        "Requests to upstreams.",
        ["upstream"],
        [((upstream.name,), upstream.total.took) for upstream in found.upstreams],
    )
    yield _counter(
        "upstream_request_failures",
        "Requests without an answer, or with one that could not be used.",
        ["upstream", "kind"],
        [
            row
            for upstream in found.upstreams
            for row in (
                ((upstream.name, "unavailable"), upstream.total.unavailable),
                ((upstream.name, "invalid"), upstream.total.invalid),
            )
        ],
    )
    circuits = [(upstream.name, circuit) for upstream in found.upstreams for circuit in upstream.circuits]
    yield _gauge(
        "upstream_failures_in_a_row",
        "Requests of a process that failed since the upstream last answered it.",
        ["upstream", "process"],
        [((name, circuit.process), circuit.failures) for name, circuit in circuits],
    )
    yield _gauge(
        "upstream_circuit_open",
        "Whether a process leaves the upstream alone.",
        ["upstream", "process"],
        [((name, circuit.process), circuit.is_open) for name, circuit in circuits],
    )


def _of_messages(found: Health) -> Iterator[Metric]:
    yield _counter(
        "messages",
        "Messages by what became of them.",
        ["outcome"],
        [((outcome,), count) for outcome, count in found.messages.items()],
    )
    yield _gauge(
        "last_message_timestamp_seconds",
        "When the newest message of a topic was sent.",
        ["topic"],
        [((topic.topic,), topic.sent) for topic in found.topics],
    )
    by_name: dict[str, list[Lag]] = {}
    for lag in found.lags:
        by_name.setdefault(lag.name, []).append(lag)
    for name, lags in by_name.items():
        labels = ["upstream"] if lags[0].upstream else []
        rows = [((lag.upstream,) if lag.upstream else (), lag.total) for lag in lags]
        meaning = f"Messages, from {name.replace(' to ', ' until ')}."
        yield _histogram(f"message_{name.replace(' ', '_')}_seconds", meaning, labels, rows)


def _of_workers(found: Health) -> Iterator[Metric]:
    yield _gauge("workers", "Workers that live.", [], [((), len(found.alive))])
    yield _gauge(
        "worker_last_heartbeat_timestamp_seconds",
        "When a worker was last heard of; of those that live.",
        ["worker"],
        [((worker.name,), worker.at) for worker in found.alive],
    )
    yield _gauge(
        "worker_buffer_messages",
        "Messages that a worker has taken and not handled yet.",
        ["worker"],
        [((worker.name,), worker.buffer) for worker in found.alive if worker.buffer is not None],
    )
    yield _gauge(
        "worker_dead_threads",
        "Threads of a worker that have ended.",
        ["worker"],
        [((worker.name,), len(worker.dead)) for worker in found.alive],
    )
    yield _gauge(
        "worker_gap_open",
        "Whether a worker may have missed messages that it has not read again yet.",
        ["worker"],
        [((worker.name,), not worker.gap.closed) for worker in found.alive if worker.gap],
    )
    yield _gauge(
        "bus_connected",
        "Whether a worker is connected to an endpoint of the bus.",
        ["worker", "endpoint"],
        [
            ((worker.name, address), is_connected)
            for worker in found.alive
            for address, is_connected in worker.endpoints.items()
        ],
    )


#: Labels' values and the number of a metric.
Rows = Iterable[tuple[tuple[str, ...], float]]


def _gauge(name: str, meaning: str, labels: list[str], rows: Rows) -> Metric:
    return _filled(GaugeMetricFamily(f"fedora_packages_{name}", meaning, labels=labels), rows)


def _counter(name: str, meaning: str, labels: list[str], rows: Rows) -> Metric:
    return _filled(CounterMetricFamily(f"fedora_packages_{name}", meaning, labels=labels), rows)


def _filled(metric: Any, rows: Rows) -> Metric:
    for labels, number in rows:
        metric.add_metric(labels, float(number))
    return metric


def _histogram(name: str, meaning: str, labels: list[str], rows: Iterable[tuple[tuple[str, ...], Durations]]) -> Metric:
    metric = HistogramMetricFamily(f"fedora_packages_{name}", meaning, labels=labels)
    bounds = [floatToGoString(bound) for bound in (*BOUNDS, float("inf"))]
    for values, durations in rows:
        buckets: Mapping[str, int] = dict(zip(bounds, accumulate(durations.buckets), strict=True))
        metric.add_metric(values, list(buckets.items()), durations.sum)
    return metric
