"""The JSON API."""

from copy import copy
from dataclasses import replace

import pytest

from fedora_packages.cache import keys
from fedora_packages.errors import SettingsError
from fedora_packages.messages import timeline
from fedora_packages.messages.event import parse
from fedora_packages.search.packages import find
from fedora_packages.web.api.endpoints import addressed
from tests.web.values import RELEASES, VALUES
from tests.web.website import CAUSE, website

#: A message as it comes over the bus.
MESSAGE = {"topic": "org.fedoraproject.prod.buildsys.build.state.change", "msg": {"name": "vim", "new": 1}}


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
        "retirement": None,
        "binaries": ["vim-common", "vim-enhanced"],
    }
    assert links["builds"] == "http://localhost/api/v1/packages/vim-common/builds"


def test_every_link_of_a_package_leads_somewhere(site):
    links = site.get("/api/v1/packages/guake").json["links"]
    assert {name: site.get(link).status_int for name, link in links.items() if site.get(link).status_int == 404} == {}


#: The queries about no package.
SHARED = {"bodhi.releases", "distgit.forge", "faf.tracked_packages", "faf.tracked_releases"}


@pytest.mark.parametrize("query", sorted(set(VALUES) - SHARED))
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
    assert answer.json["detail"].startswith("Koji: listBuilds(")
    # Clients know the kinds by their former names.
    assert (answer.json["problem"]["upstream"], answer.json["problem"]["kind"]) == ("koji", "silent")


def test_what_is_about_no_package_has_an_address_below_its_upstream(site):
    site.know_all(VALUES, "guake")
    for name in ("tracked_releases", "tracked_packages"):
        answer = site.get(f"/api/v1/faf/{name}", 200).json
        assert (answer["package"], answer["query"], answer["value"]) == (None, f"faf.{name}", VALUES[f"faf.{name}"])
    detail = site.get("/api/v1/faf/problems", 404).json["detail"]
    assert "Queries: distgit.forge, faf.tracked_packages, faf.tracked_releases." in detail


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


def rows_of(answer, name="builds", key="build_id"):
    return [row[key] for row in answer["value"][name]]


@pytest.mark.parametrize(
    ("address", "name", "key", "rows"),
    [
        ("builds?state=complete", "builds", "build_id", [8]),
        ("builds?size=2", "builds", "build_id", [9, 8]),
        ("builds?size=2&page=2", "builds", "build_id", [7]),
        ("builds?page=3", "builds", "build_id", []),
        ("updates?status=stable", "updates", "alias", ["FEDORA-2026-0000000006"]),
        ("updates?release=f45&status=testing", "updates", "alias", ["FEDORA-2026-0000000007"]),
        ("updates?release=f40", "updates", "alias", ["FEDORA-2026-0000000005"]),
        ("updates?release=rawhide", "updates", "alias", []),
        ("builds?release=rawhide", "builds", "build_id", [9, 8, 7]),
        ("builds?release=fc46&state=complete", "builds", "build_id", [8]),
        ("bugs?release=f45", "bugs", "id", [2300003, 2300002, 2300001]),
        ("bugs?security=true", "bugs", "id", [2300002]),
        ("bugs?mark=security", "bugs", "id", [2300002]),
        ("bugs?mark=tracker&status=NEW", "bugs", "id", []),
        ("bugs?status=NEW&security=false", "bugs", "id", [2300001]),
        ("files?size=1&page=2", "directories", "path", ["/usr/share"]),
        ("relations?kind=requires&flags=GE", "requires", "name", ["vim-common"]),
        ("patches?found=false", "patches", "name", ["guake-%{x}.patch"]),
    ],
)
def test_a_list_is_filtered_and_cut_as_its_rows_allow(site, address, name, key, rows):
    site.know_all(VALUES, "guake")
    assert rows_of(site.get(f"/api/v1/packages/guake/{address}", 200).json, name, key) == rows


@pytest.mark.parametrize("called", ["rawhide", "f46", "F46", "fc46"])
@pytest.mark.parametrize("query", ["files", "changelog", "relations", "required_by", "package", "spec", "patches"])
def test_a_release_may_be_called_by_branch_dist_tag_or_bodhis_name(site, query, called):
    site.know_all(VALUES, "guake")
    answer = site.get(f"/api/v1/packages/guake/{query}?release={called}", 200).json
    assert (answer["release"], answer["state"]) == ("rawhide", "fresh")


