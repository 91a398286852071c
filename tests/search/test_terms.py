"""Terms: names kept whole and in parts, prose stemmed, all of it within Xapian's bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.rpm.nvr import PACKAGE_NAME
from fedora_packages.search import terms
from fedora_packages.search.document import Binary, Document

package_names = st.from_regex(PACKAGE_NAME, fullmatch=True)


@pytest.mark.parametrize("name", ["gcc-c++", "python3.14", "0ad", "mysql++", "libstdc++", "vim-X11", "_3"])
def test_a_name_is_a_term_as_it_is(name):
    assert terms.SOURCE + name in set(terms.terms_of(Document(name)))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("vim-X11", {"vim", "x11", "x", "11", "vimx11"}),
        ("python3.14", {"python3", "python", "3", "14", "python314"}),
        ("gcc-c++", {"gcc", "c++", "c", "gccc"}),
        ("PackageKit", {"packagekit", "package", "kit"}),
        ("0ad", {"0ad", "0", "ad"}),
        ("ImageMagick-c++-devel", {"imagemagick", "image", "magick", "c++", "c", "devel", "imagemagickcdevel"}),
    ],
)
def test_a_name_has_parts(name, parts):
    assert terms.name_parts(name) == parts


def test_prose_is_stemmed():
    assert terms.stems("Terminals") == terms.stems("terminal")


def test_names_are_not_stemmed():
    assert "requests" in terms.name_parts("python-requests")


@pytest.mark.parametrize("word", ["C++", "C#"])
def test_languages_with_signs_are_words(word):
    assert word.casefold() in terms.stems(f"Bindings for {word}.")


def test_words_that_say_nothing_are_left_out():
    assert terms.stems("the terminal for the desktop") == terms.stems("terminal desktop")


def test_differences_of_case_accents_and_width_do_not_count():
    assert terms.split("Ｃafé STRASSE") == terms.split("cafe straße")


def test_a_retired_package_has_no_term_of_the_living():
    assert terms.LIVING not in set(terms.terms_of(Document("gone", retired=True)))


def test_pairs_of_long_words_are_within_bounds():
    words = "\U00010330" * 100 + " " + "\U00010331" * 100
    made = Document("gothic", summary=words, description=words)
    assert all(len(term.encode()) <= 245 for term in terms.terms_of(made))
    assert len(set(terms.pairs(words))) == 1


def test_what_is_longer_than_can_be_corrected_is_no_spelling():
    made = Document(
        f"{'a' * terms.MAX_SPELLING_LENGTH}-{'b' * terms.MAX_SPELLING_LENGTH}b", summary=f"abc abcd {'1' * 9}"
    )
    assert set(terms.spellings(made)) == {"a" * terms.MAX_SPELLING_LENGTH, "abcd"}


@pytest.mark.parametrize(
    ("beginning", "is_one"), [("x1", True), ("11", True), ("vimx", True), ("im", False), ("c++", False)]
)
def test_parts_of_a_name_are_known_by_their_beginnings(beginning, is_one):
    assert terms.has_part("vim-X11", beginning) is is_one


@given(name=package_names, summary=st.text(max_size=300), description=st.text(max_size=300))
def test_no_term_is_longer_than_xapian_allows(name, summary, description):
    made = Document(name, summary=summary, description=description, binaries=(Binary(name, summary),))
    assert all(len(term.encode()) <= 245 for term in terms.terms_of(made))
