"""Gaps: times of which messages can be missing, and the replays that close them.

A replay follows the start, and every hint: a connection that came back, a hole in a publisher's numbers, a Redis that lost its
newest data.  Another follows now and then without a hint.  While the bus is disconnected, the archive is read every few seconds
in its place.

The time up to which every message is known to be handled moves with the clock only while nothing hints at a gap; otherwise it
moves with the replays.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fedora_packages.errors import CacheUnavailable, UpstreamError
from fedora_packages.settings import Pace
from fedora_packages.worker.replay import Replay

log = logging.getLogger(__name__)

#: Seconds after a hint at which the archive is read again: it receives messages later than the worker.
AGAIN = (5.0, 60.0)

#: Seconds between two replays that hints ask for; doubled, up to the second number, by each hint that was false.
HINT_PAUSE, MAX_HINT_PAUSE = 2.0, 60.0

#: Seconds between two replays while the bus is disconnected.
POLL_INTERVAL = 10.0


@dataclass(eq=False, repr=False)
class Gaps:
    """Closes the gaps of one worker.

    * ``replay``: reads the archive; None without one.
    * ``invalidate_older_than``: invalidates what was cached before a timestamp and returns the number of entries; called if
      messages are missing that cannot be replayed.
    * ``pace``: times of the worker, of which it uses ``replay_every``, ``retry`` and ``retry_limit``.
    * ``hints``: the number of hints so far, which `close` takes.
    """

    replay: Replay | None
    invalidate_older_than: Callable[[float], int]
    stop: threading.Event
    pace: Pace = Pace()
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._hinted = threading.Event()
        self.hints = 1
        self._closed = 0
        self._disconnected_since: float | None = None
        self._caught_up_to: float | None = None
        self._again: list[float] = list(AGAIN)
        self._pause = HINT_PAUSE
        self.reason = "the worker has started"
        self.error: str | None = None
        self.failing_since: float | None = None
        self.replayed_at: float | None = None
        self.replayed = 0

    @property
    def is_closed(self) -> bool:
        """Whether a replay has followed every hint."""
        return self._closed == self.hints

    def suspect(self, reason: str, lost_since: bool = False) -> None:
        """Request a replay soon.  ``lost_since``: messages handled since the high-water mark can be lost too."""
        with self._lock:
            self.hints += 1
            self._again = list(AGAIN)
            if reason:
                self.reason = reason
                log.warning("messages may be missing: %s", reason)
            if lost_since:
                self._caught_up_to = None
        self._hinted.set()

    def connected(self, is_connected: bool) -> None:
        """Note whether the bus is connected; every change is a hint."""
        if is_connected == (self._disconnected_since is None):
            return
        self._disconnected_since = None if is_connected else self.clock()
        self.suspect("the bus was disconnected, and is connected again" if is_connected else "the bus is disconnected")

    def caught_up_to(self, now: float) -> float | None:
        """Return up to when every message is known to be handled, as far as the bus and the archive go.

        In seconds since 1970; None if it is unknown.  Raises `CacheUnavailable`.
        """
        with self._lock:
            if self.is_closed and self._disconnected_since is None:
                self._caught_up_to = now
            elif self._caught_up_to is None and self.replay is not None:
                self._caught_up_to = self.replay.high_water_mark()
            return self._caught_up_to

    def as_dict(self) -> dict[str, Any]:
        """Return the state for a heartbeat, JSON-ready."""
        return {
            "closed": self.is_closed,
            "reason": self.reason,
            "cut_since": self._disconnected_since,
            "archive": self.replay is not None,
            "archive_error": self.error,
            "archive_error_since": self.failing_since,
            "replayed_at": self.replayed_at,
            "replayed": self.replayed,
        }

    def run(self) -> None:
        """Close gaps until stopped.  Live messages are handled meanwhile, however long the archive is down."""
        attempts = 0
        while not self.stop.is_set():
            self._hinted.clear()
            hints, began = self.hints, self.clock()
            try:
                is_hinted = hints != self._closed
                replayed = self.close(hints)
                attempts, delay = 0, self._next(replayed, is_hinted)
            except Exception as error:
                # A bug of ours must not end the thread either: without it nothing reads the archive.
                is_bug = not isinstance(error, UpstreamError | CacheUnavailable)
                self.error = repr(error) if is_bug else error.sentence
                self.failing_since = self.failing_since or self.clock()
                attempts += 1
                delay = self.pace.after_failure(attempts)
                log.error("replay failed, next attempt in %.1f s: %s", delay, error, exc_info=is_bug)
            if self._hinted.wait(delay):
                self.stop.wait(max(0.0, began + (delay if attempts else self._pause) - self.clock()))

    def close(self, hints: int) -> int:
        """Handle all messages missed until now, and return their number; later hints than ``hints`` stay open.

        Raises as `Replay.catch_up`.
        """
        now = self.clock()
        replayed = 0
        if self.replay is not None:
            replayed = self.replay.catch_up(self.stop)
        elif self._disconnected_since is not None:
            # Without an archive, what is missed stays unknown until the bus is back.
            return 0
        elif hints != self._closed:
            self.invalidate_older_than(now)
        if self.stop.is_set():
            return replayed
        with self._lock:
            self._closed = hints
            self._caught_up_to = max(self._caught_up_to or 0.0, now)
            self.error = self.failing_since = None
            self.replayed_at, self.replayed = now, self.replayed + replayed
        return replayed

    def _next(self, replayed: int, is_hinted: bool) -> float:
        """Return the seconds until the next replay, after one that handled so many messages."""
        self._pause = min(2 * self._pause, MAX_HINT_PAUSE) if is_hinted and not replayed else HINT_PAUSE
        if self._disconnected_since is not None:
            return POLL_INTERVAL
        with self._lock:
            return self._again.pop(0) if self._again else self.pace.replay_every
