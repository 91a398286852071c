"""Texts that people wrote, taken apart into what leads somewhere and what does not.

The one thing to know: a text is kept as it was written.  All parts together are the text, and nothing in it is ever markup: a
template escapes and prints them.
"""

import re
from collections.abc import Callable, Iterator, Mapping

#: Links that are made of one text.  What comes after them is text, however much it looks like one.
LINKED = 200

Part = tuple[str, str | None]

#: A CVE's name, and an update's (bodhi's words for other content than rpms come before the year), in any case.
CVE = r"CVE-[0-9]{4}-[0-9]{4,19}"
ADVISORY = r"FEDORA(?:-[A-Z]{2,12}){0,2}-[0-9]{4}-[0-9A-F]{4,12}"

_BUG = r"[1-9][0-9]{0,8}"

#: What a text is searched for.  ``number`` is a bug's, wherever it stands in the match; ``numbers`` are several after a word such
#: as ``Resolves:``.
_FOUND = re.compile(
    rf"""
      (?P<address> https?://[^\s<>"'`{{}}|\\^]+ )
    | (?P<elsewhere> \b(?: PR | MR | GH | gh | pull\ request | merge\ request | issue | ticket | upstream | github | gitlab )s?
                     [ ]? [#!]? [ ]? \#? [0-9]+ )
    | (?P<cve> \b {CVE} \b )
    | (?P<advisory> \b {ADVISORY} \b )
    | (?P<numbers> \b(?: resolves | fixes | closes | related | reverts ) [ ]?:[ \t]*
                   (?: (?: rhbz | bz | bug )?[ ]?\#?{_BUG}\b (?: [ ]?[,;]?[ ]? ) )+ )
    | (?P<said> \b(?: rhbz | rhbug | bugzilla | bz | bug )s? (?: [ ]?\#[ ]? | :[ ]? | [ ] | )
                (?P<number> {_BUG} ) \b (?![.\-][0-9]) )
    | (?<! [\w/&\#.] ) \# (?P<bare> [1-9][0-9]{{5,7}} ) \b (?![.\-][0-9])
    """,
    re.VERBOSE | re.IGNORECASE,
)

_NUMBER = re.compile(rf"(?:\b(?:rhbz|bz|bug)[ ]?)?\#?\b({_BUG})\b", re.IGNORECASE)

#: A number without a word before it counts as a bug's from so many digits on: what is shorter is some other project's.
_BUG_DIGITS = 4

#: What ends a sentence or a bracket round an address, and not the address.
_AFTER_ADDRESS = ".,;:!?)]"


def linkify(text: str, addresses: Mapping[str, Callable[[str], str | None]]) -> list[Part]:
    """Return a text in parts, in order: (text, the address it leads to or None).

    ``addresses`` makes an address, or None, of what is found: ``bug`` of a number, ``cve`` and ``advisory`` of a name as it is
    written properly, ``web`` of an address.  Bugs are numbers after a word for them (``rhbz#``, ``bz``, ``bug``, ``Resolves:``)
    or, after nothing but ``#``, of six to eight digits; those of other trackers (``PR #``, ``issue #``) are not.
    """
    found: list[Part] = []
    end = count = 0
    for start, stop, kind, subject in _links(text):
        if count >= LINKED:
            break
        address = addresses[kind](subject)
        if address is not None:
            found += [(text[end:start], None), (text[start:stop], address)]
            end, count = stop, count + 1
    found.append((text[end:], None))
    return [part for part in found if part[0]]


def advisory(text: str) -> str:
    """Return an update's name, which is written in any case, as bodhi writes it: ``FEDORA-EPEL-2026-0a1b2c3d4e``."""
    head, _, number = text.rpartition("-")
    return f"{head.upper()}-{number.lower()}"


def _links(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield (start, end, kind, subject) of what may lead somewhere, in order and without overlap."""
    for match in _FOUND.finditer(text):
        kind = match.lastgroup if match["number"] is None else "said"
        start, stop = match.span()
        if kind == "address":
            subject = match[0].rstrip(_AFTER_ADDRESS)
            yield start, start + len(subject), "web", subject
        elif kind == "cve":
            yield start, stop, "cve", match[0].upper()
        elif kind == "advisory":
            yield start, stop, "advisory", advisory(match[0])
        elif kind == "numbers":
            for number in _NUMBER.finditer(match[0]):
                if len(number[1]) >= _BUG_DIGITS:
                    yield start + number.start(), start + number.end(), "bug", number[1]
        elif kind in ("said", "bare"):
            number = match["number"] or match["bare"]
            if kind == "bare" or len(number) >= _BUG_DIGITS:
                yield start, stop, "bug", number
