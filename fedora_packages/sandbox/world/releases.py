"""The releases of a sandbox world: Bodhi's objects, Koji's tags with their inheritance, mdapi's repositories.

All three follow from one `Release`, so they agree.  Two sets exist: the small world's (Rawhide becomes F46) and that of a world
file (Rawhide becomes F45, as in the recorded data).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Release:
    """A release of the distribution.

    ``dist`` ends the release field of its packages (``.fc44``).  ``repositories`` are mdapi's, each with the Koji tag of its
    builds, the one that mdapi searches last first.  ``base_tag`` has the builds of the release's first day; it is the stable tag
    of a release that inherits nothing.  ``setting_status`` is what Bodhi's configuration has of a release that is not out yet:
    ``pre_beta`` or ``post_beta``.
    """

    name: str
    long_name: str
    version: str
    branch: str
    dist: str
    dist_tag: str
    state: str
    stable_tag: str
    testing_tag: str
    candidate_tag: str
    base_tag: str
    repositories: tuple[tuple[str, str], ...] = ()
    id_prefix: str = "FEDORA"
    composed_by_bodhi: bool = True
    automatic_updates: bool = False
    released_on: str | None = None
    eol: str | None = None
    setting_status: str | None = None
    holds_packages: bool = field(default=True)

    @property
    def bug_product(self) -> str:
        """The Bugzilla product of its bugs."""
        return "Fedora EPEL" if self.id_prefix == "FEDORA-EPEL" else "Fedora"

    @property
    def bug_version(self) -> str:
        """The Bugzilla version of its bugs."""
        if self.id_prefix == "FEDORA-EPEL":
            return self.branch
        return self.branch if self.branch in ("rawhide", "eln") else self.version

    def owns(self, tag: str) -> bool:
        """Whether a Koji tag is one of this release's: all start with its base tag."""
        return tag in (self.branch, self.base_tag) or tag.startswith(f"{self.base_tag}-")

    def passing_tags(self) -> dict[str, str]:
        """Return the tags of a build's way to stable, by Bodhi's names."""
        stem = self.testing_tag.removesuffix("-updates-testing").removesuffix("-testing")
        return {
            "pending_signing_tag": f"{stem}-signing-pending",
            "pending_testing_tag": f"{self.testing_tag}-pending",
            "pending_stable_tag": f"{stem}-updates-pending",
            "override_tag": f"{stem}-override",
        }


def fedora(number: int, state: str, **more: Any) -> Release:
    """Return a numbered release: ``frozen`` before its first day, ``current`` after it, then ``archived``."""
    branch = f"f{number}"
    released = state != "frozen"
    repositories = [(branch, branch)]
    if released:
        repositories += [(f"{branch}-updates", f"{branch}-updates"), (f"{branch}-updates-testing",) * 2]
    return Release(
        name=f"F{number}",
        long_name=f"Fedora {number}",
        version=str(number),
        branch=branch,
        dist=f".fc{number}",
        dist_tag=branch,
        state=state,
        stable_tag=f"{branch}-updates" if released else branch,
        testing_tag=f"{branch}-updates-testing",
        candidate_tag=f"{branch}-updates-candidate",
        base_tag=branch,
        repositories=tuple(repositories) if state != "archived" else (),
        **more,
    )


def rawhide(number: int) -> Release:
    """Return Rawhide, which becomes Fedora ``number``.  It has a testing tag and no testing repository."""
    branch = f"f{number}"
    return Release(
        name=f"F{number}",
        long_name=f"Fedora {number}",
        version=str(number),
        branch="rawhide",
        dist=f".fc{number}",
        dist_tag=branch,
        state="pending",
        stable_tag=branch,
        testing_tag=f"{branch}-updates-testing",
        candidate_tag=f"{branch}-updates-candidate",
        base_tag=branch,
        # mdapi keeps the same repository under two names.
        repositories=(("rawhide", branch), ("koji", branch)),
        composed_by_bodhi=False,
        automatic_updates=True,
    )


