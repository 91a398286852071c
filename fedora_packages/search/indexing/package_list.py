"""Read the list of packages from Koji, with the releases that each is in, and owners from dist-git.

Koji lists every package that ever was.  A release has the packages of its tag's list, without those blocked there.  A package
that no release lists is retired.  Koji also lists images, which are not packages and have no owner.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fedora_packages.connectors.query import NO_PACKAGE, Queries
from fedora_packages.errors import InvalidResponse, NotPublic, SearchUnavailable
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search.document import Document
from fedora_packages.search.indexing.merge import merge
from fedora_packages.search.indexing.retry import Retry
from fedora_packages.search.reader import IndexReader

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PackageList:
    """Koji's packages, each with the branches that list it, in reading order, and the owners of packages.

    ``branches`` are those whose repositories were read, and ``in_skipped`` those of other active releases.  A package that only
    these list is not retired.
    """

    branches: Mapping[str, tuple[str, ...]]
    owners: Mapping[str, str]
    in_skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def branches_of(self, name: str) -> tuple[str, ...]:
        """Return the branches that list a package; none for a retired package."""
        return self.branches[name] or self.in_skipped.get(name, ())

    def is_only_in_skipped(self, name: str) -> bool:
        """Whether only releases list a package whose repositories were not read."""
        return not self.branches[name] and name in self.in_skipped

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


@dataclass(frozen=True)
class Lists:
    """What Koji and dist-git have: the names of all packages, those of each active release, and the owners of packages.

    ``releases`` are by branch, in reading order; None for a release whose tag is unknown to Koji.
    """

    names: Sequence[str]
    releases: Mapping[str, set[str] | None]
    owners: Mapping[str, str]

    def package_list(self, branches: Collection[str]) -> PackageList:
        """Return the package list of a build.  ``branches`` are the releases whose repositories were read.

        Of these, one whose tag is unknown, because it is new, counts as listing every package.
        """
        read = {branch: packages for branch, packages in self.releases.items() if branch in branches}
        in_any_release = set().union(*filter(None, read.values())) or set(self.names)
        read = {branch: in_any_release if packages is None else packages for branch, packages in read.items()}
        skipped = {
            branch: packages for branch, packages in self.releases.items() if branch not in branches and packages
        }
        in_skipped = {name: having for name in self.names if (having := _having(skipped, name))}
        return PackageList({name: _having(read, name) for name in self.names}, self.owners, in_skipped)


def read_lists(
    connectors: Mapping[str, Any],
    retry: Retry,
    active: Sequence[Mapping[str, Any]],
    index: IndexReader | None = None,
) -> Lists:
    """Return what Koji lists for the active releases, and the owners.

    Those of ``index``, the current one, stay if dist-git does not list owners.  Raises `UpstreamError`.
    """
    koji = connectors["koji"]
    names = [name for name in retry(koji.packages) if is_package_name(name)]
    if not names:
        raise InvalidResponse("koji", "listPackages()", "no packages", title="Koji")
    lists = {release["branch"]: _packages_of_tag(koji, release["stable_tag"], retry) for release in active}
    try:
        # The file may be an hour old.  A newer owner is indexed when an event about the package comes.
        owners = retry(connectors["distgit"].owners)
    except NotPublic as error:
        log.warning("packages keep the owners of the current index: %s", error.sentence)
        owners = _owners_in(index, names)
    return Lists(names, lists, owners)


def _owners_in(index: IndexReader | None, names: Iterable[str]) -> Mapping[str, str]:
    """Return the owners of packages in an index; none without one."""
    with suppress(SearchUnavailable):
        documents = filter(None, map(index.source, names)) if index else ()
        return {document.name: document.owner for document in documents if document.owner}
    return {}


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
