"""Changes: which values became others, in the order in which they did, for programs that follow all packages.

Each value that is stored and is not the one stored before is told in one capped Redis stream, in the same step
(``lua/store.lua``).  Whoever follows it keeps a **cursor**: when the stream began, and the ID of the last row that was read.  A
cursor is good while nothing after it was trimmed; the beginning tells a stream from one that was lost with a Redis's data.

    1764012345000017.1764012345678-0     began, then the ID: Redis's clock in milliseconds, and a number
"""

from dataclasses import dataclass

from fedora_packages.cache import keys
from fedora_packages.cache.backend import MAX_CHANGES
from fedora_packages.cache.redis import Redis, redis_errors, run_script

CURSOR = r"[0-9]{1,20}\.[0-9]{1,15}-[0-9]{1,15}"


class CursorTooOld(Exception):
    """What came after a cursor is not known any more.  ``args[0]`` says why, in a sentence."""


@dataclass(frozen=True)
class Change:
    """A variant of an entry that got another value than it had before; ``at`` in seconds since 1970 (Redis's clock)."""

    query: str
    package: str
    variant: str
    at: float


@dataclass(frozen=True)
class Changes:
    """Some changes, the oldest first; the cursor after the last of them; whether there are more already."""

    changes: tuple[Change, ...]
    cursor: str
    more: bool


def current(client: Redis) -> Changes:
    """Return no changes, and the cursor after the newest.  Raises `CacheUnavailable`."""
    began, _, _, last, _ = _read(client, "", 0)
    return Changes((), f"{began}.{last}", False)


def since(client: Redis, cursor: str, count: int, kept: int = MAX_CHANGES) -> Changes:
    """Return at most ``count`` changes after a cursor of the form `CURSOR`, of a feed of ``kept`` changes.

    Raises `CursorTooOld` where some of them are not known any more, and `CacheUnavailable`.
    """
    asked, _, after = cursor.partition(".")
    began, length, first, last, rows = _read(client, after, count + 1)
    if asked != began:
        raise CursorTooOld("The changes are not those that this cursor is of: what was cached then has been lost since")
    # Until so many were told that the first had to go, there is every one of them.
    if length >= kept and _number(after) < _number(first):
        raise CursorTooOld("There were so many changes since that the first of them are not kept any more")
    if _number(after) > _number(last):
        raise CursorTooOld("Redis has fallen back to older data: it never told a change of this cursor")
    shown = rows[:count]
    end = shown[-1][0].decode() if shown else after
    return Changes(tuple(_change(*row) for row in shown), f"{began}.{end}", len(rows) > count)


def _read(client: Redis, after: str, count: int) -> tuple[str, int, str, str, list]:
    with redis_errors():
        began, length, first, last, rows = run_script(
            client, "changes", [keys.CHANGES, keys.CHANGES_SINCE], after, count
        )
    return began.decode(), length, first.decode(), last.decode(), rows


def _number(identifier: str) -> tuple[int, int]:
    milliseconds, _, number = identifier.partition("-")
    return int(milliseconds), int(number)


def _change(identifier: bytes, fields: list[bytes]) -> Change:
    told = dict(zip(fields[::2], fields[1::2], strict=True))
    entry = keys.entry_of(told[b"entry"])
    milliseconds, _ = _number(identifier.decode())
    return Change(entry.query, entry.package, told[b"variant"].decode(), milliseconds / 1000)
