"""The JSON API over real processes: every answer is what the world is."""

import json

import pytest

pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture
def truth(site):
    """What the sandbox knows to be true of guake."""
    return site.control("packages/guake")


def value(site, query: str):
    return site.api(f"packages/guake/{query}")["value"]


def test_every_address_that_a_package_links_to_answers_with_a_value(site):
    links = site.api("packages/guake")["links"]
    statuses = {name: site.session.get(link, timeout=30).status_code for name, link in links.items()}
    assert {name: status for name, status in statuses.items() if status != 200} == {}


def test_builds_are_those_of_the_world(site, truth):
    found = value(site, "builds")["builds"]
    assert [(build["build_id"], build["state"]) for build in found] == [
        (build["id"], build["state"]) for build in truth["builds"]
    ]


def test_updates_are_those_of_the_world(site, truth):
    found = {update["alias"]: update["status"] for update in value(site, "updates")["updates"]}
    assert found == {update["alias"]: update["status"] for update in truth["updates"]}


def test_numbers_of_bugs_are_those_of_the_world(site, truth):
    assert value(site, "counts")["open"] == sum(bug["open"] for bug in truth["bugs"])


def test_maintainers_are_those_of_the_world(site, truth):
    found = value(site, "maintainers")
    assert (found["owner"], found["admins"], found["groups"]) == (
        truth["owner"],
        truth["admins"],
        [f"@{name}" for name in truth["groups"]],
    )


def test_files_of_a_release_are_those_of_the_world(site, truth):
    found = site.api("packages/guake/files?release=f44")["value"]
    names = {f"{folder['path']}/{name}" for folder in found["directories"] for name, _ in folder["files"]}
    known = truth["repositories"]["f44"]["binaries"]["guake"]["files"]
    assert names == {name.rstrip("/") for name in known}


def test_a_search_finds_a_package_by_a_word_of_its_summary(site):
    assert "guake" in [found["name"] for found in site.api("search?q=terminal")["packages"]]


def test_the_active_releases_are_listed_in_reading_order(site):
    branches = [release["branch"] for release in site.api("releases")["value"]["releases"]]
    assert branches[:2] == ["rawhide", "f45"]


def test_the_value_of_every_query_survives_json_unchanged(site):
    changed = set()
    for query in site.service.queries.values():
        package = "*" if query.about == "nothing" else "guake"
        value = query.fetch(package, query.variant("rawhide"))
        if json.loads(json.dumps(value)) != value:
            changed.add(query.name)
    assert changed == set()
