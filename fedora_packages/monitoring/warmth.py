"""Warmth: how many of the values that pages show by default have been fetched, as the worker that fills them last counted.

It is the position of the turn ``warm`` (see `fedora_packages.worker.warm`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors

#: The name of the workers' turn.
WARM = "warm"


@dataclass
class QueryWarmth:
    """The values of one query: how many pages show by default, how many have a value, and of how many only a fetch has failed."""

    wanted: int = 0
    there: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Warmth:
    """A count of all values.  Times are UTC in seconds since 1970.

    ``at`` is when they were counted, ``since`` since when some are missing (None: none is), ``rate`` how many a second have come
    since the count before (None: unknown).
    """

    at: float
    since: float | None = None
    rate: float | None = None
    queries: Mapping[str, QueryWarmth] = field(default_factory=dict)

    @property
    def wanted(self) -> int:
        return sum(query.wanted for query in self.queries.values())

    @property
    def there(self) -> int:
        return sum(query.there for query in self.queries.values())

    @property
    def share(self) -> float:
        """The share of the wanted values that are there (0 to 1)."""
        return self.there / self.wanted if self.wanted else 1.0

    def after(self, before: "Warmth | None") -> "Warmth":
        """Return this count with what follows from the one before."""
        is_filling = before is not None and before.since is not None
        since = None if self.there == self.wanted else before.since if is_filling else self.at
        seconds = self.at - before.at if before else 0.0
        rate = max(0, self.there - before.there) / seconds if before and seconds > 0 else None
        return Warmth(self.at, since, rate, self.queries)

    def as_position(self) -> dict[str, Any]:
        """Return it JSON-ready, as `warmth_of` reads it."""
        return asdict(self)


def warmth_of(position: Any) -> Warmth | None:
    """Return the count in a turn's position; None for anything else, such as that of another version of this service."""
    try:
        queries = {
            name: QueryWarmth(int(row["wanted"]), int(row["there"]), int(row["failed"]))
            for name, row in position["queries"].items()
        }
        since, rate = (None if position[name] is None else float(position[name]) for name in ("since", "rate"))
        return Warmth(float(position["at"]), since, rate, queries)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def warmth(client: Redis) -> Warmth | None:
    """Return the latest count; None until there is one.  Raises `CacheUnavailable`."""
    with redis_errors():
        stored = client.hget(keys.turn(WARM), "position")
    try:
        return warmth_of(json.loads(stored or b"null"))
    except (ValueError, RecursionError):
        return None
