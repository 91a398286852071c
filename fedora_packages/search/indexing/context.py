"""The stage: what a build has staged, from whichever source, and the describing of packages one by one.

The one thing to know: a package that is described is committed before the next is looked at, so that a build that is killed has
lost no more than what was under way.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from fedora_packages.errors import SearchUnavailable, UpstreamError
from fedora_packages.search.document import Document
from fedora_packages.search.indexing.describe import describe_all
from fedora_packages.search.indexing.merge import DocumentDraft, with_previous
from fedora_packages.search.indexing.package_list import PackageList
from fedora_packages.search.indexing.retry import Retry
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.reader import IndexReader

log = logging.getLogger(__name__)

#: How many packages may fail, with all their tries, before the build does: these, or one in a hundred.
MAX_FAILURES = 20

#: Packages that Koji lists for a release and no repository has, for which dist-git is asked.  Fedora has a few hundred: new ones,
#: and some that were never built.
MAX_UNBUILT = 3000

#: Told of a phase's name, how much is done, and of how much: bytes of downloads, packages, documents.
Progress = Callable[[str, int, int], None]


def no_progress(phase: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class StagedPackages:
    """What was staged.

    ``releases`` are the branches that were looked into, in reading order, ``skipped_releases`` those of active releases that
    could not be, though they have what no other has; ``owners`` those of packages; ``described`` the packages that were
    described one by one; ``failed`` those of which that failed.  ``unchanged`` are packages of what was left out that the index
    knows: they stay as they are.  ``skipped`` is how much of the repositories was passed over.
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
        """The packages that are taken over from the index as it has them, if it has them."""
        return frozenset((*self.failed, *self.unchanged))


@dataclass(frozen=True)
class BuildContext:
    """What a stage works with: all connectors by name, how many packages are described at once, what was current before.

    What was described less than ``fresh`` seconds ago is not described again.  More than ``max_failures`` packages that fail,
    or one in a hundred, are a failure of all.  Of packages in no repository dist-git is asked for ``max_unbuilt``.  ``index``
    reads the index that there is (None: there is none that is sound).
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

    def old(self, name: str) -> Document | None:
        """Return the document that the index has of a package."""
        with suppress(SearchUnavailable):
            return self.index.source(name) if self.index else None
        return None

    def unchanged(self, package_list: PackageList, without: Collection[str] = ()) -> frozenset[str]:
        """Return the packages of releases that are left out which stay as the index has them, but for some names."""
        names = (name for name in package_list.in_skipped if name not in without)
        return frozenset(name for name in names if (old := self.old(name)) and not old.retired)

    def describe(
        self,
        staging: Staging,
        wanted: Mapping[str, tuple[str, ...]],
        describe_package: Callable[[str], DocumentDraft | None],
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        """Describe packages, each wanted from some branches, and return which have a description, and which failed.

        More than a few that fail are a failure of all.  Raises `UpstreamError`.
        """
        fresh = staging.described(self.clock() - self.fresh)
        described = {name for name, branches in wanted.items() if fresh.get(name) == " ".join(branches)}
        missing = [name for name in wanted if name not in described]
        failed: list[str] = []
        self.progress("described", len(described), len(wanted))
        results = describe_all(missing, lambda name: self.retry(lambda: describe_package(name)), self.concurrency)
        try:
            for done, (name, future) in enumerate(results, start=len(described) + 1):
                try:
                    found = future.result()
                except UpstreamError as error:
                    failed.append(name)
                    if len(failed) > max(self.max_failures, len(wanted) // 100):
                        raise
                    log.warning("%s keeps the document it had, if any: %s", name, error.sentence)
                else:
                    if found is not None:
                        staging.describe(self.clock(), wanted[name], [self._with_previous(found)])
                        described.add(name)
                self.progress("described", done, len(wanted))
        except BaseException:
            self.retry.stop()
            raise
        finally:
            results.close()
        return frozenset(described), tuple(failed)

    def _with_previous(self, found: DocumentDraft) -> DocumentDraft:
        if not found.document.retired:
            return found
        return replace(found, document=with_previous(found.document, self.old(found.document.name)))
