"""Live lookups: ask an upstream about one pasted identifier that no entry of the cache can be about.

No message announces when such an answer changes: a CVE belongs to no package, a bug number to none that is known.  So the answer
has no place in a cache that never expires.  It is kept for a minute instead, "unknown" included; failures are not kept.  Since
anybody can cause such requests, rate limits and a limit of waiting requests bound them.
"""

import contextlib
import json
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import wait
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.connectors import Connector
from fedora_packages.errors import CacheUnavailable, InvalidResponse, UpstreamError
from fedora_packages.service import Service
from fedora_packages.web.formats import error_summary, upstream_title
from fedora_packages.web.loader import FillPool
from fedora_packages.web.rate_limit import RateLimit

log = logging.getLogger(__name__)

#: The schema version of kept answers: raise it whenever an answer gets other fields.
VERSION = 2

#: Seconds for which an answer is kept.
TTL = 60

#: Seconds that a page waits for an answer; a later one is there when the page is loaded again.
WAIT = 2.0

#: Lookups per minute, by all clients.
PER_MINUTE = 120

#: Threads for each upstream, and requests of one process that wait at a time: its other threads must go on serving pages.
THREADS = 2
MAX_WAITING = 3


@dataclass(frozen=True)
class Lookup:
    """One method of a connector, and the validated identifier that it is called with."""

    upstream: str
    method: str
    identifier: str | int

    @property
    def key(self) -> str:
        return keys.live_lookup(VERSION, self.upstream, self.method, self.identifier)


@dataclass(frozen=True)
class LookupResult:
    """The answer to a lookup.  Without one (``is_known`` is False), ``reason`` says why, as a sentence without its full stop."""

    is_known: bool
    value: Any = None
    reason: str = ""


def live_lookups_of(service: Service, **more: Any) -> "LiveLookups":
    """Return the live lookups over a service's parts; ``more`` are arguments of `LiveLookups`."""
    return LiveLookups(service.client, service.connectors, service.settings.web.lookups_per_client, **more)


class LiveLookups:
    """Look up identifiers for the search, with threads of its own for each upstream, within limits.

    ``per_client`` is the number of lookups for one client per minute, ``per_minute`` that for all clients together.  A request
    waits at most ``wait`` seconds.
    """

    def __init__(
        self,
        client: Redis,
        connectors: Mapping[str, Connector],
        per_client: int,
        per_minute: int = PER_MINUTE,
        wait: float = WAIT,
    ):
        self._client = client
        self._connectors = connectors
        self._wait = wait
        self.per_client, self.per_minute = per_client, per_minute
        self._client_limit = RateLimit(client, "lookups/client", per_client)
        self._site_limit = RateLimit(client, "lookups", per_minute)
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        self._pools = {name: FillPool(f"lookup-{name}", THREADS) for name in connectors}

    def __call__(self, client: str, lookup: Lookup) -> LookupResult:
        """Return the kept answer, or ask the upstream for ``client`` (see `client_of`).  Raises nothing."""
        try:
            with redis_errors():
                kept = self._client.get(lookup.key)
            return self._request(client, lookup) if kept is None else LookupResult(True, json.loads(kept))
        except CacheUnavailable:
            # Requests that cannot be counted are not made.
            return LookupResult(False, reason="Redis is not responding")

    def close(self) -> None:
        """Drop lookups that have not begun; those under way end by their timeouts."""
        for pool in self._pools.values():
            pool.close()

    def _request(self, client: str, lookup: Lookup) -> LookupResult:
        # A client over its own limit must not use up the limit of the site.
        if not self._client_limit.allows(client) or not self._site_limit.allows():
            return LookupResult(False, reason="Too many lookups in the last minute")
        future = self._pools[lookup.upstream].submit(lookup, lambda: self._fetch(lookup))
        if future is not None and self._waiting.acquire(blocking=False):
            try:
                wait([future], self._wait)
            finally:
                self._waiting.release()
        if future is None or not future.done():
            return LookupResult(False, reason=f"{upstream_title(lookup.upstream)} has not answered yet")
        error = future.exception()
        if error is None:
            return LookupResult(True, future.result())
        if not isinstance(error, UpstreamError):
            log.error("live lookup %s.%s(%r) failed", lookup.upstream, lookup.method, lookup.identifier, exc_info=error)
            error = InvalidResponse(lookup.upstream, lookup.method, "nothing")
        return LookupResult(False, reason=error_summary(error))

    def _fetch(self, lookup: Lookup) -> Any:
        value = getattr(self._connectors[lookup.upstream], lookup.method)(lookup.identifier)
        with contextlib.suppress(CacheUnavailable), redis_errors():
            self._client.set(lookup.key, json.dumps(value), ex=TTL)
        return value
