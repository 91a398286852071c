"""Holes in what the bus has brought: fedmsg's publishers number their messages.

Each process of a publisher counts for itself (``i`` in the envelope), whatever applications it speaks for, and several
processes share an account, so that a number alone says nothing.  Here the messages of an account (and the certificate they are
signed with, where they are) are sorted into **runs**, each a process that counts on; a number that continues none of them is a
process that is new to us, or a message that was lost before it.  That is a hint and no proof: it costs a look into the archive.
"""

from collections.abc import Mapping
from typing import Any

#: Accounts that are remembered, and processes of each.
NAMES_KEPT = 500
RUNS_KEPT = 32


class Numbering:
    """The runs of all publishers that were heard."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str, int], list[int]] = {}

    def is_hole(self, message: Mapping[str, Any]) -> bool:
        """Note a message's number, and say whether messages before it may have been lost."""
        number, topic = message.get("i"), message.get("topic")
        if isinstance(number, bool) or not isinstance(number, int) or not isinstance(topic, str):
            return False
        environment = ".".join(topic.split(".")[:3])
        name = (environment, str(message.get("username"))[:64], hash(str(message.get("certificate"))))
        runs = self._runs.get(name)
        if runs is None:
            if len(self._runs) < NAMES_KEPT:
                self._runs[name] = [number]
            # What came before we began to listen is the replay's business.
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
            del runs[:-RUNS_KEPT]
        # A process that begins to count has lost nothing.
        return number > 1
