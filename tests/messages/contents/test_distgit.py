"""dist-git's messages of Forgejo: nothing but package and branch is believed, and nothing else is kept."""

import copy
import json
import re

import pytest

from fedora_packages.errors import MessageNotUnderstood
from fedora_packages.messages.event import label, parse

SECRET = "c2VjcmV0OmNyZWRlbnRpYWw="
HEADERS = {"authorization": f"Basic {SECRET}", "x-hub-signature": f"sha1={SECRET}", "host": "10.0.0.7"}
REPOSITORY = {
    "owner": {"login": "rpms", "email": "rpms@noreply.example"},
    "name": "guake",
    "fork": False,
    "html_url": "https://src.fedoraproject.org/rpms/guake",
}
PUSH = {
    "ref": "refs/heads/f45",
    "after": "abc",
    "commits": [{"message": "Visit evil.example"}],
    "repository": REPOSITORY,
}


def message(event="push", payload=PUSH, identity="571877fa-44d3-5293-a93f-10d463f08fe9", **changes):
    body = {"headers": HEADERS, "body": payload, "agent": "mjw"}
    return {"topic": f"org.fedoraproject.prod.forgejo.{event}", "id": identity, "body": {**body, **changes}}


def changed(**changes):
    return {**PUSH, "repository": {**REPOSITORY, **changes}}


def test_every_message_of_today_names_the_packages_that_its_index_says(data):
    folder = data / "today" / "messages"
    rows = re.findall(
        r"^\| (\S+\.json) \| \S+ \| ([^|]+) \| ([^|]+) \|", (folder / "INDEX.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) == len(list(folder.glob("*.json")))
    for name, packages, release in rows:
        event = parse(json.loads((folder / name).read_text("utf-8")))
        wanted = tuple(word for word in packages.split(", ") if word != "-")
        assert (event.source_packages, event.binary_packages) == (wanted, ()), name
        if wanted and event.topic.startswith("forgejo."):
            assert event.body == {"package": wanted[0], "branch": release}, name


@pytest.mark.parametrize(
    ("event", "payload", "branch"),
    [
        ("push", PUSH, "f45"),
        ("push", {**PUSH, "ref": "refs/heads/a/b.c"}, "a/b.c"),
        ("push", {**PUSH, "deleted": True, "after": "0" * 40}, "f45"),
        ("create", {**PUSH, "ref": "epel9", "ref_type": "branch"}, "epel9"),
        ("delete", {**PUSH, "ref": "epel9", "ref_type": "branch"}, "epel9"),
        ("repository", {"action": "deleted", "repository": REPOSITORY}, None),
    ],
)
def test_package_and_branch_are_believed(event, payload, branch):
    found = parse(message(event, payload))
    assert (found.source_packages, found.body) == (("guake",), {"package": "guake", "branch": branch})


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("push", {**PUSH, "ref": "refs/tags/1.0"}),
        ("push", {**PUSH, "ref": "f45"}),
        ("push", {**PUSH, "ref": None}),
        ("push", {**PUSH, "ref": ["refs/heads/f45"]}),
        ("push", {**PUSH, "ref": "refs/heads/"}),
        ("create", {**PUSH, "ref": "1.0", "ref_type": "tag"}),
        ("create", {**PUSH, "ref": {}, "ref_type": "branch"}),
        ("push", changed(fork=True)),
        ("push", changed(fork=None)),
        ("push", changed(owner={"login": "mjw"})),
        ("push", changed(owner="rpms")),
        ("push", changed(html_url="https://forge.fedoraproject.org/rpms/guake")),
        ("push", changed(html_url="http://src.fedoraproject.org/rpms/guake")),
        ("push", changed(html_url="https://src.fedoraproject.org.evil.example/rpms/guake")),
        ("push", changed(html_url="https://src.fedoraproject.org@evil.example/rpms/guake")),
        ("push", changed(html_url="https://src.fedoraproject.org/rpms/vim")),
        ("push", changed(html_url=None)),
        ("push", changed(name="../vim", html_url="https://src.fedoraproject.org/rpms/../vim")),
        ("push", changed(name=["guake"])),
        ("push", changed(name=None)),
        ("push", {**PUSH, "repository": None}),
        ("push", None),
        ("push", "text"),
        ("issues", PUSH),
        ("issue_comment", PUSH),
        ("pull_request", PUSH),
        ("action_run_success", PUSH),
        ("fork", PUSH),
    ],
)
def test_anything_else_names_nothing(event, payload):
    assert parse(message(event, payload)).source_packages == ()


def test_no_credential_and_no_text_of_a_sender_is_in_an_event():
    event = parse(message())
    kept = repr((event, event.cause(), event.details("guake")))
    for text in (SECRET, "evil.example", "mjw", "noreply", "10.0.0.7"):
        assert text not in kept


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("event", ["push", "issues", "unknown"])
def test_headers_are_dropped_in_either_envelope_and_of_every_topic(event, wrapped):
    given = message(event)
    if wrapped:
        given = {"body": {"topic": given["topic"], "msg": given["body"], "msg_id": "2026-1", "timestamp": 1}}
    assert SECRET not in repr(parse(given))


@pytest.mark.parametrize("identity", ["Visit evil.example", "<b>", "x" * 61, ""])
def test_an_id_that_is_a_text_is_not_kept(identity):
    found = parse(message(identity=identity))
    assert found.id.startswith("made-up-")
    assert parse(message(identity=identity)).id == found.id
    assert parse(message()).id == "571877fa-44d3-5293-a93f-10d463f08fe9"


@pytest.mark.parametrize("spoil", ["topic", "body", "all"])
def test_no_error_and_no_label_shows_a_part_of_a_body(spoil):
    given = copy.deepcopy(message())
    if spoil == "all":
        given = json.dumps(given)
    else:
        given[spoil] = given["body"]["headers"]["authorization"] if spoil == "body" else 7
    with pytest.raises(MessageNotUnderstood) as caught:
        parse(given)
    assert SECRET not in str(caught.value)
    assert SECRET not in label(given)
