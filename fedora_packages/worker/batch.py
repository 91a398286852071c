"""What a batch of events does to the entries that it touches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fedora_packages.cache.values import Invalidation
from fedora_packages.connectors.query import Query
from fedora_packages.messages.event import Event


@dataclass
class _Touch:
    """What a batch of events does to one entry."""

    query: Query
    package: str
    is_wanted: bool  # whether it is refilled although nobody has asked for it yet
    is_coming: bool  # whether the index is about to know it
    event: Event  # the newest
    expected: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)

    def add(self, event: Event) -> None:
        if event.sent >= self.event.sent:
            self.event = event
        facts = self.query.expected(event, self.package)
        if facts is not None:
            self.expected.append((event.sent, facts))

    def invalidation(self) -> Invalidation:
        return Invalidation(
            self.query.entry(self.package), self.event.cause(), self.expected, make=self.is_wanted or self.is_coming
        )
