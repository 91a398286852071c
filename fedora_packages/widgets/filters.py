"""Lists whose rows belong to releases, with filters that have the choices of the list itself.

Each choice shows the number of rows that it leads to while the other filters stay.  So no choice leads to an empty list.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import EVERY, Filter
from fedora_packages.widgets.parameters import MAX_ROWS, Parser, one_of, page_number, page_size, parse_one, token
from fedora_packages.widgets.release_names import ReleaseNames, reading_order


@dataclass(frozen=True)
class RowFilter:
    """A filter of rows by one parameter.

    ``choices`` are its values in the order of the page.  ``values_of`` returns those that a row has: if None, the field of the
    filter's name.
    """

    name: str
    title: str
    choices: Sequence[str]
    values_of: Callable[[Any], Iterable[str]] | None = None


#: The filter by release, whose choices are the releases of the rows.
RELEASE = RowFilter("release", "Release", ())

#: The values that a row has for each filter, by the filter's name.
RowValues = Mapping[str, set[str]]


@dataclass(frozen=True)
class RowList:
    """A list in pages, with filters; `RELEASE` is one of them.

    ``branch_of`` returns the branch of a row's release.  ``rows_per_page`` counts unless the request says how many.
    """

    branch_of: Callable[[ReleaseNames, Any], str]
    rows_per_page: int
    filters: tuple[RowFilter, ...]

    @property
    def parameters(self) -> dict[str, Parser]:
        """The parsers of the filters, of the page and of its size."""
        parsers = {one.name: token if one is RELEASE else one_of(*one.choices) for one in self.filters}
        return {**parsers, "page": page_number, "size": page_size}

    def filtered(
        self, context: PanelContext, rows: Sequence[Any], names: ReleaseNames
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return the rows that match all filters, and the variables of a page of them.

        While the releases are unknown, a branch that no row has may be any of them (``is_release_known``).  Raises
        `InvalidArgument` for a release that neither the rows nor the package have.
        """
        values = [self._values(row, names) for row in rows]
        branches = {branch for one in values for branch in one["release"]}
        chosen = {one.name: context.values[one.name] for one in self.filters if one.name in context.values}
        release = chosen.get("release")
        if release is not None:
            release = chosen["release"] = parse_one("release", release, names.parser(branches, context.package))
        matching = [row for row, own in zip(rows, values, strict=True) if _match(own, chosen)]
        size = context.values.get("size", self.rows_per_page)
        sizes = {self.rows_per_page, self.rows_per_page * 2, MAX_ROWS, size}
        shown_sizes = sorted(sizes) if len(matching) > min(self.rows_per_page, size) else []
        return matching, {
            "pagination": context.paginate(matching, size),
            "release": release,
            "is_release_known": names.is_known or release is None or release in branches,
            "controls": [
                *(_control(context, values, one, chosen) for one in self.filters),
                context.filter(
                    "size", "Rows per page", {str(number): str(number) for number in shown_sizes}, str(size)
                ),
            ],
            "unfiltered_url": context.url(**dict.fromkeys(chosen)) if chosen else None,
            "cached": len(rows),
        }

    def _values(self, row: Any, names: ReleaseNames) -> RowValues:
        return {
            one.name: {self.branch_of(names, row)}
            if one is RELEASE
            else {row[one.name]} & {*one.choices}
            if one.values_of is None
            else {*one.values_of(row)}
            for one in self.filters
        }


def sort_key(values: Sequence[str]) -> Callable[[str], Any]:
    """Return a key that sorts strings in the order of ``values``, others after them."""
    ranks = {value: rank for rank, value in enumerate(values)}
    return lambda value: (ranks.get(value, len(ranks)), value)


def _match(values: RowValues, chosen: Mapping[str, str]) -> bool:
    return all(value in values[name] for name, value in chosen.items())


def _control(context: PanelContext, values: Sequence[RowValues], one: RowFilter, chosen: Mapping[str, str]) -> Filter:
    current, others = chosen.get(one.name), {name: value for name, value in chosen.items() if name != one.name}
    matching = [own[one.name] for own in values if _match(own, others)]
    counts = Counter(value for own in matching for value in own)
    offered = {*counts} | ({current} if current is not None else set())
    if current is None and len(offered) == 1 and counts.total() == len(matching):
        # All rows have the same value: there is no choice.
        offered = set()
    order = reading_order if one is RELEASE else sort_key(one.choices)
    labels = {value: f"{value} ({counts[value]})" for value in sorted(offered, key=order)}
    return context.filter(one.name, one.title, {None: EVERY, **labels}, current)
