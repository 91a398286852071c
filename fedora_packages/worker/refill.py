"""The refillers: claim a job of the queue, fill its entry, acknowledge the job.

Each upstream has threads of its own, a few more than it takes requests at once.  A failed refill is retried forever, ever less
often.  An answer that does not reflect the expected state is not stored, and the fetch is repeated: a recheck.

Before editing: a claim ends after its values are stored, never before.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fedora_packages.cache.cache import Cache
from fedora_packages.cache.fill_types import Fill, Outcome, Policy
from fedora_packages.cache.queue import Claim, Queue
from fedora_packages.cache.values import Entry, Invalidation, Opened
from fedora_packages.connectors import Connector
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.errors import (
    CacheUnavailable,
    NotServed,
    SearchUnavailable,
    UpstreamError,
    UpstreamUnavailable,
)
from fedora_packages.monitoring.metrics import MetricName, Metrics
from fedora_packages.search import packages
from fedora_packages.search.reader import IndexReader
from fedora_packages.settings import Pace

log = logging.getLogger(__name__)

#: Rechecks before a lagging answer is stored.  Others follow, until the event is so old that no upstream lags behind it
#: (`LAG_LIMIT`).
RECHECKS = 4

#: Refills of an upstream under way beyond the requests that it takes at once: while some wait for answers, others are claimed,
#: read and stored.
AHEAD = 2

#: Seconds that an idle thread waits for a job added by the web or by another worker.
IDLE = 1.0

#: Seconds before Redis is tried again.
REDIS_PAUSE = 1.0

#: Seconds that a thread lets messages go first while many wait, and the number of its checks.  Invalidations go before refills:
#: the more messages are handled together, the fewer refills they cause.
MESSAGES_FIRST, MESSAGES_FIRST_STEPS = 1.0, 20


@dataclass(eq=False, repr=False)
class Refiller:
    """Does jobs of the refill queue.  ``releases`` returns the active releases; ``index`` knows which one a page shows first."""

    cache: Cache
    queue: Queue
    connectors: Mapping[str, Connector]
    queries: Mapping[str, Query]
    index: IndexReader
    releases: Callable[[], Sequence[Mapping[str, Any]]]
    metrics: Metrics
    pace: Pace = Pace()

    def __post_init__(self) -> None:
        self._claims: dict[str, Claim] = {}

    def work(self, upstream: str) -> float | None:
        """Do one job of an upstream, if one is due; if its circuit may close again, one that waits, as the probe.

        Returns None if there is more to do, else the seconds until there may be.  Raises `CacheUnavailable`.
        """
        connector = self.connectors[upstream]
        pause = connector.circuit.pause_left()
        if pause:
            return pause
        claim = self.queue.claim(upstream, self.pace.lease, connector.settings.concurrency + AHEAD)
        if not isinstance(claim, Claim):
            if claim is not None and connector.circuit.is_open and self.queue.retry_now(upstream, most=1):
                # Without visitors no other request may come to close the circuit.  Once it is closed, all failed jobs are due.
                return None
            return IDLE if claim is None else min(claim, IDLE)
        query = self.queries.get(claim.query)
        if query is None:
            # A worker of another version of this service has added it.
            log.info("refill of %s about %s dropped: unknown query", claim.query, claim.package)
            self.queue.acknowledge(claim)
            return None
        delay = self.after_failure(claim.attempts + 1)
        self._claims[claim.token] = claim
        try:
            self._refill(query, claim)
        except UpstreamError as error:
            self.metrics.count(MetricName.FAILURES, query.name)
            log.warning("refill of %s about %s failed, retry in %.1f s: %s", query.name, claim.package, delay, error)
            self.queue.requeue(claim, delay, claim.attempts + 1, claim.rechecks)
        except CacheUnavailable:
            # Without Redis the claim cannot be ended.  It runs out, since it is no longer renewed.
            raise
        except Exception:
            # A bug of ours.  The caller logs its traceback; meanwhile the claim must not block the upstream.
            self.queue.requeue(claim, delay, claim.attempts + 1, claim.rechecks)
            raise
        finally:
            del self._claims[claim.token]
        return None

    def after_failure(self, attempts: int) -> float:
        """Return the pause after so many failures in a row, with jitter: not all jobs may come back at once."""
        return self.pace.after_failure(attempts) * random.uniform(0.5, 1.0)

    def before_recheck(self, rechecks: int) -> float:
        """Return the pause before a recheck; the first is number 1."""
        if rechecks <= RECHECKS:
            return self.pace.recheck_delay * 2 ** (rechecks - 1)
        return self.pace.lagging_recheck_delay * 2 ** (rechecks - RECHECKS - 1)

    @property
    def renew_every(self) -> float:
        """Seconds between two renewals of claims."""
        return self.pace.lease / 4

    def renew(self) -> None:
        """Renew all claims under way.  Called several times within a lease."""
        for claim in list(self._claims.values()):
            self.queue.renew(claim, self.pace.lease)

    def _refill(self, query: Query, claim: Claim) -> None:
        entry = query.entry(claim.package)
        opened = self.cache.open(entry)
        policy = _policy(claim)
        is_reflected, is_suspect, error = True, False, None
        for variant in self._variants(query, claim.package, entry, opened):
            try:
                fill = self.cache.fill(QueryCall(query, claim.package, variant).source(), policy, opened)
            except UpstreamUnavailable:
                raise
            except NotServed:
                # The fill has noted it for panels.  Retries would not help: the next visitor's page asks again.
                continue
            except UpstreamError as failure:
                # An invalid response about one release says nothing about the next.
                error = failure
                continue
            is_reflected = is_reflected and fill.is_reflected
            is_suspect = is_suspect or _is_suspect(claim, fill)
        if error is not None:
            raise error
        rechecks = claim.rechecks + 1
        if not is_reflected:
            self.metrics.count(MetricName.RECHECKS, query.name)
            # No answer from before now may be stored any more, neither ours nor a page's.
            if rechecks <= RECHECKS:
                self.cache.invalidate([Invalidation(entry, again=True)])
            self.queue.requeue(claim, self.before_recheck(rechecks), rechecks=rechecks, is_fresh=rechecks > RECHECKS)
        elif is_suspect:
            delay = self.before_recheck(RECHECKS + 1)
            self.queue.requeue(claim, delay, rechecks=RECHECKS + 1, owes_recheck=True)
        else:
            waited = self.queue.acknowledge(claim)
            if waited is not None:
                self.metrics.count(MetricName.REFILLS, query.name)
                self.metrics.observe(MetricName.INVALIDATED_TO_FRESH, query.upstream, waited)
        if claim.sent is not None and (rechecks == RECHECKS + 1 or (is_reflected and rechecks <= RECHECKS)):
            self.metrics.observe(MetricName.SENT_TO_FRESH, "", max(0.0, self.cache.clock() - claim.sent))

    def _variants(self, query: Query, package: str, entry: Entry, opened: Opened) -> list[str]:
        """Return the variants to fill: those that had a value or an error, and the one that a page shows first."""
        variants = opened.current | opened.wanting
        if not query.by_release:
            return sorted(variants | {query.variant()})
        branches = {release["branch"] for release in self.releases()}
        for variant in variants - branches:
            self.cache.drop(entry, variant)
        return sorted((variants | self._first_shown(package)) & branches)

    def _first_shown(self, name: str) -> set[str]:
        """Return the branch of the release that a package's page shows first, if the index knows it."""
        try:
            package = packages.find(self.index, name)
        except SearchUnavailable as error:
            log.error("default release of %s unknown: %s", name, error)
            return set()
        return {package.branch} if package and package.branch else set()


