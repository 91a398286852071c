"""The Sources tab's first panel: the source archives and patches of a branch."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from fedora_packages.connectors.site import web_address
from fedora_packages.rpm.specfile import source_files
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Switch
from fedora_packages.widgets.parameters import Parser, release_of

#: Sources of a spec that are shown.
SOURCES_SHOWN = 200


class SourcesWidget(Widget):
    """The archives and patches that the spec file names, each patch with how much it changes."""

    name, title, order, tab = "sources", "Sources", 170, "sources"
    queries = {"patches": "distgit.patches", "spec": "distgit.spec"}

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a release, whose branch is shown."""
        return {"release": release_of(package)}

    def switches(self, page: PanelContext) -> list[Switch]:
        """Return the choice of a branch."""
        return [page.release_switch()]

    def elsewhere(self, page: PanelContext) -> list[tuple[str, str]]:
        """Return dist-git's pages."""
        source = page.package.source
        return [("dist-git", page.links.sources(source)), ("Commits", page.links.commits(source, page.release))]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return archives ([(tag, text, address or None)]; None: not known) and patches in the order of the spec."""
        spec = values["spec"]
        return {
            "archives": None if spec is None else archives(spec.get("text", "")),
            "is_found": values["patches"]["found"],
            "patches": values["patches"].get("patches", []),
            "branch": page.release,
            "source": page.package.source,
        }


def archives(spec: str) -> list[tuple[str, str, str | None]]:
    """Return the sources that a spec names: tag, file name or address, and the address if it is one of the web."""
    return [(tag, text, _address(text)) for tag, text in islice(source_files(spec), SOURCES_SHOWN)]


def _address(text: str) -> str | None:
    # What holds a macro that could not be expanded leads nowhere.
    return None if "%{" in text else web_address(text)
