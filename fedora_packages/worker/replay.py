"""Replay: the messages that the bus has not delivered, from datagrepper's archive.

The bus keeps nothing.  What is sent while no worker listens, while a connection is down or a buffer full, is lost.  So Redis
has a **high-water mark**, up to which every message is handled.  The archive is read from there, and from a margin before,
since messages come late and out of order: at the start, again and again after, and at once if something hints at lost messages.
Most of what it returns was handled when it came, and is skipped.

The high-water mark and the ids of handled messages lie beside the cache.  They fall back with it if Redis loses its newest data.
The mark moves only when the last page of an interval is handled.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors, run_id, run_script
from fedora_packages.connectors.datagrepper import DatagrepperConnector, id_of
from fedora_packages.errors import CacheUnavailable

log = logging.getLogger(__name__)

#: Seconds of one interval, after which the mark moves, so that a worker that is killed again and again makes progress; and the
#: intervals of a long gap, at most.
INTERVAL = 60.0
MAX_INTERVALS = 500

#: Seconds of messages that a replay reads again before the mark, and of missed messages that it reads at most.
MARGIN = 60.0
LIMIT = 3 * 86400.0

#: Message ids kept as handled, should datagrepper be down for days; messages beyond are handled twice.
MAX_HANDLED = 200_000


@dataclass(eq=False, repr=False)
class Replay:
    """Reads messages from the archive and passes those that were not handled yet to ``handle``, a page at a time.

    * ``requests``: what to ask the archive for, see `fedora_packages.messages.contents.table.archive_requests`.
    * ``bus``: the name of the bus in Redis; each has its own mark.
    * ``invalidate_older_than``: called with a timestamp if messages before it are missing that are not replayed.
    * ``margin``, ``limit``, ``interval``: in seconds, see the constants.
    """

    client: Redis
    archive: DatagrepperConnector
    requests: Sequence[tuple[Sequence[str], int]]
    bus: str
    handle: Callable[[list[Any]], Any]
    invalidate_older_than: Callable[[float], Any] = lambda before: None
    margin: float = MARGIN
    limit: float = LIMIT
    interval: float = INTERVAL
    clock: Callable[[], float] = time.time

    def catch_up(self, stop: threading.Event) -> int:
        """Handle every message sent since the high-water mark that was not handled, move the mark, and return their number.

        Without a mark, start at the oldest value that can be cached.  If it is stopped or fails, the mark is at the end of the
        last interval that was handled.  Raises `UpstreamUnavailable`, `InvalidResponse` and `CacheUnavailable`.
        """
        now, run = self.clock(), run_id(self.client)
        with redis_errors():
            self.client.zremrangebyrank(keys.HANDLED, 0, -MAX_HANDLED - 1)
        start, handled = self._start(now), 0
        interval = max(self.interval, (now - start) / MAX_INTERVALS)
        while start < now and not stop.is_set():
            end = min(start + interval, now)
            handled += self.run(start, end, stop)
            if not stop.is_set():
                self._move_mark(end, run)
            start = end
        if not stop.is_set():
            self._move_mark(now, run)
        return handled

    def high_water_mark(self) -> float | None:
        """Return up to when every message is known to be handled (seconds since 1970); None if that is unknown.

        Raises `CacheUnavailable`.
        """
        with redis_errors():
            mark = self.client.hget(keys.HIGH_WATER_MARKS, self.bus)
        return float(mark) if mark else None

    def run(self, start: float, end: float, stop: threading.Event) -> int:
        """Handle the messages sent from ``start`` to ``end`` that were not handled, oldest first; return their number.

        Raises as `catch_up`; messages handled by then stay so.
        """
        handled, run = 0, run_id(self.client)
        for categories, rows in self.requests:
            for page in self.archive.pages(start, end, categories, rows):
                new = self._unhandled(page)
                if stop.is_set():
                    return handled
                if new:
                    self.handle(new)
                    handled += len(new)
                self._note_handled(page, run)
        if handled:
            log.info("replay: %d missed messages of %.0f s handled", handled, end - start)
        return handled

    def _start(self, now: float) -> float:
        mark = self.high_water_mark()
        if mark is None:
            with redis_errors():
                begun = self.client.get(keys.BEGUN)
            mark = float(begun) if begun else None
        start = now if mark is None else mark - self.margin
        earliest = now - self.limit
        if start < earliest:
            log.error(
                "replay: messages of %.0f s are missing, worker.replay_limit is %.0f s; older values are fetched again",
                now - start, self.limit,
            )  # fmt: skip
            self.invalidate_older_than(earliest)
        return max(start, earliest)

    def _move_mark(self, mark: float, run: str) -> None:
        # The next replay starts a margin before the mark and needs no older ids.
        forgotten = mark - 2 * self.margin - 60
        names = [keys.HIGH_WATER_MARKS, keys.HANDLED]
        if not run_script(self.client, "high_water_mark", names, run, self.bus, mark, forgotten):
            raise CacheUnavailable("Redis was restarted during the replay")

    def _unhandled(self, page: list[Any]) -> list[Any]:
        """Return the messages of a page that are not known to be handled."""
        ids = [id_of(message) for message in page]
        with redis_errors():
            handled = self.client.zmscore(keys.HANDLED, [identity or "" for identity in ids]) if ids else []
        return [
            message for message, identity, at in zip(page, ids, handled, strict=True) if identity is None or at is None
        ]

    def _note_handled(self, page: list[Any], run: str) -> None:
        """Note a page's messages as handled, also those that were not understood or are of another environment."""
        now = self.clock()
        arguments = [part for message in page if (identity := id_of(message)) for part in (now, identity)]
        if arguments and not run_script(self.client, "handled", [keys.HANDLED], run, *arguments):
            raise CacheUnavailable("Redis was restarted during the replay")
