"""Lookups: an upstream is asked about one thing that somebody has pasted, of which no entry of the cache could be.

Nothing announces when such an answer changes (a CVE is of no package, a bug's number of none that is known), so that it has no
place in a cache that never expires.  It is kept for a minute instead, "there is none" too, so that a page that is loaded again
costs no upstream anything; failures are not.  Since anybody can have upstreams asked this way, it is bounded: by client, for the
whole site, and by how many requests wait at the same time.  In Redis::

    fp:{lookups}:1:<upstream>:<method>:<identifier>    what came (JSON); 1 is the `SHAPE`
    fp:{lookups}:client:<address>:<minute>             how often a client has had upstreams asked in a minute
    fp:{lookups}:all:<minute>                          how often all have
"""

import contextlib
import json
import logging
import threading
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator

from fedora_packages.cache import keys
from fedora_packages.cache.redis import counted, redis_errors
from fedora_packages.errors import CacheUnavailable, UpstreamError, UpstreamUnavailable
from fedora_packages.service import Service
from fedora_packages.web.loader import FillPool

log = logging.getLogger(__name__)

#: Raised whenever an answer has other fields: new code must not meet an old answer.
SHAPE = 1

#: Seconds for which an answer is kept.
KEPT = 60

#: Seconds that a page waits for one; what comes later is there when it is loaded again.
PATIENCE = 2.0

#: Lookups a minute that all clients together may cause.
LOOKUPS_PER_MINUTE = 120

#: Threads that ask one upstream, and requests of one process that wait: the others of its threads must go on answering pages.
THREADS = 2
WAITING = 3


@dataclass(frozen=True)
class Question:
    """One method of a connector's, and the identifier, checked, that it is asked about."""

    upstream: str
    method: str
    identifier: str | int

    @property
    def key(self) -> str:
        return keys.live_lookup(SHAPE, self.upstream, self.method, self.identifier)


@dataclass(frozen=True)
class Found:
    """What came of a question.  Where nothing did (``is_known`` is False), ``why`` says why, in half a sentence."""

    is_known: bool
    value: Any = None
    why: str = ""


def includeme(config: Configurator) -> None:
    """Make what makes the lookups; requests find it as ``request.lookups``."""
    config.registry.lookups = Lookups(config.registry.service)
    config.add_request_method(lambda request: request.registry.lookups, "lookups", property=True)


class Lookups:
    """Asks upstreams for readers of the search, each by threads of its own, within bounds."""

    def __init__(self, service: Service, patience: float = PATIENCE, per_minute: int = LOOKUPS_PER_MINUTE):
        self._service = service
        self.per_minute = per_minute
        self._patience = patience
        self._waiting = threading.BoundedSemaphore(WAITING)
        self._pools = {name: FillPool(f"lookup-{name}", THREADS) for name in service.connectors}

    def __call__(self, client: str, question: Question) -> Found:
        """Return what an upstream says, lately or now.  ``client`` is who asks, as `client_of` gives it.  Raises nothing."""
        try:
            with redis_errors():
                kept = self._service.client.get(question.key)
            return self._asked(client, question) if kept is None else Found(True, json.loads(kept))
        except CacheUnavailable:
            # Nothing could be counted, and so nothing is asked.
            return Found(False, why="nothing can be looked up just now")

    def close(self) -> None:
        """Forget lookups that have not begun; those under way end by their timeouts."""
        for filler in self._pools.values():
            filler.close()

    def _asked(self, client: str, question: Question) -> Found:
        allowed = self._service.settings.web
        # A client who may ask no more must not use up what others may.
        for what, most in ((f"client:{client}", allowed.lookups_per_client), ("all", self.per_minute)):
            if counted(self._service.client, f"{{lookups}}:{what}")[0] > most:
                return Found(False, why="upstreams have been asked as often as may be in a minute")
        future = self._pools[question.upstream].submit(question, lambda: self._answer(question))
        if future is not None and self._waiting.acquire(blocking=False):
            try:
                wait([future], self._patience)
            finally:
                self._waiting.release()
        return _found(question, future)

    def _answer(self, question: Question) -> Any:
        value = getattr(self._service.connectors[question.upstream], question.method)(question.identifier)
        with contextlib.suppress(CacheUnavailable), redis_errors():
            self._service.client.set(question.key, json.dumps(value), ex=KEPT)
        return value


def _found(question: Question, future: "Future[Any] | None") -> Found:
    if future is None or not future.done():
        return Found(False, why=f"{question.upstream} has not answered yet")
    error = future.exception()
    if error is None:
        return Found(True, future.result())
    if not isinstance(error, UpstreamError):
        log.error("%s could not be looked up", question, exc_info=error)
    is_silent = isinstance(error, UpstreamUnavailable)
    return Found(
        False, why=f"{question.upstream} {'does not answer' if is_silent else 'gave no answer that can be used'}"
    )
