"""Repositories: where each release's are."""

import pytest

from fedora_packages.connectors.repositories import repositories


def paths(branch, state="current", is_source=False):
    found = repositories({"branch": branch, "state": state})
    return {each.kind: each.paths[0] for each in found if each.is_source == is_source}


def test_rawhide_has_one_repository():
    assert paths("rawhide", "pending") == {"release": "fedora/linux/development/rawhide/Everything/x86_64/os"}


def test_a_release_has_what_it_began_with_and_updates():
    assert paths("f44") == {
        "updates-testing": "fedora/linux/updates/testing/44/Everything/x86_64",
        "updates": "fedora/linux/updates/44/Everything/x86_64",
        "release": "fedora/linux/releases/44/Everything/x86_64/os",
    }


def test_what_is_searched_first_comes_first():
    assert list(paths("f44")) == ["updates-testing", "updates", "release"]


@pytest.mark.parametrize("state", ["pending", "frozen"])
def test_a_release_before_its_first_day_is_in_development(state):
    assert paths("f45", state)["release"] == "fedora/linux/development/45/Everything/x86_64/os"


def test_on_the_first_day_a_release_may_be_at_either_place():
    (released,) = (
        each
        for each in repositories({"branch": "f44", "state": "current"})
        if each.kind == "release" and not each.is_source
    )
    assert [path.split("/")[2] for path in released.paths] == ["releases", "development"]


@pytest.mark.parametrize(
    ("branch", "stable", "testing"),
    [
        ("epel9", "epel/9", "epel/testing/9"),
        ("epel10", "epel/10", "epel/testing/10"),
        ("epel10.1", "epel/10.1", "epel/testing/10.1"),
        ("epel9-next", "epel/next/9", "epel/testing/next/9"),
    ],
)
def test_epel_has_places_of_its_own(branch, stable, testing):
    assert paths(branch) == {"testing": f"{testing}/Everything/x86_64", "release": f"{stable}/Everything/x86_64"}


def test_sources_are_beside_the_binaries():
    assert paths("f44", is_source=True)["updates"] == "fedora/linux/updates/44/Everything/source/tree"


@pytest.mark.parametrize("branch", ["eln", "f45/../..", "../f45", "main", "", "epel", "f"])
def test_a_branch_that_is_nowhere_has_no_repositories(branch):
    assert repositories({"branch": branch, "state": "current"}) == ()
