"""The gist of events, and what is told of them."""

import json
from dataclasses import fields
from urllib.parse import urlsplit

import pytest

from fedora_packages.messages import timeline
from fedora_packages.messages.event import Event, parse
from fedora_packages.messages.families.base import sentence, told
from fedora_packages.messages.families.table import BUILDS_KEPT, GIST_KEPT, TEXT_KEPT, gist, validated
from fedora_packages.settings import LinksSettings
from fedora_packages.web.links import Links

LINKS = Links(LinksSettings(**{field.name: f"https://{field.name}.example" for field in fields(LinksSettings)}))
UPDATE = {"alias": "FEDORA-2026-1", "release": {"name": "F45"}, "status": "pending", "builds": [{"nvr": "guake-1-1"}]}
BUILD = {"name": "guake", "version": "1", "release": "1", "build_id": 7, "instance": "primary"}
REPO = {"name": "guake", "namespace": "rpms", "fullname": "rpms/guake"}


def event(topic, **body):
    return Event("org.fedoraproject.prod", topic, "2026-1", 1000.0, body)


def said(topic, **body):
    """Return what is told of an event, and the last parts of the addresses in it."""
    given = event(topic, **body)
    parts = sentence({**given.cause(), "gist": gist(given, "guake")}, "guake", LINKS)
    addresses = [urlsplit(part.address) for part in parts if part.address]
    return "".join(part.text for part in parts), [f"{one.path}?{one.query}".rstrip("?") for one in addresses]


def test_the_gist_of_every_recorded_message_is_small_and_is_told(data):
    for path in sorted((data / "messages").glob("*.json")):
        given = parse(json.loads(path.read_text("utf-8")))
        for package in given.source_packages[:3] or ("guake",):
            facts = gist(given, package)
            assert len(json.dumps(facts)) <= GIST_KEPT
            assert validated(json.loads(json.dumps(facts))) == facts
            assert "".join(part.text for part in sentence({**given.cause(), "gist": facts}, package, LINKS))


@pytest.mark.parametrize(
    ("topic", "body", "words", "addresses"),
    [
        ("buildsys.build.state.change", {**BUILD, "new": 3, "owner": "pingou"}, "Build guake-1-1 failed",
         ["/buildinfo?buildID=7"]),
        ("buildsys.build.state.change", {**BUILD, "new": 0, "build_id": True, "owner": "pingou"},
         "Build guake-1-1 was begun by pingou", []),
        ("buildsys.tag", {**BUILD, "tag": "f45", "user": "bodhi"}, "guake-1-1 was tagged f45 by bodhi",
         ["/buildinfo?buildID=7"]),
        ("buildsys.untag", {**BUILD, "tag": "f45"}, "guake-1-1 lost the tag f45", ["/buildinfo?buildID=7"]),
        ("buildsys.package.list.change", {"package": "guake", "tag": "f46", "action": "block"},
         "The package was blocked in koji's tag f46", []),
        ("bodhi.update.request.testing", {"update": UPDATE, "agent": "pingou"},
         "Update FEDORA-2026-1 (F45) was submitted to testing by pingou: guake-1-1", ["/updates/FEDORA-2026-1"]),
        ("bodhi.update.comment", {"comment": {"karma": -1, "user": {"name": "ralph"}, "update": UPDATE}},
         "ralph commented on update FEDORA-2026-1 (F45) and gave it karma -1: guake-1-1", ["/updates/FEDORA-2026-1"]),
        ("bodhi.update.karma.threshold.reach", {"update": {**UPDATE, "karma": 3}},
         "Update FEDORA-2026-1 (F45) reached its karma (3): guake-1-1", ["/updates/FEDORA-2026-1"]),
        ("bodhi.update.complete.stable", {"update": UPDATE}, "Update FEDORA-2026-1 (F45) was pushed to stable: guake-1-1",
         ["/updates/FEDORA-2026-1"]),
        ("bugzilla.bug.new", {"bug": {"id": 5, "summary": "It hangs", "status": {"name": "NEW"}}},
         "Bug 5 was reported: It hangs", ["/show_bug.cgi?id=5"]),
        ("bugzilla.bug.update", {"bug": {"id": 5, "summary": "It hangs", "status": "CLOSED"}},
         "Bug 5 changed and is CLOSED: It hangs", ["/show_bug.cgi?id=5"]),
        ("git.receive", {"commit": {"branch": "f45", "rev": "abc", "summary": "Fix it", "username": "mjw"}},
         "mjw pushed on f45: Fix it", ["/rpms/guake/c/abc?branch=f45"]),
        ("pagure.git.receive", {"branch": "refs/heads/f45", "end_commit": "abc", "agent": "mjw", "total_commits": 3},
         "mjw pushed on f45: 3 commits", ["/rpms/guake/c/abc?branch=f45"]),
        ("pagure.git.receive", {"branch": "rawhide", "changed_files": {"dead.package": "A"}, "agent": "mjw"},
         "mjw retired the package on rawhide: a commit", ["/rpms/guake/commits/rawhide"]),
        ("pagure.git.receive", {"branch": "rawhide", "changed_files": {"dead.package": "D"}, "agent": "mjw"},
         "mjw pushed on rawhide: a commit", ["/rpms/guake/commits/rawhide"]),
        ("pagure.git.branch.creation", {"branch": "epel9", "rev": "abc", "agent": "mjw"}, "Branch epel9 was created by mjw",
         ["/rpms/guake/commits/epel9"]),
        ("git.lookaside.new", {"filename": "guake-1.tar.gz", "agent": "mjw"}, "guake-1.tar.gz was uploaded by mjw", []),
        ("pagure.project.user.added", {"new_user": "ralph", "access": "admin", "agent": "pingou"},
         "ralph was given access (admin) by pingou", ["/user/ralph"]),
        ("mdapi.repo.update", {"name": "f45-updates"}, "The repository f45-updates was refreshed", []),
        ("anitya.project.version.update", {"upstream_version": "2.0"}, "Upstream has published version 2.0", []),
        ("hotness.update.bug.file", {"bug": {"bug_id": 5}}, "The-new-hotness filed bug 5", ["/show_bug.cgi?id=5"]),
        ("hotness.update.drop", {"reason": "rawhide"}, "The-new-hotness filed no bug about a new version (rawhide)", []),
    ],
)  # fmt: skip
def test_an_event_is_told_in_words_with_links(topic, body, words, addresses):
    assert said(topic, **body) == (words, addresses)


