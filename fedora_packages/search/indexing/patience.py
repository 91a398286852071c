"""Patience: what an upstream did not answer is asked again, a few times, with pauses, which are told of.

The one thing to know: an upstream that is down fails twenty thousand packages alike, so that only the first pauses are told of.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from fedora_packages.errors import InvalidResponse, UpstreamError, UpstreamUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds before each further try of what an upstream did not answer.
RETRIES = (1.0, 5.0, 30.0)

#: How many pauses are told of, whatever is asked.
TOLD = 12


class Patience:
    """Asks again after each of some pauses, in seconds, until `give_up`: whoever waits then need not."""

    def __init__(self, pauses: Sequence[float] = RETRIES):
        self._pauses = tuple(pauses)
        self._given_up = threading.Event()
        self._told = 0
        self._telling = threading.Lock()

    def __call__(self, ask: Callable[[], T]) -> T:
        """Return what upstream answers; raises the `UpstreamError` that it ended with, and asks nothing after `give_up`."""
        if self.is_over:
            raise UpstreamUnavailable("upstreams", "nothing any more", "whoever wanted to know has given up")
        pauses = iter(self._pauses)
        while True:
            try:
                return ask()
            except UpstreamError as error:
                pause = next(pauses, None)
                if pause is None or self.is_over:
                    raise
                self._tell(error, pause)
                if self._given_up.wait(pause):
                    raise
                if isinstance(error, InvalidResponse):
                    # An answer that makes no sense is seldom a hiccup: it gets one more try.
                    pauses = iter(())

    def _tell(self, error: UpstreamError, pause: float) -> None:
        with self._telling:
            self._told += 1
            if self._told <= TOLD:
                rest = "; what fails from now on is told of only when it is given up" if self._told == TOLD else ""
                log.warning("%s; asked again in %g s%s", error.sentence, pause, rest)

    @property
    def is_over(self) -> bool:
        """Whether nobody wants the answers any more."""
        return self._given_up.is_set()

    def give_up(self) -> None:
        """Ask nothing again, from now on."""
        self._given_up.set()
