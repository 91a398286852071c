"""The old xapian connector: the search."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from fedora_packages.connectors.site import web_address
from fedora_packages.search.document import Document
from fedora_packages.search.find import MAX_HITS, MAX_ROWS, Hit
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.legacy.context import Look
from fedora_packages.web.legacy.decode import MOST_ROWS, Asked
from fedora_packages.web.legacy.rows import Rows
from fedora_packages.web.request import printable

#: What every package's icon is called, without its ending.
ICON = "package_128x128"

_ESCAPED = re.compile("%[0-9A-Fa-f]{2}")


def search_packages(asked: Asked, look: Look) -> Rows:
    """Return the packages that a text finds, with their binaries; one of exactly that name is first.

    No text of a row is null.
    """
    text, rows = meant(asked, look), []
    start = min(asked.start, MAX_HITS)
    last = min(start + min(asked.rows, MOST_ROWS), MAX_HITS)
    while True:
        # Also where no row is asked for: how many there are is.
        found = look.index.search(text, start, min(MAX_ROWS, max(last - start, 0)))
        rows += [_package(hit.document) for hit in found.hits]
        start += MAX_ROWS
        if start >= min(last, found.total):
            return Rows(rows, min(found.total, MAX_HITS))


def meant(asked: Asked, look: Look) -> str:
    """Return the text that a client searches for.

    Some encode it twice, and some write a plus for a space: a plus stands for itself if a package has it in its name.
    """
    text = asked.text("search")
    text = printable(unquote(text) if _ESCAPED.search(text) else text, MAX_QUERY_LENGTH)
    words = [word.lower() for word in text.split() if "+" in word]
    if not words or all(_is_named(word, look.index.search(text, 0, MAX_ROWS).hits) for word in words):
        return text
    return text.replace("+", " ").strip()


def _is_named(word: str, hits: tuple[Hit, ...]) -> bool:
    return any(word in name.lower() for hit in hits for name in (hit.document.name, *hit.document.binary_names))


def _package(document: Document) -> dict[str, Any]:
    about = {
        "description": document.description,
        "icon": ICON,
        "branch": document.branch or "",
    }
    return {
        **about,
        "name": document.name,
        "link": document.name,
        "summary": document.summary,
        "upstream_url": web_address(document.url) or "",
        "devel_owner": document.owner or "",
        "status": _status(document),
        "sub_pkgs": list(_binaries(document)),
    }


def _binaries(document: Document) -> Iterator[dict[str, str]]:
    for binary in document.binaries:
        if binary.name != document.name:
            summary = binary.summary or document.summary
            # Of binaries the index keeps no more than that.
            yield {
                "name": binary.name,
                "link": binary.name,
                "summary": summary,
                "description": summary,
                "icon": ICON,
                "branch": document.branch or "",
            }


def _status(document: Document) -> str:
    if document.retired:
        return "Retired"
    return "Orphaned" if document.owner == "orphan" else "Approved"
