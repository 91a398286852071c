"""A package's pages: the overview, each tab, each panel by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.renderers import render
from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.search.packages import BINARY, Package
from fedora_packages.web.request import UnknownPart, asked_package, branch_meant
from fedora_packages.widgets.base import Count, Tab, Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.panel import Panel, context_of, counts, panels
from fedora_packages.widgets.parameters import MOST_ROWS, releases_of

#: The tab that is a package's own page.
FIRST_TAB = "overview"

#: Parameters that an address stands for.  ``/NAME/bugs/all`` always was all bugs on one page.
STANDS_FOR = {"bugs.all": {"size": str(MOST_ROWS)}}

TEMPLATE = "fedora_packages:web/templates/tab.mako"


@view_config(route_name="heartbeat", renderer="string")
def heartbeat(request: Request) -> str:
    """Say that the process is alive.  Nothing else is looked at: what depends on others is on their own account."""
    request.response.content_type = "text/plain"
    return "alive\n"


@view_config(route_name="package", renderer=TEMPLATE)
@view_config(route_name="tab", renderer=TEMPLATE)
@view_config(route_name="bugs.all", renderer=TEMPLATE)
@view_config(route_name="panel", renderer=TEMPLATE)
def tab(request: Request) -> dict[str, Any]:
    """Return a tab of a package's page, with all of its panels or one.  Of a retired package its status is 410 (gone)."""
    package = asked_package(request)
    found, widgets = asked_part(request)
    page = asked_page(request, package, widgets)
    if package.is_retired:
        request.response.status_int = 410
    parts = panels(widgets, page, request.loader)
    # A panel that was asked for by itself is shown whatever it has to say.
    return shown(
        request, found, page, parts if "panel" in request.matchdict else [part for part in parts if not part.is_empty]
    )


def asked_page(request: Request, package: Package, widgets: Sequence[Widget], path: str = "") -> PanelContext:
    """Return the page of some widgets that was asked for, at ``path`` (see `Page`).  Raises `InvalidArgument`."""
    given = {**STANDS_FOR.get(request.matched_route.name, {}), **request.given}
    if given.get("release"):
        given["release"] = branch_meant(request, given["release"], releases_of(package))
    return context_of(widgets, package, request.service, request.links, given, path)


def asked_part(request: Request) -> tuple[Tab, Sequence[Widget]]:
    """Return the tab that the address names, and its widgets or the one that it names.  Raises `UnknownPart`."""
    found = _tab(request.tabs, request.matchdict.get("tab", FIRST_TAB))
    return found, _widgets(found, request.matchdict.get("panel"))


def shown(request: Request, found: Tab, page: PanelContext, parts: Sequence[Panel]) -> dict[str, Any]:
    """Return what ``tab.mako`` shows: a tab with some of its panels."""
    package = page.package
    return {
        "package": package,
        "is_binary": package.kind == BINARY,
        "tab": found,
        "tabs": _bar(request, found, page),
        "releases": package.document.releases,
        "address": _canonical(request, page, found),
        "json_address": request.route_url("api.package", package=package.name),
        # One panel, a filter or a page of a list are parts of what the tab shows, and not worth an entry of their own elsewhere.
        "is_whole": "panel" not in request.matchdict
        and not request.given.keys() & page.values
        and not package.is_retired,
        "panels": [rendered(panel, request) for panel in parts],
    }


def rendered(panel: Panel, request: Request) -> str:
    """Return a panel as HTML: what its widget shows, in the frame that says how fresh it is."""
    about = {"page": panel.page, "package": panel.page.package}
    body = None if panel.context is None else render(panel.widget.template, {**about, **panel.context}, request)
    framed = {
        "panel": panel,
        "body": body,
        "elsewhere": panel.widget.elsewhere(panel.page),
        "check": check_of(panel, request),
    }
    return render("fedora_packages:web/templates/panel.mako", {**about, **framed}, request)


def check_of(panel: Panel, request: Request) -> str | None:
    """Return the address that checks what a panel shows; None where nothing is read, or no checks are allowed."""
    allowed, page = request.service.settings.web, panel.page
    if not panel.sources or not allowed.checks_per_client:
        return None
    named = {"package": page.package.name, "tab": panel.widget.tab, "panel": panel.widget.name}
    return request.route_path("check", **named, _query=page.parameters)


@dataclass(frozen=True)
class TabLink:
    """A tab in the bar of tabs."""

    title: str
    address: str
    is_current: bool
    count: Count | None


def _bar(request: Request, found: Tab, page: PanelContext) -> list[TabLink]:
    tabs = request.tabs.values()
    known = counts(tabs, page, request.loader.summaries)
    return [TabLink(tab.title, _address(request, page.package, tab), tab is found, known.get(tab.name)) for tab in tabs]


def _canonical(request: Request, page: PanelContext, tab: Tab) -> str:
    """Return the one address of a tab, whatever was asked for: without the prefix of old addresses, and without parameters."""
    path = _address(request, page.package, tab)
    return request.host_url + path.removeprefix(request.script_name)


def _address(request: Request, package: Package, tab: Tab) -> str:
    if tab.name == FIRST_TAB:
        return request.route_path("package", package=package.name)
    return request.route_path("tab", package=package.name, tab=tab.name)


def _tab(tabs: Mapping[str, Tab], name: str) -> Tab:
    if name not in tabs:
        raise UnknownPart(f"A package's page has no tab {name[:40]!r}; it has {', '.join(tabs)}.")
    return tabs[name]


def _widgets(tab: Tab, name: str | None) -> Sequence[Widget]:
    found = tuple(widget for widget in tab.widgets if name in (None, widget.name))
    if not found:
        names = ", ".join(widget.name for widget in tab.widgets)
        raise UnknownPart(f"The tab {tab.name} has no part {name[:40]!r}; it has {names}.")
    return found
