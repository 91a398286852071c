"""Widgets: the panels of a package's page.  A module here with a `Widget` class in it, and a template of the same name, is all
there is to adding one."""

import sys
from collections.abc import Iterable

from pyramid.config import Configurator

from fedora_packages.connectors import classes_in
from fedora_packages.errors import SettingsError
from fedora_packages.widgets.base import Tab, Widget


def load() -> dict[str, Tab]:
    """Return the tabs in page order, by name, each with the panels of the widgets in this package.

    Raises `SettingsError`, which names the modules, if two widgets have one name, or if a tab has no widget of its own name
    (which gives it title and place).
    """
    return tabs(classes_in(sys.modules[__name__], Widget).values())


def tabs(kinds: Iterable[type[Widget]]) -> dict[str, Tab]:
    """Return the tabs that some widget classes make; see `load`."""
    found = {kind.name: kind for kind in kinds}
    for kind in found.values():
        if kind.tab not in found:
            raise SettingsError(f"{kind.__module__} is on a tab {kind.tab!r}, and no widget has that name")
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
