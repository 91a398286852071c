"""The context of operations: the index, the cached values of queries, and the names of releases."""

import re
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pyramid.request import Request

from fedora_packages.connectors.active_releases import RELEASES
from fedora_packages.connectors.query import QueryCall
from fedora_packages.search.packages import Package, find
from fedora_packages.search.reader import IndexReader
from fedora_packages.web.formats import missing_detail

#: The names of releases in old clients: ``Fedora 44 Testing``, ``f44``, ``44``, ``Fedora EPEL 9``, ``el9``, ``EPEL-9``,
#: ``rawhide``. Repositories of updates are the same as their release: packages are installed from either.
_RELEASE = re.compile(r"(?P<family>fedora epel|fedora|epel|el|f)?[ -]?(?P<version>[0-9]{1,3}(?:\.[0-9]{1,2})?)")
_REPOSITORY = re.compile(r"([ -](updates|testing))*$")


class NotAvailable(Exception):
    """There is no answer, now or ever; ``args[0]`` is a sentence with the reason."""


class UnknownPackage(NotAvailable):
    """The index has no package of a name: queries about it have no rows."""


class LegacyContext:
    """The context of one request.  ``found`` and ``release`` are its package and branch, once resolved."""

    def __init__(self, request: Request):
        self._request = request
        self.links = request.links
        self.now = time.time()
        self.found: Package | None = None
        self.release: str | None = None

    @property
    def index(self) -> IndexReader:
        return self._request.index

    def find(self, name: str) -> Package | None:
        """Return the package of a name, or None.  Raises `SearchUnavailable`."""
        self.found = find(self.index, name)
        return self.found

    def package(self, name: str) -> Package:
        """Return the package of a name.  Raises `UnknownPackage` and `SearchUnavailable`."""
        package = self.find(name)
        if package is None:
            raise UnknownPackage(f"Package {name[:80]!r} does not exist.")
        return package

    def package_of_build(self, build_id: int) -> tuple[str, str] | None:
        """Return the source package and release of a build; None for an unknown build.  Raises `NotAvailable`."""
        return self._request.registry.build_lookup(build_id)

    def values(self, *calls: tuple[str, str, str | None] | tuple[str, str]) -> list[Any]:
        """Return the values of queries (name, package, release), however old.

        Raises `NotAvailable` if the first value is unknown; other unknown values are None.
        """
        missing = [name for name, *_ in calls if name not in self._request.queries]
        if missing:
            raise NotAvailable(f"This service has no {missing[0]}.")
        entries = [QueryCall(self._request.queries[name], *arguments) for name, *arguments in calls]
        cached_values = self._request.loader(entries)
        if not cached_values[0].is_known:
            raise NotAvailable(missing_detail(cached_values[0], entries[0].query.upstream))
        return [cached.value if cached.is_known else None for cached in cached_values]

    @cached_property
    def releases(self) -> list[Mapping[str, Any]]:
        """The active releases in reading order.  Raises `NotAvailable`."""
        return self.values((RELEASES,))[0]["releases"]

    def branch(self, package: Package, release: str) -> str | None:
        """Return the branch of the release with any name, if it has the package, else None.

        Raises `NotAvailable` if that depends on the active releases while they are unknown.
        """
        name = branch_of(release)
        has = package.document.releases
        if name not in has and has:
            # The next Fedora has a number before it has a branch of its own.
            branches = {branch_of(release["name"]): release["branch"] for release in self.releases}
            name = branches.get(name, name)
        self.release = name if name in has else None
        return self.release


def branch_of(release: str) -> str:
    """Return the branch in the name of a release: ``Fedora 44 Testing`` -> ``f44``."""
    name = _REPOSITORY.sub("", " ".join(release.lower().split()))
    found = _RELEASE.fullmatch(name)
    if found is None:
        return name
    return ("epel" if found["family"] in ("fedora epel", "epel", "el") else "f") + found["version"]


def title_of(name: str) -> str:
    """Return the title of an inactive release by its Bodhi name: ``F17``, ``EL-6``."""
    branch = branch_of(name)
    if branch.startswith("epel"):
        return f"Fedora EPEL {branch.removeprefix('epel')}"
    return f"Fedora {branch[1:]}" if _RELEASE.fullmatch(name.lower()) else name