@pytest.mark.parametrize("called", ["f45", "F45", "fc45"])
def test_a_release_is_called_the_same_of_many_packages_and_of_what_each_release_has(site, called):
    site.know_all(VALUES, "guake")
    (only,) = site.get(f"/api/v1/packages/guake/releases?release={called}", 200).json["releases"]
    (found,) = site.get(f"/api/v1/packages?names=guake&query=files&release={called}", 200).json["packages"]
    assert (only["branch"], found["answer"]["release"]) == ("f45", "f45")


def test_with_redis_away_only_the_number_of_rawhide_means_nothing(service, strings):
    with website(service, {**strings, "cache.url": "redis://127.0.0.1:9/0"}) as site:
        known = site.get("/api/v1/packages/guake/files?release=fc45").json["release"]
        site.get("/api/v1/packages/guake/files?release=fc46", 400)
    assert known == "f45"


@pytest.mark.parametrize("tab", ["builds", "updates", "bugs"])
def test_whatever_a_page_filters_by_filters_the_json_too(site, service, tab):
    # A parameter with nothing in it counts as not given; one that there is not is an error all the same.
    (widget,) = (widget for widget in site.app.app.registry.tabs[tab].widgets if widget.name == tab)
    site.know_all(VALUES, "guake")
    for name in widget.parsers(find(service.index, "guake")):
        site.get(f"/api/v1/packages/guake/{tab}?{name}=", 200)


def test_one_of_several_lists_is_given_without_the_others(site):
    site.know_all(VALUES, "guake")
    value = site.get("/api/v1/packages/guake/relations?kind=provides", 200).json["value"]
    assert value == {"found": True, "provides": VALUES["mdapi.relations"]["provides"]}


def test_a_list_can_be_followed_from_page_to_page_and_back(site):
    site.know_all(VALUES, "guake")
    first = site.get("/api/v1/packages/guake/builds?size=1&state=complete", 200).json["list"]
    assert (first["total"], first["pages"], first["previous"], first["next"]) == (1, 1, None, None)
    read, address = [], "/api/v1/packages/guake/builds?size=1"
    while address:
        answer = site.get(address, 200).json
        read, address = read + rows_of(answer), answer["list"]["next"]
    assert (read, answer["list"]["previous"]) == (
        [9, 8, 7],
        "http://localhost/api/v1/packages/guake/builds?size=1&page=2",
    )


def test_the_total_of_a_filtered_list_is_what_is_left_and_the_whole_is_told_too(site):
    site.know_all(VALUES, "guake")
    found = site.get("/api/v1/packages/guake/builds?state=complete&page=2", 200).json
    assert (found["value"]["total"], found["list"]["total"], found["list"]["whole"]) == (1, 1, 412)


def test_the_total_of_a_list_that_is_only_cut_is_that_of_all(site):
    site.know_all(VALUES, "guake")
    found = site.get("/api/v1/packages/guake/builds?size=1", 200).json
    assert (found["value"]["total"], found["list"]["total"], "whole" in found["list"]) == (412, 3, False)


