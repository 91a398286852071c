"""Damage: what a reader found wrong with the current index, noted in Redis for a worker to mend.

::

    fp:{index}:damaged      JSON: the folder that is damaged, what was wrong, and when that was seen first; why and when the last
                            build of another index failed

The one thing to know: it is noted by whoever reads, and forgotten by the worker that has built another index.
"""

import json
import logging
import time
from dataclasses import asdict, dataclass, replace

import redis

from fedora_packages.errors import CacheUnavailable
from fedora_packages.redis_server import PREFIX, redis_errors

log = logging.getLogger(__name__)

DAMAGED_KEY = f"{PREFIX}:{{index}}:damaged"

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


def note(client: redis.Redis, folder: str, said: str) -> None:
    """Note that the index in a folder was found damaged.  Where Redis is away the next reader will see it too."""
    damage = Damage(folder, said[:SAID_KEPT], time.time())
    try:
        with redis_errors():
            client.set(DAMAGED_KEY, json.dumps(asdict(damage)), nx=True)
    except CacheUnavailable as error:
        log.warning("that the index is damaged is not noted: %s", error)


def noted(client: redis.Redis) -> Damage | None:
    """Return the damage that was noted and is not mended yet.  Raises `CacheUnavailable`."""
    with redis_errors():
        stored = client.get(DAMAGED_KEY)
    return None if stored is None else Damage(**json.loads(stored))


def note_failure(client: redis.Redis, said: str) -> None:
    """Note why another index could not be built, if damage is noted.  Raises `CacheUnavailable`."""
    damage = noted(client)
    if damage is not None:
        damage = replace(damage, failure=said[:SAID_KEPT], failed=time.time())
        with redis_errors():
            # Forgotten meanwhile it is mended.
            client.set(DAMAGED_KEY, json.dumps(asdict(damage)), xx=True)


def forget(client: redis.Redis) -> None:
    """Forget the damage: it is mended, or was none.  Raises `CacheUnavailable`."""
    with redis_errors():
        client.delete(DAMAGED_KEY)
