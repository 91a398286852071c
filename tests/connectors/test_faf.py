"""FAF's queries against answers as its contract has them: none was recorded."""

import json
import time
from datetime import date, timedelta

import pytest

from fedora_packages.connectors.faf import MAX_FORM_BYTES, MAX_PROBLEMS, NO_COMPONENT
from fedora_packages.errors import InvalidResponse
from tests.upstream import Answer


def problem(number, **changes):
    report = {
        "count": 5,
        "first_occurrence": "2026-10-01T00:00:00",
        "last_occurrence": "2026-11-01T10:00:00",
        "comments": [],
    }
    return {
        "id": number, "crash_function": "g_log", "status": "NEW", "type": "core", "bugs": [], "components": ["guake"],
        "reports": [report], **changes,
    }  # fmt: skip


def problems(*numbers):
    return {"problems": [problem(number) for number in numbers]}


def test_a_package_without_problems_is_one_question(queries, upstream):
    upstream.says("/problems/", problems())
    assert queries["faf.problems"].fetch("libstdc++") == {"total": 0, "problems": []}
    (asked,) = upstream.asked
    assert (asked.params["component_names"], asked.headers["Accept"]) == (["libstdc++"], "application/json")


def test_problems_say_whether_they_occur_now_and_did_before(queries, upstream):
    upstream.says("/problems/", problems(9, 7, 8), problems(7, 8), problems(9, 8))
    value = queries["faf.problems"].fetch("guake")
    assert [(one["id"], one["recent"], one["before"]) for one in value["problems"]] == [
        (9, False, True), (7, True, False), (8, True, True),
    ]  # fmt: skip
    ranges = [tuple(map(date.fromisoformat, asked.params["daterange"][0].split(":"))) for asked in upstream.asked]
    assert [(last - first).days for first, last in ranges] == [364, 13, 13]
    assert (ranges[0][1], ranges[2][1] + timedelta(1)) == (ranges[1][1], ranges[1][0])


def test_the_trend_is_unknown_where_a_list_of_it_has_an_invalid_row(queries, upstream):
    recent = {"problems": [*problems(7)["problems"], {"id": None}]}
    upstream.says("/problems/", problems(7, 8), recent, problems(8))
    value = queries["faf.problems"].fetch("guake")
    trends = [(one["id"], one["recent"], one["before"]) for one in value["problems"]]
    assert (trends, "invalid_rows" in value) == ([(7, True, False), (8, None, True)], False)


def test_the_reports_of_a_problem_are_added_up_and_what_users_wrote_is_dropped(queries, upstream):
    comments = [{"saved": "2026-11-01", "text": "my password is"}]
    reports = [
        {"count": 5, "first_occurrence": "2026-10-01T00:00:00", "last_occurrence": None, "comments": comments},
        {"count": 7, "first_occurrence": None, "last_occurrence": "2026-11-01T10:00:00", "comments": comments},
    ]
    upstream.says("/problems/", {"problems": [problem(1, reports=reports, bugs=["https://bugs.example/1"])]})
    (found,) = queries["faf.problems"].fetch("guake")["problems"]
    assert (found["count"], found["first"], found["last"], found["bugs"]) == (
        12, 1790812800, 1793527200, ["https://bugs.example/1"],
    )  # fmt: skip
    assert "password" not in json.dumps(found)


def test_of_many_problems_some_are_kept_and_the_rest_is_said(queries, upstream):
    upstream.says("/problems/", problems(*range(MAX_PROBLEMS + 1)), problems(*range(5000, 5000 + MAX_PROBLEMS + 1)))
    value = queries["faf.problems"].fetch("guake")
    assert (value["total"], len(value["problems"])) == (MAX_PROBLEMS + 1, MAX_PROBLEMS)
    # What a list that was cut does not have may have been cut off.
    assert {(one["recent"], one["before"]) for one in value["problems"]} == {(None, None)}


