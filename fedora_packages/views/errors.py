"""Answers to what cannot be answered: a page for people, RFC 9457's problem for the readers of ``/api/``.

An error says what was wrong and what can be done; what we did wrong ourselves is for the log only.
"""

import logging
from typing import Any

from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPMethodNotAllowed
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, notfound_view_config

from fedora_packages.errors import CacheUnavailable, InvalidArgument, SearchUnavailable
from fedora_packages.views.legacy.answers import is_for_old_clients, refused
from fedora_packages.views.request import UnknownPackage, UnknownPart, printable

log = logging.getLogger(__name__)

#: Seconds after which a missing index, or a Redis that is away, is worth another look.
RETRY = 30


def is_for_machines(request: Request) -> bool:
    """Whether an address belongs to the JSON API."""
    # The raw path, which can be looked at even where it cannot be decoded.
    return request.environ.get("PATH_INFO", "").startswith("/api/")


def problem(request: Request, status: int, detail: str, word: str = "", **members: Any) -> Response:
    """Return an error: a page, JSON for machines, or for old clients their envelope.

    ``detail`` is a sentence; ``word`` is what a page offers to search for; ``members`` are added to the JSON.
    """
    response = Response(status=status)
    title = response.status.partition(" ")[2]
    if is_for_old_clients(request):
        response = refused(request, status, detail)
    elif is_for_machines(request):
        members = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
        response = render_to_response("json", members, request)
        response.content_type = "application/problem+json"
        response.charset = None
    else:
        values = {"title": title, "detail": detail, "word": word}
        response = render_to_response("fedora_packages:templates/error.mako", values, request)
    response.status_int = status
    return response


@notfound_view_config()
def not_found(request: Request) -> Response:
    """Nothing is at this address."""
    return problem(request, 404, "There is nothing at this address.")


@exception_view_config(UnknownPackage)
@exception_view_config(UnknownPart)
def unknown(error: UnknownPackage | UnknownPart, request: Request) -> Response:
    """No such package, or no such part of it."""
    word = printable(request.matchdict["package"], 100) if isinstance(error, UnknownPackage) else ""
    return problem(request, 404, str(error.detail), word)


@exception_view_config(InvalidArgument)
def invalid(error: InvalidArgument, request: Request) -> Response:
    """A parameter that means nothing; the error names what is allowed."""
    return problem(request, 400, f"{error}.")


@exception_view_config(URLDecodeError)
def undecodable(request: Request) -> Response:
    """An address that is no UTF-8."""
    return problem(request, 400, "The address is not UTF-8.")


@exception_view_config(HTTPMethodNotAllowed)
def not_allowed(error: HTTPMethodNotAllowed, request: Request) -> Response:
    """Something else is done at this address."""
    allowed = error.headers["Allow"]
    response = problem(request, 405, f"This address takes {allowed.replace(', ', ' or ')}, and nothing else.")
    response.headers["Allow"] = allowed
    return response


@exception_view_config(SearchUnavailable)
def no_index(error: SearchUnavailable, request: Request) -> Response:
    """Without the index it is not known which packages there are."""
    log.error("%s", error)
    response = problem(
        request,
        503,
        "The index of packages is missing or cannot be read.  Whoever runs this site has to build it, with the command "
        "fedora-packages-index.",
    )
    response.headers["Retry-After"] = str(RETRY)
    return response


@exception_view_config(CacheUnavailable)
def no_cache(error: CacheUnavailable, request: Request) -> Response:
    """What is only known from Redis, or only done with it; pages of packages do without."""
    log.error("%s", error)
    response = problem(
        request,
        503,
        f"{error}.  Pages are read from the upstreams until it does; nothing can be checked, and how the service is cannot be "
        "told.  Whoever runs this site has to see to Redis first.",
    )
    response.headers["Retry-After"] = str(RETRY)
    return response


@exception_view_config(HTTPException)
def http_error(error: HTTPException, request: Request) -> Response:
    """Whatever else Pyramid refuses."""
    return problem(request, error.status_int, f"{error.title}.")


@exception_view_config(Exception)
def bug(error: Exception, request: Request) -> Response:
    """A mistake of ours: the log has all of it, the answer nothing."""
    # The path is whatever was sent: as it is, a line break in it would make a line of the log.
    log.error("%s %r failed", request.method, request.environ["PATH_INFO"][:200], exc_info=error)
    return problem(request, 500, "This page could not be made.  What went wrong is in the log of this site.")
