"""The lists in the values of queries: their filters and pages.

All of it follows from the types of a query's value.  A list of objects is a list; its filters are the known values, booleans and
releases of its rows, and the marks that pages show.  Filters and pages are cut from the cached value: a cached page would be an
entry that no message invalidates.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from fedora_packages.connectors.bugzilla_bugs import MARKS, marks_of
from fedora_packages.connectors.query import Query
from fedora_packages.connectors.types import KNOWN, OF_A_RELEASE, Count, Model, Schema, branches, field, properties_of
from fedora_packages.errors import InvalidArgument
from fedora_packages.web.api.endpoint import (
    DEFAULT_ROWS,
    MAX_ROWS,
    PAGE,
    RELEASE,
    RELEASE_NAMES,
    SIZE,
    Parameter,
    choice_parameter,
)
from fedora_packages.widgets.release_names import names_of, reading_order

#: The parameter that chooses one of several lists.
KIND = "kind"

#: The field of a value with the number of all rows, also of those that it does not list.
TOTAL = "total"

#: The release of builds, updates and bugs, by any of its names.
RELEASE_OF_ROWS = replace(RELEASE, meaning=f"Only rows of this release: {RELEASE_NAMES}.")

#: The marks of bugs, which follow from several of their fields.
MARK = choice_parameter("mark", MARKS, "Only rows with this mark.")


class List(Model):
    """What an answer says of a list that was filtered or cut."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    name: str = field("the list in the value")
    total: Count = field("rows that pass the filters")
    page: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=1, le=MAX_ROWS)]
    pages: Annotated[int, Field(ge=1)] = field("a page after the last is empty")
    previous: str | None = field("URL of the page before")
    next: str | None = field("URL of the page after")
    whole: Count = field("in a filtered list of a value with a total: that total, without filters", default=0)


@dataclass(frozen=True)
class Lists:
    """The lists in the value of a query."""

    query: Query

    @cached_property
    def rows(self) -> dict[str, Schema]:
        """The schemas of their rows, by the name of the list."""
        found = properties_of(self.query.returns)
        return {
            name: schema["items"] for name, schema in found.items() if schema.get("items", {}).get("type") == "object"
        }

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that filter and cut the lists; none without a list."""
        if not self.rows:
            return ()
        found = list(self.filters.values())
        if len(self.rows) > 1:
            found.append(choice_parameter(KIND, tuple(self.rows), "The list to return; the others are left out."))
        return (*found, PAGE, SIZE)

    @cached_property
    def filters(self) -> dict[str, Parameter]:
        """The parameters that filter, by name: those that apply to the rows of every list."""
        found = [
            {name: parameter for name, schema in properties_of(rows).items() if (parameter := _filter(name, schema))}
            for rows in self.rows.values()
        ]
        kept = {name: found[0][name] for name in found[0] if all(name in other for other in found)} if found else {}
        if self.query.by_release:
            # That name is taken by the release that chooses a variant.
            kept.pop("release", None)
        if self.names_releases:
            kept["release"] = RELEASE_OF_ROWS
        if self._as == "bug":
            kept["mark"] = MARK
        return kept

    @property
    def names_releases(self) -> bool:
        """Whether rows can be filtered by their release, which takes the list of active releases."""
        return bool(self._as) and not self.query.by_release

    @property
    def _as(self) -> str:
        """The kind of the rows, which says how to find their release: see `OF_A_RELEASE`."""
        kinds = {schema.get(OF_A_RELEASE, "") for schema in self.rows.values()}
        return kinds.pop() if len(kinds) == 1 else ""

    def check(self, asked: Mapping[str, Any]) -> None:
        """Raise `InvalidArgument` if one of several lists must be chosen and is not."""
        if len(self.rows) > 1 and KIND not in asked and asked.keys() & {"page", "size", *self.filters}:
            raise InvalidArgument(f"{KIND} is needed to choose a list: one of {', '.join(self.rows)}")

    def cut(
        self, value: Mapping[str, Any], asked: Mapping[str, Any], address: Callable[[int], str], releases: Iterable[Any]
    ) -> dict[str, Any]:
        """Return the value with its list filtered and cut, and its `List`; without parameters the value as it is, alone.

        In a filtered list, the value's total counts the matching rows.  ``address`` returns the URL of another page; ``releases``
        are the active releases.  Raises `InvalidArgument` for a release that neither they nor the rows have.
        """
        wanted = {name: asked[name] for name in (*self.filters, KIND, "page", "size") if name in asked}
        name = wanted.pop(KIND, next(iter(self.rows), ""))
        # A value that was not found has no list.
        if name not in value or not (wanted or KIND in asked):
            return {"value": value}
        page, size = wanted.pop("page", 1), wanted.pop("size", DEFAULT_ROWS)
        rows, is_filtered = value[name], bool(wanted)
        if self.names_releases and "release" in wanted:
            rows = _of_release(wanted.pop("release"), rows, self._as, releases)
        if "mark" in wanted:
            mark = wanted.pop("mark")
            rows = [row for row in rows if mark in marks_of(row)]
        rows = [row for row in rows if all(row[key] == word for key, word in wanted.items())]
        shown, fields = page_of(name, rows, page, size, address)
        kept = {key: part for key, part in value.items() if key not in self.rows}
        if is_filtered and TOTAL in kept:
            fields["whole"], kept[TOTAL] = kept[TOTAL], len(rows)
        return {"value": {**kept, name: shown}, "list": fields}


def page_of(
    name: str, rows: Sequence[Any], page: int, size: int, address: Callable[[int], str]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """Return the rows of one page, and the `List` about it; ``address`` returns the URL of another page."""
    pages = max(1, -(-len(rows) // size))
    fields = {
        "name": name,
        "total": len(rows),
        "page": page,
        "size": size,
        "pages": pages,
        "previous": address(min(page - 1, pages)) if page > 1 else None,
        "next": address(page + 1) if page < pages else None,
    }
    return rows[(page - 1) * size : page * size], fields


def _filter(name: str, schema: Schema) -> Parameter | None:
    """Return the parameter that filters by a field; None for fields of other types."""
    for branch in branches(schema):
        if choices := branch.get("enum") or branch.get(KNOWN):
            return choice_parameter(name, tuple(choices), f"Only rows with this {name}.")
        if branch.get("type") == "boolean":
            return Parameter(name, {"type": "boolean"}, f"Only rows whose {name} has this value.", "true")
    return None


def _of_release(asked: str, rows: Sequence[Any], as_: str, releases: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Return the rows of a release, which is named by its branch, its dist tag, or Bodhi's name."""
    names = names_of({"releases": list(releases)})
    found = [(getattr(names, f"of_{as_}")(row), row) for row in rows]
    meant = names.branch_of(asked.lower())
    known = sorted({*names.active, *(branch for branch, _ in found)}, key=reading_order)
    if meant not in known:
        raise InvalidArgument(f"release is {asked!r}; expected one of {', '.join(known[:40]) or 'nothing'}")
    return [row for branch, row in found if branch == meant]
