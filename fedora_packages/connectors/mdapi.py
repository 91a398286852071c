"""mdapi: a package in the repositories of each release.

mdapi describes *binary* packages.  For a source package it returns one of its binaries, and not always the one of the same name.
Either of two servers answers: mdapi 3, or its successor MetaSource (see ``mdapi_servers.py``).
"""

from collections.abc import Callable, Iterator
from typing import Any

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.http import Response
from fedora_packages.connectors.mdapi_relations import (
    MAX_CAPABILITIES,
    MAX_OBSOLETERS,
    MAX_REASONS,
    MAX_REQUIRERS,
    MAX_REQUIRERS_BYTES,
    Obsoleters,
    ObsoletingPackages,
    Provides,
    RequiredBy,
    RequirersPage,
    capabilities,
    merged,
    whole_rows,
)
from fedora_packages.connectors.mdapi_servers import (
    NOTHING,
    UNKNOWN,
    is_metasource,
    likely_source,
    named,
    says,
)
from fedora_packages.connectors.query import SAMPLE, query
from fedora_packages.connectors.repository_values import (
    Changelog,
    Files,
    P,
    Package,
    PackageRelations,
    PackageWithNames,
)
from fedora_packages.connectors.types import (
    M,
    NotFound,
)
from fedora_packages.errors import ReleaseNotServed
from fedora_packages.messages.contents.mdapi import repository_release
from fedora_packages.messages.event import Event

