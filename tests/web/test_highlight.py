"""Spec files in colours: every character stays, and it ends in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.web.highlight import MAX_COLORED, MAX_COLORED_LINE, MAX_LINES, MAX_TOKENS, highlight


def together(text: str) -> str:
    """Return what the lines of a spec file, and what is beyond them, are together."""
    lines, beyond = highlight(text)
    return "".join("".join(part for _, part in line) + "\n" for line in lines) + beyond


PIECES = st.sampled_from(
    ["Name:", "%global x ", "%{x}", "%description\n", "%changelog\n* ", '"', "'", "#", "\n", "\r\n", " "]
)


@given(text=st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_lines_together_are_the_text(text):
    assert together(text).removesuffix("\n") == text.removesuffix("\n")


def test_parts_say_what_they_are():
    lines, _ = highlight("Name: a\n# why\n%files\n%{_bindir}/a\n")
    assert [line[0] for line in lines] == [("gh", "Name"), ("c", "# why"), ("nd", "%files"), ("kp", "%{_bindir}")]


@pytest.mark.parametrize(
    "text",
    [f"Name: {'a' * 80}\n" * (MAX_COLORED // 80), "x" * (MAX_COLORED_LINE + 1) + "\nName: a\n", "\n" * 3 * MAX_LINES],
    ids=["a long text", "a long line", "many lines"],
)
def test_what_is_beyond_the_bounds_is_plain_text(text):
    lines, beyond = highlight(text)
    assert ((lines[-1][0][0] if lines[-1] else ""), len(lines) <= MAX_LINES, together(text) == text) == ("", True, True)


#: A line of five tokens.
LINE = "Name: a\n"


def test_what_is_beyond_the_bound_of_tokens_is_plain_text():
    lines, _ = highlight(LINE * (MAX_TOKENS // 5 + 100))
    assert [line[0][0] for line in lines] == ["gh"] * (MAX_TOKENS // 5) + [""] * 100


@pytest.mark.parametrize("begun", range(5))
def test_a_line_in_which_tokens_end_is_whole(begun):
    text = "#\n" * begun + LINE * (MAX_TOKENS // 5)
    assert together(text) == text
