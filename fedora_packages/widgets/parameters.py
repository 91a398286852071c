"""Parameters of an address (``?page=2&state=failed``), checked before anything is read.

A **parser** makes a value of a parameter's text, or raises ValueError with what was expected.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from fedora_packages.errors import InvalidArgument
from fedora_packages.search.packages import Package

Parser = Callable[[str], Any]

#: The release whose sources are shown of a package that no release has any more: there it says why.
NO_BRANCH = "rawhide"

#: Rows that one page of a list can have.
MOST_ROWS = 1000

#: No list that pages show is longer than so many pages.
LAST_PAGE = 1000

#: How many allowed words an error names.
NAMED = 40


def parse(given: Mapping[str, str], parsers: Mapping[str, Parser]) -> dict[str, Any]:
    """Return the values of the parameters that are given; an empty one counts as not given, an unknown one is passed over.

    Raises `InvalidArgument`, a sentence that names parameter, text and what was expected.
    """
    values = {}
    for name, parser in parsers.items():
        text = given.get(name, "").strip()
        if text:
            values[name] = parsed(name, text, parser)
    return values


def parsed(name: str, text: str, parser: Parser) -> Any:
    """Return the value of one parameter's text.  Raises `InvalidArgument`, as `parse` does."""
    try:
        return parser(text)
    except ValueError as expected:
        raise InvalidArgument(f"{name} is {text!r:.80}; expected {expected}") from expected


def one_of(*words: str) -> Parser:
    """Return a parser that takes these words."""

    def parser(text: str) -> str:
        if text not in words:
            more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
            raise ValueError(f"one of {', '.join(words[:NAMED])}{more}" if words else "nothing: there is no choice")
        return text

    return parser


def whole(least: int, most: int) -> Parser:
    """Return a parser that takes whole numbers."""

    def parser(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return parser


def word(text: str) -> str:
    """Take a short word, where only the values read will tell which there are."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", text):
        raise ValueError("a short word of letters, digits, dots and dashes")
    return text.lower()


page_number = whole(1, LAST_PAGE)
page_size = whole(1, MOST_ROWS)


def release_of(package: Package) -> Parser:
    """Return a parser that takes the releases which have a package: entries of others would never end."""
    return one_of(*releases_of(package))


def releases_of(package: Package) -> tuple[str, ...]:
    """Return the branches of the releases that a package can be read of, in reading order."""
    return package.document.releases or (NO_BRANCH,)


def binary_of(package: Package) -> Parser:
    """Return a parser that takes the binaries of a package's source."""
    return one_of(*package.siblings)
