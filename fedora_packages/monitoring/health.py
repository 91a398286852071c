"""Health: how the service is, read from Redis at one go.

``/status`` and ``/metrics`` show what `health` returns and what ``troubles.py`` says of it, and nothing else.  No upstream is
asked for it, and no other process: each tells of itself in Redis (see `fedora_packages.monitoring.metrics` and
`fedora_packages.monitoring.heartbeat`).  The one thing to know: what is not known is None and is shown as such; a worker of
another version may say less than this one knows to ask for.

How many entries there are is only known by counting keys, which is a scan.  It is done once in a while, by whoever finds the last
count too old, and kept for all::

    fp:{worker}:entry_counts         {"at": seconds since 1970, "entries": {query: how many}}
    fp:{worker}:entry_counts:lock    there while somebody counts, and as long as that count counts
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.queue import Queue
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.connectors import Connector
from fedora_packages.connectors.circuit import Circuit
from fedora_packages.connectors.query import Queries, Query
from fedora_packages.errors import SearchUnavailable
from fedora_packages.monitoring.heartbeat import TOLERANCE, Heartbeat, caught_up_to, heartbeats
from fedora_packages.monitoring.metrics import Counts, Durations, MetricName, Metrics, recent, total
from fedora_packages.monitoring.verify import drifts
from fedora_packages.search.corruption import Corruption, noted
from fedora_packages.search.reader import IndexReader

#: Seconds for which a census holds.
CENSUS_EVERY = 60

#: The figures of how quickly messages arrive in pages; the last is counted for each upstream.
LAGS = (
    MetricName.RECEIVED_TO_INVALIDATED, MetricName.SENT_TO_INVALIDATED, MetricName.SENT_TO_FRESH, MetricName.INVALIDATED_TO_FRESH,
)  # fmt: skip

#: What the process that answers is called beside the workers.
THIS_PROCESS = "this web process"


@dataclass(frozen=True)
class Tally:
    """What was counted of one query."""

    hits: int
    misses: int
    refills: int
    failures: int
    looks: int  # refills that did not show their message yet, and were looked at again
    audited: int
    scheduled: int
    asked: int  # checks that readers asked for
    drift: int  # differences that a lost message explains
    late: int  # differences of which a message told a little later
    unannounced: int  # differences of which no message ever tells
    forgotten: int

    @property
    def hit_rate(self) -> float | None:
        """How many of all reads were hits (0 to 1); None if there were none."""
        reads = self.hits + self.misses
        return self.hits / reads if reads else None

    @property
    def drift_rate(self) -> float | None:
        """How many messages were found to be lost for each audit of an entry; None if none was audited."""
        return self.drift / self.audited if self.audited else None

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "hit_rate": self.hit_rate, "drift_rate": self.drift_rate}


#: The metric of each field of `Tally`.
_METRICS = {
    "hits": MetricName.HITS,
    "misses": MetricName.MISSES,
    "refills": MetricName.REFILLS,
    "failures": MetricName.REFILL_FAILURES,
    "looks": MetricName.RECHECKS,
    "audited": MetricName.CHECKS_BY_AUDIT,
    "scheduled": MetricName.CHECKS_BY_SCHEDULE,
    "asked": MetricName.CHECKS_BY_READER,
    "drift": MetricName.DRIFT,
    "late": MetricName.LATE,
    "unannounced": MetricName.IGNORED,
    "forgotten": MetricName.FORGOTTEN,
}


@dataclass(frozen=True)
class Waiting:
    """The entries of a query that wait to be fresh: how many, and whose has waited longest, since when."""

    entries: int
    package: str | None = None
    since: float | None = None


@dataclass(frozen=True)
class QueryHealth:
    """How one query is.  ``entries`` is None while nobody has counted them."""

    name: str
    upstream: str
    entries: int | None
    waiting: Waiting
    lately: Tally
    total: Tally


@dataclass(frozen=True)
class Requests:
    """Requests to an upstream: how long they took, and how many of them had no answer, or one that could not be used."""

    took: Durations
    silent: int
    unusable: int


@dataclass(frozen=True)
class Breaker:
    """What one process knows of an upstream; see `Circuit.as_dict`."""

    process: str
    failures: int
    rests: float
    reason: str
    answered: float | None
    failing_since: float | None

    @property
    def is_open(self) -> bool:
        """Whether the upstream is left alone, but for a request now and then."""
        return self.failures >= Circuit.FAILURES


@dataclass(frozen=True)
class UpstreamHealth:
    """How one upstream is; ``queued`` are refills that wait or are under way."""

    name: str
    queued: int
    lately: Requests
    total: Requests
    breakers: tuple[Breaker, ...]


@dataclass(frozen=True)
class Lag:
    """How long messages took on one part of their way into the pages."""

    name: str
    upstream: str
    lately: Durations
    total: Durations


@dataclass(frozen=True)
class Topic:
    """The newest message of a topic; ``sent`` and ``handled`` in seconds since 1970."""

    topic: str
    id: str
    sent: float
    handled: float


@dataclass(frozen=True)
class Gap:
    """What a worker says of messages that it may have missed; see `fedora_packages.worker.gaps`."""

    closed: bool
    reason: str
    archive: bool
    cut_since: float | None = None
    trouble: str | None = None
    troubled_since: float | None = None
    replayed_at: float | None = None
    replayed: int = 0


@dataclass(frozen=True)
class WorkerHealth:
    """How one worker is, by its latest beat; None is what it did not say.

    ``until`` is up to when it knows that every message was handled.
    """

    name: str
    is_alive: bool
    at: float
    until: float | None
    begun: float | None = None
    bus: str | None = None
    endpoints: Mapping[str, bool] = field(default_factory=dict)
    hub_moves: bool | None = None
    hub_seen: float | None = None
    inbox: int | None = None
    dead: tuple[str, ...] = ()
    gap: Gap | None = None


@dataclass(frozen=True)
class Health:
    """How the service is.  Times are UTC in seconds since 1970; ``lately`` is the last hour, ``total`` since the beginning.

    ``until`` is up to when every message is known to have been handled by one worker or another, ``counted`` when entries were
    counted, ``messages`` how many messages had which outcome, ``failed_lately`` how many of them a bug of ours kept from being
    handled, ``packages`` how many the index has (None: it cannot be read), ``corruption`` what is wrong with the current index,
    in whose place its copy is read, ``skipped_releases`` the releases that it knows nothing of.
    """

    at: float
    until: float | None
    queries: tuple[QueryHealth, ...]
    upstreams: tuple[UpstreamHealth, ...]
    lags: tuple[Lag, ...]
    messages: Mapping[str, int]
    failed_lately: int
    topics: tuple[Topic, ...]
    workers: tuple[WorkerHealth, ...]
    drifts: tuple[Mapping[str, Any], ...]
    packages: int | None
    corruption: Corruption | None
    skipped_releases: tuple[str, ...]
    counted: float | None

    @property
    def is_behind(self) -> bool:
        """Whether pages cannot say that they are as upstreams are."""
        return self.at - (self.until or 0.0) > TOLERANCE

    @property
    def alive(self) -> tuple[WorkerHealth, ...]:
        """The workers that live."""
        return tuple(worker for worker in self.workers if worker.is_alive)

    @property
    def lost(self) -> tuple[Mapping[str, Any], ...]:
        """Those of the drifts that were counted lately, newest first."""
        return self.drifts[: self.sum("drift")]

    def sum(self, attribute: str) -> int:
        """Return an attribute of the queries' latest tallies, summed over all of them."""
        return sum(getattr(query.lately, attribute) for query in self.queries)


