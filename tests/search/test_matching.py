"""Questions: which words of a text count, and what for."""

import pytest

from fedora_packages.search.document import Binary
from fedora_packages.search.matching import WORDS_READ, Question
from tests.search.fedora import document

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("between", [" ", "-", "- -"])
def test_the_first_words_count_however_they_are_written(between):
    words = [word for token in Question(between.join(2 * letter for letter in LETTERS)).tokens for word in token]
    assert words == [2 * letter for letter in LETTERS[:WORDS_READ]]


def test_the_first_words_count_of_many_names():
    tokens = Question(" ".join(f"{2 * letter}-{3 * letter}" for letter in LETTERS)).tokens
    assert (len(tokens), sum(map(len, tokens))) == (WORDS_READ // 2, WORDS_READ)


def with_files(name, *files):
    return document(name, summary="Drawing tool", binaries=(Binary(name, files=files),))


@pytest.mark.parametrize(
    ("text", "first", "then"),
    [
        # What the package is to people.
        ("drawing tool", with_files("zz", "/usr/share/applications/zz.desktop"), with_files("aa", "/usr/share/aa")),
        ("drawing tool", with_files("zz", "/usr/bin/zz"), with_files("aa", "/usr/share/aa")),
        ("drawing tool", document("zzzzzzz", summary="Drawing tool"), document("libaa", summary="Drawing tool")),
        ("drawing tool", document("libre-zz", summary="Drawing tool"), document("libaa", summary="Drawing tool")),
        # How its prose says so.
        ("drawing tool", document("zz", summary="Drawing tool"), document("aa", summary="Drawing tool more or less")),
        (
            "drawing tool",
            document("zz", summary="Drawing tool for maps"),
            document("aa", summary="Maps for drawing tool"),
        ),
        ("drawing tools", document("zz", summary="Drawing tools"), document("aa", summary="Drawing tool")),
        ("drawing tool", document("zz", description="The drawing tool"), document("aa", description="Tool drawing")),
        # What it is called.
        ("lantern", document("lantern-zz"), document("lantern-aaa")),
        ("lantern", document("lantern11.8"), document("lantern-a")),
        ("lantern", document("python-lantern"), document("lantern-aaa")),
        ("json parser", with_files("zz-json-parser", "/usr/bin/zz"), document("perl-JSON-Parser", dependents=3)),
        ("lantern", document("zz", owner="lantern"), document("aa", summary="Lantern")),
        # How much depends on it: less than what it is called, and more than nothing.
        ("lantern", document("lantern-zz"), document("aa", summary="Lantern", dependents=9999)),
        ("lantern", document("zz", summary="Lantern", dependents=9), document("aa", summary="Lantern")),
        ("lantern", document("lantern-aaa", dependents=9999), document("lantern-z", dependents=9)),
    ],
)
def test_one_thing_makes_a_package_come_first(make_index, text, first, then):
    assert [hit.document.name for hit in make_index(then, first).search(text).hits][:1] == [first.name]


def test_signs_may_be_too_many(make_index):
    found = make_index(document("gtk3")).search("gtk+3")
    assert (found.total, found.corrected) == (1, None)


def test_of_many_parts_that_a_long_word_begins_many_are_found(make_index):
    reader = make_index(*(document(f"lanternfisher{letter}") for letter in LETTERS))
    assert reader.search("lanternfish").total == len(LETTERS)


def test_the_binaries_that_are_meant_are_named_the_nearest_first(make_index):
    names = ("lantern-devel", "lanterns", "lantern", "lantern-a", *(f"lantern-long-{letter}" for letter in LETTERS))
    [hit] = make_index(document("source", *names)).search("lantern").hits
    assert (hit.binaries[:4], len(hit.binaries)) == (("lantern", "lantern-a", "lantern-devel", "lantern-long-a"), 10)
