"""The two formats of a world's file: hand-written TOML (the small world) and JSON lines (all packages of a release).

A `Catalog` has the packages and indexes over them.  It parses a JSON line only when its package is needed:
tens of thousands of parsed packages would fill the memory.
"""

import gzip
import json
import re
import tomllib
import zlib
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from fedora_packages.sandbox.world.history import past_changes
from fedora_packages.sandbox.world.models import (
    EVR,
    RELATIONS,
    Binary,
    Change,
    Origin,
    Outline,
    Source,
    lowered,
    parse_evr,
)
from fedora_packages.sandbox.world.releases import Release, small_world_releases, world_file_releases
from fedora_packages.sandbox.world.rpm_dependencies import generated_capabilities, named_by

#: The file of the small world.
SMALL_WORLD = Path(__file__).with_name("data") / "packages.toml"

#: Bounds of a world file.
LINE_LIMIT = 8 << 20
PACKAGES_LIMIT = 200_000

#: Of 100 packages of a world file, the number in each release other than Rawhide.
SHARES = {"rawhide": 100, "f44": 100, "f43": 80, "epel10": 15, "epel9": 10}

#: The dist tag of the release fields in a world file.
FILE_DIST = ".fc45"

#: The maximum number of made-up files of one binary package.
CROWD_LIMIT = 100_000

PEOPLE = (
    "pingou", "ralph", "salimma", "churchyard", "kevin", "zbyszek", "decathorpe", "adamwill", "music", "jjames", "orion",
    "ppisar", "jplesnik", "spot", "limb", "mattia", "sagitter", "eclipseo", "go-sig", "rust-sig", "python-packagers-sig",
    "gnome-sig", "nforro", "remi", "hobbes1069", "ankursinha", "besser82", "kalev", "mcatanzaro", "gotmax23",
)  # fmt: skip

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,200}")


class WorldError(Exception):
    """A world's file is invalid; the message has the file, the line and the reason."""


class Catalog:
    """The packages of a world's file.

    * ``names``: in the file's order; a package's number is its place in it.
    * ``ordered``: the names in lower case, sorted, with their numbers.
    * ``origin(number)``: what the file has of a package; ``outline(name)``: the part that lists of all packages need.
    * ``builders``: a binary package -> the numbers of the sources that build it.
    * ``related``: a kind of relation and a capability -> the numbers of the sources with such a relation (``buildrequires``:
      those that need it to be built).  `having` adds what a package provides because of its own name.
    """

    def __init__(
        self,
        title: str,
        releases: tuple[Release, ...],
        origin: Callable[[int], Origin],
        outline: Callable[[str], Outline] | None = None,
    ):
        self.origin = origin
        self.outline = outline or self._outline_of_origin
        self.title = title
        self.releases = releases
        self.names: list[str] = []
        self.numbers: dict[str, int] = {}
        self.ordered: list[tuple[str, int]] = []
        self.builders: dict[str, tuple[int, ...]] = {}
        self.related: dict[str, dict[str, list[int]]] = {kind: {} for kind in (*RELATIONS, "buildrequires")}

    def _outline_of_origin(self, name: str) -> Outline:
        origin = self.origin(self.numbers[name])
        branches = frozenset(origin.evrs)
        return Outline(origin.owner, origin.admins, origin.committers, branches, origin.dead is not None)

    def add(self, name: str) -> int:
        """Give a package its number.  Raises `ValueError` if the name is taken or no name."""
        if not NAME.fullmatch(name):
            raise ValueError(f"invalid package name {name!r}")
        if name in self.numbers:
            raise ValueError(f"package {name!r} already exists")
        self.numbers[name] = len(self.names)
        self.names.append(name)
        insort(self.ordered, (name.lower(), self.numbers[name]))
        return self.numbers[name]

    def starting(self, head: str) -> Iterator[tuple[str, int]]:
        """Yield (name in lower case, number) of the packages whose name in lower case starts with ``head``."""
        for place in range(bisect_left(self.ordered, (head, -1)), len(self.ordered)):
            if not self.ordered[place][0].startswith(head):
                break
            yield self.ordered[place]

    def index(self, number: int, binary: str, relations: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Index a binary package of a source and the capabilities of its relations."""
        known = self.builders.get(binary, ())
        if number not in known:
            self.builders[binary] = (*known, number)
        self.relate(number, relations)

    def relate(self, number: int, relations: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Index the capabilities of a package's relations, by kind."""
        for kind, texts in relations:
            table = self.related[kind]
            for text in texts:
                capability = text if text.startswith("(") else text.split(" ", 1)[0]
                numbers = table.setdefault(capability, [])
                if not numbers or numbers[-1] != number:
                    numbers.append(number)

    def index_source(self, number: int, source: Source) -> None:
        """Index all binary packages of a source."""
        self.relate(number, [("buildrequires", source.buildrequires)])
        for binary in source.binaries:
            self.index(number, binary.name, [*binary.relations.items(), ("provides", generated_capabilities(binary))])

    def having(self, kind: str, capability: str) -> Iterable[int]:
        """Return the numbers of the packages that can have a relation of a kind to a capability."""
        noted = self.related[kind].get(capability, ())
        return dict.fromkeys((*noted, *self.builders.get(named_by(capability), ()))) if kind == "provides" else noted


def load(path: Path | None, now: int) -> Catalog:
    """Return the catalog of a world file, or of the small world.  Raises `WorldError`."""
    if path is None:
        return load_toml(SMALL_WORLD, now)
    return load_toml(path, now) if path.suffix == ".toml" else load_lines(path)


# JSON lines


def load_lines(path: Path) -> Catalog:
    """Return the catalog of a file of JSON lines, plain or gzipped, one package a line.  Raises `WorldError`."""
    lines: list[bytes] = []

    @lru_cache(maxsize=2048)
    def origin(number: int) -> Origin:
        return _origin_of_line(json.loads(lines[number]))

    catalog = Catalog(path.name, world_file_releases(), origin, outline_of)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(LINE_LIMIT + 1), b"")):
                _note_line(catalog, path, number, line)
                lines.append(line)
    except (OSError, EOFError, zlib.error) as error:
        raise WorldError(f"cannot read {path}: {error}") from error
    return catalog