def health(
    client: Redis,
    queries: Queries,
    connectors: Mapping[str, Connector],
    queue: Queue,
    index: IndexReader,
    metrics: Metrics,
    now: float,
) -> Health:
    """Return the state of the service at ``now`` (seconds since 1970).  Raises `CacheUnavailable`."""
    metrics.flush()
    ever, lately = total(client), recent(client, now)
    beats = heartbeats(client)
    with redis_errors():
        pipe = client.pipeline(transaction=False)
        pipe.hgetall(keys.OUTCOMES)
        pipe.hgetall(keys.TOPICS)
        messages, topics = pipe.execute()
    waiting = queue.waiting([*queries])
    depths = queue.depths([*connectors])
    counted, entries = census(client, queries.values(), now)
    packages, skipped_releases = _index(index)
    return Health(
        at=now,
        until=caught_up_to(beats),
        queries=tuple(
            _query(query, entries.get(query.name, 0) if counted else None, Waiting(*waiting[query.name]), lately, ever)
            for query in queries.values()
        ),
        upstreams=tuple(
            _upstream(connector, depths[name], beats, lately, ever, now) for name, connector in connectors.items()
        ),
        lags=tuple(
            Lag(name, upstream, lately.durations(name, upstream), ever.durations(name, upstream))
            for name in LAGS
            for upstream in (connectors if name == LAGS[-1] else [""])
        ),
        messages={outcome.decode(): int(count) for outcome, count in sorted(messages.items())},
        failed_lately=lately.count(MetricName.FAILED_MESSAGES),
        topics=tuple(_topic(name.decode(), json.loads(row)) for name, row in sorted(topics.items())),
        workers=tuple(_worker(beat, now) for beat in beats),
        drifts=tuple(drifts(client)),
        packages=packages,
        corruption=_corruption(client, index),
        skipped_releases=skipped_releases,
        counted=counted,
    )


