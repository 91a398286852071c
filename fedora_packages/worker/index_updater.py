"""The index updater: packages that changed are marked as dirty in Redis, and their documents written in batches, one commit each.

::

    fp:{index}:dirty     sorted set: name -> when it became dirty, or is tried again (microseconds since 1970)
    fp:{index}:failed    hash: name -> how often in a row its description failed

A name is acknowledged only after the commit, and only if it did not become dirty again since it was listed.  A worker that is
killed at any step leaves its batch dirty.  The writer's lock is held while names are listed, described and written.  Without
that, one of two workers could overwrite a document with what it had read before the other.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors, run_script, script
from fedora_packages.connectors.query import Queries
from fedora_packages.errors import CacheUnavailable, IndexLocked, InvalidResponse, SearchUnavailable, UpstreamError
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search import corruption
from fedora_packages.search.document import Document
from fedora_packages.search.indexing.describe import describe, describe_all
from fedora_packages.search.indexing.merge import with_previous
from fedora_packages.search.indexing.writer import Writer, index_lock
from fedora_packages.search.reader import IndexReader

log = logging.getLogger(__name__)

#: Names sent in one call to Redis.
NAMES_PER_CALL = 5000


def mark_dirty(client: Any, names: Iterable[str]) -> None:
    """Mark packages whose documents must be written again; ``client`` can be a pipeline, which this only adds to.

    Names are of sources or binaries, and can be new; invalid names are left out.  To repeat it is harmless.
    """
    valid = [name for name in names if is_package_name(name)]
    with redis_errors():
        for start in range(0, len(valid), NAMES_PER_CALL):
            client.eval(script("index_dirty"), 1, keys.DIRTY, *valid[start : start + NAMES_PER_CALL])


@dataclass(eq=False, repr=False)
class IndexUpdater:
    """Writes the documents of dirty packages as upstreams have them.  Times are in seconds.

    * ``index``: the directory of the search index.
    * ``releases``: returns the active releases in reading order, each with its ``branch``.
    * ``threads``: packages that are described at the same time; ``batch``: names that are handled together.
    * ``retry``: after a failed description, doubled with each failure up to ``retry_limit``.
    * ``commit_every``: between two commits; ``poll_interval``: between two reads of the dirty names.
    * ``describe_for``: how long a batch is described before it is written as far as it is.
    * ``error_pause``: before another attempt when the index, Redis or the releases are unavailable.
    * ``writer``: makes the writer of the index.
    """

    client: Redis
    index: str | Path
    queries: Queries
    releases: Callable[[], Sequence[Mapping[str, Any]]]
    threads: int = 4
    batch: int = 500
    retry: float = 5.0
    retry_limit: float = 300.0
    commit_every: float = 1.0
    poll_interval: float = 0.2
    describe_for: float = 0.5
    error_pause: float = 5.0
    writer: Callable[[str | Path], Writer] = Writer

    def __post_init__(self) -> None:
        self._reader = IndexReader(self.index)

    def run(self, stop: threading.Event) -> None:
        """Handle dirty packages until ``stop`` is set; what fails is done later."""
        logged = None
        while not stop.is_set():
            pause, began = self.poll_interval, time.monotonic()
            try:
                if self.run_once(stop, self.describe_for):
                    pause = max(self.poll_interval, began + self.commit_every - time.monotonic())
                logged = None
            except (IndexLocked, SearchUnavailable, CacheUnavailable, UpstreamError) as error:
                pause = self.error_pause
                # It can last for hours and is the same each time.
                if type(error) is not logged:
                    log.warning("the search index is not updated for now: %s", error)
                    self._note_corruption(error)
                logged = type(error)
            stop.wait(pause)

    def _note_corruption(self, error: Exception) -> None:
        """Note that the index may be corrupt: no reader notices that of a document that is only overwritten."""
        folder = os.path.realpath(self.index)
        if isinstance(error, SearchUnavailable) and os.path.isdir(folder):
            corruption.note(self.client, folder, str(error))

    def run_once(self, stop: threading.Event | None = None, seconds: float = 60.0) -> int:
        """Handle one batch and return the number of names that are acknowledged.

        Once ``stop`` is set, or after ``seconds``, no more packages are described, and those that were are written.  Raises
        `IndexLocked` while another process writes (usually the builder), `SearchUnavailable` without an index,
        `CacheUnavailable`, and `UpstreamError` if the releases are unknown; all names then stay dirty.
        """
        if not self._due(1):
            return 0
        with index_lock(self.index):
            due = self._due(self.batch)
            branches = tuple(release["branch"] for release in self.releases())
            if not branches:
                # Every package would be retired.
                raise InvalidResponse("bodhi", "GET /releases/", "no active release", title="Bodhi")
            known = self._reader.sources(due)
            # A name that the index does not have can be that of a new package.
            sources_of = {name: known.get(name, (name,)) for name in due}
            sources = dict.fromkeys(source for its in sources_of.values() for source in its)
            described, failed = self._describe(sources, branches, stop, time.monotonic() + seconds)
            self._write(described)
            written = {name: True for name, its in sources_of.items() if described.keys() >= set(its)}
            requeued = {name: False for name, its in sources_of.items() if not failed.isdisjoint(its)}
            return self._acknowledge(due, {**written, **requeued})

    def _due(self, most: int) -> dict[str, int]:
        """Return dirty names that are due, each with its timestamp, at most twice ``most``."""
        rows = run_script(self.client, "index_due", [keys.DIRTY], most)
        return {name.decode(): int(timestamp) for name, timestamp in zip(rows[::2], rows[1::2], strict=True)}

    def _describe(
        self, sources: Iterable[str], branches: Sequence[str], stop: threading.Event | None, deadline: float
    ) -> tuple[dict[str, Document | None], set[str]]:
        """Return the documents of sources (None: unknown to every upstream), and the sources whose description failed.

        A source that was not described before ``stop`` was set, or in time, is in neither.
        """
        described: dict[str, Document | None] = {}
        failed: set[str] = set()
        in_time = takewhile(lambda _: time.monotonic() < deadline, sources)
        documents = describe_all(
            in_time, lambda name: describe(name, branches, self.queries, self._reader.source), self.threads
        )
        for source, future in documents:
            error = future.exception()
            if error is None:
                # Some fields only the builder knows, such as the number of dependents.
                document = future.result()
                described[source] = document and with_previous(document, self._reader.source(document.name))
            else:
                failed.add(source)
                # A bug of ours must not keep the other packages waiting either.
                trace = None if isinstance(error, UpstreamError) else error
                log.warning("the document of %s was not updated, next attempt later: %s", source, error, exc_info=trace)
            if stop is not None and stop.is_set():
                documents.close()
        return described, failed

    def _write(self, described: Mapping[str, Document | None]) -> None:
        if not described:
            return
        gone = [source for source, document in described.items() if document is None]
        # A binary that is new leads to its source, which others may have led to as well.
        documents = {document.name: document for document in described.values() if document is not None}
        with self.writer(self.index) as writer:
            writer.remove(gone)
            writer.replace(documents.values())
            writer.commit()

    def _acknowledge(self, due: Mapping[str, int], written: Mapping[str, bool]) -> int:
        """Acknowledge the names that are written, requeue those that failed, and return the number of the former."""
        arguments = [part for name, is_written in written.items() for part in (name, due[name], int(is_written))]
        pauses = [int(seconds * 1_000_000) for seconds in (self.retry, self.retry_limit)]
        return run_script(self.client, "index_done", [keys.DIRTY, keys.INDEX_FAILURES], *pauses, *arguments)
