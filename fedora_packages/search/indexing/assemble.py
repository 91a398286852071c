"""Assemble an index from the staging file.

Documents are written in the order of their dependents, the most first: that is their rank where weights tie.  Retired packages
come last.
"""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from fedora_packages.search.document import Document
from fedora_packages.search.indexing.collect import StagedPackages
from fedora_packages.search.indexing.dependents import dependents
from fedora_packages.search.indexing.merge import with_part
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.indexing.writer import Writer, compact

#: Documents between two commits, which bound memory.
COMMIT_EVERY = 2000


@dataclass(frozen=True)
class Counts:
    """How many packages and binary packages an index has, and how many of the packages are retired."""

    packages: int
    binaries: int
    retired: int


class Assembly:
    """The documents of a staging file; those of `StagedPackages.kept` are copied from the current index."""

    def __init__(self, staging: Staging, staged: StagedPackages, index: Path | None = None):
        self._staging = staging
        self._staged = staged
        self._index = index

    def count_dependents(self) -> Counter[str]:
        """Return the number of dependents of each source package, in the release where it has most."""
        counts: Counter[str] = Counter()
        for release in self._staging.releases():
            counts |= dependents(self._staging.requires(release), self._staging.provides(release))
        return counts

    def write(self, folder: Path, dependents: Counter[str], progress: Callable[[int, int], None]) -> Counts:
        """Write all documents to a new index in a directory.  Raises `SearchUnavailable`."""
        # Commits leave gaps; without them the index is half as large.
        part = folder.with_name(f"{folder.name}.part")
        try:
            counts = self._write(part, dependents, progress)
            compact(part, folder)
            return counts
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _write(self, folder: Path, dependents: Counter[str], progress: Callable[[int, int], None]) -> Counts:
        names = self._order(dependents)
        binaries = retired = 0
        progress(0, len(names))
        with Writer(folder, create=True) as writer:
            for done, name in enumerate(names, start=1):
                document = self._staged.kept.get(name)
                if document is not None:
                    writer.copy(name, self._index)
                else:
                    document = replace(self._document(name), dependents=dependents[name])
                    writer.replace([document])
                binaries += len(document.binaries)
                retired += document.retired
                if done % COMMIT_EVERY == 0:
                    writer.commit()
                progress(done, len(names))
            writer.note_skipped_releases(self._staged.skipped_releases)
            writer.note_skipped_packages(self._staged.skipped)
            writer.commit()
        return Counts(len(names), binaries, retired)

    def _document(self, name: str) -> Document:
        if name in self._staged.described:
            document = self._staging.description(name)
        else:
            document = self._staging.document(name, self._staged.owners.get(name))
        part = self._staged.parts.get(name)
        return with_part(document, part, self._staged.active) if part else document

    def _order(self, dependents: Counter[str]) -> list[str]:
        """Return the names of all packages in the order of writing."""
        retired = self._staging.retired() & self._staged.described
        names = {*self._staging.sources(), *self._staged.described, *self._staged.kept}
        # Those of kept documents are not counted.
        ranks = {name: (name in retired, -dependents[name], name) for name in names}
        ranks |= {name: (kept.retired, -kept.dependents, name) for name, kept in self._staged.kept.items()}
        return sorted(names, key=ranks.__getitem__)
