"""Staging from repodata: the lists of packages and files of every repository of every active release.

The one thing to know: of what is there nothing may be missing.  A repository that is not there is no error (a release has no
updates yet, a release is nowhere on the mirror); one that is there and cannot be read is, and the index stays as it was.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from fedora_packages.connectors.mirror import Announced, Fetched, Mirror
from fedora_packages.connectors.query import Queries
from fedora_packages.errors import UpstreamError, UpstreamUnavailable
from fedora_packages.search.indexing import repodata
from fedora_packages.search.indexing.context import BuildContext, StagedPackages
from fedora_packages.search.indexing.describe import describe_unbuilt
from fedora_packages.search.indexing.merge import DocumentDraft
from fedora_packages.search.indexing.package_list import PackageList, read_package_list, releases
from fedora_packages.search.indexing.repodata import Package
from fedora_packages.search.indexing.repositories import Repository, repositories
from fedora_packages.search.indexing.staging import Staging

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Files that are downloaded and checked at the same time, beside the one that is read.
DOWNLOADS = 2

#: Packages between two words on progress.
PROGRESS_EVERY = 500

#: How much of what is passed over is named.
MAX_LOGGED = 20

_REPOMD = "repodata/repomd.xml"


@dataclass(frozen=True)
class FoundRepository:
    """A repository that is on the mirror: where, and the files that it announces, by kind."""

    repository: Repository
    path: str
    files: Mapping[str, Announced]


def collect(staging: Staging, context: BuildContext, mirror: Mirror) -> StagedPackages:
    """Stage what the repositories have, and what koji and dist-git say of the rest; returns what that was.

    Raises `UpstreamError`.
    """
    return _Collector(staging, context, mirror).run()


class _Collector:
    def __init__(self, staging: Staging, context: BuildContext, mirror: Mirror):
        self._staging = staging
        self._context = context
        self._mirror = mirror
        self._skipped = 0
        # Packages, as far as they are known of, and bytes by kind of file.
        self._staged = self._expected = 0
        self._to_download: Counter[str] = Counter()
        self._downloaded: Counter[tuple[str, str]] = Counter()
        self._telling = threading.Lock()

    def run(self) -> StagedPackages:
        active = releases(self._context.connectors, self._context.retry)
        there = [found for release in active for found in self._of_release(release)]
        branches = tuple(dict.fromkeys(found.repository.release for found in there))
        if not there:
            raise UpstreamUnavailable("mirror", self._mirror.address(""), "it has no repository of an active release")
        # Koji takes as long to list packages as we to read the half of them.
        package_list = _begun(
            partial(read_package_list, self._context.connectors, self._context.retry, active, branches), "package-list"
        )
        try:
            self._stage_packages(there, package_list)
            self._staging.arrange([found.repository for found in there])
            self._stage_files(there)
            known = frozenset(self._staging.sources())
            described, failed = self._describe_rest(package_list.result(), known)
        except BaseException:
            self._context.retry.stop()
            raise
        found = package_list.result()
        unchanged = self._context.unchanged(found, known)
        return StagedPackages(
            branches, found.owners, described, failed, unchanged, found.skipped_releases, self._skipped
        )

    # What is there.

    def _of_release(self, release: Mapping[str, Any]) -> list[FoundRepository]:
        """Return the repositories of a release that are there; none if none of binary packages is."""
        wanted = repositories(release)
        found = [there for repository in wanted if (there := self._look(repository))]
        if any(not there.repository.is_source for there in found):
            missing = {repository.label for repository in wanted} - {there.repository.label for there in found}
            for label in sorted(missing):
                log.info("there is no repository %s (yet)", label)
            return found
        log.warning("the release %s is left out: the mirror has no repository of it", release["branch"])
        return []

    def _look(self, repository: Repository) -> FoundRepository | None:
        for path in repository.paths:
            content = self._context.retry(partial(self._mirror.read, f"{path}/{_REPOMD}"))
            if content is not None:
                return FoundRepository(
                    repository, path, repodata.announced(content, self._mirror.address(f"{path}/{_REPOMD}"))
                )
        return None

    # Lists of packages, then lists of files.

    def _stage_packages(self, there: Sequence[FoundRepository], package_list: "Future[PackageList]") -> None:
        missing = [
            found for found in there if not self._staging.has(found.repository, found.files["primary"].checksum[1])
        ]
        # Of what is read anew the files are asked for too, but of sources: how much there is to download is known from the start.
        self._to_download["filelists"] = sum(
            found.files["filelists"].size
            for found in missing
            if "filelists" in found.files and not found.repository.is_source
        )
        sourced = {found.repository.release for found in there if found.repository.is_source}
        with closing(self._fetched(missing, "primary")) as files:
            for found, fetched in files:
                if package_list.done():
                    # Without koji's answer all that is read is read in vain.
                    package_list.result()
                # Of a binary package the description counts only where there is no source package to have one.
                is_described = found.repository.is_source or found.repository.release not in sourced
                packages = self._packages(found, fetched, is_described)
                self._staging.stage(found.repository, found.files["primary"].checksum[1], packages)

    def _packages(self, found: FoundRepository, fetched: Fetched, is_described: bool) -> Iterator[Package]:
        """Yield a repository's packages, and show progress."""
        self._expected += fetched.packages
        address = self._address(found, "primary")
        for package in repodata.packages(fetched, address, found.repository.is_source, is_described, self._skip):
            self._staged += 1
            if self._staged % PROGRESS_EVERY == 0:
                self._context.progress("packages", self._staged, self._expected)
            yield package
        self._context.progress("packages", self._staged, self._expected)

    def _stage_files(self, there: Sequence[FoundRepository]) -> None:
        lacking = self._staging.lacking_files()
        wanted = [found for found in there if found.repository.label in lacking]
        for found in wanted:
            if "filelists" not in found.files:
                log.warning("which files packages have is not known of %s", found.repository.label)
        wanted = [found for found in wanted if "filelists" in found.files]
        done, total = 0, sum(len(lacking[found.repository.label]) for found in wanted)
        with closing(self._fetched(wanted, "filelists")) as files:
            for found, fetched in files:
                its = lacking[found.repository.label]
                with self._staging.add_files(its) as add:
                    repodata.files(fetched, self._address(found, "filelists"), its, add)
                done += len(its)
                self._context.progress("files", done, total)

    def _address(self, found: FoundRepository, kind: str) -> str:
        return self._mirror.address(f"{found.path}/{found.files[kind].href}")

    def _skip(self, what: str) -> None:
        self._skipped += 1
        if self._skipped <= MAX_LOGGED:
            log.warning("passed over: %s", what)

    def _fetched(self, there: Sequence[FoundRepository], kind: str) -> Iterator[tuple[FoundRepository, Fetched]]:
        """Yield repositories with a file of each, in order; the next are downloaded while one is looked at."""
        self._to_download[kind] = sum(found.files[kind].size for found in there)
        self._show_downloads()
        pool = ThreadPoolExecutor(DOWNLOADS, thread_name_prefix="mirror")
        try:
            for future in [pool.submit(self._fetch, found, kind) for found in there]:
                yield future.result()
        except BaseException:
            self._context.retry.stop()
            raise
        finally:
            # A download that waits for its next attempt would hold up what ends the build, such as Ctrl-C.
            pool.shutdown(wait=False, cancel_futures=True)

    def _show_downloads(self, part: tuple[str, str] | None = None, size: int = 0) -> None:
        """Show how much is downloaded: now so many bytes of a part of it."""
        # Told by several threads, it would go back now and then.
        with self._telling:
            if part is not None:
                self._downloaded[part] = size
            total = self._to_download.total()
            if total:
                self._context.progress("downloads", min(self._downloaded.total(), total), total)

    def _fetch(self, found: FoundRepository, kind: str) -> tuple[FoundRepository, Fetched]:
        told = partial(self._show_downloads, (kind, found.repository.label))

        def fetch(found: FoundRepository) -> Fetched:
            return self._context.retry(lambda: self._mirror.fetch(found.path, found.files[kind], told))

        try:
            return found, fetch(found)
        except UpstreamError:
            # The repository may be another one since it was looked at; a mirror brings its files one after another.
            again = None if self._context.retry.is_stopped else self._look(found.repository)
            if again is None or kind not in again.files or again.files[kind] == found.files[kind]:
                raise
            return again, fetch(again)

    # What no repository has.

    def _describe_rest(
        self, package_list: PackageList, known: frozenset[str]
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        """Describe the packages that are in no repository: those that a release lists are new, or never were built."""
        rest = {name: package_list.branches_of(name) for name in package_list.branches if name not in known}
        # What no release lists is retired, if it was a package: koji builds images too, and owns none of them.
        rest = {name: its for name, its in rest.items() if its or name in package_list.owners}
        unbuilt = [name for name in rest if package_list.branches[name]]
        beyond = frozenset(unbuilt[self._context.max_unbuilt :])
        if beyond:
            log.warning("of %d packages in no repository %d are not looked for in dist-git", len(unbuilt), len(beyond))
        queries = Queries(self._context.connectors.values())

        def describe(name: str) -> DocumentDraft | None:
            if name in beyond or name in package_list.in_skipped:
                return package_list.draft_of(name)
            return describe_unbuilt(name, rest[name], queries, package_list.owners)

        return self._context.describe(self._staging, rest, describe)


def _begun(call: Callable[[], T], name: str) -> "Future[T]":
    """Return the future of a call in a thread of its own, for which nothing waits in the end: its upstream may hang."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
