"""The search page, which is the start page where nothing is searched for."""

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.search.finding import LAST_HIT
from fedora_packages.views.hits import shown
from fedora_packages.views.identified import identified
from fedora_packages.views.request import printable
from fedora_packages.widgets.base import Slice
from fedora_packages.widgets.parameters import parse, whole

TEMPLATE = "fedora_packages:templates/search.mako"

#: Packages on a page of the search.
ROWS = 20

#: Characters of a term that are searched for, and shown again.
TERM_KEPT = 200

#: What can be searched for, each with texts of its kind.
EXAMPLES = (
    ("a source or binary package, whole or in part", ("vim", "gcc-c++", "gnome term")),
    ("what it is for", ("drop down terminal", "irc client")),
    ("a command or a file", ("restorecon", "/usr/bin/htop")),
    ("what a package provides, or its name elsewhere", ("libssl.so.3()(64bit)", "pkgconfig(gtk4)", "JSON::XS")),
    ("who maintains it", ("churchyard",)),
    ("a build, an update, a bug, a CVE, or the address of one", ("bash-5.3.0-1.fc43", "CVE-2024-3094")),
)


@view_config(route_name="home", renderer=TEMPLATE)
@view_config(route_name="search", renderer=TEMPLATE)
@view_config(route_name="search.term", renderer=TEMPLATE)
def search(request: Request) -> dict[str, Any]:
    """Return the packages that a term finds, or the form alone; and what the term identifies, if it is no package's name.

    A package that is called exactly so comes first.  Raises `SearchUnavailable`, and `InvalidArgument` for a wrong page.
    """
    term = request.matchdict.get("term") or request.given.get("search", "")
    pasted, term = term, printable(term.strip(), TERM_KEPT)
    number = parse(request.given, {"page": whole(1, LAST_HIT // ROWS)}).get("page", 1)
    if not term:
        return {
            "term": "",
            "slice": None,
            "start": 1,
            "corrected": None,
            "suggestion": None,
            "identified": None,
            "examples": EXAMPLES,
        }
    start = (number - 1) * ROWS
    found = request.service.index.search(term, start, ROWS)
    pages = max(1, -(-min(found.total, LAST_HIT) // ROWS))

    def address(page: int) -> str:
        return request.route_path("search", _query={"search": term, "page": page})

    return {
        "term": term,
        "slice": Slice(shown(found.hits), number, pages, found.total, address),
        "start": start + 1,
        "corrected": found.corrected,
        "suggestion": found.suggestion,
        "identified": identified(request, pasted) if number == 1 else None,
        "examples": (),
    }
