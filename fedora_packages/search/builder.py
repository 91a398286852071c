"""The builder: the whole index anew, from what koji, bodhi, dist-git and mdapi say now.

It is built in a folder of its own, ``INDEX.YYYYMMDDHHMMSS-PID``, and takes its place by renaming one symbolic link:
readers have the old index or the new one, and a build that fails, or is killed, leaves the old one.

The one thing to know: the writer's lock is held from before the first question until the link is swapped.  What the
worker is told meanwhile stays noted, and is described again after.
"""

import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from fedora_packages.errors import SearchUnavailable, UpstreamError, UpstreamLied
from fedora_packages.nvr import is_package_name
from fedora_packages.query import NO_PACKAGE, Queries
from fedora_packages.search.describe import describe, describe_all, serves
from fedora_packages.search.document import Document
from fedora_packages.search.reader import Reader
from fedora_packages.search.writer import Writer, index_lock

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Documents between two commits: bounds memory, and nobody reads before the end.
COMMIT_EVERY = 2000

#: Seconds before each further try of what an upstream did not answer.
RETRIES = (1.0, 5.0, 30.0)

#: Seconds for which a build waits for the worker to end a batch.
LOCK_WAIT = 300.0

#: How many packages may fail, with all their tries, before the build does: these, or one in a hundred.
FAILURES = 20


@dataclass(frozen=True)
class Built:
    """What a build made, and how long it took."""

    packages: int
    binaries: int
    retired: int  # of the packages
    seconds: float
    bytes: int
    failed: tuple[str, ...]  # whose description failed: they have the document they had, if any


