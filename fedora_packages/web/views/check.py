"""Check now: compare the values of a panel or a query with their upstreams at once, and show the result.

A difference is corrected, as the audit does it (see `fedora_packages.monitoring.checks`).  Anybody can cause requests to
upstreams this way, so rate limits by client and package, and a limit of concurrent checks, bound them.

There are no cookies and no users, so a form on another site can do no more than its visitor.  It is refused all the same if the
browser says that it is one.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, NamedTuple

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden, HTTPTooManyRequests
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, view_config

from fedora_packages.cache.cache import Cache
from fedora_packages.connectors import Connector
from fedora_packages.connectors.query import QueryCall
from fedora_packages.errors import ReleaseNotServed, UpstreamError, UpstreamUnavailable
from fedora_packages.monitoring.checks import CORRECTED, FIRST, LAGGING, SAME, SUPERSEDED, Checked, check
from fedora_packages.monitoring.metrics import Metrics
from fedora_packages.search.packages import Package
from fedora_packages.service import Service
from fedora_packages.web.api.values import CHECK_OUTCOMES, as_json, call_fields, requested_call
from fedora_packages.web.formats import error_summary, upstream_title
from fedora_packages.web.problems import problem
from fedora_packages.web.rate_limit import RateLimit, client_of
from fedora_packages.web.request import UnknownPart, requested_package
from fedora_packages.web.views.pages import requested_context, requested_widgets, tab_values
from fedora_packages.widgets.panel import panels

#: Seconds that a check may take; a slower upstream answers in the background, for the next reader.
LIMIT = 20.0

#: Checks of one package per minute, by all clients.
PER_PACKAGE = 20

#: Concurrent checks of one process, since its other threads must go on serving pages, and seconds until another try.
MAX_RUNNING = 3
RETRY = 5


class RefusedCheck(HTTPForbidden):
    """A check that is refused for good; ``args[0]`` says why."""


class TooManyChecks(HTTPTooManyRequests):
    """A check that is not made now; ``args[0]`` says why, ``seconds`` when to try again."""

    def __init__(self, reason: str, seconds: int):
        super().__init__(f"{reason} Try again in {seconds} second{'' if seconds == 1 else 's'}.")
        self.seconds = seconds


def includeme(config: Configurator) -> None:
    """Make the checks; requests find them as ``request.checks``."""
    config.registry.checks = checks_of(config.registry.service)
    config.add_request_method(lambda request: request.registry.checks, "checks", property=True)


def checks_of(service: Service, **more: Any) -> "Checks":
    """Return the checks over a service's parts; ``more`` are arguments of `Checks`."""
    per_client, grace = service.settings.web.checks_per_client, service.settings.worker.pace.audit_grace
    return Checks(service.cache, service.metrics, service.connectors, per_client, grace, **more)


