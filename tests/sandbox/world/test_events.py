"""Koji's events: what the log has of changes of the world."""

from dataclasses import replace

import pytest

from fedora_packages.sandbox.world.events import FIRST_EVENT, build_event
from fedora_packages.sandbox.world.world import World
from tests.sandbox.running import small_world

NOW = 1_800_000_000
LATER = float("inf")


@pytest.fixture
def world():
    return World(small_world(), NOW)


def retag(world, tag, change, time, user="bodhi"):
    package = world.package("guake")
    world.put(replace(package, tags={**package.tags, tag: change(package.tags.get(tag, ()))}), time, user)


def taggings(world, time=LATER):
    return [
        (entry.tag, entry.item, entry.created.number, entry.revoked and entry.revoked.number)
        for entry in world.events.entries("tag_listing", time)
    ]


def test_the_first_event_is_the_start(world):
    assert world.events.last(LATER) == (FIRST_EVENT, NOW)


def test_a_build_that_is_tagged_is_an_entry_and_an_event(world):
    build = world.package("guake").builds[0].build_id
    retag(world, "f46-override", lambda held: (build, *held), NOW + 1)
    assert taggings(world) == [("f46-override", build, FIRST_EVENT + 1, None)]
    assert world.events.last(LATER).number == FIRST_EVENT + 1


def test_a_build_of_the_generated_history_that_is_untagged_has_its_first_event(world):
    tag, held = next((tag, held) for tag, held in world.package("guake").tags.items() if held)
    retag(world, tag, lambda held: held[1:], NOW + 1)
    assert taggings(world) == [(tag, held[0], build_event(held[0]) + 1, FIRST_EVENT + 1)]


def test_a_build_that_is_tagged_again_has_two_entries(world):
    build = world.package("guake").builds[0].build_id
    retag(world, "f46-override", lambda held: (build,), NOW + 1)
    retag(world, "f46-override", lambda held: (7, build), NOW + 2)
    retag(world, "f46-override", lambda held: (build, 7), NOW + 3)
    assert [row for row in taggings(world) if row[1] == build] == [
        ("f46-override", build, FIRST_EVENT + 1, FIRST_EVENT + 3),
        ("f46-override", build, FIRST_EVENT + 3, None),
    ]
    assert world.events.of_tagging("guake", "f46-override", build) == FIRST_EVENT + 3


def test_the_past_has_no_later_entry_and_no_later_end(world):
    build = world.package("guake").builds[0].build_id
    retag(world, "f46-override", lambda held: (build,), NOW + 10)
    retag(world, "f46-override", lambda held: (), NOW + 20)
    assert taggings(world, NOW + 5) == []
    assert taggings(world, NOW + 15) == [("f46-override", build, FIRST_EVENT + 1, None)]
    assert world.events.last(NOW + 15).number == FIRST_EVENT + 1


def test_a_package_that_is_blocked_is_an_entry_in_place_of_another(world):
    package = world.package("guake")
    world.put(replace(package, blocked=frozenset({"f46"})), NOW + 1)
    entries = [(entry.tag, entry.item) for entry in world.events.entries("tag_packages", LATER)]
    assert entries == [("f46", False), ("f46", True)]


def test_a_change_that_koji_does_not_have_is_no_event(world):
    world.put(replace(world.package("guake"), modified=NOW), NOW + 1)
    assert world.events.last(LATER).number == FIRST_EVENT
