"""The refillers: claim a job, fetch what it names, store it, done.

Each upstream has threads of its own, a few more than it may be asked things at once.  A fetch that fails is tried again
for ever, ever more slowly; what upstream does not show yet is not trusted and looked at again.

Before editing: a value is stored with the generation that was read *before* it was fetched, and a claim ends last.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from fedora_packages.cache.fill import Fill, Outcome, Policy
from fedora_packages.cache.queue import Claim
from fedora_packages.cache.values import Entry, Invalidation, Opened
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.errors import (
    CacheUnavailable,
    ReleaseNotServed,
    SearchUnavailable,
    UpstreamError,
    UpstreamUnavailable,
)
from fedora_packages.monitoring.metrics import MetricName
from fedora_packages.search import packages
from fedora_packages.service import Service

log = logging.getLogger(__name__)

#: How often upstream is given another chance to show an event, and the seconds before the first of them; each next
#: waits twice as long.
LOOKS = 4
LOOK_DELAY = 0.5

#: Seconds after which another look follows when a value was kept although it did not show its event; each next waits twice as
#: long, until the event is so old that upstream cannot be behind it any more (`LAG_LIMIT`).
KEPT_LOOK_DELAY = 60.0

#: Refills of an upstream that are under way beyond the questions it may be asked at once: so many are being claimed, read and
#: stored while the others wait for their answers.
AHEAD = 2

#: Seconds an idle thread waits for a job of which nobody tells it: those that the web or another worker adds.
IDLE = 1.0

#: Seconds before Redis is tried again when it is away.
REDIS_PAUSE = 1.0

#: Seconds that a thread lets messages go first, in how many steps, where many of them wait: what they change is to be taken
#: out of use before anything else, and the more of them are handled, the fewer refills there are.
MESSAGES_FIRST, STEPS = 1.0, 20


@dataclass(frozen=True)
class Pace:
    """How patient refilling is; times in seconds.  ``retry`` doubles with every failure up to ``retry_limit``."""

    lease: float
    retry: float
    retry_limit: float
    look_delay: float = LOOK_DELAY
    kept_look_delay: float = KEPT_LOOK_DELAY

    def after_failure(self, attempts: int) -> float:
        """Return how long to wait after so many failures in a row, with jitter: not all are to come back at once."""
        return min(self.retry_limit, self.retry * 2 ** min(attempts - 1, 30)) * random.uniform(0.5, 1.0)

    def after_look(self, looks: int) -> float:
        """Return how long to wait after upstream did not show an event for the so-manieth time."""
        if looks <= LOOKS:
            return self.look_delay * 2 ** (looks - 1)
        return self.kept_look_delay * 2 ** (looks - LOOKS - 1)


class Refiller:
    """Does jobs of the refill queue."""

    def __init__(self, service: Service, pace: Pace):
        self._service = service
        self._cache = service.cache
        self._queue = service.queue
        self._metrics = service.metrics
        self._pace = pace
        self._claims: dict[str, Claim] = {}

    def work(self, upstream: str) -> float | None:
        """Do one job of an upstream, if one is due; of an upstream that has been left alone, then one that waits, to see.

        Returns None if there is more to do, else for how many seconds there is nothing to do.  Raises `CacheUnavailable`.
        """
        connector = self._service.connectors[upstream]
        resting = connector.circuit.resting()
        if resting:
            return resting
        claim = self._queue.claim(upstream, self._pace.lease, connector.settings.concurrency + AHEAD)
        if not isinstance(claim, Claim):
            if claim is not None and connector.circuit.is_open and self._queue.retry_now(upstream, most=1):
                # Nobody else may be asking whether it is well again; once it is, all that waits for it is due.
                return None
            return IDLE if claim is None else min(claim, IDLE)
        query = self._service.queries.get(claim.query)
        if query is None:
            # Added by a release of this service that knew more, or less.
            log.info("refill of %s about %s dropped: there is no such query", claim.query, claim.package)
            self._queue.done(claim)
            return None
        with self._held(claim):
            delay = self._pace.after_failure(claim.attempts + 1)
            try:
                self._refill(query, claim)
            except UpstreamError as error:
                self._metrics.count(MetricName.REFILL_FAILURES, query.name)
                log.warning(
                    "refill of %s about %s failed, again in %.1f s: %s", query.name, claim.package, delay, error
                )
                self._queue.again(claim, delay, claim.attempts + 1, claim.looks)
            except CacheUnavailable:
                # The claim cannot be ended without Redis either: it runs out, since nobody renews it any more.
                raise
            except Exception:
                # A bug of ours: its traceback is logged above us, and the claim must not block the upstream meanwhile.
                self._queue.again(claim, delay, claim.attempts + 1, claim.looks)
                raise
        return None

    @property
    def renew_every(self) -> float:
        """Seconds between two renewals of claims."""
        return self._pace.lease / 4

    def renew(self) -> None:
        """Hold on to all claims under way.  To be called several times in the span of a lease."""
        for claim in list(self._claims.values()):
            self._queue.renew(claim, self._pace.lease)

    @contextmanager
    def _held(self, claim: Claim) -> Iterator[None]:
        self._claims[claim.token] = claim
        try:
            yield
        finally:
            del self._claims[claim.token]

    def _refill(self, query: Query, claim: Claim) -> None:
        entry = query.entry(claim.package)
        opened = self._cache.open(entry)
        is_reflected, is_settled, failed = True, True, None
        for variant in self._variants(query, claim.package, entry, opened):
            try:
                fill = self._cache.fill(QueryCall(query, claim.package, variant).source(), _policy(claim), opened)
            except UpstreamUnavailable:
                raise
            except ReleaseNotServed:
                # Noted for panels to tell.  Asking again and again would not help: whoever looks at it next does.
                continue
            except UpstreamError as error:
                # What is wrong about one release may be right about the next.
                failed = error
                continue
            is_reflected = fill.is_reflected and is_reflected
            is_settled = _is_settled(claim, fill) and is_settled
        if failed is not None:
            raise failed
        looks = claim.looks + 1
        if not is_reflected:
            self._metrics.count(MetricName.RECHECKS, query.name)
            # Nothing that was fetched before now may be stored any more, by us or by a page.
            if looks <= LOOKS:
                self._cache.invalidate([Invalidation(entry, again=True)])
            self._queue.again(claim, self._pace.after_look(looks), looks=looks, is_fresh=looks > LOOKS)
        elif not is_settled:
            self._queue.again(claim, self._pace.after_look(LOOKS + 1), looks=LOOKS + 1, in_doubt=True)
        else:
            self._done(query, claim)
        if claim.sent is not None and (looks == LOOKS + 1 or (is_reflected and looks <= LOOKS)):
            self._metrics.observe(MetricName.SENT_TO_FRESH, "", max(0.0, self._cache.clock() - claim.sent))

    def _done(self, query: Query, claim: Claim) -> None:
        waited = self._queue.done(claim)
        if waited is not None:
            self._metrics.count(MetricName.REFILLS, query.name)
            self._metrics.observe(MetricName.INVALIDATED_TO_FRESH, query.upstream, waited)

    def _variants(self, query: Query, name: str, entry: Entry, opened: Opened) -> list[str]:
        """Return the variants to make current: those that were, and the one that a page shows first."""
        wanted = opened.current | opened.wanting
        if not query.by_release:
            return sorted(wanted | {query.variant()})
        branches = {release["branch"] for release in self._service.releases()}
        for variant in wanted - branches:
            self._cache.drop(entry, variant)
        return sorted((wanted | self._default(name)) & branches)

    def _default(self, name: str) -> set[str]:
        """Return the release that a page of the package shows first, if any is known."""
        try:
            found = packages.find(self._service.index, name)
        except SearchUnavailable as error:
            log.error("the default release of %s is not known: %s", name, error)
            return set()
        return {found.branch} if found and found.branch else set()


def _policy(claim: Claim) -> Policy:
    if claim.looks < LOOKS:
        return Policy.REFILL
    # After some looks an answer is kept whatever it shows, and said to be behind: what was announced may be undone by now.
    return Policy.LAST_REFILL if claim.looks == LOOKS else Policy.RECHECK


def _is_settled(claim: Claim, fill: Fill) -> bool:
    """Whether an answer needs no other look.

    Where no message says what must be seen, an answer that is as it was may be that of a replica which lags; and one that has
    changed since may be because of the event before.
    """
    if fill.outcome is Outcome.CURRENT or claim.looks > LOOKS:
        return True
    before = fill.before.value if fill.before else None
    return not claim.in_doubt and (claim.sent is None or before is None or before != fill.after.value)


class Refillers:
    """The threads that do the jobs: for each upstream a few more than it may be asked things at once.

    ``is_flooded`` says whether so many messages wait that these should go first.
    """

    def __init__(
        self,
        service: Service,
        refiller: Refiller,
        stop: threading.Event,
        is_flooded: Callable[[], bool] = lambda: False,
    ):
        self._refiller = refiller
        self._stop = stop
        self._is_flooded = is_flooded
        self._wakers = {name: threading.Condition() for name in service.connectors}
        self._threads = [
            threading.Thread(target=self._run, args=(name,), name=f"refill-{name}-{number}", daemon=True)
            for name, connector in service.connectors.items()
            for number in range(connector.settings.concurrency + AHEAD)
        ]
        self._threads.append(threading.Thread(target=self._renew, name="renew", daemon=True))

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def wake(self, jobs: Mapping[str, int]) -> None:
        """Tell idle threads that there are so many jobs more for some upstreams: as many of them as there is work for."""
        for name, count in jobs.items():
            with self._wakers[name]:
                self._wakers[name].notify(count)

    def dead(self) -> list[str]:
        """Return the names of threads that have ended, and should not have."""
        return [thread.name for thread in self._threads if not thread.is_alive()]

    def join(self, limit: float) -> None:
        """Wait for the threads to end, for ``limit`` seconds in all; jobs under way then run out of their claims."""
        deadline = time.monotonic() + limit
        self.wake(dict.fromkeys(self._wakers, len(self._threads)))
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def let_messages_first(self) -> None:
        """Wait while many messages do, within a bound: in a storm without end pages must become fresh too."""
        for _ in range(STEPS):
            if not self._is_flooded() or self._stop.wait(MESSAGES_FIRST / STEPS):
                return

    def _renew(self) -> None:
        while not self._stop.wait(self._refiller.renew_every):
            undisturbed(self._refiller.renew, "renewing claims")

    def _run(self, upstream: str) -> None:
        while not self._stop.is_set():
            self.let_messages_first()
            idle = undisturbed(lambda: self._refiller.work(upstream), f"refilling from {upstream}")
            if idle:
                with self._wakers[upstream]:
                    if not self._stop.is_set():
                        self._wakers[upstream].wait(idle)


def undisturbed(step: Callable[[], float | None], what: str) -> float | None:
    """Return what ``step`` does; whatever goes wrong in it is logged, and answered with a pause in seconds.

    A thread of the worker must outlive both Redis and our own bugs: what it leaves undone is claimed again.
    """
    try:
        return step()
    except CacheUnavailable as error:
        log.error("%s waits for Redis: %s", what, error)
        return REDIS_PAUSE
    except Exception:
        log.exception("%s failed", what)
        return REDIS_PAUSE
