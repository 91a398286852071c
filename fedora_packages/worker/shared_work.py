"""Shared work: what all workers together do once in an interval, one of them at a time, step by step.

The position is stored after each step, so that a worker that goes on after a kill repeats one step and loses nothing::

    fp:{worker}:turn:<name>         hash: position (JSON), began, running, finished, done, error, and counts of the work
    fp:{worker}:turn:<name>:lock    the lock of the worker whose turn it is
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import LockError, Redis, redis_errors
from fedora_packages.errors import UpstreamError

log = logging.getLogger(__name__)

#: Seconds after which the lock of a worker that was killed is free, and those after which a living worker keeps its own.
LOCK_FOR = 6.0
KEEP_EVERY = LOCK_FOR / 5


class SharedWork:
    """One kind of shared work.  ``work`` does it: it gets this object, reads `position` and calls `advance` after each step.

    It returns False if it was cut short.
    ``every`` is the interval in seconds.  Work that began before ``since`` (seconds since 1970) is due again then.  ``began``
    is when this turn did, ``done`` when the last one did that came to its end, or None.  All methods raise `CacheUnavailable`.
    """

    def __init__(
        self,
        client: Redis,
        name: str,
        every: float,
        work: Callable[["SharedWork"], Any],
        clock: Callable[[], float] = time.time,
        lock_for: float = LOCK_FOR,
        since: float = 0.0,
    ):
        self.name = name
        self.every = every
        self.began = 0.0
        self.done: float | None = None
        self.position: Any = None
        self._client = client
        self._work = work
        self._since = since
        self._clock = clock
        self._key = keys.turn(name)
        # `keep` runs in another thread.
        self._lock = client.lock(keys.turn_lock(name), timeout=lock_for, blocking=False, thread_local=False)

    def take(self) -> bool:
        """Do the work if it is due and no other worker is at it; return whether it was done.

        Errors of upstreams are noted and logged; the next attempt is when the work is due again.
        """
        if not self._is_due():
            return False
        with redis_errors():
            if not self._lock.acquire():
                return False
        try:
            # Another worker may have done it between the two looks.
            return self._is_due() and self._run()
        finally:
            with redis_errors(), suppress(LockError):
                self._lock.release()

    def advance(self, position: Any, **counts: int) -> None:
        """Note that the work is done up to a position (JSON-ready), with counts to be shown.

        Raises `LockError` if this worker stood still for so long that another one may be at it.
        """
        self.position = position
        self.renew()
        self._note(position=json.dumps(position), **counts)

    def wake(self, seconds: float = 0.0) -> None:
        """Make the work due after some seconds, or at once, if it is not due before."""
        if not seconds or self._since <= self.began:
            self._since = self._clock() + seconds

    def renew(self) -> None:
        """Keep the lock for another while.  Raises as `advance`."""
        with redis_errors():
            self._lock.reacquire()

    def keep(self) -> None:
        """Keep the lock for another while if it is ours: a step may take longer than it.  Called every `KEEP_EVERY` seconds."""
        with suppress(LockError):
            self.renew()

    def _is_due(self) -> bool:
        with redis_errors():
            began, running = self._client.hmget(self._key, "began", "running")
        # After a kill the lock is free, and the work goes on at once.
        if running or began is None or float(began) < self._since <= self._clock():
            return True
        # The clock may have been put back.
        return not 0 <= self._clock() - float(began) < self.every

    def _run(self) -> bool:
        self.began, error, is_ours = self._clock(), "", True
        with redis_errors():
            known, done = self._client.hmget(self._key, "position", "done")
        self.position = json.loads(known) if known else None
        self.done = float(done) if done else None
        self._note(began=self.began, running=1)
        try:
            is_whole = self._work(self) is not False
            self._note(finished=self._clock(), **({"done": self.began} if is_whole else {}))
        except UpstreamError as failure:
            error = failure.sentence
            log.warning("%s failed: %s", self.name, error)
        except LockError:
            # What is noted is the other worker's.
            is_ours = False
            log.warning("%s: the worker stood still, and another worker goes on", self.name)
        finally:
            if is_ours:
                self._note(error=error)
                with redis_errors():
                    self._client.hdel(self._key, "running")
        return True

    def _note(self, **fields: Any) -> None:
        with redis_errors():
            self._client.hset(self._key, mapping=fields)


def state_of(client: Redis, name: str) -> Mapping[str, str]:
    """Return the fields of a turn's hash, decoded.  Raises `CacheUnavailable`."""
    with redis_errors():
        return {field.decode(): value.decode() for field, value in client.hgetall(keys.turn(name)).items()}
