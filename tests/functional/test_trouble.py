"""Upstreams that are down or slow, or return invalid responses: pages answer in time and say what is wrong and since when."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fedora_packages.connectors import titles
from fedora_packages.web.formats import upstream_title
from fedora_packages.widgets import load

pytestmark = pytest.mark.xdist_group("troubled")

#: Seconds in which every page must answer, whatever upstreams do.
BOUND = 3.0

FAULTS = {
    "down": {"fail": 503},
    "cut off": {"fail": "reset"},
    "hanging": {"fail": "hang"},
    "slow": {"delay": 30},
    "returning HTML": {"invalid": "html"},
    "returning half": {"invalid": "truncated"},
    "returning too much": {"invalid": "huge"},
    "returning other types": {"invalid": "types"},
    "returning nothing": {"invalid": "empty"},
}

#: The tabs, by their addresses below a package's.
TABS = {"" if name == "overview" else f"/{name}": tab for name, tab in load().items()}

#: The upstreams that any tab shows something from, as pages call them.
UPSTREAMS = {
    name: upstream_title(name).lower()
    for name in titles()
    if any(
        query.startswith(f"{name}.")
        for tab in TABS.values()
        for widget in tab.widgets
        for query in widget.queries.values()
    )
}

#: For each fault a package of which nothing is cached yet.
PACKAGES = ("kakoune", "emacs", "meson", "zellij", "2ping", "htop", "nginx", "gcc", "vim")


@pytest.fixture
def site(troubled_site):
    troubled_site.reset_faults()
    return troubled_site


def timed(site, path: str):
    started = time.monotonic()
    answer = site.get(path)
    return answer, time.monotonic() - started


@pytest.mark.parametrize(("fault", "package"), list(zip(FAULTS, PACKAGES, strict=True)))
def test_all_tabs_answer_in_time_and_say_which_upstream_is_wrong(site, fault, package):
    for upstream in UPSTREAMS:
        site.fault(upstream, **FAULTS[fault])
    with ThreadPoolExecutor(len(TABS)) as pool:
        answers = list(pool.map(lambda tab: timed(site, f"/{package}{tab}"), TABS))
    said = " ".join(answer.text.lower() for answer, _ in answers)
    assert [answer.status_code for answer, _ in answers] == [200] * len(TABS)
    assert max(took for _, took in answers) < BOUND
    assert [name for name in UPSTREAMS.values() if name not in said] == []


def test_what_was_last_known_is_shown_with_its_time_and_the_reason(site, wait_until):
    wait_until(lambda: "rust-" in site.get("/rust/builds").text, limit=20)
    nvr = site.control("packages/rust")["builds"][0]["nvr"]
    site.fault("koji", fail=503)
    site.trigger("build", "rust", state="building")
    problem = wait_until(lambda: site.read("koji.builds", "rust").error_state, limit=20)
    page = site.get("/rust/builds").text
    since = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(problem.since))
    assert (nvr in page, "503" in page, since in page) == (True, True, True)


def test_what_upstream_lied_about_is_not_cached_as_an_answer(site, wait_until):
    site.fault("koji", invalid="types")
    wait_until(lambda: site.api("packages/golang/builds")["problem"], limit=20)
    assert site.read("koji.builds", "golang").value is None
