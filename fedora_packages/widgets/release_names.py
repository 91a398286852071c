"""What releases are called: each upstream has words of its own for one and the same release, and pages have one.

A page calls a release by its branch (``rawhide``, ``f45``, ``epel9``), as dist-git and mdapi do, and one that is no more by the
branch that it had.  Koji tells it by the dist tag that ends the release of an NVR (``3.fc46``), bodhi by a name (``F46``), and
bugzilla by a product and a version.  Only which number rawhide has has to be looked up: see `names_of`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedora_packages.search.packages import Package
from fedora_packages.widgets.parameters import Parser, one_of, releases_of

#: What has none of the releases' names.
OTHER = "other"

#: The last one in the release of an NVR counts: ``1.fc44``, ``2.20260101git.el9``, ``1.el10_1``, ``1.el9.next``, ``3.eln157``.
DIST_TAG = re.compile(
    r"\.(?:fc(?P<fedora>[0-9]{1,3})|el(?P<epel>[0-9]{1,2}(?:_[0-9]{1,2})?)(?P<next>\.next)?|(?P<eln>eln)[0-9]*)(?![0-9A-Za-z_])"
)

BODHI_NAME = re.compile(
    r"(?:F(?P<fedora>[0-9]{1,3})|(?:EPEL|EL)-(?P<epel>[0-9]{1,2}(?:\.[0-9]{1,2})?)(?P<next>N)?|(?P<eln>ELN))"
)

BRANCH = re.compile(
    r"(?P<rawhide>rawhide)|f(?P<fedora>[0-9]{1,3})|epel(?P<epel>[0-9]{1,2}(?:\.[0-9]{1,2})?)(?:-next)?|(?P<eln>eln)"
)

#: Bugzilla's products.
FEDORA, EPEL = "Fedora", "Fedora EPEL"


@dataclass(frozen=True)
class ReleaseNames:
    """The words for releases.  ``active`` are the branches of the active ones, ``leading`` those of which the branch is not
    called after the number: ``{"f46": "rawhide"}``.  While the releases are not known (``is_known``) both are empty.
    """

    active: tuple[str, ...]
    leading: Mapping[str, str]
    is_known: bool

    def of_build(self, build: Mapping[str, Any]) -> str:
        """Return the branch of a build's release, by its dist tag."""
        return self._branch(list(DIST_TAG.finditer(build["release"])))

    def of_update(self, update: Mapping[str, Any]) -> str:
        """Return the branch of the release that an update is for."""
        found = BODHI_NAME.fullmatch(update["release"] or "")
        return self._branch([found] if found else [])

    def of_bug(self, bug: Mapping[str, Any]) -> str:
        """Return the branch of the release that a bug was reported against."""
        product, version = bug["product"], bug["version"]
        if product == EPEL:
            # EPEL's oldest versions were called el5 and el6.
            word = version if version.startswith("epel") else f"ep{version}"
        else:
            word = f"f{version}" if version.isdecimal() else version
        return self.leading.get(word, word) if product in (FEDORA, EPEL) and BRANCH.fullmatch(word) else OTHER

    def asked(self, branches: Collection[str], package: Package) -> Parser:
        """Return a parser that takes the names of releases: those of ``branches``, the active ones and those of a package.

        A dist tag and bodhi's name will do as well (``fc46`` and ``F46`` are rawhide).  While the releases are not known, any
        may be one.
        """
        allowed = sorted({*branches, *self.active, *releases_of(package)}, key=reading_order)

        def parser(text: str) -> str:
            meant = self.meant(text)
            return meant if meant in allowed or not self.is_known else one_of(*allowed)(text)

        return parser

    def meant(self, text: str) -> str:
        """Return the branch that a dist tag or bodhi's name stands for; anything else as it is."""
        tag, name = DIST_TAG.fullmatch(f".{text}"), BODHI_NAME.fullmatch(text.upper())
        found = self._branch([match for match in (tag, name) if match])
        return text if found == OTHER else found

    def _branch(self, matches: Sequence[re.Match[str]]) -> str:
        if not matches:
            return OTHER
        found = matches[-1].groupdict()
        if found["eln"]:
            return "eln"
        word = f"f{found['fedora']}" if found["fedora"] else f"epel{found['epel'].replace('_', '.')}"
        return f"{word}-next" if found["next"] else self.leading.get(word, word)


def names_of(releases: Mapping[str, Any] | None) -> ReleaseNames:
    """Return what releases are called, from the value of ``bodhi.releases`` (None: it is not known)."""
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
        {word: branch for word, branch in numbered if word != branch},
        is_known=True,
    )


#: The words that are the same whatever is active: of what bugzilla says only a number that is rawhide's could differ, and of
#: that it says "rawhide".
PLAIN = ReleaseNames((), {}, is_known=True)


def reading_order(branch: str) -> tuple[Any, ...]:
    """Return a key that sorts branches as people read them: rawhide, Fedora newest first, EPEL newest first, ELN, the rest."""
    found = BRANCH.fullmatch(branch)
    if not found:
        return (4, (), branch)
    family = ("rawhide", "fedora", "epel", "eln").index(found.lastgroup or "")
    return (family, tuple(-int(number) for number in re.findall("[0-9]+", branch)), branch)


def bugzilla_version(branch: str) -> tuple[str, str]:
    """Return the product and the version that bugzilla has for a release."""
    if branch.startswith("epel"):
        return EPEL, branch
    return FEDORA, branch.removeprefix("f") if branch[1:].isdecimal() else branch
