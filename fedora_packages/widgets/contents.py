"""The Contents tab: the files of a binary package in a release, as a tree."""

from collections.abc import Iterator, Mapping
from typing import Any

from fedora_packages.widgets import tree
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.parameters import page_number, string

#: Characters of a path (the longest directory in mdapi and a name), and of a text to filter paths by.
MAX_PATH = 6000
MAX_FILTER = 200


class ContentsWidget(Widget):
    """The files of a package by directory."""

    name, title, order, tab = "contents", "Contents", 140, "contents"
    choices = ("release", "package")
    parameters = {
        "path": string(MAX_PATH, "^/", f"an absolute path of at most {MAX_PATH} characters"),
        "filter": string(MAX_FILTER, "", f"a part of a path of at most {MAX_FILTER} characters"),
        "page": page_number,
    }
    queries = {"files": "mdapi.files"}

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of the entries of a directory (`tree.Entry`); ``pagination`` is None if the directory does not exist."""
        files = values["files"]
        path, text = context.values.get("path", "/"), context.values.get("filter", "")
        directories = files.get("directories", ())
        root = tree.build(matching(directories, text) if text else directories)
        directory = tree.find(root, path)
        pagination = context.paginate(tree.rows_of(directory), tree.ENTRIES_PER_PAGE) if directory else None
        entries = tree.entries(pagination.rows, lambda below: context.url(path=below), bool(text)) if pagination else []
        return {
            "files": files,
            "pagination": pagination,
            "entries": entries,
            "breadcrumbs": breadcrumbs(path, context),
            "path": path,
            "text": text,
            "matches": root.total,
            "unfiltered_url": context.url(path=None, filter=None),
            "kept": [(name, value) for name, value in context.parameters.items() if name in ("release", "package")],
            "max_length": MAX_FILTER,
            "listed": sum(len(found["files"]) for found in directories),
        }


def matching(directories: Any, text: str) -> Iterator[dict[str, Any]]:
    """Yield the directories with the files whose path contains a text, ignoring case."""
    text = text.casefold()
    for directory in directories:
        # The text may lie within the directory's path, or span its end.
        before = f"{directory['path'].rstrip('/')}/".casefold()
        files = directory["files"]
        if text not in before:
            files = [row for row in files if text in before + row[0].casefold()]
        if files:
            yield {"path": directory["path"], "files": files}


def breadcrumbs(path: str, context: PanelContext) -> list[tuple[str, str | None]]:
    """Return the directories from the root to a path: (name, URL, or None for the path itself)."""
    names = [name for name in path.split("/") if name]
    above = [("/", context.url(path=None))]
    above += [(f"{name}/", context.url(path="/" + "/".join(names[: at + 1]))) for at, name in enumerate(names)]
    # A path can have a thousand directories: the last ones are enough.
    return [*above[:1], *above[1:-1][-20:], (above[-1][0], None)] if names else []
