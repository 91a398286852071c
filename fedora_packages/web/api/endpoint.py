"""The endpoints of the JSON API as data: their parameters and responses.

The parsers of parameters, the OpenAPI document and the page ``/api`` are all made from it, so they cannot contradict one another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from fedora_packages.connectors.query import Query
from fedora_packages.connectors.types import Schema
from fedora_packages.errors import InvalidArgument
from fedora_packages.rpm.nvr import MAX_NAME, PACKAGE_NAME
from fedora_packages.widgets import parameters
from fedora_packages.widgets.parameters import MAX_PAGE, MAX_ROWS, Parser, parse

#: The URLs of packages beside queries; no query can have these names.
PARTS = ("releases", "timeline")

#: Rows of one page of a list.
DEFAULT_ROWS = 100

#: Characters of a string parameter without a limit of its own.
MAX_LENGTH = 100_000

#: Package names in one request.
MAX_NAMES = 100

#: The names of a release that parameters take.
RELEASE_NAMES = "its branch, dist tag or Bodhi name"


@dataclass(frozen=True)
class Parameter:
    """A query parameter, or (``place`` is ``path``) a part of the path.  ``example`` is encoded for a URL."""

    name: str
    schema: Schema
    meaning: str
    example: str = ""
    place: str = "query"

    @property
    def parser(self) -> Parser:
        """The parser for its schema; its meaning says which strings that allows."""
        schema = self.schema
        if "enum" in schema:
            return parameters.one_of(*schema["enum"])
        if schema["type"] == "integer":
            return parameters.integer(schema["minimum"], schema["maximum"])
        if schema["type"] == "boolean":
            return parameters.boolean
        expected = f"{self.meaning[0].lower()}{self.meaning[1:-1]}"
        return parameters.string(schema.get("maxLength", MAX_LENGTH), schema.get("pattern", ""), expected)


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: ``name`` in the document and on the page, ``path`` the pattern of its URLs.

    ``answer`` is the schema of its response, ``text`` describes it (paragraphs, and indented blocks), ``problems`` are its own
    kinds of errors, ``example`` is a query string to try, with its question mark, ``group`` is its part of the page.
    """

    name: str
    path: str
    title: str
    text: str
    answer: Schema
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[str, ...] = ()
    example: str = ""
    method: str = "get"
    group: str = ""

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return self.name.replace(".", "-")

    @property
    def example_path(self) -> str:
        """A URL path to try, without `example`."""
        return self.path.replace(f"{{{PACKAGE.name}}}", PACKAGE.example)

    @property
    def in_query(self) -> tuple[Parameter, ...]:
        """The query parameters."""
        return tuple(parameter for parameter in self.parameters if parameter.place == "query")


def integer(least: int, most: int) -> Schema:
    """Return the schema of a bounded integer."""
    return {"type": "integer", "minimum": least, "maximum": most}


PACKAGE = Parameter(
    "package",
    {"type": "string", "maxLength": MAX_NAME, "pattern": f"^{PACKAGE_NAME.pattern}$"},
    "The name of a source or binary package; case-sensitive.",
    "guake",
    "path",
)
NAMES = Parameter(
    "names",
    {
        "type": "string",
        "maxLength": MAX_NAMES * (MAX_NAME + 1),
        "pattern": f"^[^,]{{1,{MAX_NAME}}}(,[^,]{{1,{MAX_NAME}}}){{0,{MAX_NAMES - 1}}}$",
    },
    f"Comma-separated names of source or binary packages; at most {MAX_NAMES}, of at most {MAX_NAME} characters.",
    "guake,vim,firefox",
)
RELEASE = Parameter(
    "release",
    {"type": "string", "maxLength": 32, "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
    f"A release that has the package: {RELEASE_NAMES}; default: the package's own.",
    "rawhide",
)
PAGE = Parameter("page", integer(1, MAX_PAGE), "The page number, from 1.", "1")
SIZE = Parameter(
    "size", integer(1, MAX_ROWS), f"The number of rows on a page. Default: {DEFAULT_ROWS}.", str(DEFAULT_ROWS)
)


def name_of(query: Query) -> str:
    """Return the name of a query's endpoint; all of them share one route."""
    return f"query.{query.short_name}"


def parse_parameters(request: Request, name: str, parsers: Mapping[str, Parser] | None = None) -> dict[str, Any]:
    """Return the values of a request's parameters at the endpoint ``name``; empty ones are ignored.

    ``parsers`` replace those of parameters whose allowed values depend on the package.  Raises `InvalidArgument`, also for
    unknown and repeated parameters, which are bugs of a client.
    """
    endpoint: Endpoint = request.registry.api[name]
    allowed = {parameter.name: parameter.parser for parameter in endpoint.in_query}
    for key in request.query_parameters:
        if key not in allowed:
            expected = f"expected one of {', '.join(allowed)}" if allowed else "this endpoint takes none"
            raise InvalidArgument(f"Unknown parameter {key[:60]!r}; {expected}")
        if len(request.GET.getall(key)) > 1:
            raise InvalidArgument(f"{key} is given {len(request.GET.getall(key))} times; expected once")
    return parse(request.query_parameters, {**allowed, **(parsers or {})})


def choice_parameter(name: str, choices: tuple[str, ...], meaning: str) -> Parameter:
    """Return a parameter that takes one of some strings."""
    return Parameter(name, {"type": "string", "enum": list(choices)}, meaning, choices[0])


def names_of(text: str) -> list[str]:
    """Return the distinct names of a comma-separated list."""
    return list(dict.fromkeys(text.split(",")))
