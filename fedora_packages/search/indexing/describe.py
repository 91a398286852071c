"""Describe one source package: its document, from what Koji, mdapi and dist-git have now.

A document is complete or does not exist: when an upstream fails, its `UpstreamError` is raised, and the index keeps what it has.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from fedora_packages.connectors.query import Queries
from fedora_packages.errors import NotPublic, ReleaseNotServed
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search.document import (
    MAX_BINARIES,
    MAX_CAPABILITIES,
    MAX_FILES,
    MAX_SUMMARY_LENGTH,
    Binary,
    Document,
)
from fedora_packages.search.indexing.merge import bounded_lines, merge, part_of, with_part, with_texts

T = TypeVar("T")

#: Binaries of other releases that are tried in a release whose answer names none.
MAX_BINARIES_TRIED = 5


def describe(
    name: str,
    branches: Sequence[str],
    queries: Queries,
    previous: Callable[[str], Document | None] = lambda name: None,
) -> Document | None:
    """Return the document of the source package ``name``, or None for an unknown package.

    For the name of a binary alone, that is the document of the source that builds it.

    ``branches`` are those of active releases, in reading order.  mdapi is read once for each, and the document merges them.  A
    package in no repository is new if dist-git has a spec file on one of the branches, else retired.  ``previous`` returns the
    current document of a source package, which keeps the releases that mdapi does not serve.

    Source: ``mdapi.package``, ``mdapi.files``, ``distgit.maintainers``; ``distgit.spec`` for a source without a binary of
    its name; ``koji.builds`` and ``distgit.spec`` for what is in no repository.  Raises `UpstreamError`.
    """
    document, builder = _of_source(name, branches, queries, previous)
    if document is None and builder is not None:
        document, _ = _of_source(builder, branches, queries, previous)
    if document is not None and document.owner is None and (before := previous(document.name)):
        # dist-git may not show owners any more.
        return replace(document, owner=before.owner)
    return document


def describe_unbuilt(
    name: str, branches: Sequence[str], queries: Queries, owners: Mapping[str, str] | None = None
) -> Document | None:
    """Return the document of a package in no repository, or None if dist-git has no such package: Koji also builds images.

    The package is new if dist-git has a spec file on one of the branches, else retired.  ``owners`` are known owners; others are
    read from dist-git.
    Source: ``distgit.maintainers``, or ``distgit.retirement`` if maintainers are not public; ``distgit.spec``.  Raises
    `UpstreamError`.
    """
    owner = owners.get(name) if owners else None
    if owner is None:
        maintainers = _maintainers(name, queries)
        if not maintainers["found"]:
            return None
        owner = maintainers["owner"]
    specs = {branch: _spec(name, branch, queries) for branch in branches}
    having = [branch for branch, spec in specs.items() if spec["found"]]
    if not having:
        return Document(name, owner=owner, retired=True)
    spec = specs[having[0]]
    return with_texts(merge(name, having, (), owner), spec["summary"] or "", spec["description"] or "", None)


def describe_all(
    names: Iterable[str], describe_package: Callable[[str], T], threads: int
) -> Iterator[tuple[str, "Future[T]"]]:
    """Yield each name with a finished future of its description, as they finish, with several ``threads``.

    Closing the iterator starts no more descriptions and waits for none: an upstream may take long to answer.
    """
    names = iter(names)
    waiting: dict[Future[T], str] = {}
    pool = ThreadPoolExecutor(threads, thread_name_prefix="describe")
    try:
        while True:
            # A few more than can run keep all threads busy, and memory bounded.
            more = islice(names, 4 * threads - len(waiting))
            waiting.update({pool.submit(describe_package, name): name for name in more})
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                yield waiting.pop(future), future
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _of_source(
    name: str, branches: Sequence[str], queries: Queries, previous: Callable[[str], Document | None]
) -> tuple[Document | None, str | None]:
    """Return the document of a source package, and the source of a binary of that name."""
    served = {branch: _row(name, branch, queries) for branch in branches}
    rows = {branch: row for branch, row in served.items() if row is not None and row["found"]}
    having = {branch: row for branch, row in rows.items() if row["source"] == name}
    document = None
    if having:
        document = _in_repositories(name, having, queries)
    elif queries["koji.builds"].fetch(name)["total"] > 0:
        document = describe_unbuilt(name, branches, queries)
    if document is None:
        sources = filter(None, (row["source"] for row in rows.values()))
        return None, next(filter(is_package_name, sources), None)
    before = None if document.retired else previous(name)
    part = before and part_of(before, [branch for branch, row in served.items() if row is None])
    return with_part(document, part, branches) if part else document, None


def _row(name: str, branch: str, queries: Queries) -> Mapping[str, Any] | None:
    """Return mdapi's row, or None for a release that mdapi does not serve."""
    try:
        return queries["mdapi.package"].connector.source(name, branch)
    except ReleaseNotServed:
        return None


