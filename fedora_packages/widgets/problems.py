"""The Problems tab: the crashes that users' systems report to FAF."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fedora_packages.connectors.faf import MAX_PROBLEMS
from fedora_packages.connectors.page_links import web_address
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.parameters import page_number

ROWS_PER_PAGE = 50

#: Seconds between the first and last occurrence of a new problem: the two weeks that FAF reports on, and the two before.
MAX_NEW = 28 * 86400


class ProblemsWidget(Widget):
    """The problems of the last year, the most frequent first."""

    name, title, order, tab = "problems", "Problems", 135, "problems"
    parameters = {"page": page_number}
    queries = {"problems": "faf.problems", "releases": "faf.tracked_releases", "packages": "faf.tracked_packages"}
    count_query = "faf.problems"

    def count(self, summary: Mapping[str, int]) -> int | None:
        """Count the problems of the last year; FAF does not return the number of longer lists.

        No problems are no count: FAF may not track the package.
        """
        total = summary.get("total")
        return total if total and total <= MAX_PROBLEMS else None

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return a link to the problems in FAF."""
        return [("Problems of the last two weeks in FAF", context.links.problems(context.package.source))]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of the problems in FAF's order, each with its trend in words and links to its bugs.

        ``tracked`` and ``untracked`` are the releases that have the package, by whether FAF tracks them; both are None if that is
        unknown.  ``is_unreported``: FAF has no report of the package from any release and time, and may not know it.
        """
        problems = values["problems"]["problems"]
        tracked, untracked = _tracked(context.package.document.releases, values["releases"])
        rows = [
            {**problem, "trend": _trend(problem), "bug_links": [_bug_link(url) for url in problem["bugs"]]}
            for problem in problems
        ]
        return {
            "pagination": context.paginate(rows, ROWS_PER_PAGE),
            "cached": len(problems),
            "has_more": values["problems"]["total"] > len(problems),
            "tracked": tracked,
            "untracked": untracked,
            "is_unreported": bool(values["packages"]) and context.package.source not in values["packages"]["packages"],
        }


def _tracked(
    branches: Sequence[str], releases: Mapping[str, Any] | None
) -> tuple[list[str], list[str]] | tuple[None, None]:
    """Return the branches that FAF tracks, and the others."""
    if releases is None:
        return None, None
    known = {release["branch"] for release in releases["releases"]}
    return [branch for branch in branches if branch in known], [branch for branch in branches if branch not in known]


def _trend(problem: Mapping[str, Any]) -> str | None:
    """Return the trend of a problem from its occurrences in the last two weeks and the two before; None: unknown."""
    recent, before = problem["recent"], problem["before"]
    if recent is None or before is None:
        return None
    if recent and not before:
        first, last = problem["first"], problem["last"]
        return "new" if None not in (first, last) and last - first < MAX_NEW else "recurring"
    return {(True, True): "ongoing", (False, True): "none in two weeks"}.get((recent, before), "none in a month")


def _bug_link(text: str) -> dict[str, Any]:
    """Return the label of a bug that FAF links to, and its URL if it is safe."""
    url = web_address(text)
    parts = urlsplit(url or "")
    number = next(iter(parse_qs(parts.query).get("id", [])), None)
    return {"url": url, "label": number or parts.netloc or text}
