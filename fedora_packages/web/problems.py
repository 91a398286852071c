"""Errors: RFC 9457 problems for the JSON API, pages for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response

from fedora_packages.web.hits import HitRow
from fedora_packages.web.legacy.envelope import refused
from fedora_packages.web.routes import is_for_machines, is_for_old_clients

#: Seconds until a request without the index or Redis is worth another try.
RETRY = 30


@dataclass(frozen=True)
class ProblemType:
    """One kind of error of the JSON API, described with the remedy."""

    status: int
    title: str
    meaning: str


#: Every kind of error of the JSON API by the name in its URL, in the order of the documentation.
PROBLEMS = {
    "wrong-parameter": ProblemType(
        400,
        "Wrong parameter",
        "A parameter is unknown, repeated or has an invalid value. The detail lists the allowed values.",
    ),
    "not-utf-8": ProblemType(400, "Not UTF-8", "The URL is not valid UTF-8."),
    "check-refused": ProblemType(
        403,
        "No checks",
        "Checks are disabled on this site, or a page of another site requested one.",
    ),
    "nothing-here": ProblemType(404, "Nothing here", "This URL does not exist."),
    "unknown-package": ProblemType(
        404,
        "Unknown package",
        "The index has no source or binary package of this name. Names are case-sensitive. A new package is indexed within "
        "about a minute.",
    ),
    "unknown-query": ProblemType(
        404, "Unknown query", "Packages have no such query. The detail lists the existing ones."
    ),
    "release-not-served": ProblemType(
        404,
        "Release not served",
        "The upstream does not have this active release yet.",
    ),
    "method-not-allowed": ProblemType(405, "Method not allowed", "Use GET or HEAD; checks take POST."),
    "cursor-gone": ProblemType(
        410,
        "Cursor too old",
        "The feed no longer has the changes after this cursor. Get a new cursor from changes without since, then fetch all "
        "values, then poll with the new cursor.",
    ),
    "too-many-checks": ProblemType(
        429,
        "Too many checks",
        "The rate limit of checks is exceeded. Try again after Retry-After.",
    ),
    "bug": ProblemType(500, "Our mistake", "This site has a bug. Its log has the details."),
    "upstream-failed": ProblemType(502, "Upstream failed", "The upstream returned no valid response to a check."),
    "no-value": ProblemType(
        503,
        "No value known",
        "The upstream has not answered yet, and nothing is cached. Try again after Retry-After.",
    ),
    "no-index": ProblemType(503, "No index", "The package index is missing. The operators of this site must build it."),
    "no-cache": ProblemType(
        503,
        "No cache",
        "Redis is not responding. The operators of this site must restart or repair it.",
    ),
}


def problem(
    request: Request,
    kind: str,
    detail: str = "",
    term: str = "",
    hits: Sequence[HitRow] = (),
    status: int = 500,
    retry: float | None = None,
    **members: Any,
) -> Response:
    """Return an error: a page, a JSON problem, or the envelope of the old API.

    ``kind`` is one of `PROBLEMS`; "" is any other error, by its ``status``.  ``detail`` is a sentence, by default the meaning of
    the kind; ``term`` is the search that a page offers, ``hits`` are its results; ``retry`` is the time until another try, in
    seconds; ``members`` are added to the JSON.
    """
    found = PROBLEMS[kind] if kind else None
    if found:
        status, detail = found.status, detail or found.meaning
    title = Response(status=status).status.partition(" ")[2]
    if is_for_old_clients(request):
        response = refused(request, status, detail)
    elif is_for_machines(request):
        fields = {
            "type": request.route_url("api", _anchor=f"problem-{kind}") if found else "about:blank",
            "title": found.title if found else title,
            "status": status,
            "detail": detail,
        }
        response = render_to_response("json", {**fields, **members}, request)
        response.content_type = "application/problem+json"
        response.charset = None
    else:
        values = {"title": title, "detail": detail, "term": term, "hits": hits}
        response = render_to_response("fedora_packages:web/templates/error.mako", values, request)
    response.status_int = status
    if retry is not None:
        response.headers["Retry-After"] = f"{retry:.0f}"
    return response
