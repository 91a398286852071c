"""Addresses of packages' pages."""

import re

import pytest

from tests.web.website import Elements


@pytest.mark.parametrize(
    "address",
    [
        "/guake",
        "/guake/",
        "/guake/overview",
        "/guake/builds",
        "/guake/builds/",
        "/guake/bugs/all",
        "/guake/bugs/all/",
        "/guake/sources/spec",
        "/guake/sources/spec/",
        "/gcc-c++",
        "/gcc-c%2B%2B/builds",
        "/vim-common/contents",
        "/epel-release/sources",
    ],
)
def test_a_package_answers_at_every_address_it_ever_had(site, address):
    assert [site.get(prefix + address).status_int for prefix in ("", "/packages")] == [200, 200]


@pytest.mark.parametrize("prefix", ["", "/packages"])
def test_links_keep_the_prefix_that_the_page_was_asked_with(site, prefix):
    elements = Elements(site.get(f"{prefix}/guake").text)
    ours = [link["href"] for link in elements.of("a") + elements.of("link") if link["href"].startswith("/")]
    assert [link for link in ours if link.startswith("/packages") != bool(prefix)] == []


def test_a_tab_and_the_old_address_of_its_part_show_the_same_spec_file(site):
    pages = [site.get(address).text for address in ("/guake/sources", "/guake/sources/spec")]
    assert [page.count('id="panel-spec"') for page in pages] == [1, 1]


def test_every_page_leads_to_status_and_api_by_name(site):
    _, _, footer = site.get("/guake").text.partition('<footer class="site">')
    assert re.findall('href="([^"]+)">([^<]+)<', footer) == [("/status", "Status"), ("/api", "JSON API")]


def test_the_heartbeat_is_plain_text(site):
    answer = site.get("/_heartbeat", 200)
    assert (answer.content_type, answer.text) == ("text/plain", "alive\n")


def test_a_retired_package_is_410(site):
    assert [site.get(address).status_int for address in ("/gone", "/gone/builds", "/packages/gone/")] == [410] * 3


def test_a_page_asks_each_upstream_once_for_what_several_panels_show(site, upstream):
    site.get("/guake", 200)
    asked = [(found.path, tuple(sorted(found.params))) for found in upstream.asked if found.path == "/updates/"]
    assert len(asked) == 1
