"""The cache protocol: read, store, invalidate.  Nothing expires; what changes is invalidated, and then filled again.

The rules that make this safe, each held by one script in ``lua/``:

* a fill reads the entry's generation *before* it asks upstream, and is stored only if the generation is still the same;
* an invalidation raises the generation and makes every value *last known good* in the same step;
* a failure is never stored as a value.

An **entry** is a query about a package.  In Redis it is one hash, and all entries of a package share a cluster slot.  The stream
of changes has another: a store, which tells of itself there in the same step, wants one Redis server::

    fp:{guake}:koji.builds:1   gen = 1764012345000017     the generation; the 1 in the key is the query's schema version
                               v:<variant> = {...}        current value with its stamp (JSON)
                               n:<variant> = [gen, {...}] the figures of that value, for who wants no more of it
                               o:<variant> = {...}        last known good, after an invalidation
                               x:<variant> = {...}        the latest failed fill: since, at, error, upstream, kind
                               why = {...}                the newest event that invalidated it, and when that was
                               sent = 1764012345.5        when that event was sent
                               facts = {...}              what upstream must show since: {about: [sent, facts as JSON]}
                               d:<variant> = <digest>     of the value stored last, without its stamp
    fp:{guake}:rev             integer, +1 whenever any entry of the package changes
    fp:{changes}               stream: which variants got another value than before (see ``changefeed.py``)
    fp:{changes}:since         when that stream began, in microseconds since 1970

Some messages name no package, but a thing of upstream's that values are about: its number is kept with each value, in the step
that stores it, and so the packages are found.  A fill that is under way is in no such list, and learns of the message when it
is to be stored: the moment of the newest message about each thing is kept for a while, and a value is refused whose generation is
older::

    fp:{worker}:refers:anitya.versions        package -> number (a sorted set)
    fp:{worker}:referred:anitya.versions:7    when a message last named number 7: microseconds, by Redis's clock

Before editing: no other module may know these fields, and none of the scripts may be split into two commands.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.backend import MAX_CHANGES, NO_VALUE, GenerationBackend, region
from fedora_packages.cache.fill import Fill, Outcome, Policy, Source
from fedora_packages.cache.redis import Redis, add_script, in_one_trip, redis_errors, run_script
from fedora_packages.cache.values import (
    FRESH,
    LAG_LIMIT,
    REFRESHING,
    CachedValue,
    Entry,
    Filled,
    Invalidation,
    Opened,
    Stamp,
    cached_value_of,
    decoded,
    last_known_value_of,
    recent,
    summary_stored,
)
from fedora_packages.errors import UpstreamError

log = logging.getLogger(__name__)


#: Seconds for which it is remembered that a message named a thing of upstream's: no fill is under way for so long.
REFERRED_KEPT = 3600


class Cache:
    """The cache as one process uses it.

    ``by`` is who asks, for stamps (``"web"``, ``"worker"``).  ``wait`` bounds the seconds that a fill waits for another one.
     ``on_conflict`` gets each entry whose fill lost the race, to queue it again.  ``external_id`` returns the external id of a
    query's value, or None.  ``max_changes`` bounds the feed of changes (`changefeed`).
    """

    def __init__(
        self,
        client: Redis,
        by: str,
        wait: float = 2.0,
        on_conflict: Callable[[Entry], None] = lambda entry: None,
        clock: Callable[[], float] = time.time,
        external_id: Callable[[str, Any], int | None] = lambda query, value: None,
        max_changes: int = MAX_CHANGES,
    ):
        self.client = client
        self.by = by
        self.on_conflict = on_conflict
        self.clock = clock
        self.region = region(client, wait, external_id, max_changes)
        self.backend: GenerationBackend = self.region.backend

    def read(self, wanted: Sequence[tuple[Entry, str]]) -> list[CachedValue]:
        """Return a `CachedValue` for each (entry, variant), in one round trip where all are fresh, in two otherwise."""
        if not wanted:
            return []
        found = self.region.get_multi([keys.variant_of(entry.key, variant) for entry, variant in wanted])
        missing = [pair for pair, filled in zip(wanted, found, strict=True) if filled is NO_VALUE]
        known = dict(zip(missing, self._last_known(missing), strict=True))
        return [
            known[pair] if filled is NO_VALUE else cached_value_of(pair, filled)
            for pair, filled in zip(wanted, found, strict=True)
        ]

    def fill(self, source: Source, policy: Policy, opened: Opened | None = None) -> Fill:
        """Fill one variant of an entry: open it, fetch, check the answer against the expected state, store it.

        ``opened`` is the entry as `open` returned it before, for a fill of several variants; `Policy.MISS` opens by itself.
        Raises `UpstreamError` after noting it with the entry, `FillInProgress` (`Policy.MISS` only), and `CacheUnavailable`.
        """
        if policy is Policy.UNCACHED:
            filled = self._fetch(source, "", None)
            return Fill(Outcome.UNCACHED, None, cached_value_of(source.pair, filled), filled.stamp.took)
        if policy is not Policy.MISS:
            return self._fill(source, policy, opened or self.open(source.entry))
        found = self.region.get_or_create(
            keys.variant_of(source.entry.key, source.variant),
            lambda: self._fill(source, policy, self.open(source.entry)),
            # The fill has stored it already, if it may be stored.
            should_cache_fn=lambda fill: False,
        )
        return found if isinstance(found, Fill) else Fill(Outcome.CURRENT, None, cached_value_of(source.pair, found))

    def _fill(self, source: Source, policy: Policy, opened: Opened) -> Fill:
        is_refill = policy in (Policy.REFILL, Policy.LAST_REFILL)
        if is_refill and source.variant in opened.current:
            (cached,) = self.read([source.pair])
            is_reflected = not cached.is_known or _is_reflected(source, cached.value, opened)
            return Fill(Outcome.CURRENT, cached, cached, is_reflected=is_reflected)
        before = None
        if policy is Policy.CHECK or (is_refill and source.reflects is None):
            (before,) = self.read([source.pair])
        is_fresh = policy is Policy.CHECK and before.is_fresh
        try:
            filled = self._fetch(source, opened.generation, before.stamp.event if is_fresh else opened.cause)
        except UpstreamError as error:
            self.fail(source.entry, source.variant, error)
            raise
        is_reflected = _is_reflected(source, filled.value, opened)
        is_confirmed = is_fresh and before.value == filled.value
        if is_reflected or is_confirmed or policy in (Policy.LAST_REFILL, Policy.RECHECK):
            is_stored = self.backend.store(
                source.entry.key, source.variant, filled, keep=policy is Policy.MISS, reflects=is_reflected
            )
            outcome = Outcome.STORED if is_stored else Outcome.SUPERSEDED
        else:
            outcome = Outcome.LAGGING
        if outcome is Outcome.SUPERSEDED or (outcome is Outcome.LAGGING and policy is Policy.MISS):
            self.on_conflict(source.entry)
        state = FRESH if outcome is Outcome.STORED else REFRESHING
        return Fill(outcome, before, cached_value_of(source.pair, filled, state), filled.stamp.took, is_reflected)

    def _fetch(self, source: Source, generation: str, event: Mapping[str, Any] | None) -> Filled:
        """Ask the upstream and return its answer, stamped."""
        started, ticks = self.clock(), time.perf_counter()
        value = source.fetch()
        took = round(time.perf_counter() - ticks, 6)
        return Filled(generation, value, Stamp(started, took, source.upstream, self.by, event))

    def open(self, entry: Entry) -> Opened:
        """Begin a fill: return the entry's generation (made if there was none) and its variants."""
        now = self.clock()

        def build(pipe: Any) -> None:
            add_script(pipe, "open", [entry.key])
            pipe.hkeys(entry.key)
            pipe.hmget(entry.key, "why", "facts")
            # Whoever listens to the bus must know since when there is something that can be old.
            pipe.set(keys.BEGUN, now, nx=True)

        generation, fields, (why, facts), _ = in_one_trip(self.client, build)
        names = [field.decode() for field in fields]
        cause = json.loads(why)["event"] if why else None
        return Opened(
            generation.decode(),
            frozenset(name[2:] for name in names if name.startswith("v:")),
            frozenset(name[2:] for name in names if name.startswith(("o:", "x:"))),
            cause,
            tuple(facts for _, facts in recent(facts, now - LAG_LIMIT)),
            cause is not None and cause["sent"] >= now - LAG_LIMIT,
        )

    def invalidate(self, taken: Sequence[Invalidation]) -> list[int]:
        """Take all values of entries out of use; returns how many that were for each, -1 for an entry that there is not.

        Queues nothing.  Messages come in any order: what a reading says it is ``because`` of is the newest event.
        """
        return in_one_trip(self.client, lambda pipe: self.add_invalidations(pipe, taken))

    def add_invalidations(self, pipe: Any, taken: Sequence[Invalidation]) -> None:
        """Add to the pipeline of `in_one_trip` what `invalidate` does."""
        now = self.clock()
        for one in taken:
            add_script(pipe, "invalidate", [one.entry.key, one.entry.revision_key], *one.arguments(now))

    def packages_named_by(self, query: str, number: int) -> list[str]:
        """Return the packages whose values of a query are about a thing of upstream's that a message names.

        A fill of another package that is under way, and turns out to be about it, will not be stored but tried again.
        """
        found = run_script(
            self.client,
            "referring",
            [keys.external_ids(query), keys.external_id_named(query, number)],
            number,
            REFERRED_KEPT,
        )
        return [name.decode() for name in found]

    def packages_about(self, query: str, number: int) -> list[str]:
        """Return the packages that `packages_named_by` does, and note nothing: for who only wants to know."""
        with redis_errors():
            return [name.decode() for name in self.client.zrangebyscore(keys.external_ids(query), number, number)]

    def are_cached(self, entries: Sequence[Entry]) -> list[bool]:
        """Return for each entry whether there is a value of it, was one, or a fill has failed."""
        if not entries:
            return []
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            for entry in entries:
                pipe.hkeys(entry.key)
            return [any(field[:2] in (b"v:", b"o:", b"x:") for field in fields) for fields in pipe.execute()]

    def fail(self, entry: Entry, variant: str, error: UpstreamError) -> None:
        """Note that a fill failed, for readings to say what is wrong and since when.  No value is touched."""
        told = [variant, self.clock(), error.sentence[:500], error.upstream, error.kind]
        run_script(self.client, "fail", [entry.key, entry.revision_key], *told)

    def drop(self, entry: Entry, variant: str) -> None:
        """Forget one variant for good: its release is no more."""
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            pipe.hdel(entry.key, *(f"{kind}:{variant}" for kind in "voxdn"))
            pipe.incr(entry.revision_key)
            pipe.execute()

    def generation(self, entry: Entry) -> str:
        """Return the entry's generation; "" if there is no such entry."""
        with redis_errors():
            return (self.client.hget(entry.key, "gen") or b"").decode()

    def variants(self, entry: Entry) -> list[str]:
        """Return the variants that have a value, sorted."""
        with redis_errors():
            fields = self.client.hkeys(entry.key)
        return sorted(field.decode()[2:] for field in fields if field.startswith(b"v:"))

    def oldest(self, entries: Sequence[Entry]) -> list[float]:
        """Return for each entry when the oldest of its values was fetched; infinity where it has none."""
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            for entry in entries:
                pipe.hgetall(entry.key)
            rows = pipe.execute()
        return [
            min((decoded(data)[1].fetched for field, data in row.items() if field[:2] == b"v:"), default=float("inf"))
            for row in rows
        ]

    def summaries(self, wanted: Sequence[tuple[Entry, str]]) -> list[dict[str, Any] | None]:
        """Return for each (entry, variant) the figures of its value, in one round trip; None where that is not fresh.

        They are the whole numbers at the top of it (``{"total": 412}``): to read them costs next to nothing, however
        large the value is.  Nobody is asked for what is missing.
        """
        if not wanted:
            return []
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            for entry, variant in wanted:
                pipe.hmget(entry.key, "gen", f"n:{variant}")
            return [summary_stored(*row) for row in pipe.execute()]

    def revision(self, package: str) -> int:
        """Return the package's revision: a number that differs whenever any of its entries has changed."""
        with redis_errors():
            return int(self.client.get(keys.revision(package)) or 0)

    def _last_known(self, wanted: Sequence[tuple[Entry, str]]) -> list[CachedValue]:
        if not wanted:
            return []
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            for entry, variant in wanted:
                pipe.hmget(entry.key, f"o:{variant}", f"x:{variant}", "why")
            return [last_known_value_of(pair, *row) for pair, row in zip(wanted, pipe.execute(), strict=True)]


def _is_reflected(source: Source, value: Any, opened: Opened) -> bool:
    return source.reflects is None or source.reflects(value, opened.expected)
