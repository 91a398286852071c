"""Check an entry against its upstream, correct it where it differs, and find out whether a message was lost.

The audit, scheduled reads and "check now" use it.  A difference is corrected at once.  It is **drift** if a message about it was
lost; but the message may still be on its way.  So the difference is noted as suspected drift, and a worker confirms it later, if
the entry has not been invalidated since.  If the upstream has a sweep, the next one tells first which changes no message
announces.
"""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.cache import Cache
from fedora_packages.cache.fill_types import Outcome, Policy
from fedora_packages.cache.redis import Redis, pipeline, redis_errors
from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.monitoring.differences import differences
from fedora_packages.monitoring.metrics import MetricName, Metrics

log = logging.getLogger(__name__)

#: Confirmed drifts kept for `drifts`, suspected ones kept until they are confirmed, and those that one `confirm` handles.
MAX_DRIFTS = 100
MAX_SUSPECTED = 1000
MAX_CONFIRMED_AT_ONCE = 100

#: Seconds after which a difference is confirmed as drift unless a message has explained it, and intervals of a sweep for which it
#: is awaited.
GRACE = 60.0
MAX_INTERVALS = 3

#: The outcomes of a check: no difference; a difference, corrected; no value before; an event came meanwhile, and the entry is
#: refilled; the upstream does not reflect an event yet, and nothing was changed.
SAME, CORRECTED, FIRST, SUPERSEDED, LAGGING = "same", "corrected", "first", "superseded", "lagging"


@dataclass(frozen=True)
class Checked:
    """The result of a check: an outcome, the values before and after it, phrases, and the upstream's seconds."""

    outcome: str
    before: CachedValue
    after: CachedValue
    differences: Sequence[str]
    took: float


@dataclass(frozen=True)
class SuspectedDrift:
    """A corrected difference.  It is drift if the entry still has the same generation later."""

    query: str
    package: str
    variant: str
    generation: str
    found: float  # UTC, seconds since 1970
    fetched: float  # when the value was fetched that differed
    differences: Sequence[str]
    by: str  # what found it: "audit", "schedule", "reader"
    is_announced: bool  # whether messages announce changes of what differs


def check(cache: Cache, metrics: Metrics, call: QueryCall, by: str, grace: float = GRACE) -> Checked:
    """Ask the upstream about a variant of an entry, correct a difference, and return the result.

    ``by`` names the caller in metrics: "audit", "schedule" or "reader".  After ``grace`` seconds a difference is confirmed as
    drift.  Raises `UpstreamError`, which leaves the value as it is, and `CacheUnavailable`.
    """
    source = call.source()
    opened = cache.open(source.entry)
    fill = cache.fill(source, Policy.CHECK, opened)
    before, answer = fill.before, fill.after
    metrics.count(f"checks by {by}", call.query.name)
    is_same = before.is_fresh and before.value == answer.value
    phrases = tuple(differences(before.value, answer.value)) if before.is_known and not is_same else ()
    if fill.outcome is Outcome.LAGGING:
        return Checked(LAGGING, before, before, phrases, fill.took)
    (after,) = cache.read([source.pair])
    outcome = SAME if is_same else CORRECTED if before.is_known else FIRST
    if fill.outcome is Outcome.SUPERSEDED:
        outcome = SUPERSEDED
    if outcome == CORRECTED and before.is_fresh:
        is_announced = call.query.without_ignored(before.value) != call.query.without_ignored(answer.value)
        suspected = SuspectedDrift(
            call.query.name, call.package, call.variant, opened.generation, cache.clock(), before.stamp.fetched, phrases,
            by, is_announced,
        )  # fmt: skip
        _note(cache.client, suspected, cache.clock() + grace)
    return Checked(outcome, before, after, phrases, fill.took)


