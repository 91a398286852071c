"""mdapi: what the repositories of each release say of a package.

The one thing to know: mdapi answers about *binary* packages.  Asked for a source package it describes one of its binaries,
and not always the one of the same name.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.mdapi_relations import (
    RELATIONS_KEPT,
    REQUIRERS_KEPT,
    REQUIRERS_READ,
    Requirers,
    capabilities,
    named_by,
    names_of,
    relations_of,
    whole_rows,
)
from fedora_packages.connectors.query import query
from fedora_packages.connectors.schema import count, flag, found_or, moment, one_of, optional, record, rows, word
from fedora_packages.connectors.schema import text as a_text
from fedora_packages.connectors.types import integer, items, optional_text, text
from fedora_packages.errors import InvalidResponse, ReleaseNotServed
from fedora_packages.messages.families.mdapi import repository_release

#: The kinds of relation that mdapi lists, in the order in which people ask for them.
RELATIONS = ("requires", "provides", "recommends", "suggests", "supplements", "enhances", "obsoletes", "conflicts")

#: Of these kinds the index has the names.
NAMED = ("provides", "obsoletes", "requires")

#: Bounds of what is kept of one package; a few (texlive, kernel) are far beyond what a page can show.
SIBLINGS_KEPT = 2000
FILES_KEPT = 100_000
CHANGES_KEPT = 200
OBSOLETERS_KEPT = 50

#: Characters of all names in one directory, and of one of them: file systems allow 255 bytes.
NAMES_READ = 16 << 20
NAME_KEPT = 1024

#: File types by mdapi's letters; a "ghost" is owned by the package and not in it.
FILE_TYPES = {"f": "file", "d": "directory", "g": "ghost"}


#: What the queries return.
_REPOSITORY = word(
    "release", "updates", "updates-testing", "testing", meaning="which of the release's repositories has it"
)
PACKAGE = found_or(
    name=optional(a_text("the package that is described"), "null if mdapi does not tell"),
    source=a_text(),
    epoch=optional(a_text()),
    version=a_text(),
    release=a_text(),
    arch=a_text(),
    summary=a_text(),
    description=a_text(),
    url=optional(a_text()),
    repository=_REPOSITORY,
    siblings=rows(a_text(), SIBLINGS_KEPT, "all binaries of the source, by name"),
)
RELATION = record(
    name=a_text(),
    flags=optional(one_of("EQ", "LT", "GT", "LE", "GE"), "null without a version"),
    epoch=optional(a_text()),
    version=optional(a_text()),
    release=optional(a_text()),
)
RELATION_LIST = rows(RELATION, RELATIONS_KEPT)
REQUIRERS = found_or(
    asked=rows(a_text(), meaning="capabilities that were asked for, its name first"),
    unasked=count("other capabilities of it"),
    repositories=rows(a_text()),
    total=count("of those that are known"),
    packages=rows(
        record(name=optional(a_text(), "null where mdapi does not tell"), source=a_text(), relations=rows(RELATION)),
        REQUIRERS_KEPT,
        "by source and name",
    ),
    is_cut=flag("whether there are more: an answer was too large to be read whole"),
)
OBSOLETERS = record(
    packages=rows(
        record(
            name=optional(a_text("binary package"), "null if mdapi does not tell"),
            source=a_text(),
            flags=optional(one_of("EQ", "LT", "GT", "LE", "GE"), "null without a version"),
            epoch=optional(a_text()),
            version=optional(a_text()),
            release=optional(a_text()),
        ),
        OBSOLETERS_KEPT,
        "by name; the versions are those that are obsoleted",
    )
)
FILES = found_or(
    total=count("all files; more than are listed if there are very many"),
    repository=_REPOSITORY,
    directories=rows(
        record(
            path=a_text(),
            files=rows(
                {
                    "type": "array",
                    "prefixItems": [a_text(), one_of(*FILE_TYPES.values())],
                    "minItems": 2,
                    "maxItems": 2,
                },
                meaning="[name, type] of each; a ghost is owned by the package and not in it",
            ),
        )
    ),
)
CHANGELOG = found_or(
    repository=_REPOSITORY,
    entries=rows(
        record(author=a_text(), evr=optional(a_text()), date=moment(), text=a_text(most=20000)),
        CHANGES_KEPT,
        "newest first",
    ),
)

#: "Name <mail> - 1.0-1": the dash may be missing, the version too, and a name may have a dash.
_AUTHORS = (
    re.compile(r"(?P<author>.*<[^<>]*>)\s*(?:-\s*)?(?P<evr>[^\s<>-][^\s<>]*)"),
    re.compile(r"(?P<author>[^<>]*\S)\s+-\s*(?P<evr>[^\s<>-]+-[^\s<>-]+)"),
)


class MdapiConnector(Connector):
    """Repository metadata, from mdapi."""

    name = "mdapi"

    @query(version=1, subject="binary", returns=PACKAGE)
    def package(self, package, release):
        """Return what a release's repositories say of a package.

        Of a source package without a binary of its name they describe one of its binaries::

            {"found": True,
             "name": "guake",                    # the package that is described; None if mdapi does not tell (a sibling's)
             "source": "guake",
             "epoch": "0", "version": "3.9.0", "release": "1.fc45", "arch": "noarch",
             "summary": "Drop-down terminal for GNOME", "description": "...", "url": "http://guake.org",   # url: or None
             "repository": "updates",            # release, updates, updates-testing or testing
             "siblings": ["guake"]}              # all binaries of the source, by name

        or ``{"found": False}`` if the release has no such package.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/srcpkg/NAME``.
        """
        found = self.source(package, release)
        return {key: value for key, value in found.items() if key not in NAMED}

    def source(self, package: str, release: str) -> dict[str, Any]:
        """Return what ``package`` returns, and names of relations as `binary` does: for the search index.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/srcpkg/NAME``.
        """
        asked = f"package {package!r} in {release}"
        row = self._about(asked, release, "pkg", package)
        if row is None or row["source"] != package:
            # srcpkg matches names as SQL LIKE does ("_" is any letter): only what says so is of this source.
            of_source = self._about(asked, release, "srcpkg", package)
            if of_source is not None and of_source["source"] == package:
                named = package in of_source["siblings"]
                return {"found": True, "name": package if named else None, **of_source}
        return {"found": False} if row is None else {"found": True, "name": package, **row}

    def binary(self, package: str, release: str) -> dict[str, Any]:
        """Return what ``package`` returns, of a binary package only, with one request: for the search index.

        Besides there are the names of the capabilities that it ``provides``, ``obsoletes`` and ``requires``, each once.

        Source: ``/BRANCH/pkg/NAME``.
        """
        row = self._about(f"binary {package!r} in {release}", release, "pkg", package)
        return {"found": False} if row is None else {"found": True, "name": package, **row}

    @query(version=1, subject="binary", returns=found_or(**dict.fromkeys(RELATIONS, RELATION_LIST)))
    def relations(self, package, release):
        """Return what a binary package requires, provides and so on, in a release.

            {"found": True,
             "requires": [{"name": "python3", "flags": "GE", "epoch": "0", "version": "3.9", "release": None}],
             ...}                                # one list for each of RELATIONS; flags: None EQ LT GT LE GE

        or ``{"found": False}``.  At most `RELATIONS_KEPT` of each kind are listed, and each once.

        Source: ``/BRANCH/pkg/NAME``.
        """
        asked = f"relations of {package!r} in {release}"
        row = self._ask(asked, release, "pkg", package)
        if row is None:
            return {"found": False}
        return self.check(asked, lambda: {"found": True, **{kind: relations_of(row[kind]) for kind in RELATIONS}})

    @query(version=1, subject="binary", every="requirers_every", is_lazy=True, returns=REQUIRERS)
    def required_by(self, package, release):
        """Return which packages of a release require a binary package: by its name, or by a few capabilities that it provides.

            {"found": True,
             "asked": ["openssl-libs", "openssl-libs(x86-64)", "libssl.so.3()(64bit)"],    # its name first
             "unasked": 12,                          # other capabilities of it that were not asked for
             "repositories": ["release"],            # where mdapi found them: it looks no further than the first that has any
             "total": 2,                             # of those that are known; the list ends before all where is_cut
             "packages": [{"name": "curl",           # None where mdapi does not tell which binary it is
                           "source": "curl",
                           "relations": [{"name": "openssl-libs", "flags": "GE", "epoch": "1", "version": "3.0",
                                          "release": None}]}],    # at most REASONS_KEPT
             "is_cut": False}                        # an answer was too large to be read whole: there are more

        or ``{"found": False}``.  By source and name; at most `REQUIRERS_KEPT`.  At most `CAPABILITIES_ASKED` capabilities are
        asked for, those first that others require of a library or module.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/requires/CAPABILITY``, of which at most `REQUIRERS_READ` bytes are read.
        Messages name what a changed package requires, so of the package's own name they announce all changes; of other
        capabilities they say no more than what stands before a bracket.  Hence the schedule.
        """
        asked = f"what requires {package!r} in {release}"
        row = self._ask(asked, release, "pkg", package)
        if row is None:
            return {"found": False}
        names, unasked = self.check(asked, lambda: capabilities(package, items(row["provides"])))
        found = Requirers()
        for name in names:
            self._add_requirers(found, asked, release, name)
        return {"found": True, "asked": names, "unasked": unasked, **found.value()}

    def _add_requirers(self, found: "Requirers", asked: str, release: str, capability: str) -> None:
        path = f"/{quote(release, safe='')}/requires/{quote(capability, safe='')}"
        headers = {"Accept": "application/json"}
        answer = self.request("GET", path, asked=asked, headers=headers, most=REQUIRERS_READ)
        if answer.status == 400 and answer.content_type.startswith("text/plain"):
            # Of a branch that it has, as was seen just now, it says so where nothing requires the capability.
            return
        if not answer.is_cut:
            rows = self.decoded(answer, asked)
            self.check(asked, lambda: found.add(items(rows), capability))
            return
        if answer.status != 200:
            raise InvalidResponse(self.name, asked, f"it answered {answer.status}", answer.body)
        self.check(asked, lambda: found.add(whole_rows(answer.body), capability, is_cut=True))

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

    @query(version=1, subject="binary", returns=FILES)
    def files(self, package, release):
        """Return the files of a binary package in a release, by directory.

            {"found": True, "total": 3, "repository": "updates",
             "directories": [{"path": "/usr/bin", "files": [["guake", "file"]]}]}     # file, directory or ghost

        or ``{"found": False}``.  At most `FILES_KEPT` are listed; ``total`` counts all.

        Source: ``/BRANCH/files/NAME``.
        """
        asked = f"files of {package!r} in {release}"
        answer = self._ask(asked, release, "files", package)
        return {"found": False} if answer is None else self.check(asked, lambda: _files(answer))

    @query(version=2, subject="binary", returns=CHANGELOG)
    def changelog(self, package, release):
        """Return the changelog of a binary package in a release, newest first.

            {"found": True, "repository": "updates",
             "entries": [{"author": "Pierre-Yves Chibon <pingou@fedoraproject.org>", "evr": "3.9.0-1",    # evr: or None
                          "date": 1667385600,              # UTC, seconds since 1970
                          "text": "- Update to 3.9.0"}]}

        or ``{"found": False}``.  At most `CHANGES_KEPT` are listed.

        Source: ``/BRANCH/changelog/NAME``.
        """
        asked = f"changelog of {package!r} in {release}"
        answer = self._ask(asked, release, "changelog", package)
        return {"found": False} if answer is None else self.check(asked, lambda: _changelog(answer))

    @query(version=1, subject="binary", is_lazy=True, returns=OBSOLETERS)
    def obsoleters(self, package, release):
        """Return the binary packages of a release that obsolete a name: what takes the place of a package that is gone.

            {"packages": [{"name": "luanti",                  # None if mdapi does not tell
                           "source": "luanti",
                           "flags": "LT", "epoch": "0", "version": "5.16", "release": None}]}     # which versions it obsoletes

        By name, at most `OBSOLETERS_KEPT`.  mdapi says the same of a name that nothing obsoletes and of a release that it
        does not have: there are none then.

        Source: ``/BRANCH/obsoletes/NAME``.
        """
        asked = f"what obsoletes {package!r} in {release}"
        path = f"/{quote(release, safe='')}/obsoletes/{quote(package, safe='')}"
        answer = self.request("GET", path, asked=asked, headers={"Accept": "application/json"})
        if answer.status == 400 and answer.content_type.startswith("text/plain"):
            return {"packages": []}
        rows = self.decoded(answer, asked)
        return self.check(asked, lambda: {"packages": _obsoleters(rows, package)})

    # A repository's three files are announced one by one; packages are looked up in the primary file whatever is asked.

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

    def _ask(self, asked: str, release: str, kind: str, package: str) -> Any:
        """Return mdapi's answer about a package in a release, or None if the release has no such package."""
        path = f"/{quote(release, safe='')}/{kind}/{quote(package, safe='')}"
        answer = self.request("GET", path, asked=asked, headers={"Accept": "application/json"})
        if answer.status == 400:
            # At these addresses it says so only for a branch of which it has no databases.
            raise ReleaseNotServed(self.name, asked, f"it has no repositories of {release}")
        # Its own words for "no such package"; a proxy that has lost the way to it says 404 too, in others.
        if answer.status == 404 and answer.content_type.startswith("text/plain"):
            return None
        return self.decoded(answer, asked)

    def _about(self, asked: str, release: str, kind: str, package: str) -> dict[str, Any] | None:
        row = self._ask(asked, release, kind, package)
        return None if row is None else self.check(asked, lambda: _about(row))


