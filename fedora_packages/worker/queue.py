"""The refill queue: which entries must be fetched again, because of which event, and who is at it.

It lives in Redis and is shared by all workers; the web adds to it what it could not fill.  Each upstream has a queue of its own,
so that one that is slow holds up nobody else::

    fp:{queue}:koji:due       sorted set: job -> when it is due
    fp:{queue}:koji:claimed   sorted set: job -> when the claim runs out
    fp:{queue}:koji:jobs      hash: JOB|since, |sent, |event, |newer, |attempts, |looks, |token

A **job** is a query's name and a package (``koji.builds guake``).  Many events about one entry make one job, which keeps the
newest of them.  A job that is claimed by a process which then dies is due again when the claim runs out.

Before editing: each script in ``lua/`` is one atomic step, and a claim is only ended by its token.
"""

import json
from dataclasses import dataclass
from typing import Any

import redis

from fedora_packages.cache import PREFIX, redis_errors, script
from fedora_packages.events import Event

#: Bytes of an event that are kept with a job.  Of a larger one only the cause is: the value fetched is then not compared with it.
EVENT_KEPT = 1 << 20


@dataclass(frozen=True)
class Claim:
    """A job that is ours for a while.

    ``since`` is when it was first added (seconds since 1970, by Redis' clock), ``attempts`` how often in a row it
    failed, ``looks`` how often upstream did not show the event yet.
    """

    upstream: str
    query: str
    package: str
    token: str
    since: float
    event: Event | None
    attempts: int
    looks: int

    @property
    def job(self) -> str:
        return job(self.query, self.package)


def job(query: str, package: str) -> str:
    """Return what the queue calls the entry of a query about a package."""
    return f"{query} {package}"


class Queue:
    """The refill queue, as one process uses it."""

    def __init__(self, client: redis.Redis):
        self.client = client
        self._claim = client.register_script(script("queue_claim"))
        self._done = client.register_script(script("queue_done"))
        self._again = client.register_script(script("queue_again"))

    def add(
        self, upstream: str, query: str, package: str, event: Event | None = None, delay: float = 0.0, pipe: Any = None
    ) -> None:
        """Add a job, due in ``delay`` seconds; with ``pipe``, as one of the commands of a pipeline."""
        kept = _stored(event)
        if len(kept) > EVENT_KEPT:
            kept = _stored(event.without_body())
        arguments = (job(query, package), delay, event.sent if event else "", kept)
        with redis_errors():
            (self.client if pipe is None else pipe).eval(
                script("queue_add"), 2, _key(upstream, "due"), _key(upstream, "jobs"), *arguments
            )

    def claim(self, upstream: str, lease: float, limit: int) -> Claim | float | None:
        """Claim the job that is due the longest, for ``lease`` seconds.

        Returns the seconds until one is due if there is none now, and None if none is waiting or all workers together hold
        ``limit`` claims already.
        """
        with redis_errors():
            first, *rest = self._claim(keys=_keys(upstream), args=[lease, limit])
        if not rest:
            return None if float(first) < 0 else float(first)
        token, since, event, attempts, looks = rest
        query, _, package = first.decode().partition(" ")
        return Claim(
            upstream,
            query,
            package,
            token.decode(),
            float(since),
            Event.from_dict(json.loads(event)) if event else None,
            int(attempts),
            int(looks),
        )

    def done(self, claim: Claim) -> bool:
        """End a claim whose job is done.  False if it had run out, and another process may be at it."""
        with redis_errors():
            return bool(self._done(keys=_keys(claim.upstream), args=[claim.job, claim.token]))

    def again(self, claim: Claim, delay: float, attempts: int = 0, looks: int = 0) -> bool:
        """End a claim whose job must be done once more in ``delay`` seconds.  False as for `done`."""
        arguments = [claim.job, claim.token, delay, attempts, looks]
        with redis_errors():
            return bool(self._again(keys=_keys(claim.upstream), args=arguments))

    def renew(self, claim: Claim, lease: float) -> bool:
        """Hold on to a claim for another ``lease`` seconds.  False as for `done`."""
        keys = [_key(claim.upstream, "claimed"), _key(claim.upstream, "jobs")]
        with redis_errors():
            return bool(self.client.eval(script("queue_renew"), 2, *keys, claim.job, claim.token, lease))

    def depth(self, upstream: str) -> int:
        """Return how many jobs of an upstream are waiting or under way."""
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            pipe.zcard(_key(upstream, "due"))
            pipe.zcard(_key(upstream, "claimed"))
            return sum(pipe.execute())


def _stored(event: Event | None) -> str:
    return "" if event is None else json.dumps(event.as_dict(), separators=(",", ":"))


def _key(upstream: str, part: str) -> str:
    return f"{PREFIX}:{{queue}}:{upstream}:{part}"


def _keys(upstream: str) -> list[str]:
    return [_key(upstream, part) for part in ("due", "claimed", "jobs")]
