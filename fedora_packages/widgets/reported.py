"""The numbers of open bugs, on the overview."""

from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.bugs import bugzilla_links
from fedora_packages.widgets.context import PanelContext


class ReportedWidget(Widget):
    """The number of open bugs, and of those that block others."""

    name, title, order, tab = "reported", "Open bugs", 40, "overview"
    queries = {"counts": "bugzilla.counts"}

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return links to the bugs in Bugzilla, and to its form for a new one."""
        return bugzilla_links(context)
