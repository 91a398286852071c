"""Build a whole new index and swap it in.

First the build stages what upstreams have in ``INDEX.staging``.  Then it writes a directory ``INDEX.YYYYMMDDHHMMSS-PID``, which
takes the place of the old one by the renaming of one symbolic link.  A build that fails or is killed leaves the old index, and
what it has staged for the next build.  ``INDEX.last`` leads to a copy of the new index as it was built, for when the current one,
into which the worker writes, is corrupt.

The build holds the writer's lock from its first request until the link is swapped.  Names of changed packages that the worker
notes meanwhile stay noted, and are described after the build.
"""

import os
import re
import resource
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from fedora_packages.connectors.http import user_agent
from fedora_packages.connectors.repository_files import PARTIAL, Mirror
from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.indexing.assemble import Assembly
from fedora_packages.search.indexing.collect import BuildContext, Collector
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.indexing.writer import index_lock, is_sound, sync
from fedora_packages.search.reader import LAST, IndexReader

#: What a build calls itself in the User-Agent of its requests.
ROLE = "index"

#: Seconds for which a build waits for another writer.
LOCK_WAIT = 300.0

#: What an unfinished build leaves, as half a sentence.
UNCHANGED = "the index is unchanged"
STAGED = f"{UNCHANGED}, and the next run continues from what is staged"
BUILT = "the new index is in place"


@dataclass(frozen=True)
class Built:
    """What a build has made, and its cost."""

    packages: int
    binaries: int
    retired: int  # of the packages
    releases: tuple[str, ...]  # whose repositories were read, in reading order
    skipped_releases: tuple[str, ...]  # broken ones, and missing ones with packages in these alone
    seconds: float
    phases: Mapping[str, float]  # seconds of each
    bytes: int  # of the index
    peak_memory: int  # bytes
    failed: tuple[str, ...]  # packages that could not be described and keep their documents, if they have one
    skipped: int  # invalid packages in repositories


class Builder:
    """Builds the index at ``index``, a symbolic link, which it makes if it is missing.

    ``connectors`` are all by name, and ``mirror`` is the URL or directory of the repositories, where requests name ``contact``.
    ``lock_wait`` is in seconds, see `LOCK_WAIT`.  ``options`` are other fields of `BuildContext`, such as ``concurrency``.
    """

    def __init__(
        self,
        index: str | Path,
        connectors: Mapping[str, Any],
        mirror: str,
        contact: str | None = None,
        lock_wait: float = LOCK_WAIT,
        **options: Any,
    ):
        self.index = Path(os.path.normpath(index))
        self.last = Path(f"{self.index}{LAST}")
        self._mirror = mirror
        self._agent = user_agent(ROLE, contact)
        self._lock_wait = lock_wait
        self._context = BuildContext(connectors, **options)
        #: What the build has left, finished or not: `UNCHANGED`, `STAGED` or `BUILT`.
        self.left = UNCHANGED

    def build(self) -> Built:
        """Build the index and swap it in.

        A package that cannot be described keeps its document in the old index and is named in the result.  Too many of them fail
        the build.  Raises `UpstreamError`, `IndexLocked` or `SearchUnavailable`, and leaves the old index then.
        """
        try:
            self.index.parent.mkdir(parents=True, exist_ok=True)
            if self.index.is_dir() and not self.index.is_symlink():
                raise SearchUnavailable(
                    f"{self.index} is a directory instead of a symbolic link: move it away, the index goes there"
                )
            with index_lock(self.index, self._lock_wait):
                self._remove_leftovers()
                return self._build()
        except OSError as error:
            raise SearchUnavailable(f"the search index {self.index} cannot be built: {error}") from error

    def _build(self) -> Built:
        name = f"{self.index.name}.{datetime.fromtimestamp(self._context.clock(), UTC):%Y%m%d%H%M%S}-{os.getpid()}"
        # One process may build twice in a second.
        paths = (self.index.with_name(f"{name}{number}") for number in count())
        folder = next(path for path in paths if not path.exists())
        started, phases = time.monotonic(), dict[str, float]()
        try:
            previous = next(filter(is_sound, (self.index, self.last)), None)
            context = replace(self._context, index=IndexReader(previous) if previous else None)
            kept = self._beside("staging.d")
            mirror = Mirror(self._mirror, kept, self._agent, lambda: context.retry.is_stopped)
            with Staging(self._beside("staging")) as staging:
                with _timed(phases, "staging"):
                    staged = Collector(staging, context, mirror).run()
                assembly = Assembly(staging, staged, previous)
                with _timed(phases, "counting"):
                    dependents = assembly.count_dependents()
                with _timed(phases, "writing"):
                    counts = assembly.write(folder, dependents, partial(context.progress, "documents"))
            copy = folder.with_name(f"{folder.name}.copy")
            shutil.copytree(folder, copy)
            _swap(self.index, folder)
            _swap(self.last, copy)
            staging.remove()
            shutil.rmtree(self._beside("staging.d"), ignore_errors=True)
        finally:
            self.left = self._find_left(folder)
            # The new directory after a failure, the old one with its copy after a success.
            self._remove_leftovers()
        return Built(
            **asdict(counts),
            releases=staged.releases,
            skipped_releases=staged.skipped_releases,
            seconds=round(time.monotonic() - started, 1),
            phases=phases,
            bytes=sum(file.stat().st_size for file in folder.iterdir()),
            peak_memory=_peak_memory(),
            failed=staged.failed,
            skipped=staged.skipped,
        )

    def _find_left(self, folder: Path) -> str:
        """Return what a build that was to write a directory has left."""
        if self.index.resolve() == folder.resolve():
            return BUILT
        # An incomplete download starts anew.
        downloads = [path for path in self._beside("staging.d").glob("*") if path.suffix != PARTIAL]
        staging = self._beside("staging")
        # A build that is stopped before it makes the tables leaves an empty file.
        return STAGED if downloads or (staging.exists() and staging.stat().st_size) else UNCHANGED

    def _beside(self, ending: str) -> Path:
        return self.index.with_name(f"{self.index.name}.{ending}")

    def _remove_leftovers(self) -> None:
        """Remove the directories of other builds, killed ones too.  A reader that has one open can still read it."""
        ours = re.compile(re.escape(self.index.name) + r"\.[0-9]{14}-[0-9]+(\.copy)?(\.link|\.part[0-9]*)?")
        in_use = {self.index.resolve(), self.last.resolve()}
        for path in [path for path in self.index.parent.iterdir() if ours.fullmatch(path.name)]:
            if path.is_symlink():
                path.unlink()
            elif path.resolve() not in in_use:
                shutil.rmtree(path)


@contextmanager
def _timed(phases: dict[str, float], phase: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    phases[phase] = round(time.monotonic() - started, 1)


def _peak_memory() -> int:
    # Linux counts kilobytes, other systems bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1024 if sys.platform == "linux" else 1)


def _swap(index: Path, folder: Path) -> None:
    """Make ``index`` a link to the directory beside it, in one step."""
    link = folder.with_name(f"{folder.name}.link")
    # A relative link survives the move of the whole directory.
    link.symlink_to(folder.name, target_is_directory=True)
    os.replace(link, index)
    sync(index.parent)
