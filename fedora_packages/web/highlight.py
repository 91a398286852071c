"""Spec files, taken apart for their colours: lines of (what it is, text).

The one thing to know: Pygments' lexers are regular expressions that a hostile text can keep busy, so only so much of a text, and
only lines of an ordinary length, are given to one, for a bounded time.  What is beyond that is text like any other.
"""

import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from pygments.lexer import bygroups, include, using
from pygments.lexers.installers import RPMSpecLexer
from pygments.token import STANDARD_TYPES, Comment, Generic, Punctuation, String, Text, Token

#: Characters of a text that get colours, characters of a line that does, and seconds that it may take.
COLOURED = 128 << 10
LINE_COLOURED = 400
SECONDS = 0.25

#: Lines that are given one by one.
LINES = 10_000

#: Texts whose parts are remembered: a page that is asked for again and again takes its file apart once.
REMEMBERED = 16

#: What a part is, in one short word of Pygments' ("k" a keyword, "nv" a variable ...), or "" for nothing special; and its text.
Part = tuple[str, str]
Line = tuple[Part, ...]


class Highlighted(NamedTuple):
    """The lines of a text without their ends, in parts that together are the line; and the text after the last of these lines."""

    lines: tuple[Line, ...]
    rest: str


class _SpecLexer(RPMSpecLexer):
    """Pygments' lexer with the tags that it does not know, by words.

    The original takes what is nothing special letter by letter, which takes four times as long.
    """

    name = "RPMSpec by words"
    aliases: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    mimetypes: tuple[str, ...] = ()
    tokens = {
        **RPMSpecLexer.tokens,
        "root": [
            (r"#.*$", Comment),
            (
                r"(?i)^(Recommends|Supplements|Enhances|SourceLicense|ModularityLabel|VCS)(:)(.*)$",
                bygroups(Generic.Heading, Punctuation, using(RPMSpecLexer)),
            ),
            include("basic"),
        ],
        **{
            state: [*RPMSpecLexer.tokens[state][:-1], (r"[\w/.,:;=<>()+*-]+|.", kind)]
            for state, kind in (("basic", Text), ("description", Text), ("changelog", Text), ("string", String.Double))
        },
    }


@lru_cache(maxsize=REMEMBERED)
def highlight(text: str, clock: Callable[[], float] = time.monotonic) -> Highlighted:
    """Return the lines of a spec file, at most `LINES` of them one by one."""
    coloured, plain = _divided(text)
    lines = list(islice(_coloured_lines(coloured, clock() + SECONDS, clock), LINES)) if coloured else []
    # The rest also where time was up.
    rest = coloured[sum(sum(len(part) for _, part in line) + 1 for line in lines) :] + plain
    left = LINES - len(lines)
    pieces = rest.split("\n", left)
    if len(pieces) <= left and not pieces[-1]:
        # What follows the last line's end is no line.
        del pieces[-1]
    lines += [(("", line),) if line else () for line in pieces[:left]]
    return Highlighted(tuple(lines), pieces[left] if len(pieces) > left else "")


def _divided(text: str) -> tuple[str, str]:
    """Return the text up to the first line that is beyond the bounds, and the rest."""
    end = 0
    while end < len(text):
        stop = text.find("\n", end) + 1 or len(text)
        if stop > COLOURED or stop - end > LINE_COLOURED:
            break
        end = stop
    return text[:end], text[end:]


def _coloured_lines(text: str, deadline: float, clock: Callable[[], float]) -> Iterator[Line]:
    parts: list[Part] = []
    for _, kind, value in _SpecLexer().get_tokens_unprocessed(text):
        word = _word(kind)
        first, *others = value.split("\n")
        _add(parts, word, first)
        for piece in others:
            yield tuple(parts)
            if clock() > deadline:
                return
            parts = []
            _add(parts, word, piece)
    if parts:
        yield tuple(parts)


def _add(parts: list[Part], word: str, piece: str) -> None:
    if not piece:
        return
    if parts and parts[-1][0] == word:
        parts[-1] = (word, parts[-1][1] + piece)
    else:
        parts.append((word, piece))


def _word(kind: type[Token]) -> str:
    """Return Pygments' short word for a kind of token, or for the nearest that has one; "" for plain text and spaces."""
    while kind not in STANDARD_TYPES:
        kind = kind.parent
    word = STANDARD_TYPES[kind]
    return "" if word == "w" else word
