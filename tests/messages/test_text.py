"""Text from elsewhere acts on nothing that shows it."""

import unicodedata

import pytest
from hypothesis import given, strategies

from fedora_packages.messages.text import line, lines

#: Overrides, embeddings and isolates, and what closes them.
TURNING = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]

ANY = strategies.text(
    strategies.characters(codec=None) | strategies.sampled_from([*TURNING, "\r", "\n", "\x85", "\x1b"])
)


def acting(text, allowed=""):
    return [
        each
        for each in text
        if (unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") or each in TURNING) and each not in allowed
    ]


@given(ANY)
def test_a_line_has_nothing_that_acts(text):
    assert acting(line(text)) == []


@given(ANY)
def test_lines_have_line_feeds_and_tabs_only(text):
    assert acting(lines(text), "\n\t") == []


@pytest.mark.parametrize("clean", [line, lines])
@given(text=ANY)
def test_a_clean_text_stays_as_it_is(clean, text):
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb", "a b"),
        ("a\rb\nc\x0bd\x0ce\x85f\u2028g\u2029h\ti", "a b c d e f g h i"),
        ("\x1b[200~9cd568066b5f\x1b[201~", "[200~9cd568066b5f[201~"),
        ("nul\x00 bell\x07 del\x7f csi\x9b", "nul bell del csi"),
        ("Terminal \u202elanimret", "Terminal lanimret"),
        ("\u2068closed\u2069", "closed"),
        ("Latin-1 \udce9 lone", "Latin-1 ? lone"),
        ("ر\u200fabc\u200e \u061c \u200d naïve\u00a0日本", "ر\u200fabc\u200e \u061c \u200d naïve\u00a0日本"),
    ],
)
def test_a_line_is_shown_on_one_line(text, shown):
    assert line(text) == shown


def test_lines_keep_their_indentation():
    assert lines("- one\r\n\tand more\rlast\x0c") == "- one\n\tand more\nlast\n"
