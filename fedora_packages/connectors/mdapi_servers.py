"""The two servers of mdapi's URLs: what their answers have in common, and how they differ.

MetaSource has replaced mdapi 3.  It names the binary where mdapi names the source, returns an empty string where mdapi returns
null, and cannot look up a capability.  No setting says which of the two answers: its answers do.
"""

import os.path
from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.connectors.http import Response

#: The bodies of errors, which begin with their status: no such package, and nothing found or no such branch.  MetaSource can use
#: the second for the first.
UNKNOWN, NOTHING = b"404: Not Found", b"400: Bad Request"

#: The fields of a package, and of its relations, that mdapi has as null or as a text, never as an empty string.
_TEXTS, _RELATION_TEXTS = ("url",), ("flags", "version", "release")


def says(answer: Response, words: bytes) -> bool:
    """Whether a response is an error in mdapi's own words: a proxy without a route to it returns such a status too."""
    is_page = answer.content_type.startswith("text/html")
    return answer.status == int(words[:3]) and answer.body.strip() == words and not is_page


def is_metasource(response: Response, answer: Any = None) -> bool:
    """Whether a response is MetaSource's and not mdapi's; ``answer`` is its JSON.

    MetaSource ends each answer with a line end, also its errors.  Its empty texts and lists tell, too.
    """
    rows = answer if isinstance(answer, list) else [answer]
    return response.body.endswith(b"\n") or answer == [] or any(map(_has_empty_text, rows))


def _has_empty_text(row: Any) -> bool:
    if not isinstance(row, Mapping):
        return False
    relations = (item for value in row.values() if isinstance(value, list) for item in value)
    return any(row.get(name) == "" for name in _TEXTS) or any(
        isinstance(item, Mapping) and any(item.get(name) == "" for name in _RELATION_TEXTS) for item in relations
    )


def named(row: Any) -> Any:
    """Return a package with its ``name``, which MetaSource has as ``basename``, and without a source, which it does not tell."""
    if not isinstance(row, Mapping) or "basename" not in row:
        return row
    return {**row, "name": row["basename"], "basename": None}


def likely_source(binary: str, siblings: Sequence[str]) -> str:
    """Return the likely name of a binary package's source: what the names of all its binaries begin with.

    If they begin differently, it is the name of the binary without its last part.  "" without a guess.
    """
    stem = os.path.commonprefix([*siblings]).rstrip("-+._") or binary.rpartition("-")[0]
    return stem.replace("python3-", "python-", 1) if stem.startswith("python3-") else stem


def signed(number: Any) -> Any:
    """Return an integer that MetaSource has written without its sign: a date before 1970."""
    return number - (1 << 64) if isinstance(number, int) and number >= 1 << 63 else number
