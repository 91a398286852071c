"""The world: its state at any time, and what holds after any actions."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedora_packages.sandbox.actions.actions import Actions
from fedora_packages.sandbox.actions.traffic import random_action
from fedora_packages.sandbox.expected import expected_package
from fedora_packages.sandbox.world.world import World
from tests.sandbox.running import small_world

NOW = 1_790_000_000

#: A few packages, so that each changes often.
WATCHED = ("guake", "vim", "krb5")


@pytest.fixture
def world():
    return World(small_world(), NOW)


def quiet_actions(world):
    """Return actions that publish nowhere."""
    return Actions(world, lambda topic, body: {"msg_id": "", "topic": topic})


def expected_packages(view):
    return {name: expected_package(view, view.package(name)) for name in WATCHED}


def test_updates_and_bugs_of_every_kind_can_be_looked_at(world):
    packages = list(world.now().packages())
    updates = [update for package in packages for update in package.updates]
    bugs = [bug for package in packages for bug in package.bugs if bug.is_open]
    assert {update.type for update in updates} >= {"security", "bugfix", "enhancement", "unspecified"}
    assert {update.request for update in updates} >= {None, "testing", "stable", "unpush"}
    assert {update.critpath for update in updates} == {True, False}
    assert {bug.product for bug in bugs} == {"Fedora", "Fedora EPEL"}
    assert {word for bug in bugs for word in bug.keywords} >= {"Security", "Tracking", "FutureFeature", "Triaged"}
    assert {bool(bug.blocks) for bug in bugs} == {bug.is_security for bug in bugs} == {True, False}


@pytest.mark.slow
@given(st.integers())
@settings(max_examples=5)
def test_a_view_of_an_earlier_time_never_changes(seed):
    world = World(small_world(), NOW)
    actions, dice = quiet_actions(world), random.Random(seed)
    timestamps = []
    for _ in range(30):
        random_action(actions, dice)
        for name in WATCHED:
            actions.trigger("bug", name, {})
        timestamps.append((world.changed, expected_packages(world.now())))
    assert all(expected_packages(world.at(timestamp)) == expected for timestamp, expected in timestamps)


@given(st.integers())
@settings(max_examples=5)
def test_the_parts_fit_each_other_after_any_actions(seed):
    world = World(small_world(), NOW)
    actions, dice = quiet_actions(world), random.Random(seed)
    for _ in range(80):
        random_action(actions, dice)
    view = world.now()
    for package in view.packages():
        ids = {build.build_id for build in package.builds}
        assert len(ids) == len(package.builds)
        assert {build_id for held in package.tags.values() for build_id in held} <= ids
        assert {build_id for update in package.updates for build_id in update.builds} <= ids
        assert set(package.published.values()) <= ids
        assert set(package.tags) <= set(world.tags)
        for update in package.updates:
            assert view.find_update(update.alias) == (package, update)
        for build in package.builds:
            assert view.find_build(build.build_id) == view.find_nvr(build.nvr) == build
        assert all(view.find_bug(bug.bug_id) == bug for bug in package.bugs)


def test_a_testing_update_is_tagged_for_testing(world):
    for package in world.now().packages():
        for update in package.updates:
            release = world.release(update.release)
            tagged = {tag for tag, held in package.tags.items() if set(update.builds) & set(held)}
            if update.status == "testing":
                assert tagged == {release.testing_tag}, update.alias
            if update.status == "stable":
                assert tagged & {release.stable_tag, release.base_tag}, update.alias


def test_two_changes_at_one_time_have_an_order(world):
    package = world.package("guake")
    world.put(replace(package, owner="first"), 5.0)
    between = world.changed
    world.put(replace(package, owner="second"), 5.0)
    assert [world.package("guake", timestamp).owner for timestamp in (4.0, between, world.changed)] == [
        package.owner,
        "first",
        "second",
    ]


def test_old_records_are_dropped():
    world = World(small_world(), NOW, max_records=4)
    actions = quiet_actions(world)
    for number in range(10):
        actions.trigger("maintainer", "guake", {"user": f"user{number}"})
    oldest = world.at(0).package("guake").committers
    assert oldest[-1] == "user6"


def test_a_release_is_found_by_branch_and_by_name(world):
    assert world.release("f44") == world.release("F44") == world.release("f44".upper())
    assert world.release("F44F") is None


def test_a_blocked_package_has_no_build_in_inheriting_tags(world):
    quiet_actions(world).trigger("retire", "guake", {})
    view = world.now()
    assert view.tagged(view.package("guake"), "rawhide", inherit=True) == []
    assert view.tagged(view.package("guake"), "f44-updates", inherit=True) != []


@given(st.integers())
@settings(max_examples=3)
def test_a_repository_shows_the_published_build_of_a_package(seed):
    world = World(small_world(), NOW)
    actions, dice = quiet_actions(world), random.Random(seed)
    world.shown("rawhide", 0, NOW)
    timestamps = [float("inf")]
    for _ in range(20):
        random_action(actions, dice)
        actions.trigger("repo", "guake", {})
        timestamps.append(world.changed)
    for view in map(world.at, timestamps[::4]):
        for number, name in enumerate(world.names):
            package = view.package(name)
            for repository in ("rawhide", "f44-updates", "epel9"):
                assert view.shown(repository, number) == (package.shown(repository) if package else None)


def test_a_repository_is_renewed_when_its_contents_change(world):
    actions, before = quiet_actions(world), world.now().renewal("rawhide")
    assert before == (float("-inf"), NOW)
    actions.trigger("build", "guake", {})
    assert world.now().renewal("rawhide") == before
    actions.trigger("repo", "guake", {})
    after = world.now().renewal("rawhide")
    assert after.timestamp > NOW
    assert after.revision > before.revision
    assert world.at(after.timestamp - 1).renewal("rawhide") == before
    assert world.now().renewal("f44") == before


def test_a_package_with_its_tags_only_has_the_same_builds_in_them(world):
    for name in world.names[:40]:
        whole, tags = world.package(name), world.with_tags(name, float("inf"))
        assert tags.tags == whole.tags
        assert [build.nvr for build in tags.builds] == [build.nvr for build in whole.builds]
        assert (tags.blocked, tags.updates) == (whole.blocked, ())
