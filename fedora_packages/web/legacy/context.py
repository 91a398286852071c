"""What operations look at: the index, the cached values of queries, and the names of releases."""

import re
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pyramid.request import Request

from fedora_packages.connectors.query import QueryCall
from fedora_packages.connectors.releases import RELEASES
from fedora_packages.search.packages import Package, find
from fedora_packages.search.reader import IndexReader

#: What old clients call a release: ``Fedora 44 Testing``, ``f44``, ``44``, ``Fedora EPEL 9``, ``el9``, ``EPEL-9``, ``rawhide``.
#: A repository of updates is not told apart: what is installed comes from whichever has the package.
_RELEASE = re.compile(r"(?P<family>fedora epel|fedora|epel|el|f)?[ -]?(?P<version>[0-9]{1,3}(?:\.[0-9]{1,2})?)")
_REPOSITORY = re.compile(r"([ -](updates|testing))*$")


class NotKnown(Exception):
    """There is no answer, now or ever; ``args[0]`` is a sentence that says why."""


class Look:
    """One request's look at the service.  ``found`` and ``release`` are the package and the branch that it has come upon."""

    def __init__(self, request: Request):
        self._request = request
        self._service = request.service
        self.links = request.links
        self.now = time.time()
        self.found: Package | None = None
        self.release: str | None = None

    @property
    def index(self) -> IndexReader:
        return self._service.index

    def package(self, name: str) -> Package | None:
        """Return what a name means, or None if it is no package's.  Raises `SearchUnavailable`."""
        self.found = find(self.index, name)
        return self.found

    def package_of_build(self, build_id: int) -> tuple[str, str] | None:
        """Return the source package that a build is of, and its release; None if koji has no such build.  Raises `NotKnown`."""
        return self._request.registry.build_names(build_id)

    def values(self, *wanted: tuple[str, str, str | None] | tuple[str, str]) -> list[Any]:
        """Return the values of queries (name, package, release), however old, from one look.

        The first is the main one: raises `NotKnown` where it is not known.  Of others None is returned.
        """
        missing = [name for name, *_ in wanted if name not in self._service.queries]
        if missing:
            raise NotKnown(f"This service has no {missing[0]}.")
        entries = [QueryCall(self._service.queries[name], *about) for name, *about in wanted]
        cached_values = self._request.loader(entries)
        if not cached_values[0].is_known:
            problem, upstream = cached_values[0].error_state, entries[0].query.upstream
            raise NotKnown(f"{problem.error}." if problem else f"{upstream} has not answered yet; it is being asked.")
        return [cached.value if cached.is_known else None for cached in cached_values]

    @cached_property
    def releases(self) -> list[Mapping[str, Any]]:
        """The active releases in reading order.  Raises `NotKnown`."""
        return self.values((RELEASES,))[0]["releases"]

    def branch(self, package: Package, asked: str) -> str | None:
        """Return the branch of the release that a client calls ``asked``, if it is one that has the package; else None.

        Raises `NotKnown` if that depends on which releases there are, and nobody knows.
        """
        name = branch_of(asked)
        has = package.document.releases
        if name not in has and has:
            # The next Fedora is called by its number before it has a branch of its own.
            called = {branch_of(release["name"]): release["branch"] for release in self.releases}
            name = called.get(name, name)
        self.release = name if name in has else None
        return self.release


def branch_of(asked: str) -> str:
    """Return the branch that a release of some name has, by its name alone: ``Fedora 44 Testing`` -> ``f44``."""
    name = _REPOSITORY.sub("", " ".join(asked.lower().split()))
    found = _RELEASE.fullmatch(name)
    if found is None:
        return name
    return ("epel" if found["family"] in ("fedora epel", "epel", "el") else "f") + found["version"]


def title_of(name: str) -> str:
    """Return what people call a release that is no longer active, of which only bodhi's name is known: ``F17``, ``EL-6``."""
    branch = branch_of(name)
    if branch.startswith("epel"):
        return f"Fedora EPEL {branch.removeprefix('epel')}"
    return f"Fedora {branch[1:]}" if _RELEASE.fullmatch(name.lower()) else name
