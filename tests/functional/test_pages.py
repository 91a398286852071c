"""Whole pages over real processes: what the world is, and what a page says of it, are the same."""

import re
import time

import pytest

from fedora_packages import settings
from fedora_packages.widgets import load

pytestmark = pytest.mark.xdist_group("processes")

TABS = list(load())

#: Packages of every kind: a plain one, one without a binary of its name, names with signs, dots and capitals, a binary.
PACKAGES = ["guake", "vim", "gcc-c++", "python3.14", "PyYAML", "vim-enhanced"]

#: Seconds within which a page is there, whatever upstreams do.
BOUND = 3.0


@pytest.fixture
def truth(site):
    """What the sandbox knows to be true of guake."""
    return site.control("packages/guake")


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_every_kind_of_package_answers_with_values(site, package, tab):
    page = site.get(f"/{package}/{tab}")
    assert (page.status_code, "does not answer" in page.text, "has not answered" in page.text) == (200, False, False)


def test_a_retired_package_is_gone_and_its_reason_is_told(site):
    page = site.get("/redis")
    reason = site.control("packages/redis")["branches"]["rawhide"]["retired"]
    assert (page.status_code, reason.splitlines()[0] in page.text) == (410, True)


def test_the_builds_are_those_of_the_world(site, truth):
    shown = re.findall(
        r'<th scope="row"><a [^>]*>([^<]+)</a></th>\s*<td><span class="state state-(\w+)">',
        site.get("/guake/builds").text,
    )
    assert shown == [(build["nvr"], build["state"]) for build in truth["builds"]][:50]


def test_the_updates_are_those_of_the_world(site, truth):
    shown = set(re.findall(r"/updates/(FEDORA-[^\"]+)\"", site.get("/guake/updates").text))
    assert shown == {update["alias"] for update in truth["updates"]}


def test_the_bugs_are_the_open_ones_of_the_world(site, truth):
    shown = {int(number) for number in re.findall(r"show_bug.cgi\?id=([0-9]+)", site.get("/guake/bugs").text)}
    assert shown == {bug["id"] for bug in truth["bugs"] if bug["open"]}


def test_the_overview_has_the_stable_build_of_each_release_of_the_world(site, truth):
    page = site.get("/guake/overview/releases").text
    row = r'<span class="branch">([^<]+)</span>(?: <span[^>]*>[^<]*</span>)?</th>\s*<td data-label="Stable"><a [^>]*>([^<]+)</a>'
    shown = dict(re.findall(row, page))
    assert shown == {branch: found["stable"].removeprefix("guake-") for branch, found in truth["releases"].items()}


def test_a_page_of_the_search_leads_to_the_package(site):
    assert 'href="/guake"' in site.get("/s?search=terminal").text


def test_with_every_upstream_hanging_a_page_is_there_in_time(site):
    for upstream in settings.UPSTREAMS:
        site.mood(upstream, fail="hang")
    started = time.monotonic()
    page = site.get("/binutils")
    took = time.monotonic() - started
    assert (page.status_code, took < BOUND) == (200, True)