def confirm(cache: Cache, queries: Mapping[str, Query], metrics: Metrics, now: float) -> list[SuspectedDrift]:
    """Decide about suspected drift that is due: count and log drift, and return it.

    Raises `CacheUnavailable`.
    """
    with redis_errors():
        due = cache.client.zrangebyscore(keys.SUSPECTED_DRIFT, "-inf", now, start=0, num=MAX_CONFIRMED_AT_ONCE)
    drifted = []
    for row in due:
        suspected = SuspectedDrift(**json.loads(row))
        query = queries.get(suspected.query)
        if query is not None and _awaits_sweep(cache.client, query, suspected, now):
            with redis_errors():
                cache.client.zadd(keys.SUSPECTED_DRIFT, {row: now + GRACE}, xx=True)
            continue
        with redis_errors():
            if not cache.client.zrem(keys.SUSPECTED_DRIFT, row) or query is None:
                # Another worker has decided, or there is no such query any more.
                continue
        if cache.generation(query.entry(suspected.package)) != suspected.generation:
            metrics.count(MetricName.LATE, suspected.query)
            continue
        _observe(metrics, suspected)
        if not suspected.is_announced:
            metrics.count(MetricName.IGNORED, suspected.query)
        else:
            drifted.append(suspected)
            _note_drift(cache.client, query, suspected)
            metrics.count(MetricName.DRIFT, suspected.query)
    return drifted


def explain(client: Redis, metrics: Metrics, entries: Collection[tuple[str, str]]) -> None:
    """Drop the suspected drift of entries, by query and package, of which a sweep has found that no message announces the change.

    Raises `CacheUnavailable`.
    """
    if not entries:
        return
    with redis_errors():
        for row in client.zrange(keys.SUSPECTED_DRIFT, 0, -1):
            suspected = SuspectedDrift(**json.loads(row))
            if (suspected.query, suspected.package) in entries and client.zrem(keys.SUSPECTED_DRIFT, row):
                metrics.count(MetricName.IGNORED, suspected.query)
                _observe(metrics, suspected)


def _awaits_sweep(client: Redis, query: Query, suspected: SuspectedDrift, now: float) -> bool:
    """Whether the sweep of the upstream that follows a difference can still tell that no message announces it."""
    every = query.connector.settings.sweep
    if not every or now - suspected.found > MAX_INTERVALS * every:
        return False
    with redis_errors():
        done = client.hget(keys.turn(f"sweep:{query.upstream}"), "done")
    return done is None or float(done) < suspected.found


def _observe(metrics: Metrics, suspected: SuspectedDrift) -> None:
    # It was right when it was fetched.
    metrics.observe(MetricName.WRONG_FOR, f"{suspected.query}|{suspected.by}", suspected.found - suspected.fetched)


def drifts(client: Redis) -> list[Mapping[str, Any]]:
    """Return the latest drifts, newest first: the fields of `SuspectedDrift`, and the ``topics`` that should have announced them.

    Raises `CacheUnavailable`.
    """
    with redis_errors():
        return [json.loads(row) for row in client.lrange(keys.DRIFT, 0, MAX_DRIFTS - 1)]


def _note(client: Redis, suspected: SuspectedDrift, due: float) -> None:
    with pipeline(client) as pipe:
        pipe.zadd(keys.SUSPECTED_DRIFT, {json.dumps(asdict(suspected)): due})
        pipe.zremrangebyrank(keys.SUSPECTED_DRIFT, 0, -MAX_SUSPECTED - 1)
        pipe.execute()


def _note_drift(client: Redis, query: Query, drift: SuspectedDrift) -> None:
    log.warning(
        "drift: %s about %s %s differed from %s, %.0f s after it was fetched: %s; lost message on %s",
        drift.query, drift.package, drift.variant, query.upstream, drift.found - drift.fetched,
        "; ".join(drift.differences), " or ".join(query.topics) or "no topic",
    )  # fmt: skip
    with pipeline(client) as pipe:
        pipe.lpush(keys.DRIFT, json.dumps({**asdict(drift), "topics": query.topics}))
        pipe.ltrim(keys.DRIFT, 0, MAX_DRIFTS - 1)
        pipe.execute()
