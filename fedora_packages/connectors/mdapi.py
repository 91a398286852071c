"""mdapi: a package in the repositories of each release.

mdapi describes *binary* packages.  For a source package it returns one of its binaries, and not always the one of the same name.
"""

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, model_validator

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.http import Response
from fedora_packages.connectors.mdapi_relations import (
    MAX_CAPABILITIES,
    MAX_REASONS,
    MAX_RELATIONS,
    MAX_REQUIRERS,
    MAX_REQUIRERS_BYTES,
    MAX_ROWS,
    MAX_SIBLINGS,
    Described,
    Provides,
    Relations,
    RequiredBy,
    RequirersPage,
    capabilities,
    merged,
    whole_rows,
)
from fedora_packages.connectors.query import query
from fedora_packages.connectors.types import (
    Count,
    Found,
    InvalidRows,
    Known,
    Lines,
    M,
    Model,
    NotFound,
    Own,
    Parts,
    Rows,
    Text,
    Timestamp,
    default_for_null,
    field,
    sorted_once,
)
from fedora_packages.errors import ReleaseNotServed
from fedora_packages.messages.contents.mdapi import repository_release
from fedora_packages.messages.event import Event

#: The kinds of relations in mdapi, in the order in which people look for them.
RELATIONS = ("requires", "provides", "recommends", "suggests", "supplements", "enhances", "obsoletes", "conflicts")

#: Bounds of values; a few packages (texlive, kernel) have far more than a page can show.
MAX_FILES = 100_000
MAX_CHANGES = 200
MAX_OBSOLETERS = 50

#: Characters of all names in one directory, and of one name: file systems allow 255 bytes.
MAX_NAMES = 16 << 20
MAX_NAME = 1024

#: File types by mdapi's letters; a package owns its "ghost" files but does not contain them.
FILE_TYPES = {"f": "file", "d": "directory", "g": "ghost"}

#: The bodies of mdapi's errors, which begin with their status: no such package, and nothing found or no such branch.
UNKNOWN, NOTHING = b"404: Not Found", b"400: Bad Request"

#: "Name <mail> - 1.0-1": the dash may be missing, the version too, and a name may have a dash.
_AUTHORS = (
    re.compile(r"(?P<author>.*<[^<>]*>)\s*(?:-\s*)?(?P<evr>[^\s<>-][^\s<>]*)"),
    re.compile(r"(?P<author>[^<>]*\S)\s+-\s*(?P<evr>[^\s<>-]+-[^\s<>-]+)"),
)


def _says(answer: Response, words: bytes) -> bool:
    """Whether a response is an error in mdapi's own words: a proxy without a route to it returns such a status too."""
    is_page = answer.content_type.startswith("text/html")
    return answer.status == int(words[:3]) and answer.body.strip() == words and not is_page


def _names(relations: Any) -> Any:
    if not isinstance(relations, list):
        return relations
    return [row.get("name") if isinstance(row, dict) else row for row in relations]


Repository = Annotated[
    Known("release", "updates", "updates-testing", "testing"),
    Field(description="the repository of the release that has it"),
]
Names = Annotated[
    Parts(Text(1000), MAX_RELATIONS, "relation"),
    AfterValidator(lambda names: list(dict.fromkeys(names))),
    BeforeValidator(_names),
]


