"""Crashes and upstream projects: their messages, the shape of each beside a recorded one."""

import pytest

from tests.sandbox.actions.recorded import kinds, recorded


def test_a_crash_has_messages_at_each_power_of_ten(live):
    first = live.trigger("crash", "guake", count=12, function="g_log")
    assert live.topics(first) == [
        "faf.report.threshold1", "faf.report.threshold10", "faf.problem.threshold1", "faf.problem.threshold10",
    ]  # fmt: skip
    number = live.envelopes(first)[-1]["msg"]["problem_id"]
    assert live.topics(live.trigger("crash", "guake", id=number, count=80)) == []
    again = live.trigger("crash", "guake", id=number, count=8)
    assert live.topics(again) == ["faf.report.threshold100", "faf.problem.threshold100"]
    assert [one["count"] for one in live.expected("guake")["problems"] if one["id"] == number] == [100]


def test_messages_about_crashes_have_the_recorded_keys(live, data):
    told = live.envelopes(live.trigger("crash", "guake", count=1))
    samples = [recorded(data, f"fedmsg-faf.{name}-1.json") for name in ("report.threshold1", "problem.threshold10")]
    assert [kinds(one["msg"]) for one in told] == [kinds(sample) for sample in samples]


def anitya(live, answer):
    """Return the topic and body of each message that Anitya sent."""
    prefix = "org.release-monitoring.dev.anitya.project."
    return [(one["topic"].removeprefix(prefix), one["msg"]) for one in live.envelopes(answer)]


def test_an_upstream_version_has_two_messages_under_anityas_prefix(live, data):
    told = anitya(live, live.trigger("upstream-release", "guake", version="4.0"))
    assert [topic for topic, _ in told] == ["version.update", "version.update.v2"]
    for topic, body in told:
        sample = recorded(data, f"fm-anitya.project.{topic}-2.json")
        assert (set(sample), set(sample["message"])) == (set(body), set(body["message"]))
        assert kinds(sample["project"]).items() <= {**kinds(body["project"]), "regex": "str"}.items()
    assert (told[1][1]["message"]["upstream_versions"], told[1][1]["project"]["version"]) == (["4.0"], "4.0")


def test_a_message_of_a_project_alone_shows_its_state_before(live, data):
    before = live.expected("guake")["project"]
    ((removed, body),) = anitya(live, live.trigger("upstream-withdraw", "guake"))
    assert (removed, body["project"]["version"]) == ("version.remove.v2", before["versions"][0])
    assert body["message"]["versions"][0].endswith(before["versions"][0])
    ((unmapped, body),) = anitya(live, live.trigger("upstream-unmap", "guake"))
    assert (unmapped, kinds(body)) == ("map.remove", kinds(recorded(data, "fm-anitya.project.map.remove-3.json")))
    ((mapped, body),) = anitya(live, live.trigger("upstream-map", "guake"))
    assert (mapped, body["message"]["new"], body["project"]["id"]) == ("map.new", "guake", before["id"])


def test_a_new_package_can_be_mapped(live):
    live.trigger("new-package", "brandnew", version="2.5")
    live.trigger("upstream-map", "brandnew")
    assert live.expected("brandnew")["project"]["versions"] == ["2.5"]


def with_prefix(live, prefix):
    """Return a mapped package whose project has a prefix."""
    view = live.sandbox.world.now()
    return next(name for name in view.world.names if (one := view.project(name)) and one.prefix == prefix and one.found)


def test_a_removed_version_has_its_prefix_in_the_message_and_none_in_a_list(live):
    name = with_prefix(live, "v")
    version = live.get(f"/anitya/api/project/Fedora/{name}")["version"]
    ((topic, body),) = anitya(live, live.trigger("upstream-withdraw", name))
    assert (topic, body["message"]["versions"]) == ("version.remove.v2", [f"v{version}"])
    assert version not in live.get(f"/anitya/api/project/Fedora/{name}")["versions"]


def test_all_versions_removed_at_once_have_no_prefix(live):
    name = with_prefix(live, "release-")
    versions = live.expected(name)["project"]["versions"]
    ((_, body),) = anitya(live, live.trigger("upstream-withdraw", name, all=True))
    assert (body["message"]["versions"], body["project"]["version"]) == (versions, None)
    assert live.get(f"/anitya/api/project/Fedora/{name}")["version"] is None


@pytest.mark.parametrize(
    ("what", "options", "topic"),
    [
        ("upstream-release", {"version": "99.0"}, "version.update.v2"),
        ("upstream-withdraw", {}, "version.remove.v2"),
        ("upstream-edit", {"homepage": "https://new.example"}, "edit"),
        ("upstream-unmap", {}, "map.remove"),
    ],
)
def test_a_change_is_published_before_it_is_committed(live, what, options, topic):
    before = live.get("/anitya/api/project/Fedora/guake")
    live.post("/control/steps", hold=True)
    told = anitya(live, live.trigger(what, "guake", **options))
    assert (told[-1][0], live.get("/anitya/api/project/Fedora/guake")) == (topic, before)
    assert live.post("/control/steps", run=1)["ran"] == 1
    answer = live.ask("/anitya/api/project/Fedora/guake")
    assert (answer.status == 404) is (what == "upstream-unmap")
    assert answer.json != before


def test_a_second_change_is_made_after_the_first(live):
    live.post("/control/steps", hold=True)
    live.trigger("upstream-release", "guake", version="99.0")
    assert "already has a version" in live.refused("upstream-release", "guake", version="99.0")
    live.trigger("upstream-release", "guake", version="100.0")
    live.post("/control/steps", run=True)
    assert live.get("/anitya/api/project/Fedora/guake")["versions"][:2] == ["100.0", "99.0"]


def test_the_latest_version_is_corrected_in_silence_after_an_edit(live):
    live.trigger("upstream-release", "guake", version="99.0-rc1", unstable=True)
    live.post("/control/steps", hold=True)
    ((topic, body),) = anitya(live, live.trigger("upstream-edit", "guake", filter="rc"))
    assert (topic, body["message"]["fields"], body["project"]["version"]) == ("edit", ["version_filter"], "99.0-rc1")
    assert "99.0-rc1" not in body["project"]["versions"]
    count = len(live.bus.archive)
    live.post("/control/steps", run=1)
    assert live.get("/anitya/api/project/Fedora/guake")["version"] == "99.0-rc1"
    live.post("/control/steps", run=1)
    found = live.get("/anitya/api/project/Fedora/guake")
    assert (found["version"], len(live.bus.archive)) == (found["versions"][0], count)
    (item,) = live.get("/anitya/api/v2/packages/", distribution="Fedora", name="guake")["items"]
    assert item["version"] == found["version"] != "99.0-rc1"


def test_an_edit_changes_something(live):
    assert "would change" in live.refused("upstream-edit", "guake", filter="none")
