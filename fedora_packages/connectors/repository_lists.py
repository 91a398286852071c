"""Read the lists of a repository, one package at a time: ``primary`` (packages), ``filelists`` (files), ``other`` (changelogs).

Anyone can write these files.  The parser gives up a file at the first byte that XML does not allow.  Such a file is then read
package by package, and the bytes are removed.  A broken file raises an `InvalidResponse` with its URL.

`_library` imports the parser when a file is read first.
"""

import os
import re
import sys
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from fedora_packages.connectors.repository_files import (
    MAX_COMPRESSED_BYTES,
    MAX_UNCOMPRESSED_BYTES,
    Fetched,
    RepositoryFile,
)
from fedora_packages.errors import InvalidNVR, InvalidResponse
from fedora_packages.rpm.nvr import EVR, NVR, is_package_name, parse_nvr

#: Kinds of checksums that are trusted, with their number of digits.
DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}

#: Where librpm looks for its settings, the file that it needs, and an empty one of ours.
_RPM_CONFIGDIR = "RPM_CONFIGDIR"
_RPMRC = Path("/usr/lib/rpm/rpmrc")
_OUR_RPMRC = Path(__file__).with_name("rpm") / "rpmrc"

#: Packages of a file that may be invalid XML before the whole file counts as broken: so many, or one in a hundred.
MAX_INVALID = 20

#: Characters that XML does not allow, references to characters, and the checksum in a list of files.
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile("&#(?:x0*([0-9a-fA-F]{1,8})|0*([0-9]{1,8}));")
_PKGID = re.compile(rb"<package[^>]*\spkgid=[\"']([^\"']*)")

#: A path below a repository.
_HREF = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._+-]*/)*[A-Za-z0-9_][A-Za-z0-9._+-]*\.(?:xml|gz|bz2|xz|zst)")


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


@dataclass(frozen=True)
class Listing:
    """What a ``repomd.xml`` says: the revision, usually in seconds since 1970 (0 for any other text), and the files by kind."""

    revision: int
    files: Mapping[str, RepositoryFile]


def listing_of(content: bytes, url: str) -> Listing:
    """Return what a repository says in its ``repomd.xml``; its files are primary, filelists and others.

    Files of an unknown compression or without a trusted checksum are skipped.  Raises `InvalidResponse`.
    """
    createrepo_c = _library()
    try:
        # The parser reads files only.
        with NamedTemporaryFile(suffix=".xml") as file:
            file.write(content)
            file.flush()
            found = createrepo_c.Repomd(file.name)
    except createrepo_c.CreaterepoCError as error:
        raise InvalidResponse("mirror", url, "no list of a repository's files", content) from error
    files = {record.type: _file(record) for record in found.records}
    if not files.get("primary"):
        raise InvalidResponse("mirror", url, "a list of files without a readable list of packages", content)
    revision = found.revision or ""
    return Listing(
        int(revision) if re.fullmatch("[0-9]{1,12}", revision) else 0,
        {kind: file for kind, file in files.items() if file},
    )


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


def rows(fetched: Fetched, url: str, skipped: Callable[[str], None] = lambda reason: None) -> Iterator[Any]:
    """Yield the packages of a list of packages (``primary``) as the parser returns them.

    ``skipped`` is called with the reason for each invalid package.  Raises `InvalidResponse` for a file that is broken.
    """
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


def each_listed(
    kind: str,
    fetched: Fetched,
    url: str,
    checksums: Container[str],
    add: Callable[[Any], None],
    skipped: Callable[[str], None] = lambda reason: None,
) -> None:
    """Call ``add`` with packages of a list of files (``filelists``) or of changelogs (``other``), as the parser returns them.

    ``checksums`` are those of the packages that are wanted.  ``skipped`` is called with the reason for each invalid package.
    Raises `InvalidResponse` for a broken file, and what ``add`` raises.
    """
    createrepo_c = _library()
    count, raised = 0, []

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
            add(package)
        except Exception as error:
            # The parser keeps the message only.
            raised.append(error)
            raise

    try:
        getattr(createrepo_c, f"xml_parse_{kind}")(str(fetched.path), begin, end, None)
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

    for package in _each(fetched, broken, getattr(createrepo_c, f"xml_parse_{kind}_snippet"), skipped, is_wanted):
        if package.pkgId in checksums:
            add(package)


def _broken(error: Exception, url: str) -> InvalidResponse:
    # The parser's message has the path of our copy.
    words = re.sub(r"'[^']*' ", "", str(error)).strip().replace("\n", "")
    return InvalidResponse("mirror", url, f"a broken file ({words:.200})")


def _check_count(count: int, fetched: Fetched, url: str) -> None:
    # The parser ignores unknown elements, and so a page of HTML.
    if count != fetched.packages:
        raise InvalidResponse("mirror", url, f"{count} packages instead of the declared {fetched.packages}")


def rank(evr: tuple[str | None, str | None, str | None], arch: str | None) -> tuple[EVR, bool]:
    """Return the sort key of packages of one name: newer ones are preferred, then those of the 64-bit architecture."""
    epoch, version, release = evr
    number = epoch if epoch and re.fullmatch(r"[0-9]{1,9}", epoch) else 0
    return EVR(number, version or "", release or ""), arch != "i686"


def source_of(row: Any) -> NVR:
    """Return the source package of a binary package.  Raises `ValueError` if one of the two has an invalid name."""
    if not is_package_name(row.name):
        raise ValueError(f"a package called {row.name!r:.80}")
    return _source(row.rpm_sourcerpm or "", row.name)


# Packages of one source follow each other.
@lru_cache(maxsize=256)
def _source(sourcerpm: str, name: str) -> NVR:
    try:
        return parse_nvr(re.sub(r"\.(?:no)?src\.rpm$", "", sourcerpm))
    except InvalidNVR as error:
        raise ValueError(f"{name} with a source package {sourcerpm!r:.80}") from error
