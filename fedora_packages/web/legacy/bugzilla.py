"""The old bugzilla connector: the open bugs of a package, and how many there are."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.web.legacy import dates
from fedora_packages.web.legacy.context import Look
from fedora_packages.web.legacy.decode import Asked
from fedora_packages.web.legacy.rows import Rows, needed
from fedora_packages.widgets.bugs import STATUSES


def query_bugs(asked: Asked, look: Look) -> Rows:
    """Return the open bugs of a package, of one version or all, in the order in which the service has always shown them."""
    package = needed(asked, look, "package")
    version, products = asked.text("version"), asked.texts("collection")
    if package is None:
        return Rows([])
    (value,) = look.values(("bugzilla.bugs", package.source))
    return Rows(
        [
            _bug(bug, look.now)
            for bug in sorted(value["bugs"], key=_order)
            if version in ("", bug["version"]) and (not products or bug["product"] in products)
        ]
    )


def get_bug_stats(asked: Asked, look: Look) -> dict[str, Any]:
    """Return how many open bugs a package has, how many of them block others, and where to see those."""
    package = needed(asked, look, "package")
    if package is None:
        counts, name = {"open": 0, "blockers": 0}, asked.text("package")
    else:
        (counts,), name = look.values(("bugzilla.counts", package.source)), package.source
    return {
        "results": {"open": counts["open"], "blockers": counts["blockers"]},
        "blocker_url": look.links.blocking_bugs(name),
    }


def _order(bug: Mapping[str, Any]) -> tuple[int, int]:
    """Return the key by which bugs are sorted: by status, and then the newest first."""
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
