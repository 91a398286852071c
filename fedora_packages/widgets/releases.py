"""The overview's table of releases: what each has, and what is on its way there."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.widgets.base import Page, Widget

#: Updates on their way that are named for one release.
COMING_SHOWN = 5


class ReleasesWidget(Widget):
    """One row for each active release, in reading order."""

    name, title, order, tab = "releases", "Releases", 20, "overview"
    reads = {"releases": "bodhi.releases", "tagged": "koji.tagged", "updates": "bodhi.updates"}

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row for each release: its stable and testing build (None: it has none), and the other updates under
        way."""
        updates = values["updates"]["updates"] if values["updates"] else []
        return {
            "rows": [_row(release, values["tagged"], updates) for release in values["releases"]["releases"]],
            "is_tagged_known": values["tagged"] is not None,
            "are_updates_known": values["updates"] is not None,
        }


def _row(release: Mapping[str, Any], tagged: Mapping[str, Any] | None, updates: list[Any]) -> dict[str, Any]:
    tags = tagged["tags"] if tagged else {}
    testing = tags.get(release["testing_tag"])
    here = [update for update in updates if update["release"] == release["name"]]
    shown = next((update for update in here if testing and testing["nvr"] in update["builds"]), None)
    coming = [update for update in here if update["status"] in ("pending", "testing") and update is not shown]
    return {
        "release": release,
        "stable": tags.get(release["stable_tag"]),
        "testing": testing,
        "testing_update": shown,
        "coming": coming[:COMING_SHOWN],
    }
