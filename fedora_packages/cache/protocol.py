"""The cache protocol: read, store, invalidate.  Nothing expires; what changes is invalidated, and then filled again.

The rules that make this safe, each held by one script in ``lua/``:

* a fill reads the entry's generation *before* it asks upstream, and is stored only if the generation is still the same;
* an invalidation raises the generation and makes every value *last known good* in the same step;
* a failure is never stored as a value.

An **entry** is a query about a package.  In Redis it is one hash, and all entries of a package share a cluster slot.  The stream
of changes has another: a store, which tells of itself there in the same step, wants one Redis server::

    fp:{guake}:koji.builds:1   gen = 1764012345000017     the generation; the 1 in the key is the query's shape
                               v:<variant> = {...}        current value with its stamp (JSON)
                               n:<variant> = [gen, {...}] the figures of that value, for who wants no more of it
                               o:<variant> = {...}        last known good, after an invalidation
                               x:<variant> = {...}        the latest failed fill: since, at, error, upstream, kind
                               why = {...}                the newest event that invalidated it, and when that was
                               sent = 1764012345.5        when that event was sent
                               facts = {...}              what upstream must show since: {about: [sent, facts as JSON]}
                               d:<variant> = <digest>     of the value stored last, without its stamp
    fp:{guake}:rev             integer, +1 whenever any entry of the package changes
    fp:{changes}               stream: which variants got another value than before (see ``changes.py``)
    fp:{changes}:since         when that stream began, in microseconds since 1970

Some messages name no package, but a thing of upstream's that values are about: its number is kept with each value, in the step
that stores it, and so the packages are found.  A fill that is under way is in no such list, and learns of the message when it
is to be stored: the moment of the newest message about each thing is kept for a while, and a value is refused whose generation is
older::

    fp:{worker}:refers:anitya.versions        package -> number (a sorted set)
    fp:{worker}:referred:anitya.versions:7    when a message last named number 7: microseconds, by Redis's clock

Before editing: no other module may know these fields, and none of the scripts may be split into two commands.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from dogpile.cache import make_region
from dogpile.cache.api import NO_VALUE, CachedValue
from dogpile.cache.backends.redis import RedisBackend
from dogpile.cache.region import value_version

from fedora_packages.cache.redis import PREFIX, add_script, in_one_trip, redis_errors, run_script
from fedora_packages.cache.values import FAILING, FRESH, REFRESHING, UNKNOWN, Entry, Problem, Reading, Stamp
from fedora_packages.errors import CacheUnavailable, FillInProgress, UpstreamError

log = logging.getLogger(__name__)

#: When the first fill began after which nothing was lost: the oldest that a value can be.
BEGUN_KEY = f"{PREFIX}:{{worker}}:begun"

#: The stream of changed values, when it began, and how many are kept of them, about: never fewer, once there were so many.
CHANGES_KEY = f"{PREFIX}:{{changes}}"
CHANGES_SINCE_KEY = f"{CHANGES_KEY}:since"
CHANGES_KEPT = 20_000

#: Seconds for which an upstream may lag behind its own messages: what they said is looked for in its answers for so long.
LAG_LIMIT = 600.0

#: Seconds for which it is remembered that a message named a thing of upstream's: no fill is under way for so long.
REFERRED_KEPT = 3600

#: Seconds after which the lock of a fill is taken from a process that died while it held it.
LOCK_TIMEOUT = 60.0


#: How many figures are kept of a value, and what is larger than any of them.
FIGURES_KEPT = 16
MOST_FIGURE = 1 << 53


@dataclass(frozen=True)
class Filled:
    """A value with its stamp and the generation that was seen before it was fetched."""

    generation: str
    value: Any
    stamp: Stamp
    evidence: tuple[tuple[float, Mapping[str, Any]], ...] = ()


@dataclass(frozen=True)
class Opened:
    """An entry at the beginning of a fill."""

    generation: str
    current: frozenset[str]  # variants that have a value
    wanting: frozenset[str]  # variants that had one, or could not be filled
    cause: Mapping[str, Any] | None = None  # the newest event that invalidated it
    evidence: tuple[Mapping[str, Any], ...] = ()  # what lately sent events say the value must show
    is_recent: bool = False  # whether that event was sent so lately that upstream may not show it yet


@dataclass(frozen=True)
class Invalidation:
    """An entry to be taken out of use.

    ``event`` is the cause, as `Event.cause` gives it; without one, ``again`` leaves the cause that is known.  ``evidence`` is
    what `Query.evidence` gives of events, each with when that was sent.  With ``make`` an entry that does not exist is made,
    for a fill to come.
    """

    entry: Entry
    event: Mapping[str, Any] | None = None
    evidence: Sequence[tuple[float, Mapping[str, Any]]] = ()
    make: bool = False
    again: bool = False

    def arguments(self, now: float) -> list[Any]:
        """Return what ``lua/invalidate.lua`` is told."""
        why = "" if self.again else _compact({"event": self.event, "at": now})
        sent = self.event["sent"] if self.event else ""
        facts = [part for moment, fact in self.evidence for part in (moment, fact["about"], _compact(fact))]
        return [why, sent, "make" if self.make else "", *facts]


class NotStored(Exception):
    """The entry was invalidated while it was being filled, or its answer is older than an event.  Holds that `Filled`."""


class GenerationBackend(RedisBackend):
    """A dogpile backend whose ``set`` is stored only if no invalidation came since the fill began.

    Keys are ``ENTRY-KEY|VARIANT``.  ``arguments`` are those of dogpile's Redis backend, and ``wait``: the seconds for which
    `get_mutex`'s lock is waited for before `FillInProgress` is raised.
    """

    # Values are encoded here: the region would put metadata of its own before the JSON.
    serializer = None
    deserializer = None

    def __init__(self, arguments: Mapping[str, Any]):
        arguments = dict(arguments)
        self.wait = arguments.pop("wait")
        self._reference = arguments.pop("reference", lambda query, value: None)
        super().__init__(arguments)

    def get(self, key: str) -> Any:
        return self.get_multi([key])[0]

    def get_multi(self, keys: Sequence[str]) -> list[Any]:
        with redis_errors():
            pipe = self.reader_client.pipeline(transaction=False)
            for key in keys:
                entry_key, _, variant = key.rpartition("|")
                pipe.hmget(entry_key, "gen", f"v:{variant}", "facts")
            return [_cached(*row) for row in pipe.execute()]

    def set(self, key: str, value: CachedValue) -> None:
        """Store; raises `NotStored` if the entry was invalidated meanwhile."""
        entry_key, _, variant = key.rpartition("|")
        filled: Filled = value.payload
        if not self.store(entry_key, variant, filled, keep=True):
            raise NotStored(filled)

    def set_multi(self, mapping: Mapping[str, CachedValue]) -> None:
        for key, value in mapping.items():
            self.set(key, value)

    def delete(self, key: str) -> None:
        """Invalidate the entry: a deletion alone would let a fill under way store what is old."""
        self.delete_multi([key])

    def delete_multi(self, keys: Sequence[str]) -> None:
        for entry_key in {key.rpartition("|")[0] for key in keys}:
            run_script(self.writer_client, "invalidate", [entry_key, _revision_key(entry_key)], "", "", "")

    def get_mutex(self, key: str) -> "FillLock":
        entry_key, _, variant = key.rpartition("|")
        return FillLock(self.writer_client, f"{entry_key}:fill:{variant}", self.wait)

    def store(self, entry_key: str, variant: str, filled: Filled, keep: bool = False, shows: bool = True) -> bool:
        """Store a fill and say whether its race was won; see ``lua/store.lua``.  ``shows`` as in `Cache.store`.

        With ``keep`` a value that is there already stays: it was fetched by somebody who may have known better what to expect.
        """
        value = _compact(filled.value)
        data = f'{{"value":{value},"stamp":{_compact(filled.stamp.as_dict())}}}'
        keys = [entry_key, _revision_key(entry_key), CHANGES_KEY, CHANGES_SINCE_KEY]
        told = [filled.generation, variant, data, "keep" if keep else "", _digest(value), CHANGES_KEPT]
        package, query = _parts(entry_key)
        number = self._reference(query, filled.value)
        if number is not None:
            keys += _reference_keys(query, number)
            told += [package, number]
        if not run_script(self.writer_client, "store", keys, *told):
            return False
        figures = _figures(filled.value) if shows else {}
        if figures:
            # No part of the step above: they name the generation that they are of, and mean nothing in another.
            with redis_errors():
                self.writer_client.hset(entry_key, f"n:{variant}", _compact([filled.generation, figures]))
        return True


class FillLock:
    """One fill at a time, across processes: dogpile's mutex, waited for within a bound.

    Raises `FillInProgress` when the bound is reached.  A holder that dies loses it after `LOCK_TIMEOUT`; that two fills
    then overlap costs a request and nothing else, since both are stored by generation.
    """

    def __init__(self, client: redis.Redis, name: str, wait: float):
        self._wait = wait
        self._name = name
        self._lock = client.lock(name, timeout=LOCK_TIMEOUT, sleep=0.02, thread_local=False)

    def acquire(self, wait: bool = True) -> bool:
        with redis_errors():
            got = self._lock.acquire(blocking=wait, blocking_timeout=self._wait if wait else None)
        if wait and not got:
            raise FillInProgress(f"{self._name} was held by another process for {self._wait:g} s")
        return got

    def release(self) -> None:
        try:
            with redis_errors():
                self._lock.release()
        except (redis.exceptions.LockError, CacheUnavailable) as error:
            log.warning("the lock %s could not be given back (it runs out by itself): %s", self._name, error)

    def locked(self) -> bool:
        with redis_errors():
            return self._lock.locked()


class Cache:
    """The cache as one process uses it.

    ``by`` says in stamps who asks upstream (``"web"``, ``"worker"``); ``wait`` bounds in seconds how long a fill waits for
    another one; ``on_lost`` is told of each entry whose fill lost the race, to queue it again; ``reference`` gives the number of
    the thing of upstream's that a query's value is about, or None.
    """

    def __init__(
        self,
        client: redis.Redis,
        by: str,
        wait: float = 2.0,
        on_lost: Callable[[Entry], None] = lambda entry: None,
        clock: Callable[[], float] = time.time,
        reference: Callable[[str, Any], int | None] = lambda query, value: None,
    ):
        self.client = client
        self.by = by
        self.on_lost = on_lost
        self.clock = clock
        self.region = make_region(name=PREFIX).configure(
            "fedora_packages.generations",
            expiration_time=None,
            arguments={
                "connection_pool": client.connection_pool,
                "distributed_lock": True,
                "thread_local_lock": False,
                "wait": wait,
                "reference": reference,
            },
        )
        self.backend: GenerationBackend = self.region.backend

    def read(self, wanted: Sequence[tuple[Entry, str]]) -> list[Reading]:
        """Return a `Reading` for each (entry, variant), in one round trip where all are fresh, in two otherwise."""
        if not wanted:
            return []
        found = self.region.get_multi([_region_key(entry, variant) for entry, variant in wanted])
        missing = [pair for pair, filled in zip(wanted, found, strict=True) if filled is NO_VALUE]
        known = dict(zip(missing, self._last_known(missing), strict=True))
        return [
            known[pair] if filled is NO_VALUE else _reading(pair, filled)
            for pair, filled in zip(wanted, found, strict=True)
        ]

    def fill(
        self,
        entry: Entry,
        variant: str,
        fetch: Callable[[], Any],
        upstream: str,
        shows: Callable[[Any, Sequence[Mapping[str, Any]]], bool] = lambda value, evidence: True,
    ) -> Reading:
        """Return a fresh reading, asking upstream through ``fetch`` if there is none yet and nobody else is at it.

        ``shows`` says of an answer whether it shows the facts of recent events.  One that does not, or that lost the race
        against an invalidation, is handed on as ``refreshing`` and not stored.  Raises `FillInProgress`, and what ``fetch``
        raises (an `UpstreamError` is noted with the entry for panels to tell).
        """

        def create() -> Filled:
            opened = self.open(entry)
            filled = self.fetched(opened.generation, fetch, upstream, opened.cause)
            if not shows(filled.value, opened.evidence):
                raise NotStored(filled)
            return filled

        try:
            filled = self.region.get_or_create(_region_key(entry, variant), create)
        except NotStored as error:
            self.on_lost(entry)
            return _reading((entry, variant), error.args[0], REFRESHING)
        except UpstreamError as error:
            self.fail(entry, variant, error)
            raise
        return _reading((entry, variant), filled)

    def fetched(
        self, generation: str, fetch: Callable[[], Any], upstream: str, event: Mapping[str, Any] | None
    ) -> Filled:
        """Ask upstream and return the answer, stamped."""
        started, ticks = self.clock(), time.perf_counter()
        value = fetch()
        took = round(time.perf_counter() - ticks, 6)
        return Filled(generation, value, Stamp(started, took, upstream, self.by, event))

    def open(self, entry: Entry) -> Opened:
        """Begin a fill: return the entry's generation (made if there was none) and its variants."""
        now = self.clock()

        def build(pipe: Any) -> None:
            add_script(pipe, "open", [entry.key])
            pipe.hkeys(entry.key)
            pipe.hmget(entry.key, "why", "facts")
            # Whoever listens to the bus must know since when there is something that can be old.
            pipe.set(BEGUN_KEY, now, nx=True)

        generation, fields, (why, facts), _ = in_one_trip(self.client, build)
        names = [field.decode() for field in fields]
        cause = json.loads(why)["event"] if why else None
        return Opened(
            generation.decode(),
            frozenset(name[2:] for name in names if name.startswith("v:")),
            frozenset(name[2:] for name in names if name.startswith(("o:", "x:"))),
            cause,
            tuple(facts for _, facts in _recent(facts, now - LAG_LIMIT)),
            cause is not None and cause["sent"] >= now - LAG_LIMIT,
        )

    def store(self, entry: Entry, variant: str, filled: Filled, shows: bool = True) -> bool:
        """Store a fill unless the entry was invalidated since it was opened; a loser is queued again.

        ``shows`` says whether the value shows what events said; of one that does not there are no `figures`.
        """
        if self.backend.store(entry.key, variant, filled, shows=shows):
            return True
        self.on_lost(entry)
        return False

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

    def referring(self, query: str, number: int) -> list[str]:
        """Return the packages whose values of a query are about a thing of upstream's that a message names.

        A fill of another package that is under way, and turns out to be about it, will not be stored but tried again.
        """
        found = run_script(self.client, "referring", _reference_keys(query, number), number, REFERRED_KEPT)
        return [name.decode() for name in found]

    def about(self, query: str, number: int) -> list[str]:
        """Return the packages that `referring` does, and note nothing: for who only wants to know."""
        with redis_errors():
            return [
                name.decode() for name in self.client.zrangebyscore(_reference_keys(query, number)[0], number, number)
            ]

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
            min((_decoded(data)[1].fetched for field, data in row.items() if field[:2] == b"v:"), default=float("inf"))
            for row in rows
        ]

    def figures(self, wanted: Sequence[tuple[Entry, str]]) -> list[dict[str, Any] | None]:
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
            return [_figures_of(*row) for row in pipe.execute()]

    def revision(self, package: str) -> int:
        """Return the package's revision: a number that differs whenever any of its entries has changed."""
        with redis_errors():
            return int(self.client.get(f"{PREFIX}:{{{package}}}:rev") or 0)

    def _last_known(self, wanted: Sequence[tuple[Entry, str]]) -> list[Reading]:
        if not wanted:
            return []
        with redis_errors():
            pipe = self.client.pipeline(transaction=False)
            for entry, variant in wanted:
                pipe.hmget(entry.key, f"o:{variant}", f"x:{variant}", "why")
            return [_old_reading(pair, *row) for pair, row in zip(wanted, pipe.execute(), strict=True)]


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _figures(value: Any) -> dict[str, Any]:
    """Return the whole numbers at the top of a value, a few."""
    if not isinstance(value, Mapping):
        return {}
    found = [(key, one) for key, one in value.items() if type(one) is int and abs(one) < MOST_FIGURE]
    return dict(found[:FIGURES_KEPT])


