"""Index repair: a corrupt index is rebuilt beside itself, while readers use its copy.

The first reader that finds corruption, also in a web process, notes it (see `fedora_packages.search.corruption`).  A worker then
checks the whole index and rebuilds it.

The build is a process of its own.  It takes a minute of processor time and hundreds of megabytes, and messages must not wait for
that.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection

from fedora_packages import connectors
from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.connectors import Connector
from fedora_packages.errors import IndexLocked, SearchUnavailable, UpstreamError
from fedora_packages.messages.text import configure_logs
from fedora_packages.search.corruption import Corruption, forget, note_failure, noted
from fedora_packages.search.indexing.builder import ROLE, Builder
from fedora_packages.search.indexing.retry import log_retries
from fedora_packages.search.indexing.writer import is_sound
from fedora_packages.settings import Settings

log = logging.getLogger(__name__)

#: Seconds after which a worker that stopped renewing its claim no longer counts as building, and after a failed build.
CLAIM_SECONDS = 30
RETRY_PAUSE = 300.0


def end_with_parent() -> None:
    """End this process, which `multiprocessing` has started, as soon as its parent ends."""
    parent = multiprocessing.parent_process()

    def end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end, name="end-with-parent", daemon=True).start()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Start processes inside this context; Ctrl-C does not interrupt them.

    A terminal interrupts all processes of a command.  The parent handles that, and ends the others.
    """
    # Python's resource tracker, which starts with the first process, would unblock the signal.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def build(
    settings: Settings,
    failures: Connection,
    load: Callable[[Settings, str], Mapping[str, Connector]] = connectors.load,
    end_with_parent: Callable[[], None] = end_with_parent,
) -> None:
    """Build the index of the settings: the whole work of the process.  The reason of a failure is sent to ``failures``."""
    end_with_parent()
    configure_logs(logging.WARNING)
    log_retries()
    search = settings.search
    try:
        Builder(search.index, load(settings, ROLE), search.mirror, settings.contact).build()
    except (UpstreamError, IndexLocked, SearchUnavailable) as error:
        failures.send(error.sentence)
        raise SystemExit(f"the search index was not rebuilt: {error}") from error


class Build:
    """A process that builds the index, started at once.  ``target`` is its work."""

    def __init__(self, settings: Settings, target: Callable[[Settings, Connection], None] = build):
        # A fork would share our threads' locks and connections, and a daemon cannot have processes of its own.
        context = multiprocessing.get_context("spawn")
        self._failures, its = context.Pipe(duplex=False)
        self.process = context.Process(target=target, args=(settings, its), name="rebuild", daemon=False)
        with its, uninterrupted():
            self.process.start()

    def is_alive(self) -> bool:
        return self.process.is_alive()

    def end(self) -> None:
        """End the process, which leaves the index as it is."""
        self.process.terminate()
        self.process.join()
        self._failures.close()

    def failure(self) -> str | None:
        """Return why the build failed, in a sentence without its full stop; None if it succeeded.  The process has ended."""
        self.process.join()
        reason = None
        with self._failures, suppress(EOFError):
            reason = self._failures.recv()
        code = self.process.exitcode
        if not code:
            return None
        if reason is None and code < 0:
            return f"its process was killed by signal {-code}: {signal.strsignal(-code)}"
        return reason or f"its process ended with status {code}; the worker's log has the reason"


@dataclass(eq=False, repr=False)
class IndexRepair:
    """Rebuilds a corrupt index, in one worker at a time.

    `check` is called every few seconds, and `stop` once, by any thread.

    * ``start``: starts the build; ``is_sound``: checks the whole index in a directory.
    * ``claim``: seconds after which a worker that stopped renewing its claim no longer counts as building.
    """

    client: Redis
    settings: Settings
    start: Callable[[Settings], Build] = Build
    is_sound: Callable[[str], bool] = is_sound
    claim: int = CLAIM_SECONDS
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._build: Build | None = None
        # The directory that is being rebuilt, or was last; and the time before which it is not tried again.
        self._directory: str | None = None
        self._not_before = 0.0
        self._lock = threading.Lock()
        self._stopped = False

    def check(self) -> None:
        """Start a build if the index is corrupt, or follow the one that runs.  Raises `CacheUnavailable`."""
        with self._lock:
            if self._build is not None:
                self._follow()
            elif not self._stopped:
                corruption = noted(self.client)
                if corruption is not None:
                    self._consider(corruption)

    def stop(self) -> None:
        """End a build that runs, which leaves the index as it is, and start no other."""
        with self._lock:
            self._stopped = True
            if self._build is not None:
                self._build.end()
                self._build = None

    def _consider(self, corruption: Corruption) -> None:
        if corruption.directory != os.path.realpath(self.settings.search.index):
            # Another index is in its place by now.
            forget(self.client, corruption.directory)
            return
        if corruption.directory == self._directory and self.clock() < self._not_before:
            return
        # A check of the whole index takes seconds too: only one worker does it, and none while one builds.
        with redis_errors():
            is_ours = self.client.set(keys.REBUILDING, str(os.getpid()), nx=True, ex=self.claim)
        if not is_ours:
            return
        if self.is_sound(corruption.directory):
            forget(self.client, corruption.directory)
            self._give_up_claim()
            return
        log.error(
            "the search index %s is corrupt and is rebuilt beside itself: %s", corruption.directory, corruption.error
        )
        self._build, self._directory = self.start(self.settings), corruption.directory

    def _follow(self) -> None:
        if self._build.is_alive():
            with redis_errors():
                self.client.expire(keys.REBUILDING, self.claim)
            return
        failure, self._build = self._build.failure(), None
        if failure is None:
            log.warning("the search index was rebuilt")
            forget(self.client, self._directory)
        else:
            self._not_before = self.clock() + RETRY_PAUSE
            log.error("the search index was not rebuilt, next attempt in %d s: %s", RETRY_PAUSE, failure)
            note_failure(self.client, self._directory, failure)
        self._give_up_claim()

    def _give_up_claim(self) -> None:
        with redis_errors():
            self.client.delete(keys.REBUILDING)
