"""The Builds tab: what koji built, newest first."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.connectors.koji import BUILD_STATES
from fedora_packages.package import Package
from fedora_packages.widgets.base import Page, Switch, Widget
from fedora_packages.widgets.parameters import Parser, one_of, page_number

ROWS = 50


class BuildsWidget(Widget):
    """The builds that are kept, by state."""

    name, title, order, tab = "builds", "Builds", 110, "builds"
    reads = {"builds": "koji.builds"}
    counted = "koji.builds"

    def count(self, figures: Mapping[str, int]) -> int | None:
        """Count all builds that koji has."""
        return figures.get("total")

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a state and a page."""
        return {"state": one_of(*BUILD_STATES), "page": page_number}

    def switches(self, page: Page) -> list[Switch]:
        """Return the choice of a state."""
        return [page.switch("state", "State", [(word, word) for word in BUILD_STATES], every="all")]

    def elsewhere(self, page: Page) -> list[tuple[str, str]]:
        """Return koji's page of the package."""
        return [("All builds in koji", page.links.builds(page.package.source))]

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the builds in a state, page by page, and how many koji has in all."""
        builds, state = values["builds"]["builds"], page.values.get("state")
        return {
            "slice": page.slice([build for build in builds if state in (None, build["state"])], ROWS),
            "kept": len(builds),
            "total": values["builds"]["total"],
        }
