"""The first panel of the Sources tab: the source archives and patches on a branch."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.connectors.page_links import web_address
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext


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
        """Return the archives ([(tag, text, URL or None)]; None: unknown) and patches, in the order of the spec file.

        ``is_complete`` is False where there may be more.
        """
        patches, spec = values["patches"], values["spec"]
        return {
            "archives": None if spec is None else _archives(spec),
            "is_found": patches["found"],
            "patches": patches.get("patches", []),
            "is_complete": all(value.get("is_complete", True) for value in (patches, spec) if value),
        }


def _archives(spec: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    """Return the archives in a spec file: tag, file name or URL, and the URL if it is safe."""
    # A macro that could not be expanded makes an invalid URL.
    return [(tag, text, None if "%{" in text else web_address(text)) for tag, text in spec.get("sources", [])]