def epel(number: int, **more: Any) -> Release:
    """Return an EPEL release."""
    branch = f"epel{number}"
    return Release(
        name=f"EPEL-{number}",
        long_name=f"Fedora EPEL {number}",
        version=str(number),
        branch=branch,
        dist=f".el{number}",
        dist_tag=branch,
        state="current",
        stable_tag=branch,
        testing_tag=f"{branch}-testing",
        candidate_tag=f"{branch}-testing-candidate",
        base_tag=branch,
        repositories=((branch, branch), (f"{branch}-testing",) * 2),
        id_prefix="FEDORA-EPEL",
        **more,
    )


def eln() -> Release:
    """Return ELN: a release of Bodhi with a version that is not a number, and without repositories in mdapi."""
    return Release(
        name="ELN",
        long_name="Fedora ELN",
        version="eln",
        branch="eln",
        dist=".eln157",
        dist_tag="eln",
        state="pending",
        stable_tag="eln",
        testing_tag="eln-updates-testing",
        candidate_tag="eln-updates-candidate",
        base_tag="eln",
        composed_by_bodhi=False,
        automatic_updates=True,
    )


def other_content(name: str, long_name: str, version: str, kind: str, state: str) -> Release:
    """Return a release of modules, containers or flatpaks: Bodhi lists it, and it has no packages."""
    stem = name.lower()
    return Release(
        name=name,
        long_name=long_name,
        version=version,
        branch=f"f{version}",
        dist=f".fc{version}",
        dist_tag=stem,
        state=state,
        stable_tag=f"{stem}-updates",
        testing_tag=f"{stem}-updates-testing",
        candidate_tag=f"{stem}-updates-candidate",
        base_tag=f"{stem}-updates",
        id_prefix=f"FEDORA-{kind}",
        holds_packages=False,
    )


def small_world_releases() -> tuple[Release, ...]:
    """Return the releases of the small world, the newest first."""
    return (
        rawhide(46),
        fedora(45, "frozen", setting_status="post_beta"),
        fedora(44, "current", released_on="2026-04-21", eol="2027-05-19"),
        fedora(43, "current", released_on="2025-10-28", eol="2026-12-02"),
        eln(),
        epel(10),
        epel(9, eol="2032-05-31"),
        fedora(42, "archived", released_on="2025-04-15", eol="2026-05-13"),
        other_content("F44F", "Fedora 44 Flatpaks", "44", "FLATPAK", "current"),
        other_content("F44C", "Fedora 44 Containers", "44", "CONTAINER", "current"),
        other_content("F27M", "Fedora 27 Server Edition", "27", "MODULAR", "archived"),
    )


@cache
def world_file_releases() -> tuple[Release, ...]:
    """Return the releases of a world file, whose packages are those of Rawhide before F45."""
    return (
        rawhide(45),
        fedora(44, "current", released_on="2026-04-21", eol="2027-05-19"),
        fedora(43, "current", released_on="2025-10-28", eol="2026-12-02"),
        epel(10),
        epel(9, eol="2032-05-31"),
        fedora(42, "archived", released_on="2025-04-15", eol="2026-05-13"),
        other_content("F44F", "Fedora 44 Flatpaks", "44", "FLATPAK", "current"),
    )


@dataclass(frozen=True, slots=True)
class Tag:
    """A Koji tag; ``parents`` are the tags that it inherits from, by priority."""

    tag_id: int
    name: str
    parents: tuple[str, ...]


def koji_tags(releases: tuple[Release, ...]) -> Mapping[str, Tag]:
    """Return Koji's tags by name.  Releases of other content have none: Bodhi names tags that Koji does not have."""
    parents: dict[str, tuple[str, ...]] = {}
    for release in releases:
        if not release.holds_packages:
            continue
        parents.setdefault(release.base_tag, ())
        if release.stable_tag != release.base_tag:
            parents[release.stable_tag] = (release.base_tag,)
        for tag in (release.testing_tag, release.candidate_tag, *release.passing_tags().values()):
            parents.setdefault(tag, (release.stable_tag,))
        if release.branch == "rawhide":
            parents["rawhide"] = (release.stable_tag,)
            parents[f"{release.stable_tag}-build-side-101325"] = (release.stable_tag,)
    return {name: Tag(10 + number, name, above) for number, (name, above) in enumerate(parents.items())}
