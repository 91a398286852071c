"""Responses for old clients: rows in an envelope, as JSON of the type ``text/html``.

Clients rely on ``text/html`` (one parses the text itself, which its library would do for JSON), so a browser renders it as a
page.  All strings of upstreams have ``<``, ``>`` and ``&`` as JSON escapes: no browser takes these for markup, and every JSON
parser undoes them.  Only `Markup`, whose parts are escaped as HTML, keeps its angle brackets: some clients search for tags
before they parse.  The policy forbids to load or run anything.
"""

import html
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from pyramid.request import Request
from pyramid.response import Response

from fedora_packages.web.legacy.decode import MAX_ROWS_PER_ANSWER, LegacyRequest

#: The date of deprecation (RFC 9745): 25 November 2026.
DEPRECATED = "@1795564800"

#: The policy: load, run, send and frame nothing.
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"

#: The parameter for readable output, in a query string that may not be decodable.
_PRETTY = re.compile(r"(?:^|&)_pp(?:=|&|$)")

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def page(rows: list[Any], query: LegacyRequest) -> dict[str, Any]:
    """Return the requested page of all rows, in its envelope."""
    return envelope(rows[query.start : query.start + min(query.rows, MAX_ROWS_PER_ANSWER)], len(rows), query)


def envelope(rows: list[Any], total: int, query: LegacyRequest) -> dict[str, Any]:
    """Return rows with the numbers for paging: in all, requested, before these, and these."""
    return {
        "total_rows": total,
        "rows_per_page": query.rows,
        "start_row": query.start,
        "visible_rows": len(rows),
        "rows": rows,
    }


def failure(error: str, size: int = 0) -> dict[str, Any]:
    """Return the envelope of an error; ``error`` is a sentence."""
    return {"total_rows": -1, "rows_per_page": size, "start_row": 0, "visible_rows": 0, "rows": None, "error": error}


def nothing(request: Request, successor: str) -> Response:
    """Return the response for a URL that never existed: 404 with an empty body."""
    return _response(request, b"", 404, successor)


def refused(request: Request, status: int, error: str) -> Response:
    """Return the response for a request without an operation; ``error`` is a sentence."""
    successor = request.route_url("api.search")
    return nothing(request, successor) if status == 404 else answer_response(request, failure(error), successor, status)


def answer_response(request: Request, answer: Any, successor: str, status: int = 200) -> Response:
    """Return a response as JSON; with the parameter ``_pp``, in a readable form.

    ``successor`` is the URL with the same data today.
    """
    if _PRETTY.search(request.environ.get("QUERY_STRING", "")):
        text = f"<pre>{html.escape(json.dumps(answer, indent=1))}</pre>"
        return _response(request, text.encode(), status, successor)
    kind = "application/json" if _wants_json(request) else "text/html"
    return _response(request, written(answer).encode(), status, successor, kind)


def written(answer: Any) -> str:
    """Return compact JSON without markup other than our own."""
    # The random mark cannot be part of an upstream's string.
    mark, ours = secrets.token_hex(8), []
    text = json.dumps(_marked(answer, mark, ours), separators=(",", ":")).translate(_ESCAPES)
    return re.sub(f'"{mark}:([0-9]+)"', lambda found: json.dumps(ours[int(found[1])]), text)


def _marked(value: Any, mark: str, ours: list[Markup]) -> Any:
    """Return a value with a mark in place of each `Markup`; these are appended to ``ours``."""
    if isinstance(value, Markup):
        ours.append(value)
        return f"{mark}:{len(ours) - 1}"
    if isinstance(value, Mapping):
        return {key: _marked(part, mark, ours) for key, part in value.items()}
    if isinstance(value, list):
        return [_marked(part, mark, ours) for part in value]
    return value


def _wants_json(request: Request) -> bool:
    """Whether a client accepts JSON by name; ``*/*`` gets the old type."""
    types = (part.partition(";")[0].strip().lower() for part in request.headers.get("Accept", "").split(","))
    return "application/json" in types


def _response(request: Request, body: bytes, status: int, successor: str, kind: str = "text/html") -> Response:
    response = Response(body=body, status=status, content_type=kind, charset="UTF-8" if kind == "text/html" else None)
    response.vary = ["Accept"]
    response.headers.update(
        {
            "Content-Security-Policy": POLICY,
            "Deprecation": DEPRECATED,
            "Link": f'<{successor}>; rel="successor-version"',
        }
    )
    return response
