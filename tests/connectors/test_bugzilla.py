"""Bugzilla's queries against recorded answers, and answers that no recording has."""

import json

import pytest

from fedora_packages.errors import InvalidResponse

from .recorded import recorded


@pytest.mark.parametrize("name", ["bugzilla-getbug-redhat", "bugzilla-getbug", "bugzilla-query-cve", "bugzilla-query"])
def test_recorded_bugs_are_read(queries, upstream, data, name):
    answer = recorded(data, name)
    upstream.says("/rest/bug", answer)
    value = queries["bugzilla.bugs"].fetch("guake")
    assert {bug["id"] for bug in value["bugs"]} == {row["id"] for row in answer["bugs"]} != set()


BUG = {
    "id": 5, "summary": "s", "status": "NEW", "severity": "low", "product": "Fedora", "version": ["45"], "component": ["guake"],
    "last_change_time": "2026-11-01T10:00:00Z", "alias": [], "keywords": [], "assigned_to": "x@example.com", "blocks": [],
}  # fmt: skip


def bugs(*numbers, **more):
    return {"bugs": [{**BUG, "id": number} for number in numbers], **more}


def test_bugs_are_read_to_the_last_although_fewer_come_than_were_asked_for(queries, upstream):
    upstream.says("/rest/bug", bugs(9, 8, total_matches=5), bugs(7, 6, total_matches=5), bugs(5, total_matches=5))
    value = queries["bugzilla.bugs"].fetch("guake")
    assert (value["total"], [bug["id"] for bug in value["bugs"]]) == (5, [9, 8, 7, 6, 5])


def test_when_a_bug_was_filed_is_asked_for_and_read(queries, upstream):
    created = {**BUG, "id": 6, "creation_time": "2026-10-01T00:00:00Z"}
    upstream.says("/rest/bug", {"bugs": [created, BUG, {**BUG, "id": 4, "creation_time": "soon"}], "total_matches": 3})
    value = queries["bugzilla.bugs"].fetch("guake")
    assert [(bug["id"], bug["created"]) for bug in value["bugs"]] == [(6, 1790812800), (5, None)]
    assert value["invalid_rows"]["by_kind"] == {"bug": 1}
    assert "creation_time" in upstream.asked[0].params["include_fields"][0].split(",")


def test_bugs_are_counted_where_bugzilla_does_not_say_how_many(queries, upstream):
    upstream.says("/rest/bug", bugs(9, 8), bugs(7), bugs())
    assert queries["bugzilla.bugs"].fetch("guake")["total"] == 3


def test_counts_are_those_of_the_list_where_bugzilla_does_not_say_how_many(queries, upstream):
    upstream.says("/rest/bug", bugs(2), bugs(9), bugs(8), bugs(7), bugs(), bugs(9), bugs())
    assert queries["bugzilla.counts"].fetch("guake") == {"open": 3, "blockers": 1, "changed": 1793527200}


def test_a_package_without_bugs_has_none_that_changed(queries, upstream):
    upstream.says("/rest/bug", bugs(total_matches=0))
    assert queries["bugzilla.counts"].fetch("guake") == {"open": 0, "blockers": 0, "changed": None}


def test_an_empty_list_of_bugs_that_there_are_is_a_failure(queries, upstream):
    upstream.says("/rest/bug", bugs(total_matches=31))
    with pytest.raises(InvalidResponse, match="an empty list in place of 31 rows"):
        queries["bugzilla.bugs"].fetch("guake")


def test_an_error_with_status_200_is_a_lie(queries, upstream):
    upstream.says("/rest/bug", {"error": True, "code": 51, "message": "There is no component named that"})
    with pytest.raises(InvalidResponse, match="no component"):
        queries["bugzilla.bugs"].fetch("guake")


@pytest.mark.parametrize(
    "sign",
    [{"alias": ["CVE-2026-1"]}, {"keywords": ["Security"]}, {"assigned_to": "security-response-team@redhat.com"},
     {"component": ["vulnerability"]}],
)  # fmt: skip
def test_security_bugs_are_marked(queries, upstream, sign):
    upstream.says("/rest/bug", {"bugs": [{**BUG, **sign}], "total_matches": 1})
    assert queries["bugzilla.bugs"].fetch("guake")["bugs"][0]["security"]


def test_a_bug_without_a_version_has_none(queries, upstream):
    upstream.says("/rest/bug", {"bugs": [{**BUG, "version": []}], "total_matches": 1})
    assert queries["bugzilla.bugs"].fetch("guake")["bugs"][0]["version"] == ""


@pytest.mark.parametrize(
    ("given", "kept"),
    [(["Tracking", "Triaged"], ["Tracking", "Triaged"]), ("Tracking", ["Tracking"]), ("", []), (None, [])],
)
def test_keywords_and_aliases_of_a_bug_are_kept_in_any_form(queries, upstream, given, kept):
    upstream.says("/rest/bug", {"bugs": [{**BUG, "keywords": given, "alias": given}], "total_matches": 1})
    (bug,) = queries["bugzilla.bugs"].fetch("guake")["bugs"]
    assert (bug["keywords"], bug["alias"]) == (kept, kept)


def test_who_reported_a_bug_is_not_kept(queries, upstream):
    upstream.says("/rest/bug", bugs(1, total_matches=1))
    assert "example.com" not in json.dumps(queries["bugzilla.bugs"].fetch("guake"))