def outline_of(name: str) -> Outline:
    """Return the made-up maintainers and branches of a package of a world file."""
    first = _share(name, "owner") * 7
    branches = {release.branch for release in world_file_releases() if release.holds_packages}
    return Outline(
        owner=PEOPLE[first % len(PEOPLE)],
        admins=(PEOPLE[(first + 3) % len(PEOPLE)],),
        committers=(),
        branches=frozenset(branch for branch in branches if _share(name, branch) < SHARES.get(branch, 0)),
        dead=False,
    )


def _note_line(catalog: Catalog, path: Path, number: int, line: bytes) -> None:
    try:
        if len(line) > LINE_LIMIT or number >= PACKAGES_LIMIT:
            raise ValueError(f"more than {LINE_LIMIT} bytes in a line, or more than {PACKAGES_LIMIT} lines")
        row = json.loads(line)
        for key, kind in LINE_KEYS.items():
            if not isinstance(row.get(key), kind):
                raise ValueError(f"{key!r} is missing or has a wrong type")
        catalog.add(row["name"])
        catalog.index_source(number, _origin_of_line(row).source)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else error
        raise WorldError(f"{path}, line {number + 1}: {what}") from error


#: The required keys of a line; a few lines have no URL or license.
LINE_KEYS = {
    "name": str, "epoch": str, "version": str, "release": str, "summary": str, "description": str, "arch": str,
    "requires": list, "buildrequires": list, "provides": list, "files": list, "patches": list, "builds_main": bool,
    "changelog": list, "subpackages": list,
}  # fmt: skip


def _line_relations(row: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(row[kind]) for kind in ("requires", "provides") if row[kind]}


def _expanded(text: str | None) -> str | None:
    """Return a string, or None if it has an unexpanded macro."""
    return None if text is None or "%" in text else text


