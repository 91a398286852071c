"""The table of message families: what each says of a message, and that no message is left out."""

import json
from urllib.parse import urlsplit

import pytest

from fedora_packages.connectors import declared
from fedora_packages.messages.body import matches
from fedora_packages.messages.contents.base import MAX_BUILDS, MAX_ROWS, MAX_TEXT, Documents
from fedora_packages.messages.contents.composes import READING, Reading
from fedora_packages.messages.contents.table import (
    FAMILIES,
    MAX_DETAILS,
    OTHER,
    archive_requests,
    family_of,
    sentence,
    validated,
)
from fedora_packages.messages.event import Event, parse
from fedora_packages.web.links import Links

LINKS = Links({kind.name: kind.site and type(kind.site)(f"https://{kind.name}.example") for kind in declared()})
SYNC = "bodhi.updates.fedora.sync"
UPDATE = {"alias": "FEDORA-2026-1", "release": {"name": "F45"}, "status": "pending", "builds": [{"nvr": "guake-1-1"}]}
BUILD = {"name": "guake", "version": "1", "release": "1", "build_id": 7, "instance": "primary"}
REPO = {"name": "guake", "namespace": "rpms", "fullname": "rpms/guake"}


def event(topic, **body):
    return Event("org.fedoraproject.prod", topic, "2026-1", 1000.0, body)


def said(topic, **body):
    """Return the sentence of an event, and the last parts of the URLs in it."""
    given = event(topic, **body)
    parts = sentence({**given.cause(), "details": given.details("guake")}, "guake", LINKS)
    addresses = [urlsplit(part.address) for part in parts if part.address]
    return "".join(part.text for part in parts), [f"{one.path}?{one.query}".rstrip("?") for one in addresses]


def text_of(given, details, package="guake"):
    return "".join(part.text for part in sentence({**given.cause(), "details": details}, package, LINKS))


def test_the_details_of_every_recorded_message_are_small_and_make_a_sentence(data):
    for path in sorted((data / "messages").glob("*.json")):
        given = parse(json.loads(path.read_text("utf-8")))
        for package in given.source_packages[:3] or ("guake",):
            details = given.details(package)
            assert len(json.dumps(details)) <= MAX_DETAILS
            assert validated(json.loads(json.dumps(details))) == details
            assert text_of(given, details, package)


