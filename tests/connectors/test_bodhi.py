"""Bodhi's queries against recorded answers, and answers that no recording has."""

import pytest

from fedora_packages.connectors.bodhi_updates import MAX_BUILDS
from fedora_packages.errors import InvalidResponse

from .recorded import recorded


@pytest.mark.parametrize("name", ["bodhi-releases-2018", "bodhi-releases-with-archived"])
def test_recorded_releases_are_read(queries, upstream, data, name):
    answer = recorded(data, name)
    upstream.says("/releases/", {"pages": 1, **answer})
    branches = {release["branch"] for release in queries["bodhi.releases"].fetch("*")["releases"]}
    active = {
        row["branch"]
        for row in answer["releases"]
        if row["state"] in ("current", "pending", "frozen") and row["id_prefix"] in ("FEDORA", "FEDORA-EPEL")
    }
    assert branches == active != set()


@pytest.mark.parametrize("name", ["bodhi-updates-query-1", "bodhi-updates-query-2"])
def test_recorded_updates_are_read(queries, upstream, data, name):
    answer = recorded(data, name)
    upstream.says("/updates/", answer)
    value = queries["bodhi.updates"].fetch("guake")
    assert {update["alias"] for update in value["updates"]} == {row["alias"] for row in answer["updates"]}


def test_when_a_recorded_update_came_to_testing_and_to_stable_is_read(queries, upstream, data):
    upstream.says("/updates/", {"updates": [recorded(data, "bodhi-update-single")["update"]], "total": 1})
    (update,) = queries["bodhi.updates"].fetch("bodhi")["updates"]
    assert (update["testing"], update["stable"]) == (1475715315, 1477056181)


@pytest.mark.parametrize(
    ("status", "request_", "shown"),
    [
        ("testing", "testing", None), ("stable", "stable", None), ("testing", "stable", "stable"),
        ("pending", "testing", "testing"), ("testing", None, None),
    ],
)  # fmt: skip
def test_a_request_that_a_push_has_fulfilled_is_none(queries, upstream, data, status, request_, shown):
    row = {**recorded(data, "bodhi-update-single")["update"], "status": status, "request": request_}
    upstream.says("/updates/", {"updates": [row], "total": 1})
    assert queries["bodhi.updates"].fetch("bodhi")["updates"][0]["request"] == shown


def test_epochs_of_an_updates_builds_are_read_where_they_are_not_0(queries, upstream, data):
    row = recorded(data, "bodhi-update-single")["update"]
    row["builds"] = [
        {"nvr": f"{name}-1-1.fc45", "epoch": epoch} for name, epoch in (("vim", 2), ("gcc", 0), ("x", None))
    ]
    row["builds"].append({"nvr": "old-1-1.fc45"})
    upstream.says("/updates/", {"updates": [row], "total": 1})
    (update,) = queries["bodhi.updates"].fetch("vim")["updates"]
    assert (len(update["builds"]), update["epochs"]) == (4, {"vim-1-1.fc45": 2})


@pytest.mark.parametrize("name", ["bodhi-update-single", "bodhi-update-saved"])
def test_a_recorded_single_update_is_read(queries, upstream, data, name):
    row = recorded(data, name)
    row = row.get("update", row)
    upstream.says("/updates/", {"updates": [row], "total": 1})
    assert queries["bodhi.updates"].fetch("guake")["updates"][0]["alias"] == row["alias"]


def test_an_empty_list_of_updates_that_there_are_is_a_failure(queries, upstream):
    upstream.says("/updates/", {"updates": [], "total": 12})
    with pytest.raises(InvalidResponse, match="an empty list in place of 12 rows"):
        queries["bodhi.updates"].fetch("guake")


def test_updates_in_testing_are_those_for_active_releases(queries, upstream, data):
    row = {**recorded(data, "bodhi-update-single")["update"], "status": "testing"}
    rows = [{**row, "alias": state, "release": {**row["release"], "state": state}} for state in ("current", "archived")]
    upstream.says("/updates/", {"updates": [*rows, {**row, "alias": "old", "release": None}], "total": 3})
    value = queries["bodhi.updates"].fetch("bodhi")
    assert (len(value["updates"]), value["testing"]) == (3, 2)


def test_of_an_update_with_very_many_builds_those_of_the_package_are_kept(queries, upstream, data):
    row = recorded(data, "bodhi-update-single")["update"]
    row["builds"] = [{"nvr": f"mod-{number}-1.fc45"} for number in range(MAX_BUILDS)] + [{"nvr": "guake-3.9-1.fc45"}]
    upstream.says("/updates/", {"updates": [row], "total": 1})
    (update,) = queries["bodhi.updates"].fetch("guake")["updates"]
    assert (len(update["builds"]), "guake-3.9-1.fc45" in update["builds"]) == (MAX_BUILDS, True)


def test_a_release_in_an_unknown_state_is_left_out_and_counted(queries, upstream, data):
    answer = recorded(data, "bodhi-releases-with-archived")
    active = next(row for row in answer["releases"] if row["state"] == "current" and row["id_prefix"] == "FEDORA")
    upstream.says("/releases/", {"releases": [active, {**active, "state": "melted"}], "pages": 1})
    value = queries["bodhi.releases"].fetch("*")
    assert (len(value["releases"]), value["invalid_rows"]["count"]) == (1, 1)


