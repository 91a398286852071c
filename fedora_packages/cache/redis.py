"""The Redis client, scripts and pipelines, and what Redis errors become.

`fedora_packages.cache.keys` has every key.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache as once
from importlib.resources import files
from typing import Any

from redis import Redis, RedisError, ResponseError
from redis.exceptions import LockError, NoScriptError

from fedora_packages.errors import CacheUnavailable

__all__ = ["LockError", "Redis", "RedisError"]


@once
def script(name: str) -> str:
    """Return the text of ``lua/NAME.lua``."""
    return files("fedora_packages.cache").joinpath(f"lua/{name}.lua").read_text(encoding="utf-8")


@once
def script_digest(name: str) -> str:
    """Return the SHA-1 digest by which Redis runs ``lua/NAME.lua`` once it is loaded."""
    return hashlib.sha1(script(name).encode()).hexdigest()


def run_id(client: Redis) -> str:
    """Return the ID of this run of Redis.  After a restart Redis may have older data.  Raises `CacheUnavailable`."""
    with redis_errors():
        return client.info("server")["run_id"]


def run_script(client: Redis, name: str, keys: Sequence[str], *arguments: Any) -> Any:
    """Return the result of ``lua/NAME.lua``.  Raises `CacheUnavailable`."""
    with redis_errors():
        try:
            return client.evalsha(script_digest(name), len(keys), *keys, *arguments)
        except NoScriptError:
            return client.eval(script(name), len(keys), *keys, *arguments)


def add_script(pipe: Any, name: str, keys: Sequence[str], *arguments: Any) -> None:
    """Add ``lua/NAME.lua`` to the pipeline of `in_one_trip`."""
    pipe.evalsha(script_digest(name), len(keys), *keys, *arguments)


def in_one_trip(client: Redis, build: Callable[[Any], None], as_one: bool = False) -> list[Any]:
    """Return the results of the commands that ``build`` adds to a pipeline.  With ``as_one`` they are one atomic step.

    A restarted Redis has lost the scripts.  All commands are then sent a second time, so each must be safe to run twice.
    Raises `CacheUnavailable`.
    """

    def results() -> list[Any]:
        pipe = client.pipeline(transaction=as_one)
        build(pipe)
        return pipe.execute()

    with redis_errors():
        try:
            return results()
        except NoScriptError:
            for path in files("fedora_packages.cache").joinpath("lua").iterdir():
                client.script_load(path.read_text(encoding="utf-8"))
            return results()


@contextmanager
def redis_errors():
    """Raise `CacheUnavailable` for errors of a Redis that is unreachable or refuses to write."""
    try:
        yield
    except LockError:
        # A lock that another process has taken says nothing about Redis.
        raise
    except RedisError as error:
        if isinstance(error, ResponseError) and str(error).startswith(("ERR", "WRONGTYPE", "unknown command")):
            # A bug of ours.  A Redis that is full or has lost its replicas returns other errors.
            raise
        # The error names the host, which belongs in the log: users read this sentence.
        raise CacheUnavailable(f"Redis does not answer ({type(error).__name__})") from error


@contextmanager
def pipeline(client: Redis, as_one: bool = False) -> Iterator[Any]:
    """Give a pipeline, whose commands take one round trip.  With ``as_one`` they are one atomic step.

    Raises `CacheUnavailable`.
    """
    with redis_errors():
        yield client.pipeline(transaction=as_one)


def connect(url: str, timeout: float = 5.0) -> Redis:
    """Return a Redis client that is not connected yet.  ``timeout`` bounds each command, in seconds."""
    return Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, health_check_interval=30)
