"""The overview's numbers of open bugs."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.bugs import bugzilla_links
from fedora_packages.widgets.context import PanelContext


class ReportedWidget(Widget):
    """How many bugs are open, and how many of them block others."""

    name, title, order, tab = "reported", "Open bugs", 40, "overview"
    queries = {"counts": "bugzilla.counts"}

    def elsewhere(self, page: PanelContext) -> list[tuple[str, str]]:
        """Return bugzilla's list and its form for a new bug."""
        return bugzilla_links(page)

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the numbers."""
        return {"open": values["counts"]["open"], "blockers": values["counts"]["blockers"]}
