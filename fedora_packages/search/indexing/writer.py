"""Write the index: one writer at a time, and only commits count.

Two locks keep writers apart.  `index_lock` is a file beside the index.  Its holder decides which documents the index has, and
holds it while it reads upstreams: the worker for a second, the builder for minutes.  Xapian's own lock is in the directory, and
refuses a writer without the first.
"""

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import xapian

from fedora_packages.errors import IndexLocked, SearchUnavailable
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search import complete, terms
from fedora_packages.search.document import Document, from_json
from fedora_packages.search.lookup import UNREADABLE

log = logging.getLogger(__name__)

#: Seconds between two attempts to take a lock that another process holds.
LOCK_POLL = 0.1


class Writer:
    """Writes documents into the Xapian database in a directory.  A context manager, whose end drops what is not committed.

    ``create`` makes the directory and an empty database; otherwise both must exist.  Raises `IndexLocked` if another writer has
    the directory open, and `SearchUnavailable` if there is no index, or no room for it.
    """

    def __init__(self, path: str | Path, create: bool = False):
        self.path = Path(path)
        self.create = create

    def __enter__(self) -> "Writer":
        with _xapian_errors(self.path):
            # The link is resolved once: it may change while we write.
            self._database = xapian.WritableDatabase(
                os.path.realpath(self.path), xapian.DB_CREATE if self.create else xapian.DB_OPEN
            )
            self._database.begin_transaction()
        return self

    def __exit__(self, *_: object) -> None:
        with _xapian_errors(self.path):
            # Closing alone would commit what an exception has interrupted.
            self._database.cancel_transaction()
            self._database.close()

    def replace(self, documents: Iterable[Document]) -> None:
        """Write documents in place of those of the same names.  Raises ValueError for an invalid name of a package."""
        with _xapian_errors(self.path):
            for document in documents:
                self._put(document, _record(document))
                complete.write(self._database, document)

    def remove(self, names: Iterable[str]) -> None:
        """Remove source packages; unknown names are ignored."""
        with _xapian_errors(self.path):
            for name in names:
                self._forget_spellings(name)
                self._database.delete_document(terms.SOURCE + name)
                complete.remove(self._database, name)

    def copy(self, name: str, index: str | Path) -> Document | None:
        """Copy a package from another index, with all its terms.  Returns its document, or None if there is none."""
        with _xapian_errors(self.path):
            try:
                old = xapian.Database(os.path.realpath(index))
            except xapian.DatabaseNotFoundError:
                return None
            record = find(old, name)
            if record is None:
                return None
            document = from_json(record.get_data())
            self._put(document, record)
            complete.copy(self._database, old, name)
            return document

    def note_skipped_releases(self, branches: Iterable[str]) -> None:
        """Note the releases that the index lacks, see `StagedPackages.skipped_releases`."""
        with _xapian_errors(self.path):
            self._database.set_metadata(terms.SKIPPED_RELEASES_KEY, " ".join(branches))

    def note_skipped_packages(self, count: int) -> None:
        """Note the number of invalid packages in repositories, which the index lacks."""
        with _xapian_errors(self.path):
            self._database.set_metadata(terms.SKIPPED_PACKAGES_KEY, str(count))

    def _put(self, document: Document, record: xapian.Document) -> None:
        """Write a record in place of an older one, with its spellings."""
        self._forget_spellings(document.name)
        self._database.replace_document(terms.SOURCE + document.name, record)
        _spell(document, self._database.add_spelling)

    def _forget_spellings(self, name: str) -> None:
        """Subtract the spellings of a name's document: Xapian counts them."""
        record = find(self._database, name)
        if record is not None:
            _spell(from_json(record.get_data()), self._database.remove_spelling)

    def commit(self) -> None:
        """Make all changes since the last commit durable and visible to readers, in one step."""
        with _xapian_errors(self.path):
            self._database.commit_transaction()
            self._database.begin_transaction()


def compact(source: Path, destination: Path) -> None:
    """Write a database to another directory without the gaps that commits leave.  Raises `SearchUnavailable`."""
    with _xapian_errors(destination):
        database = xapian.Database(str(source))
        database.compact(str(destination))
        database.close()
    for path in (*destination.iterdir(), destination):
        sync(path)


def sync(path: Path) -> None:
    """Make a file, or the entries of a directory, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def index_lock(index: str | Path, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of the index's writer, across processes.  The end of its process releases it too.

    Waits at most ``wait`` seconds for another holder, with a log line.  Raises `IndexLocked`, and `SearchUnavailable` if the lock
    file cannot be made.
    """
    path = f"{os.path.normpath(index)}.lock"
    deadline = time.monotonic() + wait
    try:
        # Opened for reading, since the users of builder and worker may differ.
        handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise SearchUnavailable(f"the lock file {path} of the search index cannot be made: {error.strerror}") from error
    try:
        if not _locked(handle) and wait > 0:
            log.warning("another process writes the search index %s: waiting up to %g s for it", index, wait)
        while not _locked(handle):
            if time.monotonic() >= deadline:
                raise IndexLocked(
                    f"another process writes the search index {index} (it holds {path}): try again when it has ended"
                )
            time.sleep(LOCK_POLL)
        # The file stays: two processes could hold locks on two files of one name.
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _record(document: Document) -> xapian.Document:
    """Return the record of a document.  Raises ValueError for an invalid name of a package."""
    for name in (document.name, *document.binary_names):
        # A whole name is a term, and Xapian limits the length of terms.
        if not is_package_name(name):
            raise ValueError(f"{name!r:.80} is not a valid package name")
    record = xapian.Document()
    record.set_data(document.to_json())
    record.add_value(terms.ORDER_SLOT, terms.order(document.name))
    record.add_value(terms.NAME_SLOT, document.name)
    record.add_value(terms.IMPORTANCE_SLOT, xapian.sortable_serialise(terms.importance(document.dependents)))
    if document.retired:
        record.add_value(terms.RETIRED_SLOT, "1")
    for term in set(terms.terms_of(document)):
        record.add_term(term)
    for term, position in terms.capability_terms(document):
        record.add_posting(term, position)
    return record


def _spell(document: Document, change: Callable[[str, int], None]) -> None:
    """Add or remove a document's spellings: more dependents, more weight."""
    weight = 1 + int(terms.importance(document.dependents))
    for word in terms.spellings(document):
        change(word, weight)


def find(database: xapian.Database, source: str) -> xapian.Document | None:
    """Return the record of a source package, or None."""
    return next((database.get_document(posting.docid) for posting in database.postlist(terms.SOURCE + source)), None)


def is_sound(folder: str | Path) -> bool:
    """Whether all tables and records of the database in a directory can be read.

    That takes some seconds for all of Fedora.  A changed byte within a string is not found.
    """
    path = os.path.realpath(folder)
    try:
        if xapian.Database.check(path, 0):
            return False
        database = xapian.Database(path)
        for posting in database.postlist(terms.DOCUMENT):
            from_json(database.get_document(posting.docid).get_data())
        complete.check(database)
    except (*UNREADABLE, OSError):
        return False
    return True


@contextmanager
def _xapian_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except xapian.DatabaseLockError as error:
        raise IndexLocked(f"another writer has the search index {path} open: {error}") from error
    except xapian.Error as error:
        raise SearchUnavailable(f"the search index {path} cannot be written: {error}") from error
