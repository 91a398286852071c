"""mdapi: a package in the repositories of each release.

mdapi describes *binary* packages.  For a source package it returns one of its binaries, and not always the one of the same name.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import quote

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, model_validator

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.mdapi_relations import (
    MAX_CAPABILITIES,
    MAX_REASONS,
    MAX_RELATIONS,
    MAX_REQUIRERS,
    MAX_REQUIRERS_BYTES,
    MAX_SIBLINGS,
    Described,
    Relation,
    Relations,
    Requirer,
    Requirers,
    capabilities,
    whole_rows,
)
from fedora_packages.connectors.query import query
from fedora_packages.connectors.types import (
    Count,
    InvalidRows,
    Known,
    Model,
    Parts,
    Rows,
    Text,
    Timestamp,
    default_for_null,
    field,
)
from fedora_packages.errors import ReleaseNotServed
from fedora_packages.messages.families.mdapi import repository_release

#: The kinds of relations in mdapi, in the order in which people look for them.
RELATIONS = ("requires", "provides", "recommends", "suggests", "supplements", "enhances", "obsoletes", "conflicts")

#: Bounds of values; a few packages (texlive, kernel) have far more than a page can show.
MAX_FILES = 100_000
MAX_CHANGES = 200
MAX_OBSOLETERS = 50

#: Characters of all names in one directory, and of one name: file systems allow 255 bytes.
MAX_NAMES = 16 << 20
MAX_NAME = 1024

#: Packages that are read of one list.
MAX_ROWS = 20_000

#: File types by mdapi's letters; a package owns its "ghost" files but does not contain them.
FILE_TYPES = {"f": "file", "d": "directory", "g": "ghost"}

#: "Name <mail> - 1.0-1": the dash may be missing, the version too, and a name may have a dash.
_AUTHORS = (
    re.compile(r"(?P<author>.*<[^<>]*>)\s*(?:-\s*)?(?P<evr>[^\s<>-][^\s<>]*)"),
    re.compile(r"(?P<author>[^<>]*\S)\s+-\s*(?P<evr>[^\s<>-]+-[^\s<>-]+)"),
)


def _evr(author: Any) -> str | None:
    """Return the version in the first line of a changelog entry."""
    return _parts(author)[1] if isinstance(author, str) else None


def _author(author: Any) -> Any:
    """Return the author in the first line of a changelog entry."""
    return _parts(author)[0] if isinstance(author, str) else author


def _parts(line: str) -> tuple[str, str | None]:
    line = line[:500]
    found = next((found for form in _AUTHORS if (found := form.fullmatch(line))), None)
    return (found["author"].strip(), found["evr"]) if found else (line.strip(), None)


def _sorted_once(names: list[str]) -> list[str]:
    return sorted(set(names))


def _names(relations: Any) -> Any:
    if not isinstance(relations, list):
        return relations
    return [row.get("name") if isinstance(row, dict) else row for row in relations]


Repository = Annotated[
    Known("release", "updates", "updates-testing", "testing"),
    Field(description="the repository of the release that has it"),
]
Names = Annotated[
    Parts(Text(1000), MAX_RELATIONS),
    AfterValidator(lambda names: list(dict.fromkeys(names))),
    BeforeValidator(_names),
]


class NotFound(Model):
    """A package that the release does not have."""

    found: Literal[False]


class Package(Model):
    """A package in a release.  Of a source package without a binary of its name, one of its binaries."""

    found: Literal[True]
    name: Text(256) | None = field("the package that is described; null if mdapi does not say")
    source: Text(256) = field(alias="basename")
    epoch: Text(16)
    version: Text(256)
    release: Text(256)
    arch: Text(32)
    # Repositories can leave them out.
    summary: Annotated[Text(1000), default_for_null("")]
    description: Annotated[Text(20000), default_for_null("")]
    url: Text(1000) | None
    repository: Repository = field(alias="repo")
    siblings: Annotated[Parts(Text(256), MAX_SIBLINGS), AfterValidator(_sorted_once)] = field(
        "all binaries of the source, by name", alias="co-packages"
    )
    invalid_rows: InvalidRows = None


class _PackageWithNames(Package):
    provides: Names
    obsoletes: Names
    requires: Names


P = TypeVar("P", bound=Package)


class PackageRelations(Model):
    """What a binary package requires, provides and so on."""

    found: Literal[True]
    requires: Relations
    provides: Relations
    recommends: Relations
    suggests: Relations
    supplements: Relations
    enhances: Relations
    obsoletes: Relations
    conflicts: Relations
    invalid_rows: InvalidRows = None


class RequiringPackage(Model):
    """A package that requires another."""

    name: Text(256) | None = field("null if mdapi does not say")
    source: Text(256)
    relations: list[Relation]


class RequiredBy(Model):
    """What requires a binary package."""

    found: Literal[True]
    asked: list[str] = field("capabilities that were looked up, its name first")
    unasked: Count = field("other capabilities of it")
    repositories: list[str] = field("mdapi stops at the first repository that has any")
    total: Count = field("of those that are known")
    packages: Rows(RequiringPackage, MAX_REQUIRERS) = field("by source and name")
    is_cut: bool = field("whether there are more: an answer was too large to be read whole")
    invalid_rows: InvalidRows = None


class Obsoleter(Model):
    """A package that obsoletes a name."""

    name: Text(256) | None = field("binary package; null if mdapi does not say")
    source: Text(256)
    flags: Literal["EQ", "LT", "GT", "LE", "GE"] | None = field("null without a version")
    epoch: Text(1000) | None
    version: Text(1000) | None
    release: Text(1000) | None


class Obsoleters(Model):
    """What obsoletes a name."""

    packages: Rows(Obsoleter, MAX_OBSOLETERS) = field("by name; the versions are those that are obsoleted")
    invalid_rows: InvalidRows = None


#: A name and its type.  Names are clipped while they are split.
File = tuple[Annotated[str, Field(max_length=MAX_NAME)], Literal["file", "directory", "ghost"]]


class Directory(Model):
    """A directory."""

    path: Text(4096)
    files: list[File] = field("[name, type] of each; a ghost is owned by the package and not in it")


class Files(Model):
    """The files of a binary package."""

    found: Literal[True]
    total: Count = field("all files; more than are listed if there are very many")
    repository: Repository = field(alias="repo")
    directories: list[Directory]
    invalid_rows: InvalidRows = None


class Change(Model):
    """An entry of a changelog."""

    author: Annotated[Text(500), BeforeValidator(_author)]
    evr: Annotated[Text(500) | None, BeforeValidator(_evr)] = field(alias="author")
    date: Timestamp
    text: Text(20000) = field(alias="changelog")


class Changelog(Model):
    """The changelog of a binary package."""

    found: Literal[True]
    repository: Repository = field(alias="repo")
    # Old servers call the list "files".
    entries: Annotated[Rows(Change, MAX_CHANGES), default_for_null([])] = field(
        "newest first", alias=AliasChoices("changelogs", "files")
    )
    invalid_rows: InvalidRows = None


class _Provides(Model):
    provides: Relations
    invalid_rows: InvalidRows = None


class _Requirers(Model):
    packages: Rows(Requirer, MAX_ROWS)
    invalid_rows: InvalidRows = None


class _Obsoleting(Described):
    obsoletes: Relations


class _AllObsoleting(Model):
    packages: Rows(_Obsoleting, MAX_ROWS)
    invalid_rows: InvalidRows = None


class _FileRow(Model):
    dirname: Text(4096)
    filenames: Text(MAX_NAMES)
    filetypes: Text(MAX_NAMES)

    @model_validator(mode="after")
    def _match(self):
        if len(self.names) != len(self.filetypes) or not set(self.filetypes) <= FILE_TYPES.keys():
            raise ValueError(f"one of the types {', '.join(FILE_TYPES)} for each of {len(self.names)} names")
        return self

    @property
    def names(self) -> list[str]:
        return self.filenames.split("/")


class _FileRows(Model):
    files: Annotated[Rows(_FileRow, MAX_FILES), default_for_null([])]
    invalid_rows: InvalidRows = None


class MdapiConnector(Connector):
    """Repository metadata, from mdapi."""

    name = "mdapi"
    title = "mdapi"

    #: Bounds of `required_by`: packages that are kept, and bytes that are read of one answer.
    max_requirers = MAX_REQUIRERS
    max_requirers_bytes = MAX_REQUIRERS_BYTES

    @query(version=1, subject="binary")
    def package(self, package, release) -> Package | NotFound:
        """Return the description of a package in a release.

        For a source package without a binary of its name, it is that of one of its binaries.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/srcpkg/NAME``.
        """
        return self._described(Package, package, release) or NotFound(found=False)

    def source(self, package: str, release: str) -> dict[str, Any]:
        """Return the value of ``package`` with the names of its relations, as `binary` does: for the search index.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/srcpkg/NAME``.
        """
        return _dumped(self._described(_PackageWithNames, package, release))

    def binary(self, package: str, release: str) -> dict[str, Any]:
        """Return the value of ``package``, of a binary package only, with one request: for the search index.

        It also has the names of the capabilities that the package ``provides``, ``obsoletes`` and ``requires``, each once.

        Source: ``/BRANCH/pkg/NAME``.
        """
        return _dumped(self._about(_PackageWithNames, f"binary {package!r} in {release}", release, "pkg", package))

    def _described(self, kind: type[P], package: str, release: str) -> P | None:
        """Return a binary package, or one of the binaries of a source package; None if the release has neither."""
        request = f"GET /{release}/pkg/{package}"
        found = self._about(kind, request, release, "pkg", package)
        if found is None or found.source != package:
            # srcpkg matches names as SQL LIKE does ("_" is any character): only a row that says so is of this source.
            of_source = self._about(kind, request, release, "srcpkg", package)
            if of_source is not None and of_source.source == package:
                of_source.name = package if package in of_source.siblings else None
                return of_source
        return found

    @query(version=2, subject="binary")
    def relations(self, package, release) -> PackageRelations | NotFound:
        """Return what a binary package requires, provides and so on, in a release.

        A value has at most `MAX_RELATIONS` relations of each kind, each once.

        Source: ``/BRANCH/pkg/NAME``.
        """
        request = f"GET /{release}/pkg/{package}"
        row = self._ask(request, release, "pkg", package)
        return NotFound(found=False) if row is None else self.read(request, PackageRelations, {**row, "found": True})

    @query(version=2, subject="binary", every=12 * 3600, is_lazy=True)
    def required_by(self, package, release) -> RequiredBy | NotFound:
        """Return the packages of a release that require a binary package, by its name or by a capability that it provides.

        At most `MAX_CAPABILITIES` capabilities are looked up, those first that others require of a library or module.  A value
        has at most `MAX_REQUIRERS` packages, and `MAX_REASONS` relations of each.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/requires/CAPABILITY``, of which at most `MAX_REQUIRERS_BYTES` bytes are read.
        Messages name what a changed package requires: of the package's own name they announce all changes, of other
        capabilities no more than what stands before a bracket.  Hence the schedule.
        """
        request = f"GET /{release}/requires/{package}"
        row = self._ask(request, release, "pkg", package)
        if row is None:
            return NotFound(found=False)
        described = self.read(request, _Provides, row)
        names, unasked = capabilities(package, described.provides, MAX_CAPABILITIES)
        found = Requirers(self.max_requirers, MAX_REASONS)
        pages = [self._add_requirers(found, request, release, name) for name in names]
        value = {"found": True, "asked": names, "unasked": unasked, **found.value()}
        return self.read(request, RequiredBy, value, described, *pages)

    def _add_requirers(self, found: Requirers, request: str, release: str, capability: str) -> _Requirers:
        """Add the packages that require a capability, and return them."""
        path = f"/{quote(release, safe='')}/requires/{quote(capability, safe='')}"
        headers = {"Accept": "application/json"}
        answer = self.send("GET", path, request=request, headers=headers, max_bytes=self.max_requirers_bytes)
        if answer.status == 400 and answer.content_type.startswith("text/plain"):
            # The branch has databases, as the request before has shown: nothing requires the capability.
            return _Requirers(packages=[])
        if answer.is_cut and answer.status != 200:
            raise self.invalid(request, f"HTTP {answer.status}", answer.body)
        packages = self._whole_rows(request, answer.body) if answer.is_cut else self.decoded(answer, request)
        page = self.read(request, _Requirers, {"packages": packages})
        found.add(page.packages, capability, answer.is_cut)
        return page

    def _whole_rows(self, request: str, body: bytes) -> list[Any]:
        try:
            return list(whole_rows(body))
        except (ValueError, RecursionError) as error:
            raise self.invalid(request, "no list", body) from error

    @required_by.affected("mdapi.repo.update")
    def requirers_affected(event):
        if repository_release(event.body) and _file_kind(event) in ("primary", None):
            yield from event.binary_packages

    @required_by.ignores
    def by_name(value):
        if not value["found"] or value["is_cut"]:
            return None
        named = [
            (row["source"], row["name"], [item for item in row["relations"] if item["name"] == value["asked"][0]])
            for row in value["packages"]
        ]
        return [row for row in named if row[2]]

    @query(version=1, subject="binary")
    def files(self, package, release) -> Files | NotFound:
        """Return the files of a binary package in a release, by directory.

        A value has at most `MAX_FILES` files; ``total`` counts all.

        Source: ``/BRANCH/files/NAME``.
        """
        request = f"GET /{release}/files/{package}"
        answer = self._ask(request, release, "files", package)
        if answer is None:
            return NotFound(found=False)
        found = self.read(request, _FileRows, answer)
        return self.read(request, Files, {**answer, "found": True, **_by_directory(found.files)}, found)

    @query(version=2, subject="binary")
    def changelog(self, package, release) -> Changelog | NotFound:
        """Return the changelog of a binary package in a release, newest first.

        A value has at most `MAX_CHANGES` entries.

        Source: ``/BRANCH/changelog/NAME``.
        """
        request = f"GET /{release}/changelog/{package}"
        answer = self._ask(request, release, "changelog", package)
        return NotFound(found=False) if answer is None else self.read(request, Changelog, {**answer, "found": True})

    @query(version=2, subject="binary", is_lazy=True)
    def obsoleters(self, package, release) -> Obsoleters:
        """Return the binary packages of a release that obsolete a name: they replace a package that is gone.

        A value has at most `MAX_OBSOLETERS` packages.  It has none if nothing obsoletes the name, or if mdapi does not have the
        release: its answers are the same.

        Source: ``/BRANCH/obsoletes/NAME``.
        """
        request = f"GET /{release}/obsoletes/{package}"
        path = f"/{quote(release, safe='')}/obsoletes/{quote(package, safe='')}"
        answer = self.send("GET", path, request=request, headers={"Accept": "application/json"})
        if answer.status == 400 and answer.content_type.startswith("text/plain"):
            return Obsoleters(packages=[])
        found = self.read(request, _AllObsoleting, {"packages": self.decoded(answer, request)})
        # An answer about another name must not pass for one about this.
        packages = [
            {"name": row.name, "source": row.basename, **relation.model_dump(exclude={"name"})}
            for row in found.packages
            for relation in row.obsoletes
            if relation.name == package
        ]
        packages.sort(key=lambda row: (row["name"] or "", row["source"]))
        return self.read(request, Obsoleters, {"packages": packages[:MAX_OBSOLETERS]}, found)

    # A repository's three files are announced one by one.  mdapi looks up every package in the primary file.

    @package.affected("mdapi.repo.update")
    @relations.affected("mdapi.repo.update")
    @obsoleters.affected("mdapi.repo.update")
    def affected_by_primary(event):
        if repository_release(event.body) and _file_kind(event) in ("primary", None):
            yield from event.binary_packages

    @files.affected("mdapi.repo.update")
    def affected_by_filelists(event):
        if repository_release(event.body) and _file_kind(event) in ("primary", "filelists", None):
            yield from event.binary_packages

    @changelog.affected("mdapi.repo.update")
    def affected_by_other(event):
        if repository_release(event.body) and _file_kind(event) in ("primary", "other", None):
            yield from event.binary_packages

    def _ask(self, request: str, release: str, kind: str, package: str) -> Any:
        """Return mdapi's answer about a package in a release, or None if the release has no such package."""
        path = f"/{quote(release, safe='')}/{kind}/{quote(package, safe='')}"
        answer = self.send("GET", path, request=request, headers={"Accept": "application/json"})
        if answer.status == 400:
            # These URLs return 400 only for a branch without databases.
            raise ReleaseNotServed(self.name, request, f"no repositories of {release}", title=self.title)
        # A proxy without a route to it returns 404 too, with another body.
        if answer.status == 404 and answer.body.strip() == b"404: Not Found":
            return None
        found = self.decoded(answer, request)
        if not isinstance(found, dict):
            raise self.invalid(request, "no object", answer.body)
        return found

    def _about(self, kind: type[P], request: str, release: str, path: str, package: str) -> P | None:
        row = self._ask(request, release, path, package)
        return None if row is None else self.read(request, kind, {**row, "found": True, "name": package})


def _file_kind(event: Any) -> str | None:
    """Return the kind of the repository's file that a message is about, or None if it does not say."""
    url = event.body.get("url")
    found = [kind for kind in ("primary", "filelists", "other") if isinstance(url, str) and f"-{kind}." in url]
    return found[0] if found else None


def _dumped(package: Package | None) -> dict[str, Any]:
    return {"found": False} if package is None else package.model_dump(mode="json")


def _by_directory(rows: Iterable[_FileRow]) -> dict[str, Any]:
    directories: dict[str, list[tuple[str, str]]] = {}
    total = 0
    for row in rows:
        names = row.names
        total += len(names)
        if total <= MAX_FILES:
            files = directories.setdefault(row.dirname, [])
            files += [(name[:MAX_NAME], FILE_TYPES[kind]) for name, kind in zip(names, row.filetypes, strict=True)]
    found = [{"path": path, "files": sorted(files)} for path, files in sorted(directories.items())]
    return {"total": total, "directories": found}
