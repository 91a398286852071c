"""Writes a repository's metadata as SQLite files, in the way that createrepo_c does and mdapi reads.

Three files a repository: ``mdapi-NAME-primary.sqlite`` (packages and their relations), ``-filelists.sqlite`` and
``-other.sqlite`` (changelogs).  Tables have createrepo_c's columns in its order, its indexes, and mdapi's own index.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

RELATIONS = ("requires", "provides", "conflicts", "obsoletes", "suggests", "enhances", "recommends", "supplements")

FLAGS = {"=": "EQ", "<": "LT", ">": "GT", "<=": "LE", ">=": "GE"}

RELATION = re.compile(
    r"(?P<name>\S+)\s+(?P<operator>[<>]=?|=)\s+((?P<epoch>\d+):)?(?P<version>[^-\s]+)(-(?P<release>\S+))?"
)

PACKAGE_COLUMNS = (
    "pkgKey INTEGER PRIMARY KEY, pkgId TEXT, name TEXT, arch TEXT, version TEXT, epoch TEXT, release TEXT, "
    "summary TEXT, description TEXT, url TEXT, time_file INTEGER, time_build INTEGER, rpm_license TEXT, "
    "rpm_vendor TEXT, rpm_group TEXT, rpm_buildhost TEXT, rpm_sourcerpm TEXT, rpm_header_start INTEGER, rpm_header_end INTEGER, "
    "rpm_packager TEXT, size_package INTEGER, size_installed INTEGER, size_archive INTEGER, location_href TEXT, "
    "location_base TEXT, checksum_type TEXT"
)
RELATION_COLUMNS = "name TEXT, flags TEXT, epoch TEXT, version TEXT, release TEXT, pkgKey INTEGER"

PRIMARY = (
    f"CREATE TABLE packages ({PACKAGE_COLUMNS})",
    "CREATE TABLE files (name TEXT, type TEXT, pkgKey INTEGER)",
    f"CREATE TABLE requires ({RELATION_COLUMNS}, pre BOOLEAN DEFAULT FALSE)",
    *(f"CREATE TABLE {kind} ({RELATION_COLUMNS})" for kind in RELATIONS if kind != "requires"),
    "CREATE INDEX packagename ON packages (name)",
    "CREATE INDEX packageId ON packages (pkgId)",
    *(f"CREATE INDEX pkg{kind} ON {kind} (pkgKey)" for kind in RELATIONS),
    *(f"CREATE INDEX {kind}name ON {kind} (name)" for kind in ("requires", "provides")),
    # The one that mdapi adds when it fetches a file.
    "CREATE INDEX packageSource ON packages (rpm_sourcerpm)",
)
FILELISTS = (
    "CREATE TABLE packages (pkgKey INTEGER PRIMARY KEY, pkgId TEXT)",
    "CREATE TABLE filelist (pkgKey INTEGER, dirname TEXT, filenames TEXT, filetypes TEXT)",
    "CREATE INDEX keyfile ON filelist (pkgKey)",
    "CREATE INDEX pkgId ON packages (pkgId)",
)
OTHER = (
    "CREATE TABLE packages (pkgKey INTEGER PRIMARY KEY, pkgId TEXT)",
    "CREATE TABLE changelog (pkgKey INTEGER, author TEXT, date INTEGER, changelog TEXT)",
    "CREATE INDEX keychange ON changelog (pkgKey)",
    "CREATE INDEX pkgId ON packages (pkgId)",
)


def write_repository(folder: Path, name: str, packages: Iterable[Mapping[str, Any]]) -> None:
    """Write the three files of a repository.

    A package is what an rpm's header says of itself::

        {"name": "guake", "arch": "noarch", "epoch": 0, "version": "3.10.1", "release": "3.fc46",
         "summary": "...", "description": "...", "url": None, "sourcerpm": "guake-3.10.1-3.fc46.src.rpm",
         "relations": {"requires": ["vte291 >= 0.60"]},          # by kind, in rpm's syntax
         "files": ["/usr/bin/guake", "/usr/share/guake/"],       # a slash at the end: a directory; "%ghost /x": a ghost
         "changelog": [{"date": 1700000000, "author": "A <a@b>", "evr": "3.10.1-3", "text": "- ..."}]}
    """
    # createrepo_c takes the files of a folder by name, and that decides which of a source's packages comes first.
    packages = sorted(packages, key=file_name)
    with _database(folder / f"mdapi-{name}-primary.sqlite", PRIMARY) as primary:
        for key, package in enumerate(packages, 1):
            _write_primary(primary, key, package)
    with _database(folder / f"mdapi-{name}-filelists.sqlite", FILELISTS) as filelists:
        for key, package in enumerate(packages, 1):
            filelists.execute("INSERT INTO packages VALUES (?, ?)", (key, package_id(package)))
            rows = ((key, *row) for row in filelist(package["files"]))
            filelists.executemany("INSERT INTO filelist VALUES (?, ?, ?, ?)", rows)
    with _database(folder / f"mdapi-{name}-other.sqlite", OTHER) as other:
        for key, package in enumerate(packages, 1):
            other.execute("INSERT INTO packages VALUES (?, ?)", (key, package_id(package)))
            rows = ((key, author(entry), entry["date"], entry["text"]) for entry in package["changelog"])
            other.executemany("INSERT INTO changelog VALUES (?, ?, ?, ?)", rows)


@contextmanager
def _database(path: Path, statements: Iterable[str]) -> Iterator[sqlite3.Connection]:
    """Give a new database with its tables; what was written to it is kept when the block ends."""
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        yield database
        database.commit()


def _write_primary(database: sqlite3.Connection, key: int, package: Mapping[str, Any]) -> None:
    row = {
        "pkgKey": key,
        "pkgId": package_id(package),
        **{name: package[name] for name in ("name", "arch", "version", "release", "summary", "description")},
        "epoch": str(package["epoch"]),
        # Of the texts that may be missing, only this one is null rather than empty.
        "url": package["url"] or None,
        "rpm_sourcerpm": package["sourcerpm"],
        "location_href": f"Packages/{package['name'][0].lower()}/{file_name(package)}",
        "checksum_type": "sha256",
    }
    names = ", ".join(row)
    database.execute(f"INSERT INTO packages ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
    for kind in RELATIONS:
        rows = ((*relation(text), key) for text in package["relations"].get(kind, ()))
        database.executemany(
            f"INSERT INTO {kind} (name, flags, epoch, version, release, pkgKey) VALUES (?, ?, ?, ?, ?, ?)", rows
        )


def file_name(package: Mapping[str, Any]) -> str:
    """Return the name of a package's file, which has no epoch."""
    return "{name}-{version}-{release}.{arch}.rpm".format_map(package)


