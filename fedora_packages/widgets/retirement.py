"""Where and why a package is retired, and what takes its place: the first thing that its page says."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.capabilities import REMOVER
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.parameters import NO_BRANCH

#: How a reason names what takes the package's place.
_SUCCESSOR = re.compile(
    r"\b(?:renamed?(?: to)?|replaced (?:by|with)|superseded by|obsoleted by|merged (?:in)?to|moved to|use|see)"
    r"\s+['\"`]?([A-Za-z0-9_][A-Za-z0-9._+-]{0,199})",
    re.IGNORECASE,
)

#: A package that was never meant for Fedora is not called retired there.
_FOR_EPEL = re.compile(r"\bepel\b", re.IGNORECASE)

SUCCESSORS_SHOWN = 10


class RetirementWidget(Widget):
    """The branches on which a package is retired, what whoever retired it wrote, and where it still is."""

    name, title, order, tab = "retirement", "Retired", 1, "overview"
    queries = {"retirement": "distgit.retirement", "obsoleters": "mdapi.obsoleters", "releases": "bodhi.releases"}
    # That it is retired everywhere is known from the index.
    main = None

    def queries_on(self, page: PanelContext) -> Mapping[str, str]:
        """Ask what takes the place of a package only where rawhide does not have it: most have none, and mdapi to be asked."""
        has_it = NO_BRANCH in page.package.document.releases
        return {word: query for word, query in self.queries.items() if word != "obsoleters" or not has_it}

    def is_empty(self, page: PanelContext, values: Mapping[str, Any]) -> bool:
        """Whether rawhide has it, or never had it: that an older release or EPEL has it no more, the table of releases says."""
        why = (values["retirement"] or {}).get("retired", {}).get(NO_BRANCH)
        return not page.package.is_retired and (why is None or is_meant_for_epel(page.package, why["reason"]))

    def release(self, page: PanelContext) -> str:
        """Return rawhide: what takes a package's place is there first."""
        return NO_BRANCH

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a notice for each reason, the packages that take its place, and where it still is."""
        known = values["releases"]["releases"] if values["releases"] else []
        titles = {release["branch"]: release["title"] for release in known}
        notices = _notices(page.package, values["retirement"], titles)
        retired = (values["retirement"] or {}).get("retired", {})
        obsoleters = values["obsoleters"]["packages"] if values["obsoleters"] else []
        names = dict.fromkeys(row["name"] or row["source"] for row in obsoleters)
        return {
            "notices": notices,
            "is_known": values["retirement"] is not None,
            "successors": [name for name in names if name != REMOVER][:SUCCESSORS_SHOWN],
            "is_removed": REMOVER in names,
            "named": [] if names.keys() - {REMOVER} else _named(page, (notice["reason"] for notice in notices)),
            **_lingering(page.package, retired, known),
            "remaining": [
                titles.get(branch, branch) for branch in page.package.document.releases if branch not in retired
            ],
        }


def is_meant_for_epel(package: Package, reason: str) -> bool:
    """Whether a package was not retired from Fedora, but never meant for it: only EPEL has it, and so says the reason."""
    releases = package.document.releases
    return bool(releases and all(branch.startswith("epel") for branch in releases) and _FOR_EPEL.search(reason))


def _notices(package: Package, retirement: Mapping[str, Any] | None, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return why, when and by whom the package was retired, each once with the titles of all releases of which it is true."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for branch, why in (retirement or {}).get("retired", {}).items():
        if is_meant_for_epel(package, why["reason"]):
            continue
        notice = found.setdefault((why["reason"], why["who"], why["when"]), {**why, "releases": []})
        notice["releases"].append(titles.get(branch, branch))
    return list(found.values())


def _lingering(
    package: Package, retired: Mapping[str, Any], releases: Iterable[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Return the titles of the releases whose repositories have what is retired there: until they are composed anew
    (``leaving``), or for good, since those of a Fedora that is out never are (``staying``)."""
    there = [release for release in releases if release["branch"] in retired.keys() & {*package.document.releases}]
    staying = [
        release["title"]
        for release in there
        if (release["family"], release["state"]) == ("fedora", "current") and release["branch"] != NO_BRANCH
    ]
    return {
        "staying": staying,
        "leaving": [release["title"] for release in there if release["title"] not in staying],
    }


def _named(page: PanelContext, reasons: Iterable[str]) -> list[str]:
    """Return the packages that reasons name as taking the place of this one."""
    found = [name.rstrip(".") for reason in reasons for name in _SUCCESSOR.findall(reason)]
    try:
        known = page.index.sources(found)
    except SearchUnavailable:
        return []
    return [name for name in dict.fromkeys(found) if name in known and name != page.package.name][:SUCCESSORS_SHOWN]
