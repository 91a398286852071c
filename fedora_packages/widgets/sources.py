"""The Sources tab's first panel: the patches of a branch."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.package import Package
from fedora_packages.widgets.base import Page, Switch, Widget
from fedora_packages.widgets.parameters import Parser, release_of


class SourcesWidget(Widget):
    """The patches that the spec file names, each with how much it changes."""

    name, title, order, tab = "sources", "Sources", 170, "sources"
    reads = {"patches": "distgit.patches"}

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a release, whose branch is shown."""
        return {"release": release_of(package)}

    def switches(self, page: Page) -> list[Switch]:
        """Return the choice of a branch."""
        return [page.release_switch()]

    def elsewhere(self, page: Page) -> list[tuple[str, str]]:
        """Return dist-git's pages."""
        source = page.package.source
        return [("dist-git", page.links.sources(source)), ("Commits", page.links.commits(source, page.release))]

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the patches in the order of the spec."""
        return {
            "is_found": values["patches"]["found"],
            "patches": values["patches"].get("patches", []),
            "branch": page.release,
            "source": page.package.source,
        }
