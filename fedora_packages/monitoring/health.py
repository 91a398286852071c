"""The state of the service, read from Redis in a few round trips.

``/status`` and ``/metrics`` show what `health` returns and the alerts that `fedora_packages.monitoring.alerts` derives from it.
Nothing here sends a request to an upstream or to another process: each process reports its own state in Redis (see
`fedora_packages.monitoring.metrics` and `fedora_packages.monitoring.heartbeat`).  Unknown values are None.  A worker of another
version may report fewer or more fields.

Counting entries takes a scan of all keys.  A process that finds the last count too old does it, and stores it for all::

    fp:{worker}:entry_counts         {"at": seconds since 1970, "entries": {query: count}}
    fp:{worker}:entry_counts:lock    exists while a process counts, and until its count is too old
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.queue import Queue, Waiting
from fedora_packages.cache.redis import Redis, pipeline, redis_errors
from fedora_packages.connectors import Connector
from fedora_packages.connectors.bulk import bulks_of
from fedora_packages.connectors.circuit import Circuit
from fedora_packages.connectors.query import Queries, Query
from fedora_packages.connectors.sweep import sweeps_of
from fedora_packages.errors import SearchUnavailable
from fedora_packages.monitoring.checks import drifts
from fedora_packages.monitoring.heartbeat import TOLERANCE, Heartbeat, caught_up_to, heartbeats
from fedora_packages.monitoring.metrics import Counts, Durations, MetricName, Metrics, recent, total
from fedora_packages.monitoring.probe import Probe, probes
from fedora_packages.monitoring.warmth import Warmth, warmth
from fedora_packages.search.corruption import Corruption, noted
from fedora_packages.search.reader import IndexReader

#: Seconds for which a count of the entries is used.
ENTRY_COUNTS_EVERY = 60

#: Durations between the steps from a message to a fresh page; the last is measured for each upstream.
LAGS = (
    MetricName.RECEIVED_TO_INVALIDATED, MetricName.SENT_TO_INVALIDATED, MetricName.SENT_TO_FRESH, MetricName.INVALIDATED_TO_FRESH,
)  # fmt: skip

#: Turns that a sweep may miss before it is late, and the counts that turns note.
MISSED_TURNS = 3
TURN_COUNTS = ("changes", "invalid", "compared", "differing")

#: A topic is silent after so many seconds without a message, if sweeps have found so many of its changes in the last hour.
SILENT_AFTER = 900.0
MIN_UNTOLD = 5

#: Who finds a wrong value: a sweep what no message told, the others what no sweep found either.
FINDERS = ("sweep", "audit", "schedule", "reader")

#: The name of the web process itself among the workers, in lists of circuits.
THIS_PROCESS = "this web process"


@dataclass(frozen=True)
class QueryCounts:
    """The counters of one query, each with the name of its `MetricName`."""

    hits: int
    misses: int
    refills: int
    failures: int
    rechecks: int  # refills whose answer did not show their message yet
    audited: int
    scheduled: int
    requested: int  # checks that readers requested
    drift: int  # differences that a lost message explains
    late: int  # differences whose message came a little later
    ignored: int  # differences in nothing but ignored fields
    forgotten: int  # entries that the refill queue had lost
    invalid_rows: int  # rows left out of values because the upstream returned invalid data
    compared_in_bulk: int  # values compared with an answer about all packages
    swept_told: int  # changes of sweeps that the cache showed already
    swept_untold: int  # changes that no message had announced before the sweep
    swept_silent: int  # changes that no message announces

    @property
    def hit_rate(self) -> float | None:
        """Hits as a share of all reads (0 to 1); None without reads."""
        reads = self.hits + self.misses
        return self.hits / reads if reads else None

    @property
    def drift_rate(self) -> float | None:
        """Lost messages found per audited entry; None without audits."""
        return self.drift / self.audited if self.audited else None

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "hit_rate": self.hit_rate, "drift_rate": self.drift_rate}


@dataclass(frozen=True)
class QueryHealth:
    """The state of one query.  ``entries`` is None until they have been counted."""

    name: str
    upstream: str
    entries: int | None
    waiting: Waiting
    lately: QueryCounts
    total: QueryCounts
    every: float | None = None  # seconds after which each entry is read again

    @property
    def load(self) -> float:
        """The reads a second that its schedule asks for."""
        return (self.entries or 0) / self.every if self.every else 0.0


@dataclass(frozen=True)
class WrongValues:
    """The values of a query that were shown and wrong: for how long, at most, and who found them (`FINDERS`)."""

    query: str
    found_by: str
    lately: Durations
    total: Durations


@dataclass(frozen=True)
class Requests:
    """Requests to an upstream: their durations, and how many found it unavailable or returned an invalid response."""

    took: Durations
    unavailable: int
    invalid: int


@dataclass(frozen=True)
class CircuitHealth:
    """One process's circuit of an upstream; see `Circuit.as_dict`.  ``reset_pause`` is the seconds until the next attempt."""

    process: str
    failures: int
    reset_pause: float
    reason: str
    answered: float | None
    failing_since: float | None

    @property
    def is_open(self) -> bool:
        """Whether the process sends no requests but an occasional probe."""
        return self.failures >= Circuit.FAILURES


