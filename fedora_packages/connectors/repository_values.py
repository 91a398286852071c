"""The values of the queries about repositories, as mdapi answers and as a store of what repositories say."""

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, model_validator

from fedora_packages.connectors.mdapi_relations import MAX_RELATIONS, MAX_SIBLINGS, Relations
from fedora_packages.connectors.mdapi_servers import signed
from fedora_packages.connectors.types import (
    Count,
    Found,
    InvalidRows,
    Known,
    Lines,
    Model,
    Own,
    Parts,
    Rows,
    Text,
    Timestamp,
    default_for_null,
    field,
    null_for_empty,
    sorted_once,
)

#: The kinds of relations in mdapi, in the order in which people look for them.
RELATIONS = ("requires", "provides", "recommends", "suggests", "supplements", "enhances", "obsoletes", "conflicts")

#: Bounds of values; a few packages (texlive, kernel) have far more than a page can show.
MAX_FILES = 100_000
MAX_CHANGES = 200

#: Characters of all names in one directory, and of one name: file systems allow 255 bytes.
MAX_NAMES = 16 << 20
MAX_NAME = 1024

#: File types by mdapi's letters; a package owns its "ghost" files but does not contain them.
FILE_TYPES = {"f": "file", "d": "directory", "g": "ghost"}

#: "Name <mail> - 1.0-1": the dash may be missing, the version too, and a name may have a dash.
_AUTHORS = (
    re.compile(r"(?P<author>.*<[^<>]*>)\s*(?:-\s*)?(?P<evr>[^\s<>-][^\s<>]*)"),
    re.compile(r"(?P<author>[^<>]*\S)\s+-\s*(?P<evr>[^\s<>-]+-[^\s<>-]+)"),
)


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
    source: Text(256) | None = field("null if mdapi does not say", alias="basename")
    epoch: Text(16)
    version: Text(256)
    release: Text(256)
    arch: Text(32)
    # Repositories can leave them out.
    summary: Annotated[Text(1000), default_for_null("")]
    description: Annotated[Lines(20000), default_for_null("")]
    url: Annotated[Text(1000) | None, null_for_empty]
    repository: Repository = field(alias="repo")
    siblings: Annotated[Parts(Text(256), MAX_SIBLINGS, "binary package"), sorted_once] = field(
        "all binaries of the source, by name", alias="co-packages"
    )
    architectures: Own[list[Text(32)] | None] = field(
        "of all packages of the name; null if mdapi answers", default=None
    )
    size: Own[Count | None] = field("bytes of the rpm; null if mdapi answers", default=None)
    installed_size: Own[Count | None] = field("bytes; null if mdapi answers", default=None)
    built: Own[Timestamp | None] = field("null if mdapi answers", default=None)
    invalid_rows: InvalidRows = None


class PackageWithNames(Package):
    """A package with the names of some of its relations, each once: for the search index."""

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
    date: Annotated[Timestamp, BeforeValidator(signed)]
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