def test_an_answer_that_was_not_asked_for_less_is_as_it_always_was(site):
    site.know_all(VALUES, "guake")
    answer = site.get("/api/v1/packages/guake/builds?page=", 200).json
    assert set(answer) == {"package", "query", "release", "state", "value", "stamp", "because", "problem"}


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("packages/guake/builds?limit=5", "expected one of state, type, release, page, size"),
        ("packages/guake/spec?page=1", "expected one of release"),
        ("packages/guake/maintainers?x=1", "this endpoint takes none"),
        ("packages/guake?release=f45", "this endpoint takes none"),
        ("packages/guake/timeline?page=1", "this endpoint takes none"),
        ("packages/guake/builds?state=broken", "one of building, complete, deleted, failed, canceled"),
        ("packages/guake/builds?state=complete&state=failed", "expected once"),
        ("packages/guake/builds?page=0", "an integer from 1 to 1000"),
        ("packages/guake/builds?size=1001", "an integer from 1 to 1000"),
        ("packages/guake/builds?size=" + "9" * 5000, "an integer from 1 to 1000"),
        ("packages/guake/bugs?security=yes", "one of true, false"),
        ("packages/guake/bugs?mark=red", "one of security, blocker, tracker"),
        ("packages/guake/relations?page=2", "kind is needed to choose a list: one of requires, provides"),
        ("packages/guake/files?release=..", "one of rawhide, f45"),
        ("packages/guake/updates?release=%00", "its branch, dist tag or Bodhi name"),
        ("packages/guake/releases?release=f1", "expected one of rawhide, f45"),
        ("packages?names=guake&query=nope", "one of bugs, builds"),
        ("packages?names=guake&query=builds&release=rawhide", "its value is the same for all releases"),
        ("packages?names=guake,vim&query=files&release=f1", "one of rawhide, f45"),
        ("packages?names=guake&page=1", "packages by name are not paginated"),
        ("packages?query=builds", "query requires names"),
        ("packages?names=" + ",".join(f"p{number}" for number in range(101)), "at most 100"),
        ("packages?names=" + "x" * 30_000, "at most 100"),
        ("packages?names=guake," + "x" * 201, "of at most 200 characters"),
        ("changes?names=" + "x" * 201, "of at most 200 characters"),
        ("changes?since=yesterday", "the cursor of an earlier answer"),
        ("changes?since=" + "1" * 10_000, "the cursor of an earlier answer"),
        ("changes?count=1001", "an integer from 1 to 1000"),
        ("search?q=x&limit=3", "expected one of q, start, rows"),
        ("?x=1", "this endpoint takes none"),
        ("status?x=1", "this endpoint takes none"),
        ("releases?state=dead", "one of pending, frozen, current"),
        ("openapi.json?x", "this endpoint takes none"),
    ],
    ids=lambda text: text[:50],
)
def test_a_parameter_that_means_nothing_is_400_and_the_problem_says_what_is_allowed(site, upstream, address, allowed):
    site.know_all(VALUES, "guake")
    answer = site.get(f"/api/v1/{address}", 400)
    assert (answer.content_type, allowed in answer.json["detail"], upstream.asked) == (
        "application/problem+json",
        True,
        [],
    )
    assert len(answer.json["detail"]) < 700


def test_a_release_that_no_update_is_of_is_400_and_names_those_there_are(site):
    site.know_all(VALUES, "guake")
    detail = site.get("/api/v1/packages/guake/updates?release=f1", 400).json["detail"]
    assert detail == "release is 'f1'; expected one of rawhide, f45, f40."


def test_an_answer_that_is_the_same_is_304_and_one_of_another_state_is_not(site, client):
    site.know_all(VALUES, "guake")
    first = site.get("/api/v1/packages/guake/builds", 200)
    again = {"If-None-Match": first.headers["ETag"]}
    same = site.app.get("/api/v1/packages/guake/builds", headers=again, status=304)
    assert (same.body, same.headers["ETag"], same.headers["Cache-Control"]) == (b"", first.headers["ETag"], "no-cache")
    assert same.headers["Access-Control-Allow-Origin"] == "*"
    # Nothing of the package changes, and its revision does not; but nobody listens any more.
    client.delete(keys.HEARTBEATS)
    site.app.app.registry.loader.freshness._read_at = float("-inf")
    assert site.app.get("/api/v1/packages/guake/builds", headers=again).json["state"] == "unwatched"


def test_head_tells_what_get_does_without_the_body(site):
    site.know_all(VALUES, "guake")
    head, get = site.app.head("/api/v1/packages/guake/builds"), site.get("/api/v1/packages/guake/builds")
    assert (head.status_int, head.body, head.headers["ETag"]) == (200, b"", get.headers["ETag"])
    assert site.app.head("/api/v1/packages/nope", status=404).body == b""


def test_some_packages_are_given_in_their_order_and_names_of_none_are_told(site):
    answer = site.get("/api/v1/packages?names=vim-common,nothing,guake,..,guake,%00", 200).json
    assert ([found["name"] for found in answer["packages"]], answer["unknown"]) == (
        ["vim-common", "guake"],
        ["nothing", "..", "\0"],
    )


def test_the_answers_of_many_packages_are_what_the_cache_has_and_no_upstream_is_waited_for(site, upstream):
    site.know_all(VALUES, "guake")
    answer = site.get("/api/v1/packages?names=guake,gcc&query=builds", 200).json
    assert [(found["answer"]["state"], found["answer"]["value"]) for found in answer["packages"]] == [
        ("fresh", VALUES["koji.builds"]),
        ("unknown", None),
    ]
    # What is not known is left to the worker.
    claim = site.service.queue.claim("koji", 10.0, 10)
    assert (upstream.asked, claim.query, claim.package) == ([], "koji.builds", "gcc")


