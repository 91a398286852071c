"""The first panel of the overview: description, maintainers, and how to install the package."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from fedora_packages.connectors.page_links import web_address
from fedora_packages.rpm.nvr import evr, newer
from fedora_packages.search.document import ACCESSORIES, MAX_DESCRIPTION_LENGTH, MAX_SUMMARY_LENGTH
from fedora_packages.search.packages import BINARY, Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.published import is_in_testing, published_order

#: Binary packages of the same source that are visible at once, and listed at all; some sources have thousands.
MAX_VISIBLE_SIBLINGS = 12
MAX_SIBLINGS = 300

#: The owner of orphaned packages in dist-git.
ORPHAN = "orphan"

#: The commands that enable EPEL on CentOS Stream and its relatives.
ENABLE_EPEL = ("sudo dnf config-manager --set-enabled crb", "sudo dnf install epel-release")

#: A paragraph of a description that begins after so many characters is folded.
MAX_VISIBLE = 1000

#: The end of a line in a description, unless a list item follows.  It matches no part of a run of spaces: searches of a long run
#: from each of its spaces would be quadratic.
_WRAP = re.compile(r"(?<![^\S\n])[^\S\n]*\n(?!\s*(?:[-*+•]|[0-9]{1,2}[.)])[^\S\r\n])\s*")

#: Characters of a summary and of a description that the connectors of mdapi and of dist-git store.
MAX_MDAPI_SUMMARY, MAX_MDAPI_DESCRIPTION = 1000, 20000
MAX_SPEC_SUMMARY, MAX_SPEC_DESCRIPTION = 1000, 4000


@dataclass(frozen=True)
class Install:
    """A way to install the package: the commands in order, and a note on the releases that they are for."""

    commands: tuple[str, ...]
    note: str


class OverviewWidget(Widget):
    """The description of a package."""

    name, title, order, tab = "overview", "Overview", 10, "overview"
    queries = {
        "about": "mdapi.package",
        "maintainers": "distgit.maintainers",
        "spec": "distgit.spec",
        "releases": "bodhi.releases",
        "tagged": "koji.tagged",
        "builds": "koji.builds",
    }
    # The index has enough about a package to show it while mdapi is down.
    main = None

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return a link to the sources in dist-git."""
        return [("dist-git", context.links.sources(context.package.source))]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the description of this very package from the repositories, else from its spec file, else from the index."""
        package = context.package
        about = values["about"] if values["about"] and values["about"]["found"] else None
        spec = values["spec"] if values["spec"] and values["spec"]["found"] else None
        url = about["url"] if about else package.document.url
        is_binary_too = package.name in package.siblings
        siblings = [(found.name, found.summary) for found in package.document.binaries if found.name != package.name]
        summary, description, is_of_index = _texts(package, about, spec)
        paragraphs = [_unwrapped(part) for part in re.split(r"\n\s*\n", description) if part.strip()]
        visible = sum(start < MAX_VISIBLE for start in accumulate(map(len, paragraphs[:-1]), initial=0))
        return {
            "summary": summary,
            "paragraphs": paragraphs[:visible],
            "folded": paragraphs[visible:],
            "is_of_index": is_of_index,
            "url": url,
            "web_address": web_address(url),
            "license": spec and _license(spec, package.source, context.binary),
            "is_license_known": values["spec"] is not None,
            "is_spec_complete": spec is None or spec["is_complete"],
            "version": about,
            "is_version_known": values["about"] is not None,
            "unpublished": _unpublished(context.release, values, about),
            "repository": about["repository"] if about and about["repository"] != "release" else "",
            "installs": _installs(package, context.binary, _availability(package, values, about)),
            "nearest_binary": None if _is_main(package, context.binary) else context.binary,
            "is_binary": package.kind == BINARY,
            "siblings_title": "Other binary packages" if is_binary_too else "Binary packages",
            "siblings": siblings[:MAX_VISIBLE_SIBLINGS],
            "other_siblings": siblings[MAX_VISIBLE_SIBLINGS:MAX_SIBLINGS],
            "more_siblings": max(0, len(siblings) - MAX_SIBLINGS),
            "maintainers": _roles(values["maintainers"]),
            "is_orphaned": bool(values["maintainers"]) and values["maintainers"].get("owner") == ORPHAN,
        }


def _texts(package: Package, about: Mapping[str, Any] | None, spec: Mapping[str, Any] | None) -> tuple[str, str, bool]:
    """Return summary and description, and whether they come from the index, which no stamp names."""
    if about and about["name"] == package.name:
        return _marked(about["summary"], MAX_MDAPI_SUMMARY), _marked(about["description"], MAX_MDAPI_DESCRIPTION), False
    document, is_binary = package.document, package.kind == BINARY
    if not is_binary and spec and spec["summary"] and spec["description"]:
        return _marked(spec["summary"], MAX_SPEC_SUMMARY), _marked(spec["description"], MAX_SPEC_DESCRIPTION), False
    own = next((found.summary for found in document.binaries if is_binary and found.name == package.name), "")
    short = _marked(own or document.summary, MAX_SUMMARY_LENGTH)
    return short, _marked(document.description, MAX_DESCRIPTION_LENGTH), bool(short)


def _license(spec: Mapping[str, Any], source: str, binary: str) -> str | None:
    """Return the license of a binary package: its own, or that of its source; None if the spec file does not say."""
    # What could not be read may be the license of a binary.
    is_sources = spec["is_complete"] or binary == source
    return spec["licenses"].get(binary, spec["license"] if is_sources else None)


def _marked(text: str, limit: int) -> str:
    """Return a text with a mark at its end if it has been cut at ``limit`` characters."""
    return f"{text.rstrip()} […]" if len(text) >= limit else text


def _unwrapped(paragraph: str) -> str:
    """Return a paragraph without its line breaks, except those before list items."""
    return "\n".join(line.strip() for line in _WRAP.sub(" ", paragraph.strip("\n")).splitlines())


@dataclass(frozen=True)
class Availability:
    """The branches that have a package in a stable repository, and those that have it in testing, each with its EVR ("":
    unknown).

    ``is_complete``: whether this is known for all releases.
    """

    stable: Mapping[str, str]
    testing: Mapping[str, str]
    is_complete: bool


def _availability(package: Package, values: Mapping[str, Any], about: Mapping[str, Any] | None) -> Availability:
    """Return the availability of a package; an unknown release is in neither list."""
    tags = values["tagged"]["tags"] if values["tagged"] else {}
    releases = values["releases"]["releases"] if values["releases"] else []
    by_branch = {release["branch"]: release for release in releases}
    stable, testing = {}, {}
    for branch in package.document.releases:
        release = by_branch.get(branch, {"stable_tag": None, "testing_tag": None})
        in_stable = tags.get(release["stable_tag"])
        in_testing = newer(tags.get(release["testing_tag"]), in_stable)
        # The build that mdapi has for the package's own release is available, whatever Koji returns.
        shown = about if branch == package.branch else None
        if shown and is_in_testing(shown):
            in_testing = shown
        elif shown:
            in_stable, in_testing = shown, None
        if in_stable:
            stable[branch] = evr(in_stable)
        if in_testing and (shown or not in_stable):
            testing[branch] = evr(in_testing)
    return Availability(stable, testing, bool(values["tagged"]) and bool(values["releases"]))


def _unpublished(branch: str, values: Mapping[str, Any], about: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the build for the shown release that its repositories do not have yet; None without one, or if that is unknown."""
    tags = values["tagged"]["tags"] if values["tagged"] else {}
    releases = values["releases"]["releases"] if values["releases"] else []
    builds = values["builds"]["builds"] if values["builds"] else ()
    release = next((release for release in releases if release["branch"] == branch), None)
    if about is None or release is None:
        return None
    build, is_testing = tags.get(release["stable_tag"]), is_in_testing(about)
    if is_testing:
        build = newer(tags.get(release["testing_tag"]), build)
    return build if published_order(build, about, builds, is_testing) == -1 else None


