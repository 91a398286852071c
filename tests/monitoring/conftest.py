"""Fixtures for the tests of health and alerts."""

import pytest

from fedora_packages.cache import keys
from fedora_packages.monitoring.alerts import alerts
from fedora_packages.monitoring.heartbeat import write_heartbeat
from tests.monitoring.state import NOW, parts, state_of


@pytest.fixture
def now(service, client):
    """The time of all reads; all is well then."""
    client.delete(keys.HEARTBEATS)
    service.cache.clock = lambda: NOW
    write_heartbeat(client, "one", NOW, NOW, parts())
    return NOW


@pytest.fixture
def wrong(service, now):
    """Return the alerts as (summary, since, severity)."""
    return lambda: [(alert.summary, alert.since, alert.severity) for alert in alerts(state_of(service))]