class Package(Model):
    """A package in a release.  Of a source package without a binary of its name, one of its binaries."""

    found: Found = True
    name: Own[Text(256) | None] = field("the package that is described; null if mdapi does not say", default=None)
    source: Text(256) = field(alias="basename")
    epoch: Text(16)
    version: Text(256)
    release: Text(256)
    arch: Text(32)
    # Repositories can leave them out.
    summary: Annotated[Text(1000), default_for_null("")]
    description: Annotated[Lines(20000), default_for_null("")]
    url: Text(1000) | None
    repository: Repository = field(alias="repo")
    siblings: Annotated[Parts(Text(256), MAX_SIBLINGS, "binary package"), sorted_once] = field(
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

    found: Found = True
    requires: Relations
    provides: Relations
    recommends: Relations
    suggests: Relations
    supplements: Relations
    enhances: Relations
    obsoletes: Relations
    conflicts: Relations
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

    packages: Rows(Obsoleter, MAX_OBSOLETERS, "package") = field("by name; the versions are those that are obsoleted")
    invalid_rows: InvalidRows = None


#: A name and its type.  Names are clipped while they are split.
File = tuple[Annotated[str, Field(max_length=MAX_NAME)], Literal["file", "directory", "ghost"]]


class Directory(Model):
    """A directory."""

    path: Text(4096)
    files: list[File] = field("[name, type] of each; a ghost is owned by the package and not in it")


class _FileRow(Model):
    dirname: Text(4096)
    names: Text(MAX_NAMES) = field(alias="filenames")
    types: Text(MAX_NAMES) = field(alias="filetypes")

    @property
    def files(self) -> list[tuple[str, str]]:
        """The name and type of each file."""
        return [
            (name[:MAX_NAME], FILE_TYPES[kind]) for name, kind in zip(self.names.split("/"), self.types, strict=True)
        ]

    @model_validator(mode="after")
    def _match(self):
        count = self.names.count("/") + 1
        if count != len(self.types) or not set(self.types) <= FILE_TYPES.keys():
            raise ValueError(f"one of the types {', '.join(FILE_TYPES)} for each of {count} names")
        return self


class Files(Model):
    """The files of a binary package."""

    found: Found = True
    total: Own[Count] = field("all files; more than are listed if there are very many", default=0)
    repository: Repository = field(alias="repo")
    directories: Own[list[Directory]] = []
    rows: Annotated[Rows(_FileRow, MAX_FILES, "directory"), default_for_null([])] = field(alias="files", exclude=True)
    invalid_rows: InvalidRows = None

    @model_validator(mode="after")
    def _by_directory(self):
        found: dict[str, list[tuple[str, str]]] = {}
        for row in self.rows:
            self.total += len(row.types)
            if self.total <= MAX_FILES:
                found.setdefault(row.dirname, []).extend(row.files)
        self.directories = [Directory(path=path, files=sorted(files)) for path, files in sorted(found.items())]
        return self


class Change(Model):
    """An entry of a changelog."""

    author: Text(500)
    evr: Own[Text(500) | None] = None
    date: Timestamp
    text: Lines(20000) = field(alias="changelog")

    @model_validator(mode="after")
    def _split(self):
        found = next((found for form in _AUTHORS if (found := form.fullmatch(self.author))), None)
        self.author, self.evr = (found["author"].strip(), found["evr"]) if found else (self.author.strip(), None)
        return self


class Changelog(Model):
    """The changelog of a binary package."""

    found: Found = True
    repository: Repository = field(alias="repo")
    # Old servers call the list "files".
    entries: Annotated[Rows(Change, MAX_CHANGES, "changelog entry"), default_for_null([])] = field(
        "newest first", alias=AliasChoices("changelogs", "files")
    )
    invalid_rows: InvalidRows = None


class _Obsoleting(Described):
    obsoletes: Relations


class _AllObsoleting(Model):
    packages: Rows(_Obsoleting, MAX_ROWS, "package")
    invalid_rows: InvalidRows = None


def _named_in(*kinds: str) -> Callable[[Event], Iterator[str]]:
    """Return the rule of what mdapi reads from these files of a repository.

    A repository's three files are announced one by one.  mdapi looks up every package in the primary file.
    """

    def names(event: Event) -> Iterator[str]:
        url = str(event.body.get("url"))
        kind = next((kind for kind in ("primary", "filelists", "other") if f"-{kind}." in url), None)
        if repository_release(event.body) and kind in (*kinds, None):
            yield from event.binary_packages

    return names


class MdapiConnector(Connector):
    """Repository metadata, from mdapi."""

    name = "mdapi"
    title = "mdapi"

    #: Bounds of `required_by`: packages that are kept, and bytes that are read of one answer.
    max_requirers = MAX_REQUIRERS
    max_requirers_bytes = MAX_REQUIRERS_BYTES

    @query(version=3, subject="binary")
    def package(self, package, release) -> Package | NotFound:
        """Return the description of a package in a release.

        For a source package without a binary of its name, it is that of one of its binaries.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/srcpkg/NAME``.
        """
        return self._described(Package, package, release) or NotFound()

    def source(self, package: str, release: str) -> dict[str, Any]:
        """Return the value of ``package`` with the names of its relations, as `binary` does: for the search index.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/srcpkg/NAME``.
        """
        return (self._described(_PackageWithNames, package, release) or NotFound()).model_dump(mode="json")

    def binary(self, package: str, release: str) -> dict[str, Any]:
        """Return the value of ``package``, of a binary package only, with one request: for the search index.

        It also has the names of the capabilities that the package ``provides``, ``obsoletes`` and ``requires``, each once.

        Source: ``/BRANCH/pkg/NAME``.
        """
        return (self._named(_PackageWithNames, release, "pkg", package) or NotFound()).model_dump(mode="json")

    def _described(self, kind: type[P], package: str, release: str) -> P | None:
        """Return a binary package, or one of the binaries of a source package; None if the release has neither."""
        found = self._named(kind, release, "pkg", package)
        if found is None or found.source != package:
            # srcpkg matches names as SQL LIKE does ("_" is any character): only a row that says so is of this source.
            of_source = self._named(kind, release, "srcpkg", package)
            if of_source is not None and of_source.source == package:
                of_source.name = package if package in of_source.siblings else None
                return of_source
        return found

    def _named(self, kind: type[P], release: str, path: str, package: str) -> P | None:
        found = self._ask(kind, release, path, package)
        if found is not None:
            found.name = package
        return found

    @query(version=4, subject="binary")
    def relations(self, package, release) -> PackageRelations | NotFound:
        """Return what a binary package requires, provides and so on, in a release.

        A value has at most `MAX_RELATIONS` relations of each kind, each once.

        Source: ``/BRANCH/pkg/NAME``.
        """
        return self._ask(PackageRelations, release, "pkg", package) or NotFound()

    # Few packages require the sample, so that the probe stays small.
    @query(version=4, subject="binary", every=3 * 86400, is_lazy=True, sample="keybinder3")
    def required_by(self, package, release) -> RequiredBy | NotFound:
        """Return the packages of a release that require a binary package, by its name or by a capability that it provides.

        At most `MAX_CAPABILITIES` capabilities are looked up, those first that others require of a library or module.  A value
        has at most `MAX_REQUIRERS` packages, and `MAX_REASONS` relations of each.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/requires/CAPABILITY``, of which at most `MAX_REQUIRERS_BYTES` bytes are read.
        Messages name what a changed package requires: of the package's own name they announce all changes, of other
        capabilities no more than what stands before a bracket.  Hence the schedule.
        """
        described = self._ask(Provides, release, "pkg", package)
        if described is None:
            return NotFound()
        names, unasked = capabilities(package, described.provides, MAX_CAPABILITIES)
        pages = {name: self._requirers(release, name) for name in names}
        value = {"asked": names, "unasked": unasked, **merged(pages, self.max_requirers, MAX_REASONS)}
        return self.read(f"GET /{release}/requires/{package}", RequiredBy, value, described, *pages.values())

    def _requirers(self, release: str, capability: str) -> RequirersPage:
        """Return the packages that require a capability."""
        answer = self.get(release, "requires", capability, max_bytes=self.max_requirers_bytes)
        if _says(answer, NOTHING):
            # The branch has databases, as the request before has shown: nothing requires the capability.
            return RequirersPage(packages=[])
        if not answer.is_cut or answer.status != 200:
            packages = self.decoded(answer)
        else:
            try:
                packages = list(whole_rows(answer.body))
            except (ValueError, RecursionError) as error:
                raise self.invalid(answer.request, "no list", answer.body) from error
        return self.read(answer.request, RequirersPage, {"packages": packages, "is_cut": answer.is_cut})

    @required_by.ignores
    def by_name(value):
        if not value["found"] or value["is_cut"]:
            return None
        named = [
            (row["source"], row["name"], [item for item in row["relations"] if item["name"] == value["asked"][0]])
            for row in value["packages"]
        ]
        return [row for row in named if row[2]]

    @query(version=3, subject="binary")
    def files(self, package, release) -> Files | NotFound:
        """Return the files of a binary package in a release, by directory.

        A value has at most `MAX_FILES` files; ``total`` counts all.

        Source: ``/BRANCH/files/NAME``.
        """
        return self._ask(Files, release, "files", package) or NotFound()

    @query(version=4, subject="binary")
    def changelog(self, package, release) -> Changelog | NotFound:
        """Return the changelog of a binary package in a release, newest first.

        A value has at most `MAX_CHANGES` entries.

        Source: ``/BRANCH/changelog/NAME``.
        """
        return self._ask(Changelog, release, "changelog", package) or NotFound()

    # kernel-headers has obsoleted the sample for twenty years.
    @query(version=4, subject="binary", is_lazy=True, sample="glibc-kernheaders")
    def obsoleters(self, package, release) -> Obsoleters:
        """Return the binary packages of a release that obsolete a name: they replace a package that is gone.

        A value has at most `MAX_OBSOLETERS` packages.  It has none if nothing obsoletes the name, or if mdapi does not have the
        release: its answers are the same.

        Source: ``/BRANCH/obsoletes/NAME``.
        """
        answer = self.get(release, "obsoletes", package)
        if _says(answer, NOTHING):
            return Obsoleters(packages=[])
        found = self.read(answer.request, _AllObsoleting, {"packages": self.decoded(answer)})
        # An answer about another name must not pass for one about this.
        packages = [
            {"name": row.name, "source": row.basename, **relation.model_dump(exclude={"name"})}
            for row in found.packages
            for relation in row.obsoletes
            if relation.name == package
        ]
        packages.sort(key=lambda row: (row["name"] or "", row["source"]))
        return self.read(answer.request, Obsoleters, {"packages": packages[:MAX_OBSOLETERS]}, found)

    package.affected("mdapi.repo.update")(_named_in("primary"))
    relations.affected("mdapi.repo.update")(_named_in("primary"))
    required_by.affected("mdapi.repo.update")(_named_in("primary"))
    obsoleters.affected("mdapi.repo.update")(_named_in("primary"))
    files.affected("mdapi.repo.update")(_named_in("primary", "filelists"))
    changelog.affected("mdapi.repo.update")(_named_in("primary", "other"))

    def _ask(self, kind: type[M], release: str, path: str, package: str) -> M | None:
        """Return mdapi's answer about a package in a release, or None if the release has no such package."""
        answer = self.get(release, path, package)
        if _says(answer, NOTHING):
            # These URLs return it only for a branch without databases.
            raise ReleaseNotServed(self.name, answer.request, f"no repositories of {release}", title=self.title)
        if _says(answer, UNKNOWN):
            return None
        return self.parsed(answer, kind)
