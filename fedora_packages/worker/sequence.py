"""Holes in the sequence of messages: fedmsg's publishers number what they publish.

Each process of a publisher counts by itself (``i`` in the envelope), for all its applications together, and several processes
share an account.  So a number alone says nothing.  The messages of an account, and of the certificate that signed them, are
sorted into **runs**, one a process.  A number that continues no run belongs to a new process, or a message before it was lost.
That is a hint and no proof; it costs a replay.
"""

from collections.abc import Mapping
from typing import Any

#: Publishers that are tracked, and processes of each.
MAX_PUBLISHERS = 500
MAX_RUNS = 32


class SequenceTracker:
    """The runs of all publishers so far."""

    def __init__(self, max_publishers: int = MAX_PUBLISHERS, max_runs: int = MAX_RUNS) -> None:
        self._max_publishers = max_publishers
        self._max_runs = max_runs
        self._runs: dict[tuple[str, str, int], list[int]] = {}

    @property
    def runs(self) -> list[list[int]]:
        """The last numbers of the processes of each publisher."""
        return list(self._runs.values())

    def is_hole(self, message: Mapping[str, Any]) -> bool:
        """Note the number of a message, and return whether messages before it can be lost."""
        number, topic = message.get("i"), message.get("topic")
        if isinstance(number, bool) or not isinstance(number, int) or not isinstance(topic, str):
            return False
        environment = ".".join(topic.split(".")[:3])
        publisher = (environment, str(message.get("username"))[:64], hash(str(message.get("certificate"))))
        runs = self._runs.get(publisher)
        if runs is None:
            if len(self._runs) < self._max_publishers:
                self._runs[publisher] = [number]
            # Messages before the first are for the replay at the start.
            return False
        if number - 1 in runs:
            runs[runs.index(number - 1)] = number
            return False
        if number in runs:
            # The same message twice.
            return False
        behind = [last for last in runs if last < number]
        if behind and number > 1:
            runs[runs.index(max(behind))] = number
        else:
            runs.append(number)
            del runs[: -self._max_runs]
        # A process that starts to count has lost nothing.
        return number > 1
