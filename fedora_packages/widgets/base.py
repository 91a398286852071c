"""What all panels share: what they are about, what they read, and what becomes of a value that is old or missing.

A widget says which queries it reads and makes plain values for its template.  Everything else is done here, once: all that the
panels of a page read is read together, a panel whose main value is not known says so instead of being rendered, and each panel
ends with its stamps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.search.packages import Package
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Switch
from fedora_packages.widgets.parameters import Parser


class Widget:
    """One panel of a package's page.  Subclasses give

    * ``name`` (of the widget and of its template), ``title``, ``order`` on the page;
    * ``tab``: the name of the widget that the tab is called after, which may be itself;
    * ``queries``: a word for each value and the query it comes from.  The first is the main one: without it there is nothing to
      show.  Of others it is said that they are not known.
    * ``counted``, if the tab is to say how many there are of what it shows: the query whose figures tell that (see
      `Cache.summary`), and ``count``, which tells it; ``counts`` are words for what is counted where the title does not say it.
    """

    name: str
    title: str
    order: int
    tab: str
    queries: Mapping[str, str] = {}
    counted: str | None = None
    counts: str = ""

    @property
    def template(self) -> str:
        return f"fedora_packages:widgets/templates/{self.name}.mako"

    @property
    def main(self) -> str | None:
        """The word of the main value; None where nothing is read."""
        return next(iter(self.queries), None)

    def parameters(self, package: Package) -> Mapping[str, Parser]:
        """Return the parameters that the panel takes."""
        return {}

    def is_shown(self, package: Package) -> bool:
        """Whether the panel has a place on the page of this package."""
        return True

    def queries_on(self, page: PanelContext) -> Mapping[str, str]:
        """Return which of ``queries`` a page needs; the values of others are None."""
        return self.queries

    def is_empty(self, page: PanelContext, values: Mapping[str, Any]) -> bool:
        """Whether the panel has nothing to say, now that the values are known, that would be worth its place among others."""
        return False

    def release(self, page: PanelContext) -> str:
        """Return the branch of the release whose values are read, of queries whose answers differ by it."""
        return page.release

    def count(self, summary: Mapping[str, int]) -> int | None:
        """Return how many there are, from the figures of ``counted``; None where that is not to be said."""
        return None

    def switches(self, page: PanelContext) -> Sequence[Switch]:
        """Return the choices that the panel offers.  They are shown whatever is known."""
        return ()

    def elsewhere(self, page: PanelContext) -> Sequence[tuple[str, str]]:
        """Return links (text, address) to where this can be seen or done on other sites.  They are shown whatever is known."""
        return ()

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the template shows.  ``values`` has each word of ``queries``; what is not known, and is not main, is None.

        Raises `InvalidArgument` if a parameter means nothing in the light of the values.
        """
        return dict(values)


@dataclass(frozen=True)
class Count:
    """How many there are of what a tab shows; ``words`` say of what, where its title does not."""

    number: int
    words: str


@dataclass(frozen=True)
class Tab:
    """A page of panels, called after one of them."""

    name: str
    title: str
    widgets: tuple[Widget, ...]
