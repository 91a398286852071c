"""Searching: what a text identifies, and which packages it finds; for pages and for programs alike.

The one thing to know: what identifies something is no words to search for.  A build or an address of a package that is not known
here is searched for by that package's name, and of the address of a search what was searched for there.
"""

import re
from dataclasses import replace

from pyramid.request import Request

from fedora_packages.search.find import Hits
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.identifiers import Searched
from fedora_packages.web.request import printable
from fedora_packages.web.resolve import Identified, identified, recognise, unknown_name

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def term_of(text: str) -> str:
    """Return what of a text is searched for, and shown again."""
    # What divides words in a program's hand, a line break say, divides them here.
    return printable(" ".join(_CONTROL.sub(" ", text).split()), MAX_QUERY_LENGTH)


def searched(request: Request, text: str, start: int, rows: int) -> tuple[Identified | None, Hits]:
    """Return what a text identifies, which is asked with the first hits alone, and the packages that it finds from ``start`` on.

    Raises `SearchUnavailable`.
    """
    pasted, instead = recognise(request, text), None
    if isinstance(pasted, Searched):
        text = instead = pasted.text
        pasted = recognise(request, text)
    told = identified(request, pasted) if start == 0 else None
    name = unknown_name(request, pasted)
    if told and not name:
        return told, Hits(0, ())
    found = request.index.search(name or term_of(text), start, rows)
    return told, replace(found, corrected=found.corrected or name or instead) if found.total else found
