"""Read what a repository's files say of its packages, one package at a time.

Anyone can write these files.  An invalid package, such as one with a slash in its name or without a source, is skipped and
reported.  The parser gives up a file at the first byte that XML does not allow.  Such a file is then read package by package, and
the bytes are removed.  A broken file raises an `InvalidResponse` with its URL.

`_library` imports the parser when a file is read first.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from itertools import islice
from operator import itemgetter
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple
from xml.parsers.expat import ExpatError, ParserCreate

from fedora_packages.connectors.repository_files import (
    MAX_COMPRESSED_BYTES,
    MAX_UNCOMPRESSED_BYTES,
    Fetched,
    RepositoryFile,
)
from fedora_packages.errors import InvalidNVR, InvalidResponse
from fedora_packages.messages import text
from fedora_packages.rpm.nvr import EVR, is_package_name, parse_nvr
from fedora_packages.search.document import (
    MAX_CAPABILITIES,
    MAX_DESCRIPTION_LENGTH,
    MAX_FILES,
    MAX_SUMMARY_LENGTH,
    MAX_URL_LENGTH,
)
from fedora_packages.search.indexing.merge import lines

#: Kinds of checksums that are trusted, with their number of digits.
DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}

#: Where librpm looks for its settings, the file that it needs, and an empty one of ours.
_RPM_CONFIGDIR = "RPM_CONFIGDIR"
_RPMRC = Path("/usr/lib/rpm/rpmrc")
_OUR_RPMRC = Path(__file__).with_name("rpm") / "rpmrc"

#: The name in a relation as the parser returns it.
_NAME = itemgetter(0)

#: Packages of a file that may be invalid XML before the whole file counts as broken: so many, or one in a hundred.
MAX_INVALID = 20

#: Characters that XML does not allow, references to characters, and the checksum in a list of files.
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile("&#(?:x0*([0-9a-fA-F]{1,8})|0*([0-9]{1,8}));")
_PKGID = re.compile(rb"<package[^>]*\spkgid=[\"']([^\"']*)")

#: A path below a repository.
_HREF = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._+-]*/)*[A-Za-z0-9_][A-Za-z0-9._+-]*\.(?:xml|gz|bz2|xz|zst)")


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
        mine, its = _evr(*self.evr), _evr(*evr)
        return mine > its or (mine == its and arch == "i686" and self.arch != "i686")


@cache
def _library() -> Any:
    """Import the parser and return it.

    Few processes read repositories, and librpm, which comes with it, reads its settings at once.  Without an installed rpm it
    would print an error about missing settings, on which nothing here depends.
    """
    is_pointed = _RPM_CONFIGDIR not in os.environ and not _RPMRC.exists()
    if is_pointed:
        os.environ[_RPM_CONFIGDIR] = str(_OUR_RPMRC.parent)
    try:
        import createrepo_c
    finally:
        if is_pointed:
            # The settings are read.  Child processes find their own.
            os.environ.pop(_RPM_CONFIGDIR, None)
    return createrepo_c


def files_of(content: bytes, url: str) -> dict[str, RepositoryFile]:
    """Return the files that a repository lists in its ``repomd.xml``, by kind: primary, filelists and others.

    Files of an unknown compression or without a trusted checksum are skipped.  Raises `InvalidResponse`.
    """
    createrepo_c = _library()
    try:
        # The parser reads files only.
        with NamedTemporaryFile(suffix=".xml") as file:
            file.write(content)
            file.flush()
            records = createrepo_c.Repomd(file.name).records
    except createrepo_c.CreaterepoCError as error:
        raise InvalidResponse("mirror", url, "no list of a repository's files", content) from error
    files = {record.type: _file(record) for record in records}
    if not files.get("primary"):
        raise InvalidResponse("mirror", url, "a list of files without a readable list of packages", content)
    return {kind: file for kind, file in files.items() if file}


def _file(record: Any) -> RepositoryFile | None:
    packed = _checksum(record.checksum_type, record.checksum)
    # A file without compression has one checksum.
    unpacked = _checksum(record.checksum_open_type, record.checksum_open) or packed
    open_size = record.size_open if record.size_open and record.size_open > 0 else record.size
    is_sane = 0 < (record.size or 0) <= MAX_COMPRESSED_BYTES and 0 < (open_size or 0) <= MAX_UNCOMPRESSED_BYTES
    if not (packed and is_sane and not record.location_base and _HREF.fullmatch(record.location_href or "")):
        return None
    return RepositoryFile(record.location_href, packed, record.size, unpacked, open_size)


def _checksum(kind: str | None, digits: str | None) -> tuple[str, str] | None:
    is_one = kind in DIGITS and re.fullmatch(rf"[0-9a-f]{{{DIGITS[kind]}}}", digits or "")
    return (kind, digits) if is_one else None


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
    for row in _rows(fetched, url, skipped):
        try:
            package = _package(row, is_source, is_described)
        except ValueError as error:
            skipped(f"{error} in {url}")
            continue
        if package.provides.count("\n") == MAX_CAPABILITIES - 1:
            cut(f"capabilities of {package.name} beyond the first {MAX_CAPABILITIES} in {url}")
        yield package


def _rows(fetched: Fetched, url: str, skipped: Callable[[str], None]) -> Iterator[Any]:
    """Yield the packages of a list as the parser returns them."""
    createrepo_c, count = _library(), 0
    try:
        for row in createrepo_c.PackageIterator(str(fetched.path), None, None):
            count += 1
            yield row
    except createrepo_c.CreaterepoCError as error:
        broken = _broken(error, url)
    else:
        _check_count(count, fetched, url)
        return
    yield from islice(_each(fetched, broken, createrepo_c.xml_parse_primary_snippet, skipped), count, None)


def _each(
    fetched: Fetched,
    broken: InvalidResponse,
    parse: Callable[..., None],
    skipped: Callable[[str], None],
    is_wanted: Callable[[bytes], bool] = lambda text: True,
) -> Iterator[Any]:
    """Yield the packages of a broken file, each read by itself.  Raises the error ``broken`` if that is no help."""
    createrepo_c, count, invalid, text = _library(), 0, 0, b""
    for text in fetched.texts():
        count += 1
        found: list[Any] = []
        try:
            if is_wanted(text):
                cleaned = _cleaned(text)
                # The parser prints what it rejects.
                ParserCreate().Parse(cleaned, True)
                parse(cleaned, None, found.append)
        except (ExpatError, createrepo_c.CreaterepoCError) as error:
            invalid += 1
            skipped(f"a package with invalid XML ({error}) in {broken.request}")
        yield from found
    # A file that ends too early has too few packages, or half of the last.
    is_whole = count == fetched.packages and text.endswith(b"</package>")
    if not is_whole or invalid == count or invalid > max(MAX_INVALID, count // 100):
        raise broken


def _cleaned(text: bytes) -> str:
    """Return a text without the characters that XML does not allow, written out or as references."""
    return _REFERENCE.sub(_allowed, _FORBIDDEN.sub("", text.decode("utf-8", "replace")))


def _allowed(reference: re.Match[str]) -> str:
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return reference[0] if number <= sys.maxunicode and not _FORBIDDEN.match(chr(number)) else ""


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
    createrepo_c = _library()
    checksums, count, raised = frozenset(checksums), 0, []

    def begin(checksum: str, name: str, arch: str) -> Any:
        nonlocal count
        count += 1
        if checksum not in checksums:
            return None
        package = createrepo_c.Package()
        package.pkgId = checksum
        return package

    def end(package: Any) -> None:
        try:
            add(package.pkgId, _files(package))
        except Exception as error:
            # The parser keeps the message only.
            raised.append(error)
            raise

    try:
        createrepo_c.xml_parse_filelists(str(fetched.path), begin, end, None)
    except createrepo_c.CreaterepoCError as error:
        if raised:
            raise raised[0] from error
        broken = _broken(error, url)
    else:
        _check_count(count, fetched, url)
        return

    def is_wanted(text: bytes) -> bool:
        found = _PKGID.search(text)
        return found is None or found[1].decode("ascii", "replace") in checksums

    for package in _each(fetched, broken, createrepo_c.xml_parse_filelists_snippet, skipped, is_wanted):
        if package.pkgId in checksums:
            add(package.pkgId, _files(package))


def _broken(error: Exception, url: str) -> InvalidResponse:
    # The parser's message has the path of our copy.
    words = re.sub(r"'[^']*' ", "", str(error)).strip().replace("\n", "")
    return InvalidResponse("mirror", url, f"a broken file ({words:.200})")


def _check_count(count: int, fetched: Fetched, url: str) -> None:
    # The parser ignores unknown elements, and so a page of HTML.
    if count != fetched.packages:
        raise InvalidResponse("mirror", url, f"{count} packages instead of the declared {fetched.packages}")


def _package(row: Any, is_source: bool, is_described: bool) -> Package:
    name = row.name
    if not is_package_name(name):
        raise ValueError(f"a package called {name!r:.80}")
    return Package(
        name,
        name if is_source else _source(row.rpm_sourcerpm or "", name),
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


# Packages of one source follow each other.
@lru_cache(maxsize=256)
def _source(sourcerpm: str, name: str) -> str:
    try:
        return parse_nvr(re.sub(r"\.(?:no)?src\.rpm$", "", sourcerpm)).name
    except InvalidNVR as error:
        raise ValueError(f"{name} with a source package {sourcerpm!r:.80}") from error


def _evr(epoch: str | None, version: str | None, release: str | None) -> EVR:
    return EVR(epoch if epoch and re.fullmatch(r"[0-9]{1,9}", epoch) else 0, version or "", release or "")


def _files(row: Any) -> str:
    return lines([folder + name for _, folder, name in row.files if folder and name], MAX_FILES)
