"""``/api/v1/status``: the state of the service as JSON."""

from dataclasses import asdict
from math import isinf
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.monitoring.alerts import alerts
from fedora_packages.monitoring.health import Health, Requests, UpstreamHealth, health
from fedora_packages.monitoring.metrics import Durations
from fedora_packages.web.api.endpoint import parse_parameters


@view_config(route_name="api.status", renderer="json")
def api_status(request: Request) -> dict[str, Any]:
    """Return the state of the service: ``ok`` (no alerts), ``alerts``, and every metric.

    Times are UTC in seconds since 1970, durations in seconds; ``lately`` is the last hour, ``total`` all time.  A percentile is
    the upper bound of its histogram bucket.  It is null without any durations (``count`` is 0), and beyond the last bound.
    """
    parse_parameters(request, "api.status")
    state = health_of(request)
    current = alerts(state)
    return {
        "ok": not current,
        "at": state.at,
        "caught_up_to": state.caught_up_to,
        "packages": state.packages,
        "skipped_packages": state.skipped_packages,
        "corruption": asdict(state.corruption) if state.corruption else None,
        "alerts": [asdict(alert) for alert in current],
        "queries": {
            query.name: {
                "upstream": query.upstream,
                "entries": query.entries,
                "waiting": asdict(query.waiting),
                "lately": query.lately.as_dict(),
                "total": query.total.as_dict(),
            }
            for query in state.queries
        },
        "upstreams": {upstream.name: _upstream(upstream) for upstream in state.upstreams},
        "lags": [
            {
                "name": lag.name,
                "upstream": lag.upstream or None,
                "lately": _durations(lag.lately),
                "total": _durations(lag.total),
            }
            for lag in state.lags
        ],
        "load": state.load,
        "budget": state.budget,
        "messages": state.messages,
        "topics": [asdict(topic) for topic in state.topics],
        "turns": [asdict(turn) for turn in state.turns],
        "warmth": asdict(state.warmth) if state.warmth else None,
        "workers": [asdict(worker) for worker in state.workers],
        "wrong": [
            {
                "query": wrong.query,
                "found_by": wrong.found_by,
                "lately": _ages(wrong.lately),
                "total": _ages(wrong.total),
            }
            for wrong in state.wrong
        ],
        "drifts": state.drifts,
        "probes": [asdict(probe) for probe in state.probes],
        "counted": state.counted,
    }


def health_of(request: Request) -> Health:
    """Return the state of the service, of which this process is one.  Raises `CacheUnavailable`."""
    service = request.service
    return health(
        service.client,
        service.queries,
        service.connectors,
        service.queue,
        service.index,
        service.metrics,
        service.cache.clock(),
    )


def _durations(durations: Durations) -> dict[str, Any]:
    percentiles = {name: durations.percentile(part) for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
    finite = {name: None if seconds is None or isinf(seconds) else seconds for name, seconds in percentiles.items()}
    return {"count": durations.count, "sum": durations.sum, **finite}


def _ages(ages: Durations) -> dict[str, int]:
    return {"count": ages.count, **{f"over_{bound:g}": ages.longer_than(bound) for bound in ages.bounds}}


def _requests(requests: Requests) -> dict[str, Any]:
    return {"took": _durations(requests.took), "unavailable": requests.unavailable, "invalid": requests.invalid}


def _upstream(upstream: UpstreamHealth) -> dict[str, Any]:
    return {
        "queued": upstream.queued,
        "lately": _requests(upstream.lately),
        "total": _requests(upstream.total),
        "circuits": [{**asdict(circuit), "open": circuit.is_open} for circuit in upstream.circuits],
    }
