"""The JSON API."""

import pytest

from .values import VALUES
from .website import CAUSE, website


def test_a_package_says_what_it_is_and_where_all_of_it_is(site):
    found = site.get("/api/v1/packages/vim-common", 200).json
    links = found.pop("links")
    assert found == {
        "name": "vim-common",
        "kind": "binary",
        "source": "vim",
        "summary": "Editor",
        "branch": "rawhide",
        "releases": ["rawhide"],
        "retired": False,
        "binaries": ["vim-common", "vim-enhanced"],
    }
    assert links["builds"] == "http://localhost/api/v1/packages/vim-common/builds"


def test_every_link_of_a_package_leads_somewhere(site):
    links = site.get("/api/v1/packages/guake").json["links"]
    assert {name: site.get(link).status_int for name, link in links.items() if site.get(link).status_int == 404} == {}


@pytest.mark.parametrize("query", sorted(set(VALUES) - {"bodhi.releases"}))
def test_every_query_has_an_address_that_gives_its_value_and_stamp(site, query):
    site.know_all(VALUES, "guake")
    answer = site.get(f"/api/v1/packages/guake/{query.partition('.')[2]}", 200).json
    assert (answer["query"], answer["state"], answer["value"], answer["stamp"]["upstream"]) == (
        query,
        "fresh",
        VALUES[query],
        query.partition(".")[0],
    )


def test_every_query_there_is_has_a_value_to_be_tested_with(service):
    assert set(VALUES) == set(service.queries)


def test_the_release_is_the_packages_own_unless_it_is_given(site):
    site.know("mdapi.files", VALUES["mdapi.files"], "guake", "rawhide")
    site.know("mdapi.files", {"found": False}, "guake", "f45")
    asked = ["/api/v1/packages/guake/files", "/api/v1/packages/guake/files?release=f45"]
    assert [(found["release"], found["value"]["found"]) for found in (site.get(path, 200).json for path in asked)] == [
        ("rawhide", True),
        ("f45", False),
    ]


def test_a_query_about_sources_is_asked_of_a_binarys_source(site):
    site.know("koji.builds", VALUES["koji.builds"], "gcc")
    assert site.get("/api/v1/packages/gcc-c++/builds", 200).json["package"] == "gcc"


def test_a_query_about_binaries_is_asked_of_the_binary_that_pages_show(site):
    site.know("mdapi.files", VALUES["mdapi.files"], "vim-enhanced", "rawhide")
    assert site.get("/api/v1/packages/vim/files", 200).json["package"] == "vim-enhanced"


def test_an_old_value_is_given_with_its_reason(service, strings):
    away = {key: "http://127.0.0.1:9" for key in strings if key.startswith("connectors.") and key.endswith(".url")}
    with website(service, {**strings, **away}) as site:
        site.know("koji.builds", VALUES["koji.builds"], "guake")
        site.invalidate("koji.builds", "guake")
        answer = site.get("/api/v1/packages/guake/builds", 200).json
    assert (answer["state"], answer["value"], answer["because"]["event"], answer["problem"]["upstream"]) == (
        "failing",
        VALUES["koji.builds"],
        CAUSE,
        "koji",
    )


def test_an_unknown_value_is_503_with_the_problem_and_when_to_ask_again(service, strings):
    away = {key: "http://127.0.0.1:9" for key in strings if key.startswith("connectors.") and key.endswith(".url")}
    with website(service, {**strings, **away}) as site:
        answer = site.get("/api/v1/packages/guake/builds", 503)
    assert (answer.content_type, answer.headers["Retry-After"]) == ("application/problem+json", "10")
    assert (answer.json["detail"].startswith("koji was asked"), answer.json["problem"]["upstream"]) == (True, "koji")


def test_the_releases_are_those_of_bodhi_in_reading_order(site):
    site.know("bodhi.releases", VALUES["bodhi.releases"])
    answer = site.get("/api/v1/releases", 200).json
    assert (answer["value"], answer["package"]) == (VALUES["bodhi.releases"], None)


def test_a_search_gives_the_exact_name_first(site):
    answer = site.get("/api/v1/search?q=gcc", 200).json
    assert (answer["total"], answer["packages"][0]["name"]) == (1, "gcc")


def test_a_search_can_begin_anywhere_and_give_any_number(site):
    every = site.get("/api/v1/search?q=e", 200).json["packages"]
    some = site.get("/api/v1/search?q=e&start=1&rows=1", 200).json
    assert (some["packages"], some["start"]) == (every[1:2], 1)


def test_a_search_for_nothing_finds_nothing(site):
    assert site.get("/api/v1/search", 200).json["packages"] == []


def test_a_retired_package_is_described_as_such(site):
    found = site.get("/api/v1/packages/gone", 200).json
    assert (found["retired"], found["branch"]) == (True, None)


def test_the_api_is_also_below_the_old_prefix(site):
    answer = site.get("/packages/api/v1/packages/guake", 200)
    assert answer.json["links"]["self"] == "http://localhost/packages/api/v1/packages/guake"
