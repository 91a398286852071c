"""Errors as RFC 9457 describes them, for programs, and as pages for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response

from fedora_packages.web.hits import Shown
from fedora_packages.web.legacy.envelope import refused
from fedora_packages.web.routes import is_for_machines, is_for_old_clients

#: Seconds after which a missing index, or a Redis that is away, is worth another look.
RETRY = 30


@dataclass(frozen=True)
class ProblemType:
    """One kind of error of the JSON API: ``name`` in its address, and what whoever meets it can do."""

    name: str
    status: int
    title: str
    meaning: str


#: Every kind of error that the JSON API tells of, in the order in which they are described.
PROBLEMS = {
    found.name: found
    for found in (
        ProblemType(
            "wrong-parameter",
            400,
            "Wrong parameter",
            "A parameter is unknown, is given twice or has a value that means nothing.  The detail says what is allowed.",
        ),
        ProblemType("not-utf-8", 400, "Not UTF-8", "The address cannot be decoded."),
        ProblemType(
            "check-refused",
            403,
            "No checks",
            "The site makes no checks, or not for a page of another site that asks for one.",
        ),
        ProblemType("nothing-here", 404, "Nothing here", "There is nothing at this address."),
        ProblemType(
            "unknown-package",
            404,
            "Unknown package",
            "The index knows no source or binary package of this name.  Upper and lower case differ.  A package that is new in a "
            "repository is known within a minute or so.",
        ),
        ProblemType(
            "unknown-query", 404, "Unknown query", "Packages have no such part.  The detail names those that there are."
        ),
        ProblemType(
            "release-not-served",
            404,
            "Release not served",
            "The upstream does not know this release, although it is active.  It may know it later.",
        ),
        ProblemType(
            "method-not-allowed",
            405,
            "Method not allowed",
            "All is to be read (GET, HEAD), and checks are to be posted (POST).",
        ),
        ProblemType(
            "cursor-gone",
            410,
            "Cursor too old",
            "Changes after this cursor are not known any more.  Read anew what you keep, and go on from a new cursor: first ask "
            "for changes without since, which gives one, then read, so that nothing is missed between.",
        ),
        ProblemType(
            "too-many-checks",
            429,
            "Too many checks",
            "Upstreams are only asked so often.  Retry-After says when it may be again.",
        ),
        ProblemType(
            "bug", 500, "Our mistake", "The answer could not be made.  What went wrong is in the log of the site."
        ),
        ProblemType(
            "upstream-failed",
            502,
            "Upstream failed",
            "The upstream that a check asked gave no answer that can be used.",
        ),
        ProblemType(
            "no-value",
            503,
            "No value known",
            "The upstream has not answered yet, and nothing was known before.  It is asked again; try again after Retry-After.",
        ),
        ProblemType(
            "no-index", 503, "No index", "The index of packages is missing.  Whoever runs the site has to see to it."
        ),
        ProblemType("no-cache", 503, "No cache", "Redis does not answer.  Whoever runs the site has to see to it."),
    )
}


def problem(
    request: Request,
    status: int,
    detail: str,
    word: str = "",
    hits: Sequence[Shown] = (),
    kind: str = "",
    retry: float | None = None,
    **members: Any,
) -> Response:
    """Return an error: a page, JSON for machines, or for old clients their envelope.

    ``detail`` is a sentence; ``word`` is what a page offers to search for, ``hits`` what was found at once; ``kind`` is one of
    `PROBLEMS`; ``members`` are added to the JSON; ``retry`` is in how many seconds it is worth another try.
    """
    response = Response(status=status)
    title = response.status.partition(" ")[2]
    if is_for_old_clients(request):
        response = refused(request, status, detail)
    elif is_for_machines(request):
        known = PROBLEMS[kind] if kind else None
        members = {
            "type": request.route_url("api", _anchor=f"problem-{kind}") if known else "about:blank",
            "title": known.title if known else title,
            "status": status,
            "detail": detail,
            **members,
        }
        response = render_to_response("json", members, request)
        response.content_type = "application/problem+json"
        response.charset = None
    else:
        values = {"title": title, "detail": detail, "word": word, "hits": hits}
        response = render_to_response("fedora_packages:web/templates/error.mako", values, request)
    response.status_int = status
    if retry is not None:
        response.headers["Retry-After"] = f"{retry:.0f}"
    return response
