"""Parsers for the parameters of a URL (``?page=2&state=failed``), for pages and the JSON API.

A **parser** makes a value of a string, or raises ValueError with the expected value.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from fedora_packages.errors import InvalidArgument
from fedora_packages.search.packages import Package

Parser = Callable[[str], Any]

#: The branch to read about a package that no release has: dist-git has the reason there.
NO_BRANCH = "rawhide"

#: Rows on one page of a list.
MAX_ROWS = 1000

#: Pages of the longest list.
MAX_PAGE = 1000

#: Allowed values that an error lists.
MAX_LISTED = 40


def parse(query_parameters: Mapping[str, str], parsers: Mapping[str, Parser]) -> dict[str, Any]:
    """Return the values of the given parameters; empty and unknown ones are ignored.  Raises `InvalidArgument`."""
    values = {}
    for name, parser in parsers.items():
        text = query_parameters.get(name, "").strip()
        if text:
            values[name] = parse_one(name, text, parser)
    return values


def parse_one(name: str, text: str, parser: Parser) -> Any:
    """Return the value of one parameter.  Raises `InvalidArgument` with the parameter, the string and the expected value."""
    try:
        return parser(text)
    except ValueError as expected:
        raise InvalidArgument(f"{name} is {text!r:.80}; expected {expected}") from expected


def one_of(*values: str) -> Parser:
    """Return a parser for one of some strings."""

    def parser(text: str) -> str:
        if text not in values:
            more = f" and {len(values) - MAX_LISTED} more" if len(values) > MAX_LISTED else ""
            raise ValueError(f"one of {', '.join(values[:MAX_LISTED])}{more}" if values else "no value")
        return text

    return parser


def integer(minimum: int, maximum: int) -> Parser:
    """Return a parser for integers in a range."""

    def parser(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not minimum <= int(text) <= maximum:
            raise ValueError(f"an integer from {minimum} to {maximum}")
        return int(text)

    return parser


def boolean(text: str) -> bool:
    """Parse ``true`` or ``false``."""
    return one_of("true", "false")(text) == "true"


def string(max_length: int, pattern: str, expected: str) -> Parser:
    """Return a parser for strings that match a regular expression; ``expected`` describes them."""

    def parser(text: str) -> str:
        if len(text) > max_length or not re.search(pattern, text):
            raise ValueError(expected)
        return text

    return parser


def token(text: str) -> str:
    """Parse a short token whose allowed values depend on the values that are read."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", text):
        raise ValueError("at most 32 letters, digits, dots and dashes")
    return text.lower()


page_number = integer(1, MAX_PAGE)
page_size = integer(1, MAX_ROWS)


def releases_of(package: Package) -> tuple[str, ...]:
    """Return the branches of the releases that a package can be read about, in reading order."""
    return package.document.releases or (NO_BRANCH,)


def choices_of(name: str, package: Package) -> tuple[str, ...]:
    """Return the values of the parameter ``release`` or ``package``: others would make entries without end."""
    return releases_of(package) if name == "release" else package.siblings
