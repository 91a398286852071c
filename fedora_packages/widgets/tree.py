"""The files of a package as a tree of directories, as much of it as fits on a page.

Packages have up to a hundred thousand files with arbitrary names.  So the tree consists of directories, not of files.  Recursion
visits only the shown levels.  A directory that does not fit on the page is a link.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Entries of a directory on one page, and of the unfolded directories below it on the same page.
ENTRIES_PER_PAGE = 500
MAX_UNFOLDED = 400

#: Entries below a directory that are visible without a click.
MAX_VISIBLE = 60

#: Levels that are unfolded below the shown directory.
MAX_LEVELS = 12


@dataclass
class Directory:
    """A directory: its subdirectories by name, its files as [name, kind], and the number of the package's files below it.

    ``kind`` is its kind in the package (``directory``, ``ghost``), or None if it is only the parent of others.
    """

    path: str
    directories: dict[str, "Directory"] = field(default_factory=dict)
    files: list[Sequence[str]] = field(default_factory=list)
    kind: str | None = None
    total: int = 0


#: An entry of a directory: a name, the directory of that name or None, its kind.
Row = tuple[str, Directory | None, str | None]


@dataclass(frozen=True)
class Entry:
    """A line of the shown tree: a file, or a directory with its unfolded entries.

    ``name`` ends with a slash for a directory, and joins directories without other entries.  ``url`` is the page of a directory,
    None for a file.  ``entries`` is None for a file and for a folded directory.  ``is_open``: its entries are visible
    without a click.
    """

    name: str
    kind: str | None
    total: int = 0
    url: str | None = None
    entries: "tuple[Entry, ...] | None" = None
    is_open: bool = False


def build(directories: Iterable[Mapping[str, Any]]) -> Directory:
    """Return the root of the tree of directories from `mdapi.files`."""
    root, listed = Directory(""), []
    for directory in directories:
        here = _directory(root, directory["path"], len(directory["files"]))
        listed.append(here)
        for name, kind in directory["files"]:
            if kind == "directory" or name in here.directories:
                here.directories.setdefault(name, Directory(f"{here.path}/{name}")).kind = kind
            else:
                here.files.append((name, kind))
    # A file can be a directory too that came later, such as a ghost with files in it.
    for here in listed:
        twice = [row for row in here.files if row[0] in here.directories] if here.directories else []
        for name, kind in twice:
            here.directories[name].kind = kind
        if twice:
            here.files = [row for row in here.files if row[0] not in here.directories]
    return root


def _directory(root: Directory, path: str, count: int) -> Directory:
    """Return the directory at a path, made if it is missing, and add ``count`` files to it and its parents."""
    here = root
    here.total += count
    for name in filter(None, path.split("/")):
        if name not in here.directories:
            here.directories[name] = Directory(f"{here.path}/{name}")
        here = here.directories[name]
        here.total += count
    return here


def find(root: Directory, path: str) -> Directory | None:
    """Return the directory at a path, or None."""
    here: Directory | None = root
    for name in filter(None, path.split("/")):
        here = here.directories.get(name) if here is not None else None
    return here


def rows_of(directory: Directory) -> list[Row]:
    """Return the rows of a directory, subdirectories first."""
    return [
        *((name, below, below.kind) for name, below in sorted(directory.directories.items())),
        *((name, None, kind) for name, kind in sorted(directory.files)),
    ]


def entries(rows: Sequence[Row], url: Callable[[str], str], is_open: bool = False) -> list[Entry]:
    """Return the entries of a directory, with those below them unfolded level by level, in their order, as far as they fit.

    Those of a directory are visible without a click if they and all unfolded before them are at most `MAX_VISIBLE`, or if
    ``is_open``.
    """
    opened: dict[int, tuple[list[Row], bool]] = {}
    waiting = deque((directory, 1) for _, directory, _ in rows if directory is not None)
    room, seen = MAX_UNFOLDED, len(rows)
    while waiting:
        directory, level = waiting.popleft()
        last = _last(directory)
        size = len(last.directories) + len(last.files)
        if size <= room and level <= MAX_LEVELS:
            room, seen = room - size, seen + size
            inside = rows_of(last)
            opened[id(last)] = (inside, is_open or seen <= MAX_VISIBLE)
            waiting.extend((below, level + 1) for _, below, _ in inside if below is not None)
    return [_entry(*row, opened, url) for row in rows]


def _last(directory: Directory) -> Directory:
    """Return the last of the only subdirectories below a directory: it is shown joined with them."""
    while len(directory.directories) == 1 and not directory.files:
        (below,) = directory.directories.values()
        if below.kind is not None:
            break
        directory = below
    return directory


def _entry(
    name: str,
    directory: Directory | None,
    kind: str | None,
    opened: Mapping[int, tuple[list[Row], bool]],
    url: Callable[[str], str],
) -> Entry:
    if directory is None:
        return Entry(name, kind)
    last = _last(directory)
    inside, is_open = opened.get(id(last), (None, False))
    entries = None if inside is None else tuple(_entry(*row, opened, url) for row in inside)
    joined = f"{name}{last.path.removeprefix(directory.path)}/"
    return Entry(joined, last.kind or kind, last.total, url(last.path), entries, is_open)
