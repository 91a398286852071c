"""Text from elsewhere acts on nothing that shows it."""

import configparser
import io
import logging
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, strategies

from fedora_packages.messages.text import FORMAT, LineFormatter, escaped, line, lines

ROOT = Path(__file__).parents[2]

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


@given(ANY)
def test_what_is_logged_is_one_line_and_nothing_is_lost(text):
    logged = escaped(text)
    assert acting(logged) == []
    assert logged == text or "\\" in logged


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


def logged(stream, make):
    """Return what a logger of the processes' form writes."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(FORMAT))
    logger = logging.Logger("fedora_packages.x")
    logger.addHandler(handler)
    make(logger)
    return stream.getvalue()


FORGED = "a\r\n2026-11-30 00:00:00,000 ERROR   x: forged\x1b[31m"


def test_a_record_is_one_line():
    found = logged(io.StringIO(), lambda logger: logger.warning("differs: %s", FORGED))
    assert (found.count("\n"), found.endswith("forged\\x1b[31m\n")) == (1, True)


def test_no_line_of_a_traceback_looks_like_a_record():
    def fail(logger):
        try:
            raise ValueError(FORGED)
        except ValueError:
            logger.exception("it failed", stack_info=True)

    first, *others = logged(io.StringIO(), fail).splitlines()
    assert first.endswith("it failed")
    assert "2026-11-30 00:00:00,000 ERROR   x: forged\\x1b[31m" in [line.strip() for line in others]
    assert all(line.startswith("    ") for line in others)


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_the_web_logs_lines_as_the_worker_does(name):
    ini = configparser.RawConfigParser()
    ini.read(ROOT / name)
    assert dict(ini["formatter_generic"]) == {"class": "fedora_packages.messages.text.LineFormatter", "format": FORMAT}


def test_a_log_shows_what_it_does_not_hold():
    assert escaped("nl\r\nX-Inj: \x1b[31m\u202e\udce9\x85é") == "nl\\r\\nX-Inj: \\x1b[31m\\u202e\\udce9\\x85é"
