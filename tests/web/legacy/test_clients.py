"""Every program that is known to call the old JSON: what exactly it sends, and what it reads of the answer.

The published Python client itself is in ``tests/conformance/``.
"""

import json
import re
from html.parser import HTMLParser
from urllib.parse import quote, quote_plus

import pytest
import requests

from tests.web.legacy.old_site import BASE, ask, rows, said
from tests.web.website import Website

SEARCH, RELEASES = "xapian/query/search_packages", "bodhi/query/query_active_releases"
BUILDS, UPDATES = "koji/query/query_builds", "bodhi/query/query_updates"

#: What jQuery says it takes: of whatever kind, and JSON.
ANYTHING, JQUERY_JSON = "*/*", "application/json, text/javascript, */*; q=0.01"

#: What a browser says it takes.
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

UPDATE_KEYS = {
    "actions", "date_pushed", "date_pushed_display", "date_submitted_display", "details", "dist_updates", "id", "karma_level",
    "karma_str", "name", "nvr", "package_name", "releases", "request_id", "status", "title", "versions",
}  # fmt: skip

ENVELOPE = {"total_rows", "rows_per_page", "start_row", "visible_rows", "rows"}


TAGGED_RAILS = {
    "build_id": 1, "nvr": "rubygem-rails-7-1.fc45", "version": "7", "release": "1.fc45", "epoch": 1, "owner": None, "tag": "f45",
}  # fmt: skip


class Stripped(HTMLParser):
    """The text of HTML without its tags, as pkgwat takes it."""

    def __init__(self, text: str):
        super().__init__()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data


def stripped(value):
    """Return a value with all of its texts stripped."""
    if isinstance(value, dict):
        return {key: stripped(part) for key, part in value.items()}
    if isinstance(value, list):
        return [stripped(part) for part in value]
    return Stripped(value).text if isinstance(value, str) else value


def pkgwat(site: Website, path: str, **query):
    """Ask as pkgwat does: the JSON as it is in the address, which its HTTP library then quotes; tags are stripped."""
    query = {"filters": query, "rows_per_page": 10, "start_row": 0}
    url = requests.Request("GET", f"https://apps.example{BASE}/{path}/{json.dumps(query)}").prepare().path_url
    answer = site.app.get(url, headers={"Accept": ANYTHING}, status=200)
    return stripped(json.loads(answer.text))


def pkgwat_get(site: Website, name: str):
    for package in pkgwat(site, SEARCH, search=name)["rows"]:
        for found in (package, *package["sub_pkgs"]):
            if found["name"] == name:
                return found
    raise KeyError(name)


# pkgwat.api, which most others use or imitate.


def test_pkgwat_finds_a_package(old):
    found = pkgwat(old, SEARCH, search="guake")
    package = found["rows"][0]
    assert (
        found["visible_rows"],
        package["name"],
        package["upstream_url"],
        package["devel_owner"],
        package["link"],
    ) == (
        1,
        "guake",
        "https://guake.example/",
        "pingou",
        "guake",
    )


@pytest.mark.parametrize("name", ["guake", "guake-doc", "gcc-c++"])
def test_pkgwat_gets_a_source_or_a_binary_package(old, name):
    assert pkgwat_get(old, name)["name"] == name


def test_pkgwat_lists_the_releases(old):
    found = pkgwat(old, RELEASES, package="guake")["rows"]
    assert ([set(row) for row in found], found[:2], found[2]["stable_version"]) == (
        [{"release", "testing_version", "stable_version"}] * 3,
        [
            {"release": "Rawhide", "stable_version": "3.10.0-1.fc46", "testing_version": "None"},
            {
                "release": "Fedora 45",
                "stable_version": "3.6.0-2.fc45 (update)",
                "testing_version": "3.7-1.fc46 2 karma",
            },
        ],
        "None",
    )


@pytest.mark.parametrize(
    ("state", "states"),
    [("", 5), ("0", "building"), ("1", "complete"), ("2", "deleted"), ("3", "failed"), ("4", "canceled")],
)
def test_pkgwat_lists_builds_of_a_state(old, state, states):
    found = pkgwat(old, BUILDS, package="guake", state=state)["rows"]
    shown = [row["state_str"] for row in found]
    assert (len(shown) if state == "" else shown, {row["package_name"] for row in found}, found[0]["package_id"]) == (
        states if state == "" else [states],
        {"guake"},
        6454,
    )
    assert {"elapsed", "when", "time"} == set(found[0]["completion_time_display"])


