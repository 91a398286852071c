"""Panels: widgets with the values that were read for them.

The values of all panels of a page are read together.  A panel whose main value is unknown says so instead of being rendered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Count, Tab, Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Filter
from fedora_packages.widgets.parameters import Parser


@dataclass(frozen=True)
class PanelSource:
    """A cached value with the widget's label for it and its upstream.

    ``is_background``: the value is about no package, and only helps to show others.
    """

    label: str
    upstream: str
    cached: CachedValue
    is_background: bool

    @property
    def invalid_rows(self) -> Mapping[str, Any] | None:
        """The number of rows that were left out of the value because the upstream returned invalid data, and the first error."""
        value = self.cached.value
        return value.get("invalid_rows") if isinstance(value, Mapping) else None


@dataclass(frozen=True)
class Panel:
    """A widget with its sources, the main value first.

    ``variables`` are those of its template; None if the main value is unknown.
    """

    widget: Widget
    context: PanelContext
    sources: tuple[PanelSource, ...]
    filters: tuple[Filter, ...]
    variables: dict[str, Any] | None
    is_empty: bool = False

    @property
    def stamped(self) -> tuple[PanelSource, ...]:
        """The sources of the panel's own stamp: those about the package, if it has any.

        The list of releases can be days old and right; `is_fresh` and its own stamp cover it.
        """
        return tuple(source for source in self.sources if not source.is_background) or self.sources

    @property
    def oldest(self) -> PanelSource | None:
        """The source with the oldest known value of `stamped`."""
        known = [source for source in self.stamped if source.cached.is_known]
        return min(known, key=lambda source: source.cached.stamp.fetched, default=None)

    @property
    def upstreams(self) -> tuple[str, ...]:
        """The upstreams of `stamped`."""
        return tuple(dict.fromkeys(source.upstream for source in self.stamped))

    @property
    def is_fresh(self) -> bool:
        """Whether all values are up to date."""
        return all(source.cached.is_fresh for source in self.sources)

    @property
    def outdated(self) -> CachedValue | None:
        """The oldest value that may be out of date while no refill is under way, or None."""
        values = [source.cached for source in self.sources if source.cached.is_known and source.cached.error_state]
        return min(values, key=lambda cached: cached.stamp.fetched, default=None)


def parameters_of(widgets: Sequence[Widget], package: Package) -> dict[str, Parser]:
    """Return the parameters that the panels of a page take together."""
    return {name: parser for widget in widgets for name, parser in widget.parsers(package).items()}


def panels(
    widgets: Sequence[Widget], context: PanelContext, load: Callable[[Sequence[QueryCall]], list[CachedValue]]
) -> list[Panel]:
    """Return the panels of a page; ``load`` reads all their values at once."""
    shown = [widget for widget in widgets if widget.is_shown(context.package)]
    calls = {
        (widget.name, label): call_of(context.queries[query], context, widget.release(context))
        for widget in shown
        for label, query in widget.queries_on(context).items()
    }
    distinct = list(dict.fromkeys(calls.values()))
    cached_values = dict(zip(distinct, load(distinct), strict=True)) if distinct else {}
    filters = _distinct_filters(shown, context)
    return [
        _panel(
            widget,
            context,
            [(label, cached_values[calls[widget.name, label]]) for label in widget.queries_on(context)],
            tuple(control for owner, control in filters if owner is widget),
        )
        for widget in shown
    ]


def call_of(query: Query, context: PanelContext, release: str | None = None) -> QueryCall:
    """Return the call of a query for a page: about its source or binary package, by the query's subject.

    ``release`` is the branch, if it is not the page's.
    """
    if query.subject == "nothing":
        return QueryCall(query)
    name = context.binary if query.subject == "binary" else context.package.source
    return QueryCall(query, name, (release or context.release) if query.by_release else None)


def counts(
    tabs: Iterable[Tab], context: PanelContext, summaries: Callable[[Sequence[QueryCall]], list[Any]]
) -> dict[str, Count]:
    """Return the counts of the tabs, by the tab's name; tabs without a known count are left out."""
    counting = [(tab, widget) for tab in tabs for widget in tab.widgets if widget.count_query in context.queries]
    calls = [call_of(context.queries[widget.count_query], context) for _, widget in counting]
    return {
        tab.name: Count(number, widget.count_label)
        for (tab, widget), summary in zip(counting, summaries(calls), strict=True)
        if summary is not None and (number := widget.count(summary)) is not None
    }


def _distinct_filters(widgets: Sequence[Widget], context: PanelContext) -> list[tuple[Widget, Filter]]:
    """Return each filter with the first widget that has it: panels that share a parameter show its filter once."""
    owners: dict[str, tuple[Widget, Filter]] = {}
    for widget in widgets:
        for control in widget.filters(context):
            owners.setdefault(control.name, (widget, control))
    return list(owners.values())


def _source(label: str, query: Query, cached: CachedValue) -> PanelSource:
    return PanelSource(label, query.upstream, cached, is_background=query.subject == "nothing")


def _panel(
    widget: Widget, context: PanelContext, cached_values: Sequence[tuple[str, CachedValue]], filters: tuple[Filter, ...]
) -> Panel:
    sources = tuple(_source(label, context.queries[widget.queries[label]], cached) for label, cached in cached_values)
    values = dict.fromkeys(widget.queries)
    values |= {label: cached.value if cached.is_known else None for label, cached in cached_values}
    is_known = widget.main is None or values[widget.main] is not None
    variables = widget.variables(context, values) if is_known else None
    return Panel(widget, context, sources, filters, variables, is_known and widget.is_empty(context, values))
