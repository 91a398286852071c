"""The Bugs tab: the open bugs of a package."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.connectors.bugzilla_bugs import MARKS, PRODUCTS, TRACKER, TRACKING, marks_of
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.filters import RELEASE, RowFilter, RowList, sort_key
from fedora_packages.widgets.parameters import releases_of
from fedora_packages.widgets.release_names import PLAIN, ReleaseNames, bugzilla_version, reading_order

#: Blocked bugs and labels that the row of a bug shows, of each.
MAX_LISTED = 10

#: The statuses of open bugs in the order in which the service has always shown them.
STATUSES = ("NEW", "VERIFIED", "ASSIGNED", "MODIFIED", "ON_DEV", "ON_QA", "RELEASE_PENDING", "POST")

BUGS = RowList(
    ReleaseNames.of_bug,
    100,
    (
        RELEASE,
        RowFilter("product", "Product", PRODUCTS),
        RowFilter("status", "Status", STATUSES),
        RowFilter("mark", "Flag", MARKS, marks_of),
    ),
)


def bugzilla_links(context: PanelContext) -> list[tuple[str, str]]:
    """Return links to the bugs in Bugzilla, and to its form for a new bug of the shown release."""
    source, links = context.package.source, context.links
    product, version = _product(context)
    title = f"File a bug in {product} {version}" if version else "File a bug"
    return [
        (title, links.new_bug(source, product, version)),
        ("All open bugs in Bugzilla", links.bugs(source)),
        ("Bugs that block others", links.blocking_bugs(source)),
    ]


class BugsWidget(Widget):
    """The open bugs by status and release, newest first."""

    name, title, order, tab = "bugs", "Bugs", 130, "bugs"
    parameters = BUGS.parameters
    queries = {"bugs": "bugzilla.bugs"}
    count_query, count_field = "bugzilla.counts", "open"

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return links to the bugs in Bugzilla, and to its form for a new one."""
        return bugzilla_links(context)

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of the matching bugs.

        ``same_in_bugzilla`` is the URL of the same list in Bugzilla, if there is one.
        """
        bugs = sorted(values["bugs"]["bugs"], key=_order)
        matching, page = BUGS.filtered(context, bugs, PLAIN)
        return {
            **page,
            "bugs": [_row(bug) for bug in page["pagination"].rows],
            "total": values["bugs"]["total"],
            "same_in_bugzilla": _same_in_bugzilla(context, matching),
        }


def _same_in_bugzilla(context: PanelContext, matching: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the URL of the same list in Bugzilla; None if it has none, or no filter is set.

    Bugzilla has no parameters for our statuses and flags, nor for a release with two versions.
    """
    values, versions = context.values, {(bug["product"], bug["version"]) for bug in matching}
    if "status" in values or "mark" in values or not ("release" in values or "product" in values):
        return None
    if "release" not in values:
        return context.links.bugs(context.package.source, values["product"])
    return context.links.bugs(context.package.source, *versions.pop()) if len(versions) == 1 else None


def _product(context: PanelContext) -> tuple[str, str | None]:
    """Return the product and version of the shown release; without a release, the product of the package."""
    branches = releases_of(context.package)
    release = PLAIN.branch_of(context.values.get("release", ""))
    if release in branches:
        return bugzilla_version(release)
    is_only_epel = all(branch.startswith("epel") for branch in branches)
    return PRODUCTS[is_only_epel], None


def _labels(bug: Mapping[str, Any]) -> list[str]:
    """Return the aliases and keywords that neither the flags nor the summary of a bug contain."""
    aliases = [alias for alias in bug["alias"] if alias not in bug["summary"]]
    trackers = [TRACKER] if TRACKING in bug["keywords"] else []
    return trackers + aliases + [keyword for keyword in bug["keywords"] if keyword not in ("Security", TRACKING)]


def _row(bug: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **bug,
        "marks": [mark for mark in marks_of(bug) if mark != TRACKER],
        "severity": None if bug["severity"] in ("", "unspecified") else bug["severity"],
        "blocks": bug["blocks"][:MAX_LISTED],
        "more_blocked": max(0, len(bug["blocks"]) - MAX_LISTED),
        "labels": _labels(bug)[:MAX_LISTED],
    }


def _order(bug: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*sort_key(STATUSES)(bug["status"]), reading_order(PLAIN.of_bug(bug)), -bug["id"])
