"""The Changelog tab: the changelog of a package in a release."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.parameters import page_number

ROWS_PER_PAGE = 40

#: The email address of an author.
EMAIL = re.compile(r"\s*<[^<>]*@[^<>]*>\s*|\s*<[^<>]*>\s*$")

#: The dist tag in the release of a build, which changelogs leave out.
DIST = re.compile(r"\.(?:fc[0-9]+|eln[0-9]*|el[0-9]+(?:_[0-9]+)?)")


class ChangelogWidget(Widget):
    """The changelog in a release, newest first; all binary packages of a source package share it."""

    name, title, order, tab = "changelog", "Changelog", 150, "changelog"
    choices = ("release",)
    parameters = {"page": page_number}
    queries = {"changelog": "mdapi.changelog", "builds": "koji.builds"}

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return a link to the commits in dist-git."""
        return [("Commits", context.links.commits(context.package.source, context.release))]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of entries without email addresses."""
        changelog = values["changelog"]
        pagination = context.paginate(changelog.get("entries", ()), ROWS_PER_PAGE)
        builds = by_evr(values["builds"]["builds"] if values["builds"] else (), context.release)
        return {
            "is_found": changelog["found"],
            "pagination": pagination,
            "entries": [_entry(entry, builds, context.links) for entry in pagination.rows],
        }


def by_evr(builds: Iterable[Mapping[str, Any]], release: str) -> dict[str, int]:
    """Return the IDs of builds by their EVR in changelogs, that is without epoch and dist tag.

    Of several builds the one with the dist tag of ``release`` counts, else the newest complete one, else the newest.
    """
    own = re.compile(rf"\.{re.sub('^f', 'fc', re.sub('^epel', 'el', release))}(?![0-9])")
    ranked: dict[str, tuple[tuple[bool, bool], int]] = {}
    for build in builds:
        evr = f"{build['version']}-{DIST.sub('', build['release'], count=1)}"
        rank = (own.search(build["release"]) is not None, build["state"] == "complete")
        if evr not in ranked or rank > ranked[evr][0]:
            ranked[evr] = (rank, build["build_id"])
    return {evr: number for evr, (_, number) in ranked.items()}


def _entry(entry: Mapping[str, Any], builds: Mapping[str, int], links: Any) -> dict[str, Any]:
    evr = entry["evr"]
    build = builds.get(DIST.sub("", evr.rpartition(":")[2], count=1)) if evr else None
    return {
        "author": EMAIL.sub(" ", entry["author"]).strip() or "unknown author",
        "evr": evr,
        "build": None if build is None else links.build(build),
        "date": entry["date"],
        "text": entry["text"],
    }
