"""dogpile's backend over Redis, which stores by generation, and the lock of a fill.  The only module that imports dogpile."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dogpile.cache import CacheRegion, make_region
from dogpile.cache.api import NO_VALUE, CachedValue
from dogpile.cache.backends.redis import RedisBackend
from dogpile.cache.region import value_version

from fedora_packages.cache import keys
from fedora_packages.cache.redis import LockError, Redis, pipeline, redis_errors, run_script
from fedora_packages.cache.values import LAG_LIMIT, StampedValue, as_json, decoded, digest, recent, summary_of
from fedora_packages.errors import CacheUnavailable, FillInProgress

log = logging.getLogger(__name__)

#: Rows that the stream of changes keeps, about.
MAX_CHANGES = 20_000

#: Seconds after which the lock of a fill expires: its process may have died.
LOCK_TIMEOUT = 60.0

#: Seconds between two attempts to get the lock.
LOCK_POLL = 0.02


class StaleFill(Exception):
    """The entry was invalidated since the fetch began.  ``args[0]`` is the `StampedValue`."""


class GenerationBackend(RedisBackend):
    """A dogpile backend that stores a value only if its entry was not invalidated since the fetch began.

    Keys are ``ENTRY-KEY|VARIANT``.  ``arguments`` are those of dogpile's Redis backend and those of `region`.
    """

    # This class encodes values itself: the region would put metadata of its own before the JSON.
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
        with pipeline(self.reader_client) as pipe:
            for key in names:
                entry_key, variant = keys.parts_of_variant(key)
                pipe.hmget(entry_key, "gen", f"v:{variant}", "facts")
            return [as_cached(*row) for row in pipe.execute()]

    def set(self, key: str, value: CachedValue) -> None:
        """Store a `StampedValue` unless there is a value.  Raises `StaleFill`.  `Cache.fill` does not come this way."""
        entry_key, variant = keys.parts_of_variant(key)
        stamped: StampedValue = value.payload
        if not self.store(entry_key, variant, stamped, keep=True):
            raise StaleFill(stamped)

    def delete(self, key: str) -> None:
        """Invalidate the entry.  After a mere deletion a fill under way could store an old value."""
        entry_key, _ = keys.parts_of_variant(key)
        run_script(self.writer_client, "invalidate", [entry_key, keys.revision_of(entry_key)], "", "", "")

    def get_mutex(self, key: str) -> "FillLock":
        entry_key, variant = keys.parts_of_variant(key)
        return FillLock(self.writer_client, keys.fill_lock(entry_key, variant), self.wait)

    def store(
        self, entry_key: str, variant: str, stamped: StampedValue, keep: bool = False, is_reflected: bool = True
    ) -> bool:
        """Store a value unless its entry was invalidated since the fetch began.  Returns False if it was.

        ``keep`` leaves a current value in place: its fill may have known a newer expected state.  A value for which
        ``is_reflected`` is False gets no summary.  See ``lua/store.lua``.
        """
        value = as_json(stamped.value)
        data = f'{{"value":{value},"stamp":{as_json(stamped.stamp.as_dict())}}}'
        names = [entry_key, keys.revision_of(entry_key), keys.CHANGES, keys.CHANGES_SINCE]
        arguments = [stamped.generation, variant, data, "keep" if keep else "", digest(value), self.max_changes]
        entry = keys.entry_of(entry_key)
        external_id = self._external_id(entry.query, stamped.value)
        if external_id is not None:
            names += [keys.external_ids(entry.query), keys.external_id_named(entry.query, external_id)]
            arguments += [entry.package, external_id]
        if not run_script(self.writer_client, "store", names, *arguments):
            return False
        summary = summary_of(stamped.value) if is_reflected else {}
        if summary:
            # It need not be part of that step: it carries its generation, and is ignored in any other.
            with redis_errors():
                self.writer_client.hset(entry_key, f"n:{variant}", as_json([stamped.generation, summary]))
        return True


def region(client: Redis, wait: float, external_id: Callable[[str, Any], int | None], max_changes: int) -> CacheRegion:
    """Return the region of a `Cache`, whose values never expire.  The arguments are those of `Cache`."""
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
    """dogpile's mutex: one fill at a time, over all processes.

    ``acquire`` raises `FillInProgress` after ``wait`` seconds.  The lock expires after `LOCK_TIMEOUT`.  Two fills that then
    overlap cost a request and no more, since both are stored by generation.
    """

    def __init__(self, client: Redis, name: str, wait: float):
        self._wait = wait
        self._name = name
        self._lock = client.lock(name, timeout=LOCK_TIMEOUT, sleep=LOCK_POLL, thread_local=False)

    def acquire(self, wait: bool = True) -> bool:
        with redis_errors():
            is_ours = self._lock.acquire(blocking=wait, blocking_timeout=self._wait if wait else None)
        if wait and not is_ours:
            raise FillInProgress(f"another process still holds {self._name} after {self._wait:g} s")
        return is_ours

    def release(self) -> None:
        try:
            with redis_errors():
                self._lock.release()
        except (LockError, CacheUnavailable) as error:
            log.warning("cannot release the lock %s, which expires by itself: %s", self._name, error)

    def locked(self) -> bool:
        with redis_errors():
            return self._lock.locked()


def as_cached(generation: bytes | None, data: bytes | None, states: bytes | None) -> Any:
    """Return dogpile's form of a variant's value; ``states`` is the hash field of expected states."""
    if generation is None or data is None:
        return NO_VALUE
    value, stamp = decoded(data)
    stamped = StampedValue(generation.decode(), value, stamp, recent(states, time.time() - LAG_LIMIT))
    return CachedValue(stamped, {"ct": stamp.fetched, "v": value_version})
