"""Text from elsewhere, without characters that act on what shows it: a page, a JSON document, a log, a terminal.

Connectors and messages clean each text once, where it comes in.
"""

import re

#: What ends a line in HTML, JavaScript, Python or a terminal, beside a line feed.
_BREAKS = r"\r\v\f\x1c-\x1e\x85\u2028\u2029"
_BREAK = re.compile(rf"\r\n|[{_BREAKS}]")

#: Control characters, and those that turn the direction of what follows: one that is not closed reaches beyond its text.  Marks
#: without a scope (U+200E, U+200F, U+061C) stay: Arabic and Hebrew need them.
_ACTING = r"\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
_ACTOR = re.compile(f"[{_ACTING}]")

_SPACE = re.compile(r"[\t\n]")


def lines(text: str) -> str:
    """Return a text of several lines without control characters and overrides of direction.

    Only line feeds end its lines.  Tabs stay.  Lone surrogates, which can be neither stored nor shown, become question marks.
    """
    return _ACTOR.sub("", _BREAK.sub("\n", text)).encode("utf-8", "replace").decode("utf-8")


def line(text: str) -> str:
    """Return a text as `lines` does, on one line: line breaks and tabs become spaces."""
    # Nearly every text is clean already.
    return text if text.isprintable() else _SPACE.sub(" ", lines(text))