def _epoch(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _origin_of_line(row: Mapping[str, Any]) -> Origin:
    name = row["name"]
    parts = [
        Binary(
            part["name"],
            part["summary"],
            part["description"],
            part.get("buildarch", row["arch"]),
            _line_relations(part),
            tuple(part["files"]),
            version=_expanded(part.get("version")),
            release=_expanded(part.get("release")),
            epoch=_epoch(part.get("epoch")),
            url=part.get("url"),
        )
        for part in row["subpackages"]
    ]
    if row["builds_main"]:
        main = Binary(name, row["summary"], row["description"], row["arch"], _line_relations(row), tuple(row["files"]))
        parts.insert(0, main)
    source = Source(
        name=name,
        summary=row["summary"],
        description=row["description"],
        license=row.get("license", ""),
        url=row.get("url", ""),
        arch=row["arch"],
        binaries=tuple(parts),
        buildrequires=tuple(row["buildrequires"]),
        patches=tuple(row["patches"]),
        changelog=tuple(
            Change(int(entry["date"]), entry["author"], entry["evr"], entry["text"]) for entry in row["changelog"]
        ),
        recorded=True,
    )
    outline = outline_of(name)
    evr = EVR(_epoch(row["epoch"]) or 0, row["version"], row["release"])
    evrs = {
        release.branch: evr._replace(release=evr.release.replace(FILE_DIST, release.dist))
        for release in world_file_releases()
        if release.branch in outline.branches
    }
    return Origin(source, evrs, outline.owner, outline.admins)


def _share(name: str, what: str) -> int:
    """Return a number below 100, the same each time for a package and a purpose."""
    return zlib.crc32(f"{what} {name}".encode()) % 100


# TOML


def load_toml(path: Path, now: int) -> Catalog:
    """Return the catalog of a TOML file; dates in it count back from ``now``.  Raises `WorldError`."""
    releases = small_world_releases()
    origins: list[Origin] = []
    title = "the small world" if path == SMALL_WORLD else path.name
    catalog = Catalog(title, releases, origins.__getitem__)
    try:
        text = path.read_text("utf-8")
        tables = tomllib.loads(text)["package"]
    except (OSError, UnicodeDecodeError) as error:
        raise WorldError(f"cannot read {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise WorldError(f"{path}: {error}") from error
    except KeyError as error:
        raise WorldError(f"{path}: no [[package]] found") from error
    lines = text.splitlines()
    renamed = {table["renamed_to"]: table["name"] for table in tables if "renamed_to" in table and "name" in table}
    for table in tables:
        try:
            number = catalog.add(table["name"])
            origins.append(_origin_of_table(table, releases, renamed.get(table["name"]), now))
            catalog.index_source(number, origins[number].source)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else error
            raise WorldError(f"{path}, line {_line_of(lines, table)}: package {table.get('name')!r}: {what}") from error
    return catalog


def _line_of(lines: list[str], table: Mapping[str, Any]) -> int:
    wanted = f'name = "{table.get("name")}"'
    return next((number for number, line in enumerate(lines, 1) if line.strip() == wanted), 1)


TABLE_KEYS = frozenset(RELATIONS) | {
    "name", "version", "release", "epoch", "arch", "summary", "description", "license", "url", "owner", "admins", "committers",
    "groups", "releases", "versions", "retired", "renamed_to", "builds_main", "buildrequires", "files", "patches", "changelog",
    "subpackage", "bug", "update", "autospec",
}  # fmt: skip


def _origin_of_table(table: Mapping[str, Any], releases: tuple[Release, ...], replaces: str | None, now: int) -> Origin:
    unknown = set(table) - TABLE_KEYS
    if unknown:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}")
    by_branch = {release.branch: release for release in releases if release.holds_packages}
    wanted = table.get("releases", [] if "retired" in table else ["rawhide", "f45", "f44", "f43"])
    for branch in {*wanted, *table.get("versions", {})} - set(by_branch):
        raise ValueError(f"unknown release {branch!r}; use one of {', '.join(by_branch)}")
    own = EVR(int(table.get("epoch", 0)), table["version"], table["release"])
    evrs = {branch: _evr(table, branch, own, by_branch[branch].dist) for branch in wanted}
    source = _source_of_table(table, replaces)
    source = _with_changelog(source, table.get("changelog"), own, now)
    dead = table.get("retired")
    if dead and "renamed_to" in table:
        dead = f"{dead.rstrip()}\nRenamed to {table['renamed_to']}\n"
    return Origin(
        source=source,
        evrs=evrs,
        owner=table["owner"],
        admins=tuple(table.get("admins", ())),
        committers=tuple(table.get("committers", ())),
        groups=tuple(table.get("groups", ())),
        dead=dead,
        last_evr=own._replace(release=f"{own.release}.fc40"),
        bugs=tuple(_bug_of(bug) for bug in table.get("bug", ())),
        updates=tuple(_update_of(update, wanted) for update in table.get("update", ())),
    )


def _evr(table: Mapping[str, Any], branch: str, own: EVR, dist: str) -> EVR:
    version = table.get("versions", {}).get(branch)
    evr = parse_evr(version) if version else own
    if version and ":" not in version:
        evr = evr._replace(epoch=own.epoch)
    return evr._replace(release=evr.release + dist)


def _source_of_table(table: Mapping[str, Any], replaces: str | None) -> Source:
    description = table["description"].strip()
    arch = table.get("arch", "x86_64")
    binaries = [
        Binary(
            part["name"],
            part["summary"],
            part.get("description", description).strip(),
            part.get("arch", arch),
            _table_relations(part),
            tuple(part.get("files", ())),
            crowd=_crowd(part),
        )
        for part in table.get("subpackage", ())
    ]
    if table.get("builds_main", True):
        relations = _table_relations(table)
        if replaces and not any(text.split()[0] == replaces for text in relations.get("obsoletes", ())):
            relations["obsoletes"] = (*relations.get("obsoletes", ()), f"{replaces} < {table['version']}")
        main = Binary(table["name"], table["summary"], description, arch, relations, tuple(table.get("files", ())))
        binaries.insert(0, main)
    return Source(
        name=table["name"],
        summary=table["summary"],
        description=description,
        license=table["license"],
        url=table["url"],
        arch=arch,
        binaries=tuple(binaries),
        buildrequires=tuple(table.get("buildrequires", ())),
        patches=tuple(table.get("patches", ())),
        autospec=table.get("autospec", False),
    )


def _crowd(part: Mapping[str, Any]) -> tuple[str, int] | None:
    crowd = part.get("crowd")
    return None if crowd is None else (crowd["below"], min(int(crowd["files"]), CROWD_LIMIT))


def _table_relations(part: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(part[kind]) for kind in RELATIONS if part.get(kind)}


def _with_changelog(source: Source, entries: list[Mapping[str, Any]] | None, evr: EVR, now: int) -> Source:
    if entries is not None:
        noon = now - now % 86400 + 43200
        changes = [
            Change(noon - entry["days"] * 86400, entry["author"], entry["evr"], entry["text"]) for entry in entries
        ]
    else:
        evrs = [evr]
        while len(evrs) < 8 and (older := lowered(evrs[-1], "")):
            evrs.append(older)
        author = f"{PEOPLE[_share(source.name, 'author') % len(PEOPLE)]}"
        changes = [
            Change(date, f"{author.title()} Packager <{author}@fedoraproject.org>", entry_evr, text)
            for date, entry_evr, text in past_changes(source, evrs, "", now)
        ]
    return Source(**{name: getattr(source, name) for name in source.__slots__} | {"changelog": tuple(changes)})


def _bug_of(bug: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "summary": bug["summary"],
        "status": bug["status"],
        "version": bug["version"],
        "product": bug["product"],
        "severity": bug.get("severity", "unspecified"),
        "alias": tuple(bug.get("alias", ())),
        "keywords": tuple(bug.get("keywords", ())),
        "blocks": tuple(bug.get("blocks", ())),
    }


def _update_of(update: Mapping[str, Any], held: list[str]) -> Mapping[str, Any]:
    if update["release"] not in held:
        raise ValueError(f"an update of {update['release']!r}, which does not have the package")
    if update["status"] not in ("pending", "testing", "stable", "unpushed", "obsolete"):
        raise ValueError(f"unknown status {update['status']!r} of an update")
    return update