class Checks:
    """Check entries for readers, with threads of its own for each upstream, within limits.

    ``per_client`` and ``per_package`` are the numbers of checks of one client and of one package per minute, ``grace`` is as in
    `check`, and ``limit`` the time that all checks of a request may take together, in seconds.
    """

    def __init__(
        self,
        cache: Cache,
        metrics: Metrics,
        connectors: Mapping[str, Connector],
        per_client: int,
        grace: float,
        per_package: int = PER_PACKAGE,
        limit: float = LIMIT,
    ):
        self._check = partial(check, cache, metrics, by="reader", grace=grace)
        self._limit = limit
        self.per_client, self.per_package = per_client, per_package
        self._client_limit = RateLimit(cache.client, "checks/client", per_client)
        self._package_limit = RateLimit(cache.client, "checks/package", per_package)
        self._running = threading.BoundedSemaphore(MAX_RUNNING)
        self._pools = {
            name: ThreadPoolExecutor(connector.settings.concurrency, thread_name_prefix=f"check-{name}")
            for name, connector in connectors.items()
        }

    @property
    def are_enabled(self) -> bool:
        """Whether readers can make checks on this site."""
        return bool(self.per_client and self.per_package)

    def __call__(self, client: str, package: Package, calls: Sequence[QueryCall]) -> list[Checked | UpstreamError]:
        """Return the result of each check, in their order.

        ``client`` is the name of the reader (see `client_of`).  Raises `RefusedCheck`, `TooManyChecks` and `CacheUnavailable`.
        """
        if not self.are_enabled:
            raise RefusedCheck("Checks are disabled on this site.")
        if not self._running.acquire(blocking=False):
            raise TooManyChecks("Too many checks are running on this site.", RETRY)
        try:
            # A client over its own limit must not use up the limit of the package.
            self._count(self._client_limit, client, "Too many checks from your address.")
            self._count(self._package_limit, package.source, f"Too many checks of {package.source}.")
            return self._results(calls)
        finally:
            self._running.release()

    def close(self) -> None:
        """Drop checks that have not begun; those under way end by their timeouts."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def _count(self, limit: RateLimit, name: str, reason: str) -> None:
        if not limit.allows(name):
            raise TooManyChecks(reason, limit.seconds_left(name))

    def _results(self, calls: Sequence[QueryCall]) -> list[Checked | UpstreamError]:
        futures = [self._pools[call.query.upstream].submit(self._check, call) for call in calls]
        wait(futures, timeout=self._limit)
        return [self._result(call, future) for call, future in zip(calls, futures, strict=True)]

    def _result(self, call: QueryCall, future: "Future[Checked]") -> Checked | UpstreamError:
        if future.cancel() or not future.done():
            request = f"{call.query.short_name} of {call.package!r}"
            return UpstreamUnavailable(call.query.upstream, request, f"no response within {self._limit:g} s")
        error = future.exception()
        return error if isinstance(error, UpstreamError) else future.result()


@view_config(route_name="check", renderer="fedora_packages:web/templates/checked.mako")
def check_panel(request: Request) -> dict[str, Any]:
    """Check the values of a panel, and return the panel with the results.  Raises `UnknownPart` if it has no values."""
    _refuse_other_sites(request)
    package = requested_package(request)
    tab, (widget, *_) = requested_widgets(request)
    # Its links lead to the panel's own URL: this one takes a POST only.
    path = request.route_path("panel", **request.matchdict)
    context = requested_context(request, package, [widget], path)
    calls = widget.calls(context) if widget.is_shown(package) else {}
    if not calls:
        raise UnknownPart(f"The panel {widget.name} of {package.name} has no values to check.")
    results = request.checks(client_of(request.remote_addr), package, list(calls.values()))
    rows = [_row(label, call, result) for (label, call), result in zip(calls.items(), results, strict=True)]
    return {**tab_values(request, tab, context, panels([widget], context, request.loader)), "results": rows}


@view_config(route_name="api.check", renderer="json")
def check_entry(request: Request) -> dict[str, Any] | Response:
    """Check the value of a query about a package, and return the value with the result."""
    _refuse_other_sites(request)
    call, _ = requested_call(request, "api.check")
    (result,) = request.checks(client_of(request.remote_addr), requested_package(request), [call])
    if isinstance(result, UpstreamError):
        kind = "release-not-served" if isinstance(result, ReleaseNotServed) else "upstream-failed"
        members = {"upstream": result.upstream, "asked": result.request, "came": result.reason}
        return problem(request, kind, f"{result.sentence}.", **call_fields(call), **members)
    outcome = {"outcome": CHECK_OUTCOMES[result.outcome], "differences": result.differences, "took": result.took}
    return {**call_fields(call), **as_json(result.after), "check": outcome}


@exception_view_config(RefusedCheck)
def refused(error: RefusedCheck, request: Request) -> Response:
    """A check that is refused for good."""
    return problem(request, "check-refused", str(error.detail))


@exception_view_config(TooManyChecks)
def too_many(error: TooManyChecks, request: Request) -> Response:
    """A check that is not made now."""
    return problem(request, "too-many-checks", str(error.detail), retry=error.seconds)


def _refuse_other_sites(request: Request) -> None:
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise RefusedCheck("Pages of other sites cannot request checks. Use the page of the package, or the JSON API.")


class CheckRow(NamedTuple):
    """The result of a check for people; ``differences`` are those that it has corrected."""

    label: str
    sentence: str
    differences: Sequence[str]
    is_failure: bool


def _row(label: str, call: QueryCall, result: Checked | UpstreamError) -> CheckRow:
    if isinstance(result, UpstreamError):
        sentence = f"{error_summary(result)}: {result.reason} ({result.request}). The cached value stays."
        return CheckRow(label, sentence, (), is_failure=True)
    differences = result.differences if result.outcome == CORRECTED else ()
    sentence = _sentence(upstream_title(call.query.upstream), result)
    sentence += f" ({result.took:.2f} s){':' if differences else '.'}"
    return CheckRow(label, sentence, differences, is_failure=False)


def _sentence(title: str, checked: Checked) -> str:
    """Return the result of a check as a sentence without its full stop."""
    if checked.outcome == SAME:
        return f"The cached value is up to date with {title}"
    if checked.outcome == FIRST:
        return f"No value was cached before. It is now cached from {title}"
    if checked.outcome == SUPERSEDED:
        return "A message arrived during the check. The change is being fetched"
    if checked.outcome == LAGGING:
        event = checked.before.stamp.event if checked.before.stamp else None
        message = f"the message {event['topic']} {event['id']}" if event else "a recent message"
        return f"{title} does not show the change of {message} yet. The cached value stays"
    if checked.before.is_fresh:
        return "The cached value was wrong and has been corrected"
    return f"The cached value was out of date and has been updated from {title}"
