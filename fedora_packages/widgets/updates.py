"""The Updates tab: the updates in Bodhi, newest first."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.connectors.bodhi import STATUSES, TYPES
from fedora_packages.errors import InvalidNVR
from fedora_packages.rpm.nvr import parse_nvr
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.filters import RowFilter, filtered, paginated, requested_release, sort_key, unfiltered_url
from fedora_packages.widgets.parameters import one_of, page_number, page_size, token
from fedora_packages.widgets.release_names import OTHER, names_of, reading_order

ROWS_PER_PAGE = 30

#: Builds and bugs that the row of an update shows, of each.
MAX_LISTED = 20

DAY = 86400

#: Gating results that do not hold an update back.
PASSED = (None, "passed", "ignored")


class UpdatesWidget(Widget):
    """The cached updates, filtered by status, release and type."""

    name, title, order, tab = "updates", "Updates", 120, "updates"
    parameters = {
        "status": one_of(*STATUSES),
        "release": token,
        "type": one_of(*TYPES),
        "page": page_number,
        "size": page_size,
    }
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
        """Return a page of the matching updates.

        While the releases are unknown, a branch without updates may be any of them: ``pagination`` is then None.
        """
        updates, names = values["updates"]["updates"], names_of(values["releases"])
        branches = {names.of_update(update) for update in updates}
        release, source = requested_release(context, names, branches), context.package.source
        row_filters = [
            RowFilter("status", "Status", _status, sort_key([*STATUSES]), context.values.get("status")),
            RowFilter("release", "Release", lambda update: [names.of_update(update)], reading_order, release),
            RowFilter("type", "Type", _type, sort_key(TYPES), context.values.get("type")),
        ]
        matching, filters = filtered(context, updates, row_filters)
        rows = [_row(update, source, names.of_update(update)) for update in matching]
        pagination, size = paginated(context, rows, ROWS_PER_PAGE)
        return {
            "pagination": pagination if names.is_known or release is None or release in branches else None,
            "release": release,
            "controls": [*filters, size],
            "unfiltered_url": unfiltered_url(context, row_filters),
            "cached": len(updates),
            "total": values["updates"]["total"],
            "same_in_bodhi": _same_in_bodhi(context, matching),
            "bodhi_url": context.links.updates(source),
        }


def _status(update: Mapping[str, Any]) -> set[str]:
    return {update["status"]} & {*STATUSES}


def _type(update: Mapping[str, Any]) -> set[str]:
    return {update["type"]} & {*TYPES}


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
    builds = sorted(update["builds"], key=lambda nvr: _name(nvr) != source)
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


def _name(nvr: str) -> str | None:
    try:
        return parse_nvr(nvr).name
    except InvalidNVR:
        return None
