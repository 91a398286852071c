"""Panels: widgets with the values that were read for them.

All that the panels of a page read is read together.  A panel whose main value is not known says so instead of being rendered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import Query
from fedora_packages.search.packages import Package
from fedora_packages.service import Service
from fedora_packages.web.links import Links
from fedora_packages.web.loader import Wanted
from fedora_packages.widgets.base import Count, Tab, Widget
from fedora_packages.widgets.context import Page
from fedora_packages.widgets.controls import Switch
from fedora_packages.widgets.parameters import parse


@dataclass(frozen=True)
class Read:
    """A reading, the widget's word for its value, and the upstream that it comes from.

    ``is_background``: the value is about no package, and is only what others are shown by.
    """

    word: str
    upstream: str
    cached: CachedValue
    is_background: bool


@dataclass(frozen=True)
class Panel:
    """A widget with what was read for it, the main value first.  ``context`` is None if that is not known."""

    widget: Widget
    page: Page
    reads: tuple[Read, ...]
    switches: tuple[Switch, ...]
    context: dict[str, Any] | None
    is_empty: bool = False

    @property
    def stamped(self) -> tuple[Read, ...]:
        """What the panel's own stamp speaks of: what was read about the package, if anything was.

        The list of releases is days old at times, and right.  Whether it is, `is_fresh` tells, and its own stamp.
        """
        return tuple(read for read in self.reads if not read.is_background) or self.reads

    @property
    def oldest(self) -> Read | None:
        """The oldest of what is known of what the stamp speaks of."""
        known = [read for read in self.stamped if read.cached.is_known]
        return min(known, key=lambda read: read.cached.stamp.fetched, default=None)

    @property
    def upstreams(self) -> tuple[str, ...]:
        """The upstreams that the stamp speaks of."""
        return tuple(dict.fromkeys(read.upstream for read in self.stamped))

    @property
    def is_fresh(self) -> bool:
        """Whether all that was read is what the upstreams say."""
        return all(read.cached.is_fresh for read in self.reads)

    @property
    def is_doubtful(self) -> bool:
        """Whether something shown may be old, and nobody is about to read it again."""
        return any(read.cached.is_known and read.cached.error_state for read in self.reads)


def page_of(
    widgets: Sequence[Widget],
    package: Package,
    service: Service,
    links: Links,
    given: Mapping[str, str],
    path: str = "",
) -> Page:
    """Return the page that some panels share.  Raises `InvalidArgument` for a wrong parameter of any of them."""
    parsers = {name: parser for widget in widgets for name, parser in widget.parameters(package).items()}
    return Page(package, service, links, given, parse(given, parsers), path)


def panels(
    widgets: Sequence[Widget], page: Page, reads: Callable[[Sequence[Wanted]], list[CachedValue]]
) -> list[Panel]:
    """Return the panels of a page, with all their values read at once."""
    shown = [widget for widget in widgets if widget.is_shown(page.package)]
    wanted = {
        (widget.name, word): wanted_of(page.service.queries[query], page, widget.release(page))
        for widget in shown
        for word, query in widget.reads_on(page).items()
    }
    distinct = list(dict.fromkeys(wanted.values()))
    found = dict(zip(distinct, reads(distinct), strict=True)) if distinct else {}
    offered = _offered(shown, page)
    return [
        _panel(
            widget,
            page,
            [(word, found[wanted[widget.name, word]]) for word in widget.reads_on(page)],
            tuple(switch for owner, switch in offered if owner is widget),
        )
        for widget in shown
    ]


def wanted_of(query: Query, page: Page, release: str | None = None) -> Wanted:
    """Return the entry of a query that a page shows: the source's or a binary's, by what the query is about.

    ``release`` is the branch to read it of, where that is not the page's.
    """
    if query.subject == "nothing":
        return Wanted(query)
    name = page.binary if query.subject == "binary" else page.package.source
    return Wanted(query, name, (release or page.release) if query.by_release else None)


def counts(tabs: Iterable[Tab], page: Page, figures: Callable[[Sequence[Wanted]], list[Any]]) -> dict[str, Count]:
    """Return how many there are of what each tab shows, by the tab's name; those of which that is not known are left out."""
    counting = [(tab, widget) for tab in tabs for widget in tab.widgets if widget.counted in page.service.queries]
    found = figures([wanted_of(page.service.queries[widget.counted], page) for _, widget in counting])
    told = {
        tab.name: Count(number, widget.counts)
        for (tab, widget), known in zip(counting, found, strict=True)
        if known is not None and (number := widget.count(known)) is not None
    }
    return told


def _offered(widgets: Sequence[Widget], page: Page) -> list[tuple[Widget, Switch]]:
    """Return each switch with the first widget that has it: panels that share a parameter offer the choice once."""
    found: dict[str, tuple[Widget, Switch]] = {}
    for widget in widgets:
        for switch in widget.switches(page):
            found.setdefault(switch.name, (widget, switch))
    return list(found.values())


def _read(word: str, query: Query, cached: CachedValue) -> Read:
    return Read(word, query.upstream, cached, is_background=query.subject == "nothing")


def _panel(widget: Widget, page: Page, found: Sequence[tuple[str, CachedValue]], switches: tuple[Switch, ...]) -> Panel:
    reads = tuple(_read(word, page.service.queries[widget.reads[word]], cached) for word, cached in found)
    values = dict.fromkeys(widget.reads)
    values |= {word: cached.value if cached.is_known else None for word, cached in found}
    is_known = widget.main is None or values[widget.main] is not None
    context = widget.context(page, values) if is_known else None
    return Panel(widget, page, reads, switches, context, is_known and widget.is_empty(page, values))
