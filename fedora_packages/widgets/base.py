"""What all panels share: what they are about, what they read, and what becomes of a value that is old or missing.

A widget says which queries it reads and makes plain values for its template.  Everything else is done here, once: all that the
panels of a page read is read together, a panel whose main value is not known says so instead of being rendered, and each panel
ends with its stamps.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fedora_packages.cache.values import Reading
from fedora_packages.connectors.query import Query
from fedora_packages.search.packages import Package
from fedora_packages.service import Service
from fedora_packages.web.links import Links
from fedora_packages.web.loader import Wanted
from fedora_packages.widgets.parameters import Parser, parse, releases_of

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


@dataclass(frozen=True)
class Page:
    """What the panels of a page are about, and what was asked of them.

    ``values`` are the checked parameters.  ``path`` is where the page is to be asked for, where that is not the address at which
    it is shown; else "".
    """

    package: Package
    service: Service
    links: Links
    given: Mapping[str, str]
    values: Mapping[str, Any]
    path: str = ""

    @property
    def release(self) -> str:
        """The branch of the release that is shown: the one asked for, else the package's own."""
        return self.values.get("release") or self.package.branch or releases_of(self.package)[0]

    @property
    def binary(self) -> str:
        """The binary package that is shown: the one asked for, else the package's own."""
        # Of a retired package no binary is known; its own name is as good as any.
        return self.values.get("package") or self.package.binary or self.package.name

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters that were given and mean something, as they were given."""
        return {name: text for name, text in self.given.items() if name in self.values}

    @property
    def again(self) -> str:
        """The address of this very page."""
        return f"{self.path}?{urlencode(self.parameters)}" if self.path else ""

    def address(self, **changes: Any) -> str:
        """Return the address of this page with other parameters; one that is None is left out, and so is the page."""
        found = {**self.parameters, "page": None, **changes}
        return f"{self.path}?" + urlencode({name: value for name, value in found.items() if value is not None})

    def slice(self, rows: Sequence[Any], size: int) -> Slice:
        """Return the page of a list that was asked for."""
        number = self.values.get("page", 1)
        pages = max(1, -(-len(rows) // size))
        return Slice(rows[(number - 1) * size : number * size], number, pages, len(rows), self.address)

    def switch(
        self, name: str, label: str, choices: Iterable[tuple[str, str]], current: str | None = None, every: str = ""
    ) -> Switch:
        """Return a switch between ``choices`` (value, label); ``every`` is the label of "all of them", if that is a choice."""
        current = current or self.values.get(name)
        options = [Option("", every, self.address(**{name: None}), current is None)] if every else []
        options += [Option(value, text, self.address(**{name: value}), value == current) for value, text in choices]
        kept = tuple((other, text) for other, text in self.parameters.items() if other not in (name, "page"))
        return Switch(name, label, tuple(options), kept, self.path)

    def release_switch(self) -> Switch:
        """Return the switch between the releases that have the package."""
        return self.switch(
            "release", "Release", [(branch, branch) for branch in releases_of(self.package)], self.release
        )

    def binary_switch(self) -> Switch:
        """Return the switch between the binaries of the source package."""
        return self.switch("package", "Package", [(name, name) for name in self.package.siblings], self.binary)


class Widget:
    """One panel of a package's page.  Subclasses give

    * ``name`` (of the widget and of its template), ``title``, ``order`` on the page;
    * ``tab``: the name of the widget that the tab is called after, which may be itself;
    * ``reads``: a word for each value and the query it comes from.  The first is the main one: without it there is nothing to
      show.  Of others it is said that they are not known.
    * ``counted``, if the tab is to say how many there are of what it shows: the query whose figures tell that (see
      `Cache.figures`), and ``count``, which tells it; ``counts`` are words for what is counted where the title does not say it.
    """

    name: str
    title: str
    order: int
    tab: str
    reads: Mapping[str, str] = {}
    counted: str | None = None
    counts: str = ""

    @property
    def template(self) -> str:
        return f"fedora_packages:widgets/templates/{self.name}.mako"

    @property
    def main(self) -> str | None:
        """The word of the main value; None where nothing is read."""
        return next(iter(self.reads), None)

    def parameters(self, package: Package) -> Mapping[str, Parser]:
        """Return the parameters that the panel takes."""
        return {}

    def is_shown(self, package: Package) -> bool:
        """Whether the panel has a place on the page of this package."""
        return True

    def reads_on(self, page: Page) -> Mapping[str, str]:
        """Return which of ``reads`` are worth asking for on a page; the values of others are None, as if they were not known."""
        return self.reads

    def is_empty(self, page: Page, values: Mapping[str, Any]) -> bool:
        """Whether the panel has nothing to say, now that the values are known, that would be worth its place among others."""
        return False

    def release(self, page: Page) -> str:
        """Return the branch of the release whose values are read, of queries whose answers differ by it."""
        return page.release

    def count(self, figures: Mapping[str, int]) -> int | None:
        """Return how many there are, from the figures of ``counted``; None where that is not to be said."""
        return None

    def switches(self, page: Page) -> Sequence[Switch]:
        """Return the choices that the panel offers.  They are shown whatever is known."""
        return ()

    def elsewhere(self, page: Page) -> Sequence[tuple[str, str]]:
        """Return links (text, address) to where this can be seen or done on other sites.  They are shown whatever is known."""
        return ()

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the template shows.  ``values`` has each word of ``reads``; what is not known, and is not main, is None.

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


@dataclass(frozen=True)
class Read:
    """A reading, the widget's word for its value, and the upstream that it comes from.

    ``is_background``: the value is about no package, and is only what others are shown by.
    """

    word: str
    upstream: str
    reading: Reading
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
        known = [read for read in self.stamped if read.reading.is_known]
        return min(known, key=lambda read: read.reading.stamp.fetched, default=None)

    @property
    def upstreams(self) -> tuple[str, ...]:
        """The upstreams that the stamp speaks of."""
        return tuple(dict.fromkeys(read.upstream for read in self.stamped))

    @property
    def is_fresh(self) -> bool:
        """Whether all that was read is what the upstreams say."""
        return all(read.reading.is_fresh for read in self.reads)

    @property
    def is_doubtful(self) -> bool:
        """Whether something shown may be old, and nobody is about to read it again."""
        return any(read.reading.is_known and read.reading.problem for read in self.reads)


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


def panels(widgets: Sequence[Widget], page: Page, reads: Callable[[Sequence[Wanted]], list[Reading]]) -> list[Panel]:
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
    if query.about == "nothing":
        return Wanted(query)
    name = page.binary if query.about == "binary" else page.package.source
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


def _read(word: str, query: Query, reading: Reading) -> Read:
    return Read(word, query.upstream, reading, is_background=query.about == "nothing")


def _panel(widget: Widget, page: Page, found: Sequence[tuple[str, Reading]], switches: tuple[Switch, ...]) -> Panel:
    reads = tuple(_read(word, page.service.queries[widget.reads[word]], reading) for word, reading in found)
    values = dict.fromkeys(widget.reads)
    values |= {word: reading.value if reading.is_known else None for word, reading in found}
    is_known = widget.main is None or values[widget.main] is not None
    context = widget.context(page, values) if is_known else None
    return Panel(widget, page, reads, switches, context, is_known and widget.is_empty(page, values))
