"""The buffer: messages that the bus has delivered and that are still to be handled, taken out in batches.

It is bounded, since a bus does not wait.  Messages beyond the bound, while Redis is away for long, are dropped and read from the
archive later.
"""

import threading
import time
from collections import deque
from typing import Any

#: Messages that are kept, and that are taken out together.
MAX_MESSAGES = 100_000
BATCH = 250


class MessageBuffer:
    """A queue between the thread of the bus and the one that handles messages."""

    def __init__(self, max_messages: int = MAX_MESSAGES, batch: int = BATCH) -> None:
        self._max_messages = max_messages
        self._batch = batch
        self._messages: deque[tuple[float, Any]] = deque()
        self._came = threading.Condition()
        self._under_way: float | None = None

    def put(self, message: Any) -> bool:
        """Add a message; None only wakes the thread in `get`.  Returns False if the buffer is full and the message is dropped."""
        with self._came:
            if message is not None:
                if len(self._messages) >= self._max_messages:
                    return False
                self._messages.append((time.time(), message))
            self._came.notify()
        return True

    def get(self, limit: float = 1.0) -> tuple[list[Any], float]:
        """Return messages, oldest first, as soon as there are any, and when the first of them came (seconds since 1970).

        No messages after ``limit`` seconds.  Messages count as waiting until `handled` is called.
        """
        with self._came:
            if not self._messages:
                self._came.wait(limit)
            taken = [self._messages.popleft() for _ in range(min(self._batch, len(self._messages)))]
            self._under_way = taken[0][0] if taken else None
        return [message for _, message in taken], taken[0][0] if taken else 0.0

    def handled(self) -> None:
        """Note that the messages that `get` returned last are handled."""
        self._under_way = None

    def oldest(self) -> float | None:
        """Return when the oldest unhandled message came; None if all are handled."""
        with self._came:
            return self._under_way or (self._messages[0][0] if self._messages else None)

    def is_flooded(self) -> bool:
        """Return whether more than two batches of messages wait."""
        return len(self._messages) > 2 * self._batch

    def __len__(self) -> int:
        return len(self._messages)
