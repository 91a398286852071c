"""Watch the cached values that actions change: how long does a page show a wrong one as fresh?

The truth is what the connectors of the service read from the sandbox without its faults, at that moment.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measuring import percentile
from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import Query
from fedora_packages.errors import CacheUnavailable, UpstreamError
from fedora_packages.service import Service

#: Seconds for which an entry is watched after an action at least, until what follows in silence has happened, and those between
#: two looks at all entries.
WATCHED_FOR = 5.0
LOOK_EVERY = 0.1

#: The oldest wrong values that are reported.
MAX_REPORTED = 10


@dataclass
class Wrong:
    """A wrong value: how many seconds after it was last right it was still shown as fresh, and the faults at that time."""

    query: str
    package: str
    variant: str
    age: float
    phase: str


@dataclass
class Watch:
    """Looks at entries again and again, in a thread of its own, until it is closed.

    ``truth`` is the service with connectors to the upstreams without faults; ``phase`` returns the faults in progress.
    """

    service: Service
    truth: Service
    phase: Callable[[], str]
    looks: int = 0
    compared: int = 0
    wrong: dict[tuple[str, str, str, float], Wrong] = field(default_factory=dict)

    def __post_init__(self) -> None:
        #: Entries by query and package, with the times of all actions since the value was right.
        self._watched: dict[tuple[str, str], list[float]] = {}
        #: When a variant was last right, or marked as one that may be wrong.
        self._right: dict[tuple[str, str, str], float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def note(self, package: str, topics: Iterable[str], at: float) -> None:
        """Watch the entries of a package that messages of some topics touch.  ``at`` is a time before the action."""
        for topic in topics:
            for query in self.service.queries.listening(topic):
                self._watched.setdefault((query.name, package), []).append(at)

    def as_dict(self) -> dict[str, Any]:
        oldest = sorted(self.wrong.values(), key=lambda one: -one.age)
        ages = [one.age for one in oldest]
        return {
            "looks": self.looks,
            "compared": self.compared,
            "wrong": len(ages),
            "p50": round(percentile(ages, 0.5), 1) if ages else None,
            "p99": round(percentile(ages, 0.99), 1) if ages else None,
            "oldest": [vars(one) for one in oldest[:MAX_REPORTED]],
        }

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            with suppress(CacheUnavailable):
                self._look()
                self.looks += 1

    def _look(self) -> None:
        for pair, actions in list(self._watched.items()):
            if self._stop.is_set():
                return
            query, package = self.truth.queries[pair[0]], pair[1]
            began = time.time()
            (contents,) = self.service.cache.contents([query.entry(package)])
            # Of one that is invalidated, pages say that it may be out of date.
            right = [self._is_right(query, package, cached, actions) for cached in contents.current.values()]
            if all(right) and contents.current and began - actions[-1] > WATCHED_FOR:
                self._watched.pop(pair)
                self._right = {key: at for key, at in self._right.items() if key[:2] != pair}

    def _is_right(self, query: Query, package: str, cached: CachedValue, actions: list[float]) -> bool:
        """Compare a current value with the truth, and note for how long it has been wrong."""
        began = time.time()
        try:
            value = query.fetch(package, cached.variant)
        except UpstreamError:
            # A package or release that is gone meanwhile.
            return True
        (after,) = self.service.cache.contents([query.entry(package)])
        found = after.current.get(cached.variant)
        if found is None or found.stamp != cached.stamp:
            return False
        self.compared += 1
        key = (query.name, package, cached.variant)
        # It was right when it was fetched, and until the next action, unless one before has something follow in silence.
        since = max(self._right.get(key, actions[0]), cached.stamp.fetched)
        if not any(since - WATCHED_FOR < at <= since for at in actions):
            since = min((at for at in actions if at > since), default=since)
        is_right = json.loads(json.dumps(value)) == cached.value
        if is_right:
            self._right[key] = began
        elif began > since:
            self.wrong[*key, since] = Wrong(*key, round(began - since, 2), self.phase())
        return is_right
