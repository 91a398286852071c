"""A fill: what it reads (`Source`), how it treats what the cache has (`Policy`), and what came of it (`Fill`).

`Cache.fill` does it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from fedora_packages.cache.values import CachedValue, Entry


@dataclass(frozen=True)
class Source:
    """The upstream's side of one variant of an entry.

    ``fetch`` returns the value or raises `UpstreamError`.  ``reflects`` returns whether a value reflects every expected state; it
    is None if no message has an expected state.
    """

    entry: Entry
    variant: str
    upstream: str
    fetch: Callable[[], Any]
    reflects: Callable[[Any, Sequence[Mapping[str, Any]]], bool] | None = None

    @property
    def pair(self) -> tuple[Entry, str]:
        return self.entry, self.variant


class Policy(Enum):
    """How a fill treats the value that the cache has, and an answer that does not reflect the expected state yet.

    Such an answer is lagging: it comes from a replica that does not know of a recent event.
    """

    #: A page.  A current value is kept, one process fetches at a time, a lagging answer is not stored and its entry is queued.
    MISS = auto()
    #: The worker.  A current value is kept if it reflects the expected state; a lagging answer is not stored.
    REFILL = auto()
    #: The worker, after the last recheck.  A lagging answer is stored: the event may have been undone by now.
    LAST_REFILL = auto()
    #: The worker, once a lagging answer was stored.  As `LAST_REFILL`, but a current value is fetched again.
    RECHECK = auto()
    #: A comparison.  It always fetches; a lagging answer is not stored unless it confirms a fresh value.
    CHECK = auto()
    #: A page without Redis.  It fetches, and neither reads the cache nor writes to it.
    UNCACHED = auto()


class Outcome(Enum):
    """What came of a fill."""

    STORED = auto()
    #: There was a current value; nothing was fetched.
    CURRENT = auto()
    #: The answer does not reflect the expected state, and was not stored.
    LAGGING = auto()
    #: The entry was invalidated meanwhile.  The answer was not stored, and the entry is queued again.
    SUPERSEDED = auto()
    #: There is no cache to store the answer in.
    UNCACHED = auto()


@dataclass(frozen=True)
class Fill:
    """What came of a fill.

    ``before`` is what the cache had, where the policy compares, else None.  ``after`` is the upstream's answer, ``refreshing``
    if it was not stored, or the current value.  ``took`` are the upstream's seconds.  ``is_reflected`` says whether ``after``
    reflects the expected state.
    """

    outcome: Outcome
    before: CachedValue | None
    after: CachedValue
    took: float = 0.0
    is_reflected: bool = True
