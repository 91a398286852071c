"""Questions: which words of a text count, and what for."""

import pytest

from fedora_packages.search.document import Binary
from fedora_packages.search.match import MAX_BINARIES_OF_HIT, MAX_WORDS, SearchQuery
from tests.search.fedora import document

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("between", [" ", "-", "- -"])
def test_the_first_words_count_however_they_are_written(between):
    words = [word for token in SearchQuery(between.join(2 * letter for letter in LETTERS)).tokens for word in token]
    assert words == [2 * letter for letter in LETTERS[:MAX_WORDS]]


def test_the_first_words_count_of_many_names():
    tokens = SearchQuery(" ".join(f"{2 * letter}-{3 * letter}" for letter in LETTERS)).tokens
    assert (len(tokens), sum(map(len, tokens))) == (MAX_WORDS // 2, MAX_WORDS)


def test_a_word_that_is_said_again_counts_once():
    assert SearchQuery("aa aa-aa " * MAX_WORDS + "bb").tokens == [("aa",), ("bb",)]


#: What has a program that is in menus.
PROGRAM = ("/usr/bin/program", "/usr/share/applications/program.desktop")


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
        ("lantern", document("zzzzzz-lantern"), document("libaa-lantern")),
        ("drawing tool", document("zz", summary="Drawing tool"), with_files("libaa", *PROGRAM)),
        ("lantern", document("libzz-lantern"), document("libaa-lantern", retired=True, branch=None, releases=())),
        # How its prose says so.
        (
            "drawing tool",
            document("zz", summary="Drawing tool one two three four"),
            document("aa", summary="Drawing tool one two three four five"),
        ),
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
        ("lantern", document("lantern-zzzz"), document("my-lantern")),
        ("lanternfisher", document("lanternfisher-zzzz"), document("my-lanternfisher")),
        ("lantern", document("zz-lantern"), document("a-lanterns")),
        ("lantern", document("zz-lantern"), document("a", "zz-lantern")),
        ("lantern", document("zz", "zz-lantern"), document("a", "zz-lanterns")),
        ("lanter", document("zz-lanterns"), document("aa", summary="Lanter")),
        ("lanter", document("zz", "zz-lanterns"), document("aa", summary="Lanter")),
        ("gnome_lantern", document("gnome-lantern"), document("gnome-lantern-a", dependents=3000)),
        ("gtk+3", document("gtk3"), document("aa", summary="Gtk+ 3 bindings")),
        ("lantern", document("zz", summary="Lantern", description="A lantern"), document("aa", summary="Lantern")),
        # How much depends on it: less than what it is called, and more than nothing.
        ("lantern", document("lantern-zz"), document("aa", summary="Lantern", dependents=9999)),
        ("lantern", document("zz", summary="Lantern", dependents=9), document("aa", summary="Lantern")),
        ("lantern", document("lantern-aaa", dependents=9999), document("lantern-z", dependents=9)),
        ("lantern", document("zz-lantern", dependents=1000), document("lantern-aa")),
    ],
)
def test_one_thing_makes_a_package_come_first(make_index, text, first, then):
    assert [hit.document.name for hit in make_index(then, first).search(text).hits][:1] == [first.name]


def test_words_that_say_nothing_need_not_be_there_but_where_there_are_no_others(make_index):
    reader = make_index(document("the-lantern"), document("zebra", summary="Zebra"))
    found = [reader.search(text) for text in ("the zebra", "the", "a the")]
    assert [([hit.document.name for hit in hits.hits], hits.has_all) for hits in found] == [
        (["zebra"], True),
        (["the-lantern"], True),
        (["the-lantern"], False),
    ]


def test_any_word_will_do_wherever_it_is(make_index):
    reader = make_index(document("lantern"), document("b", summary="Lanterns"), document("c", description="Lanterns"))
    assert {hit.document.name for hit in reader.search("zebra of lantern").hits} == {"lantern", "b", "c"}


def test_signs_may_be_too_many(make_index):
    found = make_index(document("gtk3")).search("gtk+3")
    assert (found.total, found.corrected) == (1, None)


def test_of_many_parts_that_a_long_word_begins_many_are_found(make_index):
    reader = make_index(*(document(f"lanternfisher{letter}") for letter in LETTERS))
    assert reader.search("lanternfish").total == len(LETTERS)


def test_the_nearest_binary_is_the_one_of_that_name_then_what_has_the_word_whole_and_little_else():
    names = ("a-lantern-shade", "lantern", "lanterns", "z-lantern", "zebra")
    assert SearchQuery("lantern").binaries(document("source", *names)) == (
        "lantern",
        "z-lantern",
        "a-lantern-shade",
        "lanterns",
    )
    many = document("source", *(f"lantern-{number}" for number in range(MAX_BINARIES_OF_HIT + 1)))
    assert len(SearchQuery("lantern").binaries(many)) == MAX_BINARIES_OF_HIT


def test_the_binaries_that_are_meant_are_named_the_nearest_first(make_index):
    names = ("lantern-devel", "lanterns", "lantern", "lantern-a", *(f"lantern-long-{letter}" for letter in LETTERS))
    [hit] = make_index(document("source", *names)).search("lantern").hits
    assert (hit.binaries[:4], len(hit.binaries)) == (("lantern", "lantern-a", "lantern-devel", "lantern-long-a"), 10)
