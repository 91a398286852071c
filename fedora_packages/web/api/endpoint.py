"""The addresses of the JSON API as data: what each takes and gives.

Checking the parameters of a request, the OpenAPI document and the page ``/api`` are all made from it, so that none can say what
another does not do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from fedora_packages.connectors.query import Query
from fedora_packages.connectors.types import Schema
from fedora_packages.errors import InvalidArgument
from fedora_packages.rpm.nvr import LONGEST_NAME, PACKAGE_NAME
from fedora_packages.widgets.parameters import LAST_PAGE, Parser, parse
from fedora_packages.widgets.parameters import one_of as one_of_words
from fedora_packages.widgets.parameters import whole as whole_number

BASE = "/api/v1"

#: What packages have beside queries; no query may be called so.
PARTS = ("releases", "timeline")

#: Rows of one page of a list: at most, and where it is not said.
MOST_ROWS = 1000
USUAL_ROWS = 100

#: Names that may be asked for at once, and letters of a parameter that an error shows again.
MOST_NAMES = 100


#: How a release can be named, wherever one is.
IN_WHICH_WORDS = "its branch, its dist tag, or bodhi's name of it"


@dataclass(frozen=True)
class Parameter:
    """A parameter of an address, or (``place`` is ``path``) a part of it.  ``example`` is as it is written in the address."""

    name: str
    schema: Schema
    meaning: str
    example: str = ""
    place: str = "query"

    def parse(self, text: str) -> Any:
        """Return the value of a text; raises ValueError, which says what was expected."""
        return _parser(self.schema, f"{self.meaning[0].lower()}{self.meaning[1:-1]}")(text)


@dataclass(frozen=True)
class Address:
    """One address: ``name`` is what it is called in the document and on the page, ``path`` its pattern below `BASE`.

    ``answer`` is the schema of what it gives, ``text`` says what that is (paragraphs, and indented blocks), ``problems`` are the
    kinds of errors of its own, ``example`` is an address to try, below `BASE`.
    """

    name: str
    group: str
    path: str
    title: str
    text: str
    answer: Schema
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[str, ...] = ()
    example: str = ""
    method: str = "get"

    @property
    def in_query(self) -> tuple[Parameter, ...]:
        """The parameters that come after the question mark."""
        return tuple(parameter for parameter in self.parameters if parameter.place == "query")


def integer(least: int, most: int) -> Schema:
    """Return the schema of a bounded integer."""
    return {"type": "integer", "minimum": least, "maximum": most}


PACKAGE = Parameter(
    "package",
    {"type": "string", "maxLength": LONGEST_NAME, "pattern": f"^{PACKAGE_NAME.pattern}$"},
    "The name of a source or binary package, in the case that it is written in.",
    "guake",
    "path",
)
NAMES = Parameter(
    "names",
    {
        "type": "string",
        "maxLength": MOST_NAMES * (LONGEST_NAME + 1),
        "pattern": f"^[^,]{{1,{LONGEST_NAME}}}(,[^,]{{1,{LONGEST_NAME}}}){{0,{MOST_NAMES - 1}}}$",
    },
    f"Names of packages, source or binary, with commas between; at most {MOST_NAMES}, of at most {LONGEST_NAME} characters.",
    "guake,vim,firefox",
)
RELEASE = Parameter(
    "release",
    {"type": "string", "maxLength": 32, "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
    f"A release that has the package: {IN_WHICH_WORDS}; the package's own where it is not said.",
    "rawhide",
)
PAGE = Parameter("page", integer(1, LAST_PAGE), "The number of the page of the list; the first is 1.", "1")
SIZE = Parameter(
    "size", integer(1, MOST_ROWS), f"The rows of a page; {USUAL_ROWS} where it is not said.", str(USUAL_ROWS)
)


def name_of(query: Query) -> str:
    """Return what the address of a query is called: all of them have the same route."""
    return f"query.{query.short_name}"


def asked(request: Request, name: str, parsers: Mapping[str, Parser] | None = None) -> dict[str, Any]:
    """Return the values of the parameters that a request of the address ``name`` gives; an empty one counts as not given.

    ``parsers`` are those of parameters whose values only the package tells.  Raises `InvalidArgument`, a sentence that says
    what is allowed: also for a parameter that there is not, which at the address of a program is a mistake of somebody's.
    """
    address: Address = request.registry.api[name]
    allowed = {parameter.name: parameter.parse for parameter in address.in_query}
    given = request.query_parameters
    for word in given:
        if word not in allowed:
            raise InvalidArgument(f"There is no parameter {word[:60]!r} here; {_there(tuple(allowed))}")
        if len(request.GET.getall(word)) > 1:
            raise InvalidArgument(f"{word} is given {len(request.GET.getall(word))} times; it may be given once")
    return parse(given, {**allowed, **(parsers or {})})


def word_parameter(name: str, words: tuple[str, ...], meaning: str) -> Parameter:
    """Return a parameter that takes one of some words."""
    return Parameter(name, {"type": "string", "enum": list(words)}, meaning, words[0])


def names_of(text: str) -> list[str]:
    """Return the names of a list with commas, each once."""
    return list(dict.fromkeys(text.split(",")))


def _there(names: tuple[str, ...]) -> str:
    """Return which there are, in half a sentence."""
    if not names:
        return "there are none"
    return f"there is {names[0]}" if len(names) == 1 else f"there are {', '.join(names)}"


def _parser(schema: Schema, expected: str) -> Parser:
    """Return what makes a value of a text, by what its schema allows; ``expected`` is what a text must be, in words."""
    if "enum" in schema:
        return one_of_words(*schema["enum"])
    if schema["type"] == "integer":
        return whole_number(schema["minimum"], schema["maximum"])
    if schema["type"] == "boolean":
        return lambda text: one_of_words("true", "false")(text) == "true"

    def limited(text: str) -> str:
        if len(text) > schema.get("maxLength", len(text)) or not re.search(schema.get("pattern", ""), text):
            raise ValueError(expected)
        return text

    return limited
