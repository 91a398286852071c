"""Relations in mdapi's answers: what a package requires and so on, and which packages require it.

``mdapi.py`` sends the requests, and reads the answers with this module.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from fedora_packages.connectors.types import (
    Count,
    Found,
    InvalidRows,
    Model,
    OptionalText,
    Own,
    Parts,
    Rows,
    Text,
    field,
    null_for_empty,
)

#: Relations of each kind that are kept of one package.
MAX_RELATIONS = 5000

#: Capabilities of a package whose requirers are looked up, its own name first.  Each is a request, of whose answer so many
#: bytes are read: mdapi describes every package in full, and the requirers of glibc would be hundreds of megabytes.
MAX_CAPABILITIES = 8
MAX_REQUIRERS_BYTES = 6 << 20

#: Packages that are read of one list.
MAX_ROWS = 20_000

#: Requirers that are kept, and the requirements of each.
MAX_REQUIRERS = 2000
MAX_REASONS = 8

#: Capabilities that others require, in the order in which they are looked up.
_TELLING = (
    re.compile(r"[^()]+\.so[^()]*\(\)(?:\(64bit\))?"),
    re.compile(r"python[0-9.]*dist\(.*\)"),
    re.compile(r"(?:pkgconfig|cmake|perl|rubygem|npm|golang|crate|php-composer|mvn|tex|ocaml|ghc-devel|R)\(.*\)"),
    re.compile(r"[^()]+"),
)

#: Capabilities that nothing requires: they describe a package, or its bundled libraries.
_SILENT = re.compile(r"(?:application|bundled|config|metainfo|appdata|mimehandler|font|user|group)\(.*")

#: Packages that are kept of those that obsolete a name.
MAX_OBSOLETERS = 50

#: The separator of two members of a JSON list.
_BETWEEN = re.compile(r"[\s,]*")

#: Binary packages of a source that are kept.
MAX_SIBLINGS = 2000


#: How a version is compared.
Flags = Literal["EQ", "LT", "GT", "LE", "GE"]


class Relation(Model):
    """Something that a package requires, provides and so on."""

    name: Text(1000)
    flags: Annotated[Flags | None, null_for_empty] = field("null without a version")
    epoch: OptionalText
    version: OptionalText
    release: OptionalText

    @property
    def key(self) -> tuple[str | None, ...]:
        """What two equal relations share."""
        return (self.name, self.flags, self.epoch, self.version, self.release)


def once(relations: list[Relation]) -> list[Relation]:
    """Return relations without repetitions: guake requires /bin/sh twice, once for each scriptlet."""
    return list({relation.key: relation for relation in relations}.values())


#: mdapi 4 returns null for an empty list.
Relations = Annotated[Parts(Relation, MAX_RELATIONS, "relation"), AfterValidator(once)]


class Described(Model):
    """A binary package: as mdapi describes it without its name, as MetaSource does without its source."""

    told_name: Own[Text(256) | None] = field(alias="name", default=None)
    epoch: Text(16)
    version: Text(256)
    release: Text(256)
    basename: Text(256) | None
    siblings: Parts(Text(256), MAX_SIBLINGS, "binary package") = field(alias="co-packages")
    provides: Relations

    @property
    def name(self) -> str | None:
        """The name that it has in the answer, else the one of its source's binaries that it provides.

        None where that is none, or several without an architecture, which rpm adds to a package's own name.
        """
        if self.told_name is not None:
            return self.told_name
        names = {*self.siblings}
        if len(names) == 1:
            return next(iter(names))
        evr = ("EQ", self.epoch, self.version, self.release)
        provided = {relation.name: relation.key[1:] == evr for relation in self.provides}
        own = [name for name in names if provided.get(name)]
        if len(own) > 1:
            own = [name for name in own if any(f"{name}({arch})" in provided for arch in ("x86-64", "x86-32"))]
        return own[0] if len(own) == 1 else None


class Requirer(Described):
    """A package that requires another."""

    repo: Text(64)
    requires: Relations


class RequirersPage(Model):
    """Packages that require one capability; ``is_cut`` if there are more, ``is_metasource`` if MetaSource returned them."""

    packages: Rows(Requirer, MAX_ROWS, "package")
    is_cut: bool = False
    is_metasource: bool = False
    invalid_rows: InvalidRows = None


class Provides(Model):
    """What a package provides, and the repository of the release that has it."""

    provides: Relations
    repo: Text(64)
    invalid_rows: InvalidRows = None


class RequiringPackage(Model):
    """A package that requires another."""

    name: Text(256) | None = field("null if mdapi does not say")
    source: Text(256) | None = field("null if mdapi does not say; the name is known then")
    relations: list[Relation]


class RequiredBy(Model):
    """What requires a binary package."""

    found: Found = True
    asked: list[Text(1000)] = field("capabilities that were looked up, its name first")
    unasked: Count = field("other capabilities of it")
    is_by_name_only: bool = field(
        "whether mdapi cannot look up other capabilities than the name: packages that require those are missing"
    )
    is_complete: bool = field(
        "whether all repositories of the release were searched, for file paths and the members of rich dependencies too"
    )
    repositories: list[Text(64)] = field("mdapi stops at the first repository that has any, or that has the package")
    total: Count = field("of those that are known")
    packages: Rows(RequiringPackage, MAX_REQUIRERS, "package") = field("by source and name")
    is_cut: bool = field("whether there are more: an answer was too large to be read whole")
    invalid_rows: InvalidRows = None


class Obsoleting(Described):
    """A package that obsoletes others."""

    obsoletes: Relations


class ObsoletingPackages(Model):
    """Packages that obsolete one name."""

    packages: Rows(Obsoleting, MAX_ROWS, "package")
    invalid_rows: InvalidRows = None


class Obsoleter(Model):
    """A package that obsoletes a name."""

    name: Text(256) | None = field("binary package; null if mdapi does not say")
    source: Text(256) | None = field("null if mdapi does not say; the name is known then")
    flags: Flags | None = field("null without a version")
    epoch: Text(1000) | None
    version: Text(1000) | None
    release: Text(1000) | None


class Obsoleters(Model):
    """What obsoletes a name."""

    is_known: bool = field("false if mdapi cannot look up a name that no package has; packages are none then")
    packages: Rows(Obsoleter, MAX_OBSOLETERS, "package") = field("by name; the versions are those that are obsoleted")
    invalid_rows: InvalidRows = None


def merged(pages: Mapping[str, RequirersPage], most: int, most_reasons: int) -> dict[str, Any]:
    """Return the fields of `RequiredBy` about packages, of which ``most`` are kept, with ``most_reasons`` of each."""
    is_cut = any(page.is_cut for page in pages.values())
    repositories: dict[str, None] = {}
    packages: dict[tuple[str, str], dict[tuple[str | None, ...], Relation]] = {}
    for capability, page in pages.items():
        for package in page.packages:
            repositories[package.repo] = None
            key = (package.basename or "", package.name or "")
            if key not in packages and len(packages) >= most:
                is_cut = True
                continue
            reasons = packages.setdefault(key, {})
            for relation in package.requires:
                if relation.name == capability and len(reasons) < most_reasons:
                    reasons[relation.key] = relation
    rows = [
        {"name": name or None, "source": source or None, "relations": list(packages[source, name].values())}
        for source, name in sorted(packages)
    ]
    return {"repositories": list(repositories), "total": len(rows), "packages": rows, "is_cut": is_cut}


def capabilities(package: str, provides: Iterable[Relation], most: int) -> tuple[list[str], int]:
    """Return the capabilities of a package to look up, its name first, and the number of its other capabilities."""
    names = dict.fromkeys(relation.name[:300] for relation in provides)
    # Paths cannot be looked up: to mdapi a slash ends a name.
    others = [name for name in names if name != package and "/" not in name and not _SILENT.fullmatch(name)]
    # rpm adds a capability to every package: its name with the architecture.
    others.sort(key=lambda name: 0 if name.startswith(f"{package}(") else 1 + _rank(name))
    chosen = [package, *others[: most - 1]]
    return chosen, len(others) - len(chosen) + 1


def _rank(name: str) -> int:
    return next((place for place, form in enumerate(_TELLING) if form.fullmatch(name)), len(_TELLING))


def whole_rows(body: bytes) -> Iterator[Any]:
    """Yield the complete members of a JSON list that was cut.  Raises `ValueError` for anything but a list."""
    found = body.decode("utf-8", "replace")
    decoder, place = json.JSONDecoder(), _BETWEEN.match(found, 0).end()
    if not found.startswith("[", place):
        raise ValueError(f"{found[:40]!r} begins no list")
    place = _BETWEEN.match(found, place + 1).end()
    while True:
        try:
            row, place = decoder.raw_decode(found, place)
        except ValueError:
            return
        yield row
        place = _BETWEEN.match(found, place).end()
