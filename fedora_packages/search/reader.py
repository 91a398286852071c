"""The index's reader: packages by name, and searches that have an answer for any text.

The one thing to know: the index changes under its readers.  Each operation begins at the newest commit, and one
that is overtaken by the writer, or finds its folder gone, begins again; so an operation is a function of a
database, and keeps nothing of one.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
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

#: Seconds between two looks at where the link leads, and at an index that could not be read.
LOOK_EVERY = 1.0
REOPEN_CORRUPT_EVERY = 5.0

#: How often an operation begins anew before the index counts as damaged.  The writer commits at most once a second.
ATTEMPTS = 4

#: What is added to the index's path for the copy that was made when it was built: what is read while it is damaged.
LAST = ".last"


class IndexReader:
    """Reads the index at ``path``: a folder, or a link to the folder that is current.  Threads may share it.

    While the current one is damaged the copy of it as it was built is read (at ``path`` with `LAST`); ``damaged`` is told the
    folder and what is wrong with it, each time that is seen.  Every method raises `SearchUnavailable` where there is no
    index or none can be read.
    """

    def __init__(
        self,
        path: str | Path,
        clock: Callable[[], float] = time.monotonic,
        on_corruption: Callable[[str, str], None] = lambda directory, error: None,
        max_hits: int = MAX_HITS,
        max_rows: int = MAX_ROWS,
        open_database: Callable[[str], xapian.Database] = xapian.Database,
    ):
        self.path = Path(path)
        self._clock = clock
        self._on_corruption = on_corruption
        self.max_hits = max_hits
        self._max_rows = max_rows
        self._open_database = open_database
        self._local = threading.local()
        self._completing = threading.Lock()
        self._corrupt: tuple[float, str] | None = None

    def source(self, name: str) -> Document | None:
        """Return the source package of exactly this name."""
        if not is_package_name(name):
            return None

        def find(database: xapian.Database) -> Document | None:
            found = lookup.first(database, terms.SOURCE + name)
            return None if found is None else lookup.document(database, found)

        return self._read(find)

    def source_of(self, binary: str) -> Document | None:
        """Return the source that builds a binary: of several the one of the same name, else the first by name."""
        if not is_package_name(binary):
            return None

        def find(database: xapian.Database) -> Document | None:
            found = lookup.building(database, binary)
            return lookup.document(database, found[0]) if found else None

        return self._read(find)

    def sources(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return, for many names, the source packages each may mean; names that the index does not know are left out.

        The first is what the name means: the source package itself, unless it is retired and a binary took its name
        over; else the source that builds it.
        """
        wanted = [name for name in names if is_package_name(name)]

        def find(database: xapian.Database) -> dict[str, tuple[str, ...]]:
            found = ((name, _meant(database, name)) for name in wanted)
            return {name: sources for name, sources in found if sources}

        return self._read(find)

    def providers(self, capabilities: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return, for many capabilities (a path is one too), the binaries that provide each, the most important first.

        A name of a binary is provided by that one.  What nothing provides is left out; of many providers the first
        few are given.
        """
        wanted = [capability for capability in dict.fromkeys(map(_writable, capabilities)) if capability]

        def find(database: xapian.Database) -> dict[str, tuple[str, ...]]:
            providers = lookup.ByCapability(database).providers
            found = ((capability, providers(capability)) for capability in wanted)
            return {capability: names for capability, names in found if names}

        return self._read(find)

    def obsoleters(self, name: str) -> tuple[str, ...]:
        """Return the binaries that obsolete a name, the most important first: what became of what is called so."""
        return self._read(
            lambda database: lookup.ByCapability(database).binaries_with_term(
                terms.OBSOLETED + bounded(_writable(name))
            )
        )

    def search(self, text: str, start: int = 0, rows: int = 20) -> Hits:
        """Return the packages that a text finds, best first.

        First come those that are called exactly so: as a source, as a binary, then both but for case; then those
        that have a command, a path or a capability of that name.  Of the others all words must be found, in names (of
        which a beginning will do), summaries or descriptions; where no package has them all the text is corrected,
        and else any one is enough.  There is an answer for any text: what is no letter, digit or part of a name
        divides words.  Of the text the first words count (see `matching`); no hit after ``max_hits`` is given, and at
        most ``max_rows`` at once.
        """
        text = _writable(text[:MAX_QUERY_LENGTH]).strip()
        start = min(max(start, 0), self.max_hits)
        rows = min(max(rows, 0), self._max_rows, self.max_hits - start)
        return self._read(lambda database: search(database, text, start, rows))

    def complete(self, text: str, rows: int = 10) -> tuple[Completion, ...]:
        """Return the names that a text may be the beginning of, best first, at most `MAX_COMPLETIONS`; see `completing`."""
        # Xapian lets other threads run at every call, and of these there are a hundred, none of which takes long: threads that
        # complete at the same time would wait for each other a hundred times, instead of once.
        with self._completing:
            return self._read(lambda database: complete(database, _writable(text), min(rows, MAX_COMPLETIONS)))

    def names(self) -> Iterator[str]:
        """Iterate over the names of all source packages, in the order of their bytes."""
        return iter(self._read(_names))

    def count(self) -> int:
        """Return how many source packages there are."""
        return self._read(lambda database: database.get_termfreq(terms.DOCUMENT))

    def skipped_releases(self) -> tuple[str, ...]:
        """Return the branches that are active and could not be looked into when the index was built, though only they have what
        they have.
        """
        return tuple(self._read(lambda database: database.get_metadata(terms.SKIPPED_RELEASES_KEY)).decode().split())

    def _read(self, operation: Callable[[xapian.Database], T]) -> T:
        """Return what an operation reads in one state of the index, beginning anew where that state is gone."""
        corrupt = self._corrupt
        if corrupt is not None and self._clock() < corrupt[0]:
            return self._read_last(operation, corrupt[1])
        for attempt in range(ATTEMPTS):
            try:
                database = self._opened(anew=attempt > 0)
                database.reopen()
                found = operation(database)
            except UNREADABLE as error:
                problem = error
            else:
                self._corrupt = None
                return found
        self._local.handle = None
        said = f"the search index {self.path} cannot be read ({problem}): build it with fedora-packages-index"
        folder = os.path.realpath(self.path)
        # A link that leads nowhere had a folder once; without a link there never was an index.
        was_there = os.path.isdir(folder) or os.path.islink(self.path)
        if was_there and not isinstance(problem, xapian.DatabaseModifiedError):
            if self._corrupt is None:
                log.error("%s", said)
            self._corrupt = (self._clock() + REOPEN_CORRUPT_EVERY, said)
            self._on_corruption(folder, str(problem))
        return self._read_last(operation, said)

    def _read_last(self, operation: Callable[[xapian.Database], T], said: str) -> T:
        """Return what an operation reads in the copy of the index; raises `SearchUnavailable`, saying why."""
        try:
            return operation(xapian.Database(os.path.realpath(f"{self.path}{LAST}")))
        except UNREADABLE as error:
            raise SearchUnavailable(said) from error

    def _opened(self, anew: bool) -> xapian.Database:
        """Return this thread's own handle of the current folder; a handle is no two threads' to share."""
        folder, database, looked = getattr(self._local, "handle", None) or (None, None, 0.0)
        now = self._clock()
        if anew or database is None or now - looked >= LOOK_EVERY:
            current = os.path.realpath(self.path)
            if anew or current != folder:
                database = self._open_database(current)
            self._local.handle = (current, database, now)
        return database


def _writable(text: str) -> str:
    """Return a text that can be written as UTF-8: half a surrogate cannot."""
    return text.encode(errors="replace").decode()


def _meant(database: xapian.Database, name: str) -> tuple[str, ...]:
    source = lookup.first(database, terms.SOURCE + name)
    builders = lookup.building(database, name)
    copied = source is not None and builders and _is_retired(database, source)
    found = [*builders, source] if source is None or copied else [source, *builders]
    return tuple(dict.fromkeys(lookup.name_of(database, docid) for docid in found if docid is not None))


def _is_retired(database: xapian.Database, docid: int) -> bool:
    return bool(database.get_document(docid).get_value(terms.RETIRED_SLOT))


def _names(database: xapian.Database) -> list[str]:
    return [item.term[len(terms.SOURCE) :].decode(errors="replace") for item in database.allterms(terms.SOURCE)]
