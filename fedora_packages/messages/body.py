"""Read fields of a message's body.

A body is untrusted: any field can be missing or of any type.  Each function returns an empty result instead of failing.
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=4096)
def matches(topic: str, patterns: tuple[str, ...]) -> bool:
    """Return whether a topic matches one of the patterns; ``*`` in a pattern matches any string."""
    return any(fnmatchcase(topic, pattern) for pattern in patterns)


def dig(value: Any, *keys: str) -> Any:
    """Return the value below some keys of nested objects, or None if a key is missing."""
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def named(value: Any) -> Any:
    """Return the name of an object with a ``name``, and any other value as it is: messages have both forms."""
    return dig(value, "name") if isinstance(value, Mapping) else value


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects in a list; an empty list for any other value."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def strings(value: Any) -> list[str]:
    """Return the strings in a list; an empty list for any other value."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def words(value: Any) -> list[str]:
    """Return the words of a string, separated by commas or spaces; an empty list for any other value."""
    return [word for word in re.split(r"[,\s]+", value) if word] if isinstance(value, str) else []


def is_fedora(distribution: Any) -> bool:
    """Return whether a distribution, as Anitya names it, is Fedora."""
    return isinstance(distribution, str) and distribution.lower() == "fedora"
