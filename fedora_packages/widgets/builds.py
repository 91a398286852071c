"""The Builds tab: what koji built, newest first, and which update carries each build."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.connectors.koji import BUILD_STATES
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.filters import Filter, filtered, ranked, release_asked, sliced
from fedora_packages.widgets.parameters import Parser, one_of, page_number, page_size, word
from fedora_packages.widgets.release_names import names_of, reading_order

ROWS = 50


class BuildsWidget(Widget):
    """The builds that are kept, by state and release."""

    name, title, order, tab = "builds", "Builds", 110, "builds"
    queries = {"builds": "koji.builds", "updates": "bodhi.updates", "releases": "bodhi.releases"}
    counted = "koji.builds"

    def count(self, summary: Mapping[str, int]) -> int | None:
        """Count all builds that koji has."""
        return summary.get("total")

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a state, a release, a page and how many rows it has."""
        return {"state": one_of(*BUILD_STATES), "release": word, "page": page_number, "size": page_size}

    def elsewhere(self, page: PanelContext) -> list[tuple[str, str]]:
        """Return koji's page of the package."""
        return [("All builds in koji", page.links.builds(page.package.source))]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the builds in a state and of a release, page by page, and how many koji has in all.

        A release is told by the dist tag that its builds have.  Which that of rawhide is, is known from the releases: while they
        are not known, ``slice`` of ``release=rawhide`` is None.
        """
        builds, names = values["builds"]["builds"], names_of(values["releases"])
        branches = {names.of_build(build) for build in builds}
        release = release_asked(page, names, branches)
        shown, switches = filtered(
            page,
            builds,
            [
                Filter("state", "State", _state, ranked(BUILD_STATES), page.values.get("state")),
                Filter("release", "Release", lambda build: [names.of_build(build)], reading_order, release),
            ],
        )
        cut, size = sliced(page, _rows(shown, values["updates"]), ROWS)
        return {
            "slice": cut if names.is_known or release is None or release in branches else None,
            "release": release,
            "switches": [*switches, size],
            "kept": len(builds),
            "total": values["builds"]["total"],
            "all_of_them": page.links.builds(page.package.source),
        }


def _state(build: Mapping[str, Any]) -> list[str]:
    return [build["state"]]


def _rows(builds: Sequence[Mapping[str, Any]], updates: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the builds with the seconds that each took (None: not known), and its update.

    ``update`` is None where there is none or it is not known; ``is_update_known`` says which: of a build that is in none of the
    updates that are kept it is known only if all are.
    """
    kept = updates["updates"] if updates else []
    are_all_kept = updates is not None and updates["total"] <= len(kept)
    # The newest update that has a build comes first, and counts.
    update_of = {nvr: update for update in reversed(kept) for nvr in update["builds"]}
    return [
        {
            **build,
            "took": _took(build["started"], build["finished"]),
            "update": update_of.get(build["nvr"]),
            "is_update_known": are_all_kept or build["nvr"] in update_of,
        }
        for build in builds
    ]


def _took(started: int | None, finished: int | None) -> int | None:
    # Imported builds can have been finished before they were begun.
    return finished - started if started is not None and finished is not None and finished >= started else None
