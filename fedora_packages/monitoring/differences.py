"""What differs between two values of a query, in words: for the log, and for whoever asked for a check.

Lists of things that have a name of their own (a build, an update, a bug) are compared thing by thing, wherever in the list each
stands; all else is compared place by place.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

#: What names a thing in a list, the first that all of them have.
NAMES = ("build_id", "alias", "id", "nvr", "path", "name", "date")

#: What people call a thing.
TITLES = ("nvr", "summary", "title", "text")

#: Differences that are told, and characters of a value that is shown in one.
TOLD = 20
SHOWN = 80


def differences(before: Any, after: Any) -> list[str]:
    """Return what differs, one phrase for each difference, at most `TOLD` and a last one that says that there are more.

    ``builds 7: state was "building", is "complete"``.  Empty if nothing does.
    """
    found = list(islice(_differences("", before, after), TOLD + 1))
    return found if len(found) <= TOLD else [*found[:TOLD], "and more"]


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
    elif isinstance(before, list) and isinstance(after, list):
        name = _name_of_all(before + after)
        if name is None:
            yield f"{place or 'it'} was {_shown(before)}, is {_shown(after)}"
        else:
            named = list(_differences(place, _by_name(before, name), _by_name(after, name)))
            yield from named or [f"{place or 'it'} is in another order"]
    else:
        yield f"{place or 'it'} was {_shown(before)}, is {_shown(after)}"


def _name_of_all(rows: list[Any]) -> str | None:
    """Return what names each row differently, if anything does."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return None
    return next(
        (name for name in NAMES if all(isinstance(row.get(name), str | int) for row in rows)),
        None,
    )


def _by_name(rows: list[Any], name: str) -> dict[str, Any]:
    return {str(row[name]): row for row in rows}


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        # A thing is told by what people call it, where it has such a name.
        value = next((value[title] for title in TITLES if isinstance(value.get(title), str)), value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
