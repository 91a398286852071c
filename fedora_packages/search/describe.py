"""Describing: one package's document, made from what the upstreams say of it now.

The one thing to know: a document is whole or it is not made.  Whatever upstream fails, its `UpstreamError` is
raised, and the index keeps what it has.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import islice
from typing import Any

from fedora_packages.errors import ReleaseNotServed
from fedora_packages.nvr import is_package_name
from fedora_packages.query import Queries
from fedora_packages.search.document import BINARIES_KEPT, DESCRIPTION_KEPT, SUMMARY_KEPT, URL_KEPT, Binary, Document
from fedora_packages.specfile import description, summary


def describe(
    name: str,
    branches: Sequence[str],
    queries: Queries,
    owners: Mapping[str, str] | None = None,
    is_listed: bool = False,
) -> Document | None:
    """Return the document of the source package ``name``, or None if no upstream knows such a package.

    A name that is only a binary's gives the document of the source that builds it.

    ``branches`` are those of the active releases to look in, in reading order; the first that has the package
    describes it.  A package in no repository is new if dist-git has a spec file on one of the branches, and else
    retired.  ``owners`` are owners of packages that were read before (without them dist-git is asked); ``is_listed``
    says that koji has the package and lists it for these branches, so that not each of them must be asked about.

    Source: ``mdapi.package``, ``distgit.maintainers``; ``distgit.spec`` for a source without a binary of its name;
    ``koji.builds`` and ``distgit.spec`` for what is in no repository.  Raises `UpstreamError`.
    """
    document, builder = _of_source(name, branches, queries, owners, is_listed)
    if document is None and builder is not None:
        document, _ = _of_source(builder, branches, queries, owners, is_listed=False)
    return document


def serves(branch: str, name: str, queries: Queries) -> bool:
    """Whether mdapi has repositories of a release, as its answer about any package says.  Raises `UpstreamError`."""
    try:
        queries["mdapi.package"].fetch(name, branch)
    except ReleaseNotServed:
        return False
    return True


def describe_all(
    names: Iterable[str], describe_one: Callable[[str], Document | None], threads: int
) -> Iterator[tuple[str, "Future[Document | None]"]]:
    """Yield each name with its description or error, a future that is done, in the order in which they come.

    ``threads`` describe at once.  Closing the iterator begins no more of them, and waits for those under way.
    """
    names = iter(names)
    waiting: dict[Future[Document | None], str] = {}
    with ThreadPoolExecutor(threads, thread_name_prefix="describe") as pool:
        try:
            while True:
                # A few more than can run, so that no thread is idle, and no more, so that memory is bounded.
                more = islice(names, 4 * threads - len(waiting))
                waiting.update({pool.submit(describe_one, name): name for name in more})
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future
        finally:
            for future in waiting:
                future.cancel()


def _of_source(
    name: str, branches: Sequence[str], queries: Queries, owners: Mapping[str, str] | None, is_listed: bool
) -> tuple[Document | None, str | None]:
    """Return the document of a source package, and the source of a binary that is called so."""
    builders: list[str] = []
    having: list[str] = []
    first: Mapping[str, Any] | None = None
    for number, branch in enumerate(branches):
        row = _row(name, branch, queries)
        if not row["found"]:
            continue
        builders.append(row["source"])
        if row["source"] == name:
            having.append(branch)
            first = first or row
            if is_listed:
                having += branches[number + 1 :]
                break
    if first:
        return _in_repositories(name, having, first, queries, owners), None
    if (is_listed or queries["koji.builds"].fetch(name)["total"] > 0) and _is_package(name, queries, owners):
        return _in_no_repository(name, branches, queries, owners), None
    return None, next((source for source in builders if is_package_name(source)), None)


def _row(name: str, branch: str, queries: Queries) -> Mapping[str, Any]:
    try:
        return queries["mdapi.package"].fetch(name, branch)
    except ReleaseNotServed:
        return {"found": False}


def _is_package(name: str, queries: Queries, owners: Mapping[str, str] | None) -> bool:
    """Whether dist-git has it as a package: koji builds images and containers too, which are none."""
    return name in (owners or ()) or queries["distgit.maintainers"].fetch(name)["found"]


def _in_no_repository(
    name: str, branches: Sequence[str], queries: Queries, owners: Mapping[str, str] | None
) -> Document:
    specs = {branch: _spec(name, branch, queries) for branch in branches}
    branches = tuple(branch for branch, spec in specs.items() if spec)
    spec = next(filter(None, specs.values()), "")
    return Document(
        name,
        summary=(summary(spec) or "")[:SUMMARY_KEPT],
        description=(description(spec) or "")[:DESCRIPTION_KEPT],
        owner=_owner(name, queries, owners),
        branch=next(iter(branches), None),
        releases=branches,
        retired=not branches,
    )


def _in_repositories(
    name: str, branches: Sequence[str], row: Mapping[str, Any], queries: Queries, owners: Mapping[str, str] | None
) -> Document:
    about = dict(_about_binaries(name, branches[0], row, queries))
    binaries = tuple(
        Binary(binary, about[binary]["summary"][:SUMMARY_KEPT] if binary in about else "") for binary in _binaries(row)
    )
    document = Document(
        name, owner=_owner(name, queries, owners), branch=branches[0], releases=tuple(branches), binaries=binaries
    )
    said = about.get(document.main_binary, row)
    # mdapi knows binaries only: of a source without one of its name, its spec file speaks.
    spec = "" if document.main_binary == name else _spec(name, branches[0], queries)
    return replace(
        document,
        summary=(summary(spec) or said["summary"])[:SUMMARY_KEPT],
        description=(description(spec) or said["description"])[:DESCRIPTION_KEPT],
        url=said["url"] and said["url"][:URL_KEPT],
    )


def _spec(name: str, branch: str, queries: Queries) -> str:
    return queries["distgit.spec"].fetch(name, branch).get("text", "")


def _binaries(row: Mapping[str, Any]) -> list[str]:
    return [binary for binary in sorted(row["siblings"]) if is_package_name(binary)][:BINARIES_KEPT]


def _about_binaries(
    name: str, branch: str, row: Mapping[str, Any], queries: Queries
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what mdapi says of each binary, but for one whose name is another source's: of that it would speak."""
    for binary in _binaries(row):
        said = row if binary == row["name"] else queries["mdapi.package"].connector.binary(binary, branch)
        if said["found"] and said["source"] == name:
            yield binary, said


def _owner(name: str, queries: Queries, owners: Mapping[str, str] | None) -> str | None:
    if owners is not None and name in owners:
        return owners[name]
    return queries["distgit.maintainers"].fetch(name).get("owner")
