"""Every Redis key: what builds it, what parses it, and what lives under it.

All keys begin with `PREFIX`.  Braces are the cluster tag: what shares a tag lives in one slot.  To add a key, add its constant or
function here and a row to `KEYSPACE`; no other module writes a key's name.
"""

import re
from dataclasses import dataclass

PREFIX = "fp"

# What is cached: entries, and what follows from them.


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
class EntryKey:
    """The parts of an entry's key."""

    package: str
    query: str
    version: int


def entry_of(key: bytes | str) -> EntryKey | None:
    """Return the parts of an entry's key; None for any other key."""
    found = _ENTRY.fullmatch(key.decode("utf-8", "replace") if isinstance(key, bytes) else key)
    return EntryKey(found["package"], found["query"], int(found["version"])) if found else None


def variant_of(entry_key: str, variant: str) -> str:
    """Return what dogpile calls a variant of an entry; no key of Redis's own."""
    return f"{entry_key}|{variant}"


def parts_of_variant(name: str) -> tuple[str, str]:
    """Return the entry's key and the variant that `variant_of` made a name of."""
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
    """Return the key of the external ids that a query's values are about."""
    return f"{PREFIX}:{{worker}}:refers:{query}"


def external_id_named(query: str, number: int | str) -> str:
    """Return the key that says when a message last named an external id."""
    return f"{PREFIX}:{{worker}}:referred:{query}:{number}"


# The refill queue.


def jobs_waiting(upstream: str) -> str:
    """Return the key of an upstream's jobs that wait."""
    return f"{PREFIX}:{{queue}}:{upstream}:due"


def jobs_first(upstream: str) -> str:
    """Return the key of an upstream's jobs that go before the others."""
    return f"{PREFIX}:{{queue}}:{upstream}:first"


def jobs_claimed(upstream: str) -> str:
    """Return the key of an upstream's jobs that a worker does now."""
    return f"{PREFIX}:{{queue}}:{upstream}:claimed"


def jobs(upstream: str) -> str:
    """Return the key of what is known of an upstream's jobs."""
    return f"{PREFIX}:{{queue}}:{upstream}:jobs"


def waiting_since(query: str) -> str:
    """Return the key that says since when entries of a query wait to be fresh."""
    return f"{PREFIX}:{{queue}}:since:{query}"


VIEWED = f"{PREFIX}:{{queue}}:viewed"

# Messages and the worker.

BEGUN = f"{PREFIX}:{{worker}}:begun"
SEEN = f"{PREFIX}:{{worker}}:seen"
HANDLED = f"{PREFIX}:{{worker}}:handled"
HIGH_WATER_MARKS = f"{PREFIX}:{{worker}}:high_water_marks"
OUTCOMES = f"{PREFIX}:{{worker}}:messages"
TOPICS = f"{PREFIX}:{{worker}}:topics"
SCHEDULED = f"{PREFIX}:{{worker}}:followed"

# Whether what is shown is right.

HEARTBEATS = f"{PREFIX}:{{worker}}:heartbeats"
ENTRY_COUNTS = f"{PREFIX}:{{worker}}:entry_counts"
ENTRY_COUNTS_LOCK = f"{PREFIX}:{{worker}}:entry_counts:lock"
SUSPECTED_DRIFT = f"{PREFIX}:{{worker}}:suspected_drift"
DRIFT = f"{PREFIX}:{{worker}}:drift"
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
    """Return the key of how often ``who`` has done something in a minute, in which it may be done ``per_minute`` times."""
    return f"{rate_limits()}:{what}/{who}/{per_minute}/1/minute"


@dataclass(frozen=True)
class Key:
    """One kind of key, for docs and for tests of the whole keyspace."""

    pattern: str
    type: str  # as ``TYPE`` says: hash, string, set, zset, list, stream
    writer: str
    bound: str
    holds: str


