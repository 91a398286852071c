"""Queries: what follows from a declaration."""

import pytest

from fedora_packages.connectors.query import MAX_EXPECTED, Queries, query
from fedora_packages.connectors.types import InvalidRows, Model, Rows, Text, read
from fedora_packages.errors import InvalidArgument
from fedora_packages.messages.event import Event


class Star(Model):
    """A star."""

    name: Text(10)


class DoubleStars(Model):
    """Some stars."""

    stars: Rows(Star, 10)
    invalid_rows: InvalidRows = None


class Doubles:
    name = "doubles"
    role = None

    @query(version=1)
    def stars(self, package) -> DoubleStars:
        """Return double stars."""
        return read(DoubleStars, {"stars": [{"name": package}, {"name": None}, {}]})


class Stars:
    name = "stars"
    role = None

    @query(version=3)
    def seen(self, package):
        """Return the stars of a package."""
        return {"package": package}

    @seen.affected("sky.star.*")
    def seen_affected(event):
        yield event.body["name"]

    @query(version=1, subject="binary")
    def by_release(self, package, release):
        """Return the stars of a package in a release."""
        return [package, release]

    @query(version=1)
    def bright(self, package, release):
        """Return the bright stars of a package in a release."""

    @bright.expects
    def bright_expect(event, package):
        return {"about": "a star", "release": event.body["release"], "name": event.body["name"]}

    @bright.reflects
    def bright_reflect(value, facts):
        return facts["name"] in value["names"]

    @bright.ignores
    def bright_announced(value):
        return {"names": value["names"]}

    @bright.external_id
    def bright_refers(value):
        return value["constellation"]

    @bright.affected("sky.constellation.*", by_external_id=True)
    def bright_affected(event):
        yield event.body["number"]

    @query(version=1, subject="nothing", every=900)
    def all(self):
        """Return all stars."""
        return "all"

    @query(version=1, follows="stars.all")
    def followers(self, package):
        """Return who follows the stars."""


@pytest.fixture
def stars():
    return Queries([Stars()])


def test_queries_are_named_after_connector_and_method(stars):
    assert set(stars) == {"stars.seen", "stars.bright", "stars.by_release", "stars.all", "stars.followers"}


def test_an_entry_is_a_query_about_a_package_in_a_shape(stars):
    assert stars["stars.seen"].entry("guake").key == "fp:{guake}:stars.seen:3"


def test_a_query_about_nothing_has_one_entry(stars):
    assert stars["stars.all"].entry().key == "fp:{*}:stars.all:1"


def test_a_query_is_fetched_with_what_it_takes(stars):
    assert [
        stars["stars.seen"].fetch("guake"),
        stars["stars.by_release"].fetch("guake", "f45"),
        stars["stars.all"].fetch("*"),
    ] == [{"package": "guake"}, ["guake", "f45"], "all"]


def test_the_release_is_the_variant_and_case_does_not_matter(stars):
    assert stars["stars.by_release"].variant("F45") == "f45"


def test_where_the_release_does_not_matter_there_is_one_variant(stars):
    assert stars["stars.seen"].variant("f45") == stars["stars.seen"].variant() == ""


@pytest.mark.parametrize("release", [None, "", "a b", "../x", "f45/", "x" * 40, "|"])
def test_what_can_be_no_release_is_refused(stars, release):
    with pytest.raises(InvalidArgument, match=r"stars.by_release needs a release"):
        stars["stars.by_release"].variant(release)


def test_topics_may_have_wildcards(stars):
    event = Event("org.fedoraproject.dev", "sky.star.born", "1", 0, {"name": "guake"})
    assert [found.name for found in stars.listening(event.topic)] == ["stars.seen"]
    assert list(stars["stars.seen"].touched(event)) == ["guake"]


def test_a_topic_that_nobody_asked_for_touches_nothing(stars):
    assert list(stars["stars.seen"].touched(Event("p", "sky.moon", "1", 0, {"name": "guake"}))) == []


def test_a_query_without_a_rule_for_it_shows_every_event(stars):
    query = stars["stars.seen"]
    assert query.expected(Event("p", "sky.star.born", "1", 0, {}), "guake") is None
    assert query.reflects({}, [{"about": "a star"}])


def test_facts_about_another_release_are_not_looked_for(stars):
    query = stars["stars.bright"]
    facts = query.expected(Event("p", "sky.star.born", "1", 0, {"name": "sirius", "release": "f45"}), "guake")
    assert [query.reflects({"names": []}, [facts], release) for release in ("f45", "rawhide")] == [False, True]


def test_facts_that_are_too_large_are_not_kept(stars):
    event = Event("p", "sky.star.born", "1", 0, {"name": "x" * MAX_EXPECTED, "release": "f45"})
    assert stars["stars.bright"].expected(event, "guake") is None


def test_what_is_unannounced_is_left_out_where_announcements_are_compared(stars):
    bright, seen = stars["stars.bright"], stars["stars.seen"]
    assert (bright.without_ignored({"names": [], "twinkles": 7}), seen.without_ignored(3)) == ({"names": []}, 3)


def test_queries_that_follow_another_are_found(stars):
    assert [found.name for found in stars.following("stars.all")] == ["stars.followers"]


def test_invalid_rows_are_logged_and_counted(caplog):
    counted = []
    queries = Queries([Doubles()], lambda *counts: counted.append(counts))
    assert queries["doubles.stars"].fetch("guake")["invalid_rows"]["count"] == 2
    assert counted == [("doubles.stars", 2)]
    error = "stars[1].name: expected a string, got null"
    assert f"doubles.stars of 'guake': 2 invalid rows left out; the first: {error}" in caplog.text


def test_a_value_without_invalid_rows_is_neither_logged_nor_counted(caplog):
    counted = []
    assert Queries([Stars()], counted.append)["stars.seen"].fetch("guake") == {"package": "guake"}
    assert (counted, caplog.text) == ([], "")


def test_a_query_without_a_type_can_return_anything(stars):
    assert stars["stars.seen"].returns == {}


def test_a_message_may_name_what_values_are_about_in_the_place_of_packages(stars):
    event = Event("org.fedoraproject.dev", "sky.constellation.renamed", "1", 0, {"number": 7})
    (found,) = stars.listening(event.topic)
    assert (list(found.touched(event)), list(found.external_ids(event))) == ([], [7])
    assert (found.external_id({"constellation": 7}), stars["stars.seen"].external_id({"constellation": 7})) == (7, None)
