"""FAF's queries against answers as its contract has them: none was recorded."""

import json
from datetime import date, timedelta

import pytest

from fedora_packages.connectors.faf import MAX_PROBLEMS
from fedora_packages.errors import InvalidResponse


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


@pytest.mark.parametrize(
    "answer", [{}, {"problems": {}}, {"problems": [problem(1, reports=None)]}, {"problems": [problem("1")]}, []]
)
def test_a_list_of_problems_of_another_shape_is_a_lie(queries, upstream, answer):
    upstream.says("/problems/", answer)
    with pytest.raises(InvalidResponse):
        queries["faf.problems"].fetch("guake")
