"""Which package a build is of, for clients that give koji's number of a build and nothing else.

It is the one thing here that is not read from the cache: no entry could be about a number that anybody may make up, and what it
says never changes, so that a process may keep it.  Hence the bounds on how often koji is asked.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from pyramid.config import Configurator

from fedora_packages.errors import UpstreamError
from fedora_packages.web.legacy.context import NotKnown

#: Builds that a process remembers.
KEPT = 10_000

#: How often a process asks koji in a minute, how many threads do, and how many requests wait for that.
A_MINUTE = 60
AT_ONCE = 2
WAITING = 3

ADVICE = "give package_name in the filters"


def includeme(config: Configurator) -> None:
    """Make what looks builds up."""
    service = config.registry.service
    koji = service.connectors["koji"]
    config.registry.build_names = BuildNames(koji.package_of, service.settings.cache.wait)


class BuildNames:
    """Looks up the packages and releases of builds with ``ask``, a function of a build's number.

    Waits at most ``patience`` seconds.
    """

    def __init__(
        self, ask: Callable[[int], tuple[str, str] | None], patience: float, clock: Callable[[], float] = time.monotonic
    ):
        self._ask = ask
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[int, tuple[str, str]] = OrderedDict()
        self._under_way: dict[int, Future] = {}
        self._asked: deque[float] = deque(maxlen=A_MINUTE)
        # Whoever comes while others wait is told so at once: a koji that hangs must not take every thread of the server.
        self._waiting = threading.BoundedSemaphore(WAITING)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="build-names")

    def __call__(self, build_id: int) -> tuple[str, str] | None:
        """Return a build's package and release, or None if there is no such build.  Raises `NotKnown`."""
        with self._lock:
            if build_id in self._known:
                self._known.move_to_end(build_id)
                return self._known[build_id]
            future = self._under_way.get(build_id) or self._begun(build_id)
        if self._waiting.acquire(blocking=False):
            try:
                wait([future], self._patience)
            finally:
                self._waiting.release()
        if not future.done():
            raise NotKnown(f"koji has not said yet which package build {build_id} is of; {ADVICE}.")
        try:
            return future.result()
        except UpstreamError as error:
            raise NotKnown(f"{error.sentence}; {ADVICE}.") from error

    def close(self) -> None:
        """Forget what has not begun; what is under way ends by its timeout."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begun(self, build_id: int) -> Future:
        now = self._clock()
        if len(self._asked) == A_MINUTE and now - self._asked[0] < 60:
            raise NotKnown(f"too many builds are looked up by their number; {ADVICE}.")
        self._asked.append(now)
        self._under_way[build_id] = future = self._pool.submit(self._look_up, build_id)
        return future

    def _look_up(self, build_id: int) -> tuple[str, str] | None:
        try:
            found = self._ask(build_id)
            if found is not None:
                with self._lock:
                    self._known[build_id] = found
                    while len(self._known) > KEPT:
                        self._known.popitem(last=False)
            return found
        finally:
            with self._lock:
                self._under_way.pop(build_id, None)