def _figures_of(generation: bytes | None, stored: bytes | None) -> dict[str, Any] | None:
    """Return the figures that are of an entry's generation."""
    of, figures = json.loads(stored) if stored else (None, None)
    return figures if generation is not None and of == generation.decode() else None


def _digest(value: str) -> str:
    """Return a few letters that differ whenever a value does.  Nobody gains by making two values that share them."""
    return hashlib.blake2b(value.encode(), digest_size=12).hexdigest()


def _recent(facts: bytes | None, earliest: float) -> tuple[tuple[float, Mapping[str, Any]], ...]:
    """Return the facts of an entry's events that were sent since a moment: with older ones upstream has long caught up."""
    found = json.loads(facts).values() if facts else ()
    return tuple((sent, json.loads(fact)) for sent, fact in found if sent >= earliest)


def _region_key(entry: Entry, variant: str) -> str:
    return f"{entry.key}|{variant}"


def _parts(entry_key: str) -> tuple[str, str]:
    """Return the package and the query of an entry."""
    package, _, rest = entry_key.removeprefix(f"{PREFIX}:{{").partition("}:")
    return package, rest.rpartition(":")[0]


def _reference_keys(query: str, number: int) -> list[str]:
    return [f"{PREFIX}:{{worker}}:refers:{query}", f"{PREFIX}:{{worker}}:referred:{query}:{number}"]


