"""Automatic updates: their way to stable in silence."""

import pytest

from tests.sandbox.actions.recorded import message, recorded


def shown(live, alias):
    update = live.get(f"/bodhi/updates/{alias}")["update"]
    return {name: update[name] for name in ("status", "request", "pushed", "date_testing", "date_stable", "locked")}


def sent_since(live, count):
    return [(one.topic.partition(".dev.")[2], one.envelope["msg"].get("tag")) for one in list(live.bus.archive)[count:]]


def test_an_automatic_update_goes_to_stable_step_by_step_in_silence(live):
    live.post("/control/steps", hold=True)
    answer = live.trigger("automatic-update", "guake")
    assert live.topics(answer) == [
        "buildsys.build.state.change",
        "buildsys.build.state.change",
        "buildsys.tag",
        "buildsys.tag",
        "bodhi.update.status.testing.koji-build-group.build.complete",
    ]
    update = message(live, answer, "bodhi.update.status.testing.koji-build-group.build.complete")["update"]
    alias, nvr = update["alias"], update["builds"][0]["nvr"]
    assert (update["status"], update["request"], update["stable_days"], update["autokarma"]) == (
        "pending",
        None,
        0,
        False,
    )
    count = len(live.bus.archive)
    # The step that signs adds the one that pushes.
    assert live.post("/control/steps", run=1)["ran"] == 1
    assert (shown(live, alias)["status"], shown(live, alias)["pushed"], update["builds"][0]["signed"]) == (
        "testing",
        True,
        False,
    )
    assert sent_since(live, count) == [
        ("buildsys.tag", "f46-updates-testing-pending"),
        ("buildsys.untag", "f46-signing-pending"),
        ("buildsys.tag", "f46-updates-testing"),
        ("buildsys.untag", "f46-updates-testing-pending"),
    ]
    assert live.koji("listTagged", "f46", package="guake", latest=True)[0]["nvr"] != nvr
    live.post("/control/steps", run=True)
    found = shown(live, alias)
    assert (found["status"], found["request"], bool(found["date_stable"]), found["locked"]) == (
        "stable",
        None,
        True,
        False,
    )
    assert live.koji("listTagged", "f46", package="guake", latest=True)[0]["nvr"] == nvr
    assert [tag for tag, nvrs in live.expected("guake")["tags"].items() if nvr in nvrs] == ["f46"]


def test_the_message_of_a_push_has_the_state_before_it(live, data):
    live.trigger("automatic-update", "guake")
    (met,) = [one for one in live.bus.archive if one.topic.endswith("requirements_met.stable")]
    wanted = recorded(data, "fm-bodhi.update.requirements_met.stable-1.json")
    assert set(met.envelope["msg"]) == set(wanted)
    assert (met.envelope["msg"]["update"]["status"], met.envelope["msg"]["update"]["date_stable"]) == ("testing", None)


def test_an_update_that_was_approved_before_has_no_message_at_all(live):
    answer = live.trigger("automatic-update", "guake", approved=True)
    assert [topic for topic in live.topics(answer) if topic.startswith("bodhi.")] == [
        "bodhi.update.status.testing.koji-build-group.build.complete"
    ]
    assert live.expected("guake")["updates"][0]["status"] == "stable"


def test_an_update_that_fails_gating_stays_in_testing_until_a_newer_one(live):
    live.trigger("automatic-update", "guake", gating="failed")
    older = live.expected("guake")["updates"][0]
    assert (older["status"], older["release"]) == ("testing", "F46")
    live.trigger("automatic-update", "guake")
    statuses = {row["alias"]: row["status"] for row in live.expected("guake")["updates"]}
    assert statuses[older["alias"]] == "obsolete"


@pytest.mark.parametrize(("release", "said"), [("f44", "f44 has no automatic updates"), ("f99", "unknown release")])
def test_a_release_that_bodhi_composes_has_no_automatic_updates(live, release, said):
    assert said in live.refused("automatic-update", "guake", release=release)
