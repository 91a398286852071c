"""The circuit breaker: an upstream that is down is not asked for a while."""

import threading
import time
from collections.abc import Callable
from typing import Any


class Circuit:
    """Keeps an upstream that is down from being hammered: after some failures in a row it is left alone for a while.

    The pause begins with `FIRST_PAUSE` seconds and doubles with every further failure up to ``longest``; after it one request is
    let through to see, and the next only when that one has had ``patience`` seconds.  ``reason`` is the latest failure,
    ``answered_at`` when upstream last answered, ``failing_since`` the first failure after that (seconds since 1970, or None).
    """

    FAILURES = 5
    FIRST_PAUSE = 1.0

    def __init__(self, longest: float, patience: float, clock: Callable[[], float] = time.monotonic):
        self._longest = longest
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._until = 0.0
        self.reason = ""
        self.answered_at: float | None = None
        self.failing_since: float | None = None

    def resting(self) -> float:
        """Return for how many more seconds nothing should be asked; 0 when something may."""
        with self._lock:
            return max(0.0, self._until - self._clock())

    @property
    def is_open(self) -> bool:
        """Whether upstream is left alone, or one request was let through and has not been answered yet."""
        with self._lock:
            return self._failures >= self.FAILURES

    def enter(self) -> bool:
        """Whether a request may be made now; of those that wait for the end of a pause, one may."""
        with self._lock:
            now = self._clock()
            if now < self._until:
                return False
            if self._failures >= self.FAILURES:
                self._until = now + self._patience
            return True

    def succeeded(self) -> bool:
        """Note that upstream answered; returns whether it was left alone until now."""
        with self._lock:
            was_open = self._failures >= self.FAILURES
            self._failures, self._until = 0, 0.0
            self.answered_at, self.failing_since = time.time(), None
            return was_open

    def as_dict(self) -> dict[str, Any]:
        """Return what there is to tell of it, JSON-ready: ``failures`` in a row, ``rests`` for so many seconds more, and why."""
        resting = self.resting()
        with self._lock:
            return {
                "failures": self._failures,
                "rests": round(resting, 3),
                "reason": self.reason if self._failures else "",
                "answered": self.answered_at,
                "failing_since": self.failing_since,
            }

    def failed(self, reason: str) -> None:
        """Note that upstream did not answer, and what came instead."""
        with self._lock:
            self.reason = reason
            self._failures += 1
            self.failing_since = self.failing_since or time.time()
            if self._failures >= self.FAILURES:
                pause = self.FIRST_PAUSE * 2 ** min(self._failures - self.FAILURES, 10)
                self._until = self._clock() + min(self._longest, pause)
