"""What the cache says: an entry, and a reading of one of its variants, with its stamp or with what is wrong.

Values only; how they are kept is ``cache.py``'s.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fedora_packages.cache import keys


@dataclass(frozen=True)
class Entry:
    """A query about a package; one hash in Redis.  ``package`` is ``"*"`` for what is about no package."""

    query: str
    package: str
    version: int

    @property
    def key(self) -> str:
        return keys.entry(self.package, self.query, self.version)

    @property
    def revision_key(self) -> str:
        return keys.revision(self.package)


@dataclass(frozen=True)
class Stamp:
    """When, how long, by whom and because of what a value was fetched."""

    fetched: float  # UTC, seconds since 1970: the moment before upstream was asked
    took: float  # seconds
    upstream: str  # who answered: "koji"
    by: str  # who asked: "web" or "worker"
    event: Mapping[str, Any] | None = None  # {"id", "topic", "sent"} of the event that made it necessary

    def as_dict(self) -> dict[str, Any]:
        return {
            "fetched": self.fetched,
            "took": self.took,
            "upstream": self.upstream,
            "by": self.by,
            "event": dict(self.event) if self.event else None,
        }


@dataclass(frozen=True)
class ErrorState:
    """Why there is no current value: since when, when last tried (times as in `Stamp`), a sentence, which upstream, and
    `UpstreamError.kind`."""

    since: float
    at: float
    error: str
    upstream: str
    kind: str


FRESH, REFRESHING, FAILING, UNKNOWN = "fresh", "refreshing", "failing", "unknown"
UNWATCHED, BEHIND = "unwatched", "behind"


@dataclass(frozen=True)
class CachedValue:
    """What the cache says of one variant of an entry.

    ``state`` is one of

    * ``fresh``: ``value`` is what the upstream returns;
    * ``refreshing``: an event made ``value`` old (``because``), or the first fetch is under way;
    * ``failing``: ``value`` is the last known one (or None); ``error_state`` has the failure and since when;
    * ``unknown``: nothing was ever fetched, and no fetch is under way;
    * ``unwatched``: ``value`` may have changed since a time in ``error_state``: nobody has followed the bus;
    * ``behind``: ``value`` does not show yet what a message announced; ``error_state`` has the message.

    The web sets the last two (`fedora_packages.web.loader`).  To the cache such a value is fresh; ``expected`` has what recent
    events say that it must show.
    """

    entry: Entry
    variant: str
    state: str = UNKNOWN
    value: Any = None
    stamp: Stamp | None = None
    because: Mapping[str, Any] | None = None  # {"event": {...} | None, "at": seconds since 1970}
    error_state: ErrorState | None = None
    expected: tuple[tuple[float, Mapping[str, Any]], ...] = ()  # (sent, facts)

    @property
    def is_fresh(self) -> bool:
        return self.state == FRESH

    @property
    def is_known(self) -> bool:
        return self.stamp is not None

    def as_dict(self) -> dict[str, Any]:
        """Return the reading JSON-ready: what the JSON answers and the stamps of panels are made of."""
        return {
            "state": self.state,
            "value": self.value,
            "stamp": self.stamp.as_dict() if self.stamp else None,
            "because": dict(self.because) if self.because else None,
            "problem": asdict(self.error_state) if self.error_state else None,
        }


#: Seconds for which an upstream may lag behind its own messages: what they said is looked for in its answers for so long.
LAG_LIMIT = 600.0

#: How many figures are kept of a value, and what is larger than any of them.
MAX_SUMMARY = 16
MAX_COUNT = 1 << 53


@dataclass(frozen=True)
class Filled:
    """A value with its stamp and the generation that was seen before it was fetched."""

    generation: str
    value: Any
    stamp: Stamp
    expected: tuple[tuple[float, Mapping[str, Any]], ...] = ()


@dataclass(frozen=True)
class Opened:
    """An entry at the beginning of a fill."""

    generation: str
    current: frozenset[str]  # variants that have a value
    wanting: frozenset[str]  # variants that had one, or could not be filled
    cause: Mapping[str, Any] | None = None  # the newest event that invalidated it
    expected: tuple[Mapping[str, Any], ...] = ()  # what lately sent events say the value must show
    is_recent: bool = False  # whether that event was sent so lately that upstream may not show it yet


@dataclass(frozen=True)
class Invalidation:
    """An entry to be taken out of use.

    ``event`` is the cause, as `Event.cause` gives it; without one, ``again`` leaves the cause that is known.  ``expected`` is
    what `Query.expected` gives of events, each with when that was sent.  With ``make`` an entry that does not exist is made,
    for a fill to come.
    """

    entry: Entry
    event: Mapping[str, Any] | None = None
    expected: Sequence[tuple[float, Mapping[str, Any]]] = ()
    make: bool = False
    again: bool = False

    def arguments(self, now: float) -> list[Any]:
        """Return what ``lua/invalidate.lua`` is told."""
        why = "" if self.again else as_json({"event": self.event, "at": now})
        sent = self.event["sent"] if self.event else ""
        facts = [part for moment, fact in self.expected for part in (moment, fact["about"], as_json(fact))]
        return [why, sent, "make" if self.make else "", *facts]


def as_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def summary_of(value: Any) -> dict[str, Any]:
    """Return the whole numbers at the top of a value, a few."""
    if not isinstance(value, Mapping):
        return {}
    found = [(key, one) for key, one in value.items() if type(one) is int and abs(one) < MAX_COUNT]
    return dict(found[:MAX_SUMMARY])


def summary_stored(generation: bytes | None, stored: bytes | None) -> dict[str, Any] | None:
    """Return the figures that are of an entry's generation."""
    of, summary = json.loads(stored) if stored else (None, None)
    return summary if generation is not None and of == generation.decode() else None


def digest(value: str) -> str:
    """Return a few letters that differ whenever a value does.  Nobody gains by making two values that share them."""
    return hashlib.blake2b(value.encode(), digest_size=12).hexdigest()


def recent(facts: bytes | None, earliest: float) -> tuple[tuple[float, Mapping[str, Any]], ...]:
    """Return the facts of an entry's events that were sent since a moment: with older ones upstream has long caught up."""
    found = json.loads(facts).values() if facts else ()
    return tuple((sent, json.loads(fact)) for sent, fact in found if sent >= earliest)


def decoded(data: bytes) -> tuple[Any, Stamp]:
    stored = json.loads(data)
    return stored["value"], Stamp(**stored["stamp"])


def cached_value_of(pair: tuple[Entry, str], filled: Filled, state: str = FRESH) -> CachedValue:
    return CachedValue(*pair, state, filled.value, filled.stamp, expected=filled.expected)


def last_known_value_of(
    pair: tuple[Entry, str], old: bytes | None, failure: bytes | None, why: bytes | None
) -> CachedValue:
    value, stamp = decoded(old) if old else (None, None)
    because = json.loads(why) if why else None
    if failure:
        problem = ErrorState(**json.loads(failure))
        return CachedValue(*pair, FAILING, value, stamp, because, problem)
    return CachedValue(*pair, REFRESHING if old else UNKNOWN, value, stamp, because)