@pytest.mark.parametrize(
    ("topic", "body", "words", "addresses"),
    [
        ("buildsys.build.state.change", {**BUILD, "new": 3, "owner": "pingou"}, "Build guake-1-1 failed",
         ["/buildinfo?buildID=7"]),
        ("buildsys.build.state.change", {**BUILD, "new": 0, "build_id": True, "owner": "pingou"},
         "Build guake-1-1 was started by pingou", []),
        ("buildsys.tag", {**BUILD, "tag": "f45", "user": "bodhi"}, "guake-1-1 was tagged f45 by bodhi",
         ["/buildinfo?buildID=7"]),
        ("buildsys.untag", {**BUILD, "tag": "f45"}, "guake-1-1 was untagged from f45", ["/buildinfo?buildID=7"]),
        ("buildsys.package.list.change", {"package": "guake", "tag": "f46", "action": "block"},
         "The package was blocked in the Koji tag f46", []),
        ("bodhi.update.request.testing", {"update": UPDATE, "agent": "pingou"},
         "Update FEDORA-2026-1 (F45) was submitted to testing by pingou: guake-1-1", ["/updates/FEDORA-2026-1"]),
        ("bodhi.update.comment", {"comment": {"karma": -1, "user": {"name": "ralph"}, "update": UPDATE}},
         "ralph commented on update FEDORA-2026-1 (F45) and gave it karma -1: guake-1-1", ["/updates/FEDORA-2026-1"]),
        ("bodhi.update.karma.threshold.reach", {"update": {**UPDATE, "karma": 3}},
         "Update FEDORA-2026-1 (F45) reached its karma threshold (3): guake-1-1", ["/updates/FEDORA-2026-1"]),
        ("bodhi.update.complete.stable", {"update": UPDATE}, "Update FEDORA-2026-1 (F45) was pushed to stable: guake-1-1",
         ["/updates/FEDORA-2026-1"]),
        ("bugzilla.bug.new", {"bug": {"id": 5, "summary": "It hangs", "status": {"name": "NEW"}}},
         "Bug 5 was reported: It hangs", ["/show_bug.cgi?id=5"]),
        ("bugzilla.bug.update", {"bug": {"id": 5, "summary": "It hangs", "status": "CLOSED"}},
         "Bug 5 changed (status CLOSED): It hangs", ["/show_bug.cgi?id=5"]),
        ("git.receive", {"commit": {"branch": "f45", "rev": "abc", "summary": "Fix it", "username": "mjw"}},
         "mjw pushed to f45: Fix it", ["/rpms/guake/c/abc?branch=f45"]),
        ("pagure.git.receive", {"branch": "refs/heads/f45", "end_commit": "abc", "agent": "mjw", "total_commits": 3},
         "mjw pushed to f45: 3 commits", ["/rpms/guake/c/abc?branch=f45"]),
        ("pagure.git.receive", {"branch": "rawhide", "changed_files": {"dead.package": "A"}, "agent": "mjw"},
         "mjw retired the package on rawhide: 1 commit", ["/rpms/guake/commits/rawhide"]),
        ("pagure.git.receive", {"branch": "rawhide", "changed_files": {"dead.package": "D"}, "agent": "mjw"},
         "mjw pushed to rawhide: 1 commit", ["/rpms/guake/commits/rawhide"]),
        ("pagure.git.branch.creation", {"branch": "epel9", "rev": "abc", "agent": "mjw"}, "Branch epel9 was created by mjw",
         ["/rpms/guake/commits/epel9"]),
        ("pagure.git.branch.deletion", {"branch": "epel9", "agent": "mjw"}, "Branch epel9 was deleted by mjw", []),
        ("pagure.project.deleted", {"project": REPO, "agent": "pingou"},
         "The package was deleted from dist-git by pingou", []),
        ("git.lookaside.new", {"filename": "guake-1.tar.gz", "agent": "mjw"}, "guake-1.tar.gz was uploaded by mjw", []),
        ("pagure.project.user.added", {"new_user": "ralph", "access": "admin", "agent": "pingou"},
         "ralph was given access (admin) by pingou", ["/user/ralph"]),
        ("mdapi.repo.update", {"name": "f45-updates"}, "The repository f45-updates was refreshed", []),
        (SYNC, {READING: Reading("f45-updates", ["primary"], ["guake"], {"guake": "3.10.1-4"})}, "3.10.1-4 is in f45-updates",
         []),
        (SYNC, {READING: Reading("f45-updates", ["primary"], ["guake"], {"guake": None})},
         "The package was removed from f45-updates", []),
        (SYNC, {READING: Reading("f45-updates", ["filelists"], ["guake"])}, "The package changed in f45-updates", []),
        (SYNC, {READING: {"repository": "f45-updates", "sources": {"guake": "1-1"}}}, "A repository changed", []),
        ("anitya.project.version.update", {"upstream_version": "2.0"}, "Upstream released version 2.0", []),
        ("hotness.update.bug.file", {"bug": {"bug_id": 5}}, "The-new-hotness filed bug 5", ["/show_bug.cgi?id=5"]),
        ("hotness.update.drop", {"reason": "rawhide"}, "The-new-hotness filed no bug for a new version (rawhide)", []),
    ],
)  # fmt: skip
def test_an_event_makes_a_sentence_with_links(topic, body, words, addresses):
    assert said(topic, **body) == (words, addresses)


#: Messages of families, or of forms of one, of which no recording was found.
MADE_UP = [
    event("pagure.git.branch.creation", repo=REPO, branch="epel9", rev="abc"),
    event("pagure.git.branch.deletion", repo=REPO, branch="epel9"),
    event("pagure.project.deleted", project=REPO),
    event("forgejo.push", package="guake", branch="f45"),
    event("anitya.project.edit", project={"id": 7}),
    event("pagure.project.user.added", project=REPO, new_user="ralph"),
    event(SYNC, **{READING: Reading("f45-updates", ["primary"], ["guake"], {"guake": "1-1"})}),
]


