"""The context of a page's panels: the package, the parameters, and the parts that widgets may use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fedora_packages.connectors.query import Queries, QueryCall
from fedora_packages.search.packages import Package
from fedora_packages.search.reader import IndexReader
from fedora_packages.widgets.controls import Choice, Filter, Pagination
from fedora_packages.widgets.parameters import choices_of, releases_of


@dataclass(frozen=True)
class PanelContext:
    """The package that the panels of a page show, the page's parameters, and the parts that widgets may use.

    ``links`` makes the URLs of the upstreams' pages; ``timeline`` returns the handled events of a source package, newest first
    (raises `CacheUnavailable`).  ``query_parameters`` are those of the URL, ``values`` the parsed ones.  ``path`` is the path of
    the page if its panels are shown under another URL, else "".
    """

    package: Package
    queries: Queries
    index: IndexReader
    links: Any
    timeline: Callable[[str], list[dict[str, Any]]]
    query_parameters: Mapping[str, str]
    values: Mapping[str, Any]
    path: str = ""

    @property
    def release(self) -> str:
        """The branch of the shown release: the requested one, else the package's own."""
        return self.values.get("release") or self.package.branch or releases_of(self.package)[0]

    @property
    def binary(self) -> str:
        """The shown binary package: the requested one, else the package's own."""
        # The binary packages of a retired package are unknown; its own name stands in.
        return self.values.get("package") or self.package.binary or self.package.name

    @property
    def is_stand_in(self) -> bool:
        """Whether the shown binary package represents a source package without a binary package of its own name."""
        return self.binary != self.package.name and self.package.name not in self.package.siblings

    @property
    def parameters(self) -> dict[str, str]:
        """The query parameters that a panel takes, unparsed."""
        return {name: text for name, text in self.query_parameters.items() if name in self.values}

    @property
    def own_url(self) -> str:
        """The URL of this page; "" for the current one."""
        return f"{self.path}?{urlencode(self.parameters)}" if self.path else ""

    def call(self, name: str, release: str | None = None) -> QueryCall:
        """Return the call of a query: about the source or binary package, by the query's subject.

        ``release`` is the branch, if it is not the shown release.
        """
        query = self.queries[name]
        if query.subject == "nothing":
            return QueryCall(query)
        package = self.binary if query.subject == "binary" else self.package.source
        return QueryCall(query, package, (release or self.release) if query.by_release else None)

    def url(self, **changes: Any) -> str:
        """Return the URL of this page with other parameters; None removes one, and the page number is always removed."""
        parameters = {**self.parameters, "page": None, **changes}
        return f"{self.path}?" + urlencode({name: value for name, value in parameters.items() if value is not None})

    def paginate(self, rows: Sequence[Any], size: int, parameter: str = "page") -> Pagination:
        """Return the requested page of a list, of ``size`` rows; ``parameter`` has its number."""
        page = self.values.get(parameter, 1)
        pages = max(1, -(-len(rows) // size))
        shown = rows[(page - 1) * size : page * size]
        return Pagination(shown, page, pages, len(rows), lambda number: self.url(**{parameter: number}))

    def filter(self, name: str, title: str, labels: Mapping[str | None, str], current: str | None) -> Filter:
        """Return a filter with the labels of its values; the value None stands for all."""
        choices = tuple(
            Choice(value or "", label, self.url(**{name: value}), value == current) for value, label in labels.items()
        )
        kept = tuple((other, text) for other, text in self.parameters.items() if other not in (name, "page"))
        return Filter(name, title, choices, kept)

    def choice_filter(self, name: str) -> Filter:
        """Return the filter of the parameter ``release`` or ``package``."""
        labels = {value: value for value in choices_of(name, self.package)}
        return self.filter(name, name.capitalize(), labels, self.release if name == "release" else self.binary)
