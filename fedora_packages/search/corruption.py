"""Damage: what a reader found wrong with the current index, noted in Redis for a worker to mend.

::

    fp:{index}:corruption   JSON: the folder that is damaged, what was wrong, and when that was seen first; why and when the
                            last build of another index failed

The one thing to know: it is noted by whoever reads, and forgotten by the worker that has built another index.  A note counts for
the folder that it names and for no other: once the index is another folder it says nothing, and gives way to damage of that.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.errors import CacheUnavailable

log = logging.getLogger(__name__)

#: Characters of what was wrong, and of why a build failed.
SAID_KEPT = 500


@dataclass(frozen=True)
class Damage:
    """A folder of the index that cannot be read: what was wrong, and when that was seen first (UTC seconds).

    ``failure`` says why the last build of another index failed that was begun because of it, ``failed`` when; None: none has.
    """

    folder: str
    said: str
    at: float
    failure: str | None = None
    failed: float | None = None


def note(client: Redis, folder: str, said: str) -> None:
    """Note that the index in a folder was found damaged.  Where Redis is away the next reader will see it too."""
    damage = Damage(folder, said[:SAID_KEPT], time.time())
    try:
        _change(client, lambda before: before if before and before.folder == folder else damage)
    except CacheUnavailable as error:
        log.warning("that the index is damaged is not noted: %s", error)


def noted(client: Redis) -> Damage | None:
    """Return the damage that was noted and is not mended yet, of whatever folder.  Raises `CacheUnavailable`."""
    with redis_errors():
        return _read(client.get(keys.CORRUPTION))


def note_failure(client: Redis, folder: str, said: str) -> None:
    """Note why another index could not be built, if damage of the folder is noted.  Raises `CacheUnavailable`."""

    def with_failure(before: Damage | None) -> Damage | None:
        # Forgotten meanwhile it is mended.
        is_meant = before is not None and before.folder == folder
        return replace(before, failure=said[:SAID_KEPT], failed=time.time()) if is_meant else before

    _change(client, with_failure)


def forget(client: Redis, folder: str) -> None:
    """Forget the damage of a folder: it is mended, or was none.  Raises `CacheUnavailable`."""
    _change(client, lambda before: None if before and before.folder == folder else before)


def _change(client: Redis, change: Callable[[Damage | None], Damage | None]) -> None:
    """Put what ``change`` makes of the note in its place, in one step: others may note, mend and forget at the same time."""

    def step(pipe: Any) -> None:
        before = _read(pipe.get(keys.CORRUPTION))
        after = change(before)
        if after == before:
            return
        pipe.multi()
        if after is None:
            pipe.delete(keys.CORRUPTION)
        else:
            pipe.set(keys.CORRUPTION, json.dumps(asdict(after)))

    with redis_errors():
        client.transaction(step, keys.CORRUPTION)


def _read(stored: bytes | None) -> Damage | None:
    return None if stored is None else Damage(**json.loads(stored))
