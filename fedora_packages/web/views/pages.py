"""The pages of a package: the overview, each tab, each panel by itself."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pyramid.renderers import render
from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.search.packages import BINARY, Package
from fedora_packages.web.request import UnknownPart, branch_of, panel_context, requested_package
from fedora_packages.widgets.base import Tab, Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.panel import Panel, counts, panels, parameters_of
from fedora_packages.widgets.parameters import MAX_ROWS, parse, releases_of

#: The tab at the URL of a package.
FIRST_TAB = "overview"

#: Parameters that a URL implies.  ``/NAME/bugs/all`` has always shown all bugs on one page.
IMPLIED = {"bugs.all": {"size": str(MAX_ROWS)}}

TEMPLATE = "fedora_packages:web/templates/tab.mako"


class TabLink(NamedTuple):
    """A tab with its path, and the count beside its title."""

    tab: Tab
    path: str
    count: str | None


@view_config(route_name="heartbeat", renderer="string")
def heartbeat(request: Request) -> str:
    """Return that the process is alive, without a look at Redis or the upstreams."""
    request.response.content_type = "text/plain"
    return "alive\n"


@view_config(route_name="package", renderer=TEMPLATE)
@view_config(route_name="tab", renderer=TEMPLATE)
@view_config(route_name="bugs.all", renderer=TEMPLATE)
@view_config(route_name="panel", renderer=TEMPLATE)
def tab(request: Request) -> dict[str, Any]:
    """Return a tab of a package, with all of its panels or one.  The status is 410 (gone) for a retired package."""
    package = requested_package(request)
    found, widgets = requested_widgets(request)
    context = requested_context(request, package, widgets)
    if package.is_retired:
        request.response.status_int = 410
    parts = panels(widgets, context, request.loader)
    # A panel with a URL of its own is shown even if it is empty.
    return tab_values(
        request,
        found,
        context,
        parts if "panel" in request.matchdict else [part for part in parts if not part.is_empty],
    )


def requested_context(request: Request, package: Package, widgets: Sequence[Widget], path: str = "") -> PanelContext:
    """Return the context of the requested panels; ``path`` is that of `PanelContext`.  Raises `InvalidArgument`."""
    parameters = {**IMPLIED.get(request.matched_route.name, {}), **request.query_parameters}
    if parameters.get("release"):
        parameters["release"] = branch_of(request, parameters["release"], releases_of(package))
    values = parse(parameters, parameters_of(widgets, package))
    return panel_context(request, package, values, query_parameters=parameters, path=path)


def requested_widgets(request: Request) -> tuple[Tab, Sequence[Widget]]:
    """Return the requested tab, and its widgets or the requested one.  Raises `UnknownPart`."""
    name, panel = request.matchdict.get("tab", FIRST_TAB), request.matchdict.get("panel")
    if name not in request.tabs:
        raise UnknownPart(f"Tab {name[:40]!r} does not exist. Tabs: {', '.join(request.tabs)}.")
    found = request.tabs[name]
    widgets = [widget for widget in found.widgets if panel in (None, widget.name)]
    if not widgets:
        names = ", ".join(widget.name for widget in found.widgets)
        raise UnknownPart(f"The tab {name} has no panel {panel[:40]!r}. Panels: {names}.")
    return found, widgets


def tab_values(request: Request, found: Tab, context: PanelContext, parts: Sequence[Panel]) -> dict[str, Any]:
    """Return the variables of ``tab.mako``."""
    package, tabs = context.package, request.tabs.values()
    known = counts(tabs, context, request.loader.summaries)
    return {
        "package": package,
        "is_binary": package.kind == BINARY,
        "tab": found,
        "tabs": [TabLink(one, _path(request, package, one), known.get(one.name)) for one in tabs],
        # Without the prefix and without parameters.
        "canonical_url": request.host_url + _path(request, package, found).removeprefix(request.script_name),
        # A single panel, a filter or a page of a list is only a part of the tab: search engines should skip it.
        "is_whole": "panel" not in request.matchdict
        and not request.query_parameters.keys() & context.values
        and not package.is_retired,
        "panels": [rendered(panel, request) for panel in parts],
    }


def rendered(panel: Panel, request: Request) -> str:
    """Return a panel as HTML, with its stamps."""
    context = panel.context
    values = {"panel": panel, "package": context.package, "release": context.release, "binary": context.binary}
    body = None if panel.variables is None else render(panel.widget.template, {**values, **panel.variables}, request)
    check = None
    if panel.sources and request.checks.are_enabled:
        path = {"package": context.package.name, "tab": panel.widget.tab, "panel": panel.widget.name}
        check = request.route_path("check", **path, _query=context.parameters)
    links = panel.widget.external_links(context)
    values.update(body=body, external_links=links, check=check)
    return render("fedora_packages:web/templates/panel.mako", values, request)


def _path(request: Request, package: Package, tab: Tab) -> str:
    if tab.name == FIRST_TAB:
        return request.route_path("package", package=package.name)
    return request.route_path("tab", package=package.name, tab=tab.name)