TOPICS = [
    "buildsys.build.state.change",
    "buildsys.tag",
    "buildsys.package.list.change",
    "bodhi.update.comment",
    "bodhi.update.edit",
    "bugzilla.bug.new",
    "git.receive",
    "pagure.git.receive",
    "git.lookaside.new",
    "pagure.project.user.added",
    "mdapi.repo.update",
    "faf.report.threshold1",
    "anitya.project.version.update",
]
KEYS = [
    "name",
    "version",
    "release",
    "build_id",
    "new",
    "owner",
    "tag",
    "user",
    "update",
    "comment",
    "bug",
    "commit",
    "branch",
    "changed_files",
    "agent",
    "filename",
    "count",
    "message",
    "upstream_version",
    "project",
    "repo",
    "id",
    "alias",
    "builds",
    "summary",
    "status",
]


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize(
    "junk",
    [None, [], {}, 10**400, -1, True, "", "\0\ud800\n", "x" * 100_000, ["y"] * 1000, {"name": {"name": []}}],
    ids=str,
)
def test_a_hostile_message_has_a_small_gist_that_is_told(topic, junk):
    shapes = [dict.fromkeys(KEYS, junk), {key: dict.fromkeys(KEYS, junk) for key in KEYS}]
    for body in shapes:
        given = event(topic, **body)
        facts = gist(given, "guake")
        text = "".join(part.text for part in sentence({**given.cause(), "gist": facts}, "guake", LINKS))
        assert len(json.dumps(facts)) <= GIST_KEPT
        assert (text.isprintable(), 0 < len(text) < 1000) == (True, True)


def test_every_topic_has_words():
    assert (told("bodhi.update.request.testing"), told("something.else")) == (
        "An update was asked to move on",
        "Something changed",
    )


def test_of_an_update_with_many_builds_a_few_of_this_package_are_kept():
    builds = [{"nvr": f"{name}-{number}-1"} for number in range(100) for name in ("vim", "guake")]
    facts = gist(event("bodhi.update.edit", update={**UPDATE, "builds": builds}), "guake")
    assert facts["builds"] == [f"guake-{number}-1" for number in range(BUILDS_KEPT)]


def test_a_long_text_is_cut_with_a_mark():
    summary = gist(event("bugzilla.bug.new", bug={"id": 1, "summary": "é" * 1000}), "guake")["summary"]
    assert (len(summary), summary[-1]) == (TEXT_KEPT, "…")


def test_an_entry_without_facts_is_still_told(client):
    client.xadd("fp:{guake}:timeline", {"event": '{"id": "2026-1", "topic": "bugzilla.bug.new", "sent": 1.0}'})
    (entry,) = timeline.read(client, "guake")
    assert [part.text for part in sentence(entry, "guake", LINKS)] == ["A bug was reported"]


def test_facts_that_were_tampered_with_are_left_out(client):
    forged = {"kind": "bug", "id": "5", "summary": ["x"], "status": "NEW", "builds": "abc", "other": {"a": 1}}
    entry = {"id": "2026-1", "topic": "bugzilla.bug.new", "sent": 1.0, "gist": forged}
    client.xadd("fp:{guake}:timeline", {"event": json.dumps(entry)})
    assert timeline.read(client, "guake")[0]["gist"] == {"kind": "bug", "status": "NEW"}
