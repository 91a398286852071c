"""The refill queue: which entries must be fetched again, and who is at it.

It lives in Redis and is shared by all workers; the web adds to it what it could not fill.  Each upstream has a queue of its own,
so that one that is slow holds up nobody else::

    fp:{queue}:koji:first       sorted set: job -> when it is due; its package was looked at lately
    fp:{queue}:koji:due         sorted set: job -> when it is due; all others
    fp:{queue}:koji:claimed     sorted set: job -> when the claim runs out
    fp:{queue}:koji:jobs        hash: JOB|sent, |newer, |attempts, |looks, |doubt, |token
    fp:{queue}:since:koji.builds   sorted set: job -> since when its entry waits to be fresh
    fp:{queue}:viewed           sorted set: package -> when a page of it was last looked at (see `Queue.viewed`)

A **job** is a query's name and a package (``koji.builds guake``).  Many events about one entry make one job; what they say is
kept with the entry.  A job that is claimed by a process which then dies is due again when the claim runs out.

Before editing: each script in ``lua/`` is one atomic step, and a claim is only ended by its token.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, add_script, in_one_trip, redis_errors, run_script

#: Packages that are remembered as looked at, and for how many seconds.
VIEWED_KEPT = 5000
VIEWED_FOR = 86400.0

#: Jobs that one step of `Queue.retry_now` looks at.
RETRIED_AT_ONCE = 500


#: Where a job can be.
PLACES = (keys.jobs_waiting, keys.jobs_first, keys.jobs_claimed)


@dataclass(frozen=True)
class Claim:
    """A job that is ours for a while.

    ``attempts`` is how often in a row it failed, ``looks`` how often upstream did not show its events yet, ``sent`` when the
    newest of those was sent (None: there is none), ``in_doubt`` whether a look is owed since an answer did not differ.
    """

    upstream: str
    query: str
    package: str
    token: str
    attempts: int
    looks: int
    sent: float | None
    in_doubt: bool = False

    @property
    def job(self) -> str:
        return job(self.query, self.package)


def job(query: str, package: str) -> str:
    """Return what the queue calls the entry of a query about a package."""
    return f"{query} {package}"


class Queue:
    """The refill queue, as one process uses it."""

    def __init__(self, client: Redis):
        self.client = client

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

        ``sent`` is when the event was that it is because of; ``first`` puts it before those of packages that nobody looked
        at lately.
        """
        names, told = _addition(upstream, [(query, package, sent)], delay, first)
        run_script(self.client, "queue_add", names, *told)

    def add_all(self, pipe: Any, jobs: Iterable[tuple[str, str, str, float | None]]) -> None:
        """Add many jobs in the pipeline of `in_one_trip`: (upstream, query, package, when the event was sent) of each.

        They are due at once.
        """
        by_upstream: dict[str, list[tuple[str, str, float | None]]] = {}
        for upstream, *rest in jobs:
            by_upstream.setdefault(upstream, []).append(tuple(rest))

        for upstream, its in by_upstream.items():
            names, told = _addition(upstream, its)
            add_script(pipe, "queue_add", names, *told)

    def claim(self, upstream: str, lease: float, limit: int) -> Claim | float | None:
        """Claim a job for ``lease`` seconds: the one due the longest of packages looked at lately, else of all.

        Returns the seconds until one is due if there is none now, and None if none is waiting or all workers together hold
        ``limit`` claims already.
        """
        first, *rest = run_script(self.client, "queue_claim", _keys(upstream), lease, limit)
        if not rest:
            return None if float(first) < 0 else float(first)
        token, attempts, looks, sent, doubt = rest
        query, _, package = first.decode().partition(" ")
        moment = float(sent) if sent else None
        return Claim(upstream, query, package, token.decode(), int(attempts), int(looks), moment, bool(doubt))

    def done(self, claim: Claim) -> float | None:
        """End a claim whose job is done; returns for how many seconds it had waited.

        None if the claim had run out, and another process may be at it.
        """
        names = [*_keys(claim.upstream), keys.waiting_since(claim.query)]
        ended, *waited = run_script(self.client, "queue_done", names, claim.job, claim.token)
        return float(waited[0]) if ended else None

    def again(
        self,
        claim: Claim,
        delay: float,
        attempts: int = 0,
        looks: int = 0,
        is_fresh: bool = False,
        in_doubt: bool = False,
    ) -> bool:
        """End a claim whose job must be done once more in ``delay`` seconds.  False if the claim had run out.

        ``is_fresh``: its entry is fresh, and nobody waits for it.  ``in_doubt``: the same, and no newer event lets the look be
        forgotten.
        """
        names = [*_keys(claim.upstream), keys.waiting_since(claim.query)]
        state = "doubt" if in_doubt else "fresh" if is_fresh else ""
        told = [claim.job, claim.token, delay, attempts, looks, state]
        return bool(run_script(self.client, "queue_again", names, *told))

    def renew(self, claim: Claim, lease: float) -> bool:
        """Hold on to a claim for another ``lease`` seconds.  False as for `again`."""
        names = [keys.jobs_claimed(claim.upstream), keys.jobs(claim.upstream)]
        return bool(run_script(self.client, "queue_renew", names, claim.job, claim.token, lease))

    def retry_now(self, upstream: str, most: int | None = None, step: int = RETRIED_AT_ONCE) -> int:
        """Make the jobs due that wait for their next try, ``most`` of them or all; returns how many.

        Redis does nothing else during one of its steps, so that each looks at ``step`` jobs.  Claims bound how many are done at
        the same time, as ever.
        """
        made = 0
        for place in (keys.jobs_first, keys.jobs_waiting):
            names, after = [place(upstream), keys.jobs(upstream)], b""
            while most is None or made < most:
                left = step if most is None else most - made
                count, after = run_script(self.client, "queue_retry_now", names, after, step, left)
                made += count
                if not after:
                    break
        return made

    def depth(self, upstream: str) -> int:
        """Return how many jobs of an upstream are waiting or under way."""
        return self.depths([upstream])[upstream]

    def depths(self, upstreams: Sequence[str]) -> dict[str, int]:
        """Return how many jobs of each upstream are waiting or under way."""
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            for upstream in upstreams:
                for place in PLACES:
                    pipe.zcard(place(upstream))
            found = pipe.execute()
        return {upstream: sum(found[number * 3 : number * 3 + 3]) for number, upstream in enumerate(upstreams)}

    def holds(self, upstream: str, query: str, package: str) -> bool:
        """Whether an entry is waiting to be fetched, or being fetched."""
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            for place in PLACES:
                pipe.zscore(place(upstream), job(query, package))
            return any(found is not None for found in pipe.execute())

    def waiting(self, queries: Sequence[str]) -> dict[str, tuple[int, str | None, float | None]]:
        """Return, for each query, how many entries wait to be fresh, and whose has waited longest, since when."""
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            for query in queries:
                pipe.zcard(keys.waiting_since(query))
                pipe.zrange(keys.waiting_since(query), 0, 0, withscores=True)
            found = pipe.execute()
        return {
            query: (count, oldest[0][0].decode().partition(" ")[2], oldest[0][1]) if oldest else (count, None, None)
            for query, count, oldest in zip(queries, found[::2], found[1::2], strict=True)
        }

    def viewed(self, packages: Iterable[str]) -> None:
        """Note that pages of some packages were looked at: their jobs go first from now on, for a day."""
        now = time.time()

        def build(pipe: Any) -> None:
            pipe.zadd(keys.VIEWED, dict.fromkeys(packages, now))
            pipe.zremrangebyrank(keys.VIEWED, 0, -VIEWED_KEPT - 1)
            pipe.zremrangebyscore(keys.VIEWED, "-inf", now - VIEWED_FOR)

        in_one_trip(self.client, build)


def _addition(
    upstream: str, jobs: Sequence[tuple[str, str, float | None]], delay: float = 0.0, first: bool = False
) -> tuple[list[str], list[Any]]:
    """Return the keys and arguments of ``lua/queue_add.lua`` for jobs of one upstream."""
    names = [keys.jobs_waiting(upstream), keys.jobs_first(upstream), keys.jobs(upstream), keys.VIEWED]
    numbers = {
        query: number for number, query in enumerate(dict.fromkeys(query for query, _, _ in jobs), len(names) + 1)
    }
    told: list[Any] = [delay, "first" if first else ""]
    for query, package, sent in jobs:
        told += (job(query, package), package, "" if sent is None else sent, numbers[query])
    return [*names, *(keys.waiting_since(query) for query in numbers)], told


def _keys(upstream: str) -> list[str]:
    return [keys.jobs_waiting(upstream), keys.jobs_first(upstream), keys.jobs_claimed(upstream), keys.jobs(upstream)]
