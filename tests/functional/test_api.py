"""The JSON API over real processes: every answer is what the world is."""

import json
from urllib.parse import quote

import pytest
import requests

from tests.documented import addresses, undocumented

pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture
def expected(site):
    """What the sandbox knows to be true of guake."""
    return site.control("packages/guake")


def value(site, query: str):
    return site.api(f"packages/guake/{query}")["value"]


def test_every_address_that_a_package_links_to_answers_with_a_value(site):
    links = site.api("packages/guake")["links"]
    statuses = {name: site.session.get(link, timeout=30).status_code for name, link in links.items()}
    assert {name: status for name, status in statuses.items() if status != 200} == {}


def test_builds_are_those_of_the_world(site, expected):
    found = value(site, "builds")["builds"]
    assert [(build["build_id"], build["state"]) for build in found] == [
        (build["id"], build["state"]) for build in expected["builds"]
    ]


def test_updates_are_those_of_the_world(site, expected):
    found = {update["alias"]: update["status"] for update in value(site, "updates")["updates"]}
    assert found == {update["alias"]: update["status"] for update in expected["updates"]}


def test_numbers_of_bugs_are_those_of_the_world(site, expected):
    assert value(site, "counts")["open"] == sum(bug["open"] for bug in expected["bugs"])


def test_maintainers_are_those_of_the_world(site, expected):
    found = value(site, "maintainers")
    assert (found["owner"], found["admins"], found["groups"]) == (
        expected["owner"],
        expected["admins"],
        [f"@{name}" for name in expected["groups"]],
    )


def test_files_of_a_release_are_those_of_the_world(site, expected):
    found = site.api("packages/guake/files?release=f44")["value"]
    names = {f"{folder['path']}/{name}" for folder in found["directories"] for name, _ in folder["files"]}
    known = expected["repositories"]["f44"]["binaries"]["guake"]["files"]
    assert names == {name.rstrip("/") for name in known}


def test_a_search_finds_a_package_by_a_word_of_its_summary(site):
    assert "guake" in [found["name"] for found in site.api("search?q=terminal")["packages"]]


def test_the_active_releases_are_listed_in_reading_order(site):
    branches = [release["branch"] for release in site.api("releases")["value"]["releases"]]
    assert branches[:2] == ["rawhide", "f45"]


@pytest.mark.parametrize("package", ["guake", "kernel", "python-requests", "vim-common", "MySQL-python"])
def test_every_answer_about_a_package_is_as_the_document_says(site, package):
    document = site.api("openapi.json")
    wrong = {}
    for path in addresses(document):
        answer = site.get(path.replace("{package}", package))
        kind = answer.headers["Content-Type"].partition(";")[0]
        found = undocumented(document, path, "get", answer.status_code, kind, answer.json())
        if found or answer.status_code != 200:
            wrong[path] = (answer.status_code, found)
    assert wrong == {}


def test_a_check_is_answered_as_the_document_says(site):
    document = site.api("openapi.json")
    answer = requests.post(f"{site.url}/api/v1/packages/guake/builds/check", timeout=30)
    path = "/api/v1/packages/{package}/{query}/check"
    assert undocumented(document, path, "post", answer.status_code, "application/json", answer.json()) == []


def test_whoever_follows_the_changes_has_what_the_upstreams_say(site, wait_until):
    kept, cursor = {}, site.api("changes")["cursor"]
    site.trigger("build", "guake")

    def is_as_the_world():
        nonlocal cursor
        answer = site.api(f"changes?since={cursor}&names=guake")
        cursor = answer["cursor"]
        for change in answer["changes"]:
            kept[change["query"]] = requests.get(change["url"], timeout=30).json()["value"]
        shown = [(build["build_id"], build["state"]) for build in kept.get("koji.builds", {"builds": ()})["builds"]]
        return shown == [(build["id"], build["state"]) for build in site.control("packages/guake")["builds"]]

    wait_until(is_as_the_world, 20)


def test_the_version_that_each_release_has_is_that_of_the_world(site):
    answer = site.api("packages/guake/releases")
    queries = site.service.queries
    tags = {None: None, **queries["koji.tagged"].fetch("guake")["tags"]}
    wanted = {
        release["branch"]: [tags[release["stable_tag"]], tags[release["testing_tag"]]]
        for release in queries["bodhi.releases"].fetch("*")["releases"]
    }
    shown = {row["branch"]: [row["stable"], row["testing"]] for row in answer["releases"]}
    assert _nvrs(shown) == _nvrs(wanted)


def _nvrs(found):
    return {branch: [build and build["nvr"] for build in builds] for branch, builds in found.items()}


def test_the_answers_of_a_hundred_packages_ask_no_upstream(site):
    names = [found["name"] for found in site.api("packages?size=100")["packages"]]
    since = site.serial()
    answer = site.api(f"packages?names={quote(','.join(names))}&query=changelog")
    asked = [row for row in site.asked(since) if row["user_agent"].endswith("(web)")]
    assert (len(answer["packages"]), answer["unknown"], asked) == (100, [], [])


def test_the_value_of_every_query_survives_json_unchanged(site):
    changed = set()
    for query in site.service.queries.values():
        package = "*" if query.subject == "nothing" else "guake"
        value = query.fetch(package, query.variant("rawhide"))
        if json.loads(json.dumps(value)) != value:
            changed.add(query.name)
    assert changed == set()