def census(client: Redis, queries: Iterable[Query], now: float) -> tuple[float | None, Mapping[str, int]]:
    """Return when the entries were counted, and how many there are of each query; (None, {}) while nobody has.

    Near enough: Redis may give a key twice while it makes room for more.  Raises `CacheUnavailable`.
    """
    with redis_errors():
        kept = json.loads(client.get(keys.ENTRY_COUNTS) or b"null")
        is_due = kept is None or now - kept["at"] >= CENSUS_EVERY
        if is_due and client.set(keys.ENTRY_COUNTS_LOCK, "", nx=True, ex=CENSUS_EVERY):
            kept = {"at": now, "entries": _counted(client, {(query.name, query.entry().version) for query in queries})}
            client.set(keys.ENTRY_COUNTS, json.dumps(kept))
    return (kept["at"], kept["entries"]) if kept else (None, {})


def _counted(client: Redis, shapes: set[tuple[str, int]]) -> Counter[str]:
    """Return how many entries of current shape there are, by query."""
    counts: Counter[str] = Counter()
    for key in client.scan_iter(match=keys.TAGGED, count=1000):
        entry = keys.entry_of(key)
        if entry and (entry.query, entry.version) in shapes:
            counts[entry.query] += 1
    return counts


def _query(query: Query, entries: int | None, waiting: Waiting, lately: Counts, total: Counts) -> QueryHealth:
    return QueryHealth(
        query.name,
        query.upstream,
        entries,
        waiting,
        _tally(lately, query.name),
        _tally(total, query.name),
    )


def _tally(counted: Counts, query: str) -> Tally:
    return Tally(**{name: counted.count(metric, query) for name, metric in _METRICS.items()})


def _upstream(
    connector: Connector, queued: int, beats: Sequence[Heartbeat], lately: Counts, total: Counts, now: float
) -> UpstreamHealth:
    name = connector.name
    told = [
        (beat.worker, beat.parts["upstreams"][name])
        for beat in beats
        if beat.is_alive(now) and name in beat.parts.get("upstreams", {})
    ]
    told.append((THIS_PROCESS, connector.circuit.as_dict()))
    breakers = tuple(_made(Breaker, {"process": process, **circuit}) for process, circuit in told)
    return UpstreamHealth(name, queued, _requests(lately, name), _requests(total, name), breakers)


def _requests(counted: Counts, upstream: str) -> Requests:
    return Requests(
        counted.durations(MetricName.REQUESTS, upstream),
        counted.count(MetricName.REQUESTS_UNAVAILABLE, upstream),
        counted.count(MetricName.REQUESTS_INVALID, upstream),
    )


def _topic(name: str, row: Mapping[str, Any]) -> Topic:
    return _made(Topic, {**row, "topic": name})


def _worker(beat: Heartbeat, now: float) -> WorkerHealth:
    parts = dict(beat.parts)
    gap = _made(Gap, parts["gaps"]) if parts.get("gaps") else None
    told = {
        **parts,
        "name": beat.worker,
        "is_alive": beat.is_alive(now),
        "at": beat.at,
        "until": beat.caught_up_to,
        "gap": gap,
    }
    return _made(WorkerHealth, {**told, "dead": tuple(parts.get("dead", ()))})


def _made(kind: type[Any], told: Mapping[str, Any]) -> Any:
    """Return a dataclass of what some process tells; what another version of it tells besides is passed over."""
    names = {part.name for part in fields(kind)}
    return kind(**{name: value for name, value in told.items() if name in names})


def _index(index: IndexReader) -> tuple[int | None, tuple[str, ...]]:
    """Return how many packages the index has (None: it cannot be read), and of which releases it knows nothing."""
    try:
        return index.count(), index.skipped_releases()
    except SearchUnavailable:
        return None, ()


def _corruption(client: Redis, index: IndexReader) -> Corruption | None:
    corruption = noted(client)
    # Of a folder that is no longer the index nobody need know, however long a worker takes to forget it.
    is_current = corruption is not None and corruption.directory == os.path.realpath(index.path)
    return corruption if is_current else None
