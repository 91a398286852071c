"""The Changelog tab: what packagers wrote about each version."""

import re
from collections.abc import Mapping
from typing import Any

from fedora_packages.package import Package
from fedora_packages.widgets.base import Page, Switch, Widget
from fedora_packages.widgets.parameters import Parser, page_number, release_of

ROWS = 40

ADDRESS = re.compile(r"\s*<[^>]*>\s*$")


class ChangelogWidget(Widget):
    """The changelog of a release, newest first.  The same for all binaries of a source."""

    name, title, order, tab = "changelog", "Changelog", 150, "changelog"
    reads = {"changelog": "mdapi.changelog"}

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a release and a page."""
        return {"release": release_of(package), "page": page_number}

    def switches(self, page: Page) -> list[Switch]:
        """Return the choice of a release."""
        return [page.release_switch()]

    def elsewhere(self, page: Page) -> list[tuple[str, str]]:
        """Return dist-git's list of commits."""
        return [("Commits", page.links.commits(page.package.source, page.release))]

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of entries, without mail addresses; ``slice`` is None if the release has no such package."""
        changelog = values["changelog"]
        entries = [
            {**entry, "author": ADDRESS.sub("", entry["author"]) or "somebody"}
            for entry in changelog.get("entries", ())
        ]
        return {
            "slice": page.slice(entries, ROWS) if changelog["found"] else None,
            "binary": page.binary,
            "release": page.release,
        }
