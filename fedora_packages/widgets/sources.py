"""The first panel of the Sources tab: the source archives and patches on a branch."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from fedora_packages.connectors.page_links import web_address
from fedora_packages.rpm.specfile import source_files
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext

#: Archives of a spec file that are listed.
MAX_ARCHIVES = 200


class SourcesWidget(Widget):
    """The archives and patches in the spec file, each patch with its added and removed lines."""

    name, title, order, tab = "sources", "Sources", 170, "sources"
    choices = ("release",)
    queries = {"patches": "distgit.patches", "spec": "distgit.spec"}

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return links to the sources and commits in dist-git."""
        source = context.package.source
        return [
            ("dist-git", context.links.sources(source)),
            ("Commits", context.links.commits(source, context.release)),
        ]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the archives ([(tag, text, URL or None)]; None: unknown) and patches, in the order of the spec file."""
        spec = values["spec"]
        return {
            "archives": None if spec is None else archives(spec.get("text", "")),
            "is_found": values["patches"]["found"],
            "patches": values["patches"].get("patches", []),
        }


def archives(spec: str) -> list[tuple[str, str, str | None]]:
    """Return the archives in a spec file: tag, file name or URL, and the URL if it is safe."""
    # A macro that could not be expanded makes an invalid URL.
    found = islice(source_files(spec), MAX_ARCHIVES)
    return [(tag, text, None if "%{" in text else web_address(text)) for tag, text in found]
