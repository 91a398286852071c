"""The Builds tab: the builds in Koji, newest first, each with its update."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.connectors.koji import BUILD_STATES, RPM
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.filters import RELEASE, RowFilter, RowList
from fedora_packages.widgets.release_names import ReleaseNames, names_of

BUILDS = RowList(ReleaseNames.of_build, 50, (RowFilter("state", "State", BUILD_STATES), RELEASE))


class BuildsWidget(Widget):
    """The cached builds, filtered by state and release."""

    name, title, order, tab = "builds", "Builds", 110, "builds"
    parameters = BUILDS.parameters
    queries = {"builds": "koji.builds", "updates": "bodhi.updates", "releases": "bodhi.releases"}
    count_query, count_field = "koji.builds", "total"

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return a link to the package in Koji."""
        return [("All builds in Koji", context.links.builds(context.package.source))]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of the matching builds.

        The dist tag of a build gives its release.  The tag of Rawhide comes from the releases: while these are unknown, the
        builds of Rawhide are unknown.
        """
        _, page = BUILDS.filtered(context, values["builds"]["builds"], names_of(values["releases"]))
        return {
            **page,
            "builds": _rows(page["pagination"].rows, values["updates"]),
            "total": values["builds"]["total"],
        }


def _rows(builds: Sequence[Mapping[str, Any]], updates: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the builds, each with its type if it is no RPM, its duration in seconds (None: unknown) and its update.

    ``update`` is None if there is none or it is unknown, which ``is_update_known`` distinguishes.  A build in none of the cached
    updates has a known update only if all updates are cached.
    """
    cached = updates["updates"] if updates else []
    are_all_cached = updates is not None and updates["total"] <= len(cached)
    # Of several updates with a build the newest, which comes first, counts.
    update_of = {nvr: update for update in reversed(cached) for nvr in update["builds"]}
    return [
        {
            **build,
            "other_type": None if build["type"] == RPM else build["type"],
            "duration": _duration(build["started"], build["finished"]),
            "update": update_of.get(build["nvr"]),
            "is_update_known": are_all_cached or build["nvr"] in update_of,
        }
        for build in builds
    ]


def _duration(started: int | None, finished: int | None) -> int | None:
    # Imported builds can finish before they start.
    return finished - started if started is not None and finished is not None and finished >= started else None
