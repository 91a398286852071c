"""A page that shows what Koji has built and what a repository has says which is which."""

import re

import pytest

from fedora_packages.widgets.published import is_published, published_order
from tests.web.values import RELEASES, VALUES, build, tagged

NOT_YET = "built, not yet in the repository"


def about(version="3.8", release="1.fc46", **more):
    return {**VALUES["mdapi.package"], "version": version, "release": release, **more}


@pytest.mark.parametrize(
    ("shown", "order"),
    [
        (about("3.7"), -1),
        (about("3.8", "1~rc1.fc46"), -1),
        (about("3.8"), 0),
        (about("3.10"), 1),
        # An epoch counts where both have one, whatever their types.
        (about("3.7", epoch="1"), -1),
        (about("3.7", epoch=""), -1),
        (None, None),
        ({"found": False}, None),
        # mdapi searches testing first: what the stable repository has is unknown.
        (about("3.7", repository="updates-testing"), None),
        # A binary package can have a version of its own.
        (about("1.2", name="guake-lib"), None),
        (about("1.2", name=None), None),
        (about("3.7", name="python3-guake"), -1),
    ],
)
def test_a_build_is_compared_with_what_its_repository_has(shown, order):
    builds = [build(9), build(8), build(7)]
    assert published_order(tagged(8, "f46"), shown, builds) == order
    assert published_order(None, shown, builds) is None


@pytest.mark.parametrize(
    ("mine", "its", "order"), [(2, "1", -1), (1, "2", 1), (0, "1", 1), (2, "x", None), (None, "0", 0), (None, "1", 0)]
)
def test_epochs_of_both_sides_come_first(mine, its, order):
    assert published_order({**tagged(8, "f46"), "epoch": mine}, about(epoch=its)) == order


def test_a_build_in_testing_is_compared_with_any_repository():
    in_testing = tagged(8, "f45-updates-testing")
    shown = [about("3.7"), about("3.7", repository="updates-testing"), about(repository="updates-testing")]
    assert [published_order(in_testing, one, is_testing=True) for one in shown] == [-1, -1, 0]


def test_a_repository_with_a_newer_version_says_nothing_of_a_build():
    assert [is_published(order) for order in (-1, 0, 1, None)] == [False, True, None, None]


def cells(page) -> dict[str, str]:
    """Return the stable cell of each release, spaces folded."""
    found = re.findall(r'<span class="branch">(\w+)</span>.*?data-label="Stable">(.*?)</td>', page.text, re.DOTALL)
    return {branch: " ".join(re.sub(r"<[^>]*>", "", cell).split()) for branch, cell in found}


def text(page) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", page.text).split())


def test_a_build_that_no_repository_has_yet_is_said_to_be_one_wherever_it_is_shown(guake):
    guake.know("mdapi.package", about("3.7"), "guake", "rawhide")
    page = guake.get("/guake", 200)
    assert cells(page)["rawhide"] == f"3.8-1.fc46 {NOT_YET}"
    assert "3.7-1.fc46 in rawhide; 3.8-1.fc46 is built, not yet in the repository" in text(page)
    assert re.search(rf"In Rawhide 3.8-1.fc46 upstream is newer {NOT_YET}", text(page))


def test_of_a_release_whose_repositories_the_page_has_not_read_nothing_is_said(guake):
    guake.know("mdapi.package", about("3.7"), "guake", "rawhide")
    assert cells(guake.get("/guake", 200))["f45"] == "3.6-1.fc46 update"


def test_a_build_that_the_repository_has_needs_no_words(guake):
    page = guake.get("/guake", 200)
    assert (cells(page)["rawhide"], NOT_YET in page.text) == ("3.8-1.fc46", False)


def test_a_repository_that_is_newer_than_koji_is_said_to_be_so(guake):
    guake.know("mdapi.package", about("3.9"), "guake", "rawhide")
    page = guake.get("/guake", 200)
    assert cells(page)["rawhide"] == "3.8-1.fc46 the repository has 3.9-1.fc46"
    assert NOT_YET not in page.text


@pytest.mark.parametrize("known", [{"found": False}, None])
def test_while_it_is_unknown_what_the_repository_has_nothing_is_said(site, known):
    values = {name: value for name, value in VALUES.items() if name != "mdapi.package"}
    site.know_all(values if known is None else {**values, "mdapi.package": known}, "guake")
    page = site.get("/guake", 200)
    assert (cells(page)["rawhide"], "not yet in the repository" in page.text) == ("3.8-1.fc46", False)


def test_a_build_in_testing_that_no_repository_has_yet_is_said_to_be_one(guake):
    releases = [{**release, "testing_tag": "f46-testing"} for release in RELEASES["releases"][:1]]
    guake.know("bodhi.releases", {"releases": releases})
    guake.know("koji.tagged", {"tags": {"f46": tagged(7, "f46"), "f46-testing": tagged(9, "f46-testing")}}, "guake")
    guake.know("mdapi.package", about("3.8", repository="updates-testing"), "guake", "rawhide")
    page = guake.get("/guake", 200)
    assert "3.8-1.fc46 in rawhide (updates-testing); 3.9-1.fc46 is built, not yet in the repository" in text(page)
    assert (cells(page)["rawhide"], page.text.count(NOT_YET)) == ("3.7-1.fc46", 2)
    # dnf installs what the repository has.
    assert "--enablerepo=updates-testing guake from testing, in rawhide (3.8-1.fc46)" in text(page)


def test_no_command_installs_a_build_in_testing_that_no_repository_has_yet(guake):
    releases = [{**release, "testing_tag": "f46-testing"} for release in RELEASES["releases"][:1]]
    guake.know("bodhi.releases", {"releases": releases})
    guake.know("koji.tagged", {"tags": {"f46": tagged(8, "f46"), "f46-testing": tagged(9, "f46-testing")}}, "guake")
    page = guake.get("/guake", 200)
    assert ("--enablerepo" in page.text, "3.9-1.fc46 built, not yet in the repository" in text(page)) == (False, True)