@dataclass(frozen=True)
class UpstreamHealth:
    """The state of one upstream; ``queued`` are refills that wait or are in progress."""

    name: str
    title: str
    queued: int
    lately: Requests
    total: Requests
    circuits: tuple[CircuitHealth, ...]


@dataclass(frozen=True)
class Lag:
    """The durations of one part of the way from a message to a fresh page."""

    name: str
    upstream: str
    lately: Durations
    total: Durations


@dataclass(frozen=True)
class TurnHealth:
    """A sweep or an audit in bulk, at which the workers take turns every so many seconds; None for what has not been yet."""

    name: str
    every: float
    began: float | None = None
    finished: float | None = None
    running: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str = ""

    def is_late(self, now: float) -> bool:
        """Whether it has missed more than one turn."""
        return self.began is not None and now - (self.finished or self.began) > MISSED_TURNS * self.every


@dataclass(frozen=True)
class Topic:
    """The newest message of a topic; ``sent`` and ``handled`` in seconds since 1970, None if there never was one."""

    topic: str
    id: str = ""
    sent: float | None = None
    handled: float | None = None
    untold: int = 0  # changes of the last hour that sweeps found before their message came

    def is_silent(self, now: float) -> bool:
        """Whether its messages do not come although its changes happen."""
        return self.untold >= MIN_UNTOLD and now - (self.handled or 0.0) > SILENT_AFTER


@dataclass(frozen=True)
class Gap:
    """A worker's report of messages that it may have missed; see `fedora_packages.worker.gaps`.

    ``archive`` is whether datagrepper is configured, ``archive_error`` why it could not be read.
    """

    closed: bool
    reason: str
    archive: bool
    cut_since: float | None = None
    archive_error: str | None = None
    archive_error_since: float | None = None
    replayed_at: float | None = None
    replayed: int = 0


@dataclass(frozen=True)
class WorkerHealth:
    """The state of one worker, from its latest heartbeat; None is what it did not report.

    ``caught_up_to`` is the time up to which it has handled all messages, ``buffer`` how many it holds unhandled, ``audit_rate``
    how many entries a second it compares at most.
    """

    name: str
    is_alive: bool
    at: float
    caught_up_to: float | None
    begun: float | None = None
    bus: str | None = None
    endpoints: Mapping[str, bool] = field(default_factory=dict)
    hub_moves: bool | None = None
    hub_seen: float | None = None
    buffer: int | None = None
    audit_rate: float | None = None
    dead: tuple[str, ...] = ()
    gap: Gap | None = None


