"""Names of releases: each upstream has its own, pages have one.

A page names a release by its branch (``rawhide``, ``f45``, ``epel9``), as dist-git and mdapi do, and an inactive release by its
former branch.  Koji uses the dist tag at the end of an NVR's release (``3.fc46``), Bodhi a name (``F46``), Bugzilla a product
and a version.  Only the number of Rawhide has to be looked up: see `names_of`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.search.packages import Package
from fedora_packages.widgets.parameters import Parser, one_of, releases_of

#: The name for everything that belongs to no release.
OTHER = "other"

#: Of several in the release of an NVR the last counts: ``1.fc44``, ``2.20260101git.el9``, ``1.el10_1``, ``1.el9.next``,
#: ``3.eln157``.
DIST_TAG = re.compile(
    r"\.(?:fc(?P<fedora>[0-9]{1,3})|el(?P<epel>[0-9]{1,2}(?:_[0-9]{1,2})?)(?P<next>\.next)?|(?P<eln>eln)[0-9]*)(?![0-9A-Za-z_])"
)

BODHI_NAME = re.compile(
    r"(?:F(?P<fedora>[0-9]{1,3})|(?:EPEL|EL)-(?P<epel>[0-9]{1,2}(?:\.[0-9]{1,2})?)(?P<next>N)?|(?P<eln>ELN))"
)

BRANCH = re.compile(
    r"(?P<rawhide>rawhide)|f(?P<fedora>[0-9]{1,3})|epel(?P<epel>[0-9]{1,2}(?:\.[0-9]{1,2})?)(?:-next)?|(?P<eln>eln)"
)

#: The products of Bugzilla.
FEDORA, EPEL = "Fedora", "Fedora EPEL"


@dataclass(frozen=True)
class ReleaseNames:
    """The names of releases.

    ``active`` are the branches of the active releases, ``leading`` those without their number in the branch:
    ``{"f46": "rawhide"}``.  While the releases are unknown (``is_known`` is False) both are empty.
    """

    active: tuple[str, ...]
    leading: Mapping[str, str]
    is_known: bool

    def of_build(self, build: Mapping[str, Any]) -> str:
        """Return the branch of a build's release, by its dist tag."""
        return self._branch(list(DIST_TAG.finditer(build["release"])))

    def of_update(self, update: Mapping[str, Any]) -> str:
        """Return the branch of an update's release."""
        found = BODHI_NAME.fullmatch(update["release"] or "")
        return self._branch([found] if found else [])

    def of_bug(self, bug: Mapping[str, Any]) -> str:
        """Return the branch of the release of a bug."""
        product, version = bug["product"], bug["version"]
        if product == EPEL:
            # The oldest versions of EPEL are el5 and el6.
            name = version if version.startswith("epel") else f"ep{version}"
        else:
            name = f"f{version}" if version.isdecimal() else version
        return self.leading.get(name, name) if product in (FEDORA, EPEL) and BRANCH.fullmatch(name) else OTHER

    def parser(self, branches: Collection[str], package: Package) -> Parser:
        """Return a parser for the names of releases: of ``branches``, of the active releases, and of those that have a package.

        It takes dist tags and Bodhi's names too (``fc46`` and ``F46`` are Rawhide), and any name while the releases are unknown.
        """
        allowed = sorted({*branches, *self.active, *releases_of(package)}, key=reading_order)

        def parse(text: str) -> str:
            branch = self.branch_of(text)
            return branch if branch in allowed or not self.is_known else one_of(*allowed)(text)

        return parse

    def branch_of(self, text: str) -> str:
        """Return the branch of a dist tag or of Bodhi's name; any other string unchanged."""
        tag, name = DIST_TAG.fullmatch(f".{text}"), BODHI_NAME.fullmatch(text.upper())
        branch = self._branch([match for match in (tag, name) if match])
        return text if branch == OTHER else branch

    def _branch(self, matches: Sequence[re.Match[str]]) -> str:
        if not matches:
            return OTHER
        groups = matches[-1].groupdict()
        if groups["eln"]:
            return "eln"
        name = f"f{groups['fedora']}" if groups["fedora"] else f"epel{groups['epel'].replace('_', '.')}"
        if groups["next"]:
            return f"{name}-next"
        major = name.partition(".")[0]
        # Where Bodhi calls the leading EPEL 10 and not 10.2, builds of el10_2 are its own.
        is_leading = "." in name and major in self.active and major not in self.leading.values()
        return major if is_leading and name not in self.active else self.leading.get(name, name)


def names_of(releases: Mapping[str, Any] | None) -> ReleaseNames:
    """Return the names of releases from the value of ``bodhi.releases`` (None: unknown)."""
    if releases is None:
        return ReleaseNames((), {}, is_known=False)
    numbered = [
        (f"{'f' if release['family'] == 'fedora' else 'epel'}{release['version']}", release["branch"])
        for release in releases["releases"]
        # EPEL 9 Next has the number of EPEL 9.
        if release["family"] in ("fedora", "epel") and not release["branch"].endswith("-next")
    ]
    return ReleaseNames(
        tuple(release["branch"] for release in releases["releases"]),
        {name: branch for name, branch in numbered if name != branch},
        is_known=True,
    )


#: Names that do not depend on the active releases.  They are enough for Bugzilla, which writes "rawhide" instead of its number.
PLAIN = ReleaseNames((), {}, is_known=True)


def reading_order(branch: str) -> tuple[Any, ...]:
    """Return a key that sorts branches in reading order: Rawhide, Fedora newest first, EPEL newest first, ELN, others."""
    found = BRANCH.fullmatch(branch)
    if not found:
        return (4, (), branch)
    family = ("rawhide", "fedora", "epel", "eln").index(found.lastgroup or "")
    return (family, tuple(-int(number) for number in re.findall("[0-9]+", branch)), branch)


def bugzilla_version(branch: str) -> tuple[str, str]:
    """Return the product and version of a release in Bugzilla."""
    if branch.startswith("epel"):
        return EPEL, branch
    return FEDORA, branch.removeprefix("f") if branch[1:].isdecimal() else branch
