"""Why a package is retired: the first thing that its page says."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.package import Package
from fedora_packages.widgets.base import Page, Widget


class RetirementWidget(Widget):
    """That a package is retired, and what whoever retired it wrote."""

    name, title, order, tab = "retirement", "Retired", 1, "overview"
    reads = {"reason": "distgit.spec"}
    # That it is retired is known from the index; only the reason is read.
    main = None

    def is_shown(self, package: Package) -> bool:
        """Only on the page of a retired package."""
        return package.is_retired

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the reason, where one is given, and whether it is known what is given."""
        spec = values["reason"]
        return {"reason": spec["dead"] if spec else None, "is_known": spec is not None, "branch": page.release}
