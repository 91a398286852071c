"""Packages by name: which package a name on a page or in a message means.

A name may be that of a source, a binary or both.  The source wins (``vim`` has no binary ``vim``), unless it is retired and a
binary of another source has its name now (``python3``, built by ``python3.14``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search.document import Document
from fedora_packages.search.reader import IndexReader

SOURCE, BINARY = "source", "binary"


@dataclass(frozen=True)
class Package:
    """The package of a name.  ``kind`` is `SOURCE` or `BINARY`; ``document`` is that of the source in either case."""

    name: str
    kind: str
    document: Document

    @property
    def source(self) -> str:
        """The source package, which has the builds, updates, bugs and sources."""
        return self.document.name

    @property
    def is_retired(self) -> bool:
        return self.document.retired

    @property
    def branch(self) -> str | None:
        """The release that pages show by default, or None if no release has the package."""
        return next(iter(self.document.releases_of(self.name)), None) if self.kind == BINARY else self.document.branch

    @property
    def siblings(self) -> tuple[str, ...]:
        """All binaries of the source, by name."""
        return self.document.binary_names

    @property
    def binary(self) -> str | None:
        """The binary whose files and relations pages show: itself, or the one that represents the source.

        None for a retired package, and for one in no repository yet.
        """
        return self.name if self.kind == BINARY else self.document.main_binary


def find(reader: IndexReader, name: str) -> Package | None:
    """Return the package of a name, or None for an unknown name.  Case counts.

    Raises `SearchUnavailable`.
    """
    if not is_package_name(name):
        return None
    source = reader.source(name)
    if source is not None and not source.retired:
        return Package(name, SOURCE, source)
    builder = reader.source_of(name)
    if builder is not None and (source is None or builder.name != name):
        return Package(name, BINARY, builder)
    return None if source is None else Package(name, SOURCE, source)


def sources_of(reader: IndexReader, names: Iterable[str]) -> dict[str, str]:
    """Return the source package of each of many names, as `find` does; unknown names are left out.

    Raises `SearchUnavailable`.
    """
    return {name: sources[0] for name, sources in reader.sources(names).items()}
