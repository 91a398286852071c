"""Collect what a build needs into the staging file: packages and files of every repository of every active release.

A repository may be missing: a release has no updates yet, or the mirror lacks a release.  A release with a broken repository is
skipped as a whole: without its updates it would show what is old.  A mirror that does not respond fails the build.

Packages in no repository are described one by one.  Each description is committed before the next is read, so that a killed build
loses only requests under way.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fedora_packages.connectors import repository_lists
from fedora_packages.connectors.query import Queries
from fedora_packages.connectors.repositories import Repository, repositories
from fedora_packages.connectors.repository_files import Fetched, Mirror, RepositoryFile
from fedora_packages.errors import InvalidResponse, SearchUnavailable, UpstreamError, UpstreamUnavailable
from fedora_packages.search.document import Document
from fedora_packages.search.indexing import repodata
from fedora_packages.search.indexing.describe import describe_all, describe_unbuilt
from fedora_packages.search.indexing.merge import part_of, with_previous
from fedora_packages.search.indexing.package_list import Lists, PackageList, read_lists, releases
from fedora_packages.search.indexing.repodata import Package
from fedora_packages.search.indexing.retry import Retry
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.reader import IndexReader

log = logging.getLogger(__name__)

#: Files that are downloaded and checked at the same time, beside the one that is read.
DOWNLOADS = 2

#: Packages between two calls of progress.
PROGRESS_EVERY = 500

#: Invalid packages, and those with too many capabilities, that are logged.
MAX_LOGGED = 20

#: Packages that may fail, after all attempts, before the build fails: so many, or one in a hundred.
MAX_FAILURES = 20

#: Packages that Koji lists for a release and no repository has, for which dist-git is read.  Fedora has a few hundred: new ones,
#: and some that were never built.
MAX_UNBUILT = 3000

#: Seconds for which a staged description is used again.
FRESH = 24 * 3600.0

#: Called with a phase's name, how much is done, and the total: bytes of downloads, packages, documents.
Progress = Callable[[str, int, int], None]

_REPOMD = "repodata/repomd.xml"


@dataclass(frozen=True)
class StagedPackages:
    """What is staged beside the repositories.

    ``releases`` are the branches whose repositories were read, in reading order.  ``skipped_releases`` are those of broken
    repositories, and those of missing ones with packages that are in these alone.  ``owners`` are owners by package.
    ``described`` packages have a description each, and ``failed`` ones have none.  ``kept`` has the documents of the current
    index that are copied from it: of failed packages, and of those whose newest release is skipped.  ``parts`` has what other
    documents of the current index have of skipped releases.  ``skipped`` counts invalid packages of repositories.  ``active`` are
    all branches, in reading order.
    """

    releases: tuple[str, ...]
    owners: Mapping[str, str] = field(default_factory=dict)
    described: frozenset[str] = frozenset()
    failed: tuple[str, ...] = ()
    kept: Mapping[str, Document] = field(default_factory=dict)
    skipped_releases: tuple[str, ...] = ()
    skipped: int = 0
    parts: Mapping[str, Document] = field(default_factory=dict)
    active: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class FoundRepository:
    """A repository on the mirror: its path, and the files it lists, by kind."""

    repository: Repository
    path: str
    files: Mapping[str, RepositoryFile]


def _in_background(read: Callable[[], Lists]) -> "Future[Lists]":
    """Read the lists in a daemon thread: neither the end of the build nor that of its process waits for it."""
    listing: Future[Lists] = Future()

    def run() -> None:
        try:
            listing.set_result(read())
        except Exception as error:
            listing.set_exception(error)

    threading.Thread(target=run, name="package-list", daemon=True).start()
    return listing


class Collector:
    """Reads upstreams and writes the staging file, once."""

    def __init__(self, staging: Staging, context: BuildContext, mirror: Mirror):
        self._staging = staging
        self._context = context
        self._mirror = mirror
        self._skipped = self._warned = 0
        # The branches of releases with a broken repository.
        self._broken: set[str] = set()
        # Packages, of the repositories opened so far, and bytes by kind of file.
        self._staged = self._expected = 0
        self._to_download: Counter[str] = Counter()
        self._downloaded: Counter[tuple[str, str]] = Counter()
        self._progress_lock = threading.Lock()

    def run(self) -> StagedPackages:
        """Stage all repositories, and the packages that none of them has, from Koji and dist-git.

        Raises `UpstreamError` and `SearchUnavailable`.
        """
        active = releases(self._context.connectors, self._context.retry)
        found = self._readable(repository for release in active for repository in self._of_release(release))
        # Koji takes as long to list packages as half of the repositories take to read.
        listing = _in_background(
            partial(read_lists, self._context.connectors, self._context.retry, active, self._context.index)
        )
        try:
            self._stage_packages(found, listing)
            found = self._stage_files(self._readable(found))
            branches = tuple(dict.fromkeys(each.repository.release for each in found))
            in_repositories = frozenset(self._staging.sources())
            package_list = listing.result().package_list(branches)
            described, failed = self._describe_rest(package_list, in_repositories)
        except BaseException:
            self._context.retry.stop()
            raise
        kept, parts = self._kept(failed, package_list, in_repositories)
        return StagedPackages(
            branches,
            package_list.owners,
            described,
            failed,
            kept,
            self._skipped_releases(active, package_list),
            self._skipped,
            parts,
            tuple(release["branch"] for release in active),
        )

    # Repositories on the mirror.

    def _of_release(self, release: Mapping[str, Any]) -> list[FoundRepository]:
        """Return the repositories of a release that the mirror has; none without one of binary packages."""
        expected = repositories(release)
        found: list[FoundRepository] = []
        with self._skipping(release["branch"]):
            found = [each for repository in expected if (each := self._find(repository))]
        if release["branch"] in self._broken:
            return []
        if any(not each.repository.is_source for each in found):
            missing = {repository.label for repository in expected} - {each.repository.label for each in found}
            for label in sorted(missing):
                log.info("the mirror has no repository %s (yet)", label)
            return found
        log.warning("the release %s is skipped: the mirror has no repository of it", release["branch"])
        return []

    @contextmanager
    def _skipping(self, branch: str) -> Iterator[None]:
        """Skip a release if one of its repositories is broken."""
        try:
            yield
        except InvalidResponse as error:
            self._broken.add(branch)
            log.warning("the release %s is skipped: %s", branch, error.sentence)

    def _readable(self, found: Iterable[FoundRepository]) -> list[FoundRepository]:
        """Return the repositories of releases that are not broken.  Raises `UpstreamUnavailable` if there are none."""
        readable = [each for each in found if each.repository.release not in self._broken]
        if not readable:
            raise UpstreamUnavailable("mirror", self._mirror.url(""), "no readable repository of an active release")
        return readable

    def _skipped_releases(self, active: Sequence[Mapping[str, Any]], package_list: PackageList) -> tuple[str, ...]:
        """Return the branches of releases that are broken, or are missing and have packages which no other release has."""
        only = filter(package_list.is_only_in_skipped, package_list.in_skipped)
        branches = self._broken.union(*(package_list.in_skipped[name] for name in only))
        return tuple(release["branch"] for release in active if release["branch"] in branches)

    def _find(self, repository: Repository) -> FoundRepository | None:
        for path in repository.paths:
            content = self._context.retry(partial(self._mirror.read, f"{path}/{_REPOMD}"))
            if content is not None:
                url = self._mirror.url(f"{path}/{_REPOMD}")
                return FoundRepository(repository, path, repository_lists.listing_of(content, url).files)
        return None

    # Lists of packages, then lists of files.

    def _stage_packages(self, found: Sequence[FoundRepository], listing: "Future[Lists]") -> None:
        unread = [each for each in found if not self._staging.has(each.repository, each.files["primary"].checksum[1])]
        # The total of downloads is known from the start: a repository that is read needs its files too, unless it has sources.
        self._to_download["filelists"] = sum(
            each.files["filelists"].size
            for each in unread
            if "filelists" in each.files and not each.repository.is_source
        )
        with_sources = {each.repository.release for each in found if each.repository.is_source}
        with closing(self._fetched(unread, "primary")) as files:
            for repository, future in files:
                if listing.done():
                    # A failed list of packages fails the build, and reading on is in vain.
                    listing.result()
                with self._skipping(repository.release):
                    each, fetched = future.result()
                    # The description of a binary package counts only where there is no source package.
                    is_described = repository.is_source or repository.release not in with_sources
                    packages = self._packages(each, fetched, is_described)
                    self._staging.stage(repository, each.files["primary"].checksum[1], packages)

    def _packages(self, found: FoundRepository, fetched: Fetched, is_described: bool) -> Iterator[Package]:
        """Yield a repository's packages, and show progress."""
        self._expected += fetched.packages
        url = self._url(found, "primary")
        is_source = found.repository.is_source
        for package in repodata.packages(fetched, url, is_source, is_described, self._skip, self._warn):
            self._staged += 1
            if self._staged % PROGRESS_EVERY == 0:
                self._context.progress("packages", self._staged, self._expected)
            yield package
        self._context.progress("packages", self._staged, self._expected)

    def _stage_files(self, found: list[FoundRepository]) -> list[FoundRepository]:
        """Stage the files of the packages that count.  Returns the repositories that could be read."""
        self._staging.arrange([each.repository for each in found])
        lacking = self._staging.lacking_files()
        needed = [each for each in found if each.repository.label in lacking and "filelists" in each.files]
        for label in sorted(lacking.keys() - {each.repository.label for each in needed}):
            log.warning("the repository %s has no list of files", label)
        done, total = 0, sum(len(lacking[each.repository.label]) for each in needed)
        with closing(self._fetched(needed, "filelists")) as files:
            for repository, future in files:
                ids = lacking[repository.label]
                with self._skipping(repository.release):
                    each, fetched = future.result()
                    with self._staging.add_files(ids) as add:
                        repodata.files(fetched, self._url(each, "filelists"), ids, add, self._skip)
                done += len(ids)
                self._context.progress("files", done, total)
        readable = self._readable(found)
        # Without the others, other packages count.
        return readable if len(readable) == len(found) else self._stage_files(readable)

    def _url(self, found: FoundRepository, kind: str) -> str:
        return self._mirror.url(f"{found.path}/{found.files[kind].href}")

    def _skip(self, reason: str) -> None:
        self._skipped += 1
        self._warn(reason)

    def _warn(self, reason: str) -> None:
        self._warned += 1
        if self._warned <= MAX_LOGGED:
            log.warning("skipped: %s", reason)

    def _fetched(
        self, found: Sequence[FoundRepository], kind: str
    ) -> Iterator[tuple[Repository, "Future[tuple[FoundRepository, Fetched]]"]]:
        """Yield repositories with a file of each, in order; the next ones are downloaded meanwhile."""
        self._to_download[kind] = sum(each.files[kind].size for each in found)
        self._show_downloads()
        pool = ThreadPoolExecutor(DOWNLOADS, thread_name_prefix="mirror")
        try:
            for each, future in [(each, pool.submit(self._fetch, each, kind)) for each in found]:
                yield each.repository, future
        finally:
            # A download that waits for its next attempt would delay the end of the build, after Ctrl-C for example.
            pool.shutdown(wait=False, cancel_futures=True)

    def _show_downloads(self, part: tuple[str, str] | None = None, size: int = 0) -> None:
        """Show the bytes downloaded; ``size`` is that of one part now."""
        # Without the lock threads could report an older sum after a newer one.
        with self._progress_lock:
            if part is not None:
                self._downloaded[part] = size
            total = self._to_download.total()
            if total:
                self._context.progress("downloads", min(self._downloaded.total(), total), total)

    def _fetch(self, found: FoundRepository, kind: str) -> tuple[FoundRepository, Fetched]:
        progress = partial(self._show_downloads, (kind, found.repository.label))

        def fetch(each: FoundRepository) -> Fetched:
            return self._context.retry(lambda: self._mirror.fetch(each.path, each.files[kind], progress))

        try:
            return found, fetch(found)
        except UpstreamError:
            # The repository may have changed since its list of files was read.
            again = None if self._context.retry.is_stopped else self._find(found.repository)
            if again is None or kind not in again.files or again.files[kind] == found.files[kind]:
                raise
            return again, fetch(again)

    # Packages in no repository.

    def _describe_rest(
        self, package_list: PackageList, in_repositories: frozenset[str]
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        """Describe the packages in no repository; those that a release lists are new, or were never built.

        Returns the names of those described and of those that failed.  Raises `UpstreamError` if too many fail.
        """
        rest = {name: package_list.branches_of(name) for name in package_list.branches if name not in in_repositories}
        # A name that no release lists is a retired package, or an image: images have no owner.
        rest = {name: branches for name, branches in rest.items() if branches or name in package_list.owners}
        unbuilt = [name for name in rest if package_list.branches[name]]
        beyond = frozenset(unbuilt[self._context.max_unbuilt :])
        if beyond:
            log.warning("%d of %d packages in no repository are not read from dist-git", len(beyond), len(unbuilt))
        queries = Queries(self._context.connectors.values())

        def describe(name: str) -> Document | None:
            if name in beyond or package_list.is_only_in_skipped(name):
                return package_list.document_of(name)
            return self._context.retry(lambda: describe_unbuilt(name, rest[name], queries, package_list.owners))

        fresh = self._staging.described(self._context.clock() - self._context.fresh)
        described = {name for name, branches in rest.items() if fresh.get(name) == " ".join(branches)}
        missing = [name for name in rest if name not in described]
        failed: list[str] = []
        self._context.progress("described", len(described), len(rest))
        with closing(describe_all(missing, describe, self._context.concurrency)) as results:
            for done, (name, future) in enumerate(results, start=len(described) + 1):
                try:
                    document = future.result()
                except UpstreamError as error:
                    failed.append(name)
                    if len(failed) > max(self._context.max_failures, len(rest) // 100):
                        raise
                    log.warning("%s keeps its document, if it has one: %s", name, error.sentence)
                else:
                    if document is not None:
                        if document.retired:
                            document = with_previous(document, self._previous(name))
                        self._staging.describe(self._context.clock(), rest[name], document)
                        described.add(name)
                self._context.progress("described", done, len(rest))
        return frozenset(described), tuple(failed)

    def _kept(
        self, failed: Sequence[str], package_list: PackageList, in_repositories: Collection[str]
    ) -> tuple[dict[str, Document], dict[str, Document]]:
        """Return the documents of the current index that packages keep, and what others keep of skipped releases."""
        kept = {name: document for name in failed if (document := self._previous(name))}
        parts = {}
        for name, branches in package_list.in_skipped.items():
            previous = self._previous(name)
            is_only = package_list.is_only_in_skipped(name) and name not in in_repositories
            if name in kept or previous is None or previous.retired:
                continue
            if is_only or previous.branch in branches:
                kept[name] = previous
            elif part := part_of(previous, branches):
                parts[name] = part
        return kept, parts

    def _previous(self, name: str) -> Document | None:
        """Return a package's document in the current index."""
        with suppress(SearchUnavailable):
            return self._context.index.source(name) if self._context.index else None
        return None
