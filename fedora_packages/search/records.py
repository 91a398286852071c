"""Records: documents as the index stores them, made ready to be written, by another process if there are many.

The one thing to know: to make a record takes twice as long as to write it, and needs no database.
"""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice

import xapian

from fedora_packages.errors import SearchUnavailable
from fedora_packages.nvr import is_package_name
from fedora_packages.search import completing, terms
from fedora_packages.search.document import Document

#: Documents that are handed to another process at once, and how many such batches are under way at most.
BATCH = 200
UNDER_WAY = 3


@dataclass(frozen=True)
class Records:
    """What is written of one document: its own record, those of its names, and words as spellings, each so often."""

    name: str
    record: bytes
    names: tuple[completing.Record, ...]
    spellings: tuple[str, ...]
    weight: int


def made(document: Document) -> Records:
    """Return the records of a document.  Raises ValueError for one with a name that cannot be a package's."""
    for name in (document.name, *document.binary_names):
        # A name becomes a term whole, and Xapian bounds the length of terms.
        if not is_package_name(name):
            raise ValueError(f"{name!r:.80} is no name of a package")
    record = xapian.Document()
    record.set_data(document.to_json())
    record.add_value(terms.ORDER_SLOT, terms.order(document.name))
    record.add_value(terms.NAME_SLOT, document.name)
    record.add_value(terms.IMPORTANCE_SLOT, xapian.sortable_serialise(terms.importance(document.dependents)))
    if document.retired:
        record.add_value(terms.RETIRED_SLOT, "1")
    for term in set(terms.terms_of(document)):
        record.add_term(term)
    for term, position in terms.carried_by(document):
        record.add_posting(term, position)
    return Records(
        document.name,
        record.serialise(),
        tuple(completing.records_of(document)),
        tuple(terms.spellings(document)),
        weight(document),
    )


def weight(document: Document) -> int:
    """Return how often a document's words count as spellings: what much depends on is what people mean."""
    return 1 + int(terms.importance(document.dependents))


def made_by_another(documents: Iterable[Document]) -> Iterator[Records]:
    """Yield the records of documents, in their order, made by another process where there is a processor for it.

    No more are read ahead than a few batches.  Raises `SearchUnavailable` where the other process is ended, for want of memory
    mostly.
    """
    # A process that ends with its parent, as a rebuild of the worker's does, may begin none.
    if (os.cpu_count() or 1) < 2 or multiprocessing.current_process().daemon:
        yield from map(made, documents)
        return
    # A fork would share our threads' locks and connections.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=end_with_parent) as pool:
        waiting: deque[Future[list[Records]]] = deque()
        documents = iter(documents)
        try:
            while batch := list(islice(documents, BATCH)):
                waiting.append(pool.submit(_made, batch))
                if len(waiting) > UNDER_WAY:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool as error:
            raise SearchUnavailable("the process that makes the index's records was ended from outside") from error
        finally:
            for future in waiting:
                future.cancel()


def _made(documents: Iterable[Document]) -> list[Records]:
    return list(map(made, documents))


def end_with_parent() -> None:
    """End this process when the one that started it is killed: nobody else would tell it."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        parent.join()
        os._exit(1)

    if parent is not None:
        threading.Thread(target=wait, daemon=True).start()
