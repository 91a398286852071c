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
        """Return a row for each release: what has its stable and testing tag (see `_under`), and the other updates under
        way."""
        updates = values["updates"]["updates"] if values["updates"] else []
        tags = values["tagged"]["tags"] if values["tagged"] else None
        return {
            "rows": [_row(release, tags, updates) for release in values["releases"]["releases"]],
            "are_updates_known": values["updates"] is not None,
        }


def _under(tag: str | None, tags: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the build that a tag holds (None: it holds none, or there is no such tag), and whether that is known.

    It is not of a tag that koji has not been asked about yet: that of a release which has just become active.
    """
    if tags is None:
        return {"build": None, "is_known": False}
    return {"build": tags.get(tag), "is_known": tag is None or tag in tags}


def _row(release: Mapping[str, Any], tags: Mapping[str, Any] | None, updates: list[Any]) -> dict[str, Any]:
    stable, testing = _under(release["stable_tag"], tags), _under(release["testing_tag"], tags)
    build = testing["build"]
    here = [update for update in updates if update["release"] == release["name"]]
    shown = next((update for update in here if build and build["nvr"] in update["builds"]), None)
    coming = [update for update in here if update["status"] in ("pending", "testing") and update is not shown]
    return {
        "release": release,
        "stable": stable,
        "testing": testing,
        "testing_update": shown,
        "coming": coming[:COMING_SHOWN],
    }
