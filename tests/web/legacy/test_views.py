"""The old JSON, operation by operation: its rows, its envelope, its headers; and what stands beside it."""

import json
from types import SimpleNamespace

import pytest

from fedora_packages.web.legacy.context import LegacyContext, NotAvailable
from fedora_packages.web.legacy.faf import record as faf_record
from fedora_packages.web.legacy.operations import CONNECTORS
from tests.web.legacy.old_site import BASE, DAY, NOW, OLD_VALUES, SCRIPT, ask, rows, said
from tests.web.values import relation, tagged

SEARCH, RELEASES = "xapian/query/search_packages", "bodhi/query/query_active_releases"
BUILDS, UPDATES = "koji/query/query_builds", "bodhi/query/query_updates"
CHANGES, BUGS = "koji/query/query_changelogs", "bugzilla/query/query_bugs"

#: A request for each operation, and the address that has the same today.
REQUESTS = {
    "search_packages": (SEARCH, {"search": "guake"}, "search?q=guake"),
    "query_active_releases": (RELEASES, {"package": "guake"}, "packages/guake/releases"),
    "query_updates": (UPDATES, {"package": "guake"}, "packages/guake/updates"),
    "query_builds": (BUILDS, {"package": "guake"}, "packages/guake/builds"),
    "query_changelogs": (
        CHANGES,
        {"package_name": "guake", "release": "f45"},
        "packages/guake/changelog?release=f45",
    ),
    "query_bugs": (BUGS, {"package": "guake"}, "packages/guake/bugs"),
    "get_bug_stats": ("bugzilla/get_bug_stats?package=guake", None, "packages/guake/counts"),
    "query_problems": ("faf/query/query_problems", {"package_name": "guake"}, "packages/guake"),
    "get_file_tree": ("yum/get_file_tree?package=guake&repo=f45", None, "packages/guake/files?release=f45"),
    **{
        f"query_{kind}": (f"yum/query/query_{kind}", {"package": "guake", "repo": "rawhide"}, "packages/guake")
        for kind in ("requires", "required_by", "provides", "obsoletes", "conflicts")
    },
}

PROBLEM = {
    "id": 7, "function": "main", "status": "NEW", "type": "core", "count": 12, "first": NOW - DAY, "last": None,
    "bugs": ["https://bugzilla.example/7"],
}  # fmt: skip

PACKAGE_KEYS = {
    "name", "summary", "description", "upstream_url", "devel_owner", "icon", "status", "branch", "link",
}  # fmt: skip

QUERIES = sorted(name for name in REQUESTS if name.startswith(("query_", "search_")))


def test_there_is_a_request_for_every_operation():
    assert sorted(REQUESTS) == sorted(name for operations in CONNECTORS.values() for name in operations)


def asked(old, name, accept="*/*"):
    path, filters, _ = REQUESTS[name]
    return ask(old, path, None if filters is None else {"filters": filters}, accept=accept)


# Every answer.


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_an_answer_is_compact_json_that_calls_itself_html(old, name):
    answer = asked(old, name)
    assert (answer.headers["Content-Type"], answer.headers["Vary"]) == ("text/html; charset=UTF-8", "Accept")
    assert json.dumps(json.loads(answer.text), separators=(",", ":")) == answer.text.replace("\\u003c", "<").replace(
        "\\u003e", ">"
    ).replace("\\u0026", "&")


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_an_answer_may_be_read_from_anywhere_and_names_its_successor(old, name):
    headers = asked(old, name).headers
    link, _, relation = headers["Link"].partition("; ")
    assert (headers["Access-Control-Allow-Origin"], headers["Deprecation"], relation) == (
        "*",
        "@1795564800",
        'rel="successor-version"',
    )
    assert {"Deprecation", "Link"} <= set(headers["Access-Control-Expose-Headers"].split(", "))
    assert link.startswith(f"<http://localhost/packages/api/v1/{REQUESTS[name][2]}")
    assert old.get(link.strip("<>")).status_int == 200


@pytest.mark.parametrize("name", QUERIES)
def test_the_envelope_says_what_was_asked_for_and_what_is_here(old, name):
    path, filters, _ = REQUESTS[name]
    found = said(old, path, {"filters": filters, "rows_per_page": 7, "start_row": 0})
    rows = found["rows"]
    assert (found["rows_per_page"], found["start_row"], found["visible_rows"]) == (7, 0, len(rows or ()))
    assert found["total_rows"] == (-1 if rows is None else len(rows))


