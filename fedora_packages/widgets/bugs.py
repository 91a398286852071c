"""The Bugs tab: the open bugs, in the order in which packagers read them."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.connectors.bugzilla import MARKS, PRODUCTS, TRACKER, TRACKING, marks_of
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.filters import Filter, filtered, ranked, release_asked, sliced
from fedora_packages.widgets.parameters import Parser, one_of, page_number, page_size, releases_of, word
from fedora_packages.widgets.release_names import PLAIN, bugzilla_version, reading_order

ROWS = 100

#: Bugs that one bug blocks, its keywords and its aliases: so many are shown of each.
LISTED = 10

#: The statuses of open bugs in the order in which the service has always shown them.
STATUSES = ("NEW", "VERIFIED", "ASSIGNED", "MODIFIED", "ON_DEV", "ON_QA", "RELEASE_PENDING", "POST")


class BugsWidget(Widget):
    """The open bugs: by status, then by release, then the newest first."""

    name, title, order, tab = "bugs", "Bugs", 130, "bugs"
    queries = {"bugs": "bugzilla.bugs"}
    counted = "bugzilla.counts"

    def count(self, summary: Mapping[str, int]) -> int | None:
        """Count the open bugs."""
        return summary.get("open")

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a release, a product, a status, a mark, a page and how many rows it has."""
        return {
            "release": word,
            "product": one_of(*PRODUCTS),
            "status": one_of(*STATUSES),
            "mark": one_of(*MARKS),
            "page": page_number,
            "size": page_size,
        }

    def elsewhere(self, page: PanelContext) -> list[tuple[str, str]]:
        """Return bugzilla's list and its form for a new bug."""
        return bugzilla_links(page)

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the bugs that the filters leave, page by page.

        ``same_in_bugzilla`` is bugzilla's list of the very bugs that are shown, where one can be asked for.
        """
        bugs = sorted(values["bugs"]["bugs"], key=_order)
        branches = {PLAIN.of_bug(bug) for bug in bugs}
        release = release_asked(page, PLAIN, branches)
        asked = page.values
        shown, switches = filtered(
            page,
            bugs,
            [
                Filter("release", "Release", lambda bug: [PLAIN.of_bug(bug)], reading_order, release),
                Filter(
                    "product",
                    "Product",
                    lambda bug: {bug["product"]} & {*PRODUCTS},
                    ranked(PRODUCTS),
                    asked.get("product"),
                ),
                Filter(
                    "status", "Status", lambda bug: {bug["status"]} & {*STATUSES}, ranked(STATUSES), asked.get("status")
                ),
                Filter("mark", "Marked", marks_of, ranked(MARKS), asked.get("mark")),
            ],
        )
        cut, size = sliced(page, [_row(bug) for bug in shown], ROWS)
        return {
            "slice": cut,
            "switches": [*switches, size],
            "kept": len(bugs),
            "total": values["bugs"]["total"],
            "same_in_bugzilla": _same(page, shown),
        }


def bugzilla_links(page: PanelContext) -> list[tuple[str, str]]:
    """Return the links to bugzilla that are there whatever it says.  A bug is filed against the release that is shown."""
    source = page.package.source
    product, version = _product(page)
    return [
        (
            f"File a bug in {product} {version}" if version else "File a bug",
            page.links.new_bug(source, product, version),
        ),
        ("All open bugs in bugzilla", page.links.bugs(source)),
        ("Bugs that block others", page.links.blocking_bugs(source)),
    ]


def _same(page: PanelContext, shown: Sequence[Mapping[str, Any]]) -> str | None:
    """Return bugzilla's list of the very bugs that are shown; None where one cannot be asked for, or it would be that of all.

    For status and mark bugzilla has no parameters that mean the same, nor has it one for a release with two versions.
    """
    asked, found = page.values, {(bug["product"], bug["version"]) for bug in shown}
    if "status" in asked or "mark" in asked or not ("release" in asked or "product" in asked):
        return None
    if "release" not in asked:
        return page.links.bugs(page.package.source, asked["product"])
    return page.links.bugs(page.package.source, *found.pop()) if len(found) == 1 else None


def _product(page: PanelContext) -> tuple[str, str | None]:
    """Return the product and the version of the release that is shown; without one, the product that has the package."""
    branches = releases_of(page.package)
    release = PLAIN.meant(page.values.get("release", ""))
    if release in branches:
        return bugzilla_version(release)
    is_only_epel = all(branch.startswith("epel") for branch in branches)
    return PRODUCTS[is_only_epel], None


def _labels(bug: Mapping[str, Any]) -> list[str]:
    """Return what else a bug is told by: aliases and keywords, but for what its marks or its summary say already."""
    aliases = [alias for alias in bug["alias"] if alias not in bug["summary"]]
    trackers = [TRACKER] if TRACKING in bug["keywords"] else []
    return trackers + aliases + [keyword for keyword in bug["keywords"] if keyword not in ("Security", TRACKING)]


def _row(bug: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **bug,
        "marks": [mark for mark in marks_of(bug) if mark != TRACKER],
        "severity": None if bug["severity"] in ("", "unspecified") else bug["severity"],
        "blocks": bug["blocks"][:LISTED],
        "more_blocked": max(0, len(bug["blocks"]) - LISTED),
        "labels": _labels(bug)[:LISTED],
    }


def _order(bug: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*ranked(STATUSES)(bug["status"]), reading_order(PLAIN.of_bug(bug)), -bug["id"])
