"""Read what the index needs of a repository's packages.

Anyone can write a repository.  An invalid package, such as one with a slash in its name or without a source, is skipped and
reported.
"""

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from fedora_packages.connectors.repository_files import Fetched
from fedora_packages.connectors.repository_lists import each_listed, rank, rows, source_of
from fedora_packages.messages import text
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search.document import (
    MAX_CAPABILITIES,
    MAX_DESCRIPTION_LENGTH,
    MAX_FILES,
    MAX_SUMMARY_LENGTH,
    MAX_URL_LENGTH,
)
from fedora_packages.search.indexing.merge import lines

#: The name in a relation as the parser returns it.
_NAME = itemgetter(0)


class Package(NamedTuple):
    """A package of a repository.

    ``source`` is the name of its source package, or its own name if it is one.  ``checksum`` is that of its RPM, and the key to
    its files.  ``provides``, ``obsoletes``, ``requires`` and ``files`` have one item a line.  The files are those in the list of
    packages: commands, and files in /etc.
    """

    name: str
    source: str
    checksum: str
    evr: tuple[str | None, str | None, str | None]
    arch: str | None
    summary: str
    description: str
    url: str | None
    provides: str
    obsoletes: str
    requires: str
    files: str

    def replaces(self, evr: tuple[str | None, str | None, str | None], arch: str | None) -> bool:
        """Whether this package is preferred to one of the same name: a newer one, or one of the 64-bit architecture."""
        return rank(self.evr, self.arch) > rank(evr, arch)


def packages(
    fetched: Fetched,
    url: str,
    is_source: bool = False,
    is_described: bool = True,
    skipped: Callable[[str], None] = lambda reason: None,
    cut: Callable[[str], None] = lambda reason: None,
) -> Iterator[Package]:
    """Yield the packages of a list of packages (``primary``), several of one name if it has them.

    Without ``is_described`` they have no description.  ``skipped`` is called with the reason for each invalid package, and
    ``cut`` for each with too many capabilities.  Raises `InvalidResponse` for a file that is broken.
    """
    for row in rows(fetched, url, skipped):
        try:
            package = _package(row, is_source, is_described)
        except ValueError as error:
            skipped(f"{error} in {url}")
            continue
        if package.provides.count("\n") == MAX_CAPABILITIES - 1:
            cut(f"capabilities of {package.name} beyond the first {MAX_CAPABILITIES} in {url}")
        yield package


def files(
    fetched: Fetched,
    url: str,
    checksums: Iterable[str],
    add: Callable[[str, str], None],
    skipped: Callable[[str], None] = lambda reason: None,
) -> None:
    """Call ``add`` with the checksum and the files of packages, from a list of files, for some ``checksums``.

    ``skipped`` is called with the reason for each invalid package.  Raises `InvalidResponse` for a broken file, and what ``add``
    raises.
    """
    each_listed("filelists", fetched, url, frozenset(checksums), lambda row: add(row.pkgId, _files(row)), skipped)


def _package(row: Any, is_source: bool, is_described: bool) -> Package:
    if is_source and not is_package_name(row.name):
        raise ValueError(f"a package called {row.name!r:.80}")
    return Package(
        row.name,
        row.name if is_source else source_of(row).name,
        row.pkgId,
        (row.epoch, row.version, row.release),
        row.arch,
        text.line(row.summary or "")[:MAX_SUMMARY_LENGTH],
        text.lines(row.description or "")[:MAX_DESCRIPTION_LENGTH] if is_described else "",
        text.line(row.url or "")[:MAX_URL_LENGTH] or None,
        lines(map(_NAME, row.provides), MAX_CAPABILITIES),
        lines(map(_NAME, row.obsoletes), MAX_CAPABILITIES),
        # Those of a source package are its build requirements.
        lines(map(_NAME, row.requires), MAX_CAPABILITIES),
        _files(row),
    )


def _files(row: Any) -> str:
    return lines([folder + name for _, folder, name in row.files if folder and name], MAX_FILES)
