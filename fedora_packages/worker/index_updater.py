"""The index's upkeep: touched packages are noted in Redis, and their documents made anew in batches, one commit for
each.

::

    fp:{index}:dirty   sorted set: name -> when it was touched, or is to be tried again (microseconds since 1970)
    fp:{index}:failed    hash: name -> how often in a row its description failed

The one thing to know: a name is struck out only after the commit, and only if nobody touched it since it was read.
A worker that is killed at any step leaves its batch noted.  The writer's lock is held over reading the names,
describing them and writing: of two workers, one could else write over a document what it had read before the other.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors, script
from fedora_packages.connectors.query import Queries
from fedora_packages.errors import CacheUnavailable, IndexLocked, InvalidResponse, SearchUnavailable, UpstreamError
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search import corruption
from fedora_packages.search.document import Document
from fedora_packages.search.indexing.describe import describe, describe_all
from fedora_packages.search.indexing.merge import with_previous
from fedora_packages.search.indexing.writer import Writer, index_lock
from fedora_packages.search.reader import IndexReader
from fedora_packages.settings import SearchSettings

log = logging.getLogger(__name__)

#: Names handled in one batch, and sent in one call to Redis.
BATCH = 500
NAMES_A_CALL = 5000

#: Seconds between two commits; between two looks for what is touched; for which packages are described before what there is
#: of them is written; and before another look when the index, Redis or the releases could not be had.
COMMIT_EVERY = 1.0
LOOK_EVERY = 0.2
DESCRIBE_FOR = 0.5
TROUBLE_PAUSE = 5.0


def touch(client: Any, names: Iterable[str]) -> None:
    """Note that the documents of packages must be made anew; ``client`` may be a pipeline, and is then only added to.

    Names are of sources or binaries, and may be new; what cannot be a name is left out.  To repeat it is harmless.
    """
    wanted = [name for name in names if is_package_name(name)]
    with redis_errors():
        for start in range(0, len(wanted), NAMES_A_CALL):
            client.eval(script("index_touch"), 1, keys.DIRTY, *wanted[start : start + NAMES_A_CALL])


class Upkeep:
    """Keeps the documents of touched packages as upstreams say.

    ``releases`` gives the active releases in reading order, each with its ``branch``; ``threads`` describe at once;
    a name whose description fails is tried again after ``retry`` seconds, twice that, and so on up to
    ``retry_limit``.
    """

    def __init__(
        self,
        client: Redis,
        settings: SearchSettings,
        connectors: Mapping[str, Any],
        releases: Callable[[], Sequence[Mapping[str, Any]]],
        threads: int = 4,
        retry: float = 5.0,
        retry_limit: float = 300.0,
    ):
        self._client = client
        self._index = settings.index
        self._reader = IndexReader(settings.index)
        self._queries = Queries(connectors.values())
        self._releases = releases
        self._threads = threads
        self._pauses = (int(retry * 1_000_000), int(retry_limit * 1_000_000))

    def run(self, stop: threading.Event) -> None:
        """Handle what is touched, until ``stop`` is set; whatever cannot be done now is done later."""
        said = None
        while not stop.is_set():
            pause, began = LOOK_EVERY, time.monotonic()
            try:
                if self.run_once(stop, DESCRIBE_FOR):
                    pause = max(LOOK_EVERY, began + COMMIT_EVERY - time.monotonic())
                said = None
            except (IndexLocked, SearchUnavailable, CacheUnavailable, UpstreamError) as error:
                pause = TROUBLE_PAUSE
                # It may last for hours and is the same each time.
                if type(error) is not said:
                    log.warning("the search index is not kept up for now: %s", error)
                    self._note_corruption(error)
                said = type(error)
            stop.wait(pause)

    def _note_corruption(self, error: Exception) -> None:
        """Note that the index may be damaged: in what is only read to be written over, nobody else would find it so."""
        folder = os.path.realpath(self._index)
        if isinstance(error, SearchUnavailable) and os.path.isdir(folder):
            corruption.note(self._client, folder, str(error))

    def run_once(self, stop: threading.Event | None = None, seconds: float = 60.0) -> int:
        """Handle one batch and return how many names that settled.

        Once ``stop`` is set, or after so many seconds, no more is begun, and what was described is written.  Raises
        `IndexLocked` while another process writes (the builder, mostly), `SearchUnavailable` where there is no index,
        `CacheUnavailable`, and `UpstreamError` where the releases are not known; all names are then still noted.
        """
        if not self._due(1):
            return 0
        with index_lock(self._index):
            moments = self._due(BATCH)
            branches = tuple(release["branch"] for release in self._releases())
            if not branches:
                # Every package would be retired.
                raise InvalidResponse("bodhi", "the releases", "it has none that is active")
            known = self._reader.sources(moments)
            # A name that the index does not know may be a new package's.
            wanted = {name: known.get(name, (name,)) for name in moments}
            sources = dict.fromkeys(source for its in wanted.values() for source in its)
            described, failed = self._describe(sources, branches, stop, time.monotonic() + seconds)
            self._write(described)
            settled = {name: True for name, its in wanted.items() if described.keys() >= set(its)}
            put_off = {name: False for name, its in wanted.items() if not failed.isdisjoint(its)}
            return self._strike_out(moments, {**settled, **put_off})

    def _due(self, most: int) -> dict[str, int]:
        """Return names to handle, each with its moment."""
        with redis_errors():
            found = self._client.eval(script("index_due"), 1, keys.DIRTY, most)
        return {name.decode(): int(moment) for name, moment in zip(found[::2], found[1::2], strict=True)}

    def _describe(
        self, sources: Iterable[str], branches: Sequence[str], stop: threading.Event | None, until: float
    ) -> tuple[dict[str, Document | None], set[str]]:
        """Return the documents of sources (None: no upstream knows it), and the sources whose description failed.

        One that was not come to before ``stop`` was set, or in time, is in neither.
        """
        described: dict[str, Document | None] = {}
        failed: set[str] = set()
        in_time = takewhile(lambda _: time.monotonic() < until, sources)
        documents = describe_all(in_time, lambda name: describe(name, branches, self._queries), self._threads)
        for source, future in documents:
            error = future.exception()
            if error is None:
                found = future.result()
                described[source] = found and self._with_past(found.document)
            else:
                failed.add(source)
                # What is no upstream's fault is ours, and must not keep the other packages waiting either.
                trace = None if isinstance(error, UpstreamError) else error
                log.warning("%s keeps the document it has for now: %s", source, error, exc_info=trace)
            if stop is not None and stop.is_set():
                documents.close()
        return described, failed

    def _with_past(self, document: Document) -> Document:
        """Return a document with what describing one package does not tell: only the builder counts its dependents."""
        return with_previous(document, self._reader.source(document.name))

    def _write(self, described: Mapping[str, Document | None]) -> None:
        if not described:
            return
        gone = [source for source, document in described.items() if document is None]
        # A binary that is new leads to its source, which others may have led to as well.
        documents = {document.name: document for document in described.values() if document is not None}
        with Writer(self._index) as writer:
            writer.remove(gone)
            writer.replace(documents.values())
            writer.commit()

    def _strike_out(self, moments: Mapping[str, int], settled: Mapping[str, bool]) -> int:
        """Strike out the names that are settled, put off those that are not, and return how many were struck out."""
        told = [part for name, is_settled in settled.items() for part in (name, moments[name], int(is_settled))]
        with redis_errors():
            return self._client.eval(script("index_done"), 2, keys.DIRTY, keys.INDEX_FAILURES, *self._pauses, *told)
