"""The stand-in of mdapi: repositories' metadata, made from the builds that they publish.

For a branch the service searches up to four repositories and returns the first that has the package.  Its quirks come from its
SQL (rows ordered by EVR *as text*, names matched with LIKE) and from the ends of its loops; odd code below follows them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from fedora_packages.sandbox.upstreams.base import VIEW, Sandboxed
from fedora_packages.sandbox.world.load import Catalog
from fedora_packages.sandbox.world.models import DIST, EVR, RELATIONS, Binary, Build, Change, file_type, relation
from fedora_packages.sandbox.world.rpm_dependencies import provided
from fedora_packages.sandbox.world.world import View

#: The repositories of a branch in search order; ``release`` is the branch's own.
SEARCHED = ("updates-testing", "updates", "testing", "release")

HEADERS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET"}


@dataclass(frozen=True, slots=True)
class Row:
    """A binary package in a repository, or in a source repository (``binary`` is None) a source package."""

    build: Build
    binary: Binary | None

    @property
    def name(self) -> str:
        return self.binary.name if self.binary else self.build.name

    @property
    def evr(self) -> EVR:
        """Its EVR; a few subpackages have their own."""
        return self.binary.evr(self.build.evr) if self.binary else self.build.evr

    @property
    def url(self) -> str | None:
        """Its URL, or None."""
        return (self.binary.url if self.binary else None) or self.build.source.url or None

    @property
    def arch(self) -> str:
        return self.binary.arch if self.binary else "src"

    @property
    def file(self) -> str:
        """The name of its rpm, by which a repository is ordered."""
        return f"{self.name}-{self.evr.version}-{self.evr.release}.{self.arch}.rpm"

    @property
    def source_file(self) -> str:
        """The name of its source rpm; empty for a source package."""
        return f"{self.build.nvr}.src.rpm" if self.binary else ""

    def relation_texts(self, kind: str) -> tuple[str, ...]:
        """Return its relations of a kind in rpm's syntax; provides include those that rpm adds."""
        if self.binary is None:
            return self.build.source.buildrequires if kind == "requires" else ()
        if kind == "provides":
            return provided(self.binary, self.build.evr)
        return self.binary.relations.get(kind, ())

    def relations(self, kind: str) -> list[dict[str, str | None]]:
        """Return its relations of a kind as mdapi returns them."""
        return [relation(text) for text in self.relation_texts(kind)]

    @property
    def files(self) -> tuple[str, ...]:
        """Its files as spec files have them: a folder's path ends in a slash."""
        return self.binary.all_files if self.binary else (f"{self.build.name}.spec", *self.build.source.patches)

    @property
    def newest_as_text(self) -> tuple[str, str, str]:
        """The sort key of rows, the highest first: epoch, version and release as strings."""
        return str(self.evr.epoch), self.evr.version, self.evr.release


def routes(_sandbox: Sandboxed) -> list[web.RouteDef]:
    """Return mdapi's routes."""
    kinds = [web.get(f"/mdapi/{{branch}}/{kind}/{{name}}", _related(kind)) for kind in RELATIONS]
    return [
        web.get("/mdapi/", home),
        web.get("/mdapi/branches", branches),
        web.get("/mdapi/{branch}/pkg/{name}", package),
        web.get("/mdapi/{branch}/srcpkg/{name}", source_package),
        web.get("/mdapi/{branch}/files/{name}", files),
        web.get("/mdapi/{branch}/changelog/{name}", changelog),
        *kinds,
    ]


