"""The assembly: a staging file made into an index.

The one thing to know: documents are written in the order of their importance, those first that most others depend on, since
what is written first ranks first where nothing else tells.  Retired packages come last.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import xapian

from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.dependents import dependents
from fedora_packages.search.document import Document
from fedora_packages.search.reader import Reader
from fedora_packages.search.records import made, made_by_another
from fedora_packages.search.stage import Staged
from fedora_packages.search.staging import Staging
from fedora_packages.search.writer import Writer

#: Documents between two commits: bounds memory, and nobody reads before the end.
COMMIT_EVERY = 2000

#: From how many documents on another process makes the records: to begin one takes a second.
MANY = 5000


@dataclass(frozen=True)
class Counts:
    """How many packages, and binary packages, an index was given, and how many of the packages are retired."""

    packages: int
    binaries: int
    retired: int


class Assembly:
    """The documents of a staging file.

    A package whose description failed is taken over from the index that there is, if there is one.
    """

    def __init__(self, staging: Staging, staged: Staged, index: Reader | None = None):
        self._staging = staging
        self._staged = staged
        self._index = index

    def count_dependents(self) -> Counter[str]:
        """Return how many others depend on each source: in the release in which most do."""
        most: Counter[str] = Counter()
        for release in self._staging.releases():
            most |= dependents(self._staging.requires(release), self._staging.provides(release))
        return most | dependents(self._described_requires(), self._described_provides())

    def write(self, folder: Path, most: Counter[str], progress: Callable[[int, int], None]) -> Counts:
        """Write all documents to a new index in a folder; ``most`` are their dependents."""
        order = self._order(most)
        counts: Counter[str] = Counter()
        documents = self._documents(order, most, counts)
        records = made_by_another(documents) if len(order) >= MANY else (made(document) for document in documents)
        part = folder.with_name(f"{folder.name}.part")
        progress(0, len(order))
        try:
            with closing(records), Writer(part, create=True) as writer:
                for done, name in enumerate(order, start=1):
                    if name in self._staged.failed:
                        _count(counts, writer.keep(name, self._index.path))
                    else:
                        writer.write([next(records)])
                    if done % COMMIT_EVERY == 0:
                        writer.commit()
                    progress(done, len(order))
                writer.commit()
            compact(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return Counts(counts["packages"], counts["binaries"], counts["retired"])

    def _documents(self, names: Iterable[str], most: Mapping[str, int], counts: Counter[str]) -> Iterator[Document]:
        """Yield the documents of what was staged, and count them."""
        for name in names:
            if name not in self._staged.failed:
                document = replace(self._document(name), dependents=most.get(name, 0))
                _count(counts, document)
                yield document

    def _order(self, most: Counter[str]) -> list[str]:
        """Return the names of all that is to be written, in order; of what failed the index knows what it was."""
        retired = self._staging.retired(self._staged.described)
        names = {*self._staging.sources(), *self._staged.described}
        for name in self._staged.failed:
            before = self._before(name)
            if before is not None:
                names.add(name)
                most[name] = before.dependents
                retired |= {name} if before.retired else set()
        return sorted(names, key=lambda name: (name in retired, -most[name], name))

    def _before(self, name: str) -> Document | None:
        """Return the document that the index has of a package."""
        with suppress(SearchUnavailable):
            return self._index.source(name) if self._index else None
        return None

    def _document(self, name: str) -> Document:
        if name in self._staged.described:
            return self._staging.description(name).document
        return self._staging.document(name, self._staged.owners.get(name))

    def _described_requires(self) -> Iterator[tuple[str, str]]:
        for name in self._staged.described:
            yield name, "\n".join(self._staging.description(name).requires)

    def _described_provides(self) -> Iterator[tuple[str, str]]:
        for name in self._staged.described:
            for binary in self._staging.description(name).document.binaries:
                yield name, "\n".join((binary.name, *binary.provides, *binary.files))


def _count(counts: Counter[str], document: Document | None) -> None:
    if document is not None:
        counts.update(packages=1, binaries=len(document.binaries), retired=int(document.retired))


def compact(index: Path, folder: Path) -> None:
    """Write an index once more, without the gaps that commits leave: it is half as large.  Raises `SearchUnavailable`."""
    try:
        database = xapian.Database(str(index))
        database.compact(str(folder))
        database.close()
    except xapian.Error as error:
        raise SearchUnavailable(f"the search index {folder} cannot be written: {error}") from error
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
