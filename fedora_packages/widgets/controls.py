"""The controls of a panel: filters with their choices, and the pages of a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

#: A switch with more options is a list to choose from, and not links.
FEW_OPTIONS = 15


@dataclass(frozen=True)
class Option:
    """One choice of a switch: the parameter's value, what people read, and the address that leads to it."""

    value: str
    label: str
    address: str
    is_current: bool


@dataclass(frozen=True)
class Switch:
    """A choice between values of one parameter.

    ``kept`` are the other parameters, which stay as they are; ``path`` is that of the page, as in `Page`.
    """

    name: str
    label: str
    options: tuple[Option, ...]
    kept: tuple[tuple[str, str], ...]
    path: str

    @property
    def is_short(self) -> bool:
        """Whether links will do; else it is a list to choose from."""
        return len(self.options) <= FEW_OPTIONS

    @property
    def is_choice(self) -> bool:
        return len(self.options) > 1


@dataclass(frozen=True)
class Slice:
    """One page of a list: its rows, its number (the first is 1), how many pages and rows there are."""

    rows: Sequence[Any]
    number: int
    pages: int
    total: int
    address: Callable[..., str]

    @property
    def is_beyond(self) -> bool:
        """Whether the list ends before this page."""
        return self.number > self.pages

    @property
    def previous(self) -> str | None:
        """The address of the page before, or None."""
        return self.address(page=min(self.number - 1, self.pages)) if self.number > 1 else None

    @property
    def following(self) -> str | None:
        """The address of the next page, or None."""
        return self.address(page=self.number + 1) if self.number < self.pages else None
