"""The Contents tab: the files of a binary package in a release."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from fedora_packages.package import Package
from fedora_packages.widgets.base import Page, Switch, Widget
from fedora_packages.widgets.parameters import Parser, binary_of, page_number, release_of

ROWS = 1000


class ContentsWidget(Widget):
    """Files by directory."""

    name, title, order, tab = "contents", "Contents", 140, "contents"
    reads = {"files": "mdapi.files"}

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a release, a binary of the same source and a page."""
        return {"release": release_of(package), "package": binary_of(package), "page": page_number}

    def switches(self, page: Page) -> list[Switch]:
        """Return the choices of a release and a binary."""
        return [page.release_switch(), page.binary_switch()]

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of files, by directory: [(path, [(name, type)])]; ``slice`` is None if there is no such package."""
        files = values["files"]
        rows = [(folder["path"], *file) for folder in files.get("directories", ()) for file in folder["files"]]
        found = page.slice(rows, ROWS)
        directories = [
            (path, [(name, kind) for _, name, kind in group])
            for path, group in groupby(found.rows, key=lambda row: row[0])
        ]
        return {
            "slice": found if files["found"] else None,
            "directories": directories,
            "kept": len(rows),
            "total": files.get("total", 0),
            "repository": files.get("repository"),
            "binary": page.binary,
            "release": page.release,
        }