class Builder:
    """Builds the index at ``index``, a symbolic link that is made where there is none.

    ``connectors`` are all by name; ``concurrency`` is how many packages are described at once; ``progress`` is told
    how many are done, of how many; ``retries`` are the pauses before each further try, and ``lock_wait`` how long
    another writer is waited for, in seconds.
    """

    def __init__(
        self,
        index: str | Path,
        connectors: Mapping[str, Any],
        concurrency: int = 16,
        progress: Callable[[int, int], None] = lambda done, total: None,
        retries: Sequence[float] = RETRIES,
        lock_wait: float = LOCK_WAIT,
        clock: Callable[[], float] = time.time,
    ):
        self.index = Path(os.path.normpath(index))
        self._connectors = connectors
        self._queries = Queries(connectors.values())
        self._concurrency = concurrency
        self._progress = progress
        self._retries = retries
        self._lock_wait = lock_wait
        self._clock = clock
        self._given_up = threading.Event()

    def build(self) -> Built:
        """Build the index and swap it in.

        A package whose description fails keeps the document that the old index has of it, or is left out, and is
        named in what is returned; more than a few are a failure of all.  Raises `UpstreamError`, `IndexLocked`,
        `SearchUnavailable`; the old index is then as it was.
        """
        started = time.monotonic()
        try:
            self.index.parent.mkdir(parents=True, exist_ok=True)
            if self.index.is_dir() and not self.index.is_symlink():
                raise SearchUnavailable(
                    f"{self.index} is a folder, not a link to one: move it away, the index goes there"
                )
            with index_lock(self.index, self._lock_wait):
                self._remove_all_but(self.index.resolve())
                return self._build(started)
        except OSError as error:
            raise SearchUnavailable(f"the search index {self.index} cannot be built: {error}") from error

    def _build(self, started: float) -> Built:
        folder = self.index.with_name(
            f"{self.index.name}.{datetime.fromtimestamp(self._clock(), UTC):%Y%m%d%H%M%S}-{os.getpid()}"
        )
        try:
            counts = self._write(folder)
            _swap(self.index, folder)
        finally:
            # The new one after a failure, the old one after a success.
            self._remove_all_but(self.index.resolve())
        size = sum(file.stat().st_size for file in folder.iterdir())
        return Built(seconds=round(time.monotonic() - started, 1), bytes=size, **counts)

    def _write(self, folder: Path) -> dict[str, Any]:
        where = self._where()
        # The file may be an hour old: an owner who changed since is only right once the package is touched again.
        owners = self._patiently(self._connectors["distgit"].owners)
        counts: dict[str, Any] = {"packages": 0, "binaries": 0, "retired": 0}
        failed: list[str] = []

        def describe_one(name: str) -> Document | None:
            return self._patiently(lambda: describe(name, where[name], self._queries, owners, is_listed=True))

        self._given_up.clear()
        self._progress(0, len(where))
        described = describe_all(where, describe_one, self._concurrency)
        try:
            with Writer(folder, create=True) as writer:
                for done, (name, future) in enumerate(described, start=1):
                    document = self._outcome(name, future, failed, len(where))
                    if document is not None:
                        writer.replace([document])
                        counts["packages"] += 1
                        counts["binaries"] += len(document.binaries)
                        counts["retired"] += document.retired
                    if done % COMMIT_EVERY == 0:
                        writer.commit()
                    self._progress(done, len(where))
                writer.commit()
        finally:
            # Whoever waits for another try need not: nobody will ask for it.
            self._given_up.set()
            described.close()
        return {**counts, "failed": tuple(failed)}

    def _where(self) -> dict[str, tuple[str, ...]]:
        """Return koji's packages, each with the branches that may have it, in reading order.

        A release that mdapi does not serve (ELN is one) has no files, changelogs and dependencies to show, and is left out.
        """
        koji = self._connectors["koji"]
        releases = self._patiently(lambda: self._queries["bodhi.releases"].fetch(NO_PACKAGE))["releases"]
        if not releases:
            raise UpstreamLied("bodhi", "the releases", "it has none that is active")
        names = [name for name in self._patiently(koji.packages) if is_package_name(name)]
        if not names:
            raise UpstreamLied("koji", "listPackages of the hub", "it has none")
        has = {
            release["branch"]: self._listed(koji, release["stable_tag"])
            for release in releases
            if self._patiently(lambda branch=release["branch"]: serves(branch, names[0], self._queries))
        }
        if not has:
            raise UpstreamLied("mdapi", "the releases", "it serves none of the active ones")
        # What a release has is in its tag's list of packages: without that, mdapi would be asked for each retired
        # package in each release.  A tag that koji does not know (a release so new that it has none yet) may have
        # what any other has.
        anywhere = set().union(*(listed for listed in has.values() if listed)) or set(names)
        return {
            name: tuple(branch for branch, listed in has.items() if name in (anywhere if listed is None else listed))
            for name in names
        }

    def _listed(self, koji: Any, tag: str | None) -> set[str] | None:
        if tag is None:
            return None
        try:
            return set(self._patiently(lambda: koji.packages(tag)))
        except UpstreamLied as error:
            log.warning("which packages the tag %s has is not known: %s", tag, error)
            return None

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Return what upstream answers, asking again after each pause if it does not; raises what it said last."""
        pauses = iter(self._retries)
        while True:
            try:
                return ask()
            except UpstreamError as error:
                pause = next(pauses, None)
                if pause is None or self._given_up.wait(pause):
                    raise
                if isinstance(error, UpstreamLied):
                    # An answer that makes no sense is seldom a hiccup: it gets one more try.
                    pauses = iter(())

    def _outcome(self, name: str, future: "Future[Document | None]", failed: list[str], total: int) -> Document | None:
        try:
            return future.result()
        except UpstreamError as error:
            failed.append(name)
            if len(failed) > max(FAILURES, total // 100):
                raise
            log.warning("%s keeps the document it had, if any: %s", name, error)
        try:
            return Reader(self.index).source(name)
        except SearchUnavailable:
            return None

    def _remove_all_but(self, current: Path) -> None:
        """Remove the folders of builds, killed ones too; readers that have one open read on until they look again."""
        ours = re.compile(re.escape(self.index.name) + r"\.[0-9]{14}-[0-9]+(\.link)?")
        for path in _matching(self.index.parent.iterdir(), ours):
            if path.is_symlink():
                path.unlink()
            elif path.resolve() != current:
                shutil.rmtree(path)


def _matching(paths: Iterable[Path], pattern: re.Pattern[str]) -> list[Path]:
    return [path for path in paths if pattern.fullmatch(path.name)]


def _swap(index: Path, folder: Path) -> None:
    """Make ``index`` a link to the folder, in one step."""
    link = folder.with_name(f"{folder.name}.link")
    # Relative, so that the whole directory can be moved or mounted elsewhere.
    link.symlink_to(folder.name, target_is_directory=True)
    os.replace(link, index)
    directory = os.open(index.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
