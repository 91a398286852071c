"""The Contents tab: the files of a binary package in a release, as a tree."""

from collections.abc import Iterator, Mapping
from typing import Any

from fedora_packages.search.packages import Package
from fedora_packages.widgets import tree
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Switch
from fedora_packages.widgets.parameters import Parser, binary_of, page_number, release_of

#: Characters of a path (mdapi's longest directory with a name in it), and of a text that paths are searched for.
PATH_READ = 6000
FILTER_READ = 200


class ContentsWidget(Widget):
    """Files by directory."""

    name, title, order, tab = "contents", "Contents", 140, "contents"
    queries = {"files": "mdapi.files"}

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a release, a binary of the same source, a directory, a text that paths must hold, and a page."""
        return {
            "release": release_of(package),
            "package": binary_of(package),
            "path": directory,
            "filter": part_of_a_path,
            "page": page_number,
        }

    def switches(self, page: PanelContext) -> list[Switch]:
        """Return the choices of a release and a binary."""
        return [page.release_switch(), page.binary_switch()]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of a directory's entries as `tree.Entry`; ``slice`` is None if there is no such package or directory."""
        files = values["files"]
        path, wanted = page.values.get("path", "/"), page.values.get("filter", "")
        directories = files.get("directories", ())
        root = tree.grown(matching(directories, wanted) if wanted else directories)
        folder = tree.found(root, path)
        slice_ = page.slice(tree.names(folder), tree.ENTRIES) if folder else None
        return {
            "is_found": files["found"],
            "slice": slice_,
            "entries": tree.unfolded(slice_.rows, lambda below: page.address(path=below), bool(wanted))
            if slice_
            else [],
            "ways": ways(path, page),
            "path": path,
            "wanted": wanted,
            "matches": root.total,
            "all_of_them": page.address(path=None, filter=None),
            "kept": [(name, text) for name, text in page.parameters.items() if name in ("release", "package")],
            "most": FILTER_READ,
            "listed": sum(len(directory["files"]) for directory in directories),
            "total": files.get("total", 0),
            "repository": files.get("repository"),
            "binary": page.binary,
            "is_other": page.binary != page.package.name and page.package.name not in page.package.siblings,
            "release": page.release,
        }


def directory(text: str) -> str:
    """Take the path of a directory, of which only the package will tell if it is there."""
    if not text.startswith("/") or len(text) > PATH_READ:
        raise ValueError(f"the path of a directory, which begins with a slash and has at most {PATH_READ} characters")
    return text


def part_of_a_path(text: str) -> str:
    """Take a text that paths are to hold."""
    if len(text) > FILTER_READ:
        raise ValueError(f"a part of a path, of at most {FILTER_READ} characters")
    return text


def matching(directories: Any, wanted: str) -> Iterator[dict[str, Any]]:
    """Yield the directories with those of their files whose path holds a text, in whichever case."""
    wanted = wanted.casefold()
    for directory in directories:
        # A directory's own path may hold all of it, or its end.
        before = f"{directory['path'].rstrip('/')}/".casefold()
        files = directory["files"]
        if wanted not in before:
            files = [row for row in files if wanted in before + row[0].casefold()]
        if files:
            yield {"path": directory["path"], "files": files}


def ways(path: str, page: PanelContext) -> list[tuple[str, str | None]]:
    """Return the directories from the root to a path: (name, the address that leads there, or None for the path itself)."""
    names = [name for name in path.split("/") if name]
    above = [("/", page.address(path=None))]
    above += [(f"{name}/", page.address(path="/" + "/".join(names[: at + 1]))) for at, name in enumerate(names)]
    # Of a path with a thousand directories the last few will do.
    return [*above[:1], *above[1:-1][-20:], (above[-1][0], None)] if names else []
