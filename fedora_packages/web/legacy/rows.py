"""Rows that an operation answers with, and the package that most of them are about."""

from dataclasses import dataclass
from typing import Any

from fedora_packages.search.packages import Package
from fedora_packages.web.legacy.context import Look
from fedora_packages.web.legacy.decode import MOST_ROWS, Asked, BadQuery


@dataclass(frozen=True)
class Rows:
    """All rows there are, of which a page is cut; or, where ``total`` says how many there are, the page itself."""

    rows: list[dict[str, Any]]
    total: int | None = None

    def page(self, asked: Asked) -> tuple[list[dict[str, Any]], int]:
        """Return the rows that are asked for, and how many there are."""
        if self.total is not None:
            return self.rows, self.total
        return self.rows[asked.start : asked.start + min(asked.rows, MOST_ROWS)], len(self.rows)


def needed(asked: Asked, look: Look, *names: str) -> Package | None:
    """Return the package that the first of some filters names, or None if there is none of that name.

    Raises `BadQuery` where no package is named: of "all packages" nothing is known.
    """
    name = asked.text(*names)
    if not name:
        raise BadQuery(f"a package is needed: {names[0]} in the filters")
    return look.package(name)
