"""Every Redis key: what builds it, and what parses it.

All keys begin with `PREFIX`.  Braces are the cluster tag: keys that share a tag live in one slot.  To add a key, add its constant
or function here, and to the list in ``docs/architecture.rst``, which says what each holds.  No other module writes a key's name.
"""

import re
from dataclasses import dataclass

PREFIX = "fp"

# Entries, and what follows from them.


def entry(package: str, query: str, version: int | str) -> str:
    """Return the key of an entry: a query about a package, in one schema version."""
    return f"{PREFIX}:{{{package}}}:{query}:{version}"


def entries_of(query: str, version: int | str) -> str:
    """Return the pattern of the keys of all entries of a query, for ``SCAN``."""
    return entry("*", query, version)


#: The pattern of all keys with a cluster tag, for ``SCAN``.
TAGGED = f"{PREFIX}:{{*"


_ENTRY = re.compile(re.escape(PREFIX) + r":\{(?P<package>[^}]+)\}:(?P<query>[a-z_]+\.[a-z_]+):(?P<version>[0-9]+)")


@dataclass(frozen=True)
class Entry:
    """A query about a package; one hash in Redis.  ``package`` is ``"*"`` for a query about no package."""

    query: str
    package: str
    version: int

    @property
    def key(self) -> str:
        return entry(self.package, self.query, self.version)

    @property
    def revision_key(self) -> str:
        return revision(self.package)


def entry_of(key: bytes | str) -> Entry | None:
    """Return the entry that has a key; None for any other key."""
    match = _ENTRY.fullmatch(key.decode("utf-8", "replace") if isinstance(key, bytes) else key)
    return Entry(match["query"], match["package"], int(match["version"])) if match else None


def variant_of(entry_key: str, variant: str) -> str:
    """Return dogpile's name of a variant of an entry.  It is not a key of Redis."""
    return f"{entry_key}|{variant}"


def parts_of_variant(name: str) -> tuple[str, str]:
    """Return the entry's key and the variant of a name made by `variant_of`."""
    entry_key, _, variant = name.rpartition("|")
    return entry_key, variant


def fill_lock(entry_key: str, variant: str) -> str:
    """Return the key of the lock of a variant's fill."""
    return f"{entry_key}:fill:{variant}"


def revision(package: str) -> str:
    """Return the key of a package's revision."""
    return f"{PREFIX}:{{{package}}}:rev"


def revision_of(entry_key: str) -> str:
    """Return the key of the revision of an entry's package."""
    return entry_key[: entry_key.index("}:") + 2] + "rev"


def timeline(package: str) -> str:
    """Return the key of a package's timeline."""
    return f"{PREFIX}:{{{package}}}:timeline"


CHANGES = f"{PREFIX}:{{changes}}"
CHANGES_SINCE = f"{PREFIX}:{{changes}}:since"


def external_ids(query: str) -> str:
    """Return the key of the external ids of a query's values."""
    return f"{PREFIX}:{{worker}}:refers:{query}"


def external_id_named(query: str, number: int | str) -> str:
    """Return the key of the time at which a message last named an external id."""
    return f"{PREFIX}:{{worker}}:referred:{query}:{number}"


# The refill queue.


#: The places of an upstream's jobs: due or waiting for their time, the same but before all others, claimed.
JOB_PLACES = ("due", "first", "claimed")


def jobs(upstream: str, part: str = "jobs") -> str:
    """Return the key of the fields of an upstream's jobs, or of the jobs in one of `JOB_PLACES`."""
    return f"{PREFIX}:{{queue}}:{upstream}:{part}"


def waiting_since(query: str) -> str:
    """Return the key of the times since when entries of a query wait to be fresh."""
    return f"{PREFIX}:{{queue}}:since:{query}"


VIEWED = f"{PREFIX}:{{queue}}:viewed"

# Messages and the worker.

BEGUN = f"{PREFIX}:{{worker}}:begun"
HANDLED = f"{PREFIX}:{{worker}}:handled"
HIGH_WATER_MARKS = f"{PREFIX}:{{worker}}:high_water_marks"
OUTCOMES = f"{PREFIX}:{{worker}}:messages"
TOPICS = f"{PREFIX}:{{worker}}:topics"
SCHEDULED = f"{PREFIX}:{{worker}}:followed"
HELD = f"{PREFIX}:{{worker}}:held"


def touched(package: str) -> str:
    """Return the key that exists while messages that anybody can send do not touch a package again."""
    return f"{PREFIX}:{{worker}}:touched:{package}"


def turn(name: str) -> str:
    """Return the key of the state of work that the workers take turns at."""
    return f"{PREFIX}:{{worker}}:turn:{name}"


def turn_lock(name: str) -> str:
    """Return the key of the lock of the worker whose turn it is."""
    return f"{PREFIX}:{{worker}}:turn:{name}:lock"


# Monitoring.

HEARTBEATS = f"{PREFIX}:{{worker}}:heartbeats"
ENTRY_COUNTS = f"{PREFIX}:{{worker}}:entry_counts"
ENTRY_COUNTS_LOCK = f"{PREFIX}:{{worker}}:entry_counts:lock"
SUSPECTED_DRIFT = f"{PREFIX}:{{worker}}:suspected_drift"
DRIFT = f"{PREFIX}:{{worker}}:drift"
PROBES = f"{PREFIX}:{{worker}}:probes"
METRICS_TOTAL = f"{PREFIX}:{{metrics}}:total"


def metrics_recent(slot: int | str) -> str:
    """Return the key of the metrics of one slot of time."""
    return f"{PREFIX}:{{metrics}}:recent:{slot}"


# The search index.

DIRTY = f"{PREFIX}:{{index}}:dirty"
INDEX_FAILURES = f"{PREFIX}:{{index}}:failed"
CORRUPTION = f"{PREFIX}:{{index}}:corruption"
REBUILDING = f"{PREFIX}:{{index}}:rebuilding"

# The web.


def live_lookup(version: int | str, upstream: str, method: str, identifier: int | str) -> str:
    """Return the key of the answer to a live lookup."""
    return f"{PREFIX}:{{lookups}}:{version}:{upstream}:{method}:{identifier}"


def rate_limits() -> str:
    """Return what the keys of rate limits begin with; the library `limits` adds the rest, as `rate_limit` has it."""
    return f"{PREFIX}:limits"


def rate_limit(what: str, who: str, per_minute: int | str) -> str:
    """Return the key of the counter of a rate limit: how often ``who`` has done ``what``, of ``per_minute`` times."""
    return f"{rate_limits()}:{what}/{who}/{per_minute}/1/minute"
