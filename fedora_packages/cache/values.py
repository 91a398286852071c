"""What the cache holds: a value with its stamp, an error state, an invalidation; and how Redis keeps them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fedora_packages.cache.keys import Entry


@dataclass(frozen=True)
class Stamp:
    """Where a value comes from."""

    fetched: float  # UTC, seconds since 1970, when the fetch began
    took: float  # seconds
    upstream: str  # "koji"
    by: str  # the process that asked: "web" or "worker"
    event: Mapping[str, Any] | None = None  # {"id", "topic", "sent"} of the event that made it necessary

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class ErrorState:
    """Why there is no current value."""

    since: float  # when the first fill failed; times as in `Stamp`
    at: float  # when the last one did
    error: str  # a sentence
    upstream: str
    kind: str  # `UpstreamError.kind`


#: Kinds of errors as earlier versions have stored them.
OLD_KINDS = {"silent": "unavailable", "unusable": "invalid"}

FRESH, REFRESHING, FAILING, UNKNOWN = "fresh", "refreshing", "failing", "unknown"
UNWATCHED, BEHIND = "unwatched", "behind"


@dataclass(frozen=True)
class CachedValue:
    """What the cache has of one variant of an entry.

    ``state`` is one of

    * ``fresh``: ``value`` is what the upstream returns;
    * ``refreshing``: an event (``because``) made ``value`` old, or the first fetch is under way;
    * ``failing``: ``value`` is the last known value or None; ``error_state`` has the failure;
    * ``unknown``: the variant was never fetched, and no fetch is under way;
    * ``unwatched``: ``value`` may have changed since the time in ``error_state``: messages may be missing;
    * ``behind``: ``value`` does not reflect a message yet; ``error_state`` has when that was sent.

    `fedora_packages.web.loader` sets the last two.  To the cache such a value is fresh.  ``expected`` has the expected states of
    recent events.
    """

    entry: Entry
    variant: str
    state: str = UNKNOWN
    value: Any = None
    stamp: Stamp | None = None
    because: Mapping[str, Any] | None = None  # {"event": {...} | None, "at": seconds since 1970}
    error_state: ErrorState | None = None
    expected: tuple[tuple[float, Mapping[str, Any]], ...] = ()  # (when its event was sent, expected state)

    @property
    def is_fresh(self) -> bool:
        return self.state == FRESH

    @property
    def is_known(self) -> bool:
        return self.stamp is not None

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready, for JSON responses and the stamps of panels."""
        return {
            "state": self.state,
            "value": self.value,
            "stamp": self.stamp.as_dict() if self.stamp else None,
            "because": dict(self.because) if self.because else None,
            "problem": asdict(self.error_state) if self.error_state else None,
        }


#: Seconds for which an upstream may lag behind its own messages.  Expected states of older events are ignored.
LAG_LIMIT = 600.0

#: Numbers in the summary of a value, and the limit of their size.
MAX_SUMMARY = 16
MAX_COUNT = 1 << 53


@dataclass(frozen=True)
class StampedValue:
    """A value with its stamp, and the generation of its entry before the value was fetched."""

    generation: str
    value: Any
    stamp: Stamp
    expected: tuple[tuple[float, Mapping[str, Any]], ...] = ()  # as in `CachedValue`


@dataclass(frozen=True)
class Opened:
    """An entry at the beginning of a fill."""

    generation: str
    current: frozenset[str]  # variants that have a current value
    wanting: frozenset[str]  # variants that had one, or whose last fill failed
    cause: Mapping[str, Any] | None = None  # the newest event that invalidated it
    expected: tuple[Mapping[str, Any], ...] = ()  # the expected states of recent events
    is_recent: bool = False  # whether the upstream may still lag behind that event


@dataclass(frozen=True)
class Contents:
    """What an entry has: its current values by variant, whether it has or had any, and the newest event that invalidated it.

    ``expected`` are the expected states of events, ``invalidated`` is when that newest event invalidated the entry.
    """

    current: Mapping[str, CachedValue]
    is_cached: bool
    cause: Mapping[str, Any] | None = None
    expected: tuple[Mapping[str, Any], ...] = ()
    invalidated: float = 0.0


