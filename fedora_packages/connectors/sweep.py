"""Sweeps: what an upstream itself lists as changed, the second witness beside the bus.

A connector declares its sweep beside its queries::

    class KojiConnector(Connector):

        @sweep(every=300)
        def changes(self, position, now) -> Swept:
            '''Return the builds that began or ended since ``position["since"]`` ...'''

The position is where the previous sweep ended.  A sweep describes each change as the event that announces it, so that queries,
packages, expected states and timeline follow from what the messages declare.  The worker compares each change with the cache,
and invalidates the entries that do not show it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from fedora_packages.messages.event import Event

#: Seconds by which two sweeps overlap: an upstream commits a change later than the time that it notes for it.
MARGIN = 120.0

#: Returns whether a value of a package shows a change.
Shows = Callable[[str, Any], bool]


@dataclass(frozen=True)
class Change:
    """One change.

    * ``event``: the message that announces it, or would.
    * ``shows``: by query name, how to see it in a value; other queries are then not compared.  If it is empty, each query that
      the event touches is compared: by the event's expected state, and without one by the time of the fetch.
    * ``is_silent``: no message announces it.
    * ``is_new``: it happened since the previous sweep.  Otherwise it is only compared, and not counted if a value shows it.
    * ``is_announced``: a message has made the sweep look, though it does not name the packages.
    """

    event: Event
    shows: Mapping[str, Shows] = field(default_factory=dict)
    is_silent: bool = False
    is_new: bool = True
    is_announced: bool = False


class LeftOut(NamedTuple):
    """Rows that were left out because they are invalid: their number, and what is wrong with the first."""

    count: int
    error: str


@dataclass(frozen=True)
class Swept:
    """What a sweep found.

    ``position`` is where the next one starts (JSON-ready).  ``is_complete`` is False if more changes wait: the next sweep then
    follows at once.  ``invalid_rows`` is a `LeftOut`, or what values of queries have in its place.  ``again`` are the seconds
    after which the upstream is to be looked at again, if that is before the next sweep.  ``is_gap`` is True if what has changed
    earlier is unknown: all values of the upstream that were fetched before are then fetched again.
    """

    changes: Sequence[Change]
    position: Mapping[str, Any]
    is_complete: bool = True
    invalid_rows: Any = None
    again: float | None = None
    is_gap: bool = False


class SweepDeclaration:
    """A sweep as its class declares it; `Sweep` is the same, bound to a connector."""

    def __init__(self, fetch: Callable[[Any, Mapping[str, Any], float], Swept], every: float):
        self.fetch = fetch
        self.every = every
        self.hear: Callable[[Any, Event], bool] = lambda connector, event: False
        self.__doc__ = fetch.__doc__

    def hears(self, hear: Callable[[Any, Event], bool]) -> Callable[[Any, Event], bool]:
        """Register a method (event) that notes what a message announces; it returns whether the sweep is due at once."""
        self.hear = hear
        return hear


def sweep(every: float) -> Callable[[Callable[[Any, Mapping[str, Any], float], Swept]], SweepDeclaration]:
    """Register a connector's method (position, now) -> `Swept` as its sweep.

    ``every`` is the default of its interval in seconds.  The position of the first sweep is empty.  The method raises
    `UpstreamError`.
    """
    return lambda fetch: SweepDeclaration(fetch, every)


def declared_sweep(kind: type) -> SweepDeclaration | None:
    """Return the sweep that a connector class declares; None without one."""
    return next((member for member in vars(kind).values() if isinstance(member, SweepDeclaration)), None)


@dataclass(frozen=True)
class Sweep:
    """A sweep bound to its connector; ``every`` is in seconds."""

    upstream: str
    every: float
    fetch: Callable[[Mapping[str, Any], float], Swept]
    hear: Callable[[Event], bool] = lambda event: False

    @property
    def name(self) -> str:
        """The name of the workers' turn at it."""
        return f"sweep:{self.upstream}"


def sweeps_of(connectors: Iterable[Any]) -> list[Sweep]:
    """Return the sweeps of some connectors, without those whose interval is 0."""
    found = []
    for connector in connectors:
        declaration = declared_sweep(type(connector))
        if declaration is not None and connector.settings.sweep:
            fetch, hear = declaration.fetch.__get__(connector), partial(declaration.hear, connector)
            found.append(Sweep(connector.name, connector.settings.sweep, fetch, hear))
    return found


def digest_of(row: Mapping[str, Any]) -> str:
    """Return a short digest of a row, the same for the same fields in any order."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


def event_of(upstream: str, topic: str, key: str, sent: float, body: Mapping[str, Any]) -> Event:
    """Return a change as the event of a topic.  ``key`` tells it from all other changes of the upstream."""
    return Event("sweep", topic, f"sweep-{upstream}-{key}", sent, body)


def is_new(position: Mapping[str, Any], at: float) -> bool:
    """Whether a change at a time is later than the previous sweep; False for the overlap of two sweeps, and for the first."""
    return at >= position.get("since", float("inf"))


def since(position: Mapping[str, Any], now: float) -> float:
    """Return the time from which changes are requested: where the previous sweep ended, and `MARGIN` before."""
    return float(position.get("since", now)) - MARGIN
