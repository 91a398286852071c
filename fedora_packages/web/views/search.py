"""The search page, and the start page, which is one with nothing searched for yet."""

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.web.hits import shown
from fedora_packages.web.search import searched, term_of
from fedora_packages.widgets.controls import Slice
from fedora_packages.widgets.parameters import parse, whole

TEMPLATE = "fedora_packages:web/templates/search.mako"

#: Packages on a page of the search.
ROWS = 20

#: The last page that can be asked for.  One beyond the end of the list says where that is, and no hit is read for it.
LAST_ASKED = 1_000_000

#: Characters of a term that headings show.
TERM_SHOWN = 80

#: What can be searched for, each with texts of its kind, and with forms of such as differ from day to day.
EXAMPLES = (
    ("a source or binary package, whole or its beginning", ("vim", "python3-requests", "python3-req"), ()),
    ("what it is for", ("drop down terminal", "text editor"), ()),
    ("a command or a file", ("htop", "/usr/bin/vim"), ()),
    ("what a package provides, or its name elsewhere", ("pkgconfig(gtk4)", "python3dist(requests)", "requests"), ()),
    (
        "a build, an update, a bug, a CVE, or the address of one; a maintainer",
        (),
        ("vim-9.1.1775-1.fc44", "FEDORA-2026-0a1b2c3d4e", "#2345678", "CVE-2026-12345"),
    ),
)


@view_config(route_name="home", renderer=TEMPLATE)
@view_config(route_name="search", renderer=TEMPLATE)
@view_config(route_name="search.term", renderer=TEMPLATE)
def search(request: Request) -> dict[str, Any]:
    """Return the packages that a term finds, or the form alone; and what the term identifies, if it is no package's name.

    A package that is called exactly so comes first.  Raises `SearchUnavailable`, and `InvalidArgument` for a wrong page.
    """
    # The field is called as it always was; programs, and people who have read of those, say q.
    term = (
        request.matchdict.get("term") or request.query_parameters.get("search") or request.query_parameters.get("q", "")
    )
    pasted, term = term, term_of(term)
    is_start = request.matched_route.name == "home" and not term
    number = parse(request.query_parameters, {"page": whole(1, LAST_ASKED)}).get("page", 1)
    if not term:
        return {
            "is_start": is_start,
            "term": "",
            "heading": "",
            "slice": None,
            "start": 1,
            "corrected": None,
            "suggestion": None,
            "has_all": True,
            "identified": None,
            "examples": EXAMPLES,
        }
    start = (number - 1) * ROWS
    told, found = searched(request, pasted, start, ROWS)
    pages = max(1, -(-min(found.total, request.service.index.max_hits) // ROWS))

    def address(page: int) -> str:
        return request.route_path("search", _query={"search": term, "page": page})

    return {
        "is_start": is_start,
        "term": term,
        "heading": f"{term[:TERM_SHOWN]} …" if len(term) > TERM_SHOWN else term,
        "slice": Slice(shown(found.hits), number, pages, found.total, address),
        "start": start + 1,
        "corrected": found.corrected,
        "suggestion": found.suggestion,
        "identified": told,
        "has_all": found.has_all,
        "examples": (),
    }
