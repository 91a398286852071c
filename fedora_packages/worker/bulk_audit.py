"""The audit in bulk: compare all entries of a query with what one answer of the upstream tells of each.

An entry that does not agree is checked by itself, as any audited entry is: the answer in bulk may be older than a message that
came meanwhile.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fedora_packages.cache.cache import Cache
from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.bulk import Bulk
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.errors import UpstreamError
from fedora_packages.monitoring.metrics import MetricName, Metrics
from fedora_packages.worker.invalidation import BATCH, batched
from fedora_packages.worker.shared_work import SharedWork

log = logging.getLogger(__name__)

#: Facts of a query, at most (Fedora has some 25,000 packages), and those between two renewals of the lock.
MAX_FACTS = 500_000
FACTS_PER_RENEWAL = 1000

#: Seconds between two checks of single entries: the upstream's answers to readers go first.
CHECK_PAUSE = 0.2


@dataclass(eq=False, repr=False)
class BulkAudit:
    """Compares all entries of one query with their facts, as the work of a `SharedWork`.

    ``check`` checks one entry against its upstream and corrects it; see `fedora_packages.monitoring.checks.check`.
    """

    cache: Cache
    bulk: Bulk
    query: Query
    check: Callable[[QueryCall], Any]
    metrics: Metrics
    stop: threading.Event
    clock: Callable[[], float] = time.time
    pause: float = CHECK_PAUSE

    def run(self, turn: SharedWork) -> None:
        """Compare all current values.  Raises `UpstreamError`, `CacheUnavailable` and `LockError`."""
        asked = self.clock()
        facts = self._facts(turn)
        compared = differing = 0
        for cached in self._current(asked):
            compared += 1
            if not self.bulk.agrees(cached.value, facts.get(cached.entry.package)):
                differing += 1
                self._check_one(cached)
                turn.renew()
            if self.stop.is_set():
                return
        turn.advance(None, compared=compared, differing=differing)

    def _facts(self, turn: SharedWork) -> dict[str, Any]:
        facts = {}
        for number, (package, fact) in enumerate(islice(self.bulk.fetch(), MAX_FACTS)):
            facts[package] = fact
            if number % FACTS_PER_RENEWAL == 0:
                turn.renew()
        return facts

    def _current(self, asked: float) -> Iterator[CachedValue]:
        """Yield the current values of the query whose fetch began before a time."""
        for entries in batched(self.cache.entries(*self.query.schema), BATCH):
            for contents in self.cache.contents(entries):
                for cached in contents.current.values():
                    if cached.stamp.fetched < asked:
                        self.metrics.count(MetricName.COMPARED_IN_BULK, self.query.name)
                        yield cached

    def _check_one(self, cached: CachedValue) -> None:
        try:
            self.check(QueryCall(self.query, cached.entry.package, cached.variant or None))
        except UpstreamError as error:
            log.info("audit in bulk: check of %s about %s failed: %s", self.query.name, cached.entry.package, error)
        self.stop.wait(self.pause)
