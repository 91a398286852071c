"""Report a corrupt index: readers note it in Redis, and a worker rebuilds the index.

::

    fp:{index}:corruption   JSON: the corrupt directory, the error, when it was first seen; why and when the last rebuild failed

A note is about one directory.  It has no effect once the index is another directory, and a note about that replaces it.  The
worker that has rebuilt the index removes the note.
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

#: Characters of an error.
MAX_ERROR_LENGTH = 500


@dataclass(frozen=True)
class Corruption:
    """An index that cannot be read: its directory, the error, and when it was first seen (UTC seconds).

    ``failure`` and ``failed`` are why and when its last rebuild failed, or None.
    """

    directory: str
    error: str
    at: float
    failure: str | None = None
    failed: float | None = None


def note(client: Redis, directory: str, error: str) -> None:
    """Note that the index in a directory is corrupt.  Without Redis only a warning is logged: the next reader notes it."""
    corruption = Corruption(directory, error[:MAX_ERROR_LENGTH], time.time())
    try:
        _change(client, lambda before: before if before and before.directory == directory else corruption)
    except CacheUnavailable as unavailable:
        log.warning("cannot note that the search index %s is corrupt: %s", directory, unavailable)


def noted(client: Redis) -> Corruption | None:
    """Return the corruption that is noted, of any directory.  Raises `CacheUnavailable`."""
    with redis_errors():
        return _parsed(client.get(keys.CORRUPTION))


def note_failure(client: Redis, directory: str, error: str) -> None:
    """Note why a rebuild failed, if the corruption of the directory is still noted.  Raises `CacheUnavailable`."""

    def with_failure(before: Corruption | None) -> Corruption | None:
        if before is None or before.directory != directory:
            return before
        return replace(before, failure=error[:MAX_ERROR_LENGTH], failed=time.time())

    _change(client, with_failure)


def forget(client: Redis, directory: str) -> None:
    """Remove the note about a directory, which is rebuilt or was never corrupt.  Raises `CacheUnavailable`."""
    _change(client, lambda before: None if before and before.directory == directory else before)


def _change(client: Redis, change: Callable[[Corruption | None], Corruption | None]) -> None:
    """Replace the note by what ``change`` makes of it, in one step: other processes change it too."""

    def step(pipe: Any) -> None:
        before = _parsed(pipe.get(keys.CORRUPTION))
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


def _parsed(stored: bytes | None) -> Corruption | None:
    return None if stored is None else Corruption(**json.loads(stored))