def test_pkgwat_lists_updates_by_seventeen_keys(old):
    (found,) = pkgwat(old, UPDATES, package="guake", release="", status="")["rows"]
    assert set(found) == UPDATE_KEYS
    assert (found["name"], found["package_name"], found["title"]) == ("guake", "guake", "guake-3.7-1.fc46")


@pytest.mark.parametrize(("version", "ids"), [("", 4), ("44", [2300002]), ("17", [])])
def test_pkgwat_lists_bugs_of_a_version(old, version, ids):
    found = [row["id"] for row in pkgwat(old, "bugzilla/query/query_bugs", package="guake", version=version)["rows"]]
    assert (len(found) if version == "" else found) == ids


@pytest.mark.parametrize("repo", ["Rawhide", "Fedora 45", "Fedora 45 Testing"])
def test_pkgwat_reads_the_contents_of_a_release(old, repo):
    found = said(old, f"yum/get_file_tree?package=guake&repo={quote_plus(repo)}")
    assert (set(found[0]), found[0]["data"], found[0]["state"]) == (
        {"state", "data", "children"},
        {"icon": "jstree-directory", "title": "usr"},
        "open",
    )


def test_pkgwat_reads_the_changelog_by_seven_keys(old):
    build_id = pkgwat(old, BUILDS, package="guake", state="")["rows"][0]["build_id"]
    found = pkgwat(old, "koji/query/query_changelogs", build_id=build_id, package_name="guake")["rows"]
    assert [set(row) for row in found] == [
        {"display_date", "changelog", "text", "author", "version", "date", "email"}
    ] * len(found)
    assert found[0]["display_date"] == "24 Nov 2025"


# What is built on pkgwat.api.


def test_pkgwat_cli_prints_a_package(old):
    (found,) = said(old, SEARCH, {"filters": {"search": "guake"}, "rows_per_page": 1, "start_row": 0})["rows"]
    binaries = found.pop("sub_pkgs")
    icon = found.pop("icon")
    assert all(isinstance(value, str) for value in found.values())
    assert [set(binary) >= {"name", "summary", "description", "link"} for binary in binaries] == [True]
    assert old.get(f"/packages/images/icons/{icon}.png", 200).content_type == "image/png"


def test_pkgwat_cli_asks_for_37_rows(old):
    query = {"filters": {"search": "many"}, "rows_per_page": 37, "start_row": 0}
    found = said(old, SEARCH, query)
    assert (found["visible_rows"], found["rows_per_page"], found["total_rows"]) == (37, 37, 350)


def test_gnome_shells_search_joins_names_and_icons(old):
    for row in pkgwat(old, SEARCH, search="terminal")["rows"]:
        name, icon = (row["name"] + "," + row["icon"]).split(",")
        assert (
            old.get(f"/packages/images/icons/{icon}.png").status_int == old.get(f"/packages/{name}").status_int == 200
        )


def test_pkgdbs_script_reads_summaries_and_descriptions(old):
    found = pkgwat_get(old, "guake")
    assert (found["summary"], found["description"]) == ("Drop-down terminal", "A terminal for GNOME.")


def test_what_is_not_packaged_is_a_key_error_for_npm2spec(old):
    with pytest.raises(KeyError):
        pkgwat_get(old, "nodejs-no-such-thing")


def test_gitlabs_comparison_reads_the_version_in_rawhide(old):
    assert pkgwat(old, RELEASES, package="guake")["rows"][0]["stable_version"].split("-")[0] == "3.10.0"


# Bodhi's forms.


def test_bodhis_typeahead_reads_names(old):
    query = "%7B%22filters%22:%7B%22search%22:%22gua%22%7D,%22rows_per_page%22:10,%22start_row%22:0%7D"
    answer = old.app.get(f"{BASE}/{SEARCH}/{query}", headers={"Accept": JQUERY_JSON}, status=200)
    assert [stripped(row["name"]) for row in answer.json["rows"]] == ["guake"]


def test_bodhis_form_parses_bugs_itself_and_so_must_not_get_json(old):
    query = {"filters": {"package": "guake", "version": ""}, "rows_per_page": 8}
    answer = ask(old, "bugzilla/query/query_bugs", query, accept=ANYTHING)
    found = json.loads(answer.text)["rows"][0]
    assert (answer.headers["Content-Type"], found["id"], found["description"]) == (
        "text/html; charset=UTF-8",
        2300001,
        "Bug number 2300001",
    )


def test_bodhis_form_reads_the_changelog_of_a_build(old):
    old.upstream.koji_says([[{"package_name": "guake", "build_id": 8, "release": "1.fc46"}]])
    query = {"filters": {"build_id": 8, "version": ""}, "rows_per_page": 8}
    found = json.loads(ask(old, "koji/query/query_changelogs", query, accept=ANYTHING).text)["rows"]
    assert found[0]["text"] == "- Update to 3.8"


