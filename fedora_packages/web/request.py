"""What every request carries: the parts that read and keep, the links out, the parameters of its address."""

import contextlib
from collections.abc import Collection
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from fedora_packages import connectors, service, settings
from fedora_packages.connectors.query import QueryCall
from fedora_packages.connectors.releases import RELEASES
from fedora_packages.errors import CacheUnavailable, InvalidArgument
from fedora_packages.monitoring.heartbeat import FreshnessMonitor
from fedora_packages.search.packages import Package, find
from fedora_packages.service import Service
from fedora_packages.web.links import Links
from fedora_packages.web.loader import Loader
from fedora_packages.widgets.parameters import Parser, one_of, releases_of
from fedora_packages.widgets.release_names import names_of

#: Characters of a name that is none's which are shown again.
NAME_SHOWN = 80


class UnknownPackage(HTTPNotFound):
    """The index has no package of this name.  ``args[0]`` is a sentence for people."""


class UnknownPart(HTTPNotFound):
    """A package's page has no such tab or panel, or the API no such query; ``args[0]`` says which there are."""


def includeme(config: Configurator) -> None:
    """Make the service from the settings.  Raises `SettingsError`; connects to nothing."""
    registry = config.registry
    strings = {key: value for key, value in registry.settings.items() if isinstance(value, str)}
    registry.service = service.build(settings.from_strings(strings, connectors.declared()), "web")
    registry.loader = loader_of(registry.service)
    registry.links = Links({name: found.site for name, found in registry.service.connectors.items()})
    for name in ("service", "loader", "links"):
        config.add_request_method(lambda request, name=name: getattr(request.registry, name), name, property=True)
    config.add_request_method(given, reify=True)


def loader_of(service: Service, **more: Any) -> Loader:
    """Return a loader over a service's parts; ``more`` are arguments of `Loader`."""
    more = {"wait": service.settings.cache.wait, **more}
    return Loader(
        service.cache, service.queue, service.connectors, FreshnessMonitor(service.client), service.metrics, **more
    )


def given(request: Request) -> dict[str, str]:
    """Return the parameters of the address, of repeated ones the last.  Raises `InvalidArgument` if they are not UTF-8."""
    try:
        return dict(request.GET)
    except UnicodeDecodeError as error:
        raise InvalidArgument("the parameters of the address are not UTF-8") from error


def printable(text: str, limit: int) -> str:
    """Return as much of a text as is shown again, without what is no letter on any screen (a NUL is not even HTML)."""
    return "".join(letter for letter in text[:limit] if letter.isprintable()).strip()


def branch_meant(request: Request, text: str, branches: Collection[str]) -> str:
    """Return which of some branches a text means: itself, or the one whose dist tag or bodhi's name it is.  Any other as it is.

    Which number rawhide has the cache says: no upstream is asked because of what may be a mistake.
    """
    if text in branches:
        return text
    releases = None
    with contextlib.suppress(CacheUnavailable):
        releases = request.loader.known([QueryCall(request.service.queries[RELEASES])])[0].value
    meant = names_of(releases).meant(text.lower())
    return meant if meant in branches else text


def named_release(request: Request, package: Package) -> Parser:
    """Return a parser that takes, in whichever words, the releases which have a package: entries of others would never end."""
    branches = releases_of(package)
    return lambda text: one_of(*branches)(branch_meant(request, text, branches))


def asked_package(request: Request) -> Package:
    """Return the package that the address names.  Raises `UnknownPackage`, having asked no upstream."""
    name = request.matchdict["package"]
    package = find(request.service.index, name)
    if package is None:
        raise UnknownPackage(
            f"There is no package called {name[:NAME_SHOWN]!r}{' …' if len(name) > NAME_SHOWN else '.'}"
        )
    return package
