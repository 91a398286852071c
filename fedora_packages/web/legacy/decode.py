"""What an old client asks: an address with JSON in it, which no two of them quote in the same way.

``/fcomm_connector/CONNECTOR/OPERATION/PATH/{JSON}``: the JSON raw or percent-encoded, with ``+`` for a space or for itself, after
one slash or two, or not there at all.  All of it is bounded and checked here; what is wrong is a `BadQuery` that says so.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyramid.request import Request

#: Characters of the JSON; the longest that any known client sends has some 300.
JSON_READ = 8192

#: Items of a list in a filter, and characters of one text.
LISTED = 100
LONGEST = 1000

#: The highest number of a row, and how many rows are asked for where nobody says.
LAST_ROW = 10**9
ROWS = 10

#: The most rows that one answer has.  Clients are told the number that they asked for, and how many came.
MOST_ROWS = 1000

#: Where the JSON begins: at the first segment that begins with a brace.  A slash in it belongs to it.
_JSON = re.compile(r"(?:^|/)\s*(?=\{)")

#: A text of JSON, or a plus outside of any.
_TEXT_OR_PLUS = re.compile(r'("(?:[^"\\]|\\.)*")|\+')


class BadQuery(Exception):
    """What is asked cannot be understood; ``args[0]`` is a sentence that says what was wrong and what was expected."""


@dataclass(frozen=True)
class Asked:
    """What is asked.  ``rows`` is how many, ``start`` the first (0 is the first there is)."""

    connector: str
    operation: str
    path: str
    filters: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    start: int = 0
    rows: int = ROWS
    sort_col: str = ""
    ascending: bool = False

    def text(self, *names: str) -> str:
        """Return the first filter of some names that is given, without spaces around it; "" if none is.  Raises `BadQuery`."""
        for name in names:
            value = self.filters.get(name)
            if value is None or value == "":
                continue
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise BadQuery(f"{name} is {_shown(value)}; expected a text")
            text = str(value)
            if len(text) > LONGEST:
                raise BadQuery(f"{name} has {len(text)} characters; expected at most {LONGEST}")
            return text.strip()
        return ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a filter that may be one text or a list of them.  Raises `BadQuery`."""
        value = self.filters.get(name)
        if not isinstance(value, list):
            return (text,) if (text := self.text(name)) else ()
        if not all(isinstance(item, str) for item in value):
            raise BadQuery(f"{name} is {_shown(value)}; expected texts")
        return tuple(value)

    def flag(self, name: str, default: bool) -> bool:
        """Return a filter that is true or false.  Raises `BadQuery`."""
        value = self.filters.get(name)
        if value is None or value == "":
            return default
        word = str(value).lower()
        if word not in ("true", "false", "1", "0"):
            raise BadQuery(f"{name} is {_shown(value)}; expected true or false")
        return word in ("true", "1")

    def number(self, name: str) -> int | None:
        """Return a filter that is a whole number, or None if it is not given.  Raises `BadQuery`."""
        value = self.filters.get(name)
        return None if value is None or value == "" else _whole(name, value, 1, 2**31 - 1)


def segments_of(rest: str) -> tuple[list[str], str]:
    """Return the segments of what follows ``/fcomm_connector/``, empty ones left out, and the JSON behind them ("": none)."""
    found = _JSON.search(rest)
    head, body = (rest, "") if found is None else (rest[: found.start()], rest[found.end() :])
    return [segment for segment in head.split("/") if segment], body.rstrip("/ ")


def asked_of(request: Request, segments: list[str], body: str) -> Asked:
    """Return what a request asks.  Raises `BadQuery`, and `InvalidArgument` for parameters that are no UTF-8."""
    if "_cookies" in request.query_parameters:
        raise BadQuery("the parameter _cookies is not taken")
    query = _parsed(body) if body else {}
    given = query.get("filters") or {}
    if isinstance(given, str):
        given = _parsed(given) if given.strip() else {}
    if not isinstance(given, dict):
        raise BadQuery(f"filters is {_shown(given)}; expected an object")
    sort_col = query.get("sort_col") or ""
    return Asked(
        *segments[:2],
        "/".join(segments[2:]),
        filters={name: _filter(name, value) for name, value in given.items()},
        parameters=request.query_parameters,
        start=_whole("start_row", query.get("start_row"), 0, LAST_ROW, 0),
        rows=_whole("rows_per_page", query.get("rows_per_page"), 0, LAST_ROW, ROWS),
        sort_col=sort_col if isinstance(sort_col, str) else "",
        ascending=query.get("sort_order") in (1, "1"),
    )


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > JSON_READ:
        raise BadQuery(f"the query has {len(text)} characters; expected at most {JSON_READ}")
    found = _first_of(text, lambda text: text, _spaced)
    if not isinstance(found, dict):
        raise BadQuery(f"the query is {_shown(found)}; expected an object")
    return found


def _first_of(text: str, *readings: Callable[[str], str]) -> Any:
    """Return the JSON that a text is, by the first of some readings that makes it JSON.  Raises `BadQuery`."""
    for reading in readings:
        try:
            return json.loads(reading(text), parse_constant=_refuse)
        # It may be nested deeper than can be read, which is no ValueError.
        except (ValueError, RecursionError) as error:
            problem = error
    why = problem.msg if isinstance(problem, json.JSONDecodeError) else "too deep or no number"
    raise BadQuery(f"the query is no JSON ({why}): {text[:80]!r}")


def _spaced(text: str) -> str:
    """Return JSON in which a form's encoding made spaces into pluses; those within its texts are for `search` to judge."""
    return _TEXT_OR_PLUS.sub(lambda found: found[1] or " ", text)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _filter(name: str, value: Any) -> Any:
    """Return a filter's value: one that may be told from others, or a list of such.  Raises `BadQuery`."""
    if isinstance(value, dict) and "value" in value:
        # The long form: {"value": "guake", "op": "="}.
        value = value["value"]
    many = value if isinstance(value, list) else [value]
    if len(many) > LISTED or any(isinstance(item, dict | list) for item in many):
        raise BadQuery(f"the filter {name[:40]!r} is {_shown(value)}; expected a text or a number")
    return value


def _whole(name: str, value: Any, least: int, most: int, default: int = 0) -> int:
    if value is None or value == "":
        return default
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadQuery(f"{name} is {_shown(value)}; expected an integer from {least} to {most}")
    return value


def _shown(value: Any) -> str:
    """Return as much of a value as an error shows of it."""
    if isinstance(value, dict | list):
        return f"a {'list' if isinstance(value, list) else 'nested object'} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