def test_the_changelog_of_a_build_is_that_of_its_release(old):
    entry = {"author": "A <a@b>", "evr": "3.7-1", "date": 1, "text": "- Only there"}
    old.know("mdapi.changelog", {"found": True, "repository": "updates", "entries": [entry]}, "guake", "f45")
    old.upstream.koji_says([[{"package_name": "guake", "build_id": 77, "release": "1.fc45"}]])
    found = said(old, "koji/query/query_changelogs", {"filters": {"build_id": 77}})["rows"]
    assert [row["text"] for row in found] == ["- Only there"]


# Other languages.


@pytest.mark.parametrize(("term", "total"), [("guake", 1), ("many", 350), ("xyzzyqwert", 0)])
def test_the_tagger_asks_for_json_from_another_site(old, term, total):
    path = f'{SEARCH}/{{"filters":{{"search":"{term}"}},"rows_per_page":10,"start_row":0}}'
    answer = ask(old, path, accept=JQUERY_JSON)
    assert (answer.content_type, answer.headers["Access-Control-Allow-Origin"], answer.json["total_rows"]) == (
        "application/json",
        "*",
        total,
    )
    assert old.get(f"/packages/s/{term}").status_int == 200


@pytest.mark.parametrize(("gem", "is_there"), [("rails", True), ("no-such-gem", False)])
def test_the_ruby_gem_learns_whether_a_gem_is_in_fedora(old, gem, is_there):
    old.know("koji.tagged", {"tags": {"f46": None, "f45-updates": {**TAGGED_RAILS}}}, "rubygem-rails")
    found = said(old, RELEASES, {"filters": {"package": f"rubygem-{gem}"}})["rows"]
    row = next(row for row in found if row["release"] == "Fedora 45")
    assert (row["stable_version"] != "None", found[0]["release"]) == (is_there, "Rawhide")


@pytest.mark.parametrize(
    ("path", "filters"),
    [
        (SEARCH, {"search": "many"}),
        (BUILDS, {"package": "guake"}),
        ("bugzilla/query/query_bugs", {"package": "guake"}),
        ("koji/query/query_changelogs", {"package_name": "guake"}),
    ],
)
def test_the_ruby_gem_asks_again_for_as_many_rows_as_there_are(old, path, filters):
    total = said(old, path, {"filters": filters, "rows_per_page": 10, "start_row": 0})["total_rows"]
    found = said(old, path, {"filters": filters, "rows_per_page": total, "start_row": 0})
    assert (found["total_rows"], found["visible_rows"], len(found["rows"])) == (total, total, total)


def test_the_ruby_gem_reads_changelogs_by_build_and_sends_updates_to_the_releases(old):
    old.upstream.koji_says([[{"package_name": "guake", "build_id": 9, "release": "1.fc46"}]])
    assert said(old, "koji/query/query_changelogs", {"filters": {"build_id": 9}})["total_rows"] == 2
    assert said(old, RELEASES, {"filters": {"package": "guake", "state": "stable"}})["total_rows"] == 3


def test_the_ruby_gem_names_an_architecture_for_the_contents(old):
    found = said(old, "yum/get_file_tree?package=guake&arch=x86_64&repo=rawhide")
    assert [node["data"]["title"] for node in found] == ["usr", "etc"]


def test_the_haskell_library_refuses_an_answer_with_one_wrong_type(old):
    def asked(path, size=20, **filters):
        query = {"filters": filters, "rows_per_page": size, "start_row": 0}
        answer = ask(old, path, query, accept="application/json")
        assert (answer.content_type, set(answer.json)) == ("application/json", ENVELOPE)
        return answer.json["rows"]

    def wrong(row, **types):
        return [key for kind in types for key in types[kind].split() if type(row[key]).__name__ != kind]

    assert len(asked(RELEASES, 1, package="guake")) > 1
    for package in asked(SEARCH, search="terminal"):
        assert not wrong(package, str="devel_owner icon link name summary upstream_url description", list="sub_pkgs")
        for binary in package["sub_pkgs"]:
            assert not wrong(binary, str="icon link name summary description")
    for found in asked(BUILDS, package="guake", state="1"):
        texts = "completion_time creation_time name nvr owner_name package_name release state_str version volume_name"
        numbers = "build_id creation_event_id owner_id package_id state task_id volume_id"
        assert not wrong(
            found, str=texts, int=numbers, float="completion_ts creation_ts", dict="completion_time_display"
        )
        assert "epoch" in found
    for found in asked("bugzilla/query/query_bugs", package="guake", version=""):
        assert not wrong(found, int="id", str="bug_class description last_modified release status")


