"""Updates: their way to stable, their messages, the shape of each beside a recorded one."""

import pytest

from tests.sandbox.actions.recorded import message, recorded


def test_an_update_walks_from_pending_to_stable(live):
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
    assert live.topics(pushed) == ["buildsys.tag", "buildsys.untag", "bodhi.update.complete.stable"]
    assert live.get(f"/bodhi/updates/{alias}")["update"]["status"] == "stable"
    assert live.koji("listTagged", "f44-updates", package="guake", latest=True)[0]["nvr"] in str(created["facts"])


def test_an_update_obsoletes_older_ones_of_its_release(live):
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