def _revision_key(entry_key: str) -> str:
    return entry_key[: entry_key.index("}:") + 2] + "rev"


def _cached(generation: bytes | None, data: bytes | None, facts: bytes | None) -> Any:
    if generation is None or data is None:
        return NO_VALUE
    value, stamp = _decoded(data)
    filled = Filled(generation.decode(), value, stamp, _recent(facts, time.time() - LAG_LIMIT))
    return CachedValue(filled, {"ct": stamp.fetched, "v": value_version})


def _decoded(data: bytes) -> tuple[Any, Stamp]:
    stored = json.loads(data)
    return stored["value"], Stamp(**stored["stamp"])


def _reading(pair: tuple[Entry, str], filled: Filled, state: str = FRESH) -> Reading:
    return Reading(*pair, state, filled.value, filled.stamp, evidence=filled.evidence)


def _old_reading(pair: tuple[Entry, str], old: bytes | None, failure: bytes | None, why: bytes | None) -> Reading:
    value, stamp = _decoded(old) if old else (None, None)
    because = json.loads(why) if why else None
    if failure:
        problem = Problem(**json.loads(failure))
        return Reading(*pair, FAILING, value, stamp, because, problem)
    return Reading(*pair, REFRESHING if old else UNKNOWN, value, stamp, because)