def _in_repositories(name: str, rows: Mapping[str, Mapping[str, Any]], queries: Queries) -> Document:
    """Merge mdapi's rows of a source, by branch."""
    rows = {branch: row if row["siblings"] else _again(name, branch, rows, queries) for branch, row in rows.items()}
    having: dict[str, list[str]] = {}
    for branch, row in rows.items():
        for binary in filter(is_package_name, row["siblings"]):
            having.setdefault(binary, []).append(branch)
    about = {
        binary: _about_binary(name, binary, branches[0], rows[branches[0]], queries)
        for binary, branches in sorted(having.items())[:MAX_BINARIES]
    }
    binaries = ((_binary(binary, row, having[binary][0], queries), having[binary]) for binary, row in about.items())
    owner = _maintainers(name, queries).get("owner")
    document = merge(name, list(rows), binaries, owner)
    row = about.get(document.main_binary) or rows[document.branch]
    # mdapi has summaries of binaries only.  The spec file has that of a source without a binary of its name.
    spec = {} if document.main_binary == name else _spec(name, document.branch, queries)
    summary, description = (spec.get(key) or row[key] for key in ("summary", "description"))
    return with_texts(document, summary, description, row["url"])


def _again(name: str, branch: str, rows: Mapping[str, Mapping[str, Any]], queries: Queries) -> Mapping[str, Any]:
    """Return a row that names the binaries of a source in a release, where mdapi's row of the source names none.

    That happens for an updated source without a binary of its name.  A binary of another release may lead to the others.
    """
    other_binaries = dict.fromkeys(binary for row in rows.values() for binary in row["siblings"])
    for binary in islice(filter(is_package_name, other_binaries), MAX_BINARIES_TRIED):
        row = queries["mdapi.package"].connector.binary(binary, branch)
        if row["found"] and row["source"] == name:
            return row
    return rows[branch]


def _maintainers(name: str, queries: Queries) -> Mapping[str, Any]:
    """Return ``distgit.maintainers``; if they are not public, whether dist-git has the package, with an unknown owner."""
    try:
        return queries["distgit.maintainers"].fetch(name)
    except NotPublic:
        return {"found": queries["distgit.retirement"].fetch(name)["found"], "owner": None}


def _spec(name: str, branch: str, queries: Queries) -> Mapping[str, Any]:
    return queries["distgit.spec"].fetch(name, branch)


def _about_binary(
    name: str, binary: str, branch: str, row: Mapping[str, Any], queries: Queries
) -> Mapping[str, Any] | None:
    """Return mdapi's row of a binary, or None if the row of that name is of another source."""
    found = row if binary == row["name"] else queries["mdapi.package"].connector.binary(binary, branch)
    if found["found"] and found["source"] is None:
        # mdapi does not always say; the binaries of a source have the same siblings.
        return found if found["siblings"] == row["siblings"] else None
    return found if found["found"] and found["source"] == name else None


def _binary(name: str, row: Mapping[str, Any] | None, branch: str, queries: Queries) -> Binary:
    if row is None:
        return Binary(name)
    files = queries["mdapi.files"].fetch(name, branch).get("directories", ())
    paths = (f"{folder['path'].rstrip('/')}/{file}" for folder in files for file, _ in folder["files"])
    return Binary(
        name,
        row["summary"][:MAX_SUMMARY_LENGTH],
        provides=bounded_lines(row["provides"], MAX_CAPABILITIES),
        obsoletes=bounded_lines(row["obsoletes"], MAX_CAPABILITIES),
        files=bounded_lines(paths, MAX_FILES),
    )
