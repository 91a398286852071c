"""Retry the requests of a build: named exceptions, bounded attempts, bounded time, and an end for all threads at once."""

import logging
import threading
from collections.abc import Callable
from itertools import count
from typing import TypeVar

import stamina
from stamina.instrumentation import RetryDetails

from fedora_packages.errors import InvalidResponse, NotServed, UpstreamError, UpstreamUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Attempts of one request, and seconds after which no other begins.  The largest download takes half an hour on a slow line.
ATTEMPTS = 4
TIMEOUT = 3600.0

#: Seconds before the second attempt, and before any other; each is five times as long as the one before.
FIRST_WAIT = 1.0
MAX_WAIT = 30.0

#: Retries that a build logs; an upstream that is down fails twenty thousand packages alike.
MAX_LOGGED = 12


class Retry:
    """Makes requests, again where an upstream fails.  Threads share it, and `stop` ends the retries of all of them."""

    def __init__(self, attempts: int = ATTEMPTS, max_wait: float = MAX_WAIT):
        self._call = stamina.RetryingCaller(
            attempts=attempts,
            timeout=TIMEOUT,
            wait_initial=min(FIRST_WAIT, max_wait),
            wait_max=max_wait,
            wait_exp_base=5,
        )
        self._stopped = threading.Event()

    def __call__(self, request: Callable[[], T]) -> T:
        """Return what a request returns.

        An `UpstreamUnavailable` is retried until the attempts are used up, an `InvalidResponse` once: an invalid response is
        seldom a hiccup.  A `NotServed` is never retried.  Raises the `UpstreamError` of the last attempt, and
        `UpstreamUnavailable` after `stop`.
        """
        is_last = False

        def is_retried(error: Exception) -> bool:
            nonlocal is_last
            if is_last or self.is_stopped or not isinstance(error, UpstreamError) or isinstance(error, NotServed):
                return False
            is_last = isinstance(error, InvalidResponse)
            return True

        return self._call(is_retried, self._unless_stopped, request)

    def _unless_stopped(self, request: Callable[[], T]) -> T:
        if self.is_stopped:
            raise UpstreamUnavailable("upstreams", "nothing any more", "the build has ended")
        return request()

    @property
    def is_stopped(self) -> bool:
        """Whether the build has ended, so that no response is of use."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Make no request from now on.  A thread that waits for its next attempt finds out at its end."""
        self._stopped.set()


def log_retries() -> None:
    """Log the first `MAX_LOGGED` retries of this process, in place of what stamina itself logs and counts of each."""
    numbers = count(1)

    def log_retry(details: RetryDetails) -> None:
        number, error = next(numbers), details.caused_by
        if number <= MAX_LOGGED:
            end = "; further retries are not logged" if number == MAX_LOGGED else ""
            log.warning("%s; next attempt in %.0f s%s", error.sentence, details.wait_for, end)

    stamina.instrumentation.set_on_retry_hooks([log_retry])
