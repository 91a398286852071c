"""The newest published messages, as datagrepper keeps them."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: The maximum number of messages.
MAX_MESSAGES = 50_000


@dataclass(frozen=True, slots=True)
class ArchivedMessage:
    """A message: its envelope as on the bus, and its times of arrival and of sending (UTC seconds with a fraction).

    ``category`` is the part of the topic after the environment, such as ``bodhi``.  Each page of a search reads ``category`` and
    ``sent`` of every message.
    """

    envelope: Mapping[str, Any]
    came: float
    sent: float
    category: str

    @property
    def msg_id(self) -> str:
        return self.envelope["msg_id"]

    @property
    def topic(self) -> str:
        return self.envelope["topic"]


class Archive:
    """The newest messages, at most ``max_messages``, in the order of their arrival."""

    def __init__(self, max_messages: int = MAX_MESSAGES) -> None:
        self._kept: deque[ArchivedMessage] = deque(maxlen=max_messages)
        self._by_id: dict[str, ArchivedMessage] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[ArchivedMessage]:
        return iter(self._kept)

    def add(self, envelope: Mapping[str, Any], came: float) -> None:
        """Add a message; beyond the maximum, the oldest is dropped."""
        if len(self._kept) == self._kept.maxlen:
            self._by_id.pop(self._kept[0].msg_id, None)
        category = (envelope["topic"].split(".") + [""] * 4)[3]
        kept = ArchivedMessage(envelope, came, float(envelope["timestamp"]), category)
        self._kept.append(kept)
        self._by_id[kept.msg_id] = kept

    def find(self, msg_id: str) -> ArchivedMessage | None:
        """Return a message by id, or None."""
        return self._by_id.get(msg_id)
