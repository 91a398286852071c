"""The refill queue: which entries must be fetched again, and which worker does it.

All workers share it; the web adds the entries that it could not fill.  Each upstream has a queue of its own, so that a slow
upstream delays no other::

    fp:{queue}:koji:first       sorted set: job -> when it is due; its package was viewed lately
    fp:{queue}:koji:due         sorted set: job -> when it is due; all others
    fp:{queue}:koji:claimed     sorted set: job -> when the claim runs out
    fp:{queue}:koji:jobs        hash: JOB|sent, |newer, |attempts, |rechecks, |owed, |token
    fp:{queue}:since:koji.builds   sorted set: job -> since when its entry waits to be fresh
    fp:{queue}:viewed           sorted set: package -> when a page of it was last viewed (see `Queue.viewed`)

A **job** is a query's name and a package (``koji.builds guake``).  Many events about one entry make one job; the expected state
lies with the entry.  If a process dies, its claims run out and their jobs are due again.

Before editing: each script in ``lua/`` is one atomic step, and a claim is ended by its token only.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, add_script, pipeline, redis_errors, run_script

#: Packages remembered as viewed, and for how many seconds.
MAX_VIEWED = 5000
VIEWED_FOR = 86400.0

#: Jobs examined by one step of `Queue.retry_now`.
RETRY_STEP = 500


@dataclass(frozen=True)
class Claim:
    """A job that one worker holds for a while."""

    upstream: str
    query: str
    package: str
    token: str
    attempts: int  # failures in a row
    rechecks: int  # answers in a row that did not reflect the expected state
    sent: float | None  # when the newest event about it was sent; None if no event caused it
    owes_recheck: bool = False  # an answer equaled the value before an event, and was not rechecked yet

    @property
    def job(self) -> str:
        return job(self.query, self.package)


@dataclass(frozen=True)
class Waiting:
    """The entries of a query that wait for a refill: how many, and which package has waited longest, since when."""

    entries: int
    package: str | None = None
    since: float | None = None


def job(query: str, package: str) -> str:
    """Return what the queue calls the entry of a query about a package."""
    return f"{query} {package}"


@dataclass
class Queue:
    """The refill queue, as one process uses it.  All methods raise `CacheUnavailable`."""

    client: Redis
    max_viewed: int = MAX_VIEWED

    def add(
        self,
        upstream: str,
        query: str,
        package: str,
        sent: float | None = None,
        delay: float = 0.0,
        first: bool = False,
    ) -> None:
        """Add a job, due in ``delay`` seconds.

        ``sent`` is when its event was sent.  ``first`` puts it before the jobs of packages without a view lately.
        """
        names, arguments = _addition(upstream, [(query, package, sent)], delay, first)
        run_script(self.client, "queue_add", names, *arguments)

    def add_all(self, pipe: Any, jobs: Iterable[tuple[str, str, str, float | None]]) -> None:
        """Add jobs that are due now to the pipeline of `in_one_trip`; of each (upstream, query, package, when sent)."""
        by_upstream: dict[str, list[tuple[str, str, float | None]]] = {}
        for upstream, *rest in jobs:
            by_upstream.setdefault(upstream, []).append(tuple(rest))
        for upstream, its_jobs in by_upstream.items():
            names, arguments = _addition(upstream, its_jobs)
            add_script(pipe, "queue_add", names, *arguments)

    def claim(self, upstream: str, lease: float, limit: int) -> Claim | float | None:
        """Claim a due job for ``lease`` seconds: of packages viewed lately the one due longest, else of all packages.

        Returns the seconds until one is due if there is none now; None if none waits, or if all workers together hold ``limit``
        claims.
        """
        first, *rest = run_script(self.client, "queue_claim", _keys(upstream), lease, limit)
        if not rest:
            return None if float(first) < 0 else float(first)
        token, attempts, rechecks, sent, owed = rest
        query, _, package = first.decode().partition(" ")
        return Claim(
            upstream, query, package, token.decode(), int(attempts), int(rechecks), float(sent) if sent else None,
            bool(owed),
        )  # fmt: skip

    def acknowledge(self, claim: Claim) -> float | None:
        """End a claim whose job is done, and return the seconds that its entry had waited.

        None if the claim had run out: another worker may hold the job.
        """
        names = [*_keys(claim.upstream), keys.waiting_since(claim.query)]
        ended, *waited = run_script(self.client, "queue_acknowledge", names, claim.job, claim.token)
        return float(waited[0]) if ended else None

    def requeue(
        self,
        claim: Claim,
        delay: float,
        attempts: int = 0,
        rechecks: int = 0,
        is_fresh: bool = False,
        owes_recheck: bool = False,
    ) -> bool:
        """End a claim whose job must be done again in ``delay`` seconds.  False if the claim had run out.

        ``is_fresh``: the entry is fresh, and does not count as waiting.  ``owes_recheck``: the same, and a newer event does not
        cancel the recheck.
        """
        names = [*_keys(claim.upstream), keys.waiting_since(claim.query)]
        state = "owed" if owes_recheck else "fresh" if is_fresh else ""
        arguments = [claim.job, claim.token, delay, attempts, rechecks, state]
        return bool(run_script(self.client, "queue_requeue", names, *arguments))

    def renew(self, claim: Claim, lease: float) -> bool:
        """Hold a claim for another ``lease`` seconds.  False if it had run out."""
        names = [keys.jobs(claim.upstream, "claimed"), keys.jobs(claim.upstream)]
        return bool(run_script(self.client, "queue_renew", names, claim.job, claim.token, lease))

    def retry_now(self, upstream: str, most: int | None = None, step: int = RETRY_STEP) -> int:
        """Make failed jobs due that wait for their retry, ``most`` of them or all, and return their number.

        One step of Redis examines ``step`` jobs, since Redis does nothing else meanwhile.
        """
        made = 0
        for place in ("first", "due"):
            names, after = [keys.jobs(upstream, place), keys.jobs(upstream)], b""
            while most is None or made < most:
                left = step if most is None else most - made
                count, after = run_script(self.client, "queue_retry_now", names, after, step, left)
                made += count
                if not after:
                    break
        return made

    def depth(self, upstream: str) -> int:
        """Return how many jobs of an upstream wait or are claimed."""
        return self.depths([upstream])[upstream]

    def depths(self, upstreams: Sequence[str]) -> dict[str, int]:
        """Return how many jobs of each upstream wait or are claimed."""
        with pipeline(self.client) as pipe:
            for upstream in upstreams:
                for place in keys.JOB_PLACES:
                    pipe.zcard(keys.jobs(upstream, place))
            counts = pipe.execute()
        return {upstream: sum(counts[number * 3 : number * 3 + 3]) for number, upstream in enumerate(upstreams)}

    def is_idle(self, upstream: str) -> bool:
        """Whether no job of an upstream is due.  Claimed jobs, and those that wait for their time, are not."""
        with redis_errors():
            seconds, micros = self.client.time()
        with pipeline(self.client) as pipe:
            for place in ("due", "first"):
                pipe.zcount(keys.jobs(upstream, place), "-inf", seconds + micros / 1_000_000)
            return not any(pipe.execute())

    def holds(self, upstream: str, query: str, package: str) -> bool:
        """Whether an entry has a job, waiting or claimed."""
        with pipeline(self.client) as pipe:
            for place in keys.JOB_PLACES:
                pipe.zscore(keys.jobs(upstream, place), job(query, package))
            return any(score is not None for score in pipe.execute())

    def waiting(self, queries: Sequence[str]) -> dict[str, Waiting]:
        """Return the waiting entries, by query."""
        with pipeline(self.client) as pipe:
            for query in queries:
                pipe.zcard(keys.waiting_since(query))
                pipe.zrange(keys.waiting_since(query), 0, 0, withscores=True)
            rows = pipe.execute()
        return {
            query: Waiting(count, oldest[0][0].decode().partition(" ")[2], oldest[0][1]) if oldest else Waiting(count)
            for query, count, oldest in zip(queries, rows[::2], rows[1::2], strict=True)
        }

    def viewed(self, packages: Iterable[str]) -> None:
        """Note that pages of packages were viewed: for a day their jobs go first."""
        now = time.time()
        with pipeline(self.client) as pipe:
            pipe.zadd(keys.VIEWED, dict.fromkeys(packages, now))
            pipe.zremrangebyrank(keys.VIEWED, 0, -self.max_viewed - 1)
            pipe.zremrangebyscore(keys.VIEWED, "-inf", now - VIEWED_FOR)
            pipe.execute()


def _addition(
    upstream: str, jobs: Sequence[tuple[str, str, float | None]], delay: float = 0.0, first: bool = False
) -> tuple[list[str], list[Any]]:
    """Return the keys and arguments of ``lua/queue_add.lua`` for jobs of one upstream."""
    names = [keys.jobs(upstream, "due"), keys.jobs(upstream, "first"), keys.jobs(upstream), keys.VIEWED]
    queries = dict.fromkeys(query for query, _, _ in jobs)
    numbers = {query: number for number, query in enumerate(queries, len(names) + 1)}
    arguments: list[Any] = [delay, "first" if first else ""]
    for query, package, sent in jobs:
        arguments += (job(query, package), package, "" if sent is None else sent, numbers[query])
    return [*names, *(keys.waiting_since(query) for query in queries)], arguments


def _keys(upstream: str) -> list[str]:
    return [*(keys.jobs(upstream, place) for place in keys.JOB_PLACES), keys.jobs(upstream)]
