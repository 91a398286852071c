"""The search page, and the start page, which is a search page without a search."""

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.web.hits import hit_rows
from fedora_packages.web.search import search, term_of
from fedora_packages.widgets.controls import Pagination
from fedora_packages.widgets.parameters import integer, parse

TEMPLATE = "fedora_packages:web/templates/search.mako"

#: Packages on a page of the search.
ROWS_PER_PAGE = 20

#: The highest page number that a request can have.  A page beyond the end of the list names the last one, and reads no hit.
MAX_PAGE = 1_000_000

#: Characters of a term in the heading.
MAX_HEADING = 80

#: Searches by kind: examples with links, and forms of identifiers, which would be outdated as links.
EXAMPLES = (
    ("Source or binary package, or the beginning of its name", ("vim", "python3-requests", "python3-req"), ()),
    ("Description", ("drop down terminal", "text editor"), ()),
    ("Command or file", ("htop", "/usr/bin/vim"), ()),
    ("Capability, or the name in another ecosystem", ("pkgconfig(gtk4)", "python3dist(requests)", "requests"), ()),
    (
        "Build, update, bug or CVE, the URL of its page, or a maintainer",
        (),
        ("vim-9.1.1775-1.fc44", "FEDORA-2026-0a1b2c3d4e", "#2345678", "CVE-2026-12345"),
    ),
)


@view_config(route_name="home", renderer=TEMPLATE)
@view_config(route_name="search", renderer=TEMPLATE)
@view_config(route_name="search.term", renderer=TEMPLATE)
def search_page(request: Request) -> dict[str, Any]:
    """Return the packages that a term finds, and the match of an identifier in it; the form alone without a term.

    A package of exactly this name comes first.  Raises `SearchUnavailable`, and `InvalidArgument` for an invalid page number.
    """
    # The form has always used `search`; the API uses q.
    term = (
        request.matchdict.get("term") or request.query_parameters.get("search") or request.query_parameters.get("q", "")
    )
    text, term = term, term_of(term)
    number = parse(request.query_parameters, {"page": integer(1, MAX_PAGE)}).get("page", 1)
    start = (number - 1) * ROWS_PER_PAGE
    match = hits = pagination = None

    def url(page: int) -> str:
        return request.route_path("search", _query={"search": term, "page": page})

    if term:
        match, hits = search(request, text, start, ROWS_PER_PAGE)
        pages = max(1, -(-min(hits.total, request.service.index.max_hits) // ROWS_PER_PAGE))
        pagination = Pagination(hit_rows(hits.hits), number, pages, hits.total, url)
    return {
        "is_start": request.matched_route.name == "home" and not term,
        "term": term,
        "heading": f"{term[:MAX_HEADING]} …" if len(term) > MAX_HEADING else term,
        "match": match,
        "found": hits,
        "pagination": pagination,
        "start": start + 1,
        "examples": EXAMPLES,
    }
