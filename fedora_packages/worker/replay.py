"""Replay: the messages that the bus has not brought, from datagrepper's archive.

The bus keeps nothing: what is sent while no worker listens, while a connection is down or a buffer full, is gone.  So
a **mark** is kept in Redis, up to which every message is known to have been handled, and from it (and a margin
before, since messages come late and out of order) the archive is read: at the start, again and again after, and at once
where something hints that messages were lost.  Most of what it has was handled when it came, and is passed over.  Mark
and notes of what was handled lie beside the cache, and so fall back with it should Redis lose its newest data.

The one thing to know: pages of the archive are counted from the start of an interval, so the end of it is fixed before the first
page is read; and the mark moves only when the last page of an interval was handled.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import requests

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors, run_id, run_script
from fedora_packages.errors import CacheUnavailable, InvalidResponse, UpstreamUnavailable
from fedora_packages.settings import WorkerSettings

log = logging.getLogger(__name__)

#: Bounds of one page: bytes and seconds.
MAX_PAGE_BYTES = 96 << 20
PAGE_TIMEOUT = 120.0

#: Seconds of one interval, after each of which the mark moves, so that a worker that is killed again and again gets on; how many
#: of them a long gap is read in at the most; and pages of one: a million messages.
INTERVAL = 60.0
INTERVALS = 500
MAX_PAGES = 10_000

#: Messages that are remembered as handled, at the most, should datagrepper be down for days; more are handled twice.
HANDLED_KEPT = 200_000

#: The categories of the topics that any query listens to, asking for no more spares both sides; and how many messages of them
#: a page may have.  datagrepper gives 100 at the most, and a body of mdapi's can have megabytes.
PASSES = (
    (("buildsys", "bodhi", "bugzilla", "pagure", "git", "anitya", "hotness", "faf"), 100),
    (("mdapi",), 5),
)


class Replay:
    """Reads messages from datagrepper and hands those that were not handled yet to ``handle``, a page of them at a time.

    ``invalidate_older_than`` is told of the moment before which values cannot be trusted, where messages are missing for longer
    than is replayed.
    """

    def __init__(
        self, client: Redis, settings: WorkerSettings, bus: str, handle: Callable[[list[Any]], Any],
        invalidate_older_than: Callable[[float], Any] = lambda before: None, clock: Callable[[], float] = time.time,
    ):  # fmt: skip
        self._client = client
        self._settings = settings
        self._bus = bus
        self._handle = handle
        self._distrust = invalidate_older_than
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False

    def catch_up(self, stop: threading.Event) -> int:
        """Handle every message sent since the mark that was not handled, move the mark, and return how many those were.

        Without a mark, everything since the oldest value that may be cached.  Stopped or failing in the middle, the mark is
        at the end of the last interval that was handled.  Raises `UpstreamUnavailable` or `InvalidResponse` when datagrepper
        gives no answer that can be used, and `CacheUnavailable`.
        """
        now, run = self._clock(), run_id(self._client)
        with redis_errors():
            self._client.zremrangebyrank(keys.HANDLED, 0, -HANDLED_KEPT - 1)
        start, handled = self._since(now), 0
        interval = max(INTERVAL, (now - start) / INTERVALS)
        while start < now and not stop.is_set():
            end = min(start + interval, now)
            handled += self.run(start, end, stop)
            if not stop.is_set():
                self._move_mark(end, run)
            start = end
        if not stop.is_set():
            self._move_mark(now, run)
        return handled

    def mark(self) -> float | None:
        """Return up to when every message sent is known to have been handled; None if that is not known.

        Raises `CacheUnavailable`.
        """
        with redis_errors():
            found = self._client.hget(keys.HIGH_WATER_MARKS, self._bus)
        return float(found) if found else None

    def run(self, start: float, end: float, stop: threading.Event) -> int:
        """Handle the messages sent from ``start`` to ``end`` that were not handled, oldest first; return how many those were.

        Raises as `catch_up`; what was handled by then stays so.
        """
        handled, run = 0, run_id(self._client)
        for categories, rows in PASSES:
            for page in self._pages(start, end, categories, rows):
                new = self._new(page)
                if stop.is_set():
                    return handled
                if new:
                    self._handle(new)
                    handled += len(new)
                self._note(page, run)
        if handled:
            log.info("replayed %d messages of %.0f s", handled, end - start)
        return handled

    def _since(self, now: float) -> float:
        mark = self.mark()
        if mark is None:
            with redis_errors():
                begun = self._client.get(keys.BEGUN)
            mark = float(begun) if begun else None
        start = now if mark is None else mark - self._settings.replay_margin
        earliest = now - self._settings.replay_limit
        if start < earliest:
            log.error(
                "messages are missing since %.0f s, worker.replay_limit is %.0f s: what was cached before that is read again",
                now - start, self._settings.replay_limit,
            )  # fmt: skip
            self._distrust(earliest)
        return max(start, earliest)

    def _move_mark(self, mark: float, run: str) -> None:
        # What is older than the next replay begins need not be remembered.
        forgotten = mark - 2 * self._settings.replay_margin - 60
        if not run_script(self._client, "mark", [keys.HIGH_WATER_MARKS, keys.HANDLED], run, self._bus, mark, forgotten):
            raise CacheUnavailable("Redis was restarted during the replay")

    def _new(self, page: list[Any]) -> list[Any]:
        """Return the messages of a page that are not known to have been handled."""
        ids = [_id_of(message) for message in page]
        with redis_errors():
            moments = self._client.zmscore(keys.HANDLED, [identity or "" for identity in ids]) if ids else []
        return [
            message
            for message, identity, moment in zip(page, ids, moments, strict=True)
            if identity is None or moment is None
        ]

    def _note(self, page: list[Any], run: str) -> None:
        """Remember a page's messages as handled, those too that were not understood or not ours."""
        told = [part for message in page if (identity := _id_of(message)) for part in (self._clock(), identity)]
        if told and not run_script(self._client, "handled", [keys.HANDLED], run, *told):
            raise CacheUnavailable("Redis was restarted during the replay")

    def _pages(self, start: float, end: float, categories: Sequence[str], rows: int) -> Iterator[list[Any]]:
        page, pages = 1, 1
        while page <= pages:
            answer = self._page(start, end, categories, rows, page)
            pages = answer["pages"]
            if pages > MAX_PAGES:
                raise InvalidResponse("datagrepper", f"messages of {end - start:.0f} s", f"{pages} pages of them")
            yield answer["raw_messages"]
            page += 1

    def _page(self, start: float, end: float, categories: Sequence[str], rows: int, page: int) -> dict[str, Any]:
        asked = f"messages of {end - start:.0f} s, page {page}"
        params = [("category", category) for category in categories]
        params += [("start", f"{start:.3f}"), ("end", f"{end:.3f}"), ("order", "asc")]
        params += [("rows_per_page", str(rows)), ("page", str(page))]
        try:
            with self._session.get(
                f"{self._settings.datagrepper}/raw", params=params, headers={"Accept": "application/json"},
                timeout=PAGE_TIMEOUT, stream=True,
            ) as response:  # fmt: skip
                body = b"".join(_bounded(response.iter_content(1 << 20), asked))
        except requests.RequestException as error:
            raise UpstreamUnavailable("datagrepper", asked, f"no answer ({type(error).__name__})") from error
        if response.status_code != 200:
            raise UpstreamUnavailable("datagrepper", asked, f"it answered {response.status_code}")
        return _checked(body, asked)


def _id_of(message: Any) -> str | None:
    identity = message.get("msg_id") if isinstance(message, dict) else None
    return identity if isinstance(identity, str) else None


def _bounded(chunks: Iterator[bytes], asked: str) -> Iterator[bytes]:
    size, deadline = 0, time.monotonic() + PAGE_TIMEOUT
    for chunk in chunks:
        size += len(chunk)
        if time.monotonic() > deadline:
            raise UpstreamUnavailable("datagrepper", asked, f"no whole answer within {PAGE_TIMEOUT:g} s")
        if size > MAX_PAGE_BYTES:
            raise InvalidResponse("datagrepper", asked, f"more than {MAX_PAGE_BYTES} bytes")
        yield chunk


def _checked(body: bytes, asked: str) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidResponse("datagrepper", asked, "something that is no JSON", body) from error
    if not isinstance(answer, dict) or not isinstance(answer.get("raw_messages"), list):
        raise InvalidResponse("datagrepper", asked, "an answer without messages")
    if not isinstance(answer.get("pages"), int):
        raise InvalidResponse("datagrepper", asked, "an answer without a number of pages")
    return answer
