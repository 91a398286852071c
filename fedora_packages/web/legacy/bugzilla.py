"""The old Bugzilla connector: the open bugs of a package, and their number."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.web.legacy import dates
from fedora_packages.web.legacy.context import LegacyContext
from fedora_packages.web.legacy.decode import LegacyRequest
from fedora_packages.web.legacy.envelope import page
from fedora_packages.widgets.bugs import STATUSES


def query_bugs(query: LegacyRequest, context: LegacyContext) -> dict[str, Any]:
    """Return the open bugs of a package, for one version or all, in the order of the old service."""
    package = context.find(query.required("package"))
    version, products = query.text("version"), query.texts("collection")
    if package is None:
        return page([], query)
    (value,) = context.values(("bugzilla.bugs", package.source))
    rows = [
        _bug(bug, context.now)
        for bug in sorted(value["bugs"], key=_order)
        if version in ("", bug["version"]) and (not products or bug["product"] in products)
    ]
    return page(rows, query)


def get_bug_stats(query: LegacyRequest, context: LegacyContext) -> dict[str, Any]:
    """Return the number of open bugs, the number of those that block others, and the URL of the latter."""
    name = query.required("package")
    package = context.find(name)
    if package is None:
        counts = {"open": 0, "blockers": 0}
    else:
        (counts,), name = context.values(("bugzilla.counts", package.source)), package.source
    return {
        "results": {"open": counts["open"], "blockers": counts["blockers"]},
        "blocker_url": context.links.blocking_bugs(name),
    }


def _order(bug: Mapping[str, Any]) -> tuple[int, int]:
    """Return the sort key of a bug: by status, newest first."""
    status = bug["status"]
    return (STATUSES.index(status) if status in STATUSES else len(STATUSES), -bug["id"])


def _bug(bug: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {
        "id": bug["id"],
        "status": bug["status"].title(),
        "description": bug["summary"],
        "last_modified": "" if bug["changed"] is None else dates.span(bug["changed"], now),
        "release": f"{bug['product']} {bug['version']}".strip(),
        "bug_class": "security-bug" if bug["security"] else "",
    }
