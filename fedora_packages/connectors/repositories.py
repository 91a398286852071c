"""The repositories of each release, and their paths below a mirror laid out as dl.fedoraproject.org/pub.

Repositories are searched in this order, as mdapi does it: testing, then updates, then the original release.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: The architecture of binary packages; a few hundred of Fedora's are built for others only.
ARCH = "x86_64"

_FEDORA = re.compile(r"f(?P<number>[0-9]{1,4})")
_EPEL = re.compile(r"epel(?P<number>[0-9]{1,3}(?:\.[0-9]{1,3})?)(?P<next>-next)?")


@dataclass(frozen=True)
class Repository:
    """A repository of a release.

    ``kind`` is mdapi's name: release, updates, updates-testing or testing.  ``is_source`` is true for source packages.
    ``paths`` are where it can be on the mirror; the first that exists counts.
    """

    release: str
    kind: str
    is_source: bool
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name as mdapi and Bodhi have it: ``f45``, ``f45-updates``."""
        return self.release if self.kind == "release" else f"{self.release}-{self.kind}"

    @property
    def label(self) -> str:
        """Its name in messages: ``f45 updates``, ``f45 updates sources``."""
        return f"{self.release} {self.kind}{' sources' if self.is_source else ''}"


def repositories(release: Mapping[str, Any]) -> tuple[Repository, ...]:
    """Return the repositories of a release of ``bodhi.releases``, in the order in which they are searched.

    A release with an unknown layout, such as ELN, has none.
    """
    kinds = list(_paths(release))
    return tuple(
        Repository(release["branch"], kind, is_source, tuple(f"{path}/{end(path)}" for path in paths))
        for is_source, end in ((True, lambda path: "source/tree"), (False, _binaries))
        for kind, paths in kinds
    )


def _paths(release: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    branch = release["branch"]
    linux = "fedora/linux"
    if branch == "rawhide":
        yield "release", [f"{linux}/development/rawhide/Everything"]
    elif fedora := _FEDORA.fullmatch(branch):
        number = fedora["number"]
        yield "updates-testing", [f"{linux}/updates/testing/{number}/Everything"]
        yield "updates", [f"{linux}/updates/{number}/Everything"]
        # Bodhi and the mirrors do not change at the same minute of a release's first day.
        homes = [f"{linux}/{home}/{number}/Everything" for home in ("development", "releases")]
        yield "release", homes[::-1] if release.get("state") == "current" else homes
    elif epel := _EPEL.fullmatch(branch):
        ahead = "next/" if epel["next"] else ""
        yield "testing", [f"epel/testing/{ahead}{epel['number']}/Everything"]
        yield "release", [f"epel/{ahead}{epel['number']}/Everything"]


def _binaries(path: str) -> str:
    """Return the path of binary packages below a repository's: only install trees have a directory ``os``."""
    return f"{ARCH}/os" if re.search(r"/(?:development|releases)/", path) else ARCH