@pytest.mark.parametrize("operation", ["call", "request_data"])
@pytest.mark.parametrize("name", ["query_bugs", "get_bug_stats"])
def test_other_words_for_asking_ask_the_same(old, operation, name):
    assert said(old, f"bugzilla/{operation}/{name}?package=guake") == json.loads(asked(old, name).text)


def test_a_query_can_be_described(old):
    assert said(old, "koji/query_model/query_changelogs") == {
        "path": "query_changelogs",
        "can_paginate": True,
        "filters": ["package_name", "package", "build_id", "release"],
    }


@pytest.mark.parametrize(
    "path", ["", "/", "/koji", "/koji/", "/nothing/query/query_builds", "/_pp/x", "/KOJI/query/query_builds"]
)
def test_an_address_that_there_never_was_is_404_without_a_word(old, path):
    answer = old.get(BASE + path, 404)
    assert (answer.body, answer.headers["Access-Control-Allow-Origin"]) == (b"", "*")


@pytest.mark.parametrize(
    "path",
    [
        "koji/query/query_nothing/{}",
        "koji/query/get_bug_stats",
        "bugzilla/query_bugs",
        "koji/query",
        "koji/call/getBuild",
    ],
)
def test_an_operation_that_there_is_not_is_404_and_names_those_there_are(old, path):
    found = said(old, path, status=404)
    assert (found["total_rows"], found["rows"], "Operations: " in found["error"]) == (-1, None, True)


def test_pretty_printing_is_for_people_and_cannot_be_taken_for_a_page(old):
    text = ask(old, f'{SEARCH}/{{"filters":{{"search":"hostile"}}}}?_pp=', accept="application/json").text
    assert (text[:5], text[-6:], "<" in text[5:-6]) == ("<pre>", "</pre>", False)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/html;q=0.9, Application/JSON;q=0.1", "application/json"),
        ("*/*", "text/html"),
        ("application/*", "text/html"),
        ("", "text/html"),
    ],
)
def test_the_type_is_json_where_that_is_named(old, accept, kind):
    assert asked(old, "query_bugs", accept).content_type == kind


@pytest.mark.parametrize("path", ["hostile", "guake"])
def test_nothing_that_an_upstream_says_is_markup(old, path):
    hostile = {
        "bodhi.updates": {
            "total": 1,
            "updates": [{**OLD_VALUES["bodhi.updates"]["updates"][0], "builds": [f"{path}-1-1"]}],
        },
        "koji.tagged": {
            "tags": {"f46": {**OLD_VALUES["koji.tagged"]["tags"]["f46"], "version": SCRIPT, "nvr": f'{path}"-1-1'}}
        },
        "bugzilla.bugs": {"total": 1, "bugs": [{**OLD_VALUES["bugzilla.bugs"]["bugs"][0], "summary": SCRIPT}]},
    }
    for name, value in hostile.items():
        old.know(name, value, "hostile")
    texts = [
        ask(old, SEARCH, {"filters": {"search": "hostile"}}).text,
        ask(old, BUGS, {"filters": {"package": "hostile"}}).text,
        ask(old, UPDATES, {"filters": {"package": "hostile"}}).text,
    ]
    assert [text for text in texts if "<" in text or ">" in text or "&" in text] == []
    assert json.loads(texts[0])["rows"][0]["summary"] == SCRIPT
    version = rows(old, RELEASES, package="hostile")[0]["stable_version"]
    assert version.endswith(">&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;-1.fc46</a>")


@pytest.mark.parametrize("name", ["query_updates", "query_builds", "query_changelogs", "query_bugs", "query_requires"])
def test_what_is_not_known_is_said_in_the_envelope(old, name):
    for kind in ("changelog", "pkg"):
        old.upstream.says(f"/rawhide/{kind}/gcc", {}, status=503)
    path, filters, _ = REQUESTS[name]
    filters = {key: "gcc" if key.startswith("package") else word for key, word in filters.items() if key != "release"}
    found = said(old, path, {"filters": filters})
    assert (found["total_rows"], found["rows"], "gcc" in found["error"]) == (-1, None, True)


def test_a_tree_that_is_not_known_is_an_error_and_nothing_else(old):
    assert list(said(old, "yum/get_file_tree?package=gcc")) == ["error"]


