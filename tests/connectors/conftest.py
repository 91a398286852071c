"""How tests of connectors sweep."""

import pytest

from fedora_packages.connectors.sweep import sweeps_of

#: When tests sweep, in seconds since 1970.
NOW = 1_800_000_000.0


@pytest.fixture
def swept(connectors):
    """Run the sweep of an upstream."""
    sweeps = {sweep.upstream: sweep for sweep in sweeps_of(connectors.values())}

    def run(upstream, position=None, now=NOW):
        return sweeps[upstream].fetch({} if position is None else position, now)

    return run