RULES = {
    "min_karma": 1,
    "critpath_min_karma": 2,
    "mandatory_days_in_testing": 3,
    "critpath_mandatory_days_in_testing": 7,
}


@pytest.fixture
def release_row(data):
    """A recorded row of an active release, from before bodhi-server 26.4."""
    rows = recorded(data, "bodhi-releases-with-archived")["releases"]
    row = next(row for row in rows if row["state"] == "current" and row["id_prefix"] == "FEDORA")
    return {key: value for key, value in row.items() if key not in ("released_on", "eol", *RULES)}


def test_when_a_release_ends_and_what_its_updates_need_is_read_where_bodhi_says_it(queries, upstream, release_row):
    days = {"released_on": "2026-10-20", "eol": None}
    upstream.says(
        "/releases/", {"releases": [release_row, {**release_row, **RULES, **days, "name": "F45"}], "pages": 1}
    )
    older, newer = sorted(queries["bodhi.releases"].fetch("*")["releases"], key=lambda row: row["name"] == "F45")
    assert {key: newer[key] for key in (*RULES, *days)} == {**RULES, **days}
    assert {older[key] for key in (*RULES, *days)} == {None}


@pytest.mark.parametrize(
    "bad",
    [
        {"eol": "2026-W01-1"}, {"eol": "20261130"}, {"eol": "2026-02-30"}, {"eol": ""}, {"released_on": 1763990000},
        {"min_karma": "2"}, {"mandatory_days_in_testing": -1}, {"critpath_min_karma": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_release_with_an_invalid_day_or_rule_is_left_out_and_counted(queries, upstream, release_row, bad):
    upstream.says("/releases/", {"releases": [release_row, {**release_row, **bad, "name": "F45"}], "pages": 1})
    value = queries["bodhi.releases"].fetch("*")
    assert ([row["name"] for row in value["releases"]], value["invalid_rows"]["by_kind"]) == (
        [release_row["name"]],
        {"release": 1},
    )


#: What decides when an update is pushed, as bodhi-server 26.4 has it.
THRESHOLDS = {
    "stable_karma": 3, "unstable_karma": -3, "stable_days": 7, "autokarma": True, "autotime": False, "require_bugs": True,
    "require_testcases": False, "meets_testing_requirements": False,
}  # fmt: skip


@pytest.fixture
def update_row(data):
    """A recorded row of an update in testing, without its thresholds."""
    row = {**recorded(data, "bodhi-update-single")["update"], "status": "testing"}
    return {key: value for key, value in row.items() if key not in THRESHOLDS}


def test_the_thresholds_of_an_update_are_read_where_bodhi_says_them(queries, upstream, update_row):
    upstream.says("/updates/", {"updates": [{**update_row, **THRESHOLDS}, {**update_row, "alias": "old"}], "total": 2})
    newer, older = queries["bodhi.updates"].fetch("bodhi")["updates"]
    assert {key: newer[key] for key in THRESHOLDS} == THRESHOLDS
    assert {older[key] for key in THRESHOLDS} == {None}


@pytest.mark.parametrize("bad", [{"stable_days": "7"}, {"autokarma": 1}, {"meets_testing_requirements": "no"}], ids=str)
def test_an_update_with_an_invalid_threshold_is_left_out_and_counted(queries, upstream, update_row, bad):
    upstream.says("/updates/", {"updates": [update_row, {**update_row, **bad}], "total": 2})
    value = queries["bodhi.updates"].fetch("bodhi")
    assert (len(value["updates"]), value["invalid_rows"]["by_kind"]) == (1, {"update": 1})


@pytest.mark.parametrize(
    ("status", "shown"),
    [("pending", True), ("testing", True), ("stable", None), ("obsolete", None), ("unpushed", None)],
)
def test_only_of_an_update_on_its_way_the_requirements_are_shown(queries, upstream, update_row, status, shown):
    row = {**update_row, "status": status, "meets_testing_requirements": True}
    upstream.says("/updates/", {"updates": [row], "total": 1})
    assert queries["bodhi.updates"].fetch("bodhi")["updates"][0]["meets_testing_requirements"] is shown


def test_a_day_that_has_passed_is_no_lost_message(queries, upstream, update_row):
    query, values = queries["bodhi.updates"], []
    for is_met in (False, True):
        row = {**update_row, "meets_testing_requirements": is_met}
        upstream.says("/updates/", {"updates": [row], "total": 1})
        values.append(query.fetch("bodhi"))
    assert values[0] != values[1]
    assert query.without_ignored(values[0]) == query.without_ignored(values[1])


def test_bodhi_without_any_active_release_is_not_believed(queries, upstream):
    upstream.says("/releases/", {"releases": [], "pages": 0})
    with pytest.raises(InvalidResponse, match="no active release"):
        queries["bodhi.releases"].fetch("*")
