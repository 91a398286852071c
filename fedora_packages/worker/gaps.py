"""Gaps: when messages may have been missed, and the replays that close them.

A replay follows the start, and every hint: a connection that came back, a hole in a publisher's numbers, a Redis that lost its
newest data.  One more follows now and then without any.  As long as the bus is cut the archive is read in its place, every few
seconds.  The one thing to know: ``until``, the moment up to which everything is known to have been handled, moves with the clock
only while nothing hints at a gap; otherwise with the replays.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from fedora_packages.errors import CacheUnavailable, UpstreamError
from fedora_packages.service import Service
from fedora_packages.worker.invalidation import invalidate_older_than
from fedora_packages.worker.replay import Replay

log = logging.getLogger(__name__)

#: Seconds after a hint at which the archive is read again: it hears of messages later than we do.
AGAIN = (5.0, 60.0)

#: Seconds between two replays that hints ask for; doubled, up to the second, by each hint that was false.
HINT_PAUSE, LONGEST_HINT_PAUSE = 2.0, 60.0

#: Seconds between two replays while the bus is cut.
POLL = 10.0


class Gaps:
    """Closes the gaps of one worker.  ``handle`` is given the messages of a page of the archive."""

    def __init__(
        self,
        service: Service,
        bus: str,
        handle: Callable[[Sequence[Any]], Any],
        stop: threading.Event,
        clock: Callable[[], float] = time.time,
    ):
        self._service = service
        self._settings = service.settings.worker
        self._clock = clock
        self._stop = stop
        self._replay = Replay(service.client, self._settings, bus, handle, self._distrust, clock)
        self._lock = threading.Lock()
        self._hinted = threading.Event()
        self._hints = 1
        self._closed = 0
        self._is_cut = False
        self._cut_since: float | None = None
        self._until: float | None = None
        self._again: list[float] = list(AGAIN)
        self._pause = HINT_PAUSE
        self.reason = "the worker has started"
        self.trouble: str | None = None
        self.troubled_since: float | None = None
        self.replayed_at: float | None = None
        self.replayed = 0

    def suspect(self, reason: str, lost_since: bool = False) -> None:
        """Have the archive read soon.  ``lost_since``: what was known to be handled may not be, back to the mark."""
        with self._lock:
            self._hints += 1
            self._again = list(AGAIN)
            if reason:
                self.reason = reason
                log.warning("messages may be missing: %s", reason)
            if lost_since:
                self._until = None
        self._hinted.set()

    def connected(self, is_connected: bool) -> None:
        """Note whether the bus is connected; that it came back is a hint."""
        if not is_connected and not self._is_cut:
            self._is_cut, self._cut_since = True, self._clock()
            self.suspect("the bus is not connected")
        elif is_connected and self._is_cut:
            self._is_cut, self._cut_since = False, None
            self.suspect("the bus was away, and is connected again")

    def until(self, now: float) -> float | None:
        """Return up to when every message is known to have been handled, as far as the bus and the archive go.

        Raises `CacheUnavailable`.
        """
        with self._lock:
            if self._closed == self._hints and not self._is_cut:
                self._until = now
            elif self._until is None:
                self._until = self._replay.mark()
            return self._until

    def as_dict(self) -> dict[str, Any]:
        """Return what there is to tell, JSON-ready."""
        return {
            "closed": self._closed == self._hints,
            "reason": self.reason,
            "cut_since": self._cut_since,
            "archive": bool(self._settings.datagrepper),
            "archive_error": self.trouble,
            "archive_error_since": self.troubled_since,
            "replayed_at": self.replayed_at,
            "replayed": self.replayed,
        }

    def run(self) -> None:
        """Close gaps until told to stop.  However long the archive is down, live messages are handled meanwhile."""
        attempts = 0
        while not self._stop.is_set():
            self._hinted.clear()
            hints, began = self._hints, self._clock()
            try:
                is_hinted = hints != self._closed
                found = self.close(hints)
                attempts, delay = 0, self._next(found, is_hinted)
            except (UpstreamError, CacheUnavailable) as error:
                attempts += 1
                delay = self._failed(attempts, error.sentence)
                log.error("replay failed, again in %.1f s: %s", delay, error)
            except Exception as error:
                # A bug of ours must not end the thread: nobody would read the archive any more.
                attempts += 1
                delay = self._failed(attempts, repr(error))
                log.exception("replay failed, again in %.1f s", delay)
            if self._hinted.wait(delay):
                self._stop.wait(max(0.0, began + (delay if attempts else self._pause) - self._clock()))

    def close(self, hints: int) -> int:
        """Handle all that was missed until now, as the hints that had come were about; returns how many messages those were.

        Raises as `Replay.catch_up`.
        """
        now = self._clock()
        found = 0
        if self._settings.datagrepper:
            found = self._replay.catch_up(self._stop)
        elif hints != self._closed:
            # Nobody can say what was missed.
            self._distrust(now)
        if self._stop.is_set():
            return found
        with self._lock:
            self._closed = hints
            self._until = max(self._until or 0.0, now)
            self.trouble = self.troubled_since = None
            self.replayed_at, self.replayed = now, self.replayed + found
        return found

    def _next(self, found: int, is_hinted: bool) -> float:
        """Return the seconds until the next replay, after one that found so many messages; a hint had asked for it, or none."""
        self._pause = min(2 * self._pause, LONGEST_HINT_PAUSE) if is_hinted and not found else HINT_PAUSE
        if self._is_cut:
            return POLL
        with self._lock:
            return self._again.pop(0) if self._again else self._settings.replay_every

    def _failed(self, attempts: int, why: str) -> float:
        self.trouble = why
        self.troubled_since = self.troubled_since or self._clock()
        return min(self._settings.retry_limit, self._settings.retry * 2 ** min(attempts - 1, 30))

    def _distrust(self, before: float) -> None:
        count = invalidate_older_than(self._service, before)
        log.warning("%d entries that were cached before a gap are read again", count)
