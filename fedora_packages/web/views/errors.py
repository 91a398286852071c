"""Error responses: a page for people, an RFC 9457 problem below ``/api/``.

An error says what failed and what the reader can do.  The details of our own bugs go to the log only.
"""

import logging
from collections.abc import Sequence

from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPMethodNotAllowed
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, notfound_view_config

from fedora_packages.errors import CacheUnavailable, InvalidArgument, SearchUnavailable
from fedora_packages.web.hits import HitRow, hit_rows
from fedora_packages.web.problems import RETRY, problem
from fedora_packages.web.request import UnknownPackage, UnknownPart, printable
from fedora_packages.web.routes import is_for_machines
from fedora_packages.web.views.unbuilt import UNBUILT, is_unbuilt

log = logging.getLogger(__name__)

#: Packages that the page of an unknown one offers.
MAX_HITS = 5


@notfound_view_config()
def not_found(request: Request) -> Response:
    """The URL does not exist."""
    return problem(request, "nothing-here")


@exception_view_config(UnknownPackage)
@exception_view_config(UnknownPart)
def unknown(error: UnknownPackage | UnknownPart, request: Request) -> Response:
    """The package or its part does not exist.  A page lists similar packages: the name may be old or incomplete."""
    if isinstance(error, UnknownPart):
        return problem(request, "unknown-query", str(error.detail))
    name, detail = request.matchdict["package"], str(error.detail)
    if is_unbuilt(request, name):
        detail += f" {UNBUILT}"
    term = printable(name, 100)
    successors, providers, hits = _related(request, name, term)
    if successors:
        detail += f" It was replaced by {' and '.join(successors)}."
    elif providers:
        detail += f" It is provided by {' and '.join(providers)}."
    members = {key: names for key, names in (("replaced_by", successors), ("provided_by", providers)) if names}
    return problem(request, "unknown-package", detail, term, hits, **members)


def _related(request: Request, name: str, term: str) -> tuple[Sequence[str], Sequence[str], Sequence[HitRow]]:
    """Return the packages that replaced an unknown one, those that provide it, and the hits of the search."""
    index = request.index
    try:
        successors = index.obsoleters(name)[:MAX_HITS]
        providers = index.providers([name]).get(name, ())[:MAX_HITS]
        hits = () if is_for_machines(request) or not term else index.search(term, rows=MAX_HITS).hits
    except SearchUnavailable:
        return (), (), ()
    return successors, providers, hit_rows(hits)


@exception_view_config(InvalidArgument)
def invalid(error: InvalidArgument, request: Request) -> Response:
    """A parameter is invalid."""
    return problem(request, "wrong-parameter", f"{error}.")


@exception_view_config(URLDecodeError)
def undecodable(request: Request) -> Response:
    """The URL is not valid UTF-8."""
    return problem(request, "not-utf-8")


@exception_view_config(HTTPMethodNotAllowed)
def not_allowed(error: HTTPMethodNotAllowed, request: Request) -> Response:
    """The URL does not take this method."""
    response = problem(request, "method-not-allowed", "Method not allowed. Use GET or HEAD; checks take POST.")
    response.headers["Allow"] = error.headers["Allow"]
    return response


@exception_view_config(SearchUnavailable)
def no_index(error: SearchUnavailable, request: Request) -> Response:
    """The package index is missing."""
    log.error("%s", error)
    detail = "The package index is missing or unreadable. The operators of this site must build it with fedora-packages-index."
    return problem(request, "no-index", detail, retry=RETRY)


@exception_view_config(CacheUnavailable)
def no_cache(error: CacheUnavailable, request: Request) -> Response:
    """Redis is down, and the request needs it; package pages do not."""
    log.error("%s", error)
    detail = (
        f"{error}. Package pages are read from the upstreams; checks, changes and status are not available. The operators of "
        "this site must restart or repair Redis."
    )
    return problem(request, "no-cache", detail, retry=RETRY)


@exception_view_config(HTTPException)
def http_error(error: HTTPException, request: Request) -> Response:
    """Any other error of Pyramid."""
    return problem(request, "", f"{error.title}.", status=error.status_int)


@exception_view_config(Exception)
def bug(error: Exception, request: Request) -> Response:
    """A bug of ours: the log has all details, the response none."""
    # The path is untrusted: %r keeps its line breaks out of the log.
    log.error("%s %r failed", request.method, request.environ["PATH_INFO"][:200], exc_info=error)
    return problem(request, "bug")
