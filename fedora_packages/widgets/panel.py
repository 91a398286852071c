"""Panels: widgets with the values that were read for them.

The values of all panels of a page are read together.  A panel whose main value is unknown says so instead of being rendered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import QueryCall
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Tab, Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Filter
from fedora_packages.widgets.parameters import Parser


@dataclass(frozen=True)
class PanelSource:
    """A cached value with the widget's label for it and the query call that returns it."""

    label: str
    call: QueryCall
    cached: CachedValue

    @property
    def upstream(self) -> str:
        return self.call.query.upstream

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

        A value about no package only helps to show others.  The list of releases can be days old and right; `is_fresh` and its
        own stamp cover it.
        """
        return tuple(source for source in self.sources if source.call.query.subject != "nothing") or self.sources

    @property
    def oldest(self) -> PanelSource | None:
        """The source with the oldest known value of `stamped`."""
        return _oldest(self.stamped)

    @property
    def upstreams(self) -> tuple[str, ...]:
        """The upstreams of `stamped`."""
        return tuple(dict.fromkeys(source.upstream for source in self.stamped))

    @property
    def is_fresh(self) -> bool:
        """Whether all values are up to date."""
        return all(source.cached.is_fresh for source in self.sources)

    @property
    def outdated(self) -> PanelSource | None:
        """The source with the oldest value that may be out of date while no refill is under way, or None."""
        return _oldest(source for source in self.sources if source.cached.error_state)


def _oldest(sources: Iterable[PanelSource]) -> PanelSource | None:
    known = [source for source in sources if source.cached.is_known]
    return min(known, key=lambda source: source.cached.stamp.fetched, default=None)


def parameters_of(widgets: Sequence[Widget], package: Package) -> dict[str, Parser]:
    """Return the parameters that the panels of a page take together."""
    return {name: parser for widget in widgets for name, parser in widget.parsers(package).items()}


def panels(
    widgets: Sequence[Widget], context: PanelContext, load: Callable[[Sequence[QueryCall]], list[CachedValue]]
) -> list[Panel]:
    """Return the panels of a page; ``load`` reads all their values at once."""
    shown = [(widget, widget.calls(context)) for widget in widgets if widget.is_shown(context.package)]
    distinct = list(dict.fromkeys(call for _, calls in shown for call in calls.values()))
    cached_values = dict(zip(distinct, load(distinct), strict=True)) if distinct else {}
    found: list[Panel] = []
    for widget, calls in shown:
        sources = tuple(PanelSource(label, call, cached_values[call]) for label, call in calls.items())
        # Panels that share a parameter show its filter once.
        before = {control.name for panel in found for control in panel.filters}
        filters = tuple(control for control in widget.filters(context) if control.name not in before)
        values = {**dict.fromkeys(widget.queries), **{source.label: source.cached.value for source in sources}}
        is_known = widget.main is None or values[widget.main] is not None
        variables = widget.variables(context, values) if is_known else None
        is_empty = is_known and widget.is_empty(context, values)
        found.append(Panel(widget, context, sources, filters, variables, is_empty))
    return found


def default_calls(tabs: Iterable[Tab], context: PanelContext) -> list[QueryCall]:
    """Return the calls of all tabs of a package's page, counts included, each once and without those about no package."""
    widgets = [widget for tab in tabs for widget in tab.widgets if widget.is_shown(context.package)]
    calls = [call for widget in widgets for call in widget.calls(context).values()]
    calls += [context.call(widget.count_query) for widget in widgets if widget.count_query in context.queries]
    return [call for call in dict.fromkeys(calls) if call.query.subject != "nothing"]


def counts(
    tabs: Iterable[Tab], context: PanelContext, summaries: Callable[[Sequence[QueryCall]], list[Any]]
) -> dict[str, str]:
    """Return the counts of the tabs with their labels, by the tab's name; tabs without a known count are left out."""
    counting = [(tab, widget) for tab in tabs for widget in tab.widgets if widget.count_query in context.queries]
    calls = [context.call(widget.count_query) for _, widget in counting]
    return {
        tab.name: f"{number} {widget.count_label}"
        for (tab, widget), summary in zip(counting, summaries(calls), strict=True)
        if summary is not None and (number := widget.count(summary)) is not None
    }
