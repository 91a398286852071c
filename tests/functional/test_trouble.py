"""Upstreams that are down, slow or lying: every page answers in time, and says what is wrong and since when."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fedora_packages import settings
from fedora_packages.web.formats import spoken
from fedora_packages.widgets import load

pytestmark = pytest.mark.xdist_group("troubled")

#: Seconds in which every page must answer, whatever upstreams do.
BOUND = 3.0

MOODS = {
    "down": {"fail": 503},
    "cut off": {"fail": "reset"},
    "hanging": {"fail": "hang"},
    "slow": {"delay": 30},
    "telling HTML": {"lie": "html"},
    "telling half": {"lie": "truncated"},
    "telling too much": {"lie": "huge"},
    "telling other types": {"lie": "types"},
    "telling nothing": {"lie": "empty"},
}

#: The tabs, by their addresses below a package's.
TABS = {"" if name == "overview" else f"/{name}": tab for name, tab in load().items()}

#: The upstreams that any tab shows something from, as pages call them.
UPSTREAMS = {
    name: spoken(name).lower()
    for name in settings.UPSTREAMS
    if any(
        query.startswith(f"{name}.")
        for tab in TABS.values()
        for widget in tab.widgets
        for query in widget.queries.values()
    )
}

#: A package for each mood of which nothing is known yet.
PACKAGES = ("kakoune", "emacs", "meson", "zellij", "2ping", "htop", "nginx", "gcc", "vim")


@pytest.fixture
def site(troubled_site):
    troubled_site.heal()
    return troubled_site


def timed(site, path: str):
    started = time.monotonic()
    answer = site.get(path)
    return answer, time.monotonic() - started


@pytest.mark.parametrize(("mood", "package"), list(zip(MOODS, PACKAGES, strict=True)))
def test_all_tabs_answer_in_time_and_say_which_upstream_is_wrong(site, mood, package):
    for upstream in UPSTREAMS:
        site.mood(upstream, **MOODS[mood])
    with ThreadPoolExecutor(len(TABS)) as pool:
        answers = list(pool.map(lambda tab: timed(site, f"/{package}{tab}"), TABS))
    said = " ".join(answer.text.lower() for answer, _ in answers)
    assert [answer.status_code for answer, _ in answers] == [200] * len(TABS)
    assert max(took for _, took in answers) < BOUND
    assert [name for name in UPSTREAMS.values() if name not in said] == []


def test_what_was_last_known_is_shown_with_its_time_and_the_reason(site, wait_until):
    wait_until(lambda: "rust-" in site.get("/rust/builds").text, limit=20)
    nvr = site.control("packages/rust")["builds"][0]["nvr"]
    site.mood("koji", fail=503)
    site.happen("build", "rust", state="building")
    problem = wait_until(lambda: site.read("koji.builds", "rust").error_state, limit=20)
    page = site.get("/rust/builds").text
    since = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(problem.since))
    assert (nvr in page, "503" in page, since in page) == (True, True, True)


def test_what_upstream_lied_about_is_not_cached_as_an_answer(site, wait_until):
    site.mood("koji", lie="types")
    wait_until(lambda: site.api("packages/golang/builds")["problem"], limit=20)
    assert site.read("koji.builds", "golang").value is None
