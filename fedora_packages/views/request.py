"""What every request carries: the parts that read and keep, the links out, the parameters of its address."""

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from fedora_packages import service, settings
from fedora_packages.errors import InvalidArgument
from fedora_packages.links import Links
from fedora_packages.package import Package, find
from fedora_packages.reads import Reads


class UnknownPackage(HTTPNotFound):
    """The index has no package of this name.  ``args[0]`` is a sentence for people."""


class UnknownPart(HTTPNotFound):
    """A package's page has no such tab or panel, or the API no such query; ``args[0]`` says which there are."""


def includeme(config: Configurator) -> None:
    """Make the service from the settings.  Raises `SettingsError`; connects to nothing."""
    registry = config.registry
    strings = {key: value for key, value in registry.settings.items() if isinstance(value, str)}
    registry.service = service.build(settings.from_strings(strings), "web")
    registry.reads = Reads(registry.service)
    registry.links = Links(registry.service.settings.links)
    for name in ("service", "reads", "links"):
        config.add_request_method(lambda request, name=name: getattr(request.registry, name), name, property=True)
    config.add_request_method(given, reify=True)


def given(request: Request) -> dict[str, str]:
    """Return the parameters of the address, of repeated ones the last.  Raises `InvalidArgument` if they are not UTF-8."""
    try:
        return dict(request.GET)
    except UnicodeDecodeError as error:
        raise InvalidArgument("the parameters of the address are not UTF-8") from error


def printable(text: str, limit: int) -> str:
    """Return as much of a text as is shown again, without what is no letter on any screen (a NUL is not even HTML)."""
    return "".join(letter for letter in text[:limit] if letter.isprintable()).strip()


def asked_package(request: Request) -> Package:
    """Return the package that the address names.  Raises `UnknownPackage`, having asked no upstream."""
    name = request.matchdict["package"]
    package = find(request.service.index, name)
    if package is None:
        raise UnknownPackage(f"There is no package called {name[:80]!r}.")
    return package
