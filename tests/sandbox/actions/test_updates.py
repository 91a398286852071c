"""Updates: their way to stable, their messages, the shape of each beside a recorded one."""

import pytest

from tests.sandbox.actions.recorded import message, recorded


def test_an_update_walks_from_pending_to_stable(live):
    # An older update on its way to stable would not become obsolete.
    live.trigger("update", "guake", request="revoke", release="f44")
    live.trigger("build", "guake", release="f44")
    created = live.trigger("update", "guake", release="f44")
    alias = created["facts"]["updates"][0]["alias"]
    # The first is of an older update, which is obsolete now.
    assert live.topics(created) == [
        "buildsys.untag",
        "bodhi.update.status.testing.koji-build-group.build.complete",
        "bodhi.update.request.testing",
    ]
    tested = live.trigger("update", "guake", alias=alias, to="testing")
    assert live.topics(tested) == ["buildsys.tag", "buildsys.untag", "bodhi.update.complete.testing"]
    pushed = live.trigger("update", "guake", alias=alias, to="stable")
    assert live.topics(pushed) == [
        "buildsys.tag",
        "buildsys.untag",
        "bodhi.update.complete.stable",
        "bodhi.errata.publish",
    ]
    assert live.get(f"/bodhi/updates/{alias}")["update"]["status"] == "stable"
    assert live.koji("listTagged", "f44-updates", package="guake", latest=True)[0]["nvr"] in str(created["facts"])


def test_an_update_obsoletes_older_ones_of_its_release(live):
    live.trigger("update", "guake", request="revoke", release="f44")
    live.trigger("update", "guake", to="testing", release="f44")
    statuses = [update["status"] for update in live.expected("guake")["updates"] if update["release"] == "F44"]
    assert statuses[:2] == ["testing", "obsolete"]
    assert statuses.count("testing") == 1


def test_a_release_shows_its_stable_update(live):
    live.trigger("update", "guake", to="testing", release="f44")
    live.trigger("update", "guake", to="stable", release="f44")
    live.trigger("repo", "guake", release="f44")
    shown = live.get("/mdapi/f44/pkg/guake")
    assert shown["repo"] == "updates"
    assert f"guake-{shown['version']}-{shown['release']}" == live.expected("guake")["releases"]["f44"]["stable"]


def test_bodhi_shows_a_change_before_its_message_is_sent(live):
    live.post("/control/steps", hold=True)
    told = message(live, live.trigger("update", "guake", to="testing"), "bodhi.update.complete.testing")
    assert live.get(f"/bodhi/updates/{told['update']['alias']}")["update"] == told["update"]


@pytest.mark.parametrize(
    ("details", "topic", "sample"),
    [
        ({}, "request.testing", "fm-bodhi.update.request.stable-1.json"),
        ({"to": "testing"}, "complete.testing", "fm-bodhi.update.complete.testing-1.json"),
        ({"to": "stable"}, "complete.stable", "fm-bodhi.update.complete.stable-1.json"),
        ({"to": "unpushed"}, "request.unpush", "fm-bodhi.update.request.unpush-1.json"),
        ({"to": "obsolete"}, "request.obsolete", "fm-bodhi.update.request.obsolete-1.json"),
        ({"request": "stable"}, "request.stable", "fm-bodhi.update.request.stable-1.json"),
        ({"request": "revoke"}, "request.revoke", "fm-bodhi.update.request.revoke-1.json"),
    ],
)
def test_an_update_message_has_all_the_recorded_keys(live, data, details, topic, sample):
    body, wanted = (
        message(live, live.trigger("update", "guake", **details), f"bodhi.update.{topic}"),
        recorded(data, sample),
    )
    assert set(wanted) == set(body)
    assert set(wanted["update"]) <= set(body["update"])
    assert set(wanted["update"]["builds"][0]) <= set(body["update"]["builds"][0])


def test_the_status_message_has_the_recorded_keys(live, data):
    topic = "bodhi.update.status.testing.koji-build-group.build.complete"
    body, wanted = message(live, live.trigger("update", "guake"), topic), recorded(data, f"fm-{topic}-2.json")
    assert set(wanted) <= set(body)
    assert set(wanted["artifact"]) == set(body["artifact"])
    assert set(wanted["artifact"]["builds"][0]) == set(body["artifact"]["builds"][0])


def test_a_comment_carries_karma(live, data):
    answer = live.trigger("update", "guake", comment="Fine", karma=1, user="bojan")
    body, wanted = message(live, answer, "bodhi.update.comment"), recorded(data, "fm-bodhi.update.comment-1.json")
    assert set(wanted["comment"]) == set(body["comment"])
    assert set(wanted["comment"]["update"]) <= set(body["comment"]["update"])
    assert (body["comment"]["karma"], body["comment"]["user"]["name"]) == (1, "bojan")


def fields(live, alias, *names):
    update = live.get(f"/bodhi/updates/{alias}")["update"]
    return tuple(update[name] for name in names)


@pytest.mark.parametrize("to", ["testing", "stable"])
def test_a_push_is_announced_before_its_end_and_its_end_is_not(live, to):
    live.post("/control/steps", hold=True)
    answer = live.trigger("update", "guake", to=to, release="f44")
    update = message(live, answer, f"bodhi.update.complete.{to}")["update"]
    alias = update["alias"]
    assert (update["status"], update["request"], update["locked"], update["pushed"]) == (to, to, True, True)
    assert update[f"date_{to}"] == update["date_pushed"]
    assert fields(live, alias, "request", "locked") == (to, True)
    assert [one["alias"] for one in live.get("/bodhi/updates/", locked="true")["updates"]] == [alias]
    before = len(live.bus.archive)
    live.post("/control/steps", run=True)
    assert fields(live, alias, "status", "request", "locked", "date_pushed") == (to, None, False, update["date_pushed"])
    sent = [one.topic.rpartition("dev.")[2] for one in list(live.bus.archive)[before:]]
    assert sent == (["bodhi.errata.publish"] if to == "stable" else [])
    assert live.get("/bodhi/updates/", locked="true")["total"] == 0


