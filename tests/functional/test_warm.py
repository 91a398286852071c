"""From nothing to all warm, over real processes: first visits are hits, also after kills and with an upstream that is down."""

import random
import signal

import pytest

from fedora_packages.sandbox.devserver import free_port
from fedora_packages.widgets import load as load_tabs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]

VISITS = 100


@pytest.fixture
def warming_site(own_site):
    """A service that warms fast, with a web and without a worker."""
    own_site.devserver.environ["FEDORA_PACKAGES_WORKER_WARM_RATE"] = "40"
    own_site.devserver.environ["FEDORA_PACKAGES_WORKER_AUDIT_RATE"] = "0"
    own_site.url = own_site.devserver.web("development.ini", free_port())
    return own_site


def warmth(site):
    return site.api("status")["warmth"] or {"queries": {}}


def rows(site, upstream=""):
    return [row for name, row in warmth(site)["queries"].items() if name.startswith(upstream)]


def is_warm(site, upstream=""):
    found = rows(site, upstream)
    return bool(found) and all(row["there"] == row["wanted"] for row in found)


def kill(site):
    site.worker.process.send_signal(signal.SIGKILL)
    site.worker.process.wait(10)


def test_first_visits_are_hits_although_workers_were_killed_and_an_upstream_was_down(warming_site, wait_until):
    site = warming_site
    site.fault("bugzilla", fail=503)
    site.start_worker()
    wait_until(lambda: any(row["there"] for row in rows(site, "koji.")), 60)
    kill(site)
    site.start_worker()
    wait_until(lambda: all(is_warm(site, name) for name in ("koji.", "bodhi.", "anitya.")), 120)
    assert not is_warm(site, "bugzilla.")
    site.reset_faults()
    wait_until(lambda: is_warm(site), 180)
    metrics = site.get("/metrics").text
    assert 'fedora_packages_warm_values{query="koji.builds"}' in metrics
    counts = {query: row["total"]["misses"] for query, row in site.api("status")["queries"].items()}
    names, draw = site.control("packages")["packages"], random.Random(13)
    for name in draw.choices(names, k=VISITS):
        for tab in ("", *(f"/{tab}" for tab in load_tabs())):
            assert site.get(f"/{name}{tab}").status_code in (200, 410)
    after = {query: row["total"]["misses"] for query, row in site.api("status")["queries"].items()}
    assert {query: count - counts[query] for query, count in after.items() if count != counts[query]} == {}