def test_a_value_that_is_known_is_given_however_old_it_is(old):
    old.know("bugzilla.bugs", OLD_VALUES["bugzilla.bugs"], "gnome-terminal")
    old.invalidate("bugzilla.bugs", "gnome-terminal")
    assert len(rows(old, BUGS, package="gnome-terminal")) == 4


@pytest.mark.parametrize("name", ["query_updates", "query_builds", "query_changelogs", "query_bugs", "query_provides"])
def test_of_a_package_that_there_is_not_there_are_no_rows_and_no_upstream_is_asked(old, name):
    old.upstream.asked.clear()
    path, filters, _ = REQUESTS[name]
    filters = {key: "no-such" if key.startswith("package") else word for key, word in filters.items()}
    answer = ask(old, path, {"filters": filters})
    found = json.loads(answer.text)
    assert (found["total_rows"], found["rows"], old.upstream.asked) == (0, [], [])
    assert answer.headers["Link"].startswith("<http://localhost/packages/api/v1/search?q=no-such>")


def test_a_package_that_there_is_not_has_no_files_no_bugs_and_no_version(old):
    assert said(old, "yum/get_file_tree?package=no-such") == {"error": "Package 'no-such' does not exist."}
    assert said(old, "bugzilla/get_bug_stats?package=no-such")["results"] == {"open": 0, "blockers": 0}
    versions = {row["stable_version"] for row in rows(old, RELEASES, package="no-such")}
    assert versions == {"None"}


# Search.


@pytest.mark.parametrize("name", ["guake", "gcc", "hostile", "gone", "lost", "only-epel"])
def test_no_text_of_a_package_is_missing(old, name):
    found = rows(old, SEARCH, search=name)[0]
    binaries = found.pop("sub_pkgs")
    assert set(found) == PACKAGE_KEYS
    assert {type(value) for row in (found, *binaries) for value in row.values()} == {str}


def test_an_address_that_would_run_is_no_address(old):
    assert rows(old, SEARCH, search="hostile")[0]["upstream_url"] == ""


@pytest.mark.parametrize(("name", "status"), [("guake", "Approved"), ("gone", "Retired"), ("lost", "Orphaned")])
def test_a_package_has_a_status(old, name, status):
    assert rows(old, SEARCH, search=name)[0]["status"] == status


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("gcc-c++", "gcc"),
        ("gcc-c%2B%2B", "gcc"),
        ("terminal+gnome", "gnome-terminal"),
        ("gnome%2Bterminal", "gnome-terminal"),
        ("gnome%20terminal", "gnome-terminal"),
    ],
)
def test_a_plus_is_itself_if_a_name_has_it_and_else_a_space(old, text, first):
    assert rows(old, SEARCH, search=text)[0]["name"] == first


@pytest.mark.parametrize("text", ["", " ", "xyzzyqwert", "\x00", "%00"])
def test_what_is_not_found_is_an_empty_list(old, text):
    assert rows(old, SEARCH, search=text) == []


@pytest.mark.parametrize(
    ("start", "size", "here"), [(0, 500, 350), (0, 201, 201), (340, 37, 10), (350, 10, 0), (0, 0, 0), (10**9, 10, 0)]
)
def test_a_search_gives_any_number_of_rows_from_anywhere(old, start, size, here):
    found = said(old, SEARCH, {"filters": {"search": "many"}, "rows_per_page": size, "start_row": start})
    names = [row["name"] for row in found["rows"]]
    assert (found["total_rows"], found["visible_rows"], len(set(names)), found["start_row"]) == (350, here, here, start)


# Bodhi.


def test_releases_are_all_there_whatever_page_is_asked_for(old):
    found = said(old, RELEASES, {"filters": {"package": "guake"}, "rows_per_page": 1, "start_row": 2})
    names = [row["release"] for row in found["rows"]]
    assert (names, found["total_rows"], found["visible_rows"]) == (["Rawhide", "Fedora 45", "Fedora EPEL 9"], 3, 3)


def test_a_version_is_a_link_to_its_build_and_its_update_and_karma_follow(old):
    found = ask(old, RELEASES, {"filters": {"package": "guake"}}).text
    assert (
        r'"stable_version":"<a href=\"https://koji.fedoraproject.org/koji/buildinfo?buildID=6\">3.6.0-2.fc45</a> (<a href='
        in found
    )
    assert r'>update</a>)","testing_version":"<a href=' in found
    assert (
        r" <div class=\"karma_good\"><a href=\"https://bodhi.fedoraproject.org/updates/FEDORA-2026-0000000007\">"
        in found
    )


