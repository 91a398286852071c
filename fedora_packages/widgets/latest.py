"""The newest builds, on the overview."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.connectors.koji import RPM
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext

MAX_BUILDS = 5


class LatestWidget(Widget):
    """The newest builds; the Builds tab has all of them."""

    name, title, order, tab = "latest", "Newest builds", 30, "overview"
    queries = {"builds": "koji.builds"}

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the newest RPM builds and the number of all builds."""
        builds = [build for build in values["builds"]["builds"] if build["type"] == RPM]
        return {"builds": builds[:MAX_BUILDS], "total": values["builds"]["total"]}
