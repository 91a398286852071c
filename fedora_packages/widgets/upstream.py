"""The overview's upstream version: what the project has published, and whether rawhide has it."""

import re
from collections.abc import Mapping
from typing import Any

from fedora_packages.connectors.site import web_address
from fedora_packages.rpm.nvr import EVR
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext

#: Versions that are named.
VERSIONS_SHOWN = 8

#: The release that follows upstream.
FOLLOWING = "rawhide"

#: How versions before a release end, which rpm would call newer than the release: packagers write a tilde there.
BEFORE_RELEASE = re.compile(r"(?<=[0-9])[-._~]?((?:rc|alpha|beta|pre|dev|a|b)[-._]?[0-9]*)$", re.IGNORECASE)


#: How the release of such a version begins where the version has no tilde.
RELEASED_BEFORE = re.compile(r"0\.(?P<word>(?:rc|alpha|beta|pre|dev)[0-9]*)?", re.IGNORECASE)


class UpstreamWidget(Widget):
    """The newest versions of the upstream project, held against rawhide's."""

    name, title, order, tab = "upstream", "Upstream version", 25, "overview"
    queries = {"versions": "anitya.versions", "tagged": "koji.tagged", "releases": "bodhi.releases"}

    def is_shown(self, package: Package) -> bool:
        """Not of a retired package, which nobody updates."""
        return not package.is_retired

    def elsewhere(self, page: PanelContext) -> list[tuple[str, str]]:
        """Return Anitya's search for the project."""
        return [("Search Anitya", page.links.projects(page.package.source))]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the project, its newest versions with which of them are newer than rawhide's, and how the two compare.

        ``standing`` is ``behind``, ``same`` or ``ahead``, said of rawhide; None where one of the two has no version, or is not
        known.
        """
        found, build = values["versions"], _build(values)
        has = _version(build) if build else None
        versions = found["versions"] if found["found"] else []
        stable = found["stable"] if found["found"] else []
        newest = next(iter((*stable, *versions)), None)
        return {
            "project": found["project"] if found["found"] else None,
            "homepage": web_address(found["project"]["homepage"]) if found["found"] else None,
            "newest": newest,
            "versions": [
                {"version": version, "is_stable": version in stable, "is_newer": _compare(version, has) == "behind"}
                for version in versions[:VERSIONS_SHOWN]
            ],
            "more": max(0, len(versions) - VERSIONS_SHOWN),
            "build": build,
            "is_build_known": build is not None or _is_none(values),
            "standing": _compare(newest, has),
            "source": page.package.source,
        }


def _tag(values: Mapping[str, Any]) -> str | None:
    """Return the koji tag of what rawhide has; None if that is not known."""
    rows = values["releases"]["releases"] if values["releases"] else []
    return next((release["stable_tag"] for release in rows if release["branch"] == FOLLOWING), None)


def _build(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the build that rawhide has; None if it has none, or that is not known."""
    return values["tagged"]["tags"].get(_tag(values)) if values["tagged"] else None


def _is_none(values: Mapping[str, Any]) -> bool:
    """Whether it is known that rawhide has no build."""
    tag = _tag(values)
    return bool(values["tagged"]) and tag in values["tagged"]["tags"] and values["tagged"]["tags"][tag] is None


def _version(build: Mapping[str, Any]) -> str:
    """Return a build's version, with a tilde after it where its release says that it comes before that version.

    Packagers wrote ``7.4.0-0.rc4.1`` before rpm knew of tildes, and for kernels still do.
    """
    found = RELEASED_BEFORE.match(build["release"])
    return f"{build['version']}~{found['word'] or ''}" if found else build["version"]


def _compare(upstream: str | None, has: str | None) -> str | None:
    """Return how a version of rawhide stands to one of upstream's, as rpm orders them."""
    if upstream is None or has is None:
        return None
    theirs, ours = (EVR(0, BEFORE_RELEASE.sub(r"~\1", version)) for version in (upstream, has))
    return "same" if theirs == ours else "behind" if ours < theirs else "ahead"