@pytest.mark.parametrize(("tag", "testing", "has_update"), [("f45-updates", None, True), ("f45", 7, False)])
def test_a_stable_version_has_an_update_by_its_tag_whatever_is_in_testing(old, tag, testing, has_update):
    build = testing and tagged(testing, "f45-updates-testing")
    old.know("koji.tagged", {"tags": {"f45-updates": tagged(6, tag), "f45-updates-testing": build}}, "rubygem-rails")
    row = rows(old, RELEASES, package="rubygem-rails")[1]
    assert (">update</a>)" in row["stable_version"], row["testing_version"] == "None") == (has_update, not testing)


def test_without_the_updates_there_is_no_karma(old):
    old.know("koji.tagged", OLD_VALUES["koji.tagged"], "gnome-terminal")
    assert "<div" not in rows(old, RELEASES, package="gnome-terminal")[1]["testing_version"]


def test_updates_are_grouped_with_the_newest_of_each_release(old):
    (found,) = rows(old, UPDATES, package="guake")
    assert (found["versions"], found["releases"]) == (
        ["3.7-1.fc46", "3.5-1.fc46", "3.4-1.fc46"],
        ["Fedora 45", "Fedora 40", "Fedora EPEL 9"],
    )
    assert [update["alias"][-1] for update in found["dist_updates"]] == ["7", "5", "4"]
    assert (found["karma_str"], found["karma_level"], found["date_submitted_display"]) == ("+2", "good", "3 days ago")


def test_updates_that_are_not_grouped_are_rows_each(old):
    found = rows(old, UPDATES, package="guake", group_updates=False)
    assert [(row["status"], row["version"], row["releases"], row["karma_str"]) for row in found[1:3]] == [
        ("stable", "3.6-1.fc46", "Fedora 45", " 0"),
        ("obsolete", "3.5-1.fc46", "Fedora 40", "-1"),
    ]
    assert (found[1]["date_pushed_display"], found[0]["date_pushed"], found[0]["date_pushed_display"]) == (
        "8 days ago",
        "",
        "",
    )


@pytest.mark.parametrize(
    ("release", "numbers"),
    [
        *((name, "76") for name in ("f45", "F45", "45", "Fedora 45", "fedora 45 testing")),
        *((name, "4") for name in ("el9", "epel9", "EPEL-9", "Fedora EPEL 9")),
        ("f40", "5"),
        ("f17", ""),
        ("", "7654"),
    ],
)
def test_updates_of_a_release_are_found_by_all_its_names(old, release, numbers):
    found = rows(old, UPDATES, package="guake", release=release, group_updates="false")
    assert "".join(row["alias"][-1] for row in found) == numbers


@pytest.mark.parametrize(
    ("status", "details"),
    [
        ("stable", "<br />"),
        ("pending", 'Pending push to stable<br /><a href="https://bodhi'),
        ("testing", ""),
        ("obsolete", ""),
    ],
)
def test_details_are_said_of_a_status(old, status, details):
    (found,) = rows(old, UPDATES, package="guake", status=status)
    assert (found["status"], found["details"][: len(details)] or None) == (status, details or None)


# Koji.


def test_builds_have_their_times_in_words(old):
    found = rows(old, BUILDS, package="guake")
    assert [row["completion_time_display"]["elapsed"] for row in found[1:]] == [
        "4 minutes",
        "1 hour",
        "1 minute",
        "1 minute",
    ]
    going_on = found[0]["completion_time_display"]
    assert (going_on["when"], going_on["time"], going_on["elapsed"][:6]) == ("In progress...", "", "2 days")
    assert (found[2]["completion_time_display"]["when"], found[0]["completion_ts"]) == ("1 day ago", None)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"state": "1,3"}, [8, 7]),
        ({"s": 1}, [8]),
        ({"state": None, "user": "releng"}, [7]),
        ({"username": "pingou", "state": "1"}, [8]),
        ({"state": {"value": "4", "op": "="}}, [6]),
    ],
)
def test_builds_are_those_of_states_and_of_somebody(old, filters, ids):
    assert [row["build_id"] for row in rows(old, BUILDS, p="guake", **filters)] == ids


