"""Widgets: the panels of a package's page.  A new one is a module here with a `Widget` class, and a template of the same name."""

import importlib
import pkgutil
from collections.abc import Iterable

from pyramid.config import Configurator

from fedora_packages.errors import SettingsError
from fedora_packages.widgets.base import Tab, Widget


def load() -> dict[str, Tab]:
    """Return the tabs in page order, by name, with the widgets of this directory.

    Raises `SettingsError`, with the modules, for two widgets of one name and for a tab without a widget of its name (which
    gives it title and place).
    """
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return tabs(
        member
        for module in modules
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, Widget)
        and member.__module__ == module.__name__ != Widget.__module__
    )


def tabs(kinds: Iterable[type[Widget]]) -> dict[str, Tab]:
    """Return the tabs of widget classes; see `load`."""
    found: dict[str, type[Widget]] = {}
    for kind in kinds:
        if kind.name in found:
            raise SettingsError(
                f"two widgets have the name {kind.name!r}: {found[kind.name].__module__} and {kind.__module__}"
            )
        found[kind.name] = kind
    for kind in found.values():
        if kind.tab not in found:
            raise SettingsError(f"{kind.__module__} is on a tab {kind.tab!r}, but no widget has that name")
    widgets = sorted((kind() for kind in found.values()), key=lambda widget: (widget.order, widget.name))
    return {
        widget.name: Tab(widget.name, widget.title, tuple(other for other in widgets if other.tab == widget.name))
        for widget in widgets
        if widget.tab == widget.name
    }


def includeme(config: Configurator) -> None:
    """Load the tabs; requests find them as ``request.tabs``."""
    config.registry.tabs = load()
    config.add_request_method(lambda request: request.registry.tabs, "tabs", property=True)
