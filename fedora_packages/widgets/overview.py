"""The overview's first panel: what the package is, who maintains it, how to get it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from fedora_packages.connectors.site import web_address
from fedora_packages.rpm.nvr import evr
from fedora_packages.rpm.specfile import TEXT_KEPT, description, licence, summary
from fedora_packages.search.document import ACCESSORIES, MAX_DESCRIPTION_LENGTH, MAX_SUMMARY_LENGTH
from fedora_packages.search.packages import BINARY, Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext

#: Binaries of the same source that are named at once, and in all; some sources have thousands.
SIBLINGS_SHOWN = 12
SIBLINGS_LISTED = 300

#: The owner, at dist-git, of what nobody maintains.
NOBODY = "orphan"

#: What enables EPEL on CentOS Stream and its kin.
ENABLE_EPEL = ("sudo dnf config-manager --set-enabled crb", "sudo dnf install epel-release")

#: Characters of a description that are shown at once; what is left is folded away.  A paragraph that begins near the end is left.
DESCRIPTION_SHOWN = 1200
LEAST_FOLDED = 200

#: Where an item of a list begins in a description.
_ITEM = re.compile(r"\s*(?:[-*+•]|[0-9]{1,2}[.)])\s")

#: Characters of a summary and of a description that mdapi's connector keeps.
MDAPI_KEPT = (1000, 20000)


@dataclass(frozen=True)
class Install:
    """A way to install the package: the commands, in order, and what they give."""

    commands: tuple[str, ...]
    gives: str


@dataclass(frozen=True)
class Described:
    """Summary and description, and where they are from: "" for what the stamps name anyway."""

    summary: str
    paragraphs: tuple[str, ...]
    source: str = ""

    @property
    def shown(self) -> tuple[str, ...]:
        """The first paragraphs, of about `DESCRIPTION_SHOWN` characters together."""
        sizes = accumulate(len(part) for part in self.paragraphs)
        return tuple(
            part
            for part, size in zip(self.paragraphs, sizes, strict=True)
            if size - len(part) < DESCRIPTION_SHOWN - LEAST_FOLDED
        )

    @property
    def folded(self) -> tuple[str, ...]:
        """The other paragraphs."""
        return self.paragraphs[len(self.shown) :]


class OverviewWidget(Widget):
    """What the package is."""

    name, title, order, tab = "overview", "Overview", 10, "overview"
    queries = {
        "about": "mdapi.package",
        "maintainers": "distgit.maintainers",
        "spec": "distgit.spec",
        "releases": "bodhi.releases",
        "tagged": "koji.tagged",
    }
    # The index knows enough of a package to show it while mdapi is away.
    main = None

    def elsewhere(self, page: PanelContext) -> list[tuple[str, str]]:
        """Return dist-git's page of the sources."""
        return [("dist-git", page.links.sources(page.package.source))]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the repositories say of exactly this package, else what its spec file does, else the index."""
        package = page.package
        about = values["about"] if values["about"] and values["about"]["found"] else None
        spec = values["spec"]["text"] if values["spec"] and values["spec"]["found"] else None
        url = about["url"] if about else package.document.url
        is_one_of_them = package.name in package.siblings
        siblings = [(found.name, found.summary) for found in package.document.binaries if found.name != package.name]
        return {
            "described": _described(package, about, spec),
            "url": url,
            "web_address": web_address(url),
            "licence": spec and licence(spec, page.binary),
            "is_licence_known": values["spec"] is not None,
            "version": about,
            "is_version_known": values["about"] is not None,
            "repository": about["repository"] if about and about["repository"] != "release" else "",
            "installs": _installs(package, page.binary, _where(package, values, about)),
            "stands_in": None if _is_it(package, page.binary) else page.binary,
            "is_binary": package.kind == BINARY,
            "siblings_title": "Other binary packages of this source"
            if is_one_of_them
            else "Binary packages of this source",
            "siblings": siblings[:SIBLINGS_SHOWN],
            "other_siblings": siblings[SIBLINGS_SHOWN:SIBLINGS_LISTED],
            "more_siblings": max(0, len(siblings) - SIBLINGS_LISTED),
            "maintainers": _roles(values["maintainers"]),
            "is_orphaned": bool(values["maintainers"]) and values["maintainers"].get("owner") == NOBODY,
            "is_retired": package.is_retired,
        }


def _described(package: Package, about: Mapping[str, Any] | None, spec: str | None) -> Described:
    if about and about["name"] == package.name:
        kept = MDAPI_KEPT
        return Described(_marked(about["summary"], kept[0]), _paragraphs(about["description"], kept[1]))
    document, is_binary = package.document, package.kind == BINARY
    said = None if is_binary or spec is None else (summary(spec), description(spec))
    if said and said[0] and said[1]:
        return Described(_marked(said[0], TEXT_KEPT), _paragraphs(said[1], TEXT_KEPT))
    own = (
        next(found.summary for found in document.binaries if found.name == package.name)
        if is_binary
        else document.summary
    )
    short = _marked(own or document.summary, MAX_SUMMARY_LENGTH)
    return Described(
        short, _paragraphs(document.description, MAX_DESCRIPTION_LENGTH), "the index of this site" if short else ""
    )


def _marked(text: str, kept: int) -> str:
    """Return a text of which so many characters are kept, with a mark where more was there."""
    return f"{text.rstrip()} […]" if len(text) >= kept else text


def _paragraphs(text: str, kept: int) -> tuple[str, ...]:
    return tuple(_reflowed(part) for part in re.split(r"\n\s*\n", _marked(text, kept)) if part.strip())


def _reflowed(paragraph: str) -> str:
    """Return a paragraph without the line breaks of whoever wrote it, but for those before the items of a list."""
    lines = paragraph.strip("\n").splitlines()
    return "".join(
        f"{'' if not number else chr(10) if _ITEM.match(line) else ' '}{line.strip()}"
        for number, line in enumerate(lines)
    )


@dataclass(frozen=True)
class Where:
    """The branches that have a package in a repository which a plain command installs from, and those that have it in testing.

    Each with the EVR that it has there, "" where that is not known.  ``is_whole``: whether it is known of all releases.
    """

    stable: Mapping[str, str]
    testing: Mapping[str, str]
    is_whole: bool


def _where(package: Package, values: Mapping[str, Any], about: Mapping[str, Any] | None) -> Where:
    """Return where a package can be had; a release of which that is not known is in neither."""
    tags = values["tagged"]["tags"] if values["tagged"] else {}
    known = values["releases"]["releases"] if values["releases"] else []
    by_branch = {release["branch"]: release for release in known}
    stable, testing = {}, {}
    for branch in package.document.releases:
        release = by_branch.get(branch, {"stable_tag": None, "testing_tag": None})
        in_stable, in_testing = tags.get(release["stable_tag"]), tags.get(release["testing_tag"])
        # What mdapi shows of the package's own release is there, whatever koji says.
        shown = about if branch == package.branch else None
        if shown and "testing" in shown["repository"]:
            in_testing = shown
        elif shown and release["stable_tag"] not in tags:
            in_stable = shown
        if in_stable:
            stable[branch] = evr(in_stable)
        if in_testing and (shown or not in_stable):
            testing[branch] = evr(in_testing)
    return Where(stable, testing, bool(values["tagged"]) and bool(values["releases"]))


def _is_it(package: Package, binary: str) -> bool:
    """Whether a binary is what a package means: the one of its name, its only one, or that of a module of Python."""
    is_the_python = binary.removeprefix("python3-") == package.name.removeprefix("python-")
    return binary == package.name or len(package.siblings) == 1 or is_the_python


def _installs(package: Package, binary: str, where: Where) -> list[Install]:
    """Return how to install the package, or the binary that stands for it; nothing where that only goes along with others.

    What is only in testing is never said to come with a plain command, and what only EPEL has needs EPEL.
    """
    if package.is_retired or (not _is_it(package, binary) and binary.endswith(ACCESSORIES)):
        return []
    return [
        install
        for is_of_epel in (False, True)
        for branches, is_testing in ((where.stable, False), (where.testing, True))
        for install in _install(binary, branches, where, is_testing, is_of_epel)
    ]


def _install(
    binary: str, branches: Mapping[str, str], where: Where, is_testing: bool, is_of_epel: bool
) -> Iterator[Install]:
    """Yield how to install what the releases of Fedora, or those of EPEL, have in testing, or have not."""
    shown = [branch for branch in branches if branch.startswith("epel") is is_of_epel and not branch.startswith("eln")]
    if not shown:
        return
    option = f" --enablerepo={'epel' if is_of_epel else 'updates'}-testing" if is_testing else ""
    command = f"sudo dnf install{option} {binary}"
    # Where some version is in testing, it must be clear which one a command gives.
    given = [f"{branch} ({branches[branch]})" if where.testing else branch for branch in shown]
    gives = f"{'from testing, ' if is_testing else ''}in {', '.join(given)}"
    if not where.is_whole:
        gives += "; of other releases it is not known at the moment"
    if not is_of_epel:
        yield Install((command,), gives)
    elif command in ENABLE_EPEL:
        yield Install(ENABLE_EPEL, f"{gives}: on Enterprise Linux and its kin, where it enables EPEL")
    else:
        gives += ": on Enterprise Linux and its kin, with EPEL enabled first"
        yield Install((*ENABLE_EPEL, command), gives)


def _roles(maintainers: Mapping[str, Any] | None) -> list[tuple[str, list[str]]] | None:
    """Return (role, names) for each role that somebody has; None if it is not known who does."""
    if maintainers is None:
        return None
    if not maintainers["found"]:
        return []
    roles = [("Owner", [maintainers["owner"]] if maintainers["owner"] not in (None, NOBODY) else [])]
    roles += [(role.capitalize(), maintainers[role]) for role in ("admins", "committers", "collaborators", "groups")]
    return [(role, names) for role, names in roles if names]