def test_a_mail_of_a_push_has_the_update_as_it_was_before_the_end(live, data):
    body = message(live, live.trigger("update", "guake", to="stable", release="f44"), "bodhi.errata.publish")
    assert (body["update"]["request"], body["update"]["locked"]) == ("stable", True)
    assert set(recorded(data, "fm-bodhi.errata.publish-1.json")) == set(body)


def test_a_push_and_a_request_are_no_modification_and_an_edit_is(live, data):
    alias = live.trigger("update", "guake", to="testing", release="f44")["facts"]["updates"][0]["alias"]
    live.trigger("update", "guake", alias=alias, request="stable")
    assert fields(live, alias, "date_modified") == (None,)
    edited = live.trigger("update", "guake", alias=alias, edit=True, notes="Better notes.", severity="low")
    body, wanted = message(live, edited, "bodhi.update.edit"), recorded(data, "fm-bodhi.update.edit-1.json")
    assert set(wanted) <= set(body)
    assert fields(live, alias, "notes", "severity", "date_modified") == (
        "Better notes.", "low", body["update"]["date_modified"],
    )  # fmt: skip
    since = live.get("/bodhi/updates/", modified_since=body["update"]["date_modified"].replace(" ", "T"))
    assert alias in [update["alias"] for update in since["updates"]]


def test_a_locked_update_is_not_edited(live):
    live.post("/control/steps", hold=True)
    alias = live.trigger("update", "guake", to="testing", release="f44")["facts"]["updates"][0]["alias"]
    assert "is locked" in live.refused("update", "guake", alias=alias, edit=True, notes="Too early.")
    assert "is locked" in live.refused("update", "guake", alias=alias, request="stable")


def test_the_next_push_is_after_the_end_of_the_one_before(live):
    live.post("/control/steps", hold=True)
    alias = live.trigger("update", "guake", to="testing", release="f44")["facts"]["updates"][0]["alias"]
    live.trigger("update", "guake", alias=alias, to="stable")
    assert fields(live, alias, "status", "request", "locked") == ("stable", "stable", True)
    live.post("/control/steps", run=True)
    assert fields(live, alias, "status", "request", "locked") == ("stable", None, False)


def test_an_update_on_its_way_to_stable_is_obsolete_only_after_the_push_of_a_newer_one(live):
    older = live.trigger("update", "guake", to="testing", release="f44")["facts"]["updates"][0]["alias"]
    live.trigger("update", "guake", alias=older, request="stable")
    live.trigger("update", "guake", to="testing", release="f44")
    newer = next(one["alias"] for one in live.expected("guake")["updates"] if one["release"] == "F44")
    assert (fields(live, older, "status"), newer != older) == (("testing",), True)
    live.post("/control/steps", hold=True)
    live.trigger("update", "guake", alias=newer, to="stable")
    assert fields(live, older, "status") == ("testing",)
    live.post("/control/steps", run=True)
    assert fields(live, older, "status", "request") == ("obsolete", None)


def test_titles_of_bugs_come_later_and_a_security_bug_makes_a_security_update(live):
    filed = live.trigger("bug", "guake", summary="It leaks", security=True, version="44")
    number = live.envelopes(filed)[0]["msg"]["bug"]["id"]
    live.post("/control/steps", hold=True)
    answer = live.trigger("update", "guake", release="f44", bugs=str(number), type="enhancement")
    update = message(live, answer, "bodhi.update.request.testing")["update"]
    assert [(bug["bug_id"], bug["title"], bug["security"]) for bug in update["bugs"]] == [(number, None, False)]
    before = len(live.bus.archive)
    live.post("/control/steps", run=True)
    bugs, kind, severity, modified = fields(live, update["alias"], "bugs", "type", "severity", "date_modified")
    assert [(bug["title"], bug["security"]) for bug in bugs] == [("It leaks", True)]
    assert (kind, severity, modified, len(live.bus.archive)) == ("security", update["severity"], None, before)


def test_an_edit_asks_for_the_titles_of_its_new_bugs_only(live):
    known, new = (bug["id"] for bug in live.expected("guake")["bugs"][:2])
    alias = live.trigger("update", "guake", release="f44", bugs=str(known))["facts"]["updates"][0]["alias"]
    live.post("/control/steps", hold=True)
    live.trigger("update", "guake", alias=alias, edit=True, bugs=f"{known},{new}")
    (bugs,) = fields(live, alias, "bugs")
    assert [bug["title"] is None for bug in bugs] == [False, True]


def test_builds_are_signed_in_silence(live):
    live.post("/control/steps", hold=True)
    answer = live.trigger("update", "guake", release="f44")
    update = message(live, answer, "bodhi.update.request.testing")["update"]
    assert update["builds"][0]["signed"] is False
    live.post("/control/steps", run=True)
    assert fields(live, update["alias"], "builds")[0][0]["signed"] is True


def test_a_bug_of_an_update_is_a_number(live):
    assert "'bugs' must be numbers" in live.refused("update", "guake", release="f44", bugs="one")


def test_a_result_of_gating_has_no_message(live):
    alias = live.trigger("update", "guake", release="f44")["facts"]["updates"][0]["alias"]
    assert live.trigger("update", "guake", alias=alias, gating="failed")["messages"] == []
    assert fields(live, alias, "test_gating_status", "date_modified") == ("failed", None)
    assert alias in [
        update["alias"] for update in live.get("/bodhi/updates/", gating="failed", packages="guake")["updates"]
    ]
