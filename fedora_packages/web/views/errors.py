"""Answers to what cannot be answered: a page for people, RFC 9457's problem for the readers of ``/api/``.

An error says what was wrong and what can be done; what we did wrong ourselves is for the log only.
"""

import logging
from collections.abc import Sequence

from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPMethodNotAllowed
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, notfound_view_config

from fedora_packages.errors import CacheUnavailable, InvalidArgument, SearchUnavailable
from fedora_packages.web.hits import Shown, shown
from fedora_packages.web.problems import RETRY, problem
from fedora_packages.web.request import UnknownPackage, UnknownPart, printable
from fedora_packages.web.routes import is_for_machines
from fedora_packages.web.views.unbuilt import UNBUILT, is_unbuilt

log = logging.getLogger(__name__)


#: Packages that are offered in place of one that there is not.
HITS_SHOWN = 5


@notfound_view_config()
def not_found(request: Request) -> Response:
    """Nothing is at this address."""
    return problem(request, 404, "There is nothing at this address.", kind="nothing-here")


@exception_view_config(UnknownPackage)
@exception_view_config(UnknownPart)
def unknown(error: UnknownPackage | UnknownPart, request: Request) -> Response:
    """No such package, or no such part of it.  A page says what the search finds: the name may be an old one, or half of one."""
    if isinstance(error, UnknownPart):
        return problem(request, 404, str(error.detail), kind="unknown-query")
    name, detail = request.matchdict["package"], str(error.detail)
    if is_unbuilt(request.service, name):
        detail += f"  {UNBUILT}"
    word = printable(name, 100)
    replaced, provided, hits = _known_of(request, name, word)
    if replaced:
        detail += f"  What was called so was replaced by {' and '.join(replaced)}."
    elif provided:
        detail += f"  It is provided by {' and '.join(provided)}."
    members = {key: names for key, names in (("replaced_by", replaced), ("provided_by", provided)) if names}
    return problem(request, 404, detail, word, hits, kind="unknown-package", **members)


def _known_of(request: Request, name: str, word: str) -> tuple[Sequence[str], Sequence[str], Sequence[Shown]]:
    """Return which packages replaced the one of a name, which provide what is called so, and what the search finds."""
    index = request.index
    try:
        replaced = index.obsoleters(name)[:HITS_SHOWN]
        provided = index.providers([name]).get(name, ())[:HITS_SHOWN]
        hits = () if is_for_machines(request) or not word else index.search(word, rows=HITS_SHOWN).hits
    except SearchUnavailable:
        return (), (), ()
    return replaced, provided, shown(hits)


@exception_view_config(InvalidArgument)
def invalid(error: InvalidArgument, request: Request) -> Response:
    """A parameter that means nothing; the error names what is allowed."""
    return problem(request, 400, f"{error}.", kind="wrong-parameter")


@exception_view_config(URLDecodeError)
def undecodable(request: Request) -> Response:
    """An address that is no UTF-8."""
    return problem(request, 400, "The address is not UTF-8.", kind="not-utf-8")


@exception_view_config(HTTPMethodNotAllowed)
def not_allowed(error: HTTPMethodNotAllowed, request: Request) -> Response:
    """Something else is done at this address."""
    allowed = error.headers["Allow"]
    detail = f"This address takes {allowed.replace(', ', ' or ')}, and nothing else."
    response = problem(request, 405, detail, kind="method-not-allowed")
    response.headers["Allow"] = allowed
    return response


@exception_view_config(SearchUnavailable)
def no_index(error: SearchUnavailable, request: Request) -> Response:
    """Without the index it is not known which packages there are."""
    log.error("%s", error)
    return problem(
        request,
        503,
        "The index of packages is missing or cannot be read.  Whoever runs this site has to build it, with the command "
        "fedora-packages-index.",
        kind="no-index",
        retry=RETRY,
    )


@exception_view_config(CacheUnavailable)
def no_cache(error: CacheUnavailable, request: Request) -> Response:
    """What is only known from Redis, or only done with it; pages of packages do without."""
    log.error("%s", error)
    return problem(
        request,
        503,
        f"{error}.  Pages are read from the upstreams until it does; nothing can be checked, and how the service is cannot be "
        "told.  Whoever runs this site has to see to Redis first.",
        kind="no-cache",
        retry=RETRY,
    )


@exception_view_config(HTTPException)
def http_error(error: HTTPException, request: Request) -> Response:
    """Whatever else Pyramid refuses."""
    return problem(request, error.status_int, f"{error.title}.")


@exception_view_config(Exception)
def bug(error: Exception, request: Request) -> Response:
    """A mistake of ours: the log has all of it, the answer nothing."""
    # The path is whatever was sent: as it is, a line break in it would make a line of the log.
    log.error("%s %r failed", request.method, request.environ["PATH_INFO"][:200], exc_info=error)
    return problem(
        request, 500, "This page could not be made.  What went wrong is in the log of this site.", kind="bug"
    )
