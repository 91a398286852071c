"""The differences between two values of a query, in words: for logs, checks and ``/status``.

Rows of a list that have an identifier (builds, updates, bugs) are matched by it, wherever they stand in the list.  Everything
else is compared position by position.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from fedora_packages.messages.text import line

#: Fields that identify a row of a list; the first that all rows have is used.
IDENTIFIERS = ("build_id", "alias", "id", "nvr", "path", "name", "date")

#: Fields by which a row is shown.
TITLES = ("nvr", "summary", "title", "text")

#: Differences that are listed, and characters of a value in one of them.
MAX_DIFFERENCES = 20
MAX_VALUE_LENGTH = 80


def differences(before: Any, after: Any) -> list[str]:
    """Return a phrase for each difference, at most `MAX_DIFFERENCES`, then "and more"; empty for equal values.

    For example ``builds 7 state was "building", is "complete"``.
    """
    # Redis holds what upstreams have returned, and more than our values.
    phrases = [line(phrase) for phrase in islice(_differences("", before, after), MAX_DIFFERENCES + 1)]
    return phrases if len(phrases) <= MAX_DIFFERENCES else [*phrases[:MAX_DIFFERENCES], "and more"]


def _differences(place: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            where = f"{place} {key}".strip()
            if key not in before:
                yield f"{where} is new: {_shown(after[key])}"
            elif key not in after:
                yield f"{where} is gone: it was {_shown(before[key])}"
            else:
                yield from _differences(where, before[key], after[key])
        return
    are_lists = isinstance(before, list) and isinstance(after, list)
    identifier = _identifier(before + after) if are_lists else None
    if identifier is None:
        yield f"{place or 'it'} was {_shown(before)}, is {_shown(after)}"
    else:
        phrases = list(_differences(place, _by(identifier, before), _by(identifier, after)))
        yield from phrases or [f"{place or 'it'} is in another order"]


def _identifier(rows: list[Any]) -> str | None:
    """Return the field that identifies the rows of a list, None if they have none in common."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return None
    return next((name for name in IDENTIFIERS if all(isinstance(row.get(name), str | int) for row in rows)), None)


def _by(identifier: str, rows: list[Any]) -> dict[str, Any]:
    return {str(row[identifier]): row for row in rows}


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        value = next((value[title] for title in TITLES if isinstance(value.get(title), str)), value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[: MAX_VALUE_LENGTH - 1]}…"
