"""The builder: the whole index anew, from what the repositories of each release have.

It is built in two steps: what upstreams say is staged in ``INDEX.staging``, then written to a folder of its own,
``INDEX.YYYYMMDDHHMMSS-PID``, which takes its place by renaming one symbolic link.  Readers have the old index or the new one;
a build that fails, or is killed, leaves the old one, and what was staged for the next build.  A copy stays as it was built, and
``INDEX.last`` leads to it: for whoever finds the current one, into which the worker writes, damaged.

The one thing to know: the writer's lock is held from before the first question until the link is swapped.  What the
worker is told meanwhile stays noted, and is described again after.
"""

import os
import re
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from fedora_packages.connectors.mirror import PARTIAL, Mirror
from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.indexing.assemble import Assembly
from fedora_packages.search.indexing.collect import collect
from fedora_packages.search.indexing.context import MAX_FAILURES, MAX_UNBUILT, BuildContext, Progress, no_progress
from fedora_packages.search.indexing.retry import Retry
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.indexing.writer import index_lock, is_sound
from fedora_packages.search.reader import LAST, IndexReader

#: Seconds for which a build waits for the worker to end a batch.
LOCK_WAIT = 300.0

#: What a build that did not end leaves, in half a sentence: nothing, what the next one goes on from, or all that it was to make.
UNCHANGED = "the index is unchanged"
STAGED = f"{UNCHANGED}, and the next run continues from what is staged"
BUILT = "the new index is in place"

#: Seconds for which a description that a killed build has staged is taken.
FRESH = 24 * 3600.0


@dataclass(frozen=True)
class Built:
    """What a build made, and what it took."""

    packages: int
    binaries: int
    retired: int  # of the packages
    releases: tuple[str, ...]  # that were looked into, in reading order
    skipped_releases: tuple[
        str, ...
    ]  # active ones that could not be: what only they have is as it was, or hardly described
    seconds: float
    phases: Mapping[str, float]  # seconds of each
    bytes: int  # of the index
    peak_memory: int  # bytes
    failed: tuple[str, ...]  # whose description failed: they have the document they had, if any
    skipped: int  # how much of the repositories was passed over


