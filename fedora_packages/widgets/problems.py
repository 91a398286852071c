"""The Problems tab: the crashes that users' machines have reported to FAF."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fedora_packages.connectors.faf import MAX_PROBLEMS
from fedora_packages.connectors.site import web_address
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.parameters import Parser, page_number

ROWS = 50

#: Seconds between a problem's first and last occurrence within which one that has just come is a new one: the two weeks of which
#: FAF says whether it occurred, and the two before.
NEW = 28 * 86400


class ProblemsWidget(Widget):
    """The problems of the last year, the most frequent first."""

    name, title, order, tab = "problems", "Problems", 135, "problems"
    queries = {"problems": "faf.problems"}
    counted = "faf.problems"

    def count(self, summary: Mapping[str, int]) -> int | None:
        """Count the problems of the last year; where there are more than are listed, FAF does not say how many."""
        total = summary.get("total")
        return None if total is None or total > MAX_PROBLEMS else total

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a page."""
        return {"page": page_number}

    def elsewhere(self, page: PanelContext) -> list[tuple[str, str]]:
        """Return FAF's own list."""
        return [("Problems of the last two weeks in FAF", page.links.problems(page.package.source))]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the problems in FAF's order, page by page, each with its ``trend`` in words and where its bugs are."""
        problems = values["problems"]["problems"]
        rows = [
            {**problem, "trend": _trend(problem), "reported": [_bug(address) for address in problem["bugs"]]}
            for problem in problems
        ]
        return {
            "slice": page.slice(rows, ROWS),
            "kept": len(problems),
            "are_more": values["problems"]["total"] > len(problems),
        }


def _trend(problem: Mapping[str, Any]) -> str | None:
    """Return how a problem fares, by whether it occurred in the last two weeks and in the two before; None: not known."""
    recent, before = problem["recent"], problem["before"]
    if recent is None or before is None:
        return None
    if recent and not before:
        first, last = problem["first"], problem["last"]
        return "new" if None not in (first, last) and last - first < NEW else "back again"
    return {(True, True): "goes on", (False, True): "not in the last two weeks"}.get(
        (recent, before), "quiet for a month"
    )


def _bug(address: str) -> dict[str, Any]:
    """Return what to call a bug that FAF gives the address of, and that address if it is one of the web."""
    found = web_address(address)
    parts = urlsplit(found or "")
    number = next(iter(parse_qs(parts.query).get("id", [])), None)
    return {"address": found, "label": number or parts.netloc or address}
