"""The upstream version on the overview: the newest versions of the project, compared with Rawhide's."""

import re
from collections.abc import Mapping
from typing import Any

from fedora_packages.connectors.site_links import web_address
from fedora_packages.rpm.nvr import EVR
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext

#: Versions that are listed.
MAX_VERSIONS = 8

#: The release that follows upstream.
BRANCH = "rawhide"

#: The end of a pre-release version; rpm sorts it after the release unless a tilde precedes it.
BEFORE_RELEASE = re.compile(r"(?<=[0-9])[-._~]?((?:rc|alpha|beta|pre|dev|a|b)[-._]?[0-9]*)$", re.IGNORECASE)

#: The beginning of the RPM release of such a version without a tilde.
RELEASED_BEFORE = re.compile(r"0\.(?P<suffix>(?:rc|alpha|beta|pre|dev)[0-9]*)?", re.IGNORECASE)


class UpstreamWidget(Widget):
    """The newest versions of the upstream project, compared with Rawhide's."""

    name, title, order, tab = "upstream", "Upstream version", 25, "overview"
    queries = {"versions": "anitya.versions", "tagged": "koji.tagged", "releases": "bodhi.releases"}

    def is_shown(self, package: Package) -> bool:
        """Hide it for retired packages, which get no updates."""
        return not package.is_retired

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return a link to the search for the project in Anitya."""
        return [("Search Anitya", context.links.projects(context.package.source))]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the project, its newest versions, and the comparison with Rawhide.

        ``comparison`` is ``behind``, ``same`` or ``ahead``, for Rawhide; None if either has no known version.
        """
        project = values["versions"]
        versions, stable = project.get("versions", []), project.get("stable", [])
        tags = values["tagged"]["tags"] if values["tagged"] else {}
        releases = values["releases"]["releases"] if values["releases"] else []
        tag = next((release["stable_tag"] for release in releases if release["branch"] == BRANCH), None)
        build = tags.get(tag)
        has = _version(build) if build else None
        newest = next(iter((*stable, *versions)), None)
        return {
            "project": project.get("project"),
            "homepage": web_address(project["project"]["homepage"]) if project["found"] else None,
            "newest": newest,
            "versions": [
                {"version": version, "is_stable": version in stable, "is_newer": _compare(version, has) == "behind"}
                for version in versions[:MAX_VERSIONS]
            ],
            "more": max(0, len(versions) - MAX_VERSIONS),
            "build": build,
            "is_build_known": tag in tags,
            "comparison": _compare(newest, has),
        }


def _version(build: Mapping[str, Any]) -> str:
    """Return the version of a build, with a tilde if its RPM release marks it as a pre-release.

    Packagers wrote ``7.4.0-0.rc4.1`` before rpm had tildes, and still do so for kernels.
    """
    match = RELEASED_BEFORE.match(build["release"])
    return f"{build['version']}~{match['suffix'] or ''}" if match else build["version"]


def _compare(upstream: str | None, has: str | None) -> str | None:
    """Compare Rawhide's version with upstream's in rpm's order."""
    if upstream is None or has is None:
        return None
    theirs, ours = (EVR(0, BEFORE_RELEASE.sub(r"~\1", version)) for version in (upstream, has))
    return "same" if theirs == ours else "behind" if ours < theirs else "ahead"
