"""The audit: all day long, entries are compared with what their upstreams say, within a budget.

Most are drawn by chance.  Those of queries that are read again on a schedule (what changes them is announced by no message) come
first when they are due.  Only idle upstreams are asked: an upstream that has refills to answer has better things to do.  What
differs is healed; whether a message was lost is settled a little later (see `fedora_packages.monitoring.verify`).
"""

import logging
from collections.abc import Iterable, Iterator

from fedora_packages.cache import keys
from fedora_packages.cache.redis import redis_errors
from fedora_packages.cache.values import Entry, Opened
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.errors import ReleaseNotServed, UpstreamError
from fedora_packages.monitoring.metrics import MetricName
from fedora_packages.monitoring.verify import HEALED, LAGGING, check, settle
from fedora_packages.service import Service

log = logging.getLogger(__name__)

#: Draws until one is an entry: there are other keys beside them.
DRAWS = 30

#: Entries that are passed over, in one step, in search of one that is due on its schedule.
STEPS = 20


class Audit:
    """Compares entries with upstreams: ``step`` looks at one."""

    def __init__(self, service: Service, grace: float):
        self._service = service
        self._grace = grace
        self._walked: Iterator[tuple[Query, str]] = iter(())

    def step(self) -> str | None:
        """Compare one entry, and return what came of it; None where there was none to compare.

        Raises `CacheUnavailable`.  An upstream that fails is no reason to stop.
        """
        settle(self._service, self._service.cache.clock())
        found, by = self._scheduled(), "schedule"
        if found is None:
            found, by = self._drawn(), "audit"
        if found is None:
            return None
        query, package, variant = found
        try:
            checked = check(self._service, QueryCall(query, package, variant), by, self._grace)
        except UpstreamError as error:
            log.info("the %s of %s about %s failed: %s", by, query.name, package, error)
            return "failed"
        if checked.outcome in (HEALED, LAGGING):
            log.info(
                "the %s found %s about %s %s %s: %s", by, query.name, package, variant, checked.outcome,
                "; ".join(checked.differences),
            )  # fmt: skip
        return checked.outcome

    def _drawn(self) -> tuple[Query, str, str] | None:
        for _ in range(DRAWS):
            with redis_errors():
                key = self._service.client.randomkey()
            entry = keys.entry_of(key) if key else None
            query = self._service.queries.get(entry.query) if entry else None
            if query is None or query.entry(entry.package).version != entry.version:
                continue
            drawn = self._of_entry(query, entry.package)
            if drawn is not None:
                return drawn
        return None

    def _of_entry(self, query: Query, package: str) -> tuple[Query, str, str] | None:
        """Return one variant of an entry that is worth a look: the one that was looked at longest ago."""
        cache, entry = self._service.cache, query.entry(package)
        if not self._is_idle(query.upstream):
            return None
        opened = cache.open(entry)
        if not opened.current:
            self._look_for_forgotten(query, entry, opened)
            return None
        if not query.has_expected and opened.is_recent:
            # A lagging upstream could not be told from a lost message.
            return None
        cached_values = cache.read([(entry, variant) for variant in sorted(opened.current)])
        known = [cached for cached in cached_values if cached.is_fresh]
        oldest = min(known, key=lambda cached: cached.stamp.fetched, default=None)
        return (query, package, oldest.variant) if oldest else None

    def _look_for_forgotten(self, query: Query, entry: Entry, opened: Opened) -> None:
        """Queue an entry that was taken out of use and that nobody is to fetch: that cannot be, and is mended all the same."""
        is_queued = self._service.queue.holds(query.upstream, query.name, entry.package)
        if opened.wanting and not is_queued and not self._is_refused(entry, opened.wanting):
            log.error("%s about %s was forgotten by the queue", query.name, entry.package)
            self._service.metrics.count(MetricName.FORGOTTEN, query.name)
            self._service.queue_refill(entry)

    def _is_refused(self, entry: Entry, variants: Iterable[str]) -> bool:
        """Whether all that is wanting is of releases that upstream does not serve: that is not asked for again and again."""
        cached_values = self._service.cache.read([(entry, variant) for variant in variants])
        return all(cached.error_state and cached.error_state.kind == ReleaseNotServed.kind for cached in cached_values)

    def _scheduled(self) -> tuple[Query, str, str] | None:
        """Return an entry that is due on its query's schedule, if one is near in the walk through all of them."""
        for _ in range(STEPS):
            found = next(self._walked, None)
            if found is None:
                # From the beginning; where there is nothing to walk through, not for ever.
                self._walked = self._walk()
                found = next(self._walked, None)
                if found is None:
                    return None
            query, package = found
            (fetched,) = self._service.cache.oldest([query.entry(package)])
            every = getattr(self._service.settings.worker, query.declaration.every)
            if self._service.cache.clock() - fetched >= every and self._is_idle(query.upstream):
                return self._of_entry(query, package)
        return None

    def _walk(self) -> Iterator[tuple[Query, str]]:
        """Yield every entry of the queries that have a schedule."""
        for query in self._service.queries.values():
            if query.declaration.every and query.subject != "nothing":
                before, after = query.entry("*").key.split("*")
                with redis_errors():
                    for key in self._service.client.scan_iter(match=query.entry("*").key, count=500):
                        yield query, key.decode().removeprefix(before).removesuffix(after)

    def _is_idle(self, upstream: str) -> bool:
        return not self._service.connectors[upstream].circuit.resting() and not self._service.queue.depth(upstream)
