"""Messages of both buses: what is one, and which packages it names."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.errors import MessageNotUnderstood
from fedora_packages.messages.contents.distgit import changed_paths
from fedora_packages.messages.contents.mdapi import repository_release
from fedora_packages.messages.contents.table import FAMILIES
from fedora_packages.messages.event import Event, parse

NOW = 2_000_000_000.0

#: The index lists the component a bug is at; this one has just moved, and its old component's list changes too.
MOVED = {"fedmsg-bugzilla.bug.update-4.json": {"selinux-policy"}}


def expected(cell: str) -> tuple[str, object]:
    """Return the kind of names and the names that a cell of the index gives; ``...`` stands for more."""
    kind, _, rest = cell.partition(" ") if cell.startswith("(") else ("(source)", "", cell)
    if cell == "-":
        return "source", []
    if rest.endswith("names, see body"):
        return kind.strip("()"), int(rest.split()[0])
    return kind.strip("()"), [name for name in re.split(r",\s*", rest) if name]


def index(data) -> list[tuple[str, str]]:
    lines = (data / "messages" / "INDEX.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| f")]
    return [(row[0], row[2]) for row in rows if row[0] != "file"]


def names_of(event: Event, kind: str) -> list:
    return {"source": event.source_packages, "binary": event.binary_packages, "project": event.external_ids}[kind]


def test_every_recorded_message_names_exactly_the_packages_of_the_index(data):
    wrong = {}
    for file, cell in index(data):
        event = parse(json.loads((data / "messages" / file).read_text("utf-8")))
        kind, names = expected(cell)
        found = sorted(map(str, names_of(event, kind)))
        if isinstance(names, int):
            right = len(found) == names
        elif names and names[-1] == "...":
            right = found[: len(names) - 1] == names[:-1]
        else:
            right = set(found) == set(names) | MOVED.get(file, set())
        others = [other for other in ("source", "binary", "project") if other != kind and names_of(event, other)]
        if not right or others:
            wrong[file] = (cell, found, others)
    assert wrong == {}


def test_the_index_lists_every_recorded_message(data):
    files = {path.name for path in (data / "messages").glob("*.json")}
    assert files == {file for file, _ in index(data)}


def test_a_consumer_of_the_hub_is_handed_the_same_events(data):
    for path in (data / "messages").glob("fedmsg-*.json"):
        message = json.loads(path.read_text("utf-8"))
        assert parse({"topic": message["topic"], "body": message}, NOW) == parse(message, NOW)


def fedmsg(topic="buildsys.tag", prefix="org.fedoraproject.prod", **more):
    return {"topic": f"{prefix}.{topic}", "msg": {"name": "guake"}, "msg_id": "2026-1", "timestamp": 1000, **more}


def test_both_envelopes_of_one_message_make_the_same_event():
    amqp = {
        "topic": "org.fedoraproject.prod.buildsys.tag",
        "body": {"name": "guake"},
        "id": "2026-1",
        "headers": {"sent-at": "1970-01-01T00:16:40+00:00"},
    }
    assert parse(amqp) == parse(fedmsg())


def test_a_body_that_has_a_key_msg_is_not_taken_for_an_envelope():
    amqp = {"topic": "org.fedoraproject.prod.mailman.receive", "body": {"msg": {"subject": "x"}}, "id": "1"}
    assert parse(amqp).body == {"msg": {"subject": "x"}}


def test_prefix_and_topic_are_divided_at_the_environment():
    event = parse(fedmsg("pagure.git.receive", "io.pagure.stg"))
    assert (event.prefix, event.topic) == ("io.pagure.stg", "pagure.git.receive")


def test_a_message_without_an_id_gets_the_same_one_each_time():
    message = fedmsg(msg_id=None)
    assert parse(message).id == parse(dict(message)).id != parse(fedmsg(msg_id=None, timestamp=1001)).id


@pytest.mark.parametrize("told", [None, "yesterday", -5, True, 1e300, [], NOW + 86400])
def test_a_message_without_a_possible_time_counts_as_sent_when_received(told):
    assert parse(fedmsg(timestamp=told), NOW).sent == NOW


@pytest.mark.parametrize(
    "message",
    [
        None, "text", 7, [], {}, {"topic": "org.fedoraproject.prod.buildsys.tag"}, {"msg": {}}, fedmsg(msg=None),
        fedmsg(msg="<html>"), fedmsg(msg=[1]), {"topic": 5, "msg": {}}, {"topic": "tag", "msg": {}},
        {"topic": "org.fedoraproject.prod.", "msg": {}}, {"topic": "org.fedoraproject.prod." + "x" * 1000, "msg": {}},
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(message):
    with pytest.raises(MessageNotUnderstood):
        parse(message)


@pytest.mark.parametrize(
    "name", ["", "Package Review", "distribution", "../etc", "a b", "x" * 300, None, 5, [5], {"name": []}]
)
def test_what_is_no_package_name_is_not_named(name):
    assert parse(fedmsg("bugzilla.bug.new", msg={"bug": {"component": name}})).source_packages == ()


@pytest.mark.parametrize(
    ("component", "named"),
    [
        (["guake"], ("guake",)),
        (["guake", "vim"], ("guake", "vim")),
        ([{"name": "guake"}, None, 5], ("guake",)),
        ({"name": "guake"}, ("guake",)),
    ],
)
def test_a_bug_names_each_of_its_components(component, named):
    assert parse(fedmsg("bugzilla.bug.new", msg={"bug": {"component": component}})).source_packages == named


def test_a_prefix_that_came_twice_is_one():
    event = parse({**fedmsg(), "topic": "org.fedoraproject.prod.org.fedoraproject.prod.buildsys.tag"})
    assert (event.prefix, event.topic) == ("org.fedoraproject.prod", "buildsys.tag")


@pytest.mark.parametrize("identity", ["\ud800", "a\nb", "\x1b[31m", ""])
def test_an_id_that_cannot_be_stored_or_logged_is_made_up(identity):
    assert parse(fedmsg(msg_id=identity)).id.startswith("made-up-")


@pytest.mark.parametrize("topic", ["buildsys.\ud800", "buildsys.tag\x1b", "buildsys.\u202etag"])
def test_a_topic_that_cannot_be_stored_or_logged_is_refused(topic):
    with pytest.raises(MessageNotUnderstood):
        parse({**fedmsg(), "topic": f"org.fedoraproject.prod.{topic}"})


def test_a_bug_that_moved_names_both_components():
    body = {
        "bug": {"component": {"name": "pcp"}},
        "event": {"changes": [{"field": "component", "removed": "vim", "added": "pcp"}]},
    }
    assert parse(fedmsg("bugzilla.bug.update", msg=body)).source_packages == ("pcp", "vim")


def test_an_edited_update_names_the_builds_it_lost_and_won():
    body = {
        "update": {"builds": [{"nvr": "a-1-1"}]},
        "new_builds": ["b-1-1.fc45"],
        "removed_builds": ["c-d-1-1.fc45"],
    }
    assert parse(fedmsg("bodhi.update.edit", msg=body)).source_packages == ("a", "b", "c-d")


def test_a_fork_is_not_the_package():
    repo = {"name": "guake", "namespace": "rpms", "fullname": "forks/pingou/rpms/guake", "parent": {"name": "guake"}}
    assert parse(fedmsg("pagure.git.receive", msg={"repo": repo})).source_packages == ()


def test_an_old_repository_message_names_packages_by_the_column_of_each_table():
    differences = {
        "changelog": {"added": [["guake", "x"]], "removed": [["vim", "x"]]},
        "requires": {"added": [["python3", "GE", "glibc"]]},
        "files": "nonsense",
    }
    body = {"name": "rawhide", "differences": differences}
    assert parse(fedmsg("mdapi.repo.update", msg=body)).binary_packages == ("guake", "vim", "glibc")


@pytest.mark.parametrize(
    ("name", "branch"),
    [
        ("rawhide", "rawhide"), ("f45-updates", "f45"), ("f45-updates-testing", "f45"), ("epel9-testing", "epel9"),
        ("src_f45", None), ("koji", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_a_repository_belongs_to_a_release(name, branch):
    assert repository_release({"name": name}) == branch


def test_a_push_says_which_paths_it_changed():
    assert changed_paths({"changed_files": {"a.spec": "M"}}) == ("a.spec",)


def test_a_push_need_not_say_which_paths_it_changed():
    assert changed_paths({"commit": {}}) is None


FIELDS = [
    "update", "comment", "builds", "nvr", "title", "artifact", "component", "bug", "event", "changes", "field", "removed",
    "name", "package", "packages", "differences", "added", "commit", "repo", "project", "namespace", "instance", "message",
    "distro", "trigger", "msg", "topic", "override", "build", "package_listing", "components", "new_builds", "updates", "info",
]  # fmt: skip
#: One topic of each pattern in the table.
TOPICS = sorted({pattern.replace("*", "x") for family in FAMILIES for pattern in family.topics})

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3),
    max_leaves=8,
)


@given(topic=st.sampled_from(TOPICS), body=st.dictionaries(st.sampled_from(FIELDS), anything, max_size=4))
def test_no_body_of_any_shape_trips_the_reading_of_names(topic, body):
    event = parse(fedmsg(topic, msg=body), NOW)
    assert all(isinstance(name, str) for name in (*event.source_packages, *event.binary_packages))
    assert all(isinstance(number, int) for number in event.external_ids)


@pytest.mark.parametrize(
    ("topic", "distro", "message", "projects"),
    [
        ("map.update", "Arch", {"edited": ["distribution"], "new": "guake"}, (7,)),
        ("map.update", "Fedora", {"edited": ["distribution"], "new": "guake"}, ()),
        ("map.update", "Arch", {"edited": ["package_name"], "new": "guake"}, ()),
        ("map.remove", None, {"distro": "Fedora"}, (7,)),
        ("version.remove.v2", None, {"versions": ["1.0"]}, (7,)),
        ("edit", None, {"fields": ["homepage"]}, (7,)),
        ("remove", None, {}, (7,)),
        ("flag", None, {}, ()),
    ],
)
def test_a_message_that_may_mean_a_package_without_naming_it_names_its_project(topic, distro, message, projects):
    body = {"project": {"id": 7}, "message": message, "distro": distro and {"name": distro}}
    assert parse(fedmsg(f"anitya.project.{topic}", msg=body)).external_ids == projects


@pytest.mark.parametrize("number", [None, "7", True, -1, 0, 10**30, 7.5, [7]])
def test_what_is_no_number_of_a_project_names_none(number):
    assert parse(fedmsg("anitya.project.edit", msg={"project": {"id": number}})).external_ids == ()