def _file_kind(event: Any) -> str | None:
    """Return which of a repository's files the message is about, or None where it does not say."""
    url = event.body.get("url")
    found = [kind for kind in ("primary", "filelists", "other") if isinstance(url, str) and f"-{kind}." in url]
    return found[0] if found else None


def _about(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "source": text(row["basename"], 256),
        "epoch": text(row["epoch"], 16),
        "version": text(row["version"], 256),
        "release": text(row["release"], 256),
        "arch": text(row["arch"], 32),
        # Repositories may leave them out, and mdapi then says null.
        "summary": optional_text(row["summary"], 1000) or "",
        "description": optional_text(row["description"], 20000) or "",
        "url": optional_text(row["url"], 1000),
        "repository": text(row["repo"], 64),
        "siblings": sorted({text(name, 256) for name in items(row["co-packages"])})[:SIBLINGS_KEPT],
        **{kind: names_of(row[kind]) for kind in NAMED},
    }


def _obsoleters(rows: Any, package: str) -> list[dict[str, str | None]]:
    # A mistaken answer about another name must not pass for one about this.
    found = [
        {"name": named_by(row), "source": text(row["basename"], 256), **relation}
        for row in items(rows)
        for relation in relations_of(row["obsoletes"])
        if relation.pop("name") == package
    ]
    return sorted(found, key=lambda row: (row["name"] or "", row["source"] or ""))[:OBSOLETERS_KEPT]


