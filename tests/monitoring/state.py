"""States of the service for the tests of health and alerts."""

from fedora_packages.monitoring.health import health

NOW = 1_764_072_249.0


GAP = {
    "closed": True, "reason": "the worker has started", "archive": True, "archive_error": None, "archive_error_since": None,
    "replayed_at": NOW - 30, "replayed": 3,
}  # fmt: skip


DRIFT = {
    "query": "koji.builds", "package": "guake", "variant": "", "generation": "1", "found": NOW - 90, "fetched": NOW - 900,
    "differences": ['builds 7 state was "building", is "complete"'], "by": "audit", "is_announced": True,
    "topics": ["buildsys.build.state.change"],
}  # fmt: skip


CIRCUIT = {"failures": 0, "reset_pause": 0.0, "reason": "", "answered": NOW - 10, "failing_since": None}


FAILING = {"failures": 7, "reset_pause": 8.0, "reason": "HTTP 503", "answered": NOW - 99, "failing_since": NOW - 90}


def parts(**changes):
    """Return what a worker reports in its heartbeat."""
    return {
        "bus": "fedmsg", "host": "vm", "pid": 7, "begun": NOW - 3600, "endpoints": {"tcp://192.0.2.1:9940": True},
        "hub_seen": NOW, "hub_moves": True, "buffer": 0, "dead": [], "gaps": GAP, "upstreams": {}, **changes,
    }  # fmt: skip


def state_of(service):
    """Return the state of a service, as the web reads it."""
    return health(
        service.client,
        service.queries,
        service.connectors,
        service.queue,
        service.index,
        service.metrics,
        service.cache.clock(),
    )


def not_responding(service):
    """Return the summary of the alert about Koji."""
    return f"{upstream_of(state_of(service), 'koji').title} is not responding"


def query_of(found, name):
    return next(query for query in found.queries if query.name == name)


def upstream_of(found, name):
    return next(upstream for upstream in found.upstreams if upstream.name == name)