#: A package of every release of EPEL, as `SAMPLE` is one of every release of Fedora.
EPEL_SAMPLE = "epel-release"


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
    role = "mdapi"
    # MetaSource takes some 2.5 seconds to answer, more while several requests are under way.
    timeout = 20.0

    #: Bounds of `required_by`: packages that are kept, and bytes that are read of one answer.
    max_requirers = MAX_REQUIRERS
    max_requirers_bytes = MAX_REQUIRERS_BYTES

    @query(version=5, subject="binary")
    def package(self, package, release) -> Package | NotFound:
        """Return the description of a package in a release.

        For a source package without a binary of its name, it is that of one of its binaries.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/srcpkg/NAME``.  MetaSource has the name of a source nowhere: it is one that
        ``srcpkg`` finds the same binaries by.
        """
        return self._described(Package, package, release) or NotFound()

    def source(self, package: str, release: str) -> dict[str, Any]:
        """Return the value of ``package`` with the names of its relations, as `binary` does: for the search index.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/srcpkg/NAME``.
        """
        return (self._described(PackageWithNames, package, release) or NotFound()).model_dump(mode="json")

    def binary(self, package: str, release: str) -> dict[str, Any]:
        """Return the value of ``package``, of a binary package only, with one request: for the search index.

        It also has the names of the capabilities that the package ``provides``, ``obsoletes`` and ``requires``, each once.

        Source: ``/BRANCH/pkg/NAME``.
        """
        return (self._named(PackageWithNames, release, "pkg", package) or NotFound()).model_dump(mode="json")

    def _described(self, kind: type[P], package: str, release: str) -> P | None:
        """Return a binary package, or one of the binaries of a source package; None if the release has neither."""
        found = self._named(kind, release, "pkg", package, checks_release=False)
        if found is None or found.source != package:
            of_source = self._of_source(kind, release, package, checks_release=found is None)
            if of_source is not None:
                return of_source
        if found is not None and found.source is None:
            source = likely_source(package, found.siblings)
            of_source = self._of_source(kind, release, source, False) if source and source != package else None
            if of_source is not None and of_source.siblings == found.siblings:
                found.source = source
        return found

    def _of_source(self, kind: type[P], release: str, package: str, checks_release: bool) -> P | None:
        """Return one of the binaries of a source package; None if the release has none."""
        found = self._ask(kind, release, "srcpkg", package, checks_release)
        # srcpkg matches names as SQL LIKE does ("_" is any character): only a row that says so is of this source.  MetaSource's
        # rows do not say so: it returns the binary of that name, else one whose source rpm begins with exactly that name.
        if found is None or found.source not in (package, None):
            return None
        found.name = package if package in found.siblings else None
        found.source = package
        return found

    def _named(self, kind: type[P], release: str, path: str, package: str, checks_release: bool = True) -> P | None:
        found = self._ask(kind, release, path, package, checks_release)
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
    @query(version=6, subject="binary", every=3 * 86400, is_lazy=True, sample="keybinder3")
    def required_by(self, package, release) -> RequiredBy | NotFound:
        """Return the packages of a release that require a binary package, by its name or by a capability that it provides.

        At most `MAX_CAPABILITIES` capabilities are looked up, those first that others require of a library or module.  A value
        has at most `MAX_REQUIRERS` packages, and `MAX_REASONS` relations of each.

        MetaSource looks up names of packages only, in the one repository that has the package: the value says so.

        Source: ``/BRANCH/pkg/NAME``, then ``/BRANCH/requires/CAPABILITY``, of which at most `MAX_REQUIRERS_BYTES` bytes are read.
        Messages name what a changed package requires: of the package's own name they announce all changes, of other
        capabilities no more than what stands before a bracket.  Hence the schedule.
        """
        described = self._ask(Provides, release, "pkg", package)
        if described is None:
            return NotFound()
        names, unasked = capabilities(package, described.provides, MAX_CAPABILITIES)
        pages: dict[str, RequirersPage] = {}
        is_by_name_only = False
        for name in names:
            page = self._requirers(release, name)
            if page is not None:
                pages[name] = page
            is_by_name_only = page is None or page.is_metasource
            if is_by_name_only:
                break
        request = f"GET /{release}/requires/{package}"
        if package not in pages:
            raise self.invalid(request, "no such package, which it has just described")
        value = {
            "asked": list(pages),
            "unasked": unasked + len(names) - len(pages),
            "is_by_name_only": is_by_name_only,
            "is_complete": False,
            **merged(pages, self.max_requirers, MAX_REASONS),
        }
        if is_by_name_only:
            value["repositories"] = list(dict.fromkeys([described.repo, *value["repositories"]]))
        return self.read(request, RequiredBy, value, described, *pages.values())

    def _requirers(self, release: str, capability: str) -> RequirersPage | None:
        """Return the packages that require a capability; None if the server cannot look it up."""
        answer = self.get(release, "requires", capability, max_bytes=self.max_requirers_bytes)
        if says(answer, NOTHING) and not is_metasource(answer):
            # The branch has databases, as the request before has shown: nothing requires the capability.
            return RequirersPage(packages=[])
        if says(answer, NOTHING) or says(answer, UNKNOWN):
            return None
        if not answer.is_cut or answer.status != 200:
            packages = self.decoded(answer)
        else:
            try:
                packages = list(whole_rows(answer.body))
            except (ValueError, RecursionError) as error:
                raise self.invalid(answer.request, "no list", answer.body) from error
        is_of_metasource = is_metasource(answer, packages)
        if is_of_metasource and isinstance(packages, list):
            packages = list(map(named, packages))
        content = {"packages": packages, "is_cut": answer.is_cut, "is_metasource": is_of_metasource}
        return self.read(answer.request, RequirersPage, content)

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
    @query(version=5, subject="binary", is_lazy=True, sample="glibc-kernheaders")
    def obsoleters(self, package, release) -> Obsoleters:
        """Return the binary packages of a release that obsolete a name: they replace a package that is gone.

        A value has at most `MAX_OBSOLETERS` packages.  It has none if nothing obsoletes the name, or if mdapi does not have the
        release: its answers are the same.  MetaSource looks up packages only: what obsoletes one that is gone is unknown.

        Source: ``/BRANCH/obsoletes/NAME``.
        """
        answer = self.get(release, "obsoletes", package)
        if says(answer, NOTHING) and not is_metasource(answer):
            return Obsoleters(is_known=True, packages=[])
        if self._is_missing(answer, release):
            return Obsoleters(is_known=False, packages=[])
        rows = self.decoded(answer)
        if is_metasource(answer, rows) and isinstance(rows, list):
            rows = list(map(named, rows))
        found = self.read(answer.request, ObsoletingPackages, {"packages": rows})
        # An answer about another name must not pass for one about this.
        packages = [
            {"name": row.name, "source": row.basename, **relation.model_dump(exclude={"name"})}
            for row in found.packages
            for relation in row.obsoletes
            if relation.name == package
        ]
        packages.sort(key=lambda row: (row["name"] or "", row["source"] or ""))
        value = {"is_known": True, "packages": packages[:MAX_OBSOLETERS]}
        return self.read(answer.request, Obsoleters, value, found)

    package.affected("mdapi.repo.update")(_named_in("primary"))
    relations.affected("mdapi.repo.update")(_named_in("primary"))
    required_by.affected("mdapi.repo.update")(_named_in("primary"))
    obsoleters.affected("mdapi.repo.update")(_named_in("primary"))
    files.affected("mdapi.repo.update")(_named_in("primary", "filelists"))
    changelog.affected("mdapi.repo.update")(_named_in("primary", "other"))

    def _ask(self, kind: type[M], release: str, path: str, package: str, checks_release: bool = True) -> M | None:
        """Return mdapi's answer about a package in a release, or None if the release has no such package.

        Without ``checks_release`` another request tells that the release has repositories, or has told it.
        """
        answer = self.get(release, path, package)
        if self._is_missing(answer, release, checks_release):
            return None
        content = self.decoded(answer)
        return self.read(answer.request, kind, named(content) if is_metasource(answer, content) else content)

    def _is_missing(self, answer: Response, release: str, checks_release: bool = True) -> bool:
        """Whether a response says that the release has no such package.

        mdapi says so in words of its own.  MetaSource can say the same for a release without repositories, or of which it reads
        only one: then it does not know a package that is everywhere either.  Raises `ReleaseNotServed`.
        """
        is_unknown = says(answer, UNKNOWN)
        if not is_unknown and not says(answer, NOTHING):
            return False
        if not checks_release or (is_unknown and not is_metasource(answer)):
            return True
        sample = self.get(release, "pkg", EPEL_SAMPLE if release.startswith("epel") else SAMPLE)
        if says(sample, UNKNOWN) or says(sample, NOTHING):
            raise ReleaseNotServed(self.name, answer.request, f"no repositories of {release}", title=self.title)
        self.parsed(sample, Provides)
        return True
