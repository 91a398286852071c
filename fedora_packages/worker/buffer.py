"""The inbox: messages that the bus has brought and that are still to be handled, taken out in batches.

Bounded, since a bus does not wait: what comes while Redis is away for long is dropped beyond the bound, and read from the archive
later.
"""

import threading
import time
from collections import deque
from typing import Any

#: Messages that are kept, and that are taken out together.
KEPT = 100_000
BATCH = 250


class Inbox:
    """A queue between the thread of the bus and the one that handles messages."""

    def __init__(self) -> None:
        self._messages: deque[tuple[float, Any]] = deque()
        self._came = threading.Condition()
        self._under_way: float | None = None
        self.taken_at = time.time()

    def put(self, message: Any) -> bool:
        """Add a message (None wakes whoever waits in `get`); False if it was dropped because there are too many."""
        with self._came:
            if message is not None:
                if len(self._messages) >= KEPT:
                    return False
                self._messages.append((time.time(), message))
            self._came.notify()
        return True

    def get(self, limit: float = 1.0) -> tuple[list[Any], float]:
        """Return messages, oldest first, as soon as there are any, and when the first of them came.

        None of them after ``limit`` seconds.  They count as waiting until `handled` is called.
        """
        with self._came:
            if not self._messages:
                self._came.wait(limit)
            self.taken_at = time.time()
            found = [self._messages.popleft() for _ in range(min(BATCH, len(self._messages)))]
            self._under_way = found[0][0] if found else None
        return [message for _, message in found], found[0][0] if found else 0.0

    def handled(self) -> None:
        """Note that what `get` returned last is handled."""
        self._under_way = None

    def oldest(self) -> float | None:
        """Return when the oldest message came that is not handled yet; None if all are."""
        with self._came:
            return self._under_way or (self._messages[0][0] if self._messages else None)

    def is_flooded(self) -> bool:
        """Whether more messages wait than two batches hold."""
        return len(self._messages) > 2 * BATCH

    def __len__(self) -> int:
        return len(self._messages)
