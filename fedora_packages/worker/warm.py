"""Warm: fetch what was never cached, so that the first visitor of a page finds it there.

What the tabs of a package's page show by default is fetched, of the packages first on which most others depend.  The cache itself
tells what is missing: a killed worker, an emptied Redis and a raised schema version need nothing else.  Visitors, messages and
refills go first: one source at a time, and only while no refill waits for the upstream and its circuit is closed.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from fedora_packages.cache.cache import Cache
from fedora_packages.cache.fill_types import Policy
from fedora_packages.cache.queue import Queue
from fedora_packages.connectors import Connector
from fedora_packages.connectors.query import Queries, QueryCall
from fedora_packages.errors import SearchUnavailable, UpstreamError
from fedora_packages.monitoring.warmth import QueryWarmth, Warmth, warmth_of
from fedora_packages.search import packages
from fedora_packages.search.reader import IndexReader
from fedora_packages.widgets.base import Tab
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.panel import default_calls
from fedora_packages.worker.invalidation import batched
from fedora_packages.worker.refill import undisturbed
from fedora_packages.worker.shared_work import SharedWork

log = logging.getLogger(__name__)

#: Packages that are counted in one round trip.
BATCH = 20

#: Seconds between two looks whether the turn is still this worker's.
RENEW_EVERY = 1.0

#: Seconds between two looks whether an upstream is idle, at most.
IDLE_PAUSE = 0.2


@dataclass
class _Waiting:
    """What to fetch from an upstream: packages, the calls of the one that is under way, and when the next one may begin.

    A package is its name, and whether its lazy queries are meant or the others.
    """

    packages: deque[tuple[str, bool]] = field(default_factory=deque)
    calls: deque[QueryCall] = field(default_factory=deque)
    next: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __bool__(self) -> bool:
        return bool(self.packages or self.calls)


@dataclass(eq=False, repr=False)
class Warmer:
    """Counts what is missing, as the work of a `SharedWork`, and fetches it in threads of its own.

    ``rate`` is how many packages a second are begun at each upstream.
    """

    cache: Cache
    queue: Queue
    index: IndexReader
    connectors: Mapping[str, Connector]
    queries: Queries
    tabs: Iterable[Tab]
    rate: float
    stop: threading.Event
    clock: Callable[[], float] = time.time
    renew_every: float = RENEW_EVERY

    def __post_init__(self) -> None:
        self._idle_pause = min(IDLE_PAUSE, 1 / (4 * self.rate)) if self.rate else IDLE_PAUSE
        self._waiting = {name: _Waiting() for name in self.connectors}

    def runs(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield the name of each thread that fetches, and what it runs.  One connection stays free for refills."""
        for name, connector in self.connectors.items():
            for number in range(max(1, connector.settings.concurrency - 1)):
                yield f"warm-{name}-{number}", partial(self._run, name)

    def run(self, turn: SharedWork) -> None:
        """Count what is missing, and have it fetched until the next turn.  Raises `CacheUnavailable` and `LockError`."""
        try:
            missing, counts = self._count(turn)
        except SearchUnavailable as error:
            log.warning("warm: %s", error)
            return
        if self.stop.is_set():
            # What was counted is not all.
            return
        state = Warmth(self.clock(), queries=counts).after(warmth_of(turn.position))
        turn.advance(state.as_position())
        until = time.monotonic() + turn.every
        for upstream, its_packages in missing.items():
            self._waiting[upstream].packages.extend(its_packages)
        try:
            while any(self._waiting.values()) and time.monotonic() < until:
                if self.stop.wait(min(self.renew_every, turn.every)):
                    return
                turn.renew()
        finally:
            for waiting in self._waiting.values():
                with waiting.lock:
                    waiting.packages.clear()
                    waiting.calls.clear()

    def work(self, upstream: str) -> bool:
        """Fetch one missing value of an upstream, if it is time; return whether it was.  Raises `CacheUnavailable`."""
        call = self._next(upstream)
        if call is None:
            return False
        try:
            self.cache.fill(call.source(), Policy.REFILL)
        except UpstreamError as error:
            # The next count puts it last: a value that never comes holds up no other.
            log.info("warm: %s about %s %s failed: %s", call.query.name, call.package, call.release or "", error)
        return True

    def _run(self, upstream: str) -> None:
        while not self.stop.is_set():
            has_worked = undisturbed(lambda: self.work(upstream), f"warming from {upstream}")
            if has_worked is not True:
                self.stop.wait(self._idle_pause)

    def _count(self, turn: SharedWork) -> tuple[dict[str, list[tuple[str, bool]]], dict[str, QueryWarmth]]:
        """Return the packages with missing values by upstream, as `_Waiting` has them, and the counts by query.

        Values that were never fetched come first, then those of lazy queries, then those whose fetch has failed before.
        """
        counts = {query.name: QueryWarmth() for query in self.queries.values() if query.subject != "nothing"}
        found: dict[tuple[str, int], dict[tuple[str, bool], None]] = {}
        for names in batched(by_popularity(self.index), BATCH):
            calls = [(name, call) for name in names for call in self._calls(name)]
            for (name, call), (is_there, has_failed) in zip(
                calls, self._are_there(call for _, call in calls), strict=True
            ):
                count, is_lazy = counts[call.query.name], call.query.declaration.is_lazy
                count.wanted += 1
                count.there += is_there
                count.failed += has_failed
                if not is_there:
                    place = (call.query.upstream, 2 if has_failed else int(is_lazy))
                    found.setdefault(place, {})[name, is_lazy] = None
            if self.stop.is_set():
                break
            turn.renew()
        missing = {
            upstream: [package for rank in range(3) for package in found.get((upstream, rank), ())]
            for upstream in self.connectors
        }
        return missing, counts

    def _are_there(self, calls: Iterable[QueryCall]) -> list[tuple[bool, bool]]:
        """Return for each call whether it has or had a value, and whether it has nothing but a failed fill."""
        calls = list(calls)
        variants = self.cache.variants([call.entry for call in calls])
        return [
            (call.variant in known, call.variant in failed and call.variant not in known)
            for call, (known, failed) in zip(calls, variants, strict=True)
        ]

    def _calls(self, name: str) -> list[QueryCall]:
        """Return what the page of a package shows by default; nothing for a package that the index no longer has."""
        package = packages.find(self.index, name)
        if package is None:
            return []
        context = PanelContext(package, self.queries, self.index, None, lambda source: [], {}, {})
        return default_calls(self.tabs, context)

    def _next(self, upstream: str) -> QueryCall | None:
        """Return the next value to fetch from an upstream; None if there is none now."""
        waiting = self._waiting[upstream]
        with waiting.lock:
            is_pausing = self.connectors[upstream].circuit.pause_left() > 0
            if not waiting or is_pausing or not self.queue.is_idle(upstream):
                return None
            while waiting.packages and not waiting.calls and time.monotonic() >= waiting.next:
                waiting.calls.extend(self._missing(upstream, *waiting.packages.popleft()))
                if waiting.calls:
                    waiting.next = time.monotonic() + 1 / self.rate
            return waiting.calls.popleft() if waiting.calls else None

    def _missing(self, upstream: str, name: str, is_lazy: bool) -> list[QueryCall]:
        """Return what is still missing of a package."""
        wanted = [
            call
            for call in self._calls(name)
            if call.query.upstream == upstream and call.query.declaration.is_lazy == is_lazy
        ]
        return [call for call, (is_there, _) in zip(wanted, self._are_there(wanted), strict=True) if not is_there]


def by_popularity(index: IndexReader) -> list[str]:
    """Return the names of all source packages, first those on which most others depend; retired packages last.

    Raises `SearchUnavailable`.
    """
    documents = filter(None, map(index.source, index.names()))
    ranked = sorted((document.retired, -document.dependents, document.name) for document in documents)
    return [name for _, _, name in ranked]
