"""The package of a build, for clients that send only the build's number in Koji.

This is not read from the cache: anybody can make up a number, and no entry can be about it.  The answer never changes, so a
process keeps it.  A rate limit bounds the requests to Koji.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from pyramid.config import Configurator

from fedora_packages.errors import UpstreamError
from fedora_packages.web.legacy.context import NotAvailable

#: Builds that a process keeps.
MAX_KNOWN = 10_000

#: Requests of a process to Koji per minute, its threads for them, and the requests that wait for them.
PER_MINUTE = 60
THREADS = 2
MAX_WAITING = 3

ADVICE = "give package_name in the filters"


def includeme(config: Configurator) -> None:
    """Make the lookup of builds."""
    service = config.registry.service
    koji = service.connectors["koji"]
    config.registry.build_lookup = BuildLookup(koji.package_of, service.settings.cache.wait)


class BuildLookup:
    """Look up the packages and releases of builds with ``ask``, a function of a build's number.

    A request waits at most ``wait_seconds``.  ``max_known`` builds are kept.
    """

    def __init__(
        self,
        ask: Callable[[int], tuple[str, str] | None],
        wait_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        max_known: int = MAX_KNOWN,
    ):
        self._ask = ask
        self._patience = wait_seconds
        self._clock = clock
        self._max_known = max_known
        self._lock = threading.Lock()
        # The packages and releases of builds, the least recently used first; and the lookups under way.
        self._known: dict[int, tuple[str, str]] = {}
        self._lookups: dict[int, Future] = {}
        self._asked: deque[float] = deque(maxlen=PER_MINUTE)
        # Further requests fail at once: a hanging Koji must not block every thread of the server.
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="build-names")

    def __call__(self, build_id: int) -> tuple[str, str] | None:
        """Return the package and release of a build; None for an unknown build.  Raises `NotAvailable`."""
        with self._lock:
            if build_id in self._known:
                self._known[build_id] = known = self._known.pop(build_id)
                return known
            future = self._lookups.get(build_id) or self._begun(build_id)
        if not future.done() and self._waiting.acquire(blocking=False):
            try:
                wait([future], self._patience)
            finally:
                self._waiting.release()
        if not future.done():
            raise NotAvailable(f"Koji has not returned the package of build {build_id} yet; {ADVICE}.")
        try:
            return future.result()
        except UpstreamError as error:
            raise NotAvailable(f"{error.sentence}; {ADVICE}.") from error

    def close(self) -> None:
        """Drop lookups that have not begun; those under way end by their timeouts."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begun(self, build_id: int) -> Future:
        now = self._clock()
        if len(self._asked) == PER_MINUTE and now - self._asked[0] < 60:
            raise NotAvailable(f"Too many lookups of builds; {ADVICE}.")
        self._asked.append(now)
        self._lookups[build_id] = future = self._pool.submit(self._look_up, build_id)
        return future

    def _look_up(self, build_id: int) -> tuple[str, str] | None:
        found = None
        try:
            found = self._ask(build_id)
            return found
        finally:
            with self._lock:
                del self._lookups[build_id]
                if found is not None:
                    self._known[build_id] = found
                if len(self._known) > self._max_known:
                    del self._known[next(iter(self._known))]