class Builder:
    """Builds the index at ``index``, a symbolic link that is made where there is none.

    ``connectors`` are all by name; ``mirror`` is the address or folder of the repositories; ``concurrency`` is how many
    packages are described at once; ``progress`` is told of each phase how much is done; ``retry`` makes its requests (default:
    a `Retry` of its own), ``lock_wait`` is how long another writer is waited for, ``fresh`` how old a description may be that
    is found staged, all in seconds.  For ``max_failures`` and ``max_unbuilt`` see `Means`.
    """

    def __init__(
        self,
        index: str | Path,
        connectors: Mapping[str, Any],
        mirror: str,
        concurrency: int = 16,
        progress: Progress = no_progress,
        retry: Retry | None = None,
        lock_wait: float = LOCK_WAIT,
        fresh: float = FRESH,
        max_failures: int = MAX_FAILURES,
        max_unbuilt: int = MAX_UNBUILT,
        clock: Callable[[], float] = time.time,
    ):
        self.index = Path(os.path.normpath(index))
        self.last = Path(f"{self.index}{LAST}")
        self._mirror = mirror
        self._connectors = connectors
        self._concurrency = concurrency
        self._progress = progress
        self._retry = retry or Retry()
        self._lock_wait = lock_wait
        self._fresh = fresh
        self._max_failures = max_failures
        self._max_unbuilt = max_unbuilt
        self._clock = clock
        #: What a build has left, whether or not it came to its end: `UNCHANGED`, `STAGED` or `BUILT`.
        self.left = UNCHANGED

    def build(self) -> Built:
        """Build the index and swap it in.

        A package whose description fails keeps the document that the old index has of it, or is left out, and is
        named in what is returned; more than a few are a failure of all.  Raises `UpstreamError`, `IndexLocked`,
        `SearchUnavailable`; the old index is then as it was.
        """
        try:
            self.index.parent.mkdir(parents=True, exist_ok=True)
            if self.index.is_dir() and not self.index.is_symlink():
                raise SearchUnavailable(
                    f"{self.index} is a folder, not a link to one: move it away, the index goes there"
                )
            with index_lock(self.index, self._lock_wait):
                self._remove_leftovers()
                return self._build()
        except OSError as error:
            raise SearchUnavailable(f"the search index {self.index} cannot be built: {error}") from error

    def _build(self) -> Built:
        name = f"{self.index.name}.{datetime.fromtimestamp(self._clock(), UTC):%Y%m%d%H%M%S}-{os.getpid()}"
        # One process may build twice in a second.
        folder = next(place for number in count() if not (place := self.index.with_name(f"{name}{number}")).exists())
        started, phases = time.monotonic(), dict[str, float]()
        try:
            is_current_sound = is_sound(self.index)
            old = self.index if is_current_sound else self.last if is_sound(self.last) else None
            context = self._context(old)
            with Staging(self._beside("staging")) as staging:
                with _timed(phases, "staging"):
                    staged = collect(staging, context, self._files(context))
                assembly = Assembly(staging, staged, context.index)
                with _timed(phases, "counting"):
                    most = assembly.count_dependents()
                with _timed(phases, "writing"):
                    counts = assembly.write(folder, most, lambda done, total: self._progress("documents", done, total))
            copy = folder.with_name(f"{folder.name}.copy")
            shutil.copytree(folder, copy)
            _swap(self.index, folder)
            _swap(self.last, copy)
            staging.remove()
            shutil.rmtree(self._beside("staging.d"), ignore_errors=True)
        finally:
            self.left = self._found_left(folder)
            # The new one after a failure, the old one with its copy after a success.
            self._remove_leftovers()
        return Built(
            packages=counts.packages,
            binaries=counts.binaries,
            retired=counts.retired,
            releases=staged.releases,
            skipped_releases=staged.skipped_releases,
            seconds=round(time.monotonic() - started, 1),
            phases=phases,
            bytes=sum(file.stat().st_size for file in folder.iterdir()),
            peak_memory=_peak_memory(),
            failed=staged.failed,
            skipped=staged.skipped,
        )

    def _found_left(self, folder: Path) -> str:
        """Return what a build that was to write a folder has left."""
        if self.index.resolve() == folder.resolve():
            return BUILT
        # A file that did not come whole is asked for again.
        if any(path.suffix != PARTIAL for path in self._beside("staging.d").glob("*")):
            return STAGED
        if self._beside("staging").exists():
            with suppress(SearchUnavailable), Staging(self._beside("staging"), read_only=True) as staging:
                return UNCHANGED if staging.is_empty else STAGED
        return UNCHANGED

    def _context(self, old: Path | None) -> BuildContext:
        return BuildContext(
            connectors=self._connectors,
            retry=self._retry,
            concurrency=self._concurrency,
            progress=self._progress,
            fresh=self._fresh,
            max_failures=self._max_failures,
            max_unbuilt=self._max_unbuilt,
            index=IndexReader(old) if old else None,
            clock=self._clock,
        )

    def _files(self, context: BuildContext) -> Mirror:
        return Mirror(self._mirror, self._beside("staging.d"), lambda: context.retry.is_stopped)

    def _beside(self, ending: str) -> Path:
        return self.index.with_name(f"{self.index.name}.{ending}")

    def _remove_leftovers(self) -> None:
        """Remove the folders of builds, killed ones too; readers that have one open read on until they look again."""
        ours = re.compile(re.escape(self.index.name) + r"\.[0-9]{14}-[0-9]+(\.copy)?(\.link|\.part[0-9]*)?")
        wanted = {self.index.resolve(), self.last.resolve()}
        for path in _matching(self.index.parent.iterdir(), ours):
            if path.is_symlink():
                path.unlink()
            elif path.resolve() not in wanted:
                shutil.rmtree(path)


@contextmanager
def _timed(phases: dict[str, float], phase: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    phases[phase] = round(time.monotonic() - started, 1)


def _peak_memory() -> int:
    # Linux counts kilobytes, others bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1024 if sys.platform == "linux" else 1)


def _matching(paths: Iterable[Path], pattern: re.Pattern[str]) -> list[Path]:
    return [path for path in paths if pattern.fullmatch(path.name)]


def _swap(index: Path, folder: Path) -> None:
    """Make ``index`` a link to the folder beside it, in one step."""
    link = folder.with_name(f"{folder.name}.link")
    # Relative, so that the whole directory can be moved or mounted elsewhere.
    link.symlink_to(folder.name, target_is_directory=True)
    os.replace(link, index)
    directory = os.open(index.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
