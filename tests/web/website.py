"""The web process in a test: the real application over a real Redis and a real index, asked through WebTest."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

from pyramid.registry import Registry
from pyramid.router import Router
from webtest import TestApp, TestResponse

from fedora_packages import main
from fedora_packages.cache.fill_types import Policy
from fedora_packages.cache.values import Invalidation
from fedora_packages.connectors.circuit import Circuit
from fedora_packages.service import Service
from fedora_packages.web.live_lookups import live_lookups_of
from fedora_packages.web.request import loader_of
from fedora_packages.web.views.check import checks_of
from tests.filling import put

#: An event that has made values necessary.
CAUSE = {"id": "2026-0a1b2c3d", "topic": "buildsys.build.state.change", "sent": 1764000000.0}


@dataclass
class Website:
    """The application, and what its cache is told."""

    app: TestApp
    service: Service

    def get(self, path: str, status: Any = "*") -> TestResponse:
        """Return the answer at a path (quoted, with its parameters)."""
        return self.app.get(path, status=status)

    def know(self, query: str, value: Any, package: str = "*", release: str | None = None, cause: Any = None) -> None:
        """Put a value into the cache, as a worker's fill does."""
        found, cache = self.service.queries[query], self.service.cache
        entry, variant = found.entry(package), found.variant(release)
        if cause:
            cache.invalidate([Invalidation(entry, cause, make=True)])
        opened = cache.open(entry)
        if variant in opened.current | opened.wanting:
            cache.drop(entry, variant)
        put(cache, entry, value, variant, policy=Policy.REFILL)

    def know_all(self, values: dict[str, Any], package: str, release: str = "rawhide", binary: str = "") -> None:
        """Put a value of each query about a package into the cache."""
        for name, value in values.items():
            about = self.service.queries[name].subject
            subject = "*" if about == "nothing" else (binary or package) if about == "binary" else package
            self.know(name, value, subject, release)

    def invalidate(self, query: str, package: str, event: dict[str, Any] | None = None) -> None:
        """Make what is known of an entry old, as an event does."""
        self.service.cache.invalidate([Invalidation(self.service.queries[query].entry(package), event or CAUSE)])


@contextmanager
def website(service: Service, strings: dict[str, str]) -> Iterator[Website]:
    """Run the application over the Redis and index of ``service``."""
    wsgi = _application(frozenset(strings.items()))
    _forget(wsgi.registry)
    try:
        yield Website(TestApp(wsgi), service)
    finally:
        wsgi.registry.loader.close()
        wsgi.registry.checks.close()
        wsgi.registry.live_lookups.close()
        end_of_threads()
        wsgi.registry.service.client.close()


def end_of_threads() -> None:
    """Wait for what is asked of upstreams: it would be noted in the Redis of the next test."""
    for thread in threading.enumerate():
        if thread.name.startswith(("fill-", "check-")):
            thread.join(10)


@lru_cache(maxsize=8)
def _application(strings: frozenset[tuple[str, str]]) -> Router:
    """Make the application, or give the one that was made with the same settings: to make it takes longer than most tests."""
    return main({}, **dict(strings))


def _forget(registry: Registry) -> None:
    """Make an application as it was when it was made: without what it has learned of upstreams, counted, and begun."""
    service: Service = registry.service
    registry.loader, registry.checks, registry.live_lookups = (
        loader_of(service),
        checks_of(service),
        live_lookups_of(service),
    )
    for connector in service.connectors.values():
        connector.circuit = Circuit(connector.reset_pause, connector.settings.timeout)
    for counted in (service.metrics._counts, service.metrics._sums):
        counted.clear()


#: Elements that have no end.
VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})


class Elements(HTMLParser):
    """Every element of a page, as a browser would see it: (tag, attributes).

    ``misplaced`` are ends that do not end what was begun last; ``open`` is what is still open.
    """

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.misplaced: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.misplaced.append(tag)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of one kind."""
        return [attributes for found, attributes in self.found if found == tag]

    @property
    def strange_scripts(self) -> list[dict[str, str | None]]:
        """The attributes of scripts that are no file of ours."""
        return [script for script in self.of("script") if not (script.get("src") or "").startswith("/_static/")]
