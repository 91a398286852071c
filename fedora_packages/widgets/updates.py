"""The Updates tab: the updates in Bodhi, newest first."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.connectors.bodhi_updates import STATUSES, TYPES
from fedora_packages.rpm.nvr import name_of
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.filters import RELEASE, RowFilter, RowList
from fedora_packages.widgets.release_names import OTHER, ReleaseNames, names_of

UPDATES = RowList(
    ReleaseNames.of_update,
    30,
    (RowFilter("status", "Status", tuple(STATUSES)), RELEASE, RowFilter("type", "Type", TYPES)),
)

#: Builds and bugs that the row of an update shows, of each.
MAX_LISTED = 20

DAY = 86400

#: Gating results that do not hold an update back.
PASSED = (None, "passed", "ignored")


class UpdatesWidget(Widget):
    """The cached updates, filtered by status, release and type."""

    name, title, order, tab = "updates", "Updates", 120, "updates"
    parameters = UPDATES.parameters
    queries = {"updates": "bodhi.updates", "releases": "bodhi.releases"}
    count_query, count_label = "bodhi.updates", "in testing"

    def count(self, summary: Mapping[str, int]) -> int | None:
        """Count the updates in testing: these need testers, which the number of all updates does not tell."""
        return summary.get("testing") or None

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return links to the updates in Bodhi, and to its form for a new one."""
        return [
            ("All updates in Bodhi", context.links.updates(context.package.source)),
            ("New update", context.links.new_update()),
        ]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of the matching updates."""
        names, source = names_of(values["releases"]), context.package.source
        matching, page = UPDATES.filtered(context, values["updates"]["updates"], names)
        return {
            **page,
            "updates": [_row(update, source, names.of_update(update)) for update in page["pagination"].rows],
            "total": values["updates"]["total"],
            "same_in_bodhi": _same_in_bodhi(context, matching),
        }


def _same_in_bodhi(context: PanelContext, matching: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the URL of the same list in Bodhi; None if it has none, or no filter is set."""
    values, releases = context.values, {update["release"] for update in matching}
    if not {"release", "status", "type"} & {*values} or ("release" in values and len(releases) != 1):
        return None
    release = releases.pop() if "release" in values else None
    return context.links.updates(context.package.source, release, values.get("status"), values.get("type"))


def _row(update: Mapping[str, Any], source: str, branch: str) -> dict[str, Any]:
    """Return an update with the shown builds (the package's own first), bugs, and time in testing.

    ``since`` is the time of its push to testing or stable.  ``days`` is the time in testing of a stable update, in words; for one
    in testing it would depend on the clock.
    """
    builds = sorted(update["builds"], key=lambda nvr: name_of(nvr) != source)
    testing, stable, is_stable = update["testing"], update["stable"], update["status"] == "stable"
    return {
        **update,
        "release_label": update["release"] or "" if branch == OTHER else branch,
        "is_security": update["type"] == "security",
        "severity": None if update["severity"] == "unspecified" else update["severity"],
        "held_by": None if update["gating"] in PASSED or is_stable else update["gating"],
        "since": {"testing": testing, "stable": stable}.get(update["status"]),
        "days": _days(testing, stable) if is_stable else None,
        "builds_shown": builds[:MAX_LISTED],
        "more_builds": max(0, len(builds) - MAX_LISTED),
        "bugs_shown": update["bugs"][:MAX_LISTED],
        "more_bugs": max(0, len(update["bugs"]) - MAX_LISTED),
    }


def _days(testing: int | None, stable: int | None) -> str | None:
    """Return the time that an update was in testing, in words; None if unknown or it was not."""
    if testing is None or stable is None or stable < testing:
        return None
    number = (stable - testing) // DAY
    return "less than a day" if number == 0 else "1 day" if number == 1 else f"{number} days"
