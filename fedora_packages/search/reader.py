"""The index's reader: packages by name, and searches that have an answer for any text.

The one thing to know: the index changes under its readers.  Each operation begins at the newest commit, and one
that is overtaken by the writer, or finds its folder gone, begins again; so an operation is a function of a
database, and keeps nothing of one.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import xapian

from fedora_packages.errors import SearchUnavailable
from fedora_packages.nvr import is_package_name
from fedora_packages.search import terms
from fedora_packages.search.document import Document, from_json
from fedora_packages.search.matching import TEXT_READ, Question

T = TypeVar("T")

#: Seconds between two looks at where the link leads.
LOOK_EVERY = 1.0

#: How often an operation begins anew before the index counts as damaged.  The writer commits at most once a second.
ATTEMPTS = 4

#: Bounds of one search: the last hit that is given, hits at once, packages that are called exactly so but for case.
LAST_HIT = 10_000
MOST_ROWS = 200
MOST_EXACT = 20


@dataclass(frozen=True)
class Hit:
    """A package that was found, and the names of its binaries that match (a few)."""

    document: Document
    binaries: tuple[str, ...]


@dataclass(frozen=True)
class Hits:
    """Some of the packages that were found, best first; ``total`` counts all."""

    total: int
    hits: tuple[Hit, ...]


class Reader:
    """Reads the index at ``path``: a folder, or a link to the folder that is current.  Threads may share it.

    Every method raises `SearchUnavailable` where there is no index or it cannot be read.
    """

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.monotonic):
        self.path = Path(path)
        self._clock = clock
        self._local = threading.local()

    def source(self, name: str) -> Document | None:
        """Return the source package of exactly this name."""
        if not is_package_name(name):
            return None

        def find(database: xapian.Database) -> Document | None:
            found = _first(database, terms.SOURCE + name)
            return None if found is None else from_json(database.get_document(found).get_data())

        return self._read(find)

    def source_of(self, binary: str) -> Document | None:
        """Return the source that builds a binary: of several the one of the same name, else the first by name."""
        if not is_package_name(binary):
            return None

        def find(database: xapian.Database) -> Document | None:
            found = _building(database, binary)
            return from_json(database.get_document(found[0]).get_data()) if found else None

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

    def search(self, text: str, start: int = 0, rows: int = 20) -> Hits:
        """Return the packages that a text finds, best first.

        First come those that are called exactly so: as a source, as a binary, then both but for case.  Of the others
        all words must be found, in names (of which a beginning will do), summaries or descriptions; where no
        package has them all, any one is enough.  There is an answer for any text: what is no letter, digit or part
        of a name divides words.  Of the text the first words count (see `matching`); no hit after `LAST_HIT` is
        given, and at most `MOST_ROWS` at once.
        """
        text = text[:TEXT_READ].strip()
        start, rows = min(max(start, 0), LAST_HIT), min(max(rows, 0), MOST_ROWS)
        return self._read(lambda database: _search(database, text, start, rows))

    def names(self) -> Iterator[str]:
        """Iterate over the names of all source packages, in the order of their bytes."""
        return iter(self._read(_names))

    def count(self) -> int:
        """Return how many source packages there are."""
        return self._read(lambda database: database.get_doccount())

    def _read(self, operation: Callable[[xapian.Database], T]) -> T:
        """Return what an operation reads in one state of the index, beginning anew where that state is gone."""
        for attempt in range(ATTEMPTS):
            try:
                database = self._opened(anew=attempt > 0)
                database.reopen()
                return operation(database)
            except xapian.Error as error:
                problem = error
        self._local.handle = None
        raise SearchUnavailable(
            f"the search index {self.path} cannot be read ({problem}): build it with fedora-packages-index"
        ) from problem

    def _opened(self, anew: bool) -> xapian.Database:
        """Return this thread's own handle of the current folder; a handle is no two threads' to share."""
        folder, database, looked = getattr(self._local, "handle", None) or (None, None, 0.0)
        now = self._clock()
        if anew or database is None or now - looked >= LOOK_EVERY:
            current = os.path.realpath(self.path)
            if anew or current != folder:
                database = xapian.Database(current)
            self._local.handle = (current, database, now)
        return database


def _first(database: xapian.Database, term: str) -> int | None:
    return next((posting.docid for posting in database.postlist(term)), None)


def _name(database: xapian.Database, docid: int) -> str:
    return database.get_document(docid).get_value(terms.NAME_SLOT).decode()


def _building(database: xapian.Database, binary: str) -> list[int]:
    """Return the documents that have a binary: the one of the same name first, then by name."""
    found = [posting.docid for posting in database.postlist(terms.BINARY + binary)]
    if len(found) < 2:
        return found
    names = {docid: _name(database, docid) for docid in found}
    return sorted(found, key=lambda docid: (names[docid] != binary, names[docid]))


def _meant(database: xapian.Database, name: str) -> tuple[str, ...]:
    source = _first(database, terms.SOURCE + name)
    builders = _building(database, name)
    taken_over = source is not None and builders and _is_retired(database, source)
    found = [*builders, source] if source is None or taken_over else [source, *builders]
    return tuple(dict.fromkeys(_name(database, docid) for docid in found if docid is not None))


def _is_retired(database: xapian.Database, docid: int) -> bool:
    return bool(database.get_document(docid).get_value(terms.RETIRED_SLOT))


def _names(database: xapian.Database) -> list[str]:
    return [item.term[len(terms.SOURCE) :].decode() for item in database.allterms(terms.SOURCE)]


def _called(database: xapian.Database, text: str) -> list[int]:
    """Return the documents that a text names: as the source, as a binary, then both again but for case."""
    if not is_package_name(text):
        return []
    source, folded = _first(database, terms.SOURCE + text), terms.fold(text)
    found = [] if source is None else [source]
    found += _building(database, text)
    for prefix in (terms.SOURCE_FOLDED, terms.BINARY_FOLDED):
        postings = islice(database.postlist(prefix + folded), MOST_EXACT)
        found += sorted((posting.docid for posting in postings), key=lambda docid: _name(database, docid))
    return list(dict.fromkeys(found))[:MOST_EXACT]


def _search(database: xapian.Database, text: str, start: int, rows: int) -> Hits:
    called = _called(database, text)
    question = Question(text)
    first = called[start : start + rows]
    enquire = xapian.Enquire(database)
    # A term counts what `matching` says, however often it is said and however rare it is: a package's place is
    # explained by its own words, and no description climbs by repeating them.
    enquire.set_weighting_scheme(xapian.TfIdfWeight("bnn"))
    enquire.set_sort_by_relevance_then_value(terms.ORDER_SLOT, False)
    names = [_name(database, docid) for docid in called]
    for every_word in (True, False):
        enquire.set_query(question.query(every_word, without=names))
        # To look at every match costs milliseconds, and makes the total exact on every page of it.
        matches = enquire.get_mset(max(start - len(called), 0), rows - len(first), database.get_doccount())
        total = matches.get_matches_estimated()
        if total or called:
            break
    documents = [database.get_document(docid) for docid in first] + [match.document for match in matches]
    found = [from_json(document.get_data()) for document in documents]
    return Hits(len(called) + total, tuple(Hit(document, question.binaries(document)) for document in found))
