"""The Updates tab: what bodhi has, newest first."""

from collections.abc import Iterable, Mapping
from typing import Any

from fedora_packages.errors import InvalidArgument
from fedora_packages.package import Package
from fedora_packages.widgets.base import Page, Switch, Widget
from fedora_packages.widgets.parameters import Parser, one_of, page_number, word

ROWS = 30

#: Builds and bugs of one update that are listed.
LISTED = 20

STATUSES = ("pending", "testing", "stable", "unpushed", "obsolete")


class UpdatesWidget(Widget):
    """The updates that are kept, by status and release."""

    name, title, order, tab = "updates", "Updates", 120, "updates"
    reads = {"updates": "bodhi.updates", "releases": "bodhi.releases"}
    counted, counts = "bodhi.updates", "in testing"

    def count(self, figures: Mapping[str, int]) -> int | None:
        """Count those in testing, which can be tested; of all there ever were nothing follows."""
        return figures.get("testing") or None

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a status, a release and a page."""
        return {"status": one_of(*STATUSES), "release": word, "page": page_number}

    def switches(self, page: Page) -> list[Switch]:
        """Return the choice of a status; that of a release depends on which there are."""
        return [page.switch("status", "Status", [(name, name) for name in STATUSES], every="all")]

    def elsewhere(self, page: Page) -> list[tuple[str, str]]:
        """Return bodhi's list and its form for a new update."""
        return [
            ("All updates in bodhi", page.links.updates(page.package.source)),
            ("New update", page.links.new_update()),
        ]

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the updates of a status and a release, page by page.

        A release is called by its branch while it is active, and as bodhi calls it, in lower case, afterwards.  While the
        releases are not known a branch may mean any: ``slice`` is then None.
        """
        updates = values["updates"]["updates"]
        releases = _releases(values["releases"]["releases"] if values["releases"] else (), updates)
        status, branch = page.values.get("status"), page.values.get("release")
        is_told = branch is None or branch in releases
        if not is_told and values["releases"]:
            raise InvalidArgument(f"release is {branch!r}; expected one of {', '.join(releases) or 'nothing'}")
        shown = [
            update
            for update in updates
            if status in (None, update["status"]) and (branch is None or update["release"] == releases.get(branch))
        ]
        return {
            "slice": page.slice([_row(update) for update in shown], ROWS) if is_told else None,
            "release": branch,
            "kept": len(updates),
            "total": values["updates"]["total"],
            "releases": page.switch("release", "Release", [(name, name) for name in releases], every="all"),
        }


def _row(update: Mapping[str, Any]) -> dict[str, Any]:
    builds = update["builds"]
    return {
        **update,
        "builds_shown": builds[:LISTED],
        "more_builds": max(0, len(builds) - LISTED),
        "bugs_shown": update["bugs"][:LISTED],
    }


def _releases(active: Iterable[Mapping[str, Any]], updates: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return bodhi's name of each release by what it is called in an address: the active ones, then those of old updates."""
    found = {release["branch"]: release["name"] for release in active}
    named = set(found.values())
    old = {update["release"] for update in updates if update["release"]} - named
    return found | {name.lower(): name for name in sorted(old, reverse=True)}
