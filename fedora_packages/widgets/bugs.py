"""The Bugs tab: the open bugs, in the order in which packagers read them."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.package import Package
from fedora_packages.widgets.base import Page, Widget
from fedora_packages.widgets.parameters import Parser, page_number

ROWS = 100

#: The statuses of open bugs in the order in which the service has always shown them.
STATUSES = ("NEW", "VERIFIED", "ASSIGNED", "MODIFIED", "ON_DEV", "ON_QA", "RELEASE_PENDING", "POST")


class BugsWidget(Widget):
    """The open bugs, by status and then the newest first."""

    name, title, order, tab = "bugs", "Bugs", 130, "bugs"
    reads = {"bugs": "bugzilla.bugs"}

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a page."""
        return {"page": page_number}

    def elsewhere(self, page: Page) -> list[tuple[str, str]]:
        """Return bugzilla's list and its form for a new bug."""
        return bugzilla_links(page)

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the bugs, page by page."""
        bugs = sorted(values["bugs"]["bugs"], key=_order)
        return {"slice": page.slice(bugs, ROWS), "kept": len(bugs), "total": values["bugs"]["total"]}


def bugzilla_links(page: Page) -> list[tuple[str, str]]:
    """Return the links to bugzilla that are there whatever it says."""
    source = page.package.source
    is_only_epel = bool(page.package.document.releases) and all(
        branch.startswith("epel") for branch in page.package.document.releases
    )
    product = "Fedora EPEL" if is_only_epel else "Fedora"
    return [
        ("File a bug", page.links.new_bug(source, product)),
        ("All open bugs in bugzilla", page.links.bugs(source)),
        ("Bugs that block others", page.links.blocking_bugs(source)),
    ]


def _order(bug: Mapping[str, Any]) -> tuple[int, int]:
    status = bug["status"]
    return (STATUSES.index(status) if status in STATUSES else len(STATUSES), -bug["id"])