def test_every_family_has_a_sample_that_names_something(data):
    recorded = [parse(json.loads(path.read_text("utf-8"))) for path in (data / "messages").glob("*.json")]
    named = {
        given.family
        for given in (*recorded, *MADE_UP)
        if given.source_packages or given.binary_packages or given.external_ids
    }
    assert [family.topics for family in FAMILIES if family not in named] == []


def test_every_topic_that_a_query_declares_has_a_family(queries):
    declared = {topic for query in queries.values() for topic in query.topics}
    assert {topic for topic in declared if family_of(topic) is OTHER} == set()


def test_every_message_on_timelines_has_a_sentence_also_when_its_details_are_missing(queries):
    topics = {topic for query in queries.values() for topic in query.topics}
    listened_to = {topic for topic in topics if family_of(topic).is_listed is not False}
    listed = {topic for family in FAMILIES if family.is_listed for topic in family.topics}
    for topic in sorted({topic.replace("*", "x") for topic in listened_to | listed}):
        (part,) = sentence({"topic": topic, "details": {}}, "guake", LINKS)
        assert (part.text[0].isupper(), part.text != "Something changed", part.address) == (True, True, None), topic


def test_no_row_is_hidden_behind_an_earlier_one():
    for number, family in enumerate(FAMILIES):
        for pattern in family.topics:
            assert not any(matches(pattern.replace("*", "x"), earlier.topics) for earlier in FAMILIES[:number]), pattern


def test_an_unknown_topic_names_nothing_and_has_a_sentence():
    given = event("something.else", name="guake")
    assert (given.source_packages, given.binary_packages, given.details("guake")) == ((), (), {})
    assert text_of(given, {}) == "Something changed"
    assert given.family.documents is Documents.NONE


def test_a_replay_asks_for_the_categories_of_what_queries_listen_to(queries):
    topics = [topic for query in queries.values() for topic in query.topics]
    assert archive_requests(topics) == [
        (("anitya", "bodhi", "bugzilla", "buildsys", "faf", "forgejo", "git", "hotness", "pagure"), MAX_ROWS),
        (("mdapi",), 5),
    ]


def test_a_query_with_a_topic_of_another_family_is_replayed_with_nothing_else_edited():
    categories = [category for found, _ in archive_requests(["pkgdb.package.new"]) for category in found]
    assert categories == ["hotness", "pkgdb"]


def test_a_topic_without_a_family_is_replayed_too():
    assert ("sky",) in [tuple(set(found) - {"hotness"}) for found, _ in archive_requests(["sky.star.born"])]


KEYS = [
    "name", "version", "release", "build_id", "new", "owner", "tag", "user", "update", "comment", "bug", "commit", "branch",
    "changed_files", "agent", "filename", "count", "message", "upstream_version", "project", "repo", "id", "alias", "builds",
    "summary", "status",
]  # fmt: skip


@pytest.mark.parametrize("topic", sorted({topic.replace("*", "x") for family in FAMILIES for topic in family.topics}))
@pytest.mark.parametrize(
    "junk",
    [None, [], {}, 10**400, -1, True, "", "\0\ud800\n", "x" * 100_000, ["y"] * 1000, {"name": {"name": []}}],
    ids=str,
)
def test_a_hostile_message_has_small_details_and_a_sentence(topic, junk):
    shapes = [dict.fromkeys(KEYS, junk), {key: dict.fromkeys(KEYS, junk) for key in KEYS}]
    for body in shapes:
        given = event(topic, **body)
        details = given.details("guake")
        text = text_of(given, details)
        assert len(json.dumps(details)) <= MAX_DETAILS
        assert (text.isprintable(), 0 < len(text) < 1000) == (True, True)


def test_of_an_update_with_many_builds_a_few_of_this_package_are_kept():
    builds = [{"nvr": f"{name}-{number}-1"} for number in range(100) for name in ("vim", "guake")]
    details = event("bodhi.update.edit", update={**UPDATE, "builds": builds}).details("guake")
    assert details["builds"] == [f"guake-{number}-1" for number in range(MAX_BUILDS)]


def test_a_long_string_is_cut_with_an_ellipsis():
    summary = event("bugzilla.bug.new", bug={"id": 1, "summary": "é" * 1000}).details("guake")["summary"]
    assert (len(summary), summary[-1]) == (MAX_TEXT, "…")
