"""What the panels of a page are about, and what they may use."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fedora_packages.connectors.query import Queries
from fedora_packages.search.packages import Package
from fedora_packages.search.reader import IndexReader
from fedora_packages.widgets.controls import Option, Slice, Switch
from fedora_packages.widgets.parameters import releases_of


@dataclass(frozen=True)
class PanelContext:
    """The package that the panels of a page show, its parameters, and the parts that widgets may use.

    ``links`` makes URLs of the upstreams' pages, ``timeline`` returns the handled events of a source package, newest first
    (raises `CacheUnavailable`).  ``query_parameters`` are those of the URL, ``values`` the parsed ones.  ``path`` is the path of
    the page if the panels are shown under another URL, else "".
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
        return {name: text for name, text in self.query_parameters.items() if name in self.values}

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
