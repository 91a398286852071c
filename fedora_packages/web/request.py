"""The attributes of every request: the parts of the service, the links, the query parameters."""

import contextlib
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from fedora_packages import connectors, service, settings
from fedora_packages.connectors.active_releases import RELEASES
from fedora_packages.connectors.query import QueryCall
from fedora_packages.errors import CacheUnavailable, InvalidArgument
from fedora_packages.messages import timeline
from fedora_packages.monitoring.heartbeat import FreshnessMonitor
from fedora_packages.search.packages import Package, find
from fedora_packages.service import Service
from fedora_packages.web.links import Links
from fedora_packages.web.live_lookups import live_lookups_of
from fedora_packages.web.loader import Loader
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.parameters import Parser, one_of, releases_of
from fedora_packages.widgets.release_names import names_of

#: Characters of an unknown name that an error shows.
MAX_NAME = 80


class UnknownPackage(HTTPNotFound):
    """The index has no package of this name.  ``args[0]`` is a sentence for people."""


class UnknownPart(HTTPNotFound):
    """A package has no such tab or panel, or the API no such query; ``args[0]`` lists the existing ones."""


def includeme(config: Configurator) -> None:
    """Build the service from the settings, and hand its parts to requests.  Raises `SettingsError`; connects to nothing."""
    registry = config.registry
    strings = {key: value for key, value in registry.settings.items() if isinstance(value, str)}
    registry.service = service.build(settings.from_strings(strings, connectors.declared()), "web")
    registry.loader = loader_of(registry.service)
    registry.links = Links({name: found.site for name, found in registry.service.connectors.items()})
    registry.index, registry.queries = registry.service.index, registry.service.queries
    registry.cache = registry.service.cache
    registry.timeline = partial(timeline.read, registry.service.client)
    registry.live_lookups = live_lookups_of(registry.service)
    for name in ("service", "loader", "links", "index", "queries", "cache", "timeline", "live_lookups"):
        config.add_request_method(lambda request, name=name: getattr(request.registry, name), name, property=True)
    config.add_request_method(query_parameters, reify=True)


def loader_of(service: Service, **more: Any) -> Loader:
    """Return a loader over a service's parts; ``more`` are arguments of `Loader`."""
    more = {"wait": service.settings.cache.wait, **more}
    return Loader(
        service.cache, service.queue, service.connectors, FreshnessMonitor(service.client), service.metrics, **more
    )


def query_parameters(request: Request) -> dict[str, str]:
    """Return the parameters of the URL, the last of repeated ones.  Raises `InvalidArgument` if they are not UTF-8."""
    try:
        return dict(request.GET)
    except UnicodeDecodeError as error:
        raise InvalidArgument("the query string is not valid UTF-8") from error


def panel_context(request: Request, package: Package, values: Mapping[str, Any], **more: Any) -> PanelContext:
    """Return the context of a package's panels; ``more`` are other fields of `PanelContext`."""
    more = {"query_parameters": request.query_parameters, **more}
    return PanelContext(package, request.queries, request.index, request.links, request.timeline, values=values, **more)


def printable(text: str, limit: int) -> str:
    """Return the first characters of a text without unprintable ones (HTML has no NUL)."""
    return "".join(character for character in text[:limit] if character.isprintable()).strip()


def branch_of(request: Request, text: str, branches: Collection[str]) -> str:
    """Return the branch for a branch, dist tag or Bodhi name, if it is one of ``branches``; any other string unchanged.

    The number of Rawhide comes from the cache: a possible typo causes no request to an upstream.
    """
    if text in branches:
        return text
    releases = None
    with contextlib.suppress(CacheUnavailable):
        releases = request.loader.known([QueryCall(request.queries[RELEASES])])[0].value
    branch = names_of(releases).branch_of(text.lower())
    return branch if branch in branches else text


def release_parser(request: Request, package: Package) -> Parser:
    """Return a parser for the releases that have a package, by any of their names."""
    branches = releases_of(package)
    return lambda text: one_of(*branches)(branch_of(request, text, branches))


def requested_package(request: Request) -> Package:
    """Return the package in the URL, without a request to an upstream.  Raises `UnknownPackage`."""
    name = request.matchdict["package"]
    package = find(request.index, name)
    if package is None:
        raise UnknownPackage(f"Package {name[:MAX_NAME]!r}{'…' if len(name) > MAX_NAME else ''} does not exist.")
    return package
