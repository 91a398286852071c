"""The build context: what a build works with, and what it has staged; describe packages one by one.

Each description is committed before the next is read, so that a killed build loses only requests under way.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fedora_packages.errors import SearchUnavailable, UpstreamError
from fedora_packages.search.document import Document
from fedora_packages.search.indexing.describe import describe_all
from fedora_packages.search.indexing.merge import with_previous
from fedora_packages.search.indexing.package_list import PackageList
from fedora_packages.search.indexing.retry import Retry
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.reader import IndexReader

log = logging.getLogger(__name__)

#: Packages that may fail, after all attempts, before the build fails: so many, or one in a hundred.
MAX_FAILURES = 20

#: Packages that Koji lists for a release and no repository has, for which dist-git is read.  Fedora has a few hundred: new ones,
#: and some that were never built.
MAX_UNBUILT = 3000

#: Called with a phase's name, how much is done, and the total: bytes of downloads, packages, documents.
Progress = Callable[[str, int, int], None]


def no_progress(phase: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class StagedPackages:
    """What is staged beside the repositories.

    ``releases`` are the branches whose repositories were read, in reading order; ``skipped_releases`` are those of other active
    releases.  ``owners`` are owners by package.  ``described`` packages have a description each, and ``failed`` ones have none.
    ``unchanged`` are packages of skipped releases that keep the document of the current index.  ``skipped`` counts invalid
    packages of repositories.
    """

    releases: tuple[str, ...]
    owners: Mapping[str, str] = field(default_factory=dict)
    described: frozenset[str] = frozenset()
    failed: tuple[str, ...] = ()
    unchanged: frozenset[str] = frozenset()
    skipped_releases: tuple[str, ...] = ()
    skipped: int = 0

    @cached_property
    def copied(self) -> frozenset[str]:
        """The packages whose documents are copied from the current index, if it has them."""
        return frozenset((*self.failed, *self.unchanged))


@dataclass(frozen=True)
class BuildContext:
    """What a build works with.

    ``concurrency`` packages are described at the same time.  A staged description is used again if it is younger than ``fresh``
    seconds.  ``index`` reads the current index, or is None if there is no sound one.  For ``max_failures`` and ``max_unbuilt``
    see `MAX_FAILURES` and `MAX_UNBUILT`.
    """

    connectors: Mapping[str, Any]
    retry: Retry
    concurrency: int
    progress: Progress
    fresh: float
    max_failures: int
    max_unbuilt: int
    index: IndexReader | None = None
    clock: Callable[[], float] = time.time

    def previous(self, name: str) -> Document | None:
        """Return a package's document in the current index."""
        with suppress(SearchUnavailable):
            return self.index.source(name) if self.index else None
        return None

    def unchanged(self, package_list: PackageList, read: Collection[str]) -> frozenset[str]:
        """Return the packages of skipped releases that keep their documents: those not ``read`` from a repository."""
        names = (name for name in package_list.in_skipped if name not in read)
        return frozenset(name for name in names if (previous := self.previous(name)) and not previous.retired)

    def describe(
        self,
        staging: Staging,
        branches_by_name: Mapping[str, tuple[str, ...]],
        describe_package: Callable[[str], Document | None],
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        """Describe packages, each from some branches, and return the names of those described and of those that failed.

        Raises `UpstreamError` if too many fail.
        """
        fresh = staging.described(self.clock() - self.fresh)
        described = {name for name, branches in branches_by_name.items() if fresh.get(name) == " ".join(branches)}
        missing = [name for name in branches_by_name if name not in described]
        failed: list[str] = []
        self.progress("described", len(described), len(branches_by_name))
        results = describe_all(missing, lambda name: self.retry(lambda: describe_package(name)), self.concurrency)
        try:
            for done, (name, future) in enumerate(results, start=len(described) + 1):
                try:
                    document = future.result()
                except UpstreamError as error:
                    failed.append(name)
                    if len(failed) > max(self.max_failures, len(branches_by_name) // 100):
                        raise
                    log.warning("%s keeps its document, if it has one: %s", name, error.sentence)
                else:
                    if document is not None:
                        if document.retired:
                            document = with_previous(document, self.previous(name))
                        staging.describe(self.clock(), branches_by_name[name], document)
                        described.add(name)
                self.progress("described", done, len(branches_by_name))
        except BaseException:
            self.retry.stop()
            raise
        finally:
            results.close()
        return frozenset(described), tuple(failed)
