"""Panels: widgets with the values that were read for them.

All that the panels of a page read is read together.  A panel whose main value is not known says so instead of being rendered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.search.packages import Package
from fedora_packages.service import Service
from fedora_packages.web.links import Links
from fedora_packages.widgets.base import Count, Tab, Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Switch
from fedora_packages.widgets.parameters import parse


@dataclass(frozen=True)
class PanelSource:
    """A reading, the widget's word for its value, and the upstream that it comes from.

    ``is_background``: the value is about no package, and is only what others are shown by.
    """

    word: str
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
    """A widget with what was read for it, the main value first.  ``context`` is None if that is not known."""

    widget: Widget
    page: PanelContext
    sources: tuple[PanelSource, ...]
    switches: tuple[Switch, ...]
    context: dict[str, Any] | None
    is_empty: bool = False

    @property
    def stamped(self) -> tuple[PanelSource, ...]:
        """What the panel's own stamp speaks of: what was read about the package, if anything was.

        The list of releases is days old at times, and right.  Whether it is, `is_fresh` tells, and its own stamp.
        """
        return tuple(source for source in self.sources if not source.is_background) or self.sources

    @property
    def oldest(self) -> PanelSource | None:
        """The oldest of what is known of what the stamp speaks of."""
        known = [source for source in self.stamped if source.cached.is_known]
        return min(known, key=lambda source: source.cached.stamp.fetched, default=None)

    @property
    def upstreams(self) -> tuple[str, ...]:
        """The upstreams that the stamp speaks of."""
        return tuple(dict.fromkeys(source.upstream for source in self.stamped))

    @property
    def is_fresh(self) -> bool:
        """Whether all that was read is what the upstreams say."""
        return all(source.cached.is_fresh for source in self.sources)

    @property
    def is_doubtful(self) -> bool:
        """Whether something shown may be old, and nobody is about to read it again."""
        return any(source.cached.is_known and source.cached.error_state for source in self.sources)


def context_of(
    widgets: Sequence[Widget],
    package: Package,
    service: Service,
    links: Links,
    given: Mapping[str, str],
    path: str = "",
) -> PanelContext:
    """Return the page that some panels share.  Raises `InvalidArgument` for a wrong parameter of any of them."""
    parsers = {name: parser for widget in widgets for name, parser in widget.parameters(package).items()}
    return PanelContext(package, service, links, given, parse(given, parsers), path)


def panels(
    widgets: Sequence[Widget], page: PanelContext, load: Callable[[Sequence[QueryCall]], list[CachedValue]]
) -> list[Panel]:
    """Return the panels of a page, with all their values read at once."""
    shown = [widget for widget in widgets if widget.is_shown(page.package)]
    wanted = {
        (widget.name, word): call_of(page.service.queries[query], page, widget.release(page))
        for widget in shown
        for word, query in widget.queries_on(page).items()
    }
    distinct = list(dict.fromkeys(wanted.values()))
    found = dict(zip(distinct, load(distinct), strict=True)) if distinct else {}
    offered = _offered(shown, page)
    return [
        _panel(
            widget,
            page,
            [(word, found[wanted[widget.name, word]]) for word in widget.queries_on(page)],
            tuple(switch for owner, switch in offered if owner is widget),
        )
        for widget in shown
    ]


def call_of(query: Query, page: PanelContext, release: str | None = None) -> QueryCall:
    """Return the entry of a query that a page shows: the source's or a binary's, by what the query is about.

    ``release`` is the branch to read it of, where that is not the page's.
    """
    if query.subject == "nothing":
        return QueryCall(query)
    name = page.binary if query.subject == "binary" else page.package.source
    return QueryCall(query, name, (release or page.release) if query.by_release else None)


def counts(
    tabs: Iterable[Tab], page: PanelContext, summaries: Callable[[Sequence[QueryCall]], list[Any]]
) -> dict[str, Count]:
    """Return how many there are of what each tab shows, by the tab's name; those of which that is not known are left out."""
    counting = [(tab, widget) for tab in tabs for widget in tab.widgets if widget.counted in page.service.queries]
    found = summaries([call_of(page.service.queries[widget.counted], page) for _, widget in counting])
    told = {
        tab.name: Count(number, widget.counts)
        for (tab, widget), known in zip(counting, found, strict=True)
        if known is not None and (number := widget.count(known)) is not None
    }
    return told


def _offered(widgets: Sequence[Widget], page: PanelContext) -> list[tuple[Widget, Switch]]:
    """Return each switch with the first widget that has it: panels that share a parameter offer the choice once."""
    found: dict[str, tuple[Widget, Switch]] = {}
    for widget in widgets:
        for switch in widget.switches(page):
            found.setdefault(switch.name, (widget, switch))
    return list(found.values())


def _source(word: str, query: Query, cached: CachedValue) -> PanelSource:
    return PanelSource(word, query.upstream, cached, is_background=query.subject == "nothing")


def _panel(
    widget: Widget, page: PanelContext, found: Sequence[tuple[str, CachedValue]], switches: tuple[Switch, ...]
) -> Panel:
    sources = tuple(_source(word, page.service.queries[widget.queries[word]], cached) for word, cached in found)
    values = dict.fromkeys(widget.queries)
    values |= {word: cached.value if cached.is_known else None for word, cached in found}
    is_known = widget.main is None or values[widget.main] is not None
    context = widget.context(page, values) if is_known else None
    return Panel(widget, page, sources, switches, context, is_known and widget.is_empty(page, values))
