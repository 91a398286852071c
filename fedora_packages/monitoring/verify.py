"""Checks: an entry is compared with what upstream says right now, and healed where it differs.

The audit, the scheduled reads and whoever presses "check now" go this way.  A difference is healed at once.  Whether it is
**drift**, that is, whether a message about it was lost, is only known a little later: the message may be on its way.  So it is
noted as a doubt, which a worker settles after a while::

    fp:{worker}:suspected_drift    sorted set: doubt (JSON) -> when it is to be settled
    fp:{worker}:drift     list: the latest drifts (JSON), newest first

The one thing to know: upstream may lag behind its own messages.  An answer that does not show what a recent event said heals
nothing.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.fill import Outcome, Policy
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.monitoring.differences import differences
from fedora_packages.monitoring.metrics import MetricName
from fedora_packages.service import Service

log = logging.getLogger(__name__)

#: Drifts that are kept to be shown, and doubts that may wait to be settled.
DRIFTS_KEPT = 100
DOUBTS_KEPT = 1000

#: What came of a check: it was right; it differed and is healed; there was nothing to compare; an event came meanwhile, and it is
#: being refilled; upstream does not show yet what an event said.
SAME, HEALED, FIRST, OVERTAKEN, LAGGING = "same", "healed", "first", "overtaken", "lagging"


@dataclass(frozen=True)
class Checked:
    """What came of a check.  ``differences`` are phrases; ``took`` are seconds of upstream's."""

    outcome: str
    before: CachedValue
    after: CachedValue
    differences: tuple[str, ...]
    took: float


@dataclass(frozen=True)
class Doubt:
    """A difference that was healed, and may have been a lost message: if the entry's generation is still the same later."""

    query: str
    package: str
    variant: str
    generation: str
    found: float  # UTC, seconds since 1970
    fetched: float  # when the value was fetched that was not right any more
    differences: tuple[str, ...]
    by: str  # what found it: "audit", "schedule", "reader"
    is_announced: bool  # whether messages announce what differs


def check(service: Service, call: QueryCall, by: str, grace: float) -> Checked:
    """Ask upstream about an entry's variant, heal what differs, and say what came of it.

    ``grace`` are the seconds after which it is settled whether a difference was a lost message.  Raises `UpstreamError` (the
    entry stays as it is) and `CacheUnavailable`.
    """
    cache, query, source = service.cache, call.query, call.source()
    opened = cache.open(source.entry)
    fill = cache.fill(source, Policy.CHECK, opened)
    before, answer = fill.before, fill.after
    service.metrics.count(MetricName[f"CHECKS_BY_{by.upper()}"], query.name)
    is_same = before.is_fresh and before.value == answer.value
    told = () if is_same or not before.is_known else tuple(differences(before.value, answer.value))
    if fill.outcome is Outcome.LAGGING:
        return Checked(LAGGING, before, before, told, fill.took)
    (after,) = cache.read([source.pair])
    if fill.outcome is Outcome.SUPERSEDED:
        outcome = OVERTAKEN
    elif is_same:
        outcome = SAME
    elif not before.is_known:
        outcome = FIRST
    else:
        outcome = HEALED
    if outcome == HEALED and before.is_fresh:
        is_announced = query.without_ignored(before.value) != query.without_ignored(answer.value)
        doubt = Doubt(
            query.name, call.package, call.variant, opened.generation, cache.clock(), before.stamp.fetched, told, by,
            is_announced,
        )  # fmt: skip
        _note(service, doubt, cache.clock() + grace)
    return Checked(outcome, before, after, told, fill.took)


def settle(service: Service, now: float) -> list[Doubt]:
    """Settle the doubts that are due: returns those that were lost messages, which are counted and logged.

    Raises `CacheUnavailable`.
    """
    client = service.client
    with redis_errors():
        due = client.zrangebyscore(keys.SUSPECTED_DRIFT, "-inf", now, start=0, num=100)
    drifted = []
    for row in due:
        doubt = Doubt(**{**json.loads(row), "differences": tuple(json.loads(row)["differences"])})
        query = service.queries.get(doubt.query)
        with redis_errors():
            if not client.zrem(keys.SUSPECTED_DRIFT, row) or query is None:
                # Another worker has settled it.
                continue
        if service.cache.generation(query.entry(doubt.package)) != doubt.generation:
            service.metrics.count(MetricName.LATE, doubt.query)
        elif not doubt.is_announced:
            service.metrics.count(MetricName.IGNORED, doubt.query)
        else:
            drifted.append(doubt)
            _tell(service, query, doubt)
    return drifted


def drifts(client: Redis) -> list[Mapping[str, Any]]:
    """Return the latest drifts, newest first: the parts of `Doubt`, and ``topics`` that should have announced them.

    Raises `CacheUnavailable`.
    """
    with redis_errors():
        return [json.loads(row) for row in client.lrange(keys.DRIFT, 0, DRIFTS_KEPT - 1)]


def _note(service: Service, doubt: Doubt, due: float) -> None:
    with redis_errors():
        pipe = service.client.pipeline(transaction=False)
        pipe.zadd(keys.SUSPECTED_DRIFT, {json.dumps(asdict(doubt)): due})
        pipe.zremrangebyrank(keys.SUSPECTED_DRIFT, 0, -DOUBTS_KEPT - 1)
        pipe.execute()


def _tell(service: Service, query: Query, doubt: Doubt) -> None:
    log.warning(
        "drift: %s about %s %s was not as %s says, fetched %.0f s before: %s.  A message on %s should have announced it",
        doubt.query, doubt.package, doubt.variant, query.upstream, doubt.found - doubt.fetched,
        "; ".join(doubt.differences), " or ".join(query.topics) or "no topic",
    )  # fmt: skip
    service.metrics.count(MetricName.DRIFT, doubt.query)
    with redis_errors():
        pipe = service.client.pipeline(transaction=False)
        pipe.lpush(keys.DRIFT, json.dumps({**asdict(doubt), "topics": query.topics}))
        pipe.ltrim(keys.DRIFT, 0, DRIFTS_KEPT - 1)
        pipe.execute()