@dataclass(frozen=True)
class Invalidation:
    """An entry to invalidate.

    ``event`` is the cause, as `Event.cause` returns it.  With ``again`` the known cause stays.  ``expected`` has of each event
    when it was sent, and what `Query.expected` returns of it.  With ``make`` a missing entry is made, for a fill to come.
    """

    entry: Entry
    event: Mapping[str, Any] | None = None
    expected: Sequence[tuple[float, Mapping[str, Any]]] = ()
    make: bool = False
    again: bool = False

    def arguments(self, now: float) -> list[Any]:
        """Return the arguments of ``lua/invalidate.lua``."""
        why = "" if self.again else as_json({"event": self.event, "at": now})
        sent = self.event["sent"] if self.event else ""
        states = [part for sent_at, state in self.expected for part in (sent_at, state["about"], as_json(state))]
        return [why, sent, "make" if self.make else "", *states]


def as_json(value: Any) -> str:
    """Return compact JSON."""
    return json.dumps(value, separators=(",", ":"))


def summary_of(value: Any) -> dict[str, Any]:
    """Return the integers at the top level of a value, at most `MAX_SUMMARY`."""
    if not isinstance(value, Mapping):
        return {}
    counts = [(key, count) for key, count in value.items() if type(count) is int and abs(count) < MAX_COUNT]
    return dict(counts[:MAX_SUMMARY])


def summary_stored(generation: bytes | None, stored: bytes | None) -> dict[str, Any] | None:
    """Return the summary in a hash field; None if it is of another generation."""
    of, summary = json.loads(stored) if stored else (None, None)
    return summary if generation is not None and of == generation.decode() else None


def digest(value: str) -> str:
    """Return a short string that differs for different values.  A collision gains an attacker nothing."""
    return hashlib.blake2b(value.encode(), digest_size=12).hexdigest()


def recent(states: bytes | None, earliest: float) -> tuple[tuple[float, Mapping[str, Any]], ...]:
    """Return the expected states in the hash field ``facts`` whose events were sent since ``earliest``."""
    pairs = json.loads(states).values() if states else ()
    return tuple((sent, json.loads(state)) for sent, state in pairs if sent >= earliest)


def decoded(data: bytes) -> tuple[Any, Stamp]:
    """Return the value and the stamp in a hash field."""
    stored = json.loads(data)
    return stored["value"], Stamp(**stored["stamp"])


def cached_value_of(pair: tuple[Entry, str], stamped: StampedValue, state: str = FRESH) -> CachedValue:
    """Return a variant's value, just read or just fetched."""
    return CachedValue(*pair, state, stamped.value, stamped.stamp, expected=stamped.expected)


def contents_of(entry: Entry, row: Mapping[bytes, bytes]) -> Contents:
    """Return what an entry has, from the fields of its hash."""
    current = {}
    for field, data in row.items():
        if field.startswith(b"v:"):
            variant = field[2:].decode()
            current[variant] = CachedValue(entry, variant, FRESH, *decoded(data))
    why = json.loads(row.get(b"why", b"{}"))
    is_cached = any(field[:2] in (b"v:", b"o:", b"x:") for field in row)
    expected = tuple(state for _, state in recent(row.get(b"facts"), 0.0))
    return Contents(current, is_cached, why.get("event"), expected, why.get("at", 0.0))


def last_known_value_of(
    pair: tuple[Entry, str], old: bytes | None, failure: bytes | None, why: bytes | None
) -> CachedValue:
    """Return the state of a variant without a current value; the last three are the hash fields ``o:``, ``x:`` and ``why``."""
    value, stamp = decoded(old) if old else (None, None)
    because = json.loads(why) if why else None
    if failure:
        stored = json.loads(failure)
        error_state = ErrorState(**{**stored, "kind": OLD_KINDS.get(stored["kind"], stored["kind"])})
        return CachedValue(*pair, FAILING, value, stamp, because, error_state)
    return CachedValue(*pair, REFRESHING if old else UNKNOWN, value, stamp, because)
