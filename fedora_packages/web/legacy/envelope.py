"""Answers to old clients: rows in their envelope, written as JSON that calls itself HTML.

``text/html`` is what they rely on (one of them parses the text itself, which its library would do for JSON), so a browser that is
led here makes a page of it.  The one thing to know before editing: what upstreams say stands in it with its ``<``, ``>`` and
``&`` written as JSON's escapes, which no browser takes for markup and every JSON parser undoes.  Only `Markup`, in which what
upstreams say is escaped as HTML's, keeps its angle brackets: some clients look for tags in the text before they parse it.
Nothing of it may load or run anything, whatever it is taken for.
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

#: From when on there has been something better (RFC 9745): 25 November 2026.
DEPRECATED = "@1795564800"

#: Nothing is loaded, run, sent or framed.
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"

#: The parameter that asks for something to read, looked for in an address that may not be possible to decode.
_PRETTY = re.compile(r"(?:^|&)_pp(?:=|&|$)")

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def envelope(rows: list[Any], total: int, size: int, start: int) -> dict[str, Any]:
    """Return some rows with what clients page by: how many there are, were asked for, came before, and are here."""
    return {
        "total_rows": total,
        "rows_per_page": size,
        "start_row": start,
        "visible_rows": len(rows),
        "rows": rows,
    }


def failure(error: str, size: int = 0) -> dict[str, Any]:
    """Return the envelope of what could not be answered; ``error`` is a sentence."""
    return {"total_rows": -1, "rows_per_page": size, "start_row": 0, "visible_rows": 0, "rows": None, "error": error}


def nothing(request: Request, successor: str) -> Response:
    """Return the answer to an address that there never was: 404, with an empty body."""
    return _response(request, b"", 404, successor)


def refused(request: Request, status: int, error: str) -> Response:
    """Return the answer to a request that came to no operation; ``error`` is a sentence."""
    successor = request.route_url("api.search")
    return nothing(request, successor) if status == 404 else answered(request, failure(error), successor, status)


def answered(request: Request, answer: Any, successor: str, status: int = 200) -> Response:
    """Return an answer as JSON; with the parameter ``_pp``, as something to read.

    ``successor`` is the address that has the same today.
    """
    if _PRETTY.search(request.environ.get("QUERY_STRING", "")):
        text = f"<pre>{html.escape(json.dumps(answer, indent=1))}</pre>"
        return _response(request, text.encode(), status, successor)
    kind = "application/json" if _wants_json(request) else "text/html"
    return _response(request, written(answer).encode(), status, successor, kind)


def written(answer: Any) -> str:
    """Return compact JSON that holds no markup but our own."""
    # No text of an upstream can be one of ours: the numbers are drawn anew for each answer.
    mark, ours = secrets.token_hex(8), []
    text = json.dumps(_marked(answer, mark, ours), separators=(",", ":")).translate(_ESCAPES)
    return re.sub(f'"{mark}:([0-9]+)"', lambda found: json.dumps(ours[int(found[1])]), text)


def _marked(value: Any, mark: str, ours: list[Markup]) -> Any:
    """Return a value with a mark in place of each `Markup` in it, which are added to ``ours``."""
    if isinstance(value, Markup):
        ours.append(value)
        return f"{mark}:{len(ours) - 1}"
    if isinstance(value, Mapping):
        return {key: _marked(part, mark, ours) for key, part in value.items()}
    if isinstance(value, list):
        return [_marked(part, mark, ours) for part in value]
    return value


def _wants_json(request: Request) -> bool:
    """Whether a client names JSON in what it accepts; one that takes anything expects what it always got."""
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