def test_a_package_that_is_not_in_a_release_has_no_answer_of_it(site):
    site.know_all(VALUES, "guake", "f45")
    packages = site.get("/api/v1/packages?names=guake,vim&query=files&release=f45", 200).json["packages"]
    assert [found["answer"] and found["answer"]["state"] for found in packages] == ["fresh", None]


def test_all_packages_are_listed_page_by_page(site):
    read, address = [], "/api/v1/packages?size=2"
    while address:
        answer = site.get(address, 200).json
        read, address = read + [found["name"] for found in answer["packages"]], answer["list"]["next"]
    assert (read, answer["list"]["total"]) == (["epel-release", "gcc", "gone", "guake", "vim"], 5)


def test_what_each_release_has_is_told_in_one_answer(site):
    site.know_all(VALUES, "guake")
    answer = site.get("/api/v1/packages/guake/releases", 200).json
    shown = {
        found["branch"]: [found[slot] and (found[slot]["evr"], found[slot]["update"]) for slot in ("stable", "testing")]
        for found in answer["releases"]
    }
    assert shown == {
        "rawhide": [("3.8-1.fc46", None), None],
        "f45": [("3.6-1.fc46", "FEDORA-2026-0000000006"), ("3.7-1.fc46", "FEDORA-2026-0000000007")],
    }
    assert (answer["state"], list(answer["readings"])) == ("fresh", ["bodhi.releases", "koji.tagged", "bodhi.updates"])


def published(site, release="rawhide"):
    """Return what an answer says is published of the stable and the testing build of a release, and what is."""
    (found,) = site.get(f"/api/v1/packages/guake/releases?release={release}", 200).json["releases"]
    slots = [found[slot] and found[slot]["is_published"] for slot in ("stable", "testing")]
    return (*slots, found["published"])


def test_each_build_of_a_release_says_whether_the_repository_has_it(site):
    site.know_all(VALUES, "guake")
    assert published(site) == (True, None, "3.8-1.fc46")
    for version, is_published in (("3.7", False), ("3.9", None)):
        about = {**VALUES["mdapi.package"], "version": version}
        site.know("mdapi.package", about, "guake", "rawhide")
        assert published(site) == (is_published, None, f"{version}-1.fc46")
    testing = {**VALUES["mdapi.package"], "version": "3.6", "repository": "updates-testing"}
    site.know("mdapi.package", testing, "guake", "f45")
    assert published(site, "f45") == (None, False, "3.6-1.fc46")


def test_what_is_published_is_unknown_until_it_was_read_and_no_upstream_is_waited_for(site, upstream):
    site.know_all({name: value for name, value in VALUES.items() if name != "mdapi.package"}, "guake")
    assert (published(site), upstream.asked) == ((None, None, None), [])
    assert site.service.queue.claim("mdapi", 10.0, 10).query == "mdapi.package"
    site.know("mdapi.package", VALUES["mdapi.package"], "guake", "rawhide")
    site.invalidate("mdapi.package", "guake")
    assert published(site) == (None, None, None)
    site.know("mdapi.package", {"found": False}, "guake", "rawhide")
    assert published(site) == (None, None, None)


def test_what_could_not_be_read_of_a_part_of_an_answer_is_told(site):
    invalid = {"count": 1, "by_kind": {"release": 1}, "error": "releases[2].name: expected a string, got null"}
    site.know_all({**VALUES, "bodhi.releases": {**RELEASES, "invalid_rows": invalid}}, "guake")
    readings = site.get("/api/v1/packages/guake/releases", 200).json["readings"]
    assert [reading.get("invalid_rows") for reading in readings.values()] == [invalid, None, None]


def test_of_one_release_alone_it_is_told_whether_its_tags_are_known(site):
    site.know_all({**VALUES, "koji.tagged": {"tags": {"f46": None}}}, "guake")
    for branch, is_known in (("rawhide", True), ("f45", False)):
        (found,) = site.get(f"/api/v1/packages/guake/releases?release={branch}", 200).json["releases"]
        assert (found["branch"], found["stable"], found["is_known"]) == (branch, None, is_known)


def test_the_worst_state_of_what_an_answer_is_made_of_is_its_own(service, strings):
    away = {key: "http://127.0.0.1:9" for key in strings if key.startswith("connectors.") and key.endswith(".url")}
    with website(service, {**strings, **away}) as site:
        site.know_all(VALUES, "guake")
        site.invalidate("bodhi.updates", "guake")
        answer = site.get("/api/v1/packages/guake/releases", 200).json
        assert (answer["state"], answer["readings"]["koji.tagged"]["state"]) == ("failing", "fresh")
        site.service.cache.drop(site.service.queries["koji.tagged"].entry("guake"), "")
        assert site.get("/api/v1/packages/guake/releases", 503).json["query"] == "koji.tagged"


