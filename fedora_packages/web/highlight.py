"""Split spec files into colored tokens, line by line.

Pygments' lexers are regular expressions, which a hostile text can keep busy.  So they get a limited part of a text, with lines of
ordinary length, and return a limited number of tokens; the rest stays plain.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from pygments.lexer import bygroups, include, using
from pygments.lexers.installers import RPMSpecLexer
from pygments.token import STANDARD_TYPES, Comment, Generic, Punctuation, String, Text, Token

#: Characters of a text that get colors, characters of such a line, and tokens in them.  So many tokens take at most 50 ms, and an
#: ordinary spec of 80,000 characters has them.
MAX_COLORED = 128 << 10
MAX_COLORED_LINE = 400
MAX_TOKENS = 15_000

#: Lines that are split.
MAX_LINES = 10_000

#: Texts whose tokens are kept, for pages that are requested again.
CACHE_SIZE = 16

#: Pygments' short name of a token ("k" for a keyword, "nv" for a variable), or "" for plain text; and its text.
Part = tuple[str, str]
Line = tuple[Part, ...]


class Highlighted(NamedTuple):
    """The lines of a text without their ends, in parts that together are the line; and the text after the last of these lines."""

    lines: tuple[Line, ...]
    rest: str


class _SpecLexer(RPMSpecLexer):
    """Pygments' lexer with further tags, which reads plain text word by word.

    The original reads it letter by letter, which takes four times as long.
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


@lru_cache(maxsize=CACHE_SIZE)
def highlight(text: str) -> Highlighted:
    """Return the lines of a spec file, at most `MAX_LINES` of them split."""
    pieces = text.split("\n", MAX_LINES)
    if len(pieces) <= MAX_LINES and not pieces[-1]:
        # The last line's end does not begin another line.
        del pieces[-1]
    colored = list(islice(_colored_lines(_colorable(text)), MAX_LINES))
    # The others include the lines beyond the limits of colors.
    plain = ((("", line),) if line else () for line in pieces[len(colored) : MAX_LINES])
    return Highlighted((*colored, *plain), "".join(pieces[MAX_LINES:]))


def _colorable(text: str) -> str:
    """Return the text up to the first line beyond the limits."""
    end = 0
    while end < len(text):
        stop = text.find("\n", end) + 1 or len(text)
        if stop > MAX_COLORED or stop - end > MAX_COLORED_LINE:
            break
        end = stop
    return text[:end]


def _colored_lines(text: str) -> Iterator[Line]:
    parts: list[Part] = []
    tokens = _SpecLexer().get_tokens_unprocessed(text)
    for _, kind, value in islice(tokens, MAX_TOKENS):
        name = _short_name(kind)
        for number, piece in enumerate(value.split("\n")):
            if number:
                yield tuple(parts)
                parts = []
            if piece and parts and parts[-1][0] == name:
                parts[-1] = (name, parts[-1][1] + piece)
            elif piece:
                parts.append((name, piece))
    # Beyond the limit a line is not whole.
    if parts and next(tokens, None) is None:
        yield tuple(parts)


def _short_name(kind: type[Token]) -> str:
    """Return Pygments' short name for a kind of token or its nearest parent; "" for plain text and spaces."""
    while kind not in STANDARD_TYPES:
        kind = kind.parent
    name = STANDARD_TYPES[kind]
    return "" if name == "w" else name
