"""The first panel of a retired package: in which releases it is retired, why, and its successors."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fedora_packages.connectors.query import QueryCall
from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.capabilities import REMOVER
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.parameters import NO_BRANCH

#: A successor in the reason for a retirement.
_SUCCESSOR = re.compile(
    r"\b(?:renamed?(?: to)?|replaced (?:by|with)|superseded by|obsoleted by|merged (?:in)?to|moved to|use|see)"
    r"\s+['\"`]?([A-Za-z0-9_][A-Za-z0-9._+-]{0,199})",
    re.IGNORECASE,
)

#: A package that was never meant for Fedora is not shown as retired there.
_FOR_EPEL = re.compile(r"\bepel\b", re.IGNORECASE)

MAX_SUCCESSORS = 10


class RetirementWidget(Widget):
    """The releases in which a package is retired, with the reasons, its successors, and the releases that still have it."""

    name, title, order, tab = "retirement", "Retired", 1, "overview"
    queries = {"retirement": "distgit.retirement", "obsoleters": "mdapi.obsoleters", "releases": "bodhi.releases"}
    # The index knows whether it is retired everywhere.
    main = None

    def calls(self, context: PanelContext) -> dict[str, QueryCall]:
        """Read about Rawhide, which has successors first; and obsoleters only if it does not have the package.

        Most packages have no obsoleters.
        """
        calls = {label: context.call(query, NO_BRANCH) for label, query in self.queries.items()}
        if NO_BRANCH in context.package.document.releases:
            del calls["obsoleters"]
        return calls

    def is_empty(self, context: PanelContext, values: Mapping[str, Any]) -> bool:
        """Whether Rawhide has the package, or never had it; the table of releases covers other releases."""
        why = _retired(values).get(NO_BRANCH)
        return not context.package.is_retired and (why is None or is_meant_for_epel(context.package, why["reason"]))

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a notice for each reason, the successors, and the releases that still have the package."""
        releases = values["releases"]["releases"] if values["releases"] else []
        titles = {release["branch"]: release["title"] for release in releases}
        retired = _retired(values)
        notices = _notices(context.package, retired, titles)
        names = dict.fromkeys(_obsoleters(context, values["obsoleters"]))
        here = context.package.document.releases
        # A released Fedora is never composed again: its repositories keep the package.
        leaving, staying = [], []
        for release in releases:
            if release["branch"] in retired and release["branch"] in here:
                is_released = (release["family"], release["state"]) == ("fedora", "current")
                kept = staying if is_released and release["branch"] != NO_BRANCH else leaving
                kept.append(release["title"])
        return {
            "notices": notices,
            "is_known": values["retirement"] is not None,
            "successors": [name for name in names if name != REMOVER][:MAX_SUCCESSORS],
            "is_removed": REMOVER in names,
            "named": [] if names.keys() - {REMOVER} else _named(context, (notice["reason"] for notice in notices)),
            "leaving": leaving,
            "staying": staying,
            "remaining": [titles.get(branch, branch) for branch in here if branch not in retired],
        }


def _retired(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the reason, time and person of each retirement, by branch."""
    return (values["retirement"] or {}).get("retired", {})


def _obsoleters(context: PanelContext, value: Mapping[str, Any] | None) -> Iterable[str]:
    """Return the packages that obsolete the package: mdapi's, or those of the index if mdapi cannot look up its name."""
    if value is None:
        return ()
    if value["is_known"]:
        return (row["name"] or row["source"] for row in value["packages"])
    try:
        return context.index.obsoleters(context.package.name)
    except SearchUnavailable:
        return ()


def is_meant_for_epel(package: Package, reason: str) -> bool:
    """Whether a package was never meant for Fedora: only EPEL has it, and the reason names EPEL."""
    releases = package.document.releases
    return bool(releases and all(branch.startswith("epel") for branch in releases) and _FOR_EPEL.search(reason))


def _notices(package: Package, retired: Mapping[str, Any], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return reason, time and person of each retirement, once, with the titles of its releases."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for branch, why in retired.items():
        if is_meant_for_epel(package, why["reason"]):
            continue
        notice = found.setdefault((why["reason"], why["who"], why["when"]), {**why, "releases": []})
        notice["releases"].append(titles.get(branch, branch))
    return list(found.values())


def _named(context: PanelContext, reasons: Iterable[str]) -> list[str]:
    """Return the packages that the reasons name as successors."""
    names = [name.rstrip(".") for reason in reasons for name in _SUCCESSOR.findall(reason)]
    try:
        sources = context.index.sources(names)
    except SearchUnavailable:
        return []
    return [name for name in dict.fromkeys(names) if name in sources and name != context.package.name][:MAX_SUCCESSORS]
