"""Write the store of a repository from its lists, and compare it with the store before.

The lists are read one package at a time.  A store is written to a file beside, and takes its place when it is complete: a reader
that is killed leaves the old one.
"""

import json
import os
import sqlite3
from array import array
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import zstandard

from fedora_packages.connectors.mdapi_relations import MAX_RELATIONS
from fedora_packages.connectors.repository_files import Fetched
from fedora_packages.connectors.repository_lists import each_listed, rank, rows, source_of
from fedora_packages.connectors.repository_store import FORMAT, Changed, Difference, Meta, members, packed, unpacked
from fedora_packages.connectors.repository_values import MAX_CHANGES, RELATIONS

#: The kinds of relations by which packages are found.
FOUND_BY = ("requires", "provides", "obsoletes")

#: Characters of a capability by which packages are found; a longer one is still listed.
MAX_CAPABILITY = 1000

#: The suffix of a store that is being written.
PARTIAL = ".part"

_FILE_TYPES = {None: "f", "": "f", "dir": "d", "ghost": "g"}

_TABLES = f"""
pragma journal_mode = off; pragma synchronous = off; pragma user_version = {FORMAT};
create table meta (body text not null);
create table package (
    id integer primary key, name text not null unique, source text not null, version text not null, architectures text not null,
    digest blob not null, body blob not null
);
create table files (id integer primary key, digest blob not null, body blob not null);
create table changelog (id integer primary key, digest blob not null, body blob not null);
create table capability (id integer primary key, name text not null);
create table requires (capability integer, package integer, primary key (capability, package)) without rowid;
create table provides (capability integer, package integer, primary key (capability, package)) without rowid;
create table obsoletes (capability integer, package integer, primary key (capability, package)) without rowid;
"""

_INDEXES = """
create index package_source on package (source);
create unique index capability_name on capability (name);
"""

#: Called with the reason for what is skipped.
Skip = Callable[[str], None]


def write(path: Path, meta: Meta, lists: Mapping[str, tuple[Fetched, str]], skipped: Skip, has_previous: bool) -> None:
    """Write the store at ``path`` anew, from the lists of a repository by kind, each with its URL.

    ``has_previous``: a sound store is there, with which the new one is compared.  Raises `InvalidResponse` for a broken list,
    `OSError` and `sqlite3.Error`; the old store then stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}{PARTIAL}")
    for leftover in path.parent.glob(f"{path.name}.*{PARTIAL}"):
        leftover.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as database:
            writer = _Writer(database)
            writer.read(lists, skipped)
            if has_previous:
                meta = replace(meta, difference=_difference(database, path))
            database.execute("insert into meta values (?)", [json.dumps(asdict(meta))])
            database.execute("commit")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        # What was read from the old store before this is older than the change.
        os.utime(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


class _Writer:
    """Fills the tables of a new store."""

    def __init__(self, database: sqlite3.Connection):
        self._database = database
        self._compressor = zstandard.ZstdCompressor(level=6)
        # The id, EVR and architectures of the package that is preferred, by name; ids by checksum.
        self._preferred: dict[str, tuple[int, Any, list[str]]] = {}
        self._ids: dict[bytes, int] = {}
        self._capabilities: dict[str, int] = {}
        # A capability's number and a package's id in one integer: there are millions of pairs.
        self._pairs = {kind: array("Q") for kind in FOUND_BY}
        database.executescript(_TABLES)
        database.execute("begin")

    def read(self, lists: Mapping[str, tuple[Fetched, str]], skipped: Skip) -> None:
        """Read all lists; a repository that does not exist has none."""
        if "primary" in lists:
            for number, row in enumerate(rows(*lists["primary"], skipped), 1):
                try:
                    self._add_package(number, row)
                except ValueError as error:
                    skipped(f"{error} in {lists['primary'][1]}")
        # Of the packages of one name the preferred one is kept.
        live = {number for number, *_ in self._preferred.values()}
        self._ids = {checksum: number for checksum, number in self._ids.items() if number in live}
        wanted = _Checksums(self._ids)
        if "filelists" in lists:
            each_listed("filelists", *lists["filelists"], wanted, self._add_files, skipped)
        if "other" in lists:
            each_listed("other", *lists["other"], wanted, self._add_changelog, skipped)
        self._database.executemany(
            "update package set architectures = ? where id = ?",
            ((" ".join(archs), number) for number, _, archs in self._preferred.values() if len(archs) > 1),
        )
        self._database.executemany(
            "insert into capability values (?, ?)", ((number, name) for name, number in self._capabilities.items())
        )
        for kind, pairs in self._pairs.items():
            self._database.executemany(
                f"insert or ignore into {kind} values (?, ?)",
                ((pair >> 32, pair & 0xFFFFFFFF) for pair in sorted(pairs) if pair & 0xFFFFFFFF in live),
            )
        self._database.execute("commit")
        self._database.executescript(_INDEXES)
        self._database.execute("begin")

    def _add_package(self, number: int, row: Any) -> None:
        source, evr = source_of(row), (row.epoch, row.version, row.release)
        _, best, architectures = self._preferred.get(row.name, (0, None, []))
        if row.arch not in architectures:
            architectures.append(row.arch)
        if best is not None and rank(*best) >= rank(evr, row.arch):
            return
        self._preferred[row.name] = (number, (evr, row.arch), architectures)
        self._ids[_checksum(row.pkgId)] = number
        about = _described(row, source.name)
        plain, body = packed(about, self._compressor)
        self._database.execute(
            "insert or replace into package values (?, ?, ?, ?, ?, ?, ?)",
            (number, row.name, source.name, f"{source.version}-{source.release}", row.arch or "", _digest(plain), body),
        )
        for kind in FOUND_BY:
            names = {relation["name"] for relation in about[kind] if relation["name"]}
            if kind == "requires":
                names = {member for name in names for member in members(name)}
            elif kind == "provides":
                # The list of packages has the commands and what is in /etc, which packages require most.
                names.update(folder + name for _, folder, name in row.files if folder and name)
            self._pairs[kind].extend(
                self._capability(name) << 32 | number for name in names if len(name) <= MAX_CAPABILITY
            )

    def _add_files(self, row: Any) -> None:
        folders: dict[str, list[tuple[str, str]]] = {}
        for kind, folder, name in row.files:
            if name:
                folders.setdefault((folder or "").rstrip("/") or "/", []).append((name, _FILE_TYPES.get(kind, "f")))
        listed = [
            {"dirname": folder, "filenames": "/".join(name for name, _ in held), "filetypes": "".join(kind for _, kind in held)}
            for folder, held in folders.items()
        ]  # fmt: skip
        number = self._add_to("files", row, listed)
        known = (
            self._capabilities.get(f"{folder.rstrip('/')}/{name}") for folder in folders for name, _ in folders[folder]
        )
        self._pairs["provides"].extend(capability << 32 | number for capability in known if capability is not None)

    def _add_changelog(self, row: Any) -> None:
        # The list has the oldest first.
        changes = row.changelogs[::-1]
        changes.sort(key=lambda change: -change[1])
        listed = [{"author": author, "date": date, "changelog": text} for author, date, text in changes[:MAX_CHANGES]]
        self._add_to("changelog", row, listed)

    def _add_to(self, table: str, row: Any, value: list[Any]) -> int:
        number = self._ids[_checksum(row.pkgId)]
        plain, body = packed(value, self._compressor)
        self._database.execute(f"insert or replace into {table} values (?, ?, ?)", (number, _digest(plain), body))
        return number

    def _capability(self, name: str) -> int:
        return self._capabilities.setdefault(name, len(self._capabilities) + 1)


class _Checksums:
    """The checksums of the packages that are kept, as the parser has them."""

    def __init__(self, known: Mapping[bytes, int]):
        self._known = known

    def __contains__(self, checksum: str) -> bool:
        return _checksum(checksum) in self._known


def _checksum(text: str | None) -> bytes:
    """Return a package's checksum, short: hexadecimal digits take twice the memory."""
    return blake2b((text or "").encode("utf-8", "replace"), digest_size=16).digest()


