"""How the service is: ``/status`` for people, ``/api/v1/status`` for programs, ``/metrics`` for Prometheus.

All three show what `fedora_packages.monitoring.health` and `fedora_packages.monitoring.alerts` say, and nothing of their own.
Metrics follow Prometheus' naming guide: base units, ``_total`` for what only grows, moments as seconds since 1970 and not as
ages.
"""

from datetime import UTC, datetime
from math import isinf
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.monitoring.alerts import alerts
from fedora_packages.monitoring.health import Lag
from fedora_packages.monitoring.metrics import BOUNDS, Durations
from fedora_packages.web.api.status import health_of

#: Lost messages that the page lists; the JSON has all that are kept.
DRIFTS_SHOWN = 20

#: Units of a span of time, the longest first: seconds that it has, its name, and from which number of seconds it is used.
UNITS = ((86400.0, "days", 2 * 86400.0), (3600.0, "h", 3600.0), (60.0, "min", 120.0), (1.0, "s", 1.0))


@view_config(route_name="status", renderer="fedora_packages:web/templates/status.mako")
def status(request: Request) -> dict[str, Any]:
    """Return how the service is, first of all what is wrong with it.  Also then its status is 200: people read it."""
    found = health_of(request)
    return {
        "health": found,
        "alerts": alerts(found),
        "waiting": sum(query.waiting.entries for query in found.queries),
        "entries": None if found.counted is None else sum(query.entries or 0 for query in found.queries),
        "audited": found.sum("audited"),
        "lost": found.sum("drift"),
        "drifts": found.drifts[:DRIFTS_SHOWN],
        "span": span,
        "share": share,
        "percentiles": percentiles,
        "second": second,
        "lag_title": lag_title,
    }


def span(seconds: float | None) -> str:
    """Return a span of time as people read it: ``50 ms``, ``1.5 s``, ``3 h``; a dash for none."""
    if seconds is None:
        return "–"
    if isinf(seconds):
        return f"over {span(BOUNDS[-1])}"
    for unit, name, least in UNITS:
        if seconds >= least:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds * 1000:.3g} ms"


def share(part: float | None) -> str:
    """Return a part of 1 in percent; a dash for none."""
    return "–" if part is None else f"{100 * part:.3g} %"


def percentiles(durations: Durations) -> dict[str, str]:
    """Return the percentiles that are shown of some durations, by what they are called: half, 95 and 99 of a hundred."""
    parts = {"Half": 0.5, "95 %": 0.95, "99 %": 0.99}
    return {called: span(durations.percentile(part)) for called, part in parts.items()}


def second(seconds: float) -> str:
    """Return a moment to the second, as operators read it: ``2026-11-25 12:04:09 UTC``."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return "at an unknown time"


def lag_title(lag: Lag) -> str:
    """Return a lag's name for people."""
    return f"{lag.name}, {lag.upstream}" if lag.upstream else lag.name