class Repositories:
    """The repositories at one time."""

    def __init__(self, view: View):
        self.view = view
        self.catalog = view.world.catalog
        self.names = repository_names(view)

    def of(self, branch: str) -> Iterator[tuple[str, str]]:
        """Yield (part, name) of the repositories of a branch, in search order."""
        for part in SEARCHED:
            name = branch if part == "release" else f"{branch}-{part}"
            if name in self.names:
                yield part, name

    def build(self, repository: str, number: int) -> Build | None:
        """Return a repository's build of a package by number."""
        return self.view.shown(repository.removeprefix("src_"), number)

    def row(self, repository: str, name: str) -> Row | None:
        """Return a repository's row of a binary package; of several sources that build it, the last one's."""
        if repository.startswith("src_"):
            number = self.catalog.numbers.get(name)
            build = None if number is None else self.build(repository, number)
            return Row(build, None) if build else None
        for number in reversed(self.catalog.builders.get(name, ())):
            build = self.build(repository, number)
            for binary in build.source.binaries if build else ():
                if binary.name == name:
                    return Row(build, binary)
        return None

    def rows_of_source(self, repository: str, number: int) -> list[Row]:
        """Return a repository's rows of the binaries of a source, in the repository's order."""
        build = self.build(repository, number)
        if build is None or repository.startswith("src_"):
            return []
        rows = [self.row(repository, binary.name) for binary in build.source.binaries]
        found = [row for row in rows if row is not None and row.build.name == build.name]
        return sorted(found, key=lambda row: row.file.encode())

    def each(self, repository: str) -> Iterator[Row]:
        """Yield all rows of a repository, in the world's order."""
        for number, name in enumerate(self.catalog.names):
            if not repository.startswith("src_"):
                yield from self.rows_of_source(repository, number)
            elif row := self.row(repository, name):
                yield row

    def rows(self, repository: str) -> list[Row]:
        """Return all rows of a repository, in its order."""
        return sorted(self.each(repository), key=lambda row: row.file.encode())

    def siblings(self, repository: str, row: Row) -> list[str]:
        """Return the names of all binaries of a row's source rpm that a repository has."""
        if not row.source_file:
            return []
        rows = self.rows_of_source(repository, self.catalog.numbers[row.build.name])
        return [one.name for one in rows if one.source_file == row.source_file]

    def like(self, repository: str, name: str) -> list[Row]:
        """Return the rows whose source rpm is LIKE ``NAME-%``, the highest EVR first."""
        pattern = _like(f"{name}-%")
        numbers = _sources_like(self.catalog, name)
        rows = [row for number in numbers for row in self.rows_of_source(repository, number)]
        return _ordered(row for row in rows if pattern.fullmatch(row.source_file))

    def related(self, repository: str, kind: str, capability: str) -> list[Row]:
        """Return the rows with a relation to a capability, once for each relation, the highest EVR first."""
        of_sources = repository.startswith("src_")
        rows = [
            row
            for number in self.catalog.having("buildrequires" if of_sources else kind, capability)
            for row in (
                [self.row(repository, self.catalog.names[number])]
                if of_sources
                else self.rows_of_source(repository, number)
            )
            if row is not None
            for item in row.relations(kind)
            if item["name"] == capability
        ]
        return _ordered(rows)


def _ordered(rows: Iterable[Row]) -> list[Row]:
    """Return rows in the order of the service's SQL: the highest EVR first, equal ones in the repository's order."""
    return sorted(sorted(rows, key=lambda row: row.file.encode()), key=lambda row: row.newest_as_text, reverse=True)


def repository_names(view: View) -> set[str]:
    """Return the names of all repositories.  Fedora's numbered releases also have repositories of sources."""
    releases = view.world.releases
    names = {name for release in releases for name, _ in release.repositories}
    return names | {
        f"src_{release.branch}" for release in releases if release.repositories and release.branch[0] == "f"
    }


def _like(pattern: str) -> re.Pattern[str]:
    """Return SQL's LIKE as a regular expression: ``%`` is any text, ``_`` any character, and case does not matter."""
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(letter, re.escape(letter)) for letter in pattern), re.IGNORECASE | re.DOTALL)


def _sources_like(catalog: Catalog, name: str) -> list[int]:
    """Return the numbers of the sources with rpm names that can be LIKE ``NAME-%``, in the world's order."""
    wanted = _like(f"{name}-%")
    before_wildcards = re.split("[%_]", name, maxsplit=1)[0].lower()
    found = {number for one, number in catalog.starting(before_wildcards) if wanted.fullmatch(f"{one}-")}
    # NAME can include the version of a shorter name: glib-2.8 matches rpms of glib.
    for end in (place for place, letter in enumerate(name) if letter == "-"):
        head = name[:end].lower()
        found |= {number for one, number in catalog.starting(head) if one == head}
    return sorted(found)


def find(repositories: Repositories, branch: str, name: str) -> tuple[Row, str, str]:
    """Return a branch's row of a binary package, with the part and the name of its repository."""
    for part, repository in repositories.of(branch):
        row = repositories.row(repository, name)
        if row:
            return row, part, repository
    raise missing(repositories, branch)


def find_source(repositories: Repositories, branch: str, name: str) -> tuple[Row, str, str]:
    """Return a branch's row for a source package: of the binary of its name, else of one with a matching source rpm.

    Only the first ends the search.  After the second the service goes on with a name that it has escaped for a regular
    expression, until a repository has a row for that, and reports the row as of that repository, or of the release's own.
    """
    found: Row | None = None
    for part, repository in repositories.of(branch):
        rows = repositories.like(repository, name)
        if not rows:
            continue
        for row in rows:
            if row.name == name:
                return row, part, repository
        if found is not None:
            return found, part, repository
        name = re.escape(name)
        built = re.compile(f"{name}-[0-9]")
        found = next((row for row in rows if built.match(row.source_file)), None)
    if found is None:
        raise missing(repositories, branch)
    return found, "release", branch


def missing(repositories: Repositories, branch: str) -> web.HTTPException:
    """Return the error that a branch has no such package, or that there is no such branch."""
    return web.HTTPNotFound(headers=HEADERS) if branch in repositories.names else web.HTTPBadRequest(headers=HEADERS)


