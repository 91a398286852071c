"""The circuit breaker: requests to an upstream that is down are refused for a while."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(eq=False)
class Circuit:
    """Opens after `FAILURES` failures in a row, and refuses requests until a pause is over.

    The pause is `FIRST_PAUSE` seconds and doubles with each further failure, up to ``reset_pause``.  After it one request may
    pass as a probe, and the next one ``probe_timeout`` seconds later.  A success closes the circuit.

    ``reason`` is the latest failure.  ``answered_at`` is the time of the latest success and ``failing_since`` of the first
    failure after it, in seconds since 1970, or None.
    """

    reset_pause: float
    probe_timeout: float
    clock: Callable[[], float] = time.monotonic

    FAILURES = 5
    FIRST_PAUSE = 1.0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._refused_until = 0.0
        self.reason = ""
        self.answered_at: float | None = None
        self.failing_since: float | None = None

    def pause_left(self) -> float:
        """Return for how many seconds requests are still refused."""
        with self._lock:
            return max(0.0, self._refused_until - self.clock())

    @property
    def is_open(self) -> bool:
        """Whether requests are refused, or a probe has no response yet."""
        with self._lock:
            return self._failures >= self.FAILURES

    def enter(self) -> bool:
        """Return whether a request may be sent now; at the end of a pause one may, as the probe."""
        with self._lock:
            now = self.clock()
            if now < self._refused_until:
                return False
            if self._failures >= self.FAILURES:
                self._refused_until = now + self.probe_timeout
            return True

    def succeeded(self) -> bool:
        """Count a response, and return whether it has closed the circuit."""
        with self._lock:
            was_open = self._failures >= self.FAILURES
            self._failures, self._refused_until = 0, 0.0
            self.answered_at, self.failing_since = time.time(), None
            return was_open

    def failed(self, reason: str) -> None:
        """Count a failure and its reason."""
        with self._lock:
            self.reason = reason
            self._failures += 1
            self.failing_since = self.failing_since or time.time()
            if self._failures >= self.FAILURES:
                pause = self.FIRST_PAUSE * 2 ** min(self._failures - self.FAILURES, 10)
                self._refused_until = self.clock() + min(self.reset_pause, pause)

    def as_dict(self) -> dict[str, Any]:
        """Return the state, JSON-ready: failures in a row, seconds of the pause that are left, the reason, and both times."""
        pause_left = self.pause_left()
        with self._lock:
            return {
                "failures": self._failures,
                "reset_pause": round(pause_left, 3),
                "reason": self.reason if self._failures else "",
                "answered": self.answered_at,
                "failing_since": self.failing_since,
            }
