"""Decode the requests of old clients: URLs with JSON in them, which no two clients quote in the same way.

``/fcomm_connector/CONNECTOR/OPERATION/PATH/{JSON}``: the JSON raw or percent-encoded, with ``+`` for a space or for itself, after
one slash or two, or missing.  All of it is limited and validated here; `BadQuery` reports errors.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyramid.request import Request

#: Characters of the JSON; known clients send at most some 300.
MAX_JSON = 8192

#: Items of a list in a filter, and characters of a string.
MAX_ITEMS = 100
MAX_STRING = 1000

#: The highest number of a row, and the default number of rows.
MAX_ROW = 10**9
ROWS = 10

#: Rows of one response.  It has the requested and the returned number.
MAX_ROWS_PER_ANSWER = 1000

#: The JSON begins at the first segment that begins with a brace, and includes slashes.
_JSON = re.compile(r"(?:^|/)\s*(?=\{)")

#: A JSON string, or a plus outside of one that is no exponent's.
_TEXT_OR_PLUS = re.compile(r'("(?:[^"\\]|\\.)*")|(?<![0-9][eE])\+')


class BadQuery(Exception):
    """An invalid request; ``args[0]`` is a sentence with the error and the expected value."""


@dataclass(frozen=True)
class LegacyRequest:
    """A request; ``start`` is the number of the first row (from 0), ``rows`` the number of rows."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    start: int = 0
    rows: int = ROWS
    sort_col: str = ""
    ascending: bool = False

    def text(self, *names: str) -> str:
        """Return the first given filter among some names, without spaces around it, or "".  Raises `BadQuery`."""
        for name in names:
            value = self.filters.get(name)
            if value is None or value == "":
                continue
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise BadQuery(f"{name} is {_shown(value)}; expected a string")
            text = str(value)
            if len(text) > MAX_STRING:
                raise BadQuery(f"{name} has {len(text)} characters; expected at most {MAX_STRING}")
            return text.strip()
        return ""

    def required(self, *names: str) -> str:
        """Return the same, which is not "": no operation covers all packages.  Raises `BadQuery`."""
        text = self.text(*names)
        if not text:
            raise BadQuery(f"the filters need {names[0]}")
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a filter that is a string or a list of strings.  Raises `BadQuery`."""
        value = self.filters.get(name)
        if not isinstance(value, list):
            return (text,) if (text := self.text(name)) else ()
        if not all(isinstance(item, str) for item in value):
            raise BadQuery(f"{name} is {_shown(value)}; expected strings")
        return tuple(value)

    def flag(self, name: str, default: bool) -> bool:
        """Return a boolean filter.  Raises `BadQuery`."""
        value = self.filters.get(name)
        if value is None or value == "":
            return default
        text = str(value).lower()
        if text not in ("true", "false", "1", "0"):
            raise BadQuery(f"{name} is {_shown(value)}; expected true or false")
        return text in ("true", "1")

    def number(self, name: str) -> int | None:
        """Return an integer filter, or None.  Raises `BadQuery`."""
        return _integer(name, self.filters.get(name), 1, 2**31 - 1) or None


def segments_of(rest: str) -> tuple[list[str], str]:
    """Return the non-empty segments after ``/fcomm_connector/``, and the JSON behind them, or ""."""
    found = _JSON.search(rest)
    head, body = (rest, "") if found is None else (rest[: found.start()], rest[found.end() :])
    return [segment for segment in head.split("/") if segment], body.rstrip("/ ")


def decode(request: Request, body: str, in_parameters: tuple[str, ...]) -> LegacyRequest:
    """Decode a request, whose query parameters can have the filters ``in_parameters`` too.

    Raises `BadQuery`, and `InvalidArgument` for parameters that are not UTF-8.
    """
    if "_cookies" in request.query_parameters:
        raise BadQuery("the parameter _cookies is not supported")
    query = _parsed(body) if body else {}
    given = query.get("filters") or {}
    if isinstance(given, str):
        given = _parsed(given) if given.strip() else {}
    if not isinstance(given, dict):
        raise BadQuery(f"filters is {_shown(given)}; expected an object")
    filters = {name: _filter(name, value) for name, value in given.items()}
    filters |= {
        name: text[: MAX_STRING + 1] for name, text in request.query_parameters.items() if name in in_parameters
    }
    sort_col = query.get("sort_col") or ""
    return LegacyRequest(
        filters,
        start=_integer("start_row", query.get("start_row"), 0, MAX_ROW, 0),
        rows=_integer("rows_per_page", query.get("rows_per_page"), 0, MAX_ROW, ROWS),
        sort_col=sort_col if isinstance(sort_col, str) else "",
        ascending=query.get("sort_order") in (1, "1"),
    )


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > MAX_JSON:
        raise BadQuery(f"the query has {len(text)} characters; expected at most {MAX_JSON}")
    try:
        # The pluses of form encoding are spaces, except in strings, which the search handles.
        found = json.loads(_TEXT_OR_PLUS.sub(lambda found: found[1] or " ", text), parse_constant=_refuse)
    # JSON that is nested too deep raises RecursionError.
    except (ValueError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else "too deep, or an invalid number"
        raise BadQuery(f"the query is invalid JSON ({why}): {text[:80]!r}") from error
    if not isinstance(found, dict):
        raise BadQuery(f"the query is {_shown(found)}; expected an object")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number")


def _filter(name: str, value: Any) -> Any:
    """Return the value of a filter: a scalar or a list of scalars.  Raises `BadQuery`."""
    if isinstance(value, dict) and "value" in value:
        # The long form: {"value": "guake", "op": "="}.
        value = value["value"]
    many = value if isinstance(value, list) else [value]
    if len(many) > MAX_ITEMS or any(isinstance(item, dict | list) for item in many):
        raise BadQuery(f"the filter {name[:40]!r} is {_shown(value)}; expected a string or a number")
    return value


def _integer(name: str, value: Any, least: int, most: int, default: int = 0) -> int:
    """Return an integer within bounds, the default for a missing one.  Raises `BadQuery`."""
    if value is None or value == "":
        return default
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadQuery(f"{name} is {_shown(value)}; expected an integer from {least} to {most}")
    return value


def _shown(value: Any) -> str:
    """Return a value as errors show it."""
    if isinstance(value, dict | list):
        return f"a {'list' if isinstance(value, list) else 'nested object'} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
