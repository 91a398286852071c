"""The listing: which packages there are, by koji's lists, and who owns them.

The one thing to know: koji has every package there ever was.  What a release has is in its tag's list, without the packages
that are blocked there; what no release lists is retired, if it was a package at all (koji builds images too).
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fedora_packages.connectors.query import NO_PACKAGE, Queries
from fedora_packages.errors import InvalidResponse
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search.indexing.merge import DocumentDraft, merge
from fedora_packages.search.indexing.retry import Retry

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listing:
    """Koji's packages, each with the branches that list it, in reading order, and the owners of packages.

    ``elsewhere`` are packages that only releases list that are active and not looked into, with the branches of those; of these
    packages ``branches`` has none, and they are not retired.  ``left_out`` are those branches, in reading order.
    """

    branches: Mapping[str, tuple[str, ...]]
    owners: Mapping[str, str]
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def where(self, name: str) -> tuple[str, ...]:
        """Return the branches that list a package; none of one that is retired, or none."""
        return self.branches[name] or self.elsewhere.get(name, ())

    def known_of(self, name: str) -> DocumentDraft | None:
        """Return what is known of a listed package without looking into any release: of what is no package nothing."""
        if name not in self.owners:
            return None
        return DocumentDraft(merge(name, self.where(name), (), self.owners[name]))


def releases(connectors: Mapping[str, Any], retry: Retry) -> list[Mapping[str, Any]]:
    """Return the active releases of ``bodhi.releases``, in reading order.  Raises `UpstreamError`."""
    query = Queries(connectors.values())["bodhi.releases"]
    found = retry(lambda: query.fetch(NO_PACKAGE))["releases"]
    if not found:
        # Every package would be retired.
        raise InvalidResponse("bodhi", "the releases", "it has none that is active")
    return found


def listing(
    connectors: Mapping[str, Any],
    retry: Retry,
    active: Sequence[Mapping[str, Any]],
    branches: Collection[str],
) -> Listing:
    """Return what koji lists for the active releases; ``branches`` are those whose repositories are read.

    A tag that koji does not know (a release so new that it has none yet) may have what any other has.  Raises
    `UpstreamError`.
    """
    koji = connectors["koji"]
    names = [name for name in retry(koji.packages) if is_package_name(name)]
    if not names:
        raise InvalidResponse("koji", "listPackages of the hub", "it has none")
    has = {release["branch"]: _listed(koji, release["stable_tag"], retry) for release in active}
    others = {branch: listed for branch, listed in has.items() if branch not in branches}
    has = {branch: listed for branch, listed in has.items() if branch in branches}
    anywhere = set().union(*(listed for listed in has.values() if listed)) or set(names)
    where = {
        name: tuple(branch for branch, listed in has.items() if name in (anywhere if listed is None else listed))
        for name in names
    }
    elsewhere = {
        name: found
        for name, its in where.items()
        if not its and (found := tuple(branch for branch, listed in others.items() if listed and name in listed))
    }
    left_out = tuple(branch for branch in others if any(branch in its for its in elsewhere.values()))
    # The file may be an hour old: an owner who changed since is only right once the package is touched again.
    return Listing(where, retry(connectors["distgit"].owners), elsewhere, left_out)


def _listed(koji: Any, tag: str | None, retry: Retry) -> set[str] | None:
    if tag is None:
        return None
    try:
        return set(retry(lambda: koji.packages(tag)))
    except InvalidResponse as error:
        log.warning("which packages the tag %s has is not known: %s", tag, error)
        return None
