"""A bus that loses every message, and changes that no message announces: sweeps find them, over real processes."""

import time

import pytest

from fedora_packages.monitoring.checks import confirm, drifts
from fedora_packages.monitoring.metrics import MetricName, total
from fedora_packages.sandbox.devserver import free_port

pytestmark = pytest.mark.xdist_group("processes")

#: More messages than a test causes.
ALL = 1_000_000

SWEPT = ("koji", "bodhi", "bugzilla", "anitya")


@pytest.fixture
def swept_site(own_site):
    return start_sweeping(own_site)


def start_sweeping(own_site):
    """Start a service that sweeps each second, without an audit: what the sweeps do not find stays wrong."""
    own_site.devserver.environ |= {f"FEDORA_PACKAGES_CONNECTORS_{name.upper()}_SWEEP": "1" for name in SWEPT}
    own_site.devserver.environ["FEDORA_PACKAGES_WORKER_AUDIT_RATE"] = "0"
    own_site.start_worker()
    own_site.start_web()
    for tab in ("", "/builds", "/updates", "/bugs"):
        assert own_site.get(f"/guake{tab}").status_code == 200
    return own_site


def was_swept(site, query, package="guake"):
    """Whether the value is fresh because of what a sweep has found."""
    cached = site.read(query, package)
    return cached.is_fresh and bool(cached.stamp.event) and "swept" in cached.stamp.event


def value_of(site, query, field):
    """Return a field of the current value of guake; None while it is being fetched for the first time."""
    return (site.read(query, "guake").value or {}).get(field)


def lost(site):
    """Return the lost messages; every suspected one is decided about, however new it is."""
    service = site.service
    confirm(service.cache, service.queries, service.metrics, time.time() + 86400)
    return drifts(service.client)


def status(site, alias):
    """Return the status of an update of guake as the cache has it; None if it has not."""
    rows = value_of(site, "bodhi.updates", "updates") or []
    return next((row["status"] for row in rows if row["alias"] == alias), None)


def test_what_a_deaf_bus_does_not_tell_is_found_by_the_sweeps(swept_site, wait_until):
    swept_site.control("keep-back", count=ALL, archive=False)
    _, facts = swept_site.trigger("build", "guake")
    nvr = facts["builds"][0]["nvr"]
    wait_until(lambda: nvr in swept_site.get("/guake/builds").text, limit=20)
    assert was_swept(swept_site, "koji.builds")
    assert "found by the sweep of" in swept_site.get("/guake/builds").text
    swept_site.trigger("bug", "guake")
    for query in ("bugzilla.bugs", "bugzilla.counts"):
        wait_until(lambda query=query: was_swept(swept_site, query), limit=20)
    swept_site.trigger("upstream-release", "guake", version="99.9")
    wait_until(lambda: value_of(swept_site, "anitya.versions", "latest") == "99.9", limit=20)
    before = value_of(swept_site, "bodhi.updates", "total")
    swept_site.trigger("update", "guake", release="f44")
    wait_until(lambda: value_of(swept_site, "bodhi.updates", "total") == before + 1, limit=20)
    assert total(swept_site.service.client).count(MetricName.SWEPT_UNTOLD, "koji.builds") > 0


@pytest.mark.slow
def test_with_the_bus_off_for_good_pages_are_right_and_say_that_no_messages_come(own_site, wait_until):
    own_site.devserver.environ["FEDORA_PACKAGES_WORKER_ENDPOINTS"] = f"tcp://127.0.0.1:{free_port()}"
    own_site.devserver.environ["FEDORA_PACKAGES_CONNECTORS_DATAGREPPER_URL"] = ""
    site = start_sweeping(own_site)
    _, facts = site.trigger("build", "guake")
    nvr = facts["builds"][0]["nvr"]
    wait_until(lambda: nvr in site.get("/guake/builds").text, limit=20)
    _, facts = site.trigger("update", "guake", release="f44")
    wait_until(lambda: status(site, facts["updates"][0]["alias"]) == "pending", limit=20)
    site.trigger("bug", "guake", summary="Heard by nobody")
    wait_until(lambda: "Heard by nobody" in site.get("/guake/bugs").text, limit=20)
    wait_until(lambda: site.api("packages/guake/builds")["state"] == "unwatched", limit=30)
    assert "May be out of date" in site.get("/guake/builds").text
    assert any("no connection to the bus" in alert["summary"] for alert in site.api("status")["alerts"])


def test_what_bodhi_does_in_silence_is_shown_and_is_no_lost_message(swept_site, wait_until):
    """An automatic update of Rawhide goes to stable; Koji's tags alone are announced."""
    _, facts = swept_site.trigger("automatic-update", "guake")
    alias = facts["updates"][0]["alias"]
    wait_until(lambda: status(swept_site, alias) == "stable", limit=20)
    answer = swept_site.api("packages/guake/updates")
    assert (answer["state"], lost(swept_site)) == ("fresh", [])


def test_the_updates_of_an_archived_release_are_read_again_and_none_is_a_lost_message(swept_site, wait_until):
    _, facts = swept_site.trigger("update", "guake", release="f43")
    alias = facts["updates"][0]["alias"]
    wait_until(lambda: status(swept_site, alias), limit=20)
    swept_site.trigger("release", "f43", state="archived")
    wait_until(lambda: status(swept_site, alias) == "obsolete", limit=20)
    assert [alert for alert in swept_site.api("status")["alerts"] if alert["severity"] == "critical"] == []
    assert lost(swept_site) == []
