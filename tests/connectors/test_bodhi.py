"""Bodhi's queries against recorded answers, and answers that no recording has."""

import pytest

from fedora_packages.connectors.bodhi import MAX_BUILDS
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


def test_bodhi_without_any_active_release_is_not_believed(queries, upstream):
    upstream.says("/releases/", {"releases": [], "pages": 0})
    with pytest.raises(InvalidResponse, match="no active release"):
        queries["bodhi.releases"].fetch("*")
