"""Packages by name: what a name on a page or in a message means.

A name may be a source package's, a binary's or both.  The source wins (``vim`` has no binary ``vim``), unless it is
retired and a binary of another source has taken its name over (``python3``, built by ``python3.14``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search.document import Document
from fedora_packages.search.reader import IndexReader

SOURCE, BINARY = "source", "binary"


@dataclass(frozen=True)
class Package:
    """What a name means.  ``kind`` is `SOURCE` or `BINARY`; ``document`` is the source's in either case."""

    name: str
    kind: str
    document: Document

    @property
    def source(self) -> str:
        """The source package: builds, updates, bugs and sources are its."""
        return self.document.name

    @property
    def is_retired(self) -> bool:
        return self.document.retired

    @property
    def branch(self) -> str | None:
        """The release that is shown where none is asked for; None if no release has the package."""
        return next(iter(self.document.releases_of(self.name)), None) if self.kind == BINARY else self.document.branch

    @property
    def siblings(self) -> tuple[str, ...]:
        """All binaries of the source, by name."""
        return self.document.binary_names

    @property
    def binary(self) -> str | None:
        """The binary whose files and relations are shown: itself, or of a source the one that stands for it.

        None where no binary is known: of what is retired, or in no repository yet.
        """
        return self.name if self.kind == BINARY else self.document.main_binary


def find(reader: IndexReader, name: str) -> Package | None:
    """Return what a name means, or None if it is no package's.  Upper and lower case are different names.

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
    """Return the source package of each name, as `find` understands it; names that are no package's are left out.

    For many names at once.  Raises `SearchUnavailable`.
    """
    return {name: sources[0] for name, sources in reader.sources(names).items()}
