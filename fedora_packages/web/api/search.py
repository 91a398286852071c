"""The start of the API, the search, and completions."""

from dataclasses import asdict
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.web import search as searching
from fedora_packages.web.api.endpoint import parse_parameters
from fedora_packages.web.api.packages import summary_fields
from fedora_packages.web.resolve import as_json

#: Completions without the parameter ``rows``.
DEFAULT_COMPLETIONS = 10

#: Seconds for which clients may cache completions.
COMPLETIONS_MAX_AGE = 60


@view_config(route_name="api.start", renderer="json")
def start(request: Request) -> dict[str, Any]:
    """Return the URLs of the API."""
    parse_parameters(request, "api.start")
    names = ("packages", "search", "completions", "releases", "changes", "status", "openapi")
    return {
        "documentation": request.route_url("api"),
        "links": {name: request.route_url(f"api.{name}") for name in names},
    }


@view_config(route_name="api.search", renderer="json")
def search(request: Request) -> dict[str, Any]:
    """Return the packages that the text ``q`` finds, best first: ``rows`` of them from ``start`` on (from 0).

    ``identified`` is the match of an identifier in the text.
    """
    values = parse_parameters(request, "api.search")
    first = values.get("start", 0)
    match, hits = searching.search(request, values.get("q", ""), first, values.get("rows", 20))
    return {
        "total": hits.total,
        "start": first,
        "corrected": hits.corrected,
        "suggestion": hits.suggestion,
        "packages": [
            {
                **summary_fields(request, hit.document, hit.binaries),
                "found": hit.name,
                "replaced_by": hit.replaced_by,
                "reasons": [asdict(reason) for reason in hit.reasons],
            }
            for hit in hits.hits
        ],
        "identified": as_json(request, match),
    }


@view_config(route_name="api.completions", renderer="json")
def completions(request: Request) -> dict[str, Any]:
    """Return completions of the text ``q``: at most ``rows`` packages and commands, best first."""
    values = parse_parameters(request, "api.completions")
    return {"completions": completions_of(request, values.get("q", ""), values.get("rows", DEFAULT_COMPLETIONS))}


def completions_of(request: Request, text: str, rows: int) -> list[dict[str, str]]:
    """Return the completions of a text with the URLs of their pages, and let clients cache the response.

    Raises `SearchUnavailable`.
    """
    completions = request.index.complete(text, rows)
    request.response.cache_control = f"public, max-age={COMPLETIONS_MAX_AGE}"
    # The URL of the site takes as long to make as all the rest: once is enough.
    site = request.application_url
    return [
        {**one._asdict(), "url": request.route_url("package", package=one.package, _app_url=site)}
        for one in completions
    ]