@pytest.mark.parametrize(("order", "ids"), [(1, [5, 6, 7, 8, 9]), (-1, [9, 8, 7, 6, 5])])
def test_builds_can_be_sorted(old, order, ids):
    query = {"filters": {"package": "guake"}, "sort_col": "build_id", "sort_order": order}
    assert [row["build_id"] for row in said(old, BUILDS, query)["rows"]] == ids


def test_builds_can_come_with_their_updates(old):
    found = rows(old, BUILDS, package="guake", query_updates=True)
    by_number = {row["build_id"]: row for row in found}
    assert by_number[7]["update"]["alias"] == "FEDORA-2026-0000000007"
    assert by_number[6]["update_details"].startswith("Pushed to updates<br /><a href=")
    assert by_number[9]["update_details"].endswith(">Push to updates &gt;</a>")


@pytest.mark.parametrize("release", ["", "rawhide", "Rawhide", "f46", "Fedora 45", "epel9"])
def test_a_changelog_is_that_of_a_release(old, release):
    first, second = rows(old, CHANGES, package_name="guake", release=release)
    assert first == {
        "author": "A. Packager",
        "email": "packager@example.org",
        "version": "3.8-1",
        "changelog": "- Update to 3.8",
        "text": "- Update to 3.8",
        "date": 1763985600,
        "display_date": "24 Nov 2025",
    }
    assert (second["author"], second["email"], second["version"]) == ("", "nobody@example.org", "")


def test_a_changelog_of_a_release_without_the_package_says_so(old):
    query = {"filters": {"package_name": "guake", "release": "f12"}}
    assert said(old, CHANGES, query)["error"] == "guake is not in f12."


def test_without_rawhide_the_changelog_is_that_of_the_packages_own_release(old):
    old.know("mdapi.changelog", OLD_VALUES["mdapi.changelog"], "only-epel", "epel9")
    assert len(rows(old, CHANGES, package_name="only-epel")) == 2


# Bugzilla.


def test_bugs_are_in_the_old_order_and_in_words(old):
    found = rows(old, BUGS, package="guake")
    assert [(row["id"], row["status"], row["bug_class"]) for row in found] == [
        (2300001, "New", ""),
        (2300000, "New", ""),
        (2300002, "On_Qa", "security-bug"),
        (2300003, "Post", ""),
    ]
    assert (found[0]["last_modified"], found[1]["release"]) == ("2 days and 2 hours", "Fedora EPEL epel9")


@pytest.mark.parametrize("collection", ["Fedora EPEL", ["Fedora EPEL"]])
def test_bugs_can_be_those_of_a_product(old, collection):
    assert [row["id"] for row in rows(old, BUGS, package="guake", collection=collection)] == [2300000]


# Faf.


def test_problems_are_faf_records():
    found = faf_record(PROBLEM, "guake")
    assert (found["id"], found["crash_function"], found["status"], found["count"], found["components"]) == (
        7,
        "main",
        "NEW",
        12,
        ["guake"],
    )


def test_a_query_that_this_service_does_not_have_is_said(old):
    context = LegacyContext(SimpleNamespace(queries=old.service.queries, links=None))
    with pytest.raises(NotAvailable, match=r"This service has no faf\.riddles\."):
        context.values(("faf.riddles", "guake"))


#: By query that may be there or not: its value, the operation that reads it with its filter, and what that then says.
OPTIONAL = {
    "faf.problems": (
        {"total": 1, "problems": [PROBLEM]},
        ("faf/query/query_problems", {"package_name": "guake"}),
        [faf_record(PROBLEM, "guake")],
    ),
    "mdapi.required_by": (
        {"found": True, "packages": [{"name": "tilda", "source": "tilda", "relations": [relation("guake")]}]},
        ("yum/query/query_required_by", {"package": "guake"}),
        [
            {
                "name": "tilda",
                "requires": {"name": "guake", "flags": None, "ops": None, "version": "", "provided_by": None},
            }
        ],
    ),
}


@pytest.mark.parametrize("query", OPTIONAL)
def test_what_needs_a_query_answers_where_there_is_one_and_else_says_so(old, query):
    value, (path, filters), expected = OPTIONAL[query]
    is_there = query in old.service.queries
    if is_there:
        old.know(query, value, "guake", "rawhide")
    found = said(old, path, {"filters": filters})
    assert (found["rows"], found.get("error")) == (
        (expected, None) if is_there else (None, f"This service has no {query}.")
    )
