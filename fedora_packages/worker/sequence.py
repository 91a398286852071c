"""Holes in the sequence of messages: fedmsg's publishers number what they publish.

Each process of a publisher counts by itself (``i`` in the envelope), for all its applications together, and several processes
share an account.  So a number alone says nothing.  The messages of an account, and of the certificate that signed them, are
sorted into **runs**, one a process.  A number that continues no run belongs to a new process, or a message before it was lost.
That is a hint and no proof; it costs a replay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Publishers that are tracked, and processes of each.
MAX_PUBLISHERS = 500
MAX_RUNS = 32


@dataclass(eq=False, repr=False)
class SequenceTracker:
    """The runs of all publishers so far: of each publisher the last numbers of its processes."""

    max_publishers: int = MAX_PUBLISHERS
    max_runs: int = MAX_RUNS
    runs: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)

    def is_hole(self, message: Mapping[str, Any]) -> bool:
        """Note the number of a message, and return whether messages before it can be lost."""
        number, topic = message.get("i"), message.get("topic")
        if isinstance(number, bool) or not isinstance(number, int) or not isinstance(topic, str):
            return False
        environment = ".".join(topic.split(".")[:3])
        publisher = (environment, str(message.get("username"))[:64], hash(str(message.get("certificate"))))
        runs = self.runs.get(publisher)
        if runs is None:
            if len(self.runs) < self.max_publishers:
                self.runs[publisher] = [number]
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
            del runs[: -self.max_runs]
        # A process that starts to count has lost nothing.
        return number > 1
