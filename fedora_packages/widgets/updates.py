"""The Updates tab: what bodhi has, newest first."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.connectors.bodhi import STATUSES, TYPES
from fedora_packages.errors import InvalidNVR
from fedora_packages.rpm.nvr import parse_nvr
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.filters import Filter, filtered, ranked, release_asked, sliced
from fedora_packages.widgets.parameters import Parser, one_of, page_number, page_size, word
from fedora_packages.widgets.release_names import OTHER, names_of, reading_order

ROWS = 30

#: Builds and bugs of one update that are listed.
LISTED = 20

DAY = 86400

#: What gating says when nothing stands in an update's way.
PASSED = (None, "passed", "ignored")


class UpdatesWidget(Widget):
    """The updates that are kept, by status, release and type."""

    name, title, order, tab = "updates", "Updates", 120, "updates"
    queries = {"updates": "bodhi.updates", "releases": "bodhi.releases"}
    counted, counts = "bodhi.updates", "in testing"

    def count(self, summary: Mapping[str, int]) -> int | None:
        """Count those in testing, which can be tested; of all there ever were nothing follows."""
        return summary.get("testing") or None

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a status, a release, a type, a page and how many rows it has."""
        return {
            "status": one_of(*STATUSES),
            "release": word,
            "type": one_of(*TYPES),
            "page": page_number,
            "size": page_size,
        }

    def elsewhere(self, page: PanelContext) -> list[tuple[str, str]]:
        """Return bodhi's list and its form for a new update."""
        return [
            ("All updates in bodhi", page.links.updates(page.package.source)),
            ("New update", page.links.new_update()),
        ]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the updates of a status, a release and a type, page by page.

        While the releases are not known a branch that no update is of may mean any of them: ``slice`` is then None.
        """
        updates, names = values["updates"]["updates"], names_of(values["releases"])
        branches = {names.of_update(update) for update in updates}
        release = release_asked(page, names, branches)
        asked = page.values
        shown, switches = filtered(
            page,
            updates,
            [
                Filter("status", "Status", _status, ranked([*STATUSES]), asked.get("status")),
                Filter("release", "Release", lambda update: [names.of_update(update)], reading_order, release),
                Filter("type", "Type", _type, ranked(TYPES), asked.get("type")),
            ],
        )
        cut, size = sliced(page, [_row(update, page.package.source, names.of_update(update)) for update in shown], ROWS)
        return {
            "slice": cut if names.is_known or release is None or release in branches else None,
            "release": release,
            "switches": [*switches, size],
            "kept": len(updates),
            "total": values["updates"]["total"],
            "same_in_bodhi": _same(page, shown),
        }


def _status(update: Mapping[str, Any]) -> set[str]:
    return {update["status"]} & {*STATUSES}


def _type(update: Mapping[str, Any]) -> set[str]:
    return {update["type"]} & {*TYPES}


def _same(page: PanelContext, shown: Sequence[Mapping[str, Any]]) -> str | None:
    """Return bodhi's list of the very updates that are shown; None where one cannot be asked for, or it would be that of all."""
    asked, called = page.values, {update["release"] for update in shown}
    if not {"release", "status", "type"} & {*asked} or ("release" in asked and len(called) != 1):
        return None
    release = called.pop() if "release" in asked else None
    return page.links.updates(page.package.source, release, asked.get("status"), asked.get("type"))


def _row(update: Mapping[str, Any], source: str, branch: str) -> dict[str, Any]:
    """Return an update with what is shown of its builds (the package's own first), of its bugs, and of its time in testing.

    ``since`` is when it came to where it is, if that is testing or stable.  ``days`` are the words for those that one which is
    stable was in testing; of one that is in testing they would depend on the clock.
    """
    builds = sorted(update["builds"], key=lambda nvr: _name(nvr) != source)
    testing, stable, is_stable = update["testing"], update["stable"], update["status"] == "stable"
    return {
        **update,
        "called": update["release"] or "" if branch == OTHER else branch,
        "is_security": update["type"] == "security",
        "severity": None if update["severity"] == "unspecified" else update["severity"],
        "held_by": None if update["gating"] in PASSED or is_stable else update["gating"],
        "since": {"testing": testing, "stable": stable}.get(update["status"]),
        "days": _days(testing, stable) if is_stable else None,
        "builds_shown": builds[:LISTED],
        "more_builds": max(0, len(builds) - LISTED),
        "bugs_shown": update["bugs"][:LISTED],
        "more_bugs": max(0, len(update["bugs"]) - LISTED),
    }


def _days(testing: int | None, stable: int | None) -> str | None:
    """Return how long an update was in testing, in words; None if it was not, or it is not known."""
    if testing is None or stable is None or stable < testing:
        return None
    number = (stable - testing) // DAY
    return "less than a day" if number == 0 else "1 day" if number == 1 else f"{number} days"


def _name(nvr: str) -> str | None:
    try:
        return parse_nvr(nvr).name
    except InvalidNVR:
        return None
