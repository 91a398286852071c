"""The watch: up to when every message is known to have been handled, as the workers say of themselves.

A cache that never expires is right only while somebody listens.  Each worker writes a **beat** every second: that it lives, how
its parts are, and ``until``: the moment up to which it knows that every message was handled.  While it listens and has missed
nothing that is now; while the bus is cut, or after it was away, it is as far as the archive has been read.  Whoever shows a
value shows it as it is only while that moment is close::

    fp:{worker}:heartbeats    hash: worker -> its beat (JSON)
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.errors import CacheUnavailable

#: Seconds between two beats, and after which a worker that has not beaten is taken for dead.
EVERY = 1.0
DEAD_AFTER = 10.0

#: Seconds by which ``until`` may be behind before values are not shown as they are any more.
TOLERANCE = 15.0

#: Seconds for which a reader goes by what it read, and for which the beat of a worker that is gone is kept.
LOOK_EVERY = 1.0
FORGOTTEN_AFTER = 86400.0


@dataclass(frozen=True)
class Beat:
    """What a worker says of itself: ``at`` and ``until`` are UTC in seconds since 1970, ``parts`` is for people."""

    worker: str
    at: float
    until: float | None
    parts: Mapping[str, Any]

    def is_alive(self, now: float) -> bool:
        return now - self.at < DEAD_AFTER


def beat(client: Redis, worker: str, at: float, until: float | None, parts: Mapping[str, Any]) -> float | None:
    """Write a worker's beat; returns when Redis says that the one before was.

    That is another time than the worker remembers where Redis has lost its newest data.  Raises `CacheUnavailable`.
    """
    with redis_errors():
        pipe = client.pipeline(transaction=True)
        pipe.hget(keys.HEARTBEATS, worker)
        pipe.hset(keys.HEARTBEATS, worker, json.dumps({"at": at, "until": until, "parts": parts}))
        before, _ = pipe.execute()
    return json.loads(before)["at"] if before else None


def beats(client: Redis) -> list[Beat]:
    """Return the latest beats of all workers, the newest first.  Raises `CacheUnavailable`."""
    with redis_errors():
        rows = client.hgetall(keys.HEARTBEATS)
    found = [Beat(name.decode(), **json.loads(row)) for name, row in rows.items()]
    return sorted(found, key=lambda one: one.at, reverse=True)


def forget_the_gone(client: Redis, now: float) -> None:
    """Forget workers that have not beaten for long; the newest beat stays, whatever its age.  Raises `CacheUnavailable`."""
    gone = [one.worker for one in beats(client)[1:] if now - one.at > FORGOTTEN_AFTER]
    if gone:
        with redis_errors():
            client.hdel(keys.HEARTBEATS, *gone)


def until(found: list[Beat]) -> float | None:
    """Return up to when every message is known to have been handled by one worker or another; None if that is not known."""
    return max((one.until for one in found if one.until is not None), default=None)


class Watch:
    """The watch as a process that shows values sees it: read at most once in `LOOK_EVERY` seconds."""

    def __init__(self, client: Redis, clock: Callable[[], float] = time.time):
        self._client = client
        self._clock = clock
        self._looked = float("-inf")
        self._until: float | None = None

    def broken_since(self) -> float | None:
        """Return since when changes may be missing, 0.0 if nobody ever listened; None while all is well.

        With Redis away it is as it was.
        """
        now = self._clock()
        if now - self._looked >= LOOK_EVERY:
            try:
                self._until = until(beats(self._client))
            except CacheUnavailable:
                return None
            self._looked = now
        known = self._until or 0.0
        return None if now - known <= TOLERANCE else known
