"""Heartbeats of the workers, and how fresh the site is according to them.

A cache that never expires is right only while a worker handles every message.  Each worker writes a **heartbeat** every second:
how its parts are, and the time up to which it has handled all messages (``caught_up_to``).  That time is now while the worker
receives messages and has missed none.  While the bus is down it is the time up to which the archive has been read.  A page
shows a value as fresh only while that time is recent::

    fp:{worker}:heartbeats    hash: worker -> its heartbeat (JSON)
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, pipeline, redis_errors
from fedora_packages.errors import CacheUnavailable

#: Seconds between two heartbeats, and after which a worker without one counts as dead.
HEARTBEAT_EVERY = 1.0
DEAD_AFTER = 10.0

#: Seconds by which ``caught_up_to`` may be behind while values are still shown as fresh.
TOLERANCE = 15.0

#: Seconds for which a reader uses the heartbeats it has read, and for which the heartbeat of a dead worker is kept.
READ_EVERY = 1.0
FORGOTTEN_AFTER = 86400.0


@dataclass(frozen=True)
class Heartbeat:
    """A worker's heartbeat.  ``at`` and ``caught_up_to`` are UTC in seconds since 1970, ``parts`` is for ``/status``."""

    worker: str
    at: float
    caught_up_to: float | None
    parts: Mapping[str, Any]

    def is_alive(self, now: float) -> bool:
        return now - self.at < DEAD_AFTER


def write_heartbeat(
    client: Redis, worker: str, at: float, caught_up_to: float | None, parts: Mapping[str, Any]
) -> float | None:
    """Write a worker's heartbeat and return the time of the previous one in Redis, None if there is none.

    A time that differs from the worker's own memory means that Redis has lost its newest data.  Raises `CacheUnavailable`.
    """
    heartbeat = {"at": at, "caught_up_to": caught_up_to, "parts": parts}
    with pipeline(client, as_one=True) as pipe:
        pipe.hget(keys.HEARTBEATS, worker)
        pipe.hset(keys.HEARTBEATS, worker, json.dumps(heartbeat))
        before, _ = pipe.execute()
    return json.loads(before)["at"] if before else None


def heartbeats(client: Redis) -> list[Heartbeat]:
    """Return the latest heartbeat of each worker, newest first.  Raises `CacheUnavailable`."""
    with redis_errors():
        rows = client.hgetall(keys.HEARTBEATS)
    parsed = [(name.decode(), json.loads(row)) for name, row in rows.items()]
    # A worker of another version may write other fields.
    found = [Heartbeat(name, row["at"], row.get("caught_up_to"), row.get("parts", {})) for name, row in parsed]
    return sorted(found, key=lambda heartbeat: heartbeat.at, reverse=True)


def forget_old_heartbeats(client: Redis, now: float) -> None:
    """Delete heartbeats that are older than a day, except the newest of all.  Raises `CacheUnavailable`."""
    old = [heartbeat.worker for heartbeat in heartbeats(client)[1:] if now - heartbeat.at > FORGOTTEN_AFTER]
    if old:
        with redis_errors():
            client.hdel(keys.HEARTBEATS, *old)


def caught_up_to(workers: Sequence[Heartbeat]) -> float | None:
    """Return the time up to which some worker has handled all messages; None if unknown."""
    return max((heartbeat.caught_up_to for heartbeat in workers if heartbeat.caught_up_to is not None), default=None)


@dataclass
class FreshnessMonitor:
    """Tells one process whether cached values can be shown as fresh; reads Redis at most once in `READ_EVERY` seconds."""

    client: Redis
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._read_at = float("-inf")
        self._caught_up_to: float | None = None

    def broken_since(self) -> float | None:
        """Return the time since which changes may be missing, 0.0 if no worker ever ran; None while all is well.

        Also None while Redis is unavailable.
        """
        now = self.clock()
        if now - self._read_at >= READ_EVERY:
            try:
                self._caught_up_to = caught_up_to(heartbeats(self.client))
            except CacheUnavailable:
                return None
            self._read_at = now
        caught_up = self._caught_up_to or 0.0
        return None if now - caught_up <= TOLERANCE else caught_up
