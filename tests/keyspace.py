"""Which kind of the keyspace a key is of; ``docs/architecture.rst`` lists the kinds."""

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

DOCUMENT = Path(__file__).parents[1] / "docs" / "architecture.rst"


class Kind(NamedTuple):
    """A kind of key: its pattern, and its type as ``TYPE`` returns it."""

    pattern: str
    type: str


#: A row of the list: a pattern, the type, the processes that write it, how many or how long, and what it holds.
ROW = re.compile(
    r"(?m)^``(fp:\S+)``\n    (hash|string|set|zset|list|stream), written by (?:web, worker|web|worker); [^;\n]+; [^;\n]+\.$"
)

#: Every kind of key.
KEYSPACE = tuple(Kind(*row) for row in ROW.findall(DOCUMENT.read_text("utf-8")))

#: What the placeholders of a kind's pattern stand for.
PLACEHOLDERS = {
    "package": r"[^}]+",
    "query": r"[a-z_]+\.[a-z_]+",
    "version": r"[0-9]+",
    "variant": r"[^:]*",
    "upstream": r"[a-z]+",
    "name": r"sweep:[a-z]+|audit:[a-z_.]+|probe",
    "method": r"[a-z_]+",
    "id": r".+",
    "slot": r"[0-9]+",
    "minute": r"[0-9]+",
    "what": r"left|lookups|lookups/client|checks/client|checks/package",
    "who": r".+",
    "number": r"[0-9]+",
}


@cache
def regex_of(kind: Kind) -> re.Pattern[str]:
    """Return the regular expression of the keys of a kind."""
    # Every second part is the name of a placeholder.
    parts = re.split("<([a-z]+)>", kind.pattern)
    return re.compile(
        "".join(f"({PLACEHOLDERS[part]})" if number % 2 else re.escape(part) for number, part in enumerate(parts))
    )


def kinds_of(key: str) -> list[Kind]:
    """Return the kinds that a key is of: there should be one."""
    return [kind for kind in KEYSPACE if regex_of(kind).fullmatch(key)]


def everything_in(client: Any) -> str:
    """Return all that a Redis holds, as one text to search."""
    read = {
        b"hash": client.hgetall,
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"stream": client.xrange,
        # One that has just expired.
        b"none": lambda key: None,
    }
    return repr({key: read[client.type(key)](key) for key in client.scan_iter()})
