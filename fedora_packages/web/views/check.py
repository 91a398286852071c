"""Check now: whoever doubts what a panel shows has its upstreams asked at once, and sees what came of it.

A difference is healed, as the audit does it (see `fedora_packages.monitoring.verify`).  Since anybody can have upstreams asked
this way, it is bounded: by client, by package, and by how many are made at the same time.  The counts are in Redis, there being
many web processes::

    fp:{checks}:client:<address>:<minute>      how many checks a client has asked for in a minute
    fp:{checks}:package:<source>:<minute>      and how many were made of a package

There are neither cookies nor users, so that a form on another site could do no more than its visitor may; where the browser says
that it is one, it is refused all the same.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPTooManyRequests
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, view_config

from fedora_packages.cache.redis import counted
from fedora_packages.cache.values import ErrorState
from fedora_packages.connectors.query import QueryCall
from fedora_packages.errors import ReleaseNotServed, UpstreamError, UpstreamUnavailable
from fedora_packages.monitoring.verify import CORRECTED, FIRST, LAGGING, SAME, SUPERSEDED, Checked, check
from fedora_packages.search.packages import Package
from fedora_packages.service import Service
from fedora_packages.web.api.values import CHECK_OUTCOMES, about_of, as_json, asked_entry
from fedora_packages.web.formats import spoken, trouble_of
from fedora_packages.web.problems import problem
from fedora_packages.web.rate_limit import client_of
from fedora_packages.web.request import UnknownPart, asked_package
from fedora_packages.web.views.pages import asked_page, asked_part, shown
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.panel import call_of, panels

#: Seconds that a check may take in all; an upstream that needs longer is asked on, and whoever looks later sees what it said.
LIMIT = 20.0

#: Checks that one process makes at the same time, and seconds after which it may be free again: the others of its threads must go
#: on answering pages.
AT_ONCE = 3
BUSY = 5

#: Checks of one package per minute.
CHECKS_PER_PACKAGE = 20


class RefusedCheck(HTTPForbidden):
    """A check that is not made for anybody; ``args[0]`` says why."""


class TooManyChecks(HTTPTooManyRequests):
    """A check that is not made now; ``args[0]`` says why, ``Retry-After`` when it may be."""

    def __init__(self, why: str, seconds: int):
        super().__init__(f"{why}  Try again in {seconds} s.", headers={"Retry-After": str(seconds)})


def includeme(config: Configurator) -> None:
    """Make what makes the checks; requests find it as ``request.checks``."""
    config.registry.checks = Checks(config.registry.service)
    config.add_request_method(lambda request: request.registry.checks, "checks", property=True)


class Checks:
    """Makes checks for readers, each upstream by threads of its own, within bounds."""

    def __init__(self, service: Service, per_package: int = CHECKS_PER_PACKAGE):
        self._service = service
        self._per_client, self.per_package = service.settings.web.checks_per_client, per_package
        self._running = threading.BoundedSemaphore(AT_ONCE)
        self._pools = {
            name: ThreadPoolExecutor(connector.settings.concurrency, thread_name_prefix=f"check-{name}")
            for name, connector in service.connectors.items()
        }

    def __call__(self, client: str, package: Package, wanted: Sequence[QueryCall]) -> list[Checked | UpstreamError]:
        """Return what came of the check of each entry, in their order.

        ``client`` is who asks, as `client_of` gives it.  Raises `RefusedCheck`, `TooManyChecks` and `CacheUnavailable`.
        """
        if not self._per_client or not self.per_package:
            raise RefusedCheck("This site makes no checks for its readers.")
        if not self._running.acquire(blocking=False):
            raise TooManyChecks("This site makes as many checks as it can already.", BUSY)
        try:
            # A client who may ask no more must not use up what others may ask of the package.
            self._count(
                f"client:{client}",
                self._per_client,
                "You have asked for as many checks as one may in a minute.",
            )
            self._count(
                f"package:{package.source}",
                self.per_package,
                f"{package.source} has been checked as often as may be in a minute.",
            )
            return self._made(wanted)
        finally:
            self._running.release()

    def close(self) -> None:
        """Forget checks that have not begun; those under way end by their timeouts."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def _count(self, what: str, allowed: int, why: str) -> None:
        count, seconds = counted(self._service.client, f"{{checks}}:{what}")
        if count > allowed:
            raise TooManyChecks(why, seconds)

    def _made(self, wanted: Sequence[QueryCall]) -> list[Checked | UpstreamError]:
        grace = self._service.settings.worker.pace.audit_grace
        futures = [
            self._pools[want.query.upstream].submit(
                check, self._service.cache, self._service.metrics, want, "reader", grace
            )
            for want in wanted
        ]
        wait(futures, timeout=LIMIT)
        return [_outcome(want, future) for want, future in zip(wanted, futures, strict=True)]


