"""dogpile's backend over Redis, which stores by generation, and its lock.  The one home of dogpile."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dogpile.cache import CacheRegion, make_region
from dogpile.cache.api import NO_VALUE, CachedValue
from dogpile.cache.backends.redis import RedisBackend
from dogpile.cache.region import value_version

from fedora_packages.cache import keys
from fedora_packages.cache.redis import LockError, Redis, redis_errors, run_script
from fedora_packages.cache.values import LAG_LIMIT, Filled, as_json, decoded, digest, recent, summary_of
from fedora_packages.errors import CacheUnavailable, FillInProgress

log = logging.getLogger(__name__)

MAX_CHANGES = 20_000

#: Seconds after which the lock of a fill is taken from a process that died while it held it.
LOCK_TIMEOUT = 60.0


class StaleFill(Exception):
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
        self.max_changes = arguments.pop("max_changes", MAX_CHANGES)
        self._external_id = arguments.pop("external_id", lambda query, value: None)
        super().__init__(arguments)

    def get(self, key: str) -> Any:
        return self.get_multi([key])[0]

    def get_multi(self, names: Sequence[str]) -> list[Any]:
        with redis_errors():
            pipe = self.reader_client.pipeline(transaction=False)
            for key in names:
                entry_key, variant = keys.parts_of_variant(key)
                pipe.hmget(entry_key, "gen", f"v:{variant}", "facts")
            return [as_cached(*row) for row in pipe.execute()]

    def set(self, key: str, value: CachedValue) -> None:
        """Store; raises `StaleFill` if the entry was invalidated meanwhile."""
        entry_key, variant = keys.parts_of_variant(key)
        filled: Filled = value.payload
        if not self.store(entry_key, variant, filled, keep=True):
            raise StaleFill(filled)

    def delete(self, key: str) -> None:
        """Invalidate the entry: a deletion alone would let a fill under way store what is old."""
        self.delete_multi([key])

    def delete_multi(self, names: Sequence[str]) -> None:
        for entry_key in {keys.parts_of_variant(name)[0] for name in names}:
            run_script(self.writer_client, "invalidate", [entry_key, keys.revision_of(entry_key)], "", "", "")

    def get_mutex(self, key: str) -> "FillLock":
        entry_key, variant = keys.parts_of_variant(key)
        return FillLock(self.writer_client, keys.fill_lock(entry_key, variant), self.wait)

    def store(self, entry_key: str, variant: str, filled: Filled, keep: bool = False, reflects: bool = True) -> bool:
        """Store an answer unless its entry was invalidated since the fetch began; returns whether that is so.

        ``keep`` leaves a value that is there: its fill may have known better what to expect.  A value that does not ``reflect``
        the expected state gets no summary.  See ``lua/store.lua``.
        """
        value = as_json(filled.value)
        data = f'{{"value":{value},"stamp":{as_json(filled.stamp.as_dict())}}}'
        names = [entry_key, keys.revision_of(entry_key), keys.CHANGES, keys.CHANGES_SINCE]
        told = [filled.generation, variant, data, "keep" if keep else "", digest(value), self.max_changes]
        entry = keys.entry_of(entry_key)
        number = self._external_id(entry.query, filled.value)
        if number is not None:
            names += [keys.external_ids(entry.query), keys.external_id_named(entry.query, number)]
            told += [entry.package, number]
        if not run_script(self.writer_client, "store", names, *told):
            return False
        summary = summary_of(filled.value) if reflects else {}
        if summary:
            # No part of the step above: they name the generation that they are of, and mean nothing in another.
            with redis_errors():
                self.writer_client.hset(entry_key, f"n:{variant}", as_json([filled.generation, summary]))
        return True


def region(client: Redis, wait: float, external_id: Callable[[str, Any], int | None], max_changes: int) -> CacheRegion:
    """Return the region of a `Cache`; see there.  It never expires anything."""
    return make_region(name=keys.PREFIX).configure(
        "fedora_packages.generations",
        expiration_time=None,
        arguments={
            "connection_pool": client.connection_pool,
            "distributed_lock": True,
            "thread_local_lock": False,
            "wait": wait,
            "external_id": external_id,
            "max_changes": max_changes,
        },
    )


class FillLock:
    """One fill at a time, across processes: dogpile's mutex, waited for within a bound.

    Raises `FillInProgress` when the bound is reached.  A holder that dies loses it after `LOCK_TIMEOUT`; that two fills
    then overlap costs a request and nothing else, since both are stored by generation.
    """

    def __init__(self, client: Redis, name: str, wait: float):
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
        except (LockError, CacheUnavailable) as error:
            log.warning("the lock %s could not be given back (it runs out by itself): %s", self._name, error)

    def locked(self) -> bool:
        with redis_errors():
            return self._lock.locked()


def as_cached(generation: bytes | None, data: bytes | None, facts: bytes | None) -> Any:
    if generation is None or data is None:
        return NO_VALUE
    value, stamp = decoded(data)
    filled = Filled(generation.decode(), value, stamp, recent(facts, time.time() - LAG_LIMIT))
    return CachedValue(filled, {"ct": stamp.fetched, "v": value_version})
