"""Messages that do not come, over real processes: a bus that is cut, and messages that are kept back."""

import pytest

from fedora_packages.monitoring.checks import drifts
from fedora_packages.monitoring.heartbeat import heartbeats

from .proxy import Proxy

pytestmark = pytest.mark.xdist_group("processes")


def newest(site):
    """Return the newest beat of any worker."""
    return heartbeats(site.service.client)[0]


def misses_nothing(site) -> bool:
    beats = heartbeats(site.service.client)
    return bool(beats) and beats[0].caught_up_to == beats[0].at


def test_a_worker_says_that_it_misses_nothing(site, wait_until):
    wait_until(lambda: misses_nothing(site), limit=20)
    assert (newest(site).parts["dead"], newest(site).parts["hub_moves"]) == ([], True)
    assert newest(site).parts["endpoints"] == {site.sandbox["endpoint"]: True}


@pytest.mark.slow
def test_what_was_sent_while_the_bus_was_cut_is_fresh_once_it_is_mended(own_site, wait_until):
    proxy = Proxy(own_site.sandbox["endpoint"])
    own_site.devserver.environ["FEDORA_PACKAGES_WORKER_ENDPOINTS"] = proxy.endpoint
    own_site.start_worker()
    own_site.start_web()
    wait_until(lambda: misses_nothing(own_site), limit=20)
    assert own_site.get("/guake/builds").status_code == 200

    proxy.cut()
    wait_until(lambda: newest(own_site).parts["endpoints"] == {proxy.endpoint: False})
    wait_until(lambda: not misses_nothing(own_site))
    build, facts = own_site.trigger("build", "guake")
    proxy.mend()
    wait_until(lambda: own_site.is_fresh_because_of(build, "koji.builds", "guake"), limit=30)
    assert facts["builds"][0]["nvr"] in own_site.get("/guake/builds").text
    wait_until(lambda: misses_nothing(own_site), limit=30)


@pytest.mark.slow
def test_a_message_that_the_bus_lost_is_missed_by_its_number_and_replayed(own_site, wait_until):
    own_site.start_worker()
    wait_until(lambda: misses_nothing(own_site), limit=20)
    # So that there is a number to go on from.
    first, _ = own_site.trigger("bug", "bash")
    wait_until(lambda: own_site.is_fresh_because_of(first, "bugzilla.bugs", "bash"))
    own_site.control("keep-back", count=1, archive=True)
    lost, _ = own_site.trigger("bug", "guake")
    own_site.trigger("bug", "bash")
    wait_until(lambda: own_site.is_fresh_because_of(lost, "bugzilla.bugs", "guake"), limit=20)


@pytest.mark.slow
def test_a_message_that_nobody_has_is_healed_by_the_audit_which_says_so(own_site, wait_until):
    own_site.devserver.environ["FEDORA_PACKAGES_WORKER_AUDIT_RATE"] = "50"
    own_site.devserver.environ["FEDORA_PACKAGES_CONNECTORS_BUGZILLA_SWEEP"] = "0"
    own_site.start_worker()
    own_site.start_web()
    own_site.get("/guake/bugs")
    own_site.control("keep-back", count=1, archive=False)
    own_site.trigger("bug", "guake")
    number = max(bug["id"] for bug in own_site.control("packages/guake")["bugs"])

    def listed():
        return {bug["id"] for bug in own_site.read("bugzilla.bugs", "guake").value["bugs"]}

    wait_until(lambda: number in listed(), limit=30)
    found = wait_until(
        lambda: [row for row in drifts(own_site.service.client) if row["query"] == "bugzilla.bugs"], limit=20
    )
    assert (found[0]["package"], found[0]["topics"]) == ("guake", ["bugzilla.bug.new", "bugzilla.bug.update"])
    assert any(str(number) in phrase for phrase in found[0]["differences"])
