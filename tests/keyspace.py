"""Which kind of the keyspace a key is of."""

import re
from functools import cache

from fedora_packages.cache.keys import KEYSPACE, Key

#: What the placeholders of a kind's pattern stand for.
PLACEHOLDERS = {
    "package": r"[^}]+",
    "query": r"[a-z_]+\.[a-z_]+",
    "version": r"[0-9]+",
    "variant": r"[^:]*",
    "upstream": r"[a-z]+",
    "method": r"[a-z_]+",
    "id": r".+",
    "slot": r"[0-9]+",
    "minute": r"[0-9]+",
    "what": r"left|lookups|lookups/client|checks/client|checks/package",
    "who": r".+",
    "number": r"[0-9]+",
}


@cache
def regex_of(kind: Key) -> re.Pattern[str]:
    """Return the regular expression of the keys of a kind."""
    # Every second part is the name of a placeholder.
    parts = re.split("<([a-z]+)>", kind.pattern)
    return re.compile(
        "".join(f"({PLACEHOLDERS[part]})" if number % 2 else re.escape(part) for number, part in enumerate(parts))
    )


def kinds_of(key: str) -> list[Key]:
    """Return the kinds that a key is of: there should be one."""
    return [kind for kind in KEYSPACE if regex_of(kind).fullmatch(key)]
