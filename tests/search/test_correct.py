"""Texts with slips in them: what is looked for in their place, and what is only asked about."""

import pytest

from fedora_packages.search import correct, find, terms
from fedora_packages.search.document import Binary
from tests.search.fedora import document, names


def test_a_name_goes_on_from_the_longest_that_there_is(make_index):
    reader = make_index(document("emacs"), document("emacs-extra"))
    assert reader.search("emacs-extra-nox-gtk").corrected == "emacs-extra"


@pytest.mark.parametrize(
    ("text", "corrected", "first"),
    [
        ("kakuone", "kakoune", "kakoune"),
        ("gnome-termnal", "gnome-terminal", "gnome-terminal"),
        ("gnome termnal", "gnome terminal", "gnome-terminal"),
        ("cryptografy", "cryptography", "openssl"),
        ("/usr/sbin/kakoune", "kakoune", "kakoune"),
        ("pkgconfig(kakoune)", "kakoune", "kakoune"),
        ("libssl-dev", "libssl", "openssl"),
        ("kakoune-nox", "kakoune", "kakoune"),
    ],
)
def test_what_finds_nothing_is_corrected_and_that_is_told(reader, text, corrected, first):
    found = reader.search(text)
    assert (found.corrected, names(found)[0]) == (corrected, first)


def test_words_that_are_too_short_or_too_long_are_not_corrected(make_index):
    longest = "abcdefghijklmnopqrstuvwxyz"[: terms.MAX_SPELLING_LENGTH]
    reader = make_index(document("lamp"), document(longest))
    texts = ["lomp", "lmp", f"{longest[:-1]}A", f"{longest}A"]
    assert [reader.search(text).corrected for text in texts] == ["lamp", None, longest, None]


def test_a_slip_that_is_in_some_description_is_asked_about(make_index):
    reader = make_index(document("kakoune", "kakoune"), document("other", summary="An editor like kakuone"))
    found = reader.search("kakuone")
    assert (names(found), found.suggestion, found.corrected) == (["other"], "kakoune", None)


@pytest.mark.parametrize("text", ["kakoune", "terminal", "file manager", "cryptography"])
def test_what_is_no_slip_is_not_asked_about(reader, text):
    assert reader.search(text).suggestion is None


@pytest.mark.parametrize(
    "found",
    [
        # Something is called so.
        document("my-lanterns", summary="Lanterns"),
        document("other", "my-lanterns", summary="Lanterns"),
        document("other", binaries=(Binary("other", obsoletes=("lanterns",)),)),
    ],
)
def test_what_something_is_called_is_not_asked_about(make_index, found):
    hits = make_index(document("lantern"), found).search("lanterns")
    assert (names(hits), hits.suggestion) == ([found.name], None)


def test_what_may_be_meant_must_be_the_name_of_something(make_index):
    reader = make_index(document("a", summary="Kakoune"), document("b", description="kakuone"))
    assert (reader.search("kakuone").total, reader.search("kakuone").suggestion) == (1, None)


def test_only_the_first_page_asks_what_may_be_meant(make_index):
    reader = make_index(document("kakoune"), *(document(name, description="Like kakuone") for name in "ab"))
    pages = [reader.search("kakuone", start, rows) for start, rows in ((0, 1), (1, 1), (2, 1), (0, 0))]
    assert [(page.total, page.suggestion) for page in pages] == [(2, "kakoune"), (2, None), (2, None), (2, None)]


def test_what_was_corrected_is_not_asked_about(make_index):
    reader = make_index(document("cedar", dependents=900), document("other", summary="A ceder"))
    assert reader.search("ceder").suggestion == "cedar"
    found = reader.search("xceder")
    assert (names(found), found.corrected, found.suggestion) == (["other"], "ceder", None)


def test_what_finds_something_is_not_corrected(reader):
    assert reader.search("kakoune").corrected is None


def test_words_that_are_each_a_slip_of_another_are_not_corrected_without_end(make_index):
    reader = make_index(*(document(name) for name in ("cedar", "ceder", "penguin", "pengui")))
    found = reader.search("cedar penguin")
    assert (sorted(names(found)), found.corrected) == (["cedar", "penguin"], None)


def test_what_was_corrected_is_not_corrected_again(reader, monkeypatch):
    asked = []
    monkeypatch.setattr(find, "corrections", lambda database, text: asked.append(text) or iter([f"{text}z"]))
    assert (reader.search("zzzz").total, asked) == (0, ["zzzz"])


@pytest.mark.parametrize(
    "known", [document("lantern"), document("light", "lantern"), document("light", summary="Lantern")]
)
def test_a_word_that_is_known_is_right(make_index, known):
    reader = make_index(known, document("lanterns", dependents=900), document("zebra"))
    assert reader.search("lantern zebrb").corrected == "lantern zebra"


WORDY = "terminal emulator that keeps every file in"


@pytest.mark.parametrize(
    ("slip", "right"),
    [
        (f"{WORDY} ordr", f"{WORDY} order"),
        ("gnome termnal for the dekstop in order", "gnome terminal for the desktop in order"),
    ],
)
def test_a_text_of_many_words_is_corrected_too(reader, slip, right):
    assert reader.search(slip).corrected == right


def test_of_many_words_one_that_some_description_has_is_right(make_index):
    known = document("a", summary="One two three four zebra", description="five zebrb")
    reader = make_index(known, document("b", summary="six"))
    assert reader.search("one two three four five six zebrb").corrected is None
    # Of few words it is a slip, if there is no package that has them all.
    assert reader.search("six zebrb").corrected == "six zebra"


def test_of_many_words_only_some_that_are_not_known_are_looked_up(reader, monkeypatch):
    asked = []
    monkeypatch.setattr(correct, "_suggestion", lambda database, word: asked.append(word))
    unknown = [f"zzzz{letter}" for letter in "abcdefgh"]
    reader.search(" ".join(["terminal", *unknown, "zzzza", "emulator"]))
    assert asked == unknown[: correct.MAX_CORRECTED_WORDS]


def test_a_name_in_a_text_is_corrected(reader):
    assert reader.search("/usr/bin/kakuone").corrected == "kakoune"


def test_corrected_pages_follow_each_other(reader):
    whole = names(reader.search("lantrn", rows=50))
    assert [name for start in range(len(whole)) for name in names(reader.search("lantrn", start, 1))] == whole
