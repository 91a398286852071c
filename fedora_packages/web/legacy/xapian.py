"""The old Xapian connector: the search."""

import re
from typing import Any
from urllib.parse import unquote

from fedora_packages.connectors.page_links import web_address
from fedora_packages.search.document import Binary, Document
from fedora_packages.search.find import MAX_HITS, MAX_ROWS, Hit
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.legacy.context import LegacyContext
from fedora_packages.web.legacy.decode import MAX_ROWS_PER_ANSWER, LegacyRequest
from fedora_packages.web.legacy.envelope import envelope
from fedora_packages.web.request import printable

#: The name of every package's icon, without its extension.
ICON = "package_128x128"

_ESCAPED = re.compile("%[0-9A-Fa-f]{2}")


def search_packages(query: LegacyRequest, context: LegacyContext) -> dict[str, Any]:
    """Return the packages that a text finds, with their binary packages; one of exactly that name comes first.

    No string of a row is null.
    """
    text, rows = search_text(query, context), []
    start = min(query.start, MAX_HITS)
    last = min(start + min(query.rows, MAX_ROWS_PER_ANSWER), MAX_HITS)
    while True:
        # Even for no rows: clients read the number of hits.
        found = context.index.search(text, start, min(MAX_ROWS, max(last - start, 0)))
        rows += [_package(hit.document) for hit in found.hits]
        start += MAX_ROWS
        if start >= min(last, found.total):
            return envelope(rows, min(found.total, MAX_HITS), query)


def search_text(query: LegacyRequest, context: LegacyContext) -> str:
    """Return the text of a client's search.

    Some clients encode it twice, and some write a plus for a space: a plus stays if it is part of a package's name.
    """
    text = query.text("search")
    text = printable(unquote(text) if _ESCAPED.search(text) else text, MAX_QUERY_LENGTH)
    words = [word.lower() for word in text.split() if "+" in word]
    if not words or all(_is_named(word, context.index.search(text, 0, MAX_ROWS).hits) for word in words):
        return text
    return text.replace("+", " ").strip()


def _is_named(word: str, hits: tuple[Hit, ...]) -> bool:
    return any(word in name.lower() for hit in hits for name in (hit.document.name, *hit.document.binary_names))


def _package(document: Document) -> dict[str, Any]:
    return {
        "description": document.description,
        "icon": ICON,
        "branch": document.branch or "",
        "name": document.name,
        "link": document.name,
        "summary": document.summary,
        "upstream_url": web_address(document.url) or "",
        "devel_owner": document.owner or "",
        "status": _status(document),
        "sub_pkgs": [_binary(binary, document) for binary in document.binaries if binary.name != document.name],
    }


def _binary(binary: Binary, document: Document) -> dict[str, str]:
    summary = binary.summary or document.summary
    return {
        "name": binary.name,
        "link": binary.name,
        "summary": summary,
        # The index has no more about binary packages.
        "description": summary,
        "icon": ICON,
        "branch": document.branch or "",
    }


def _status(document: Document) -> str:
    if document.retired:
        return "Retired"
    return "Orphaned" if document.owner == "orphan" else "Approved"
