"""Where a program begins: the start of the API, and the search."""

from dataclasses import asdict
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.views.api.addresses import asked
from fedora_packages.views.api.packages import listed
from fedora_packages.views.identified import as_json, identified
from fedora_packages.views.search import TERM_KEPT


@view_config(route_name="api.start", renderer="json")
def start(request: Request) -> dict[str, Any]:
    """Return where everything is."""
    asked(request, "api.start")
    names = ("packages", "search", "releases", "changes", "status", "openapi")
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
    text = values.get("q", "")
    found = request.service.index.search(text[:TERM_KEPT], first, values.get("rows", 20))
    return {
        "total": found.total,
        "start": first,
        "corrected": found.corrected,
        "packages": [
            {
                **listed(request, hit.document, hit.binaries),
                "found": hit.name,
                "reasons": [asdict(reason) for reason in hit.reasons],
            }
            for hit in found.hits
        ],
        "identified": as_json(request, identified(request, text)) if first == 0 else None,
    }
