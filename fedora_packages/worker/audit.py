"""The audit: compare entries with their upstreams all day, within a budget.

Most entries are drawn at random.  Entries of scheduled queries, whose changes no message announces, come first when they are
due.  It uses idle upstreams only: refills go first.  A difference is corrected at once; `fedora_packages.monitoring.checks`
confirms later whether a message was lost.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fedora_packages.cache import keys
from fedora_packages.cache.cache import Cache
from fedora_packages.cache.queue import Queue
from fedora_packages.cache.redis import redis_errors
from fedora_packages.cache.values import Entry, Opened
from fedora_packages.connectors import Connector
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.errors import NotPublic, ReleaseNotServed, UpstreamError
from fedora_packages.monitoring.checks import CORRECTED, GRACE, LAGGING, check, confirm
from fedora_packages.monitoring.metrics import MetricName, Metrics

log = logging.getLogger(__name__)

#: Keys drawn in one step until one is an entry: Redis has other keys too.
MAX_DRAWS = 30

#: The kinds of errors that are not retried.
NOT_SERVED = frozenset({ReleaseNotServed.kind, NotPublic.kind})

#: Scheduled entries passed over in one step in search of one that is due.
MAX_SKIPPED = 20


@dataclass(eq=False, repr=False)
class Audit:
    """Compares one entry in each `step`.

    ``grace`` is in seconds, as in `check`.
    """

    cache: Cache
    queue: Queue
    connectors: Mapping[str, Connector]
    queries: Mapping[str, Query]
    metrics: Metrics
    grace: float = GRACE

    def __post_init__(self) -> None:
        self._walked: Iterator[tuple[Query, str]] = iter(())

    def step(self) -> str | None:
        """Compare one entry and return the check's outcome, or "failed"; None if there was no entry to compare.

        Raises `CacheUnavailable`.
        """
        confirm(self.cache, self.queries, self.metrics, self.cache.clock())
        call, by = self._scheduled(), "schedule"
        if call is None:
            call, by = self._drawn(), "audit"
        if call is None:
            return None
        try:
            checked = check(self.cache, self.metrics, call, by, self.grace)
        except UpstreamError as error:
            log.info("%s: check of %s about %s failed: %s", by, call.query.name, call.package, error)
            return "failed"
        if checked.outcome in (CORRECTED, LAGGING):
            log.info(
                "%s: %s about %s %s is %s: %s", by, call.query.name, call.package, call.variant, checked.outcome,
                "; ".join(checked.differences),
            )  # fmt: skip
        return checked.outcome

    def _drawn(self) -> QueryCall | None:
        for _ in range(MAX_DRAWS):
            with redis_errors():
                key = self.cache.client.randomkey()
            entry = keys.entry_of(key) if key else None
            query = self.queries.get(entry.query) if entry else None
            if query is not None and query.entry(entry.package) == entry:
                call = self._oldest(query, entry.package)
                if call is not None:
                    return call
        return None

    def _oldest(self, query: Query, package: str) -> QueryCall | None:
        """Return the variant of an entry that was fetched longest ago; None if the entry cannot be compared now."""
        entry = query.entry(package)
        if not self._is_idle(query.upstream):
            return None
        opened = self.cache.open(entry)
        if not opened.current:
            self._requeue_if_forgotten(query, entry, opened)
            return None
        if not query.has_expected and opened.is_recent:
            # A lagging upstream would look like a lost message.
            return None
        cached_values = self.cache.read([(entry, variant) for variant in sorted(opened.current)])
        fresh = [cached for cached in cached_values if cached.is_fresh]
        oldest = min(fresh, key=lambda cached: cached.stamp.fetched, default=None)
        return QueryCall(query, package, oldest.variant) if oldest else None

    def _requeue_if_forgotten(self, query: Query, entry: Entry, opened: Opened) -> None:
        """Queue an invalidated entry that has no job.  The protocol excludes it; if it happens, it is repaired and counted."""
        is_queued = self.queue.holds(query.upstream, query.name, entry.package)
        if opened.wanting and not is_queued and not self._is_refused(entry, opened.wanting):
            log.error("%s about %s is invalidated and not queued; queued it", query.name, entry.package)
            self.metrics.count(MetricName.FORGOTTEN, query.name)
            self.queue.add(query.upstream, query.name, entry.package)

    def _is_refused(self, entry: Entry, variants: Iterable[str]) -> bool:
        """Whether the upstream serves none of the variants: those are not retried."""
        cached_values = self.cache.read([(entry, variant) for variant in variants])
        return all(cached.error_state and cached.error_state.kind in NOT_SERVED for cached in cached_values)

    def _scheduled(self) -> QueryCall | None:
        """Return an entry that is due on its query's schedule, if one is near in the walk through all of them."""
        for _ in range(MAX_SKIPPED):
            entry = next(self._walked, None)
            if entry is None:
                # Start again, once: without any entry the walk ends at once.
                self._walked = self._walk()
                entry = next(self._walked, None)
                if entry is None:
                    return None
            query, package = entry
            (fetched,) = self.cache.oldest([query.entry(package)])
            if self.cache.clock() - fetched >= query.declaration.every and self._is_idle(query.upstream):
                return self._oldest(query, package)
        return None

    def _walk(self) -> Iterator[tuple[Query, str]]:
        """Yield every entry of the scheduled queries."""
        for query in self.queries.values():
            if query.declaration.every and query.subject != "nothing":
                for entry in self.cache.entries(*query.schema):
                    yield query, entry.package

    def _is_idle(self, upstream: str) -> bool:
        return not self.connectors[upstream].circuit.pause_left() and not self.queue.depth(upstream)
