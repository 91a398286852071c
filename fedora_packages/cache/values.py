"""What the cache says: an entry, and a reading of one of its variants, with its stamp or with what is wrong.

Values only; how they are kept is ``cache.py``'s.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fedora_packages.cache.redis import PREFIX


@dataclass(frozen=True)
class Entry:
    """A query about a package; one hash in Redis.  ``package`` is ``"*"`` for what is about no package."""

    query: str
    package: str
    shape: int

    @property
    def key(self) -> str:
        return f"{PREFIX}:{{{self.package}}}:{self.query}:{self.shape}"

    @property
    def revision_key(self) -> str:
        return f"{PREFIX}:{{{self.package}}}:rev"


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
class Problem:
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
class Reading:
    """What the cache says of one variant of an entry.

    ``state`` is one of

    * ``fresh``: ``value`` is what upstream says;
    * ``refreshing``: an event made ``value`` old (``because``), or it is being fetched for the first time;
    * ``failing``: ``value`` is the last one known (or None); ``problem`` says what is wrong since when;
    * ``unknown``: nothing was ever fetched and nobody is fetching it;
    * ``unwatched``: ``value`` is what upstream said; whether that has changed since is not known (``problem`` says since when);
    * ``behind``: ``value`` is what upstream says, and does not show yet what a message has announced (``problem`` says which).

    The last two are for whoever shows readings to say (see ``reads.py``): to the cache such a value is fresh, with ``evidence``
    of what lately sent events say it must show.
    """

    entry: Entry
    variant: str
    state: str = UNKNOWN
    value: Any = None
    stamp: Stamp | None = None
    because: Mapping[str, Any] | None = None  # {"event": {...} | None, "at": seconds since 1970}
    problem: Problem | None = None
    evidence: tuple[tuple[float, Mapping[str, Any]], ...] = ()  # (sent, facts)

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
            "problem": asdict(self.problem) if self.problem else None,
        }
