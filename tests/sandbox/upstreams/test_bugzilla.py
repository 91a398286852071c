"""Bugzilla: searches, caps, single bugs."""

from datetime import UTC, datetime, timedelta

import pytest


def test_open_bugs_of_a_component(quiet):
    answer = quiet.get("/bugzilla/rest/bug", product="Fedora", component="guake", bug_status="__open__")
    wanted = {bug["id"] for bug in quiet.expected("guake")["bugs"] if bug["open"] and bug["product"] == "Fedora"}
    assert ({bug["id"] for bug in answer["bugs"]}, answer["total_matches"]) == (wanted, len(wanted))


def test_component_and_version_are_lists(quiet):
    bug = quiet.get("/bugzilla/rest/bug", component="guake")["bugs"][0]
    assert (bug["component"], type(bug["version"])) == (["guake"], list)


def test_twenty_bugs_come_unless_more_are_asked_for(quiet):
    answer = quiet.get("/bugzilla/rest/bug", product="Fedora")
    assert (len(answer["bugs"]), answer["limit"]) == (20, 20)


def test_no_limit_means_the_highest(quiet):
    answer = quiet.get("/bugzilla/rest/bug", product="Fedora", limit=0)
    assert (answer["limit"], len(answer["bugs"])) == (1000, min(answer["total_matches"], 1000))


def test_pages_join_to_the_whole(quiet):
    everything = quiet.get("/bugzilla/rest/bug", product="Fedora", limit=60, order="bug_id", include_fields="id")[
        "bugs"
    ]
    pages = [
        quiet.get("/bugzilla/rest/bug", product="Fedora", limit=20, offset=offset, order="bug_id", include_fields="id")[
            "bugs"
        ]
        for offset in (0, 20, 40)
    ]
    assert [bug for page in pages for bug in page] == everything


def test_only_the_fields_asked_for_come(quiet):
    bug = quiet.get("/bugzilla/rest/bug", component="guake", include_fields="id,summary,nonsense")["bugs"][0]
    assert set(bug) == {"id", "summary"}


def test_an_order_can_be_reversed(quiet):
    bugs = quiet.get("/bugzilla/rest/bug", component="guake", order="last_change_time DESC")["bugs"]
    times = [bug["last_change_time"] for bug in bugs]
    assert times == sorted(times, reverse=True)


def test_bugs_of_several_products_are_listed_since_a_change(live):
    now = datetime.now(UTC)
    filed = [
        live.envelopes(live.trigger("bug", name, version=version))[0]["msg"]["bug"]["id"]
        for name, version in (("kakoune", "epel9"), ("guake", "44"))
    ]
    old = live.expected("guake")["bugs"][0]["id"]
    live.trigger("bug", "guake", id=old, severity="urgent")
    query = {
        "product": ["Fedora", "Fedora EPEL"],
        "last_change_time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "include_fields": "id,component,last_change_time,status",
        "order": "changeddate,bug_id",
    }
    pages = [live.get("/bugzilla/rest/bug", **query, limit=2, offset=offset) for offset in (0, 2)]
    bugs = [bug for page in pages for bug in page["bugs"]]
    assert ({bug["id"] for bug in bugs}, pages[0]["total_matches"]) == ({*filed, old}, 3)
    assert bugs == sorted(bugs, key=lambda bug: (bug["last_change_time"], bug["id"]))
    assert set(bugs[0]) == {"id", "component", "last_change_time", "status"}
    later = (now + timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert live.get("/bugzilla/rest/bug", **{**query, "last_change_time": later})["bugs"] == []


def test_blocking_bugs_are_found_by_a_triple(live):
    filed = live.trigger("bug", "guake", blocks=2299999)
    bug_id = live.envelopes(filed)[0]["msg"]["bug"]["id"]
    answer = live.get("/bugzilla/rest/bug", component="guake", f1="blocked", o1="anywordssubstr", v1="2299999 5")
    assert [bug["id"] for bug in answer["bugs"]] == [bug_id]


def test_security_bugs_are_found_by_keyword(live):
    live.trigger("bug", "guake", security=True, alias="CVE-2026-1")
    answer = live.get("/bugzilla/rest/bug", component="guake", keywords="Security", f1="alias", o1="isnotempty")
    assert [bug["alias"] for bug in answer["bugs"]] == [["CVE-2026-1"]]


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("bug", {}, 400, 1007),
        ("bug", {"component": "guake", "offset": 1}, 400, 50),
        ("bug", {"component": "guake", "limit": "many"}, 400, 52),
        ("bug/999999999", {}, 404, 101),
        ("bug/nonsense", {}, 400, 100),
    ],
)
def test_an_error_has_its_code(quiet, path, query, status, code):
    answer = quiet.ask(f"/bugzilla/rest/{path}", **query)
    assert (answer.status, answer.json["error"], answer.json["code"]) == (status, True, code)


