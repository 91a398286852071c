"""Split texts that people wrote into parts with and without a link.

All parts together are the original text, and no part is ever markup: a template escapes and prints them.
"""

import re
from collections.abc import Callable, Iterator, Mapping

#: Links in one text; the rest of it gets none.
MAX_LINKS = 200

Part = tuple[str, str | None]

#: The names of a CVE and of an update, in any case; Bodhi's names for content other than rpms have words before the year.
CVE = r"CVE-[0-9]{4}-[0-9]{4,19}"
ADVISORY = r"FEDORA(?:-[A-Z]{2,12}){0,2}-[0-9]{4}-[0-9A-F]{4,12}"

_BUG = r"[1-9][0-9]{0,8}"

#: Links in a text.  ``number`` is a bug number anywhere in the match; ``numbers`` are several after a keyword such as
#: ``Resolves:``.
_LINK = re.compile(
    rf"""
      (?P<url> https?://[^\s<>"'`{{}}|\\^]+ )
    | (?P<other> \b(?: PR | MR | GH | gh | pull\ request | merge\ request | issue | ticket | upstream | github | gitlab )s?
                     [ ]? [#!]? [ ]? \#? [0-9]+ )
    | (?P<cve> \b {CVE} \b )
    | (?P<advisory> \b {ADVISORY} \b )
    | (?P<numbers> \b(?: resolves | fixes | closes | related | reverts ) [ ]?:[ \t]*
                   (?: (?: rhbz | bz | bug )?[ ]?\#?{_BUG}\b (?: [ ]?[,;]?[ ]? ) )+ )
    | (?: \b(?: rhbz | rhbug | bugzilla | bz | bug )s? (?: [ ]?\#[ ]? | :[ ]? | [ ] | )
                (?P<number> {_BUG} ) \b (?![.\-][0-9]) )
    | (?<! [\w/&\#.] ) \# (?P<bare> [1-9][0-9]{{5,7}} ) \b (?![.\-][0-9])
    """,
    re.VERBOSE | re.IGNORECASE,
)

_NUMBER = re.compile(rf"(?:\b(?:rhbz|bz|bug)[ ]?)?\#?\b({_BUG})\b", re.IGNORECASE)

#: Digits of a bug number without a keyword; shorter numbers belong to other projects.
_BUG_DIGITS = 4

#: Characters that end a sentence or a bracket around a URL, not the URL.
_AFTER_URL = ".,;:!?)]"


def linkify(text: str, urls: Mapping[str, Callable[[str], str | None]]) -> list[Part]:
    """Return the parts of a text in order: (text, URL or None).

    ``urls`` makes a URL, or None, of each kind of link: ``bug`` of a number, ``cve`` and ``advisory`` of a normalized name,
    ``web`` of a URL.  Bugs are numbers after a keyword (``rhbz#``, ``bz``, ``bug``, ``Resolves:``), or of six to eight digits
    after ``#``; numbers of other trackers (``PR #``, ``issue #``) get no link.
    """
    parts: list[Part] = []
    end = count = 0
    for start, stop, kind, subject in _links(text):
        if count >= MAX_LINKS:
            break
        url = urls[kind](subject)
        if url is not None:
            parts += [(text[end:start], None), (text[start:stop], url)]
            end, count = stop, count + 1
    parts.append((text[end:], None))
    return [part for part in parts if part[0]]


def advisory(text: str) -> str:
    """Return the name of an update in Bodhi's case: ``FEDORA-EPEL-2026-0a1b2c3d4e``."""
    head, _, number = text.rpartition("-")
    return f"{head.upper()}-{number.lower()}"


def _links(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield (start, end, kind, subject) of possible links, in order and without overlap."""
    for match in _LINK.finditer(text):
        kind = match.lastgroup
        start, stop = match.span()
        if kind == "url":
            subject = match[0].rstrip(_AFTER_URL)
            yield start, start + len(subject), "web", subject
        elif kind == "cve":
            yield start, stop, "cve", match[0].upper()
        elif kind == "advisory":
            yield start, stop, "advisory", advisory(match[0])
        elif kind == "numbers":
            for number in _NUMBER.finditer(match[0]):
                if len(number[1]) >= _BUG_DIGITS:
                    yield start + number.start(), start + number.end(), "bug", number[1]
        elif kind == "bare" or (kind == "number" and len(match["number"]) >= _BUG_DIGITS):
            yield start, stop, "bug", match[kind]
