"""The controls of a panel: filters with their choices, and the pages of a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

#: A filter with more choices is a select box instead of links.
MAX_LINKS = 15

#: The label of the choice of all values.
EVERY = "all"


@dataclass(frozen=True)
class Choice:
    """One choice of a filter: the value of the parameter, its label, and the URL of the page with it."""

    value: str
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Filter:
    """A choice between the values of one parameter; ``kept`` are the other parameters, which stay as they are."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    kept: tuple[tuple[str, str], ...]

    @property
    def is_short(self) -> bool:
        """Whether the choices are links, not a select box."""
        return len(self.choices) <= MAX_LINKS

    @property
    def is_choice(self) -> bool:
        return len(self.choices) > 1


@dataclass(frozen=True)
class Pagination:
    """One page of a list: its rows, its number (from 1), the number of pages, and the number of rows in all.

    ``url`` returns the URL of a page by its number.
    """

    rows: Sequence[Any]
    page: int
    pages: int
    total: int
    url: Callable[[int], str]

    @property
    def is_beyond(self) -> bool:
        """Whether the list ends before this page."""
        return self.page > self.pages

    @property
    def previous(self) -> str | None:
        """The URL of the previous page, or None."""
        return self.url(min(self.page - 1, self.pages)) if self.page > 1 else None

    @property
    def next(self) -> str | None:
        """The URL of the next page, or None."""
        return self.url(self.page + 1) if self.page < self.pages else None
