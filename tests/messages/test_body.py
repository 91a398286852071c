"""Fields of an untrusted body."""

import pytest

from fedora_packages.messages.body import dig, is_fedora, matches, named, objects, strings, words


@pytest.mark.parametrize(
    ("topic", "pattern", "does"),
    [("git.receive", "git.receive", True), ("git.receive.a.b", "git.*", True), ("git.receive", "git", False)],
)
def test_a_star_in_a_pattern_matches_any_string(topic, pattern, does):
    assert matches(topic, ("other", pattern)) is does


@pytest.mark.parametrize("value", [None, 7, "text", [], {"a": None}, {"a": []}, {"a": {"c": 1}}])
def test_a_path_that_ends_early_leads_nowhere(value):
    assert dig(value, "a", "b") is None


def test_a_name_stands_alone_or_in_an_object():
    assert (named({"name": "guake"}), named("guake"), named({})) == ("guake", "guake", None)


@pytest.mark.parametrize("value", [None, 7, "text", {"a": 1}, [7, None]])
def test_a_value_that_is_no_list_of_them_has_no_objects_strings_or_words(value):
    assert (objects(value), strings(value)) == ([], [])
    assert words(value) == (["text"] if value == "text" else [])


def test_words_are_separated_by_commas_and_spaces():
    assert words("a-1-1, b-1-1\nc-1-1") == ["a-1-1", "b-1-1", "c-1-1"]


def test_a_distribution_is_fedora_in_any_case():
    assert [is_fedora(name) for name in ("Fedora", "fedora", "Arch", None)] == [True, True, False, False]
