"""The cache protocol: read, fill, invalidate.  Nothing expires: an event invalidates an entry, which is then filled again.

Three rules make this safe.  One script in ``lua/`` holds each:

* a fill reads the entry's generation *before* it asks the upstream, and is stored only if the generation is still the same;
* an invalidation raises the generation and makes every value the *last known* one, in one step;
* a failure is never stored as a value.

An **entry** is a query about a package.  In Redis it is one hash, and all entries of a package share a cluster slot.  The stream
of changes has another slot.  A store writes to both in one step, so that a cluster of several servers is not supported::

    fp:{guake}:koji.builds:1   gen = 1764012345000017     the generation; the 1 in the key is the query's schema version
                               v:<variant> = {...}        the current value with its stamp (JSON)
                               n:<variant> = [gen, {...}] the summary of that value
                               o:<variant> = {...}        the last known value, after an invalidation
                               x:<variant> = {...}        the latest failed fill: since, at, error, upstream, kind
                               why = {...}                the newest event that invalidated the entry, and when it did
                               sent = 1764012345.5        when that event was sent
                               facts = {...}              expected states by subject: {about: [sent, state as JSON]}
                               d:<variant> = <digest>     of the value stored last, without its stamp
    fp:{guake}:rev             an integer that rises when any entry of the package changes
    fp:{changes}               stream: which variants got another value (see ``changefeed.py``)
    fp:{changes}:since         when that stream began, in microseconds since 1970

Some messages name an external id and no package.  The step that stores a value notes its external id, and so the packages are
found.  A fill under way is not noted yet.  So the time of the newest message about each external id is kept for a while, and a
value is refused if its generation is older::

    fp:{worker}:refers:anitya.versions        package -> external id (a sorted set)
    fp:{worker}:referred:anitya.versions:7    when a message last named 7: microseconds, by Redis's clock

Before editing: no other module knows these fields, and no script may be split into two commands.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.dogpile import MAX_CHANGES, NO_VALUE, GenerationBackend, as_cached, region
from fedora_packages.cache.fill_types import Fill, Outcome, Policy, Source
from fedora_packages.cache.redis import Redis, add_script, in_one_trip, pipeline, redis_errors, run_script
from fedora_packages.cache.values import (
    FRESH,
    LAG_LIMIT,
    REFRESHING,
    CachedValue,
    Contents,
    Entry,
    Invalidation,
    Opened,
    Stamp,
    StampedValue,
    cached_value_of,
    contents_of,
    last_known_value_of,
    recent,
    summary_stored,
)
from fedora_packages.errors import UpstreamError

#: Seconds for which the time of a message about an external id is kept: longer than any fill takes.
NAMED_FOR = 3600

#: Characters of an error's sentence that are kept.
MAX_SENTENCE = 500


@dataclass
class Cache:
    """The cache as one process uses it.  All methods raise `CacheUnavailable`.

    ``by`` names the process in stamps: "web" or "worker".  ``wait`` bounds the seconds that a fill waits for another process's.
    ``queue_refill`` gets each entry that must be filled again: its fill was superseded, or a page's answer lags.  ``external_id``
    returns the external id of a query's value, or None.  ``max_changes`` bounds the change feed.
    """

    client: Redis
    by: str
    wait: float = 2.0
    queue_refill: Callable[[Entry], None] = lambda entry: None
    clock: Callable[[], float] = time.time
    external_id: Callable[[str, Any], int | None] = lambda query, value: None
    max_changes: int = MAX_CHANGES

    def __post_init__(self) -> None:
        self.region = region(self.client, self.wait, self.external_id, self.max_changes)
        self.backend: GenerationBackend = self.region.backend

    def read(self, pairs: Sequence[tuple[Entry, str]]) -> list[CachedValue]:
        """Return the value of each (entry, variant), in one round trip if all are fresh, else in two."""
        if not pairs:
            return []
        stamped_values = self.region.get_multi([keys.variant_of(entry.key, variant) for entry, variant in pairs])
        missing = [pair for pair, stamped in zip(pairs, stamped_values, strict=True) if stamped is NO_VALUE]
        last_known = dict(zip(missing, self._last_known(missing), strict=True))
        return [
            last_known[pair] if stamped is NO_VALUE else cached_value_of(pair, stamped)
            for pair, stamped in zip(pairs, stamped_values, strict=True)
        ]

    def fill(self, source: Source, policy: Policy, opened: Opened | None = None) -> Fill:
        """Fill one variant of an entry: open the entry, fetch, compare the answer with the expected state, store it.

        ``opened`` is what `open` returned, for fills of several variants of one entry.  `Policy.MISS` opens by itself.  Raises
        `UpstreamError`, noted with the entry unless the policy is `Policy.UNCACHED`, and `FillInProgress` (`Policy.MISS` only).
        """
        if policy is Policy.UNCACHED:
            stamped = self._fetch(source, "", None)
            return Fill(Outcome.UNCACHED, None, cached_value_of(source.pair, stamped), stamped.stamp.took)
        if policy is not Policy.MISS:
            return self._fill(source, policy, opened or self.open(source.entry))
        result = self.region.get_or_create(
            keys.variant_of(source.entry.key, source.variant),
            lambda: self._fill(source, policy, self.open(source.entry)),
            # The fill has stored its value already.
            should_cache_fn=lambda fill: False,
        )
        return result if isinstance(result, Fill) else Fill(Outcome.CURRENT, None, cached_value_of(source.pair, result))

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
            stamped = self._fetch(source, opened.generation, before.stamp.event if is_fresh else opened.cause)
        except UpstreamError as error:
            self.fail(source.entry, source.variant, error)
            raise
        is_reflected = _is_reflected(source, stamped.value, opened)
        is_confirmed = is_fresh and before.value == stamped.value
        if is_reflected or is_confirmed or policy in (Policy.LAST_REFILL, Policy.RECHECK):
            is_stored = self.backend.store(
                source.entry.key, source.variant, stamped, keep=policy is Policy.MISS, is_reflected=is_reflected
            )
            outcome = Outcome.STORED if is_stored else Outcome.SUPERSEDED
        else:
            outcome = Outcome.LAGGING
        if outcome is Outcome.SUPERSEDED or (outcome is Outcome.LAGGING and policy is Policy.MISS):
            self.queue_refill(source.entry)
        state = FRESH if outcome is Outcome.STORED else REFRESHING
        return Fill(outcome, before, cached_value_of(source.pair, stamped, state), stamped.stamp.took, is_reflected)

    def _fetch(self, source: Source, generation: str, event: Mapping[str, Any] | None) -> StampedValue:
        """Ask the upstream and return its answer, stamped."""
        started, ticks = self.clock(), time.perf_counter()
        value = source.fetch()
        took = round(time.perf_counter() - ticks, 6)
        return StampedValue(generation, value, Stamp(started, took, source.upstream, self.by, event))

    def keep(self, source: Source, value: Any, opened: Opened, fetched: float, took: float) -> bool:
        """Store a value that came with those of other packages, unless there is one; return whether there is one now.

        ``opened`` is what `open` returned before the fetch began, at ``fetched``; it took ``took`` seconds.  A value that does
        not reflect the expected state is not stored.
        """
        if not _is_reflected(source, value, opened):
            return False
        stamp = Stamp(fetched, took, source.upstream, self.by, opened.cause)
        stamped = StampedValue(opened.generation, value, stamp)
        return self.backend.store(source.entry.key, source.variant, stamped, keep=True)

    def open(self, entry: Entry) -> Opened:
        """Return an entry at the beginning of a fill, before the fetch.  A missing entry gets a generation."""
        now = self.clock()

        def build(pipe: Any) -> None:
            add_script(pipe, "open", [entry.key])
            pipe.hkeys(entry.key)
            pipe.hmget(entry.key, "why", "facts")
            # A replay of messages starts no earlier: before this, no value can be old.
            pipe.set(keys.BEGUN, now, nx=True)

        generation, fields, (why, states), _ = in_one_trip(self.client, build)
        names = [field.decode() for field in fields]
        cause = json.loads(why)["event"] if why else None
        return Opened(
            generation.decode(),
            frozenset(name[2:] for name in names if name.startswith("v:")),
            frozenset(name[2:] for name in names if name.startswith(("o:", "x:"))),
            cause,
            tuple(state for _, state in recent(states, now - LAG_LIMIT)),
            cause is not None and cause["sent"] >= now - LAG_LIMIT,
        )

    def invalidate(self, invalidations: Sequence[Invalidation]) -> list[int]:
        """Invalidate entries, and return the number of values of each; -1 for a missing entry.

        Queues nothing.  Messages come in any order: the newest event becomes the cause.
        """
        return in_one_trip(self.client, lambda pipe: self.add_invalidations(pipe, invalidations))

    def add_invalidations(self, pipe: Any, invalidations: Sequence[Invalidation]) -> None:
        """Add the commands of `invalidate` to the pipeline of `in_one_trip`."""
        now = self.clock()
        for one in invalidations:
            add_script(pipe, "invalidate", [one.entry.key, one.entry.revision_key], *one.arguments(now))

    def packages_named_by(self, query: str, number: int) -> list[str]:
        """Return the packages whose values of a query have an external id, which a message names.

        The message is noted: if a fill under way turns out to have that id, its value is refused, and fetched again.
        """
        names = run_script(
            self.client,
            "referring",
            [keys.external_ids(query), keys.external_id_named(query, number)],
            number,
            NAMED_FOR,
        )
        return [name.decode() for name in names]

    def packages_about(self, query: str, number: int) -> list[str]:
        """Return the packages whose values of a query have an external id, without noting a message."""
        with redis_errors():
            return [name.decode() for name in self.client.zrangebyscore(keys.external_ids(query), number, number)]

    def are_cached(self, entries: Sequence[Entry]) -> list[bool]:
        """Return for each entry whether it has or had a value, or a failed fill."""
        return [bool(known or failed) for known, failed in self.variants(entries)]

    def variants(self, entries: Sequence[Entry]) -> list[tuple[set[str], set[str]]]:
        """Return the variants of each entry that have or had a value, and those that have a failed fill, in one round trip."""
        with pipeline(self.client) as pipe:
            for entry in entries:
                pipe.hkeys(entry.key)
            rows = [[field.decode() for field in fields] for fields in pipe.execute()]
        return [
            ({name[2:] for name in names if name[:2] in ("v:", "o:")}, {name[2:] for name in names if name[:2] == "x:"})
            for names in rows
        ]

    def fail(self, entry: Entry, variant: str, error: UpstreamError) -> None:
        """Note that a fill failed.  It becomes the variant's error state, and changes no value."""
        arguments = [variant, self.clock(), error.sentence[:MAX_SENTENCE], error.upstream, error.kind]
        run_script(self.client, "fail", [entry.key, entry.revision_key], *arguments)

    def drop(self, entry: Entry, variant: str) -> None:
        """Delete a variant whose release has ended."""
        with pipeline(self.client) as pipe:
            pipe.hdel(entry.key, *(f"{kind}:{variant}" for kind in "voxdn"))
            pipe.incr(entry.revision_key)
            pipe.execute()

    def generation(self, entry: Entry) -> str:
        """Return the entry's generation; "" for a missing entry."""
        with redis_errors():
            return (self.client.hget(entry.key, "gen") or b"").decode()

    def contents(self, entries: Sequence[Entry]) -> list[Contents]:
        """Return what each entry has, in one round trip."""
        with pipeline(self.client) as pipe:
            for entry in entries:
                pipe.hgetall(entry.key)
            return [contents_of(entry, row) for entry, row in zip(entries, pipe.execute(), strict=True)]

    def oldest(self, entries: Sequence[Entry]) -> list[float]:
        """Return for each entry when its oldest current value was fetched; infinity if it has none."""
        return [
            min((cached.stamp.fetched for cached in found.current.values()), default=float("inf"))
            for found in self.contents(entries)
        ]

    def summaries(self, pairs: Sequence[tuple[Entry, str]]) -> list[dict[str, Any] | None]:
        """Return the summary of each (entry, variant), in one round trip; None if the value is not fresh.

        A summary has the integers at the top level of a value, such as ``{"total": 412}``.  To read it costs next to nothing,
        however large the value is.
        """
        with pipeline(self.client) as pipe:
            for entry, variant in pairs:
                pipe.hmget(entry.key, "gen", f"n:{variant}")
            return [summary_stored(*row) for row in pipe.execute()]

    def entries(self, query: str, version: int) -> Iterator[Entry]:
        """Yield every entry of a query in a schema version.  Approximate: one that comes or goes meanwhile may be missing."""
        with redis_errors():
            found = self.client.scan_iter(match=keys.entries_of(query, version), count=1000)
            yield from filter(None, map(keys.entry_of, found))

    def revision(self, package: str) -> int:
        """Return the package's revision, a number that rises when any of its entries changes; 0 if there is none."""
        with redis_errors():
            return int(self.client.get(keys.revision(package)) or 0)

    def _last_known(self, pairs: Sequence[tuple[Entry, str]]) -> list[CachedValue]:
        with pipeline(self.client) as pipe:
            for entry, variant in pairs:
                # The current value again: a fill may have stored it since the first trip, and taken the last known one away.
                pipe.hmget(entry.key, "gen", f"v:{variant}", "facts", f"o:{variant}", f"x:{variant}", "why")
            rows = pipe.execute()
        return [
            cached_value_of(pair, as_cached(*row[:3]).payload) if row[1] else last_known_value_of(pair, *row[3:])
            for pair, row in zip(pairs, rows, strict=True)
        ]


def _is_reflected(source: Source, value: Any, opened: Opened) -> bool:
    return source.reflects is None or source.reflects(value, opened.expected)
