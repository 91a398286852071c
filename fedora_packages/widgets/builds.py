"""The Builds tab: the builds in Koji, newest first, each with its update."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.connectors.koji import BUILD_STATES
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.filters import RowFilter, filtered, paginated, requested_release, sort_key, unfiltered_url
from fedora_packages.widgets.parameters import one_of, page_number, page_size, token
from fedora_packages.widgets.release_names import names_of, reading_order

ROWS_PER_PAGE = 50


class BuildsWidget(Widget):
    """The cached builds, filtered by state and release."""

    name, title, order, tab = "builds", "Builds", 110, "builds"
    parameters = {"state": one_of(*BUILD_STATES), "release": token, "page": page_number, "size": page_size}
    queries = {"builds": "koji.builds", "updates": "bodhi.updates", "releases": "bodhi.releases"}
    count_query = "koji.builds"

    def count(self, summary: Mapping[str, int]) -> int | None:
        """Count all builds in Koji."""
        return summary.get("total")

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return a link to the package in Koji."""
        return [("All builds in Koji", context.links.builds(context.package.source))]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of the matching builds.

        The dist tag of a build gives its release.  The tag of Rawhide comes from the releases: while these are unknown,
        ``pagination`` of ``release=rawhide`` is None.
        """
        builds, names = values["builds"]["builds"], names_of(values["releases"])
        branches = {names.of_build(build) for build in builds}
        release = requested_release(context, names, branches)
        row_filters = [
            RowFilter("state", "State", _state, sort_key(BUILD_STATES), context.values.get("state")),
            RowFilter("release", "Release", lambda build: [names.of_build(build)], reading_order, release),
        ]
        matching, filters = filtered(context, builds, row_filters)
        pagination, size = paginated(context, _rows(matching, values["updates"]), ROWS_PER_PAGE)
        return {
            "pagination": pagination if names.is_known or release is None or release in branches else None,
            "release": release,
            "controls": [*filters, size],
            "unfiltered_url": unfiltered_url(context, row_filters),
            "cached": len(builds),
            "total": values["builds"]["total"],
            "koji_url": context.links.builds(context.package.source),
        }


def _state(build: Mapping[str, Any]) -> list[str]:
    return [build["state"]]


def _rows(builds: Sequence[Mapping[str, Any]], updates: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the builds, each with its duration in seconds (None: unknown) and its update.

    ``update`` is None if there is none or it is unknown; ``is_update_known`` tells these apart.  A build in none of the cached
    updates has a known update only if all updates are cached.
    """
    cached = updates["updates"] if updates else []
    are_all_cached = updates is not None and updates["total"] <= len(cached)
    # Of several updates with a build the newest, which comes first, counts.
    update_of = {nvr: update for update in reversed(cached) for nvr in update["builds"]}
    return [
        {
            **build,
            "duration": _duration(build["started"], build["finished"]),
            "update": update_of.get(build["nvr"]),
            "is_update_known": are_all_cached or build["nvr"] in update_of,
        }
        for build in builds
    ]


def _duration(started: int | None, finished: int | None) -> int | None:
    # Imported builds can finish before they start.
    return finished - started if started is not None and finished is not None and finished >= started else None