def form(*options, rest=""):
    """Return the page of the problems, with the list of releases as WTForms writes it."""
    texts = "".join(f'<option value="{number}">{text}</option>' for number, text in enumerate(options))
    return (
        '<!DOCTYPE html><html><body><form id="filter"><input id="component_names" name="component_names">'
        f'<select class="form-control" id="opsysreleases" multiple name="opsysreleases">{texts}</select>'
        '<select id="probable_fix_osrs" multiple name="probable_fix_osrs"><option value="1">Fedora 99</option></select>'
        f"</form>{rest}</body></html>"
    )


@pytest.fixture
def tracked(queries, upstream):
    """A function that reads the releases in a page."""

    def read(page, content_type="text/html; charset=utf-8", status=200):
        body = page if isinstance(page, bytes) else page.encode()
        upstream.answers["/problems/"] = Answer(body, status, content_type)
        return queries["faf.tracked_releases"].fetch("*")

    return read


def test_the_releases_that_faf_tracks_are_those_of_its_form(tracked, upstream):
    found = tracked(form("Fedora 39", "fedora rawhide", "CentOS 7", "Fedora 42\n", "Fedora 4x", "R&amp;D\x1b 1"))
    assert found == {
        "releases": [
            {"title": "Fedora 39", "branch": "f39"}, {"title": "fedora rawhide", "branch": "rawhide"},
            {"title": "CentOS 7", "branch": None}, {"title": "Fedora 42", "branch": "f42"},
            {"title": "Fedora 4x", "branch": None}, {"title": "R&D 1", "branch": None},
        ]
    }  # fmt: skip
    (asked,) = upstream.asked
    # JSON is what FAF returns to who asks for that, and a list of no component costs it little.
    assert (asked.headers["Accept"], asked.params["component_names"]) == ("text/html", [NO_COMPONENT])


@pytest.mark.parametrize(
    "page",
    [
        "<html><body>Sign in</body></html>",
        form(),
        form("Fedora 42", rest=form("Fedora 43")),
        form("Fedora 42").partition("</select>")[0],
        form("Fedora 42").replace('name="opsysreleases"', 'name="releases"'),
        form(*["Fedora 42"] * 5000),
        form("Fedora 42", rest="x" * MAX_FORM_BYTES).replace("<select", f"{'y' * MAX_FORM_BYTES}<select", 1),
    ],
    ids=["no form", "no options", "two lists", "no end", "another name", "too long", "too late"],
)
def test_a_page_without_the_list_of_releases_is_an_invalid_response(tracked, page):
    with pytest.raises(InvalidResponse, match=r"GET /problems/ \(form\) returned no list of releases"):
        tracked(page)


@pytest.mark.parametrize(("content_type", "status"), [("application/json", 200), ("text/html", 403), ("", 200)])
def test_an_answer_that_is_no_page_is_an_invalid_response(tracked, content_type, status):
    with pytest.raises(InvalidResponse, match=f"HTTP {status}: expected a page"):
        tracked(form("Fedora 42"), content_type, status)


def test_markup_that_does_not_end_costs_little(tracked):
    begun = time.monotonic()
    with pytest.raises(InvalidResponse):
        tracked('<select name="opsysreleases">' + "<!--" * (MAX_FORM_BYTES // 4))
    assert time.monotonic() - begun < 5


def test_the_packages_that_faf_has_reports_of_are_read_at_once(queries, upstream):
    upstream.says("/component_names.json", ["guake", "gcc", "guake", None])
    value = queries["faf.tracked_packages"].fetch("*")
    assert (value["packages"], value["invalid_rows"]["by_kind"]) == (["gcc", "guake"], {"package": 1})
    upstream.says("/component_names.json", [])
    with pytest.raises(InvalidResponse, match="an empty list"):
        queries["faf.tracked_packages"].fetch("*")


@pytest.mark.parametrize(
    "answer", [{}, {"problems": {}}, {"problems": [problem(1, reports=None)]}, {"problems": [problem("1")]}, []]
)
def test_a_list_of_problems_of_another_shape_is_a_lie(queries, upstream, answer):
    upstream.says("/problems/", answer)
    with pytest.raises(InvalidResponse):
        queries["faf.problems"].fetch("guake")
