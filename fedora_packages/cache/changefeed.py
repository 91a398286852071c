"""The change feed: which variants got another value, in order, for clients that mirror many packages.

A store that changes a value adds a row to one capped Redis stream, in the same step (``lua/store.lua``).  A client keeps a
**cursor**: when the stream began, and the ID of the last row that it has read.  A cursor is valid until a row after it is
trimmed.  The beginning tells a stream from one that was lost with Redis's data.

    1764012345000017.1764012345678-0     the beginning, then the ID: Redis's clock in milliseconds, and a number
"""

from dataclasses import dataclass

from fedora_packages.cache import keys
from fedora_packages.cache.dogpile import MAX_CHANGES
from fedora_packages.cache.redis import Redis, redis_errors, run_script

CURSOR = r"[0-9]{1,20}\.[0-9]{1,15}-[0-9]{1,15}"


class CursorTooOld(Exception):
    """Some changes after a cursor are lost.  ``args[0]`` is a sentence that says why."""


@dataclass(frozen=True)
class Change:
    """A variant of an entry that got another value; ``at`` in seconds since 1970, by Redis's clock."""

    query: str
    package: str
    variant: str
    at: float


@dataclass(frozen=True)
class Changes:
    """Some changes, oldest first; the cursor after the last of them; whether there are more."""

    changes: tuple[Change, ...]
    cursor: str
    more: bool


def current(client: Redis) -> Changes:
    """Return no changes, and the cursor after the newest.  Raises `CacheUnavailable`."""
    began, _, _, last, _ = _read(client, "", 0)
    return Changes((), f"{began}.{last}", False)


def since(client: Redis, cursor: str, count: int, max_changes: int = MAX_CHANGES) -> Changes:
    """Return at most ``count`` changes after a cursor of the form `CURSOR`.  The stream keeps about ``max_changes``.

    Raises `CursorTooOld` if some of them are lost, and `CacheUnavailable`.
    """
    beginning, _, after = cursor.partition(".")
    began, length, first, last, rows = _read(client, after, count + 1)
    if beginning != began:
        raise CursorTooOld("The cursor is from before Redis lost its data")
    # A shorter stream was never trimmed.
    if length >= max_changes and _id_of(after) < _id_of(first):
        raise CursorTooOld(f"More than {max_changes} changes came after the cursor, and the first of them are gone")
    if _id_of(after) > _id_of(last):
        raise CursorTooOld("The cursor is newer than the data: Redis has fallen back to an older copy")
    page = rows[:count]
    end = page[-1][0].decode() if page else after
    return Changes(tuple(_change(*row) for row in page), f"{began}.{end}", len(rows) > count)


def _read(client: Redis, after: str, count: int) -> tuple[str, int, str, str, list]:
    with redis_errors():
        began, length, first, last, rows = run_script(
            client, "changes", [keys.CHANGES, keys.CHANGES_SINCE], after, count
        )
    return began.decode(), length, first.decode(), last.decode(), rows


def _id_of(identifier: str) -> tuple[int, int]:
    milliseconds, _, number = identifier.partition("-")
    return int(milliseconds), int(number)


def _change(identifier: bytes, pairs: list[bytes]) -> Change:
    fields = dict(zip(pairs[::2], pairs[1::2], strict=True))
    entry = keys.entry_of(fields[b"entry"])
    milliseconds, _ = _id_of(identifier.decode())
    return Change(entry.query, entry.package, fields[b"variant"].decode(), milliseconds / 1000)