def _outcome(want: QueryCall, future: "Future[Checked]") -> Checked | UpstreamError:
    if future.cancel() or not future.done():
        asked = f"{want.query.short_name} of {want.package!r}"
        return UpstreamUnavailable(want.query.upstream, asked, f"no response within {LIMIT:g} s")
    error = future.exception()
    return error if isinstance(error, UpstreamError) else future.result()


@dataclass(frozen=True)
class Told:
    """What came of the check of one entry, for people: the widget's word for it, a sentence, what differed."""

    word: str
    sentence: str
    differences: tuple[str, ...] = ()
    is_failure: bool = False


@view_config(route_name="check", renderer="fedora_packages:web/templates/checked.mako")
def check_panel(request: Request) -> dict[str, Any]:
    """Check all that a panel shows, and return the panel as it is then, with what came of it."""
    _refuse_other_sites(request)
    package = asked_package(request)
    tab, (widget, *_) = asked_part(request)
    # Its links lead to the panel's own address: this one cannot be looked at.
    path = request.route_path("panel", **request.matchdict)
    page = asked_page(request, package, [widget], path)
    wanted = _wanted(widget, page)
    outcomes = request.checks(client_of(request.remote_addr), package, list(wanted.values()))
    told = [_told(word, want, outcome) for (word, want), outcome in zip(wanted.items(), outcomes, strict=True)]
    return {**shown(request, tab, page, panels([widget], page, request.loader)), "checked": told}


@view_config(route_name="api.check", renderer="json")
def check_entry(request: Request) -> dict[str, Any] | Response:
    """Check the answer of a query about a package, and return it as it is then, with what came of it."""
    _refuse_other_sites(request)
    wanted = asked_entry(request)
    (outcome,) = request.checks(client_of(request.remote_addr), asked_package(request), [wanted])
    if isinstance(outcome, UpstreamError):
        status, kind = (
            (404, "release-not-served") if outcome.kind == ReleaseNotServed.kind else (502, "upstream-failed")
        )
        told = {"upstream": outcome.upstream, "asked": outcome.request, "came": outcome.reason}
        return problem(request, status, f"{outcome}.", kind=kind, **about_of(wanted), **told)
    came = {"outcome": CHECK_OUTCOMES[outcome.outcome], "differences": outcome.differences, "took": outcome.took}
    return {**about_of(wanted), **as_json(outcome.after), "check": came}


@exception_view_config(RefusedCheck)
@exception_view_config(TooManyChecks)
def refused(error: HTTPException, request: Request) -> Response:
    """A check that is not made."""
    seconds = error.headers.get("Retry-After")
    kind = "check-refused" if seconds is None else "too-many-checks"
    return problem(
        request, error.status_int, str(error.detail), kind=kind, retry=None if seconds is None else int(seconds)
    )


def _refuse_other_sites(request: Request) -> None:
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise RefusedCheck(
            "Checks are asked for on this site's own pages, or by programs; not from other sites' pages."
        )


def _wanted(widget: Widget, page: PanelContext) -> dict[str, QueryCall]:
    """Return what a panel queries, by the widget's words for it.  Raises `UnknownPart` if that is nothing."""
    queries = widget.queries_on(page) if widget.is_shown(page.package) else {}
    if not queries:
        raise UnknownPart(
            f"On the page of {page.package.name} the part {widget.name} shows nothing that can be checked."
        )
    release = widget.release(page)
    return {word: call_of(page.service.queries[query], page, release) for word, query in queries.items()}


def _told(word: str, want: QueryCall, outcome: Checked | UpstreamError) -> Told:
    upstream = spoken(want.query.upstream)
    if isinstance(outcome, UpstreamError):
        trouble = trouble_of(ErrorState(0, 0, "", outcome.upstream, outcome.kind))
        said = f"{trouble}: {outcome.reason} (request: {outcome.request}).  What was known stays."
        return Told(word, said, is_failure=True)
    # Of differences that were not mended nothing is told.
    differences = outcome.differences if outcome.outcome == CORRECTED else ()
    end = ":" if differences else "."
    return Told(word, f"{_what_came(upstream, outcome)} (asked in {outcome.took:.2f} s){end}", differences)


def _what_came(upstream: str, checked: Checked) -> str:
    """Return what came of a check, as a sentence without its end."""
    if checked.outcome == SAME:
        return f"{upstream} says the same as is shown"
    if checked.outcome == FIRST:
        return f"This was not known before, and is now as {upstream} says"
    if checked.outcome == SUPERSEDED:
        return "A message came meanwhile, and what it changed is being read again"
    if checked.outcome == LAGGING:
        event = checked.before.stamp.event if checked.before.stamp else None
        said = f"what the message {event['topic']} {event['id']} said" if event else "what a message said lately"
        return f"{upstream} does not show yet {said}: nothing was changed"
    if checked.before.is_fresh:
        return "It differed, and is mended"
    return f"What was known was old, and is now as {upstream} says"
