"""Crashes and upstream projects: their messages, the shape of each beside a recorded one."""

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
    assert (removed, body["message"]["versions"], body["project"]["version"]) == (
        "version.remove.v2", before["versions"][:1], before["versions"][0],
    )  # fmt: skip
    ((unmapped, body),) = anitya(live, live.trigger("upstream-unmap", "guake"))
    assert (unmapped, kinds(body)) == ("map.remove", kinds(recorded(data, "fm-anitya.project.map.remove-3.json")))
    ((mapped, body),) = anitya(live, live.trigger("upstream-map", "guake"))
    assert (mapped, body["message"]["new"], body["project"]["id"]) == ("map.new", "guake", before["id"])


def test_a_new_package_can_be_mapped(live):
    live.trigger("new-package", "brandnew", version="2.5")
    live.trigger("upstream-map", "brandnew")
    assert live.expected("brandnew")["project"]["versions"] == ["2.5"]
