"""Text from elsewhere, without characters that act on what shows it: a page, a JSON document, a log, a terminal.

Connectors and messages clean each text once, where it comes in.  Logs show such characters escaped.
"""

import logging
import re
import sys
from typing import TextIO

#: What ends a line in HTML, JavaScript, Python or a terminal, beside a line feed.
_BREAKS = r"\r\v\f\x1c-\x1e\x85\u2028\u2029"
_BREAK = re.compile(rf"\r\n|[{_BREAKS}]")

#: Control characters, and those that turn the direction of what follows: one that is not closed reaches beyond its text.  Marks
#: without a scope (U+200E, U+200F, U+061C) stay: Arabic and Hebrew need them.
_ACTING = r"\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
_ACTOR = re.compile(f"[{_ACTING}]")

_SPACE = re.compile(r"[\t\n]")

#: What a log must not hold as it is.  A lone surrogate cannot be written.
_UNLOGGED = re.compile(rf"[\t\n{_BREAKS}{_ACTING}\ud800-\udfff]")

#: The form of a line in the logs of the processes.
FORMAT = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"

#: What begins each line of a traceback: no record begins so.
INDENT = "    "


def lines(text: str) -> str:
    """Return a text of several lines without control characters and overrides of direction.

    Only line feeds end its lines.  Tabs stay.  Lone surrogates, which can be neither stored nor shown, become question marks.
    """
    return _ACTOR.sub("", _BREAK.sub("\n", text)).encode("utf-8", "replace").decode("utf-8")


def line(text: str) -> str:
    """Return a text as `lines` does, on one line: line breaks and tabs become spaces."""
    # Nearly every text is clean already.
    return text if text.isprintable() else _SPACE.sub(" ", lines(text))


def escaped(text: str) -> str:
    """Return a text on one line for a log, in which such characters are escaped: ``\\n``, ``\\x1b``, ``\\u202e``."""
    return _UNLOGGED.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class LineFormatter(logging.Formatter):
    """Formats a record as one line, and its traceback as indented lines: neither can look like another record."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return escaped(super().formatMessage(record))

    def formatException(self, ei: object) -> str:
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        return _indented(super().formatStack(stack_info))


def configure_logs(level: int, form: str = FORMAT, stream: TextIO | None = None) -> None:
    """Log records of a level and above to a stream, by default standard error, unless logging is configured already."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter(form))
    logging.basicConfig(level=level, handlers=[handler])


def _indented(traceback: str) -> str:
    return "\n".join(INDENT + escaped(row) for row in traceback.split("\n"))