def described(repositories: Repositories, row: Row, part: str, repository: str) -> dict[str, Any]:
    """Return a row as mdapi returns it."""
    listed = row.binary or row.build.source
    relations = {kind: row.relations(kind) for kind in RELATIONS}
    siblings = repositories.siblings(repository, row)
    if row.source_file and row.name not in siblings:
        # The row is of another repository than the reported one, whose relations by the same key are of another package.
        relations = {kind: [] for kind in RELATIONS}
    return {
        "arch": row.arch,
        "epoch": str(row.evr.epoch),
        "version": row.evr.version,
        "release": row.evr.release,
        "summary": listed.summary,
        "description": listed.description,
        "basename": row.source_file.rsplit("-", 2)[0],
        "url": row.url,
        **relations,
        "co-packages": siblings,
        "repo": part,
    }


def file_rows(row: Row) -> list[dict[str, str]]:
    """Return a row's files as mdapi lists them: one row a folder, ordered by the names in it."""
    folders: dict[str, list[tuple[str, str]]] = {}
    # An rpm lists its files by path.
    for path, kind in sorted(map(file_type, row.files), key=lambda file: file[0].encode()):
        folder, _, name = path.rpartition("/")
        if name:
            folder = folder or ("/" if path.startswith("/") else ".")
            folders.setdefault(folder, []).append((name, kind))
    rows = [
        {
            "dirname": folder,
            "filenames": "/".join(name for name, _ in held),
            "filetypes": "".join(kind for _, kind in held),
        }
        for folder, held in folders.items()
    ]
    return sorted(rows, key=lambda one: one["filenames"].encode())


def changes_of(build: Build) -> tuple[Change, ...]:
    """Return the changelog of a build, the newest entry first."""
    changes = build.source.changelog
    if build.source.recorded or not changes:
        return changes
    stem = f"{build.evr.version}-{DIST.sub('', build.evr.release)}"
    # Some packagers write the epoch too.
    listed = [change.evr.rpartition(":")[2] for change in changes]
    itself = [place for place, evr in enumerate(listed) if evr == stem]
    same_version = [place for place, evr in enumerate(listed) if evr.rpartition("-")[0] == build.evr.version]
    if itself or same_version:
        return changes[(itself or same_version)[0] :]
    # The build is older than the whole changelog.
    return (Change(int(build.started), changes[-1].author, stem, f"- Update to {build.evr.version}"),)


def change_rows(build: Build) -> list[dict[str, Any]]:
    """Return a build's changelog as mdapi lists it, the newest entry first."""
    rows = [
        {"author": " - ".join(filter(None, (change.author, change.evr))), "changelog": change.text, "date": change.date}
        for change in changes_of(build)
    ]
    return sorted(rows, key=lambda one: -one["date"])


# Handlers


async def home(_request: web.Request) -> web.Response:
    """Answer ``GET /`` with an HTML page."""
    return web.Response(text="<h1>mdapi</h1>", content_type="text/html", headers=HEADERS)


async def branches(request: web.Request) -> web.Response:
    """Answer ``GET /branches``: the names of the database files, cut as by the service."""
    cut = {f"{name}-primary.sqlite".rsplit("-", 2)[0] for name in repository_names(request[VIEW])}
    return web.json_response(sorted({name.replace("-updates", "") for name in cut}), headers=HEADERS)


async def package(request: web.Request) -> web.Response:
    """Answer ``GET /BRANCH/pkg/NAME``."""
    repositories = Repositories(request[VIEW])
    found = find(repositories, request.match_info["branch"], request.match_info["name"])
    return web.json_response(described(repositories, *found), headers=HEADERS)


async def source_package(request: web.Request) -> web.Response:
    """Answer ``GET /BRANCH/srcpkg/NAME``."""
    repositories = Repositories(request[VIEW])
    found = find_source(repositories, request.match_info["branch"], request.match_info["name"])
    return web.json_response(described(repositories, *found), headers=HEADERS)


async def files(request: web.Request) -> web.Response:
    """Answer ``GET /BRANCH/files/NAME``."""
    row, part, _ = find(Repositories(request[VIEW]), request.match_info["branch"], request.match_info["name"])
    return web.json_response({"files": file_rows(row), "repo": part}, headers=HEADERS)


async def changelog(request: web.Request) -> web.Response:
    """Answer ``GET /BRANCH/changelog/NAME``."""
    row, part, _ = find(Repositories(request[VIEW]), request.match_info["branch"], request.match_info["name"])
    return web.json_response({"changelogs": change_rows(row.build), "repo": part}, headers=HEADERS)


def _related(kind: str) -> Callable[[web.Request], Any]:
    async def related(request: web.Request) -> web.Response:
        """Answer ``GET /BRANCH/KIND/NAME``: every failure, including a miss, is a 400."""
        repositories = Repositories(request[VIEW])
        for part, repository in repositories.of(request.match_info["branch"]):
            rows = repositories.related(repository, kind, request.match_info["name"])
            if rows:
                return web.json_response(
                    [described(repositories, row, part, repository) for row in rows], headers=HEADERS
                )
        raise web.HTTPBadRequest(headers=HEADERS)

    return related
