"""The assembly: a staging file made into an index.

The one thing to know: documents are written in the order of their importance, those first that most others depend on, since
what is written first ranks first where nothing else tells.  Retired packages come last.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from pathlib import Path

from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.document import Document
from fedora_packages.search.indexing.context import Staged
from fedora_packages.search.indexing.dependents import dependents
from fedora_packages.search.indexing.shards import in_parts, most_parts
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.indexing.writer import Writer
from fedora_packages.search.reader import Reader

#: Documents between two commits: bounds memory, and nobody reads before the end.
COMMIT_EVERY = 2000

#: From how many documents on several processes write them: to begin one takes a second.
MANY = 5000

#: What a document is of work beside what `Staging.sizes` says of its package.
PER_DOCUMENT = 1000


@dataclass(frozen=True)
class Counts:
    """How many packages, and binary packages, an index was given, and how many of the packages are retired."""

    packages: int = 0
    binaries: int = 0
    retired: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.packages + other.packages, self.binaries + other.binaries, self.retired + other.retired)


class Assembly:
    """The documents of a staging file.

    Packages that are to be taken over (see `Staged.taken_over`) are so from the index that there is, if there is one.
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
        progress(0, len(order))
        parts = [{name: most[name] for name in part} for part in self._parts(order)]
        write = partial(write_part, self._staging.path, self._staged, self._index.path if self._index else None)
        counts = in_parts(write, folder, parts, lambda done: progress(done, len(order)))
        return sum(counts[1:], counts[0])

    def _parts(self, order: list[str]) -> list[list[str]]:
        """Return the names, in order, in as many parts as are written at once, each as much work as another."""
        count = most_parts() if len(order) >= MANY else 1
        if count == 1:
            return [order]
        sizes = self._staging.sizes()
        parts: list[list[str]] = [[] for _ in range(count)]
        work = list(accumulate(PER_DOCUMENT + sizes.get(name, 0) for name in order))
        for name, done in zip(order, work, strict=True):
            parts[(done - 1) * count // work[-1]].append(name)
        return [part for part in parts if part]

    def _order(self, most: Counter[str]) -> list[str]:
        """Return the names of all that is to be written, in order; of what is taken over the index knows what it was."""
        retired = self._staging.retired(self._staged.described)
        names = {*self._staging.sources(), *self._staged.described}
        for name in self._staged.taken_over:
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

    def _described_requires(self) -> Iterator[tuple[str, str]]:
        for name in self._staged.described:
            yield name, "\n".join(self._staging.description(name).requires)

    def _described_provides(self) -> Iterator[tuple[str, str]]:
        for name in self._staged.described:
            for binary in self._staging.description(name).document.binaries:
                yield name, "\n".join((binary.name, *binary.provides, *binary.files))


def write_part(
    staging: Path,
    staged: Staged,
    index: Path | None,
    folder: Path,
    part: Mapping[str, int],
    tell: Callable[[int], None],
) -> Counts:
    """Write the documents of some packages, given with their dependents, to a new index in a folder; returns what it has.

    What is to be taken over is so from ``index``.  ``tell`` is told how many are done.
    """
    counts = Counts()
    with Staging(staging, read_only=True) as opened, Writer(folder, create=True) as writer:
        for done, (name, dependents) in enumerate(part.items(), start=1):
            if name in staged.taken_over:
                document = writer.keep(name, index)
            else:
                document = replace(_document(opened, staged, name), dependents=dependents)
                writer.replace([document])
            if document is not None:
                counts += Counts(1, len(document.binaries), int(document.retired))
            if done % COMMIT_EVERY == 0:
                writer.commit()
            tell(done)
        writer.note_left_out(staged.left_out)
        writer.commit()
    return counts


def _document(staging: Staging, staged: Staged, name: str) -> Document:
    if name in staged.described:
        return staging.description(name).document
    return staging.document(name, staged.owners.get(name))
