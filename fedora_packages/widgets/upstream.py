"""The upstream version on the overview: the newest versions of the project, compared with Rawhide's."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.connectors.page_links import web_address
from fedora_packages.connectors.query import QueryCall
from fedora_packages.rpm.upstream_versions import compare
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.published import is_published, published_order

#: Versions that are listed.
MAX_VERSIONS = 8

#: The release that follows upstream.
BRANCH = "rawhide"


class UpstreamWidget(Widget):
    """The newest versions of the upstream project, compared with Rawhide's."""

    name, title, order, tab = "upstream", "Upstream version", 25, "overview"
    queries = {
        "versions": "anitya.versions",
        "tagged": "koji.tagged",
        "releases": "bodhi.releases",
        "about": "mdapi.package",
        "builds": "koji.builds",
    }

    def is_shown(self, package: Package) -> bool:
        """Hide it for retired packages, which get no updates."""
        return not package.is_retired

    def calls(self, context: PanelContext) -> dict[str, QueryCall]:
        """Read what Rawhide's repository has where the page shows that."""
        calls = super().calls(context)
        if context.release != BRANCH:
            del calls["about"], calls["builds"]
        return calls

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return a link to the search for the project in Anitya."""
        return [("Search Anitya", context.links.projects(context.package.source))]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the project, its newest versions, and the comparison with Rawhide.

        ``comparison`` is ``behind``, ``same`` or ``ahead``, for Rawhide; None if one has no version, or they have no order.
        """
        project = values["versions"]
        versions, stable = project.get("versions", []), project.get("stable", [])
        tags = values["tagged"]["tags"] if values["tagged"] else {}
        releases = values["releases"]["releases"] if values["releases"] else []
        tag = next((release["stable_tag"] for release in releases if release["branch"] == BRANCH), None)
        build = tags.get(tag)
        newest = next(iter((*stable, *versions)), None)
        builds = values["builds"]["builds"] if values["builds"] else ()

        def comparison(version: str | None) -> str | None:
            if version is None or not build:
                return None
            return compare(build["version"], build["release"], version, stable, project["project"]["name"])

        return {
            "project": project.get("project"),
            "homepage": web_address(project["project"]["homepage"]) if project["found"] else None,
            "newest": newest,
            "versions": [
                {"version": version, "is_stable": version in stable, "is_newer": comparison(version) == "behind"}
                for version in versions[:MAX_VERSIONS]
            ],
            "more": max(0, len(versions) - MAX_VERSIONS),
            "build": build,
            "is_build_known": tag in tags,
            "is_published": is_published(published_order(build, values["about"], builds)),
            "comparison": comparison(newest),
        }
