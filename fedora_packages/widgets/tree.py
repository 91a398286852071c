"""Trees of directories, of which a page shows as much as it may.

The one thing to know: packages have up to a hundred thousand files, named by anyone.  A tree is made of directories,
not of files, nothing here recurs over it but for the few levels that are shown, and what does not fit on a page is a link.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Entries of a directory on one page, and of all directories below it that are unfolded on that page.
ENTRIES = 500
UNFOLDED = 400

#: Entries below a directory that can be seen at once; what is unfolded beyond these opens when it is clicked.
OPEN = 60

#: Levels that are unfolded below the directory that is shown.
LEVELS = 12


@dataclass
class Folder:
    """A directory: those in it by name, its files as [name, kind], and how many files and directories of the package it leads to.

    ``kind`` is what the package says of it (``directory``, ``ghost``), or None where it is only on the way to others.
    """

    path: str
    folders: dict[str, "Folder"] = field(default_factory=dict)
    files: list[Sequence[str]] = field(default_factory=list)
    kind: str | None = None
    total: int = 0


#: What a directory holds: a name, the directory of that name or None, what the package says of it.
Row = tuple[str, Folder | None, str | None]


@dataclass(frozen=True)
class Entry:
    """A line of a tree that is shown: a file, or a directory with what is unfolded of it.

    ``name`` is a directory's with a slash, and of directories that hold nothing but one another all their names.  ``entries`` is
    None where it is a file, or folded: then ``address`` leads to it.  ``is_open``: its entries can be seen without a click.
    """

    name: str
    kind: str | None
    total: int = 0
    address: str | None = None
    entries: "tuple[Entry, ...] | None" = None
    is_folder: bool = False
    is_open: bool = False


def grown(directories: Iterable[Mapping[str, Any]]) -> Folder:
    """Return the root of the tree of some directories, as `mdapi.files` has them."""
    root = Folder("")
    for directory in directories:
        here = _made(root, directory["path"], len(directory["files"]))
        for name, kind in directory["files"]:
            if kind == "directory" or name in here.folders:
                here.folders.setdefault(name, Folder(f"{here.path}/{name}")).kind = kind
            else:
                here.files.append((name, kind))
    return _settled(root)


def _made(root: Folder, path: str, count: int) -> Folder:
    """Return the directory at a path, made with all on the way to it, and count what it holds."""
    here = root
    here.total += count
    for name in filter(None, path.split("/")):
        if name not in here.folders:
            here.folders[name] = Folder(f"{here.path}/{name}")
        here = here.folders[name]
        here.total += count
    return here


def _settled(root: Folder) -> Folder:
    """Return the tree with each file that turned out to be a directory (a ghost with something in it) where it belongs."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if folder.folders and any(name in folder.folders for name, _ in folder.files):
            for name, kind in folder.files:
                if name in folder.folders:
                    folder.folders[name].kind = kind
            folder.files = [row for row in folder.files if row[0] not in folder.folders]
        waiting.extend(folder.folders.values())
    return root


def found(root: Folder, path: str) -> Folder | None:
    """Return the directory at a path, or None if there is none."""
    here: Folder | None = root
    for name in filter(None, path.split("/")):
        here = here.folders.get(name) if here is not None else None
    return here


def names(folder: Folder) -> list[Row]:
    """Return what a directory holds, directories first: (name, the directory or None, kind)."""
    return [
        *((name, below, below.kind) for name, below in sorted(folder.folders.items())),
        *((name, None, kind) for name, kind in sorted(folder.files)),
    ]


def unfolded(shown: Sequence[Row], address: Callable[[str], str], is_open: bool = False) -> list[Entry]:
    """Return the entries of a directory, those below them unfolded level by level as long as there is room.

    Of what is unfolded the first can be seen without a click, or all if ``is_open``.
    """
    opened: dict[int, tuple[list[Row], bool]] = {}
    waiting = deque((folder, 1) for _, folder, _ in shown if folder is not None)
    room, seen = UNFOLDED, len(shown)
    while waiting:
        folder, level = waiting.popleft()
        _, last = _run(folder)
        size = len(last.folders) + len(last.files)
        if size <= room and level <= LEVELS:
            room, seen = room - size, seen + size
            opened[id(last)] = (names(last), is_open or seen <= OPEN)
            waiting.extend((below, level + 1) for below in last.folders.values())
    return [_entry(*row, opened, address) for row in shown]


def _run(folder: Folder) -> tuple[str, Folder]:
    """Return the names, after its own, of directories that hold nothing but one another, and the last of them."""
    run = []
    while len(folder.folders) == 1 and not folder.files:
        ((name, below),) = folder.folders.items()
        if below.kind is not None:
            break
        run.append(name)
        folder = below
    return "".join(f"{name}/" for name in run), folder


def _entry(
    name: str,
    folder: Folder | None,
    kind: str | None,
    opened: Mapping[int, tuple[list[Row], bool]],
    address: Callable[[str], str],
) -> Entry:
    if folder is None:
        return Entry(name, kind)
    run, last = _run(folder)
    inside, is_open = opened.get(id(last), (None, False))
    return Entry(
        f"{name}/{run}",
        last.kind or kind,
        last.total,
        address(last.path),
        None if inside is None else tuple(_entry(*row, opened, address) for row in inside),
        is_folder=True,
        is_open=is_open,
    )
