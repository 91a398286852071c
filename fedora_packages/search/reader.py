"""Read the index: packages by name, and searches.

The index changes under its readers.  Each operation starts at the newest commit.  One that loses its state to the writer, or
finds its directory gone, starts again.  So an operation is a function of a database, and keeps nothing of it.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import xapian

from fedora_packages.errors import SearchUnavailable
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search import lookup, terms
from fedora_packages.search.capabilities import bounded
from fedora_packages.search.complete import MAX_COMPLETIONS, Completion, complete
from fedora_packages.search.document import Document
from fedora_packages.search.find import MAX_HITS, MAX_ROWS, Hits, search
from fedora_packages.search.lookup import UNREADABLE
from fedora_packages.search.match import MAX_QUERY_LENGTH

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds between two checks of where the link leads, and between two attempts to read a corrupt index.
CHECK_LINK_EVERY = 1.0
REOPEN_CORRUPT_EVERY = 5.0

#: Attempts of an operation before the index counts as corrupt.  The writer commits at most once a second.
ATTEMPTS = 4

#: The suffix of the copy that was made when the index was built, which is read while the index is corrupt.
LAST = ".last"


@dataclass(eq=False)
class IndexReader:
    """Reads the index at ``path``, a directory or a link to the current one.  Threads may share a reader.

    While the index is corrupt, its copy is read (``path`` with `LAST`).  ``on_corruption`` is called with the directory and the
    error each time.  A search gives at most ``max_hits``, in pages of at most ``max_rows``.  Every method raises
    `SearchUnavailable` if no index can be read.
    """

    path: str | Path
    clock: Callable[[], float] = time.monotonic
    on_corruption: Callable[[str, str], None] = lambda directory, error: None
    max_hits: int = MAX_HITS
    max_rows: int = MAX_ROWS
    open_database: Callable[[str], xapian.Database] = xapian.Database

    def __post_init__(self) -> None:
        self.path = Path(self.path)
        self._local = threading.local()
        self._completing = threading.Lock()
        self._corrupt: tuple[float, str] | None = None

    def source(self, name: str) -> Document | None:
        """Return the source package of exactly this name, or None."""
        return self._document(name, lambda database: [lookup.first(database, terms.SOURCE + name)])

    def source_of(self, binary: str) -> Document | None:
        """Return the source that builds a binary, or None: of several that of the same name, else the first by name."""
        return self._document(binary, lambda database: lookup.building(database, binary))

    def sources(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the source packages of many names; unknown names are left out.

        The first one is what the name means: the source package of that name, unless it is retired and a binary has its name
        now, else the source that builds the binary.
        """
        wanted = [name for name in names if is_package_name(name)]

        def find(database: xapian.Database) -> dict[str, tuple[str, ...]]:
            found = ((name, _meant(database, name)) for name in wanted)
            return {name: sources for name, sources in found if sources}

        return self._read(find)

    def providers(self, capabilities: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return a few binaries that provide each of many capabilities or paths, the most important first.

        A binary provides its own name.  Capabilities without a provider are left out.
        """
        wanted = [capability for capability in dict.fromkeys(map(_writable, capabilities)) if capability]

        def find(database: xapian.Database) -> dict[str, tuple[str, ...]]:
            providers = lookup.ByCapability(database).providers
            found = ((capability, providers(capability)) for capability in wanted)
            return {capability: names for capability, names in found if names}

        return self._read(find)

    def obsoleters(self, name: str) -> tuple[str, ...]:
        """Return the binaries that obsolete a package of this name, the most important first."""
        term = terms.OBSOLETED + bounded(_writable(name))
        return self._read(lambda database: lookup.ByCapability(database).binaries_with_term(term))

    def search(self, text: str, start: int = 0, rows: int = 20) -> Hits:
        """Return a page of the packages that match a text, best first.

        Packages of exactly that name come first: sources, binaries, then both in another case.  Then come those with a command,
        path or capability of that name.  Others need all words, in names (of which a prefix is enough), summaries or
        descriptions.  If no package has them all, the text is corrected; without a correction any word is enough.  Any text is
        valid, and its first words count, see `match`.
        """
        text = _writable(text[:MAX_QUERY_LENGTH]).strip()
        start = min(max(start, 0), self.max_hits)
        rows = min(max(rows, 0), self.max_rows, self.max_hits - start)
        return self._read(lambda database: search(database, text, start, rows))

    def complete(self, text: str, rows: int = 10) -> tuple[Completion, ...]:
        """Return names that begin with a text, best first, at most `MAX_COMPLETIONS`; see `complete`."""
        # Xapian releases the interpreter's lock at each of its hundred short calls: concurrent completions would wait for each
        # other a hundred times instead of once.
        with self._completing:
            return self._read(lambda database: complete(database, _writable(text), min(rows, MAX_COMPLETIONS)))

    def names(self) -> Iterator[str]:
        """Iterate over the names of all source packages, in the order of their bytes."""
        return iter(self._read(_names))

    def count(self) -> int:
        """Return how many source packages there are."""
        return self._read(lambda database: database.get_termfreq(terms.DOCUMENT))

    def skipped_releases(self) -> tuple[str, ...]:
        """Return the active releases that the index lacks; see `StagedPackages.skipped_releases`."""
        return tuple(self._read(lambda database: database.get_metadata(terms.SKIPPED_RELEASES_KEY)).decode().split())

    def skipped_packages(self) -> int:
        """Return the number of invalid packages in repositories when the index was built: the index lacks them."""
        return int(self._read(lambda database: database.get_metadata(terms.SKIPPED_PACKAGES_KEY)) or 0)

    def _document(self, name: str, find: Callable[[xapian.Database], Sequence[int | None]]) -> Document | None:
        """Return the first document that is found for a name, or None."""
        if not is_package_name(name):
            return None

        def read(database: xapian.Database) -> Document | None:
            docid = next(iter(find(database)), None)
            return None if docid is None else lookup.document(database, docid)

        return self._read(read)

    def _read(self, operation: Callable[[xapian.Database], T]) -> T:
        """Return the result of an operation on one state of the index, with another attempt if that state is gone."""
        corrupt = self._corrupt
        if corrupt is not None and self.clock() < corrupt[0]:
            return self._read_last(operation, corrupt[1])
        for attempt in range(ATTEMPTS):
            try:
                database = self._opened(anew=attempt > 0)
                database.reopen()
                result = operation(database)
            except UNREADABLE as error:
                problem = error
            else:
                self._corrupt = None
                return result
        self._local.handle = None
        message = f"the search index {self.path} cannot be read ({problem}): build it with fedora-packages-index"
        folder = os.path.realpath(self.path)
        # A dangling link had a directory once.  Without a link there never was an index.
        was_there = os.path.isdir(folder) or os.path.islink(self.path)
        if was_there and not isinstance(problem, xapian.DatabaseModifiedError):
            if self._corrupt is None:
                log.error("%s", message)
            self._corrupt = (self.clock() + REOPEN_CORRUPT_EVERY, message)
            self.on_corruption(folder, str(problem))
        return self._read_last(operation, message)

    def _read_last(self, operation: Callable[[xapian.Database], T], message: str) -> T:
        """Return the result of an operation on the copy of the index.  Raises `SearchUnavailable` with the message."""
        try:
            return operation(xapian.Database(os.path.realpath(f"{self.path}{LAST}")))
        except UNREADABLE as error:
            raise SearchUnavailable(message) from error

    def _opened(self, anew: bool) -> xapian.Database:
        """Return this thread's own handle of the current directory: threads cannot share one."""
        folder, database, checked = getattr(self._local, "handle", None) or (None, None, 0.0)
        now = self.clock()
        if anew or database is None or now - checked >= CHECK_LINK_EVERY:
            current = os.path.realpath(self.path)
            if anew or current != folder:
                database = self.open_database(current)
            self._local.handle = (current, database, now)
        return database


def _writable(text: str) -> str:
    """Return a text that can be encoded: lone surrogates are replaced."""
    return text.encode(errors="replace").decode()


def _meant(database: xapian.Database, name: str) -> tuple[str, ...]:
    source = lookup.first(database, terms.SOURCE + name)
    builders = lookup.building(database, name)
    own = [] if source is None else [source]
    is_retired = own and database.get_document(source).get_value(terms.RETIRED_SLOT)
    found = [*builders, *own] if is_retired else [*own, *builders]
    return tuple(dict.fromkeys(lookup.name_of(database, docid) for docid in found))


def _names(database: xapian.Database) -> list[str]:
    return [item.term[len(terms.SOURCE) :].decode(errors="replace") for item in database.allterms(terms.SOURCE)]
