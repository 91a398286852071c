"""The base class of widgets: the panels of a package's page.

A widget names the queries that it reads and makes plain values for its template.  Old and missing values are handled in one place
(`fedora_packages.widgets.panel`), so a widget sees neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.connectors.query import QueryCall
from fedora_packages.search.packages import Package
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Filter
from fedora_packages.widgets.parameters import Parser, choices_of, one_of


class Widget:
    """One panel of a package's page.  Subclasses set

    * ``name`` (of the widget and of its template), ``title``, ``order`` on the page;
    * ``tab``: the name of the widget that gives the tab its name, which may be itself;
    * ``choices``: which of ``release`` and ``package`` (a binary package of the same source) the panel takes, each with a filter;
    * ``parameters``: the parsers of its other parameters;
    * ``queries``: a label for each value, and the query that returns it.  The first is the main one: without it the panel is not
      rendered.  Other values may be None.
    * ``count_query``: the query whose summary has the count that the tab shows, if any (see `Cache.summaries`);
    * ``count_field``: the field of that summary;
    * ``count_label``: what is counted, if the title does not say so.
    """

    name: str
    title: str
    order: int
    tab: str
    choices: Sequence[str] = ()
    parameters: Mapping[str, Parser] = {}
    queries: Mapping[str, str] = {}
    count_query: str | None = None
    count_field: str = ""
    count_label: str = ""

    @property
    def template(self) -> str:
        return f"fedora_packages:widgets/templates/{self.name}.mako"

    @property
    def main(self) -> str | None:
        """The label of the main value; None if there is none."""
        return next(iter(self.queries), None)

    def parsers(self, package: Package) -> dict[str, Parser]:
        """Return the parsers of all parameters that the panel takes."""
        return {**{name: one_of(*choices_of(name, package)) for name in self.choices}, **self.parameters}

    def is_shown(self, package: Package) -> bool:
        """Whether the page of this package has the panel."""
        return True

    def calls(self, context: PanelContext) -> dict[str, QueryCall]:
        """Return the calls of those of ``queries`` that a page needs; the values of the others are None."""
        return {label: context.call(query) for label, query in self.queries.items()}

    def is_empty(self, context: PanelContext, values: Mapping[str, Any]) -> bool:
        """Whether the values leave the panel with nothing to show."""
        return False

    def count(self, summary: Mapping[str, int]) -> int | None:
        """Return the count for the tab, from the summary of ``count_query``; None for no count."""
        return summary.get(self.count_field)

    def filters(self, context: PanelContext) -> Sequence[Filter]:
        """Return the filters that the panel shows even without values."""
        return [context.choice_filter(name) for name in self.choices]

    def external_links(self, context: PanelContext) -> Sequence[tuple[str, str]]:
        """Return links (text, URL) to other sites, which the panel shows even without values."""
        return ()

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the variables of the template.  ``values`` has every label of ``queries``; unknown values are None.

        Raises `InvalidArgument` for a parameter that is wrong in view of the values.
        """
        return dict(values)


@dataclass(frozen=True)
class Tab:
    """A page of panels, with the name of one of them."""

    name: str
    title: str
    widgets: tuple[Widget, ...]
