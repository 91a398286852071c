"""A package's timeline: what is stored of an event, and what is read back."""

import json

import pytest

from fedora_packages.cache import keys
from fedora_packages.messages import timeline
from fedora_packages.messages.event import Event

BUG = {"id": "2026-1", "topic": "bugzilla.bug.new", "sent": 1.0}


def store(client, **entry):
    client.xadd(keys.timeline("guake"), {"event": json.dumps(entry)})


def test_what_is_noted_is_read_newest_first(client):
    for number in (1, 2):
        body = {"bug": {"id": number, "status": "NEW"}}
        timeline.note(client, "guake", Event("p", "bugzilla.bug.new", f"2026-{number}", float(number), body))
    assert timeline.read(client, "guake") == [
        {
            **BUG,
            "id": f"2026-{number}",
            "sent": float(number),
            "details": {"kind": "bug", "id": number, "status": "NEW"},
        }
        for number in (2, 1)
    ]


def test_an_event_that_came_twice_is_read_once(client):
    for _ in range(2):
        store(client, **BUG, details={})
    assert len(timeline.read(client, "guake")) == 1


@pytest.mark.parametrize("field", ["details", "gist"])
def test_details_are_read_under_their_old_name_too(client, field):
    store(client, **BUG, **{field: {"kind": "bug", "id": 5}})
    assert timeline.read(client, "guake") == [{**BUG, "details": {"kind": "bug", "id": 5}}]


def test_an_event_that_was_stored_without_details_has_none(client):
    store(client, **BUG)
    assert timeline.read(client, "guake")[0]["details"] == {}


def test_fields_of_a_newer_release_are_left_out(client):
    store(client, **BUG, details={}, color="red")
    assert timeline.read(client, "guake") == [{**BUG, "details": {}}]


def test_details_of_another_type_are_left_out(client):
    forged = {"kind": "bug", "id": "5", "summary": ["x"], "status": "NEW", "builds": "abc", "other": {"a": 1}}
    store(client, **BUG, details=forged)
    assert timeline.read(client, "guake")[0]["details"] == {"kind": "bug", "status": "NEW"}
