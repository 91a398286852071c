"""The build context: what a build works with, and what it has staged."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fedora_packages.search.document import Document
from fedora_packages.search.indexing.retry import Retry
from fedora_packages.search.reader import IndexReader

#: Packages that may fail, after all attempts, before the build fails: so many, or one in a hundred.
MAX_FAILURES = 20

#: Packages that Koji lists for a release and no repository has, for which dist-git is read.  Fedora has a few hundred: new ones,
#: and some that were never built.
MAX_UNBUILT = 3000

#: Seconds for which a staged description is used again.
FRESH = 24 * 3600.0

#: Called with a phase's name, how much is done, and the total: bytes of downloads, packages, documents.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class StagedPackages:
    """What is staged beside the repositories.

    ``releases`` are the branches whose repositories were read, in reading order; ``skipped_releases`` are those of other active
    releases.  ``owners`` are owners by package.  ``described`` packages have a description each, and ``failed`` ones have none.
    ``kept`` has the documents of the current index that are copied from it: of failed packages, and of those of skipped releases.
    ``skipped`` counts invalid packages of repositories.
    """

    releases: tuple[str, ...]
    owners: Mapping[str, str] = field(default_factory=dict)
    described: frozenset[str] = frozenset()
    failed: tuple[str, ...] = ()
    kept: Mapping[str, Document] = field(default_factory=dict)
    skipped_releases: tuple[str, ...] = ()
    skipped: int = 0


@dataclass(frozen=True)
class BuildContext:
    """What a build works with.

    ``concurrency`` packages are described at the same time.  A staged description is used again if it is younger than ``fresh``
    seconds.  ``retry`` makes the requests.  ``index`` reads the current index, or is None if there is no sound one.  For
    ``max_failures`` and ``max_unbuilt`` see `MAX_FAILURES` and `MAX_UNBUILT`.
    """

    connectors: Mapping[str, Any]
    concurrency: int = 16
    progress: Progress = lambda phase, done, total: None
    retry: Retry = field(default_factory=Retry)
    fresh: float = FRESH
    max_failures: int = MAX_FAILURES
    max_unbuilt: int = MAX_UNBUILT
    clock: Callable[[], float] = time.time
    index: IndexReader | None = None
