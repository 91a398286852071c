"""Rebuilding: an index that is found damaged is built anew, beside it, while the copy of it is read.

Whoever reads may be the first to see corruption, a web process too, and notes it (see `fedora_packages.search.corruption`); a
worker looks at the whole index and builds.

The one thing to know: the build is a process of its own.  It takes a minute of processor time and hundreds of megabytes, and
messages must not wait for that.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection

from fedora_packages import connectors
from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.errors import IndexLocked, SearchUnavailable, UpstreamError
from fedora_packages.search.corruption import Corruption, forget, note_failure, noted
from fedora_packages.search.indexing.builder import Builder
from fedora_packages.search.indexing.retry import log_retries
from fedora_packages.search.indexing.writer import is_sound
from fedora_packages.settings import Settings

log = logging.getLogger(__name__)

#: Seconds for which a worker that says nothing still counts as building, and before another try after a build that failed.
BUILDS_FOR = 30
PAUSE = 300.0


def end_with_parent() -> None:
    """End this process, which `multiprocessing` has started, as soon as its parent has ended."""
    parent = multiprocessing.parent_process()

    def end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end, name="end-with-parent", daemon=True).start()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Start processes that Ctrl-C does not interrupt, from their beginning on.

    A terminal interrupts all processes of a command.  The parent handles that, and ends the others.
    """
    # Python's tracker of shared resources, which starts with the first process, would lift the block.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def build(settings: Settings, told: Connection) -> None:
    """Build the index as the settings say; what a process of its own does.  ``told`` is told why it fails."""
    end_with_parent()
    logging.basicConfig(level=logging.WARNING)
    log_retries()
    search = settings.search
    try:
        Builder(search.index, connectors.load(settings, "index"), search.mirror).build()
    except (UpstreamError, IndexLocked, SearchUnavailable) as error:
        told.send(error.sentence)
        raise SystemExit(f"the search index could not be built anew: {error}") from error


class Build:
    """A process that builds the index, begun at once.  ``target`` is what it does."""

    def __init__(self, settings: Settings, target: Callable[[Settings, Connection], None] = build):
        # A fork would share our threads' locks and connections, and a daemon may have no processes of its own.
        context = multiprocessing.get_context("spawn")
        self._told, its = context.Pipe(duplex=False)
        self.process = context.Process(target=target, args=(settings, its), name="rebuild", daemon=False)
        with its, uninterrupted():
            self.process.start()

    def is_alive(self) -> bool:
        return self.process.is_alive()

    def end(self) -> None:
        """End it, which leaves the index as it is."""
        self.process.terminate()
        self.process.join()
        self._told.close()

    def failure(self) -> str | None:
        """Return why it failed, in a sentence without its full stop, or None if it did not.  It has ended."""
        self.process.join()
        said = None
        with self._told, suppress(EOFError):
            said = self._told.recv()
        code = self.process.exitcode
        return (said or _ended(code)) if code else None


def _ended(code: int) -> str:
    """Return how a process ended that has not said why."""
    if code < 0:
        return f"its process was killed by signal {-code}: {signal.strsignal(-code)}"
    return f"its process ended with status {code}, and the log of the worker says why"


class IndexRepair:
    """Sees to it that a damaged index is built anew, by one worker at a time.

    `check` is called every second or so, and `stop`, by any thread, once.
    """

    def __init__(
        self,
        client: Redis,
        settings: Settings,
        start: Callable[[Settings], Build] = Build,
        is_sound: Callable[[str], bool] = is_sound,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._client = client
        self._settings = settings
        self._start = start
        self._is_sound = is_sound
        self._clock = clock
        self._build: Build | None = None
        # The folder in whose place we build, or last did; and until when that waits, having failed.
        self._folder: str | None = None
        self._not_before = 0.0
        self._lock = threading.Lock()
        self._stopped = False

    def check(self) -> None:
        """Begin a build if the index is damaged, or see how the one that was begun is doing.  Raises `CacheUnavailable`."""
        with self._lock:
            if self._build is not None:
                self._look_after()
            elif not self._stopped:
                corruption = noted(self._client)
                if corruption is not None:
                    self._look_at(corruption)

    def stop(self) -> None:
        """End a build that is under way, which leaves the index as it is; none is begun any more."""
        with self._lock:
            self._stopped = True
            if self._build is not None:
                self._build.end()
                self._build = None

    def _look_at(self, corruption: Corruption) -> None:
        if corruption.directory != os.path.realpath(self._settings.search.index):
            # Somebody else has put another index in its place.
            forget(self._client, corruption.directory)
            return
        if corruption.directory == self._folder and self._clock() < self._not_before:
            return
        # To look at the whole index costs seconds as well: only one worker does, and none while one builds.
        with redis_errors():
            is_ours = self._client.set(keys.REBUILDING, str(os.getpid()), nx=True, ex=BUILDS_FOR)
        if not is_ours:
            return
        if self._is_sound(corruption.directory):
            self._mended(corruption.directory)
            return
        log.error(
            "the search index %s is damaged and is built anew beside it: %s", corruption.directory, corruption.error
        )
        self._build, self._folder = self._start(self._settings), corruption.directory

    def _look_after(self) -> None:
        if self._build.is_alive():
            with redis_errors():
                self._client.expire(keys.REBUILDING, BUILDS_FOR)
            return
        failure, self._build = self._build.failure(), None
        if failure is None:
            log.warning("the search index was built anew")
            self._mended(self._folder)
            return
        self._not_before = self._clock() + PAUSE
        log.error("the search index is not built anew yet, another try follows in %d s: %s", PAUSE, failure)
        note_failure(self._client, self._folder, failure)
        self._give_up_role()

    def _mended(self, folder: str) -> None:
        forget(self._client, folder)
        self._give_up_role()

    def _give_up_role(self) -> None:
        with redis_errors():
            self._client.delete(keys.REBUILDING)
