"""The second panel of the Sources tab: the spec file on a branch."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext


class SpecWidget(Widget):
    """The spec file, or the reason why there is none."""

    name, title, order, tab = "spec", "Spec file", 180, "sources"
    choices = ("release",)
    queries = {"spec": "distgit.spec"}

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return a link to the file in dist-git."""
        source = context.package.source
        return [("This file in dist-git", context.links.source_file(source, context.release, f"{source}.spec"))]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the file, and the number of characters that are missing from it."""
        spec = values["spec"]
        return {"spec": spec, "missing": spec.get("size", 0) - len(spec.get("text", ""))}
