"""The overview's table of releases: what each has, and what is on its way there."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.rpm.nvr import evr, name_of
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.retirement import is_meant_for_epel

#: Updates on their way that are named for one release.
COMING_SHOWN = 5

#: Characters of the reason why a release has it no more.
REASON_SHOWN = 80

#: Families of releases that nobody runs as such: they have a row if the package is there.
SHOWN_IF_THERE = ("eln",)

#: The branches that no release is ever made of.
NEVER_OUT = ("rawhide", "eln")


class ReleasesWidget(Widget):
    """One row for each active release, in reading order."""

    name, title, order, tab = "releases", "Releases", 20, "overview"
    queries = {
        "releases": "bodhi.releases",
        "tagged": "koji.tagged",
        "updates": "bodhi.updates",
        "retirement": "distgit.retirement",
    }

    def elsewhere(self, page: PanelContext) -> list[tuple[str, str]]:
        """Return bodhi's list of updates."""
        return [("Updates in bodhi", page.links.updates(page.package.source))]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row for each release: what has its stable and testing tag (see `_under`), the updates of these, and the other
        updates under way."""
        updates = values["updates"]["updates"] if values["updates"] else []
        tags = values["tagged"]["tags"] if values["tagged"] else None
        retired = values["retirement"].get("retired", {}) if values["retirement"] else {}
        rows = [
            {**_row(page.package.source, release, tags, updates), **_gone(page.package, retired.get(release["branch"]))}
            for release in values["releases"]["releases"]
        ]
        return {
            "rows": [row for row in rows if row["release"]["family"] not in SHOWN_IF_THERE or row["stable"]["build"]],
            "are_updates_known": values["updates"] is not None,
            "in_testing": sum(update["status"] == "testing" for update in updates),
        }


def _under(tag: str | None, tags: Mapping[str, Any] | None, updates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the build that a tag holds (None: it holds none, or there is no such tag), whether that is known, and its update.

    It is not of a tag that koji has not been asked about yet: that of a release which has just become active.
    """
    if tags is None:
        return {"build": None, "is_known": False, "update": None}
    build = tags.get(tag)
    shown = next((update for update in updates if build and build["nvr"] in update["builds"]), None)
    return {"build": build, "is_known": tag is None or tag in tags, "update": shown}


def _row(
    source: str,
    release: Mapping[str, Any],
    tags: Mapping[str, Any] | None,
    updates: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    here = [update for update in updates if update["release"] == release["name"]]
    stable, testing = _under(release["stable_tag"], tags, here), _under(release["testing_tag"], tags, here)
    shown = [under["update"]["alias"] for under in (stable, testing) if under["update"]]
    coming = [update for update in here if update["status"] in ("pending", "testing") and update["alias"] not in shown]
    return {
        "release": release,
        # Rawhide and ELN are pending for ever; of others it says that they are not out yet.
        "state": "" if release["state"] == "current" or release["branch"] in NEVER_OUT else release["state"],
        "stable": stable,
        "testing": testing,
        "coming": [{**update, "what": _what(source, update)} for update in coming[:COMING_SHOWN]],
        "more_coming": max(0, len(coming) - COMING_SHOWN),
    }


def _gone(package: Package, why: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return whether the package is retired in a release, and what dist-git says of it."""
    if why is None:
        return {"is_retired": False, "reason": ""}
    line = next(iter(why["reason"].splitlines()), "")
    shown = line if len(line) <= REASON_SHOWN else f"{line[:REASON_SHOWN]} […]"
    return {"is_retired": not is_meant_for_epel(package, why["reason"]), "reason": shown}


def _what(source: str, update: Mapping[str, Any]) -> str:
    """Return the EVR of the package in an update, or else its alias."""
    own = next((nvr for nvr in update["builds"] if name_of(nvr) == source), None)
    if own is None:
        return update["alias"]
    return evr({"epoch": update["epochs"].get(own), "version": own.removeprefix(f"{source}-"), "release": ""})