#: Every kind of key.  ``docs/architecture.rst`` has the same list, and a test holds the two together.
KEYSPACE = (
    Key(
        entry("<package>", "<query>", "<version>"), "hash", "web, worker",
        "one a query and package", "an entry: generation, values, last known values, error states",
    ),
    Key(
        fill_lock(entry("<package>", "<query>", "<version>"), "<variant>"), "string", "web",
        "60 s", "the lock of a fill",
    ),
    Key(revision("<package>"), "string", "web, worker", "one a package", "a number that rises when any entry changes"),
    Key(timeline("<package>"), "stream", "worker", "100 events", "the handled events of a package"),
    Key(CHANGES, "stream", "web, worker", "20,000 changes", "which variants got another value"),
    Key(CHANGES_SINCE, "string", "web, worker", "one", "when the stream of changes began"),
    Key(external_ids("<query>"), "zset", "web, worker", "one member a package", "the external id of each package's value"),
    Key(external_id_named("<query>", "<id>"), "string", "worker", "1 hour", "when a message last named an external id"),
    Key(jobs_waiting("<upstream>"), "zset", "web, worker", "one member an entry", "jobs, by when they are due"),
    Key(jobs_first("<upstream>"), "zset", "web, worker", "one member an entry", "jobs of packages viewed lately"),
    Key(jobs_claimed("<upstream>"), "zset", "worker", "the upstream's limit", "jobs being done, by when the claim ends"),
    Key(jobs("<upstream>"), "hash", "web, worker", "six fields a job", "attempts, rechecks and tokens of jobs"),
    Key(waiting_since("<query>"), "zset", "web, worker", "one member an entry", "entries that wait to be fresh"),
    Key(VIEWED, "zset", "web", "5,000 packages, 1 day", "packages viewed lately"),
    Key(BEGUN, "string", "web, worker", "one", "when the oldest value can have been fetched"),
    Key(SEEN, "zset", "worker", "one member a bus", "when the newest handled message was sent"),
    Key(HANDLED, "zset", "worker", "the messages of a replay", "message ids that need no replay"),
    Key(HIGH_WATER_MARKS, "hash", "worker", "one field a bus", "up to when all messages are handled"),
    Key(OUTCOMES, "hash", "worker", "one field an outcome", "how many messages ended how"),
    Key(TOPICS, "hash", "worker", "200 topics", "the newest message of each topic"),
    Key(SCHEDULED, "hash", "worker", "one field a query", "a digest of what a scheduled query returned"),
    Key(HEARTBEATS, "hash", "worker", "one field a worker", "the newest heartbeat of each worker"),
    Key(ENTRY_COUNTS, "string", "web", "one", "how many entries each query has"),
    Key(ENTRY_COUNTS_LOCK, "string", "web", "5 minutes", "who counts entries"),
    Key(SUSPECTED_DRIFT, "zset", "web, worker", "1,000 members", "differences to confirm, by when"),
    Key(DRIFT, "list", "web, worker", "100 items", "confirmed lost messages, newest first"),
    Key(METRICS_TOTAL, "hash", "web, worker", "one field a metric and label", "counts since the beginning"),
    Key(metrics_recent("<slot>"), "hash", "web, worker", "2 hours", "counts of one slot of time"),
    Key(DIRTY, "zset", "worker", "one member a package", "documents to write again"),
    Key(INDEX_FAILURES, "hash", "worker", "one field a package", "how often a document could not be written"),
    Key(CORRUPTION, "string", "web, worker", "one", "a corrupt index, and why its rebuild fails"),
    Key(REBUILDING, "string", "worker", "expires by itself", "who rebuilds the index"),
    Key(live_lookup("<version>", "<upstream>", "<method>", "<id>"), "string", "web", "1 minute", "the answer to a live lookup"),
    Key(rate_limit("<what>", "<who>", "<number>"), "string", "web", "1 minute", "how often something was done in a minute"),
)  # fmt: skip