def scala(site: Website, path: str, filters: str, size: int):
    """Ask as the Scala library does: a form's encoding, with a plus for a space, and tags stripped of the whole answer."""
    query = quote_plus(f'{{"filters": {filters}, "rows_per_page": {size}, "start_row": 0}}')
    return json.loads(re.sub("<[^>]*>", "", site.app.get(f"{BASE}/{path}/{query}", status=200).text))


def test_the_scala_library_asks_for_500_rows(old):
    found = scala(old, SEARCH, '{"search": "one of many"}', 500)
    assert (found["total_rows"], len(found["rows"])) == (350, 350)


def test_the_scala_library_strips_the_tags_of_releases(old):
    found = scala(old, RELEASES, '{"package": "guake"}', 20)["rows"]
    assert found[1]["testing_version"] == "3.7-1.fc46 2 karma"


def test_the_mobile_application_reads_times_as_texts_and_cuts_before_the_karma(old):
    displays = [row["completion_time_display"] for row in rows(old, BUILDS, package="guake", state="")]
    assert all(isinstance(text, str) for display in displays for text in display.values())
    before = rows(old, RELEASES, package="guake")[1]["testing_version"].split("<div")[0]
    assert Stripped(before).text == "3.7-1.fc46 "


def test_the_table_of_nodejs_takes_the_text_of_the_first_link(old):
    found = {
        row["release"]: re.search(r"<a\b[^>]*>([^<]*)</a>", row["stable_version"])[1]
        for row in rows(old, RELEASES, package="guake")
        if row["stable_version"] != "None" and row["release"] != "Rawhide"
    }
    assert found == {"Fedora 45": "3.6.0-2.fc45"}


def test_the_tracker_of_rust_looks_for_a_version_between_tags(old):
    found = said(old, RELEASES, {"filters": {"package": "guake"}, "rows_per_page": 100})["rows"]
    versions = [re.search(r">(\d+[.]\d+[.]\d+)(-[^<]+)?<", row["stable_version"]) for row in found[:2]]
    assert [version[1] for version in versions] == ["3.10.0", "3.6.0"]


@pytest.mark.parametrize("slashes", ["/", "//"])
@pytest.mark.parametrize("written", [quote, str], ids=["encoded", "raw"])
def test_javascript_services_put_one_slash_or_two_before_the_json(old, slashes, written):
    query = written('{"filters":{"search":"guake"},"rows_per_page":10,"start_row":0}')
    found = said(old, f"{SEARCH}{slashes}{query}")
    assert set(found) == ENVELOPE
    keys = {"name", "summary", "upstream_url", "description", "branch", "devel_owner", "sub_pkgs"}
    assert keys <= set(found["rows"][0])


def test_a_front_end_in_typescript_sends_the_search_alone(old):
    assert said(old, f'{SEARCH}/{{"filters":{{"search":"guake"}}}}')["rows"][0]["name"] == "guake"


def test_the_ruby_class_asks_for_a_thousand_requirements(old):
    filters = {"package": "guake", "version": "3.8-1.fc46", "repo": "Rawhide", "arch": "noarch"}
    found = said(old, "yum/query/query_requires", {"filters": filters, "rows_per_page": 1000, "start_row": 0})
    assert [row["name"] for row in found["rows"]] == ["gcc-c++", "libc.so.6(GLIBC_2.4)(64bit)"]


# The pages of the old service itself.


def test_the_old_pages_read_the_numbers_of_bugs(old):
    found = said(old, "bugzilla/get_bug_stats?package=guake")
    assert found["results"] == {"open": 3, "blockers": 1}
    assert found["blocker_url"].startswith("https://bugzilla.redhat.com/buglist.cgi?")


@pytest.mark.parametrize("times", [1, 2])
def test_the_old_search_encodes_its_text_twice_and_the_typeahead_once(old, times):
    text = "gcc-c++"
    for _ in range(times):
        text = quote(text, safe="")
    found = said(old, f'{SEARCH}/{quote("{")}"filters":{{"search":"{text}"}}}}')["rows"][0]
    assert found["name"] == "gcc"
    assert old.get(f"/packages/images/icons/{found['icon']}", 200).content_type == "image/png"


def test_a_browser_is_told_to_run_nothing(old):
    answer = ask(old, RELEASES, {"filters": {"package": "guake"}}, accept=BROWSER)
    assert (answer.content_type, "sandbox" in answer.headers["Content-Security-Policy"]) == ("text/html", True)