def test_a_bug_is_found_by_number(quiet):
    bug_id = quiet.expected("guake")["bugs"][0]["id"]
    assert [bug["id"] for bug in quiet.get(f"/bugzilla/rest/bug/{bug_id}")["bugs"]] == [bug_id]


def test_a_moved_bug_is_with_its_new_component_alone(live):
    bug_id = live.expected("guake")["bugs"][0]["id"]
    live.trigger("bug", "guake", id=bug_id, component="kakoune")
    found = [
        live.get("/bugzilla/rest/bug", component=name, id=bug_id)["total_matches"] for name in ("guake", "kakoune")
    ]
    assert found == [0, 1]
    assert live.get(f"/bugzilla/rest/bug/{bug_id}")["bugs"][0]["component"] == ["kakoune"]


def test_bugs_that_name_a_word_or_have_it_for_an_alias_are_found_at_once(live):
    named = live.trigger("bug", "guake", summary="CVE-2026-1234: it falls down", alias="CVE-2026-9")
    other = live.trigger("bug", "kakoune", summary="CVE-2026-12345 kakoune: it does not", alias="CVE-2026-1234")
    live.trigger("bug", "kakoune", summary="CVE-2026-12345 kakoune: nor does this")
    wanted = {
        "f1": "alias",
        "o1": "equals",
        "v1": "CVE-2026-1234",
        "f2": "short_desc",
        "o2": "anywords",
        "v2": "CVE-2026-1234",
    }
    either = live.get("/bugzilla/rest/bug", product="Fedora", j_top="OR", **wanted)["bugs"]
    numbers = {live.envelopes(filed)[0]["msg"]["bug"]["id"] for filed in (named, other)}
    both = live.get("/bugzilla/rest/bug", product="Fedora", **wanted)["bugs"]
    assert ({bug["id"] for bug in either}, both) == (numbers, [])


def test_a_private_bug_is_refused_and_in_no_list_and_nothing_is_announced_of_it(live):
    bug_id = live.expected("guake")["bugs"][0]["id"]
    before = live.get("/bugzilla/rest/bug", component="guake")["total_matches"]
    hidden = live.trigger("bug", "guake", id=bug_id, private=True)
    answer = live.ask(f"/bugzilla/rest/bug/{bug_id}")
    assert (answer.status, answer.json["error"], answer.json["code"]) == (401, True, 102)
    assert live.get("/bugzilla/rest/bug", component="guake")["total_matches"] == before - 1
    assert (live.topics(hidden), live.get("/bugzilla/rest/bug", id=bug_id)["bugs"]) == ([], [])


def test_a_moved_bug_is_found_by_the_time_of_its_move_and_says_where_it_was(live):
    bug_id = live.expected("guake")["bugs"][0]["id"]
    live.trigger("bug", "guake", id=bug_id, component="kakoune")
    (moved,) = live.get(f"/bugzilla/rest/bug/{bug_id}/history")["bugs"]
    (change,) = moved["history"]
    assert change["changes"] == [{"field_name": "component", "removed": "guake", "added": "kakoune"}]

    def moved_after(date):
        return live.get("/bugzilla/rest/bug", product="Fedora", f1="component", o1="changedafter", v1=date)["bugs"]

    assert [bug["id"] for bug in moved_after("2026-01-01T00:00:00Z")] == [bug_id]
    assert moved_after("2100-01-01T00:00:00Z") == []
    assert live.get(f"/bugzilla/rest/bug/{bug_id}/history", new_since="2100-01-01")["bugs"][0]["history"] == []


@pytest.mark.parametrize(("path", "code"), [("1/history", 101), ("x/history", 100)])
def test_a_bug_that_does_not_exist_has_no_history(quiet, path, code):
    assert quiet.ask(f"/bugzilla/rest/bug/{path}").json["code"] == code