@dataclass(frozen=True)
class Health:
    """The state of the service.  Times are UTC in seconds since 1970; ``lately`` is the last hour, ``total`` all time.

    ``caught_up_to`` is the time up to which some worker has handled all messages, ``counted`` when entries were counted,
    ``messages`` the number of messages by outcome, ``failed_lately`` how many an error of ours kept from being handled,
    ``warmth`` how many values are there (None: not counted yet), ``probes`` the latest probe of each query, ``packages`` the size
    of the index (None: unreadable), ``corruption`` what is wrong with the index while its copy is read, ``skipped_releases`` the
    releases that are missing from it, and ``skipped_packages`` the number of invalid packages that are.
    """

    at: float
    caught_up_to: float | None
    queries: tuple[QueryHealth, ...]
    upstreams: tuple[UpstreamHealth, ...]
    lags: tuple[Lag, ...]
    messages: Mapping[str, int]
    failed_lately: int
    topics: tuple[Topic, ...]
    turns: tuple[TurnHealth, ...]
    warmth: Warmth | None
    workers: tuple[WorkerHealth, ...]
    wrong: tuple[WrongValues, ...]
    drifts: tuple[Mapping[str, Any], ...]
    probes: tuple[Probe, ...]
    packages: int | None
    corruption: Corruption | None
    skipped_releases: tuple[str, ...]
    skipped_packages: int
    counted: float | None

    @property
    def is_behind(self) -> bool:
        """Whether pages must say that they may be out of date."""
        return self.at - (self.caught_up_to or 0.0) > TOLERANCE

    @property
    def alive(self) -> tuple[WorkerHealth, ...]:
        """The workers with a recent heartbeat."""
        return tuple(worker for worker in self.workers if worker.is_alive)

    @property
    def load(self) -> float:
        """The reads a second that all schedules ask for at the present number of entries."""
        return sum(query.load for query in self.queries)

    @property
    def budget(self) -> float | None:
        """The reads a second that the live workers do on schedules and for the audit; None if unknown."""
        rates = [worker.audit_rate for worker in self.alive if worker.audit_rate is not None]
        return sum(rates) if rates else None

    @property
    def lost(self) -> tuple[Mapping[str, Any], ...]:
        """The lost messages of the last hour, newest first."""
        return self.drifts[: self.sum("drift")]

    def sum(self, attribute: str) -> int:
        """Return a counter of the last hour, summed over all queries."""
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
    workers = heartbeats(client)
    with pipeline(client) as pipe:
        pipe.hgetall(keys.OUTCOMES)
        pipe.hgetall(keys.TOPICS)
        messages, topics = pipe.execute()
    waiting = queue.waiting([*queries])
    depths = queue.depths([*connectors])
    counted, entries = entry_counts(client, queries.values(), now)
    packages, skipped_releases, skipped_packages = _index(index)
    return Health(
        at=now,
        caught_up_to=caught_up_to(workers),
        queries=tuple(
            QueryHealth(
                query.name,
                query.upstream,
                entries.get(query.name, 0) if counted else None,
                waiting[query.name],
                _query_counts(lately, query.name),
                _query_counts(ever, query.name),
                query.declaration.every,
            )
            for query in queries.values()
        ),
        upstreams=tuple(
            UpstreamHealth(
                name,
                connector.title,
                depths[name],
                _requests(lately, name),
                _requests(ever, name),
                tuple(_circuits(connector, workers, now)),
            )
            for name, connector in connectors.items()
        ),
        lags=tuple(
            Lag(name, upstream, lately.durations(name, upstream), ever.durations(name, upstream))
            for name in LAGS
            for upstream in (connectors if name == LAGS[-1] else [""])
        ),
        messages={outcome.decode(): int(count) for outcome, count in sorted(messages.items())},
        failed_lately=lately.count(MetricName.FAILED_MESSAGES),
        topics=tuple(_topics(topics, lately)),
        turns=tuple(_turns(client, connectors.values())),
        warmth=warmth(client),
        workers=tuple(_worker(heartbeat, now) for heartbeat in workers),
        wrong=tuple(_wrong_values(queries, lately, ever)),
        drifts=tuple(drifts(client)),
        probes=tuple(sorted((one for one in probes(client) if one.query in queries), key=lambda one: one.query)),
        packages=packages,
        corruption=_corruption(client, index),
        skipped_releases=skipped_releases,
        skipped_packages=skipped_packages,
        counted=counted,
    )


def entry_counts(client: Redis, queries: Iterable[Query], now: float) -> tuple[float | None, Mapping[str, int]]:
    """Return when the entries were counted, and how many each query has; (None, {}) until they have been counted.

    Approximate: a scan may return a key twice while Redis resizes its table.  Raises `CacheUnavailable`.
    """
    with redis_errors():
        stored = json.loads(client.get(keys.ENTRY_COUNTS) or b"null")
        is_due = stored is None or now - stored["at"] >= ENTRY_COUNTS_EVERY
        if is_due and client.set(keys.ENTRY_COUNTS_LOCK, "", nx=True, ex=ENTRY_COUNTS_EVERY):
            # Only of the current schema versions.
            current = {query.schema for query in queries}
            found = filter(None, map(keys.entry_of, client.scan_iter(match=keys.TAGGED, count=1000)))
            counts = Counter(entry.query for entry in found if (entry.query, entry.version) in current)
            stored = {"at": now, "entries": counts}
            client.set(keys.ENTRY_COUNTS, json.dumps(stored))
    return (stored["at"], stored["entries"]) if stored else (None, {})


