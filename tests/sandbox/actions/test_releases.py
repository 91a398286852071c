"""Releases: created and changed in silence."""

import pytest


def names(live, state):
    return [release["name"] for release in live.get("/bodhi/releases/", state=state)["releases"]]


def test_a_release_is_created_without_packages_and_has_koji_tags(live):
    answer = live.trigger("release", "f47")
    assert (answer["messages"], answer["facts"]["name"], answer["facts"]["state"]) == ([], "F47", "pending")
    assert "F47" in names(live, "pending")
    assert live.koji("listTagged", "f47-updates-testing") == []
    ids = [tag["id"] for tag in live.koji("listTags")]
    assert len(ids) == len(set(ids))


def test_a_release_is_frozen_then_current(live):
    live.trigger("release", "f47", state="frozen", status="pre_beta")
    rules = live.get("/bodhi/releases/F47")
    assert (rules["state"], rules["setting_status"], rules["mandatory_days_in_testing"]) == ("frozen", "pre_beta", 3)
    live.trigger("release", "f47", state="current", status="none", released="2027-04-20", eol="2028-05-10")
    found = live.get("/bodhi/releases/F47")
    assert (found["state"], found["setting_status"], found["mandatory_days_in_testing"]) == ("current", None, 7)
    assert (found["released_on"], found["eol"]) == ("2027-04-20", "2028-05-10")


def test_an_archived_release_makes_its_open_updates_obsolete_in_silence(live):
    open_ones = [
        update["alias"]
        for update in live.get("/bodhi/updates/", releases="F43", status=["pending", "testing"], rows_per_page=1000)[
            "updates"
        ]
    ]
    stable = live.get("/bodhi/updates/", releases="F43", status="stable")["total"]
    answer = live.trigger("release", "f43", state="archived")
    assert (answer["messages"], "F43" in names(live, "archived"), len(live.bus.archive)) == ([], True, 0)
    found = [live.get(f"/bodhi/updates/{alias}")["update"] for alias in open_ones]
    assert {(update["status"], update["request"], update["date_modified"]) for update in found} >= {
        ("obsolete", None, None)
    }
    assert {update["status"] for update in found} == {"obsolete"}
    assert "archived" in found[0]["comments"][-1]["text"]
    assert live.get("/bodhi/updates/", releases="F43", status="stable")["total"] == stable


def test_a_freeze_is_told_in_a_comment_on_updates_that_wait_for_stable(live):
    live.trigger("update", "guake", to="testing", release="f44")
    alias = live.trigger("update", "guake", request="stable", release="f44")["facts"]["updates"][0]["alias"]
    live.trigger("release", "f44", state="frozen")
    update = live.get(f"/bodhi/updates/{alias}")["update"]
    assert (update["request"], "ongoing freeze" in update["comments"][-1]["text"]) == ("stable", True)


def test_a_lagging_bodhi_has_the_release_as_it_was(live):
    live.trigger("release", "f43", state="archived")
    live.fault("bodhi", lag=3600)
    assert live.get("/bodhi/releases/F43")["state"] == "current"


def test_the_history_of_packages_stays_as_it_was(live):
    before = live.expected("kakoune")["updates"]
    live.trigger("release", "f45", state="current")
    live.trigger("release", "f47")
    assert live.expected("kakoune")["updates"] == before


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("rhel9", {}, "unknown release 'rhel9'; a new one has a name such as f47"),
        ("f44", {}, "no field of F44 would change"),
        ("f44", {"state": "lost"}, "'state' must be one of disabled"),
        ("f44", {"eol": "soon"}, "'eol' must be a date"),
        ("f44", {"status": "gamma"}, "'status' must be one of none"),
    ],
)
def test_a_wrong_change_of_a_release_is_refused(live, name, options, said):
    assert said in live.refused("release", name, **options)
