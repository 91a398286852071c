"""Connectors: our reader of each upstream.  A module here with a `Connector` class in it is all there is to adding one."""

import importlib
import pkgutil
from collections.abc import Callable

from fedora_packages.connectors.base import Connector, ReleaseTags
from fedora_packages.connectors.http import Asked, Recovered, nobody_counts, nobody_waits
from fedora_packages.errors import SettingsError
from fedora_packages.settings import Settings


def load(
    settings: Settings,
    agent: str,
    releases: Callable[[], tuple[ReleaseTags, ...]] = tuple,
    asked: Asked = nobody_counts,
    recovered: Recovered = nobody_waits,
) -> dict[str, Connector]:
    """Return a connector for each class in this directory, by its name.

    ``agent`` is told to upstreams as who asks (``"web"``, ``"worker"``).  ``releases`` gives the active releases with their
    koji tags, for queries that ask about each.  ``asked`` is told of each request, ``recovered`` of each upstream that answers
    again after it was left alone.  Two connectors of one name are an error that names both modules.
    """
    found: dict[str, type[Connector]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for member in vars(module).values():
            if isinstance(member, type) and issubclass(member, Connector) and member.__module__ == module.__name__:
                if member is Connector:
                    continue
                if member.name in found:
                    raise SettingsError(
                        f"two connectors are called {member.name!r}: {found[member.name].__module__} and {member.__module__}"
                    )
                found[member.name] = member
    return {
        name: kind(settings.connectors[name], agent, releases, asked, recovered) for name, kind in sorted(found.items())
    }
