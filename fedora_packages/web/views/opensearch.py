"""OpenSearch: how a browser searches here from a field of its own, and what it suggests while one types there.

The one thing to know: a browser keeps the description for good, so all addresses in it are whole, with the host and the prefix
that it was asked for at.  ``https://github.com/dewitt/opensearch`` is its format, also that of the suggestions.
"""

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.api.search import USUAL_COMPLETIONS, completed

#: Seconds for which a description may be kept without asking.
DESCRIPTION_KEPT = 86400

#: What a browser replaces by what is searched for; quoted as part of an address it would not be found.
TERMS = "{searchTerms}"


@view_config(route_name="opensearch", renderer="fedora_packages:web/templates/opensearch.mako")
def description(request: Request) -> dict[str, Any]:
    """Return the addresses of the search and of its suggestions."""
    request.response.content_type = "application/opensearchdescription+xml"
    request.response.cache_control = f"public, max-age={DESCRIPTION_KEPT}"
    return {
        "search": f"{request.route_url('search')}?search={TERMS}",
        "suggestions": f"{request.route_url('opensearch.suggestions')}?q={TERMS}",
    }


@view_config(route_name="opensearch.suggestions", renderer="json")
def suggestions(request: Request) -> list[Any]:
    """Return what the text ``q`` may become: ``[text, names, summaries, addresses]``, each name once.

    Raises `SearchUnavailable`.
    """
    text = request.query_parameters.get("q", "")
    found: dict[str, dict[str, str]] = {}
    for completion in completed(request, text, USUAL_COMPLETIONS):
        # A browser shows the name alone: a command that is called as its package would be there twice.
        found.setdefault(completion["name"], completion)
    request.response.content_type = "application/x-suggestions+json"
    kept = list(found.values())
    return [text[:MAX_QUERY_LENGTH], list(found), [row["summary"] for row in kept], [row["url"] for row in kept]]