def _topics(newest: Mapping[bytes, bytes], lately: Counts) -> Iterator[Topic]:
    """Yield the topics of which there ever was a message, and those of whose changes only sweeps tell."""
    rows = {topic.decode(): json.loads(row) for topic, row in newest.items()}
    for topic in sorted(rows.keys() | lately.labels(MetricName.UNTOLD)):
        untold = lately.count(MetricName.UNTOLD, topic)
        yield _known_fields(Topic, {"topic": topic, **rows.get(topic, {}), "untold": untold})


def _turns(client: Redis, connectors: Iterable[Connector]) -> Iterator[TurnHealth]:
    """Yield the state of each sweep and of each audit in bulk."""
    declared = [*sweeps_of(connectors), *bulks_of(connectors)]
    with pipeline(client) as pipe:
        for each in declared:
            pipe.hgetall(keys.turn(each.name))
        rows = pipe.execute()
    for each, stored in zip(declared, rows, strict=True):
        row = {key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, value in stored.items()}
        numbers = {}
        for key in ("began", "finished", *TURN_COUNTS):
            with suppress(ValueError, KeyError):
                numbers[key] = float(row[key])
        counts = {key: int(numbers[key]) for key in TURN_COUNTS if key in numbers}
        yield TurnHealth(
            each.name,
            each.every,
            numbers.get("began"),
            numbers.get("finished"),
            "running" in row,
            counts,
            row.get("error", ""),
        )


def _query_counts(counts: Counts, query: str) -> QueryCounts:
    return QueryCounts(**{one.name: counts.count(MetricName[one.name.upper()], query) for one in fields(QueryCounts)})


def _wrong_values(queries: Iterable[str], lately: Counts, ever: Counts) -> Iterator[WrongValues]:
    for query in queries:
        for finder in FINDERS:
            label = f"{query}|{finder}"
            durations = (counts.durations(MetricName.WRONG_FOR, label) for counts in (lately, ever))
            yield WrongValues(query, finder, *durations)


def _circuits(connector: Connector, workers: Sequence[Heartbeat], now: float) -> Iterator[CircuitHealth]:
    """Yield the circuit of an upstream in each live worker and in this process."""
    for heartbeat in workers:
        reported = heartbeat.parts.get("upstreams", {}).get(connector.name)
        if reported is not None and heartbeat.is_alive(now):
            yield _known_fields(CircuitHealth, {**reported, "process": heartbeat.worker})
    yield CircuitHealth(THIS_PROCESS, **connector.circuit.as_dict())


def _requests(counts: Counts, upstream: str) -> Requests:
    return Requests(
        counts.durations(MetricName.REQUESTS, upstream),
        counts.count(MetricName.REQUESTS_UNAVAILABLE, upstream),
        counts.count(MetricName.REQUESTS_INVALID, upstream),
    )


def _worker(heartbeat: Heartbeat, now: float) -> WorkerHealth:
    parts = heartbeat.parts
    return _known_fields(
        WorkerHealth,
        {
            **parts,
            "name": heartbeat.worker,
            "is_alive": heartbeat.is_alive(now),
            "at": heartbeat.at,
            "caught_up_to": heartbeat.caught_up_to,
            "dead": tuple(parts.get("dead", ())),
            "gap": _known_fields(Gap, parts["gaps"]) if parts.get("gaps") else None,
        },
    )


def _known_fields(kind: type[Any], reported: Mapping[str, Any]) -> Any:
    """Return a dataclass made from what a process reported; fields that only another version knows are dropped."""
    names = {part.name for part in fields(kind)}
    return kind(**{name: value for name, value in reported.items() if name in names})


def _index(index: IndexReader) -> tuple[int | None, tuple[str, ...], int]:
    """Return the number of packages in the index (None: unreadable), and the releases and invalid packages missing from it."""
    try:
        return index.count(), index.skipped_releases(), index.skipped_packages()
    except SearchUnavailable:
        return None, (), 0


def _corruption(client: Redis, index: IndexReader) -> Corruption | None:
    corruption = noted(client)
    # A note about a directory that is no longer the index is void, however late a worker removes it.
    is_current = corruption is not None and corruption.directory == os.path.realpath(index.path)
    return corruption if is_current else None