def _digest(plain: bytes) -> bytes:
    return blake2b(plain, digest_size=8).digest()


def _described(row: Any, source: str) -> dict[str, Any]:
    """Return a package as mdapi describes it."""
    relations = {
        kind: [
            {"name": name, "flags": flags or None, "epoch": epoch, "version": version, "release": release}
            for name, flags, epoch, version, release, _ in getattr(row, kind)[:MAX_RELATIONS]
        ]
        for kind in RELATIONS
    }
    return {
        **{key: getattr(row, key) or "" for key in ("arch", "version", "release", "summary", "description")},
        **{"epoch": row.epoch or "0", "url": row.url or None, "basename": source},
        **relations,
        **{"size": row.size_package, "installed_size": row.size_installed, "built": row.time_build},
    }


def _difference(database: sqlite3.Connection, before: Path) -> Difference:
    """Return how the packages of a new store differ from those of the one at a path."""
    database.execute("commit")
    database.execute("attach ? as old", [str(before)])
    ((meta,),) = database.execute("select body from old.meta").fetchall()
    lists: dict[str, list[str]] = {}
    for (name,) in database.execute(
        "select new.name from main.package as new left join old.package using (name)"
        " where old.package.digest is not new.digest or old.package.architectures is not new.architectures"
        " union all select name from old.package where name not in (select name from main.package)"
    ):
        lists.setdefault(name, []).append("primary")
    for kind, table in (("filelists", "files"), ("other", "changelog")):
        for (name,) in database.execute(
            "select new.name from main.package as new join old.package as before using (name)"
            f" left join main.{table} as one on one.id = new.id left join old.{table} as other on other.id = before.id"
            " where one.digest is not other.digest"
        ):
            lists.setdefault(name, []).append(kind)
    packages: dict[str, Changed] = {}
    named: dict[str, set[str]] = {"requires": set(), "obsoletes": set()}
    for name, kinds in lists.items():
        query = "select source, version, body from {}.package where name = ?"
        sides = [database.execute(query.format(side), [name]).fetchone() for side in ("old", "main")]
        old, new = sides
        packages[name] = Changed((new or old)[0], old and old[1], new and new[1], kinds)
        if "primary" in kinds:
            before, after = (side and unpacked(side[2]) for side in sides)
            for kind, capabilities in named.items():
                changed = _relations(before, kind) ^ _relations(after, kind)
                capabilities.update(member for relation in changed for member in members(relation[0]))
    database.execute("detach old")
    database.execute("begin")
    capabilities, obsoleted = (sorted(found) for found in named.values())
    return Difference(Meta.read(meta).identity, packages, capabilities, obsoleted)


def _relations(package: Mapping[str, Any] | None, kind: str) -> frozenset[tuple[Any, ...]]:
    relations = package[kind] if package else ()
    return frozenset((relation["name"] or "", *relation.values()) for relation in relations)