def _is_main(package: Package, binary: str) -> bool:
    """Whether a binary package is the main one: of the same name, the only one, or that of a Python module."""
    is_the_python = binary.removeprefix("python3-") == package.name.removeprefix("python-")
    return binary == package.name or len(package.siblings) == 1 or is_the_python


def _installs(package: Package, binary: str, available: Availability) -> list[Install]:
    """Return the ways to install the package or its nearest binary package; none for an accessory of other packages.

    A command enables testing repositories or EPEL only if no other repository of the release has the package.
    """
    if package.is_retired or (not _is_main(package, binary) and binary.endswith(ACCESSORIES)):
        return []
    found = [
        _install(binary, available, is_testing, is_of_epel)
        for is_of_epel in (False, True)
        for is_testing in (False, True)
    ]
    return [install for install in found if install]


def _install(binary: str, available: Availability, is_testing: bool, is_of_epel: bool) -> Install | None:
    """Return how to install from the stable or testing repositories of Fedora or EPEL, or None."""
    branches = available.testing if is_testing else available.stable
    shown = [branch for branch in branches if branch.startswith("epel") is is_of_epel and not branch.startswith("eln")]
    if not shown:
        return None
    option = f" --enablerepo={'epel' if is_of_epel else 'updates'}-testing" if is_testing else ""
    command = f"sudo dnf install{option} {binary}"
    # If a version is in testing, each command names the version that it installs.
    labels = [f"{branch} ({branches[branch]})" if available.testing else branch for branch in shown]
    note = f"{'from testing, ' if is_testing else ''}in {', '.join(labels)}"
    if not available.is_complete:
        note += "; other releases are currently unknown"
    if not is_of_epel:
        return Install((command,), note)
    note += ": on Enterprise Linux and its relatives, "
    note += "where it enables EPEL" if command in ENABLE_EPEL else "after enabling EPEL"
    return Install(tuple(dict.fromkeys((*ENABLE_EPEL, command))), note)


def _roles(maintainers: Mapping[str, Any] | None) -> list[tuple[str, list[str]]] | None:
    """Return (role, names) for each role with members; None if unknown."""
    if maintainers is None:
        return None
    if not maintainers["found"]:
        return []
    roles = [("Owner", [maintainers["owner"]] if maintainers["owner"] not in (None, ORPHAN) else [])]
    roles += [(role.capitalize(), maintainers[role]) for role in ("admins", "committers", "collaborators", "groups")]
    return [(role, names) for role, names in roles if names]
