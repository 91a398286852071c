"""Stores: what repositories say of their packages, one SQLite file for each repository.

::

    meta         one row: what was read, and how it differs from what was read before
    package      one package of a name, the preferred one, with all that the list of packages says of it
    files        its files, by directory
    changelog    its newest changes
    capability   what packages of the repository require, provide and obsolete; the members of a rich dependency each
    requires, provides, obsoletes    pairs of a capability and a package

The worker alone writes a store (`fedora_packages.connectors.repository_reader`): a new file beside, which takes its place by a
rename.  A reader has the old file or the new one, and notices another.  Values are JSON, compressed one by one, in the shape of
mdapi's answers.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import zstandard

#: The version of the tables and their content.  A store of another one counts as missing.
FORMAT = 1

SUFFIX = ".sqlite"

#: Bytes of one value, uncompressed: more than the reader lets one package have.
MAX_VALUE_BYTES = 256 << 20

#: What stands between the members of a rich dependency, and before a version.
_OPERATORS = frozenset({"and", "or", "if", "else", "with", "without", "unless"})
_COMPARISONS = frozenset({"<", "<=", "=", ">=", ">"})


def members(requirement: str) -> Sequence[str]:
    """Return the capabilities that a requirement names: itself, or the members of a rich dependency."""
    if not requirement.startswith("("):
        return (requirement,)
    found, words = [], iter(requirement.split())
    for word in words:
        if word in _COMPARISONS:
            next(words, None)
            continue
        word = word.lstrip("(")
        while word.endswith(")") and word.count(")") > word.count("("):
            word = word[:-1]
        if word and word not in _OPERATORS:
            found.append(word)
    return found


def packed(value: Any, compressor: zstandard.ZstdCompressor) -> tuple[bytes, bytes]:
    """Return a JSON-ready value as JSON, and that compressed."""
    plain = json.dumps(value, separators=(",", ":")).encode()
    return plain, compressor.compress(plain)


def unpacked(body: bytes) -> Any:
    """Return the value of `packed`."""
    return json.loads(zstandard.ZstdDecompressor().decompress(body, max_output_size=MAX_VALUE_BYTES))


@dataclass(frozen=True)
class Changed:
    """A package that differs: its source, its version and release before and now, and the lists in which it differs.

    A version is None if the repository did not have the package, or has it no longer.
    """

    source: str
    before: str | None
    version: str | None
    lists: Sequence[str]


@dataclass(frozen=True)
class Difference:
    """How a store differs from the one before, whose ``identity`` is named: packages by name.

    ``capabilities`` are those that packages require now and did not before, or the reverse; ``obsoleted`` likewise.
    """

    identity: str
    packages: Mapping[str, Changed] = field(default_factory=dict)
    capabilities: Sequence[str] = ()
    obsoleted: Sequence[str] = ()


@dataclass(frozen=True)
class Meta:
    """What was read: the ``path`` of the repository on the mirror, its revision, and its lists with their checksums.

    A repository that does not exist has no lists.  ``difference`` is None without a store before.
    """

    path: str
    revision: int
    lists: Mapping[str, str]
    difference: Difference | None = None

    @property
    def identity(self) -> str:
        """What no other content of the repository has."""
        return " ".join([self.path, *(f"{kind}:{self.lists[kind][:16]}" for kind in sorted(self.lists))])

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what was written as JSON."""
        row = json.loads(text)
        if difference := row["difference"]:
            packages = {name: Changed(**changed) for name, changed in difference["packages"].items()}
            row["difference"] = Difference(**{**difference, "packages": packages})
        return cls(**row)


class Store:
    """The reader of one file.  Threads may share it.  Raises `sqlite3.Error` for a file that is corrupt or is no store."""

    def __init__(self, path: Path):
        # A file that is only ever replaced needs no locks.
        self._database = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._lock = threading.Lock()
        ((version,),) = self._rows("pragma user_version")
        if version != FORMAT:
            raise sqlite3.DatabaseError(f"a store of version {version}")
        ((meta,),) = self._rows("select body from meta")
        self.meta = Meta.read(meta)

    def has(self, name: str) -> bool:
        """Whether the repository has a package of a name."""
        return bool(self._rows("select 1 from package where name = ?", name))

    def package(self, name: str) -> dict[str, Any] | None:
        """Return a package as mdapi describes it, with its sizes, architectures and build time; None if there is none."""
        for body, architectures in self._rows("select body, architectures from package where name = ?", name):
            return {**unpacked(body), "architectures": architectures.split()}
        return None

    def files(self, name: str) -> list[dict[str, str]]:
        """Return the files of a package as mdapi lists them, by directory."""
        return self._listed("files", name)

    def changelog(self, name: str) -> list[dict[str, Any]]:
        """Return the changelog of a package as mdapi lists it, newest first."""
        return self._listed("changelog", name)

    def of_source(self, source: str) -> list[str]:
        """Return the names of the binary packages of a source package."""
        return [name for (name,) in self._rows("select name from package where source = ? order by name", source)]

    def having(self, kind: str, capability: str) -> list[str]:
        """Return the packages that require, provide or obsolete (``kind``) a capability, by name."""
        rows = self._rows(
            f"select package.name from capability join {kind} on capability.id = {kind}.capability"
            f" join package on package.id = {kind}.package where capability.name = ? order by package.name",
            capability,
        )
        return [name for (name,) in rows]

    @cached_property
    def required_paths(self) -> frozenset[str]:
        """The paths that packages require."""
        rows = self._rows(
            "select name from capability where name >= '/' and name < '0'"
            " and exists (select 1 from requires where capability = capability.id)"
        )
        return frozenset(path for (path,) in rows)

    def names(self) -> Iterator[str]:
        """Yield the names of all packages."""
        yield from (name for (name,) in self._rows("select name from package order by name"))

    def _listed(self, table: str, name: str) -> list[Any]:
        query = f"select {table}.body from package join {table} using (id) where name = ?"
        return next((unpacked(body) for (body,) in self._rows(query, name)), [])

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()


class Stores:
    """The stores in a directory, by the name of their repository.  Threads may share it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._open: dict[str, tuple[tuple[int, int], Store]] = {}

    def path(self, name: str) -> Path:
        """Return the file of a repository's store."""
        return self.folder / f"{name}{SUFFIX}"

    def get(self, name: str) -> Store | None:
        """Return the store of a repository as it is now; None if it is missing or corrupt."""
        with suppress(OSError, sqlite3.Error, ValueError, KeyError, TypeError):
            found = os.stat(self.path(name))
            version = (found.st_ino, found.st_mtime_ns)
            known = self._open.get(name)
            if known is None or known[0] != version:
                known = self._open[name] = (version, Store(self.path(name)))
            return known[1]
        return None

    def remove_others(self, names: Collection[str]) -> None:
        """Remove the stores of all but some repositories."""
        for path in self.folder.glob(f"*{SUFFIX}"):
            if path.name.removesuffix(SUFFIX) not in names:
                path.unlink(missing_ok=True)
