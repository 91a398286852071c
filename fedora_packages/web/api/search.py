"""Where a program begins: the start of the API, the search, and what a text may become while it is typed."""

from dataclasses import asdict
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.web.api.endpoint import asked
from fedora_packages.web.api.packages import listed
from fedora_packages.web.resolve import as_json
from fedora_packages.web.search import searched

#: Completions that are given where it is not said how many.
USUAL_COMPLETIONS = 10

#: Seconds for which whoever has completions need not ask again: what is typed twice is typed soon.
COMPLETIONS_KEPT = 60


@view_config(route_name="api.start", renderer="json")
def start(request: Request) -> dict[str, Any]:
    """Return where everything is."""
    asked(request, "api.start")
    names = ("packages", "search", "completions", "releases", "changes", "status", "openapi")
    return {
        "documentation": request.route_url("api"),
        "links": {name: request.route_url(f"api.{name}") for name in names},
    }


@view_config(route_name="api.search", renderer="json")
def search(request: Request) -> dict[str, Any]:
    """Return the packages that the text ``q`` finds, best first: ``rows`` of them from ``start`` on (the first is 0).

    And what the text identifies, if it is no package's name.
    """
    values = asked(request, "api.search")
    first = values.get("start", 0)
    told, found = searched(request, values.get("q", ""), first, values.get("rows", 20))
    return {
        "total": found.total,
        "start": first,
        "corrected": found.corrected,
        "suggestion": found.suggestion,
        "packages": [
            {
                **listed(request, hit.document, hit.binaries),
                "found": hit.name,
                "replaced_by": hit.replaced_by,
                "reasons": [asdict(reason) for reason in hit.reasons],
            }
            for hit in found.hits
        ],
        "identified": as_json(request, told),
    }


@view_config(route_name="api.completions", renderer="json")
def completions(request: Request) -> dict[str, Any]:
    """Return what the text ``q`` may become: at most ``rows`` packages and commands, best first."""
    values = asked(request, "api.completions")
    found = completed(request, values.get("q", ""), values.get("rows", USUAL_COMPLETIONS))
    return {"completions": found}


def completed(request: Request, text: str, rows: int) -> list[dict[str, str]]:
    """Return the completions of a text with the addresses of their pages, and have the answer kept for `COMPLETIONS_KEPT`.

    Raises `SearchUnavailable`.
    """
    found = request.index.complete(text, rows)
    request.response.cache_control = f"public, max-age={COMPLETIONS_KEPT}"
    # What comes before the path is the same for all, and takes as long to put together as all else.
    site = request.application_url
    return [{**one._asdict(), "url": request.route_url("package", package=one.package, _app_url=site)} for one in found]
