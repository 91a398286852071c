"""The rows of an operation, and the package that most operations need."""

from dataclasses import dataclass
from typing import Any

from fedora_packages.search.packages import Package
from fedora_packages.web.legacy.context import LegacyContext
from fedora_packages.web.legacy.decode import MAX_ROWS_PER_ANSWER, BadQuery, LegacyRequest


@dataclass(frozen=True)
class Rows:
    """All rows, of which a page is returned; or with ``total`` the page itself."""

    rows: list[dict[str, Any]]
    total: int | None = None

    def page(self, query: LegacyRequest) -> tuple[list[dict[str, Any]], int]:
        """Return the requested rows, and the number of all."""
        if self.total is not None:
            return self.rows, self.total
        return self.rows[query.start : query.start + min(query.rows, MAX_ROWS_PER_ANSWER)], len(self.rows)


def required_package(query: LegacyRequest, context: LegacyContext, *names: str) -> Package | None:
    """Return the package in the first of some filters, or None for an unknown name.

    Raises `BadQuery` without a name: no operation covers all packages.
    """
    name = query.text(*names)
    if not name:
        raise BadQuery(f"the filters need {names[0]}")
    return context.package(name)
