"""Builds and tags: their steps, their messages, the shape of each beside a recorded one."""

import pytest

from tests.sandbox.actions.recorded import kinds, message, recorded


def test_a_build_starts_ends_and_is_tagged(live):
    answer = live.trigger("build", "guake")
    assert live.topics(answer) == ["buildsys.build.state.change", "buildsys.build.state.change", "buildsys.tag"]
    states = [(one["msg"]["old"], one["msg"]["new"]) for one in live.envelopes(answer)[:2]]
    assert states == [(None, 0), (0, 1)]


def test_a_build_message_has_the_recorded_keys(live, data):
    bodies = [one["msg"] for one in live.envelopes(live.trigger("build", "guake"))[:2]]
    sample = recorded(data, "fm-recorded-buildsys.build.state.change-3.json")
    assert [set(body) for body in bodies] == [set(sample), set(sample)]
    assert kinds(bodies[1]) == kinds(sample)


def test_a_build_in_rawhide_gets_the_stable_tag(live):
    answer = live.trigger("build", "guake")
    assert message(live, answer, "buildsys.tag")["tag"] == "f46"
    assert answer["facts"]["releases"]["rawhide"]["stable"] == answer["facts"]["builds"][0]["nvr"]


def test_a_build_elsewhere_is_a_candidate(live):
    answer = live.trigger("build", "guake", release="f44")
    assert message(live, answer, "buildsys.tag")["tag"] == "f44-updates-candidate"


def test_a_build_runs_step_by_step(live):
    started = live.trigger("build", "guake", state="building")
    assert started["facts"]["builds"][0]["state"] == "building"
    ended = live.trigger("build", "guake", state="failed")
    assert live.topics(ended) == ["buildsys.build.state.change"]
    assert [started["facts"]["builds"][0]["id"], "failed"] == [
        ended["facts"]["builds"][0][key] for key in ("id", "state")
    ]


def test_a_build_takes_the_version_that_was_pushed(live):
    live.trigger("push", "guake", version="9.9")
    assert live.trigger("build", "guake")["facts"]["builds"][0]["nvr"] == "guake-9.9-1.fc46"


def test_no_two_builds_have_one_nvr(live):
    for _ in range(3):
        live.trigger("build", "guake", release="f44")
    nvrs = [build["nvr"] for build in live.expected("guake")["builds"]]
    assert len(nvrs) == len(set(nvrs))


@pytest.mark.parametrize(
    ("what", "sample"), [("tag", "fm-recorded-buildsys.tag-1.json"), ("untag", "fm-buildsys.untag-1.json")]
)
def test_a_tag_message_has_the_recorded_keys(live, data, what, sample):
    live.trigger("build", "guake")
    answer = live.trigger("tag", "guake", tag="f46-build-side-101325")
    answer = live.trigger("untag", "guake", tag="f46-build-side-101325") if what == "untag" else answer
    body = message(live, answer, f"buildsys.{what}")
    # A recorded untag has no base_url; today's plugin writes one in both.
    assert {key: kind for key, kind in kinds(body).items() if key != "base_url"} == {
        key: kind for key, kind in kinds(recorded(data, sample)).items() if key != "base_url"
    }


@pytest.mark.parametrize(
    ("tag", "dist"),
    [("f44-updates-testing", ".fc44"), ("rawhide", ".fc46"), ("f46-override", ".fc46"), ("epel9", ".el9")],
)
def test_a_tag_is_given_to_the_newest_build_of_its_release_and_published(live, tag, dist):
    live.trigger("build", "guake", release="f45")
    answer = live.trigger("tag", "guake", tag=tag)
    body = message(live, answer, "buildsys.tag")
    assert (live.topics(answer), body["tag"], body["release"].endswith(dist)) == (["buildsys.tag"], tag, True)


def test_a_build_without_a_tag_is_in_no_release(live):
    before = live.expected("guake")["releases"]
    answer = live.trigger("build", "guake", tag="none")
    assert live.topics(answer) == ["buildsys.build.state.change"] * 2
    assert live.expected("guake")["releases"] == before


def test_a_draft_is_a_build_only_after_its_promotion(live):
    live.trigger("build", "guake", draft=True)
    (draft,) = live.koji("listBuilds", "guake", draft=True)
    assert (draft["release"].endswith(f",draft_{draft['build_id']}"), draft["promotion_time"]) == (True, None)
    assert draft["build_id"] not in {row["build_id"] for row in live.koji("listBuilds", "guake", draft=False)}
    assert live.trigger("promote", "guake", user="ralph")["messages"] == []
    (build,) = live.koji("listBuilds", "guake", promoter="ralph", promotedAfter=0)
    assert (build["build_id"], build["draft"], build["nvr"]) == (
        draft["build_id"], False, draft["nvr"].partition(",")[0],
    )  # fmt: skip


def test_only_a_draft_is_promoted(live):
    assert "no such complete draft" in live.refused("promote", "guake")


@pytest.mark.parametrize(("kind", "is_rpm"), [("rpm", True), ("module", True), ("image", False)])
def test_a_build_has_a_type(live, kind, is_rpm):
    live.trigger("build", "guake", type=kind, tag="f46")
    newest = {"order": "-build_id", "limit": 1}
    (build,) = live.koji("listBuilds", "guake", type=kind, queryOpts=newest)
    assert (set(build["extra"].get("typeinfo", {"rpm": {}})), "fc46" in build["release"]) == ({kind}, kind == "rpm")
    found = [row["build_id"] for row in live.koji("listBuilds", "guake", type="rpm")]
    tagged = [row["build_id"] for row in live.koji("listTagged", "f46", package="guake", type="rpm")]
    assert (build["build_id"] in found, build["build_id"] in tagged) == (is_rpm, is_rpm)
