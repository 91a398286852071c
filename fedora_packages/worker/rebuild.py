"""Rebuilding: an index that is found damaged is built anew, beside it, while the copy of it is read.

Whoever reads may be the first to see damage, a web process too, and notes it (see `fedora_packages.search.damage`); a worker
looks at the whole index and builds.

The one thing to know: the build is a process of its own.  It takes a minute of processor time and hundreds of megabytes, and
messages must not wait for that.
"""

import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import redis

from fedora_packages import connectors
from fedora_packages.errors import IndexLocked, SearchUnavailable, UpstreamError
from fedora_packages.redis_server import PREFIX, redis_errors
from fedora_packages.search.builder import Builder
from fedora_packages.search.damage import Damage, forget, noted
from fedora_packages.search.parts import end_with_parent
from fedora_packages.search.writer import is_sound
from fedora_packages.settings import Settings

log = logging.getLogger(__name__)

#: Which worker builds; it is forgotten if that worker is.
REBUILDING_KEY = f"{PREFIX}:{{index}}:rebuilding"

#: Seconds for which a worker that says nothing still counts as building, and before another try after a build that failed.
BUILDS_FOR = 30
PAUSE = 300.0


def build(settings: Settings) -> None:
    """Build the index as the settings say; what a process of its own does."""
    end_with_parent()
    logging.basicConfig(level=logging.WARNING)
    search = settings.search
    mirror = search.mirror if search.source == "repodata" else None
    try:
        Builder(search.index, connectors.load(settings, "index"), mirror).build()
    except (UpstreamError, IndexLocked, SearchUnavailable) as error:
        raise SystemExit(f"the search index could not be built anew: {error}") from error


def start(settings: Settings, target: Callable[[Settings], None] = build) -> Any:
    """Start a process that builds the index, and return it."""
    # A fork would share our threads' locks and connections, and a daemon may have no processes of its own.
    process = multiprocessing.get_context("spawn").Process(
        target=target, args=(settings,), name="rebuild", daemon=False
    )
    process.start()
    return process


class Rebuilder:
    """Sees to it that a damaged index is built anew, by one worker at a time.

    `look` is called every second or so, and `stop`, by any thread, once.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: Settings,
        start: Callable[[Settings], Any] = start,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._client = client
        self._settings = settings
        self._start = start
        self._clock = clock
        self._process: Any = None
        self._not_before = 0.0
        self._lock = threading.Lock()
        self._stopped = False

    def look(self) -> None:
        """Begin a build if the index is damaged, or see how the one that was begun is doing.  Raises `CacheUnavailable`."""
        with self._lock:
            if self._process is not None:
                self._look_after()
            elif not self._stopped and self._clock() >= self._not_before:
                damage = noted(self._client)
                if damage is not None:
                    self._look_at(damage)

    def stop(self) -> None:
        """End a build that is under way, which leaves the index as it is; none is begun any more."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.terminate()
                self._process.join()

    def _look_at(self, damage: Damage) -> None:
        # To look at the whole index costs seconds as well: only one worker does, and none while one builds.
        with redis_errors():
            is_ours = self._client.set(REBUILDING_KEY, str(os.getpid()), nx=True, ex=BUILDS_FOR)
        if not is_ours:
            return
        current = os.path.realpath(self._settings.search.index)
        if damage.folder == current and not is_sound(current):
            log.error("the search index %s is damaged and is built anew beside it: %s", damage.folder, damage.said)
            self._process = self._start(self._settings)
            return
        self._mended()

    def _look_after(self) -> None:
        if self._process.is_alive():
            with redis_errors():
                self._client.expire(REBUILDING_KEY, BUILDS_FOR)
            return
        self._process.join()
        code, self._process = self._process.exitcode, None
        if code:
            self._not_before = self._clock() + PAUSE
            log.error("the search index is not built anew yet; another try follows in %d s", PAUSE)
        else:
            log.warning("the search index was built anew")
            self._mended()
            return
        self._give_up_role()

    def _mended(self) -> None:
        forget(self._client)
        self._give_up_role()

    def _give_up_role(self) -> None:
        with redis_errors():
            self._client.delete(REBUILDING_KEY)
