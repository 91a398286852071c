"""Replay: the messages that were sent while no worker listened, from datagrepper's archive.

The bus itself keeps nothing.  What was handled last is noted with every message; everything from then (and a margin before, since
messages come late and out of order) until now is handled again.  That is harmless: handling is idempotent.

The one thing to know: pages of the archive are counted from the start of the interval, so the end of it is fixed
before the first page is read.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis
import requests

from fedora_packages.cache import PREFIX, redis_errors
from fedora_packages.errors import UpstreamLied, UpstreamUnavailable
from fedora_packages.settings import WorkerSettings
from fedora_packages.worker.handle import SEEN_KEY

log = logging.getLogger(__name__)

#: Per bus, since when messages are owed that no replay has brought yet.
OWED_KEY = f"{PREFIX}:{{worker}}:owed"

#: Messages in a page: the most that datagrepper gives.
ROWS = 100

#: Bounds of one page: bytes and seconds.  Bodies of mdapi's messages can be megabytes.
MAX_PAGE_BYTES = 256 << 20
PAGE_TIMEOUT = 120.0

#: Pages of one replay at the most: a million messages.
MAX_PAGES = 10_000

#: The categories of the topics that any query listens to; asking for no more spares both sides.
CATEGORIES = ("buildsys", "bodhi", "bugzilla", "mdapi", "pagure", "git")


class Replay:
    """Reads missed messages from datagrepper and hands each to ``handle``."""

    def __init__(
        self, client: redis.Redis, settings: WorkerSettings, bus: str, handle: Callable[[Any], str],
        clock: Callable[[], float] = time.time,
    ):  # fmt: skip
        self._client = client
        self._settings = settings
        self._bus = bus
        self._handle = handle
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False

    def seen(self) -> float | None:
        """Return when the newest message was sent that was handled (UTC, seconds since 1970), or None if none ever was."""
        with redis_errors():
            return self._client.zscore(SEEN_KEY, self._bus)

    def owed(self) -> tuple[float, float] | None:
        """Return the interval that must be replayed, and note in Redis that it is; None on a first start.

        To be called before the bus is listened to: the first live message moves what was seen last.  A replay that
        was not finished is still owed.
        """
        seen, now = self.seen(), self._clock()
        with redis_errors():
            if seen is None:
                # Nothing that is cached can be older than this.
                self._client.zadd(SEEN_KEY, {self._bus: now}, nx=True)
                return None
            self._client.hsetnx(OWED_KEY, self._bus, seen - self._settings.replay_margin)
            start = float(self._client.hget(OWED_KEY, self._bus))
        earliest = now - self._settings.replay_limit
        if start < earliest:
            log.error(
                "messages are owed since %.0f s, worker.replay_limit is %.0f s: what changed before that will not be noticed",
                now - start, self._settings.replay_limit,
            )  # fmt: skip
        return max(start, earliest), now

    def settle(self) -> None:
        """Note that nothing is owed any more."""
        with redis_errors():
            self._client.hdel(OWED_KEY, self._bus)

    def run(self, start: float, end: float, stop: threading.Event) -> int:
        """Handle every message sent from ``start`` to ``end``, oldest first, and return how many those were.

        Raises `UpstreamUnavailable` or `UpstreamLied` when datagrepper gives no answer that can be used, and `CacheUnavailable`;
        what was handled by then stays so.
        """
        handled, known = 0, set()
        for message in self._messages(start, end):
            if stop.is_set():
                break
            # Offsets shift when a message arrives late: some come twice.
            identity = message.get("msg_id") if isinstance(message, dict) else None
            if identity is None or identity not in known:
                known.add(identity)
                self._handle(message)
                handled += 1
        log.info("replayed %d messages of %.0f s", handled, end - start)
        return handled

    def _messages(self, start: float, end: float) -> Iterator[Any]:
        page, pages = 1, 1
        while page <= min(pages, MAX_PAGES):
            answer = self._page(start, end, page)
            pages = answer["pages"]
            yield from answer["raw_messages"]
            page += 1

    def _page(self, start: float, end: float, page: int) -> dict[str, Any]:
        asked = f"messages of {end - start:.0f} s, page {page}"
        params = [("category", category) for category in CATEGORIES]
        params += [("start", f"{start:.3f}"), ("end", f"{end:.3f}"), ("order", "asc")]
        params += [("rows_per_page", str(ROWS)), ("page", str(page))]
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


def _bounded(chunks: Iterator[bytes], asked: str) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_PAGE_BYTES:
            raise UpstreamLied("datagrepper", asked, f"more than {MAX_PAGE_BYTES} bytes")
        yield chunk


def _checked(body: bytes, asked: str) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UpstreamLied("datagrepper", asked, f"something that is no JSON: {body[:80]!r}") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("raw_messages"), list):
        raise UpstreamLied("datagrepper", asked, "an answer without messages")
    if not isinstance(answer.get("pages"), int):
        raise UpstreamLied("datagrepper", asked, "an answer without a number of pages")
    return answer
