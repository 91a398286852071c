"""Whole pages over real processes: what the world is, and what a page says of it, are the same."""

import html
import re
import time
from urllib.parse import quote, urlsplit

import pytest

from fedora_packages.web.views.search import EXAMPLES
from fedora_packages.widgets import load

pytestmark = pytest.mark.xdist_group("processes")

TABS = list(load())

#: Packages of every kind: a plain one, one without a binary of its name, names with signs, dots and capitals, a binary.
PACKAGES = ["guake", "vim", "gcc-c++", "python3.14", "PyYAML", "vim-enhanced"]

#: Seconds within which a page is there, whatever upstreams do.
BOUND = 3.0


@pytest.fixture
def expected(site):
    """What the sandbox knows to be true of guake."""
    return site.control("packages/guake")


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_every_kind_of_package_answers_with_values(site, package, tab):
    page = site.get(f"/{package}/{tab}")
    assert (page.status_code, "is not responding" in page.text, "has not answered" in page.text) == (200, False, False)


def test_a_retired_package_is_gone_and_its_reason_is_told(site):
    page = site.get("/redis")
    reason = site.control("packages/redis")["branches"]["rawhide"]["retired"]
    assert (page.status_code, reason.splitlines()[0] in page.text) == (410, True)


def test_the_builds_are_those_of_the_world(site, expected):
    shown = re.findall(
        r'<th scope="row"><a [^>]*>([^<]+)</a></th>\s*<td[^>]*><span class="state state-(\w+)">',
        site.get("/guake/builds").text,
    )
    assert shown == [(build["nvr"], build["state"]) for build in expected["builds"]][:50]


def test_the_updates_are_those_of_the_world(site, expected):
    shown = set(re.findall(r"/updates/(FEDORA-[^\"]+)\"", site.get("/guake/updates").text))
    assert shown == {update["alias"] for update in expected["updates"]}


def test_the_bugs_are_the_open_ones_of_the_world(site, expected):
    rows = re.findall(r'<th scope="row"><a href="[^"]*/show_bug\.cgi\?id=([0-9]+)"', site.get("/guake/bugs").text)
    shown = {int(number) for number in rows}
    assert shown == {bug["id"] for bug in expected["bugs"] if bug["open"]}


def same_list(site, page: str, upstream: str) -> int | None:
    """Return how many rows the list has that a page calls the same in an upstream; None if it offers none."""
    link = re.search(rf'<a href="([^"]*)" rel="external">The same list in {upstream.capitalize()}</a>', page)
    if link is None:
        return None
    where, counted = {"bodhi": ("updates/", "total"), "bugzilla": ("rest/bug", "total_matches")}[upstream]
    answer = site.session.get(
        f"{site.sandbox['url']}/{upstream}/{where}?{urlsplit(html.unescape(link[1])).query}", timeout=30
    )
    return answer.json()[counted]


@pytest.mark.parametrize(("tab", "upstream"), [("bugs", "bugzilla"), ("updates", "bodhi")])
@pytest.mark.parametrize("package", ["guake", "kernel", "systemd"])
def test_each_choice_leads_to_as_many_rows_as_it_says_and_as_the_upstream_has(site, package, tab, upstream):
    offered = re.findall(r'<a href="(\?[^"]*)"[^>]*>[^<]* \(([0-9]+)\)</a>', site.get(f"/{package}/{tab}").text)
    found, compared = [], 0
    for address, number in offered:
        page = site.get(f"/{package}/{tab}{html.unescape(address)}&size=1000").text
        (body,) = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
        there = same_list(site, page, upstream)
        compared += there is not None
        found.append((address, str(body.count("<tr>")), str(there) if there is not None else number))
    assert found == [(address, number, number) for address, number in offered]
    assert compared >= 2


@pytest.mark.parametrize("package", ["guake", "kernel", "gcc", "epel-release"])
def test_as_many_bugs_are_open_as_bugzillas_own_list_has(site, package):
    page = site.get(f"/{package}/bugs").text
    (link,) = re.findall(r'<a href="([^"]*)" rel="external">All open bugs in Bugzilla</a>', page)
    asked = f"{site.sandbox['url']}/bugzilla/rest/bug?{urlsplit(html.unescape(link)).query}"
    told = re.search(r"<p>([0-9]+) open bugs?[.,]", " ".join(page.split()))
    assert int(told[1] if told else 0) == site.session.get(asked, timeout=30).json()["total_matches"]


def test_the_overview_has_the_stable_build_of_each_release_of_the_world(site, expected):
    page = site.get("/guake/overview/releases").text
    row = r'<span class="branch">([^<]+)</span>(?: <span[^>]*>[^<]*</span>)?</th>\s*<td data-label="Stable"><a [^>]*>([^<]+)</a>'
    shown = dict(re.findall(row, page))
    assert shown == {branch: found["stable"].removeprefix("guake-") for branch, found in expected["releases"].items()}


def test_a_page_of_the_search_leads_to_the_package(site):
    assert 'href="/guake"' in site.get("/s?search=terminal").text


def test_each_example_of_the_start_page_finds_what_it_is_an_example_of(site):
    start = site.get("/").text
    examples = [html.unescape(text) for text in re.findall(r'<a href="/s\?search=[^"]*">([^<]+)</a>', start)]
    assert set(examples) == {text for _, texts, _ in EXAMPLES for text in texts}
    found = {text: site.get(f"/api/v1/search?q={quote(text, safe='')}").json() for text in examples}
    assert [text for text in examples if not found[text]["total"] or found[text]["corrected"]] == []
    # A beginning is one of what it finds first.
    for text in EXAMPLES[0][1]:
        first = found[text]["packages"][0]
        assert any(name.startswith(text) for name in (first["found"], *first["binaries"]))


def test_with_every_upstream_hanging_a_page_is_there_in_time(site):
    for upstream in ("koji", "bodhi", "bugzilla", "mdapi", "distgit", "faf", "anitya"):
        site.fault(upstream, fail="hang")
    started = time.monotonic()
    page = site.get("/binutils")
    took = time.monotonic() - started
    assert (page.status_code, took < BOUND) == (200, True)
