"""OpenSearch: search this site from a browser's own search field, with suggestions.

A browser keeps the description for good, so all URLs in it are absolute, with host and prefix of the request.
``https://github.com/dewitt/opensearch`` specifies the formats of description and suggestions.
"""

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.api.search import DEFAULT_COMPLETIONS, completions_of

#: Seconds for which a browser may cache the description.
DESCRIPTION_MAX_AGE = 86400

#: The placeholder that a browser replaces by the search; it must not be quoted.
TERMS = "{searchTerms}"


@view_config(route_name="opensearch", renderer="fedora_packages:web/templates/opensearch.mako")
def description(request: Request) -> dict[str, Any]:
    """Return the URLs of the search and of its suggestions."""
    request.response.content_type = "application/opensearchdescription+xml"
    request.response.cache_control = f"public, max-age={DESCRIPTION_MAX_AGE}"
    return {
        "search": f"{request.route_url('search')}?search={TERMS}",
        "suggestions": f"{request.route_url('opensearch.suggestions')}?q={TERMS}",
    }


@view_config(route_name="opensearch.suggestions", renderer="json")
def suggestions(request: Request) -> list[Any]:
    """Return suggestions for the text ``q``: ``[text, names, summaries, URLs]``, each name once.

    Raises `SearchUnavailable`.
    """
    text = request.query_parameters.get("q", "")
    suggested: dict[str, dict[str, str]] = {}
    for completion in completions_of(request, text, DEFAULT_COMPLETIONS):
        # A browser shows the name alone: a command with the name of its package would be there twice.
        suggested.setdefault(completion["name"], completion)
    request.response.content_type = "application/x-suggestions+json"
    rows = list(suggested.values())
    return [text[:MAX_QUERY_LENGTH], list(suggested), [row["summary"] for row in rows], [row["url"] for row in rows]]
