"""Filters of a list's rows, with the choices that the list itself has.

Each choice shows the number of rows that it leads to while the other filters stay.  So no choice leads to an empty list.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Filter, Pagination
from fedora_packages.widgets.parameters import MAX_ROWS, parse_one
from fedora_packages.widgets.release_names import ReleaseNames

#: The label of the choice of all rows.
EVERY = "all"


@dataclass(frozen=True)
class RowFilter:
    """A filter of rows by one parameter.

    ``values_of`` returns the values that a row has, ``sort_key`` orders the choices, ``chosen`` is the requested value (None:
    all).
    """

    name: str
    label: str
    values_of: Callable[[Any], Iterable[str]]
    sort_key: Callable[[str], Any]
    chosen: str | None

    def matches(self, row: Any) -> bool:
        return self.chosen is None or self.chosen in self.values_of(row)


def sort_key(values: Sequence[str]) -> Callable[[str], Any]:
    """Return a key that sorts strings in the order of ``values``, others after them."""
    ranks = {value: rank for rank, value in enumerate(values)}
    return lambda value: (ranks.get(value, len(ranks)), value)


def requested_release(context: PanelContext, names: ReleaseNames, branches: Collection[str]) -> str | None:
    """Return the branch of the requested release, or None; ``branches`` are those in the list.  Raises `InvalidArgument`."""
    text = context.values.get("release")
    return None if text is None else parse_one("release", text, names.parser(branches, context.package))


def filtered(
    context: PanelContext, rows: Sequence[Any], filters: Sequence[RowFilter]
) -> tuple[list[Any], list[Filter]]:
    """Return the rows that match all filters, and a control for each filter."""
    matching = [row for row in rows if all(one.matches(row) for one in filters)]
    return matching, [_control(context, rows, one, [other for other in filters if other is not one]) for one in filters]


def _control(context: PanelContext, rows: Sequence[Any], one: RowFilter, others: Sequence[RowFilter]) -> Filter:
    matching = [row for row in rows if all(other.matches(row) for other in others)]
    counts = Counter(value for row in matching for value in dict.fromkeys(one.values_of(row)))
    values = sorted({*counts} | ({one.chosen} if one.chosen is not None else set()), key=one.sort_key)
    if one.chosen is None and len(values) == 1 and counts[values[0]] == len(matching):
        # All rows have the same value: there is no choice.
        values = []
    every = EVERY if values else ""
    return context.filter(one.name, one.label, values, one.chosen, every, lambda value: f"{value} ({counts[value]})")


def paginated(context: PanelContext, rows: Sequence[Any], default: int) -> tuple[Pagination, Filter]:
    """Return the requested page of a list, of ``default`` rows unless the request says how many, and a control of the size."""
    size = context.values.get("size", default)
    sizes = sorted({default, default * 2, MAX_ROWS, size}) if len(rows) > min(default, size) else []
    control = context.filter("size", "Rows per page", [str(number) for number in sizes], str(size))
    return context.paginate(rows, size), control


def unfiltered_url(context: PanelContext, filters: Sequence[RowFilter]) -> str | None:
    """Return the URL of the page without its filters; None if none is set."""
    return (
        context.url(**{one.name: None for one in filters}) if any(one.chosen is not None for one in filters) else None
    )
