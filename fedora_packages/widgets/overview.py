"""The overview's first panel: what the package is, who maintains it, how to get it."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.links import web_address
from fedora_packages.package import BINARY, Package
from fedora_packages.widgets.base import Page, Widget

#: Binaries of the same source that are named; some sources have thousands.
SIBLINGS_SHOWN = 40


class OverviewWidget(Widget):
    """What the package is."""

    name, title, order, tab = "overview", "Overview", 10, "overview"
    reads = {"about": "mdapi.package", "maintainers": "distgit.maintainers"}
    # The index knows enough of a package to show it while mdapi is away.
    main = None

    def elsewhere(self, page: Page) -> list[tuple[str, str]]:
        """Return dist-git's page of the sources."""
        return [("dist-git", page.links.sources(page.package.source))]

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the repositories say of exactly this package, or else what the index does."""
        package, about = page.package, values["about"]
        is_exact = bool(about and about["found"] and about["name"] == package.name)
        described = about if is_exact else _indexed(package)
        url = about["url"] if about and about["found"] else package.document.url
        siblings = [name for name in package.siblings if name != package.name]
        return {
            "summary": described["summary"],
            "paragraphs": [text for text in described["description"].split("\n\n") if text.strip()],
            "url": url,
            "web_address": web_address(url),
            "version": about if about and about["found"] else None,
            "is_version_known": about is not None,
            "repository": _repository(about),
            "installable": _installable(package, page.binary),
            "is_binary": package.kind == BINARY,
            "siblings": siblings[:SIBLINGS_SHOWN],
            "more_siblings": max(0, len(siblings) - SIBLINGS_SHOWN),
            "maintainers": _roles(values["maintainers"]),
        }


def _installable(package: Package, binary: str) -> str | None:
    """Return what to install, where that is one thing: a source with many binaries and none of its name is no one thing."""
    is_the_python = binary.removeprefix("python3-") == package.name.removeprefix("python-")
    is_one = binary == package.name or len(package.siblings) == 1 or is_the_python
    return binary if is_one and not package.is_retired else None


def _indexed(package: Package) -> dict[str, str]:
    document = package.document
    summary = dict(document.binaries).get(package.name, "") if package.kind == BINARY else document.summary
    return {"summary": summary or document.summary, "description": document.description}


def _repository(about: Mapping[str, Any] | None) -> str:
    """Return which of a release's repositories has it, in brackets; nothing of the one that all have."""
    found = about["repository"] if about and about["found"] else "release"
    return "" if found == "release" else f" ({found})"


def _roles(maintainers: Mapping[str, Any] | None) -> list[tuple[str, list[str]]] | None:
    """Return (role, names) for each role that somebody has; None if it is not known who does."""
    if maintainers is None:
        return None
    if not maintainers["found"]:
        return []
    roles = [("Owner", [maintainers["owner"]] if maintainers["owner"] else [])]
    roles += [(role.capitalize(), maintainers[role]) for role in ("admins", "committers", "collaborators", "groups")]
    return [(role, names) for role, names in roles if names]