def test_why_a_package_was_retired_is_told_where_it_is_known(site, upstream):
    assert site.get("/api/v1/packages/gone", 200).json["retirement"] == {
        "branch": "rawhide",
        "reason": None,
        "is_known": False,
    }
    spec = {"found": False, "dead": "Nobody wants it.", "commit": None}
    site.know("distgit.spec", spec, "gone", "rawhide")
    assert site.get("/api/v1/packages/gone", 200).json["retirement"]["reason"] == "Nobody wants it."
    assert (site.get("/api/v1/packages/gone/spec", 200).json["value"], upstream.asked) == (spec, [])


def test_what_happened_lately_is_told_newest_first(site, client):
    for number in (1, 2):
        event = parse({**MESSAGE, "msg_id": f"2026-{number}", "timestamp": 1764000000 + number})
        timeline.note(client, "vim", event)
    answer = site.get("/api/v1/packages/vim-common/timeline", 200).json
    assert (answer["package"], [found["id"] for found in answer["events"]]) == ("vim", ["2026-2", "2026-1"])
    assert (set(answer["events"][0]), answer["events"][0]["gist"]["kind"]) == ({"id", "topic", "sent", "gist"}, "build")


def test_changes_are_told_from_one_cursor_to_the_next(site):
    cursor = site.get("/api/v1/changes", 200).json["cursor"]
    site.know("koji.builds", VALUES["koji.builds"], "guake")
    site.know("mdapi.files", VALUES["mdapi.files"], "vim-common", "rawhide")
    site.know("bodhi.releases", VALUES["bodhi.releases"])
    answer = site.get(f"/api/v1/changes?since={cursor}&count=2", 200).json
    assert [(found["query"], found["package"], found["release"]) for found in answer["changes"]] == [
        ("koji.builds", "guake", None),
        ("mdapi.files", "vim-common", "rawhide"),
    ]
    assert answer["more"] is True
    rest = site.get(f"/api/v1/changes?since={answer['cursor']}", 200).json
    assert ([found["package"] for found in rest["changes"]], rest["more"]) == ([None], False)
    assert [site.get(found["url"]).status_int for found in answer["changes"] + rest["changes"]] == [200, 200, 200]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("names=vim", ["mdapi.files"]),
        ("names=guake,nope", ["koji.builds"]),
        ("query=files", ["mdapi.files"]),
        ("names=gcc", []),
    ],
)
def test_changes_of_some_packages_or_one_query_are_told_alone(site, asked, told):
    cursor = site.get("/api/v1/changes", 200).json["cursor"]
    site.know("koji.builds", VALUES["koji.builds"], "guake")
    site.know("mdapi.files", VALUES["mdapi.files"], "vim-common", "rawhide")
    answer = site.get(f"/api/v1/changes?since={cursor}&{asked}", 200).json
    assert ([found["query"] for found in answer["changes"]], answer["cursor"]) == (
        told,
        site.get("/api/v1/changes").json["cursor"],
    )
    assert answer.get("unknown", []) == (["nope"] if "nope" in asked else [])


def test_a_cursor_of_lost_changes_is_410_and_the_problem_has_a_new_one(site, client):
    site.know("koji.builds", VALUES["koji.builds"], "guake")
    cursor = site.get("/api/v1/changes", 200).json["cursor"]
    client.flushall()
    answer = site.get(f"/api/v1/changes?since={cursor}", 410)
    assert (answer.content_type, answer.json["type"]) == (
        "application/problem+json",
        "http://localhost/api#problem-cursor-gone",
    )
    assert site.get(f"/api/v1/changes?since={answer.json['cursor']}", 200).json["changes"] == []


def test_two_queries_of_one_short_name_or_one_of_a_parts_are_refused_at_start(service):
    query = service.queries["koji.builds"]
    with pytest.raises(SettingsError, match="two queries have the short name 'builds'"):
        addressed([query, replace(query, name="other.builds")])
    named = copy(query.declaration)
    named.short_name = "timeline"
    with pytest.raises(SettingsError, match="choose another name"):
        addressed([replace(query, declaration=named)])
