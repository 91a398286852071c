"""Read the list of packages from Koji, with the releases that each is in, and owners from dist-git.

Koji lists every package that ever was.  A release has the packages of its tag's list, without those blocked there.  A package
that no release lists is retired.  Koji also lists images, which are not packages and have no owner.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fedora_packages.connectors.query import NO_PACKAGE, Queries
from fedora_packages.errors import InvalidResponse
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search.document import Document
from fedora_packages.search.indexing.merge import merge
from fedora_packages.search.indexing.retry import Retry

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PackageList:
    """Koji's packages, each with the branches that list it, in reading order, and the owners of packages.

    ``skipped_releases`` are branches of active releases without repositories, as far as a package is in these alone.
    ``in_skipped`` has these packages with their branches; ``branches`` has no branch for them, and they are not retired.
    """

    branches: Mapping[str, tuple[str, ...]]
    owners: Mapping[str, str]
    in_skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    skipped_releases: tuple[str, ...] = ()

    def branches_of(self, name: str) -> tuple[str, ...]:
        """Return the branches that list a package; none for a retired package."""
        return self.branches[name] or self.in_skipped.get(name, ())

    def document_of(self, name: str) -> Document | None:
        """Return a document with the name, branches and owner of a package, or None for a name without an owner."""
        return merge(name, self.branches_of(name), (), self.owners[name]) if name in self.owners else None


def releases(connectors: Mapping[str, Any], retry: Retry) -> list[Mapping[str, Any]]:
    """Return the active releases of ``bodhi.releases``, in reading order.  Raises `UpstreamError`."""
    query = Queries(connectors.values())["bodhi.releases"]
    active = retry(lambda: query.fetch(NO_PACKAGE))["releases"]
    if not active:
        # Every package would be retired.
        raise InvalidResponse("bodhi", "GET /releases/", "no active release", title="Bodhi")
    return active


def read_package_list(
    connectors: Mapping[str, Any], retry: Retry, active: Sequence[Mapping[str, Any]], branches: Collection[str]
) -> PackageList:
    """Return the packages that Koji lists for the active releases.  ``branches`` are the releases that have repositories.

    A release whose tag is unknown to Koji, because it is new, counts as listing every package.  Raises `UpstreamError`.
    """
    koji = connectors["koji"]
    names = [name for name in retry(koji.packages) if is_package_name(name)]
    if not names:
        raise InvalidResponse("koji", "listPackages()", "no packages", title="Koji")
    lists = {release["branch"]: _packages_of_tag(koji, release["stable_tag"], retry) for release in active}
    read = {branch: packages for branch, packages in lists.items() if branch in branches}
    in_any_release = set().union(*filter(None, read.values())) or set(names)
    read = {branch: in_any_release if packages is None else packages for branch, packages in read.items()}
    skipped = {branch: packages for branch, packages in lists.items() if branch not in branches and packages}
    branches_of = {name: _having(read, name) for name in names}
    in_skipped = {name: _having(skipped, name) for name in names if not branches_of[name] and _having(skipped, name)}
    skipped_releases = tuple(branch for branch in skipped if any(branch in only_in for only_in in in_skipped.values()))
    # The file may be an hour old.  A newer owner is indexed when an event about the package comes.
    return PackageList(branches_of, retry(connectors["distgit"].owners), in_skipped, skipped_releases)


def _having(lists: Mapping[str, set[str]], name: str) -> tuple[str, ...]:
    return tuple(branch for branch, packages in lists.items() if name in packages)


def _packages_of_tag(koji: Any, tag: str | None, retry: Retry) -> set[str] | None:
    if tag is None:
        return None
    try:
        return set(retry(lambda: koji.packages(tag)))
    except InvalidResponse as error:
        log.warning("the packages of the Koji tag %s are unknown: %s", tag, error)
        return None
