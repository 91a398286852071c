"""Connectors: our readers of the upstreams, one module each.

A module in this package with a `Connector` class is all that an upstream needs: queries, settings, links and title follow.
"""

import importlib
import pkgutil
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import TypeVar

from fedora_packages.connectors.base import Connector, ListReleases
from fedora_packages.connectors.http import user_agent
from fedora_packages.errors import SettingsError
from fedora_packages.settings import Settings

T = TypeVar("T")


def classes_in(package: ModuleType, base: type[T]) -> dict[str, type[T]]:
    """Return the subclasses of ``base`` in the modules of a package, by their ``name`` and in its order.

    Raises `SettingsError`, which names both modules, if two of them have one name.
    """
    found: dict[str, type[T]] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for member in vars(module).values():
            is_own = isinstance(member, type) and member.__module__ == module.__name__
            if is_own and issubclass(member, base) and member is not base:
                other = found.setdefault(member.name, member)
                if other is not member:
                    raise SettingsError(
                        f"{other.__module__} and {member.__module__} both have a {base.__name__} called {member.name!r}"
                    )
    return dict(sorted(found.items()))


@cache
def declared() -> tuple[type[Connector], ...]:
    """Return the class of every connector in this package, in the order of their names."""
    return tuple(classes_in(sys.modules[__name__], Connector).values())


@cache
def titles() -> dict[str, str]:
    """Return the titles of the upstreams (``dist-git``) by their names (``distgit``)."""
    return {kind.name: kind.title for kind in declared()}


def load(
    settings: Settings,
    role: str,
    releases: ListReleases = tuple,
    **callbacks: Callable[..., None],
) -> dict[str, Connector]:
    """Return a connector of each class in this package, by its name; of those with a role, the one that the settings choose.

    ``role`` is part of the User-Agent (``web``, ``worker``).  ``releases`` returns the active releases.
    ``callbacks`` are those of `HTTPClient`.
    """
    agent, pause = user_agent(role, settings.contact), settings.worker.pace.reset_pause
    return {
        kind.name: kind(settings.connectors[kind.name], agent, releases, reset_pause=pause, **callbacks)
        for kind in declared()
        if kind.role is None or kind.name == settings.repositories
    }
