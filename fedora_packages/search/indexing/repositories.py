"""Repositories: where the metadata of each release lies, below an address that is laid out as dl.fedoraproject.org/pub.

The one thing to know before editing: what comes first of a release is searched first, as mdapi does it: what is in testing
hides what is in updates, and that hides what the release began with.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Binary packages are those of one architecture; a few hundred of Fedora's are built for others only.
ARCH = "x86_64"

_FEDORA = re.compile(r"f(?P<number>[0-9]{1,4})")
_EPEL = re.compile(r"epel(?P<number>[0-9]{1,3}(?:\.[0-9]{1,3})?)(?P<next>-next)?")


@dataclass(frozen=True)
class Repository:
    """A repository of a release.

    ``kind`` is what mdapi calls it: release, updates, updates-testing or testing.  ``is_source``: of source packages.
    ``paths`` are where it may be, below the mirror's address; the first that is there is it.
    """

    release: str
    kind: str
    is_source: bool
    paths: tuple[str, ...]

    @property
    def label(self) -> str:
        """What to call it: ``f45 updates``, ``f45 updates sources``."""
        return f"{self.release} {self.kind}{' sources' if self.is_source else ''}"


def repositories(release: Mapping[str, Any]) -> tuple[Repository, ...]:
    """Return the repositories of a release of ``bodhi.releases``, in the order in which they are searched.

    A release of which the layout is not known (ELN has a place of its own) has none.
    """
    found = {kind: tuple(paths) for kind, paths in _places(release)}
    return tuple(
        Repository(release["branch"], kind, is_source, tuple(f"{path}/{end(path)}" for path in paths))
        for is_source, end in ((True, lambda path: "source/tree"), (False, _binaries))
        for kind, paths in found.items()
    )


def _places(release: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    branch = release["branch"]
    linux = "fedora/linux"
    if branch == "rawhide":
        yield "release", [f"{linux}/development/rawhide/Everything"]
    elif fedora := _FEDORA.fullmatch(branch):
        number = fedora["number"]
        yield "updates-testing", [f"{linux}/updates/testing/{number}/Everything"]
        yield "updates", [f"{linux}/updates/{number}/Everything"]
        # Bodhi and the mirrors do not change on the same minute of a release's first day.
        homes = [f"{linux}/{home}/{number}/Everything" for home in ("development", "releases")]
        yield "release", homes[::-1] if release.get("state") == "current" else homes
    elif epel := _EPEL.fullmatch(branch):
        ahead = "next/" if epel["next"] else ""
        yield "testing", [f"epel/testing/{ahead}{epel['number']}/Everything"]
        yield "release", [f"epel/{ahead}{epel['number']}/Everything"]


def _binaries(path: str) -> str:
    """Return where the binary packages are below a repository's place: only trees to install from have a folder ``os``."""
    return f"{ARCH}/os" if re.search(r"/(?:development|releases)/", path) else ARCH