def _files(answer: Mapping[str, Any]) -> dict[str, Any]:
    directories: dict[str, list[list[str]]] = {}
    total = 0
    for row in items(answer["files"]):
        names, types = text(row["filenames"], NAMES_READ).split("/"), text(row["filetypes"], NAMES_READ)
        if len(names) != len(types):
            raise ValueError(f"{len(names)} names with {len(types)} types in {row['dirname']!r:.80}")
        total += len(names)
        if total <= FILES_KEPT:
            rows = directories.setdefault(text(row["dirname"], 4096), [])
            rows += [[name[:NAME_KEPT], FILE_TYPES[kind]] for name, kind in zip(names, types, strict=True)]
    return {
        "found": True,
        "total": total,
        "repository": text(answer["repo"], 64),
        "directories": [{"path": path, "files": sorted(rows)} for path, rows in sorted(directories.items())],
    }


def _changelog(answer: Mapping[str, Any]) -> dict[str, Any]:
    # Old servers call the list "files".
    rows = items(answer["changelogs"] if "changelogs" in answer else answer["files"])
    return {
        "found": True,
        "repository": text(answer["repo"], 64),
        "entries": [_change(row) for row in rows[:CHANGES_KEPT]],
    }


def _change(row: Mapping[str, Any]) -> dict[str, Any]:
    told = text(row["author"], 500)
    author, evr = next(
        ((found["author"], found["evr"]) for form in _AUTHORS if (found := form.fullmatch(told))), (told, None)
    )
    return {
        "author": author.strip(),
        "evr": evr,
        "date": integer(row["date"]),
        "text": text(row["changelog"], 20000),
    }