def package_id(package: Mapping[str, Any]) -> str:
    """Return what stands for the checksum of a package's file."""
    return hashlib.sha256(file_name(package).encode()).hexdigest()


def author(entry: Mapping[str, Any]) -> str:
    """Return the author's line of a changelog entry, which ends in the version where the packager wrote one."""
    return f"{entry['author']} - {entry['evr']}" if entry["evr"] else entry["author"]


def relation(text: str) -> tuple[str, str | None, str | None, str | None, str | None]:
    """Return name, flags, epoch, version and release of a relation.

    A relation without a version has no epoch either; one with a version has an epoch of 0 where none is written.
    A rich relation, in parentheses, is all name.
    """
    found = None if text.startswith("(") else RELATION.fullmatch(text)
    if not found:
        return text, None, None, None, None
    return found["name"], FLAGS[found["operator"]], found["epoch"] or "0", found["version"], found["release"]


def filelist(paths: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield a row for each folder: its name, the names in it joined by ``/``, a letter for the type of each.

    The files of a source package have no folder, which is written as a dot.
    """
    folders: dict[str, list[tuple[str, str]]] = {}
    # An rpm's header lists its files by path, in bytewise order.
    for path, kind in sorted({_path(text): _letter(text) for text in paths}.items()):
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder or ("/" if path.startswith("/") else "."), []).append((name, kind))
    for folder, entries in folders.items():
        yield folder, "/".join(name for name, _ in entries), "".join(kind for _, kind in entries)


def _path(text: str) -> str:
    return text.removeprefix("%ghost ").rstrip("/")


def _letter(text: str) -> str:
    return "g" if text.startswith("%ghost ") else "d" if text.endswith("/") else "f"
