"""A search, for pages and API: the match of an identifier in the text, and the packages that the text finds.

An identifier is not searched for word by word.  A build or a URL of an unknown package searches for the package's name, the URL
of a search for the text of that search.
"""

import re
from dataclasses import replace

from pyramid.request import Request

from fedora_packages.search.find import Hits
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.identifiers import SearchPage
from fedora_packages.web.request import printable
from fedora_packages.web.resolve import Match, identifier_in, resolve, unknown_package

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def term_of(text: str) -> str:
    """Return the part of a text that is searched for and shown again."""
    # Control characters separate words here as they do in a terminal.
    return printable(" ".join(_CONTROL.sub(" ", text).split()), MAX_QUERY_LENGTH)


def search(request: Request, text: str, start: int, rows: int) -> tuple[Match | None, Hits]:
    """Return the match of an identifier (with the first hits only), and ``rows`` hits from ``start`` on.

    Raises `SearchUnavailable`.
    """
    identifier, corrected = identifier_in(request, text), None
    if isinstance(identifier, SearchPage):
        text = corrected = identifier.value
        identifier = identifier_in(request, text)
    match = resolve(request, identifier) if start == 0 else None
    name = unknown_package(request, identifier)
    if match and not name:
        return match, Hits(0, ())
    hits = request.index.search(name or term_of(text), start, rows)
    return match, replace(hits, corrected=hits.corrected or name or corrected) if hits.total else hits
