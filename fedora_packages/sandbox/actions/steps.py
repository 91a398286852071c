"""Steps: what a service does some time after an action, such as unlocking an update at the end of its push.

A step runs after a delay, or, without one, at once: at the end of the action.  Steps can be held, so that the world stays between
an action and what follows it.
"""

import heapq
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: The maximum delay in seconds.
MAX_DELAY = 3600.0


@dataclass(frozen=True, order=True, slots=True)
class Step:
    """A waiting step: when it is due (UTC seconds), what it does, and what it is about (a package, an update)."""

    due: float
    serial: int
    what: str = field(compare=False)
    about: str = field(compare=False)
    run: Callable[[], None] = field(compare=False)


class Steps:
    """The steps that wait.  ``delay`` is in seconds; while ``is_held``, no step runs by itself."""

    def __init__(self, delay: float = 0.0):
        self.delay = delay
        self.is_held = False
        self._waiting: list[Step] = []
        self._serial = 0

    def add(self, what: str, about: str, run: Callable[[], None], share: float = 1.0) -> None:
        """Add a step, which runs after a share of the delay."""
        wait = self.delay * share
        if not wait and not self.is_held:
            run()
            return
        self._serial += 1
        heapq.heappush(self._waiting, Step(time.time() + wait, self._serial, what, about, run))

    def waiting(self) -> list[Step]:
        """Return the steps that wait, the one that is due first first."""
        return sorted(self._waiting)

    def run_of(self, what: str, about: str) -> None:
        """Run the waiting steps of a kind about one thing, even if they are held."""
        due = [step for step in self.waiting() if (step.what, step.about) == (what, about)]
        self._waiting = [step for step in self.waiting() if step not in due]
        for step in due:
            step.run()

    def run(self, until: float, most: float = math.inf) -> int:
        """Run the steps that are due up to a time, at most so many, even if they are held; returns their number.

        Steps that these steps add are run too.
        """
        count = 0
        while self._waiting and self._waiting[0].due <= until and count < most:
            heapq.heappop(self._waiting).run()
            count += 1
        return count
