"""The page ``/status``: the state of the service for people.

``/status``, ``/api/v1/status`` and ``/metrics`` show what `fedora_packages.monitoring.health` and
`fedora_packages.monitoring.alerts` return, each in its own format.
"""

from math import isinf
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.monitoring.alerts import alerts
from fedora_packages.monitoring.metrics import AGES, BOUNDS, Durations
from fedora_packages.web.api.status import health_of
from fedora_packages.web.formats import format_time

#: Lost messages on the page; the JSON has all that Redis keeps.
DRIFTS_PER_PAGE = 20

#: Units of a duration, longest first: seconds, name, and the number of seconds from which it is used.
UNITS = ((86400.0, "days", 2 * 86400.0), (3600.0, "h", 3600.0), (60.0, "min", 120.0), (1.0, "s", 1.0))

#: The percentiles that are shown, by their labels.
PERCENTILES = {"50 %": 0.5, "95 %": 0.95, "99 %": 0.99}


#: The ages of wrong values that are counted, by their labels.
AGE_LABELS = {f"Over {bound / 60:g} min": bound for bound in AGES}


@view_config(route_name="status", renderer="fedora_packages:web/templates/status.mako")
def status(request: Request) -> dict[str, Any]:
    """Return the state of the service, alerts first.  The HTTP status is 200 even with alerts."""
    state = health_of(request)
    return {
        "health": state,
        "alerts": alerts(state),
        "waiting": sum(query.waiting.entries for query in state.queries),
        "entries": None if state.counted is None else sum(query.entries or 0 for query in state.queries),
        "audited": state.sum("audited"),
        "lost": state.sum("drift"),
        "wrong": [wrong for wrong in state.wrong if wrong.total.count],
        "ages": AGE_LABELS,
        "drifts": state.drifts[:DRIFTS_PER_PAGE],
        "share": share,
        "percentiles": percentiles,
        "second": second,
    }


def span(seconds: float | None) -> str:
    """Return a duration for people: ``50 ms``, ``1.5 s``, ``3 h``; a dash for None."""
    if seconds is None:
        return "–"
    if isinf(seconds):
        return f"over {span(BOUNDS[-1])}"
    for unit, name, least in UNITS:
        if seconds >= least:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds * 1000:.3g} ms"


def share(part: float | None) -> str:
    """Return a share (0 to 1) in percent; a dash for None."""
    return "–" if part is None else f"{100 * part:.3g} %"


def percentiles(durations: Durations) -> dict[str, str]:
    """Return the percentiles of some durations for people, by their labels."""
    return {label: span(durations.percentile(part)) for label, part in PERCENTILES.items()}


def second(seconds: float) -> str:
    """Return a timestamp to the second: ``2026-11-25 12:04:09 UTC``."""
    return format_time(seconds, "%Y-%m-%d %H:%M:%S UTC")
