"""The Changelog tab: what packagers wrote about each version."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fedora_packages.connectors.site import web_address
from fedora_packages.search.packages import Package
from fedora_packages.web.linkify import parts
from fedora_packages.web.links import Links
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Switch
from fedora_packages.widgets.parameters import Parser, page_number, release_of

ROWS = 40

ADDRESS = re.compile(r"\s*<[^<>]*@[^<>]*>\s*|\s*<[^<>]*>\s*$")

#: The part of a build's release that names the distribution, which changelogs leave out.
DIST = re.compile(r"\.(?:fc[0-9]+|eln[0-9]*|el[0-9]+(?:_[0-9]+)?)")


class ChangelogWidget(Widget):
    """The changelog of a release, newest first.  The same for all binaries of a source."""

    name, title, order, tab = "changelog", "Changelog", 150, "changelog"
    queries = {"changelog": "mdapi.changelog", "builds": "koji.builds"}

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a release and a page."""
        return {"release": release_of(package), "page": page_number}

    def switches(self, page: PanelContext) -> list[Switch]:
        """Return the choice of a release."""
        return [page.release_switch()]

    def elsewhere(self, page: PanelContext) -> list[tuple[str, str]]:
        """Return dist-git's list of commits."""
        return [("Commits", page.links.commits(page.package.source, page.release))]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of entries, without mail addresses; ``slice`` is None if the release has no such package."""
        changelog = values["changelog"]
        found = page.slice(changelog.get("entries", ()), ROWS) if changelog["found"] else None
        builds = by_evr((values["builds"] or {"builds": ()})["builds"], page.release)
        addresses = addresses_of(page.links)
        return {
            "slice": found,
            "entries": [_entry(entry, builds, page.links, addresses) for entry in (found.rows if found else ())],
            "repository": changelog.get("repository"),
            "binary": page.binary,
            "release": page.release,
        }


def by_evr(builds: Iterable[Mapping[str, Any]], release: str) -> dict[str, int]:
    """Return the builds' IDs by EVR as changelogs have it, that is without epoch and dist tag.

    Of several, that for the release of this branch if it says so, else the newest that is complete, else the newest.
    """
    own = re.compile(rf"\.{re.sub('^f', 'fc', re.sub('^epel', 'el', release))}(?![0-9])")
    ranked: dict[str, tuple[tuple[bool, bool], int]] = {}
    for build in builds:
        evr = f"{build['version']}-{DIST.sub('', build['release'], count=1)}"
        rank = (own.search(build["release"]) is not None, build["state"] == "complete")
        if evr not in ranked or rank > ranked[evr][0]:
            ranked[evr] = (rank, build["build_id"])
    return {evr: number for evr, (_, number) in ranked.items()}


def addresses_of(links: Links) -> dict[str, Callable[[str], str | None]]:
    """Return what makes addresses of what is found in an entry; see `linkify.parts`."""
    return {
        "bug": lambda number: links.bug(int(number)),
        "cve": links.cve,
        "advisory": links.update,
        "web": web_address,
    }


def _entry(
    entry: Mapping[str, Any],
    builds: Mapping[str, int],
    links: Links,
    addresses: Mapping[str, Callable[[str], str | None]],
) -> dict[str, Any]:
    evr = entry["evr"]
    build = builds.get(DIST.sub("", evr.rpartition(":")[2], count=1)) if evr else None
    return {
        "author": ADDRESS.sub(" ", entry["author"]).strip() or "somebody",
        "evr": evr,
        "build": None if build is None else links.build(build),
        "date": entry["date"],
        "parts": parts(entry["text"], addresses),
    }