def _policy(claim: Claim) -> Policy:
    if claim.rechecks < RECHECKS:
        return Policy.REFILL
    return Policy.LAST_REFILL if claim.rechecks == RECHECKS else Policy.RECHECK


def _is_suspect(claim: Claim, fill: Fill) -> bool:
    """Whether the answer may be a lagging replica's, although nothing says what it must show.

    An answer that equals the value before the event may be from before the event too.  While a recheck is owed because of an
    earlier event, a changed answer may show that one only.
    """
    if fill.outcome is Outcome.CURRENT or claim.rechecks > RECHECKS:
        return False
    before = fill.before.value if fill.before else None
    return claim.owes_recheck or (claim.sent is not None and before is not None and before == fill.after.value)


@dataclass(eq=False, repr=False)
class Refillers:
    """The loops of a refiller's threads.

    ``is_flooded`` returns whether so many messages wait that they go first, for ``messages_first`` seconds at most.
    """

    refiller: Refiller
    stop: threading.Event
    is_flooded: Callable[[], bool]
    messages_first: float = MESSAGES_FIRST

    def __post_init__(self) -> None:
        self._wakers = {name: threading.Condition() for name in self.refiller.connectors}

    def runs(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield the name of each thread, and what it runs."""
        for name, connector in self.refiller.connectors.items():
            for number in range(connector.settings.concurrency + AHEAD):
                yield f"refill-{name}-{number}", partial(self._run, name)

    def wake(self, jobs: Mapping[str, int]) -> None:
        """Wake as many idle threads as there are new jobs; ``jobs`` has their number for each upstream."""
        for name, count in jobs.items():
            with self._wakers[name]:
                self._wakers[name].notify(count)

    def wake_all(self) -> None:
        """Wake all idle threads, which end if they are stopped.  Claims of jobs that are not done in time run out."""
        for waker in self._wakers.values():
            with waker:
                waker.notify_all()

    def let_messages_first(self) -> None:
        """Wait while many messages wait, within a limit: in an endless storm entries must become fresh too."""
        for _ in range(MESSAGES_FIRST_STEPS):
            if not self.is_flooded() or self.stop.wait(self.messages_first / MESSAGES_FIRST_STEPS):
                return

    def _run(self, upstream: str) -> None:
        while not self.stop.is_set():
            self.let_messages_first()
            idle = undisturbed(lambda: self.refiller.work(upstream), f"refilling from {upstream}")
            if idle:
                with self._wakers[upstream]:
                    if not self.stop.is_set():
                        self._wakers[upstream].wait(idle)


def undisturbed(step: Callable[[], float | None], what: str) -> float | None:
    """Return what ``step`` returns.  Any error in it is logged, and the result is a pause in seconds.

    A thread of the worker must survive an unavailable Redis and bugs of ours: the job that it leaves is claimed again.
    """
    try:
        return step()
    except CacheUnavailable as error:
        log.error("%s: waiting for Redis: %s", what, error)
        return REDIS_PAUSE
    except Exception:
        log.exception("%s failed", what)
        return REDIS_PAUSE
