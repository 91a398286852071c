"""Repodata: what a repository's files say of its packages, read one package at a time.

The one thing to know: what these files hold is anybody's.  A package that cannot be one (a name with a slash, no source) is
passed over and named; a file that is broken is an `InvalidResponse` with its address.  The library that reads them comes with the
first of them (`_library`).
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple

from fedora_packages.connectors.mirror import MAX_COMPRESSED_BYTES, MAX_UNCOMPRESSED_BYTES, Announced, Fetched
from fedora_packages.errors import InvalidNVR, InvalidResponse
from fedora_packages.rpm.nvr import EVR, is_package_name, parse_nvr
from fedora_packages.search.document import (
    MAX_CAPABILITIES,
    MAX_DESCRIPTION_LENGTH,
    MAX_FILES,
    MAX_SUMMARY_LENGTH,
    MAX_URL_LENGTH,
)
from fedora_packages.search.indexing.merge import lines

#: Kinds of checksum that are believed, each with its digits.
DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}

#: Where librpm looks for its settings, the file without which it complains, and one of ours that says nothing.
_RPM_CONFIGDIR = "RPM_CONFIGDIR"
_RPMRC = Path("/usr/lib/rpm/rpmrc")
_OUR_RPMRC = Path(__file__).with_name("rpm") / "rpmrc"

#: Of a relation as the parser gives it.
_NAME = itemgetter(0)

#: A place below a repository.
_HREF = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._+-]*/)*[A-Za-z0-9_][A-Za-z0-9._+-]*\.(?:xml|gz|bz2|xz|zst)")


class Package(NamedTuple):
    """A package as a repository has it.

    ``source`` is the name of its source package; its own, if it is one.  ``checksum`` is its rpm's and the key to its files.
    ``provides``, ``obsoletes``, ``requires`` and ``files`` are one a line; files are those that the list of packages has:
    commands, and what is in /etc.
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
        """Whether this one is meant where a repository has that too: the newer, and that of the machine's own architecture."""
        mine, its = _evr(*self.evr), _evr(*evr)
        return mine > its or (mine == its and arch == "i686" and self.arch != "i686")


@cache
def _library() -> Any:
    """Return the library, imported now: with it comes librpm, which reads its settings at once.

    Few processes read repositories, and need it.  Where rpm is not installed librpm finds no settings, and prints an error of
    that though nothing here depends on them.
    """
    is_pointed = _RPM_CONFIGDIR not in os.environ and not _RPMRC.exists()
    if is_pointed:
        os.environ[_RPM_CONFIGDIR] = str(_OUR_RPMRC.parent)
    try:
        import createrepo_c
    finally:
        if is_pointed:
            # It has read them; whatever is begun from here finds its own.
            os.environ.pop(_RPM_CONFIGDIR, None)
    return createrepo_c


def announced(content: bytes, address: str) -> dict[str, Announced]:
    """Return the files that a repository announces in its ``repomd.xml``, by kind: primary, filelists and such.

    Those that we cannot read (of another packing, with a checksum that proves nothing) are left out.  Raises `InvalidResponse`
    for what is no such file.
    """
    createrepo_c = _library()
    try:
        # It reads files only.
        with NamedTemporaryFile(suffix=".xml") as file:
            file.write(content)
            file.flush()
            records = createrepo_c.Repomd(file.name).records
    except createrepo_c.CreaterepoCError as error:
        raise InvalidResponse("mirror", address, "no list of a repository's files", content) from error
    found = {record.type: _announced(record) for record in records}
    if not found.get("primary"):
        raise InvalidResponse("mirror", address, "a list of files without one of packages that can be read", content)
    return {kind: its for kind, its in found.items() if its}


def _announced(record: Any) -> Announced | None:
    packed = _checksum(record.checksum_type, record.checksum)
    # What is not packed need not say twice what it is.
    unpacked = _checksum(record.checksum_open_type, record.checksum_open) or packed
    open_size = record.size_open if record.size_open and record.size_open > 0 else record.size
    is_sane = 0 < (record.size or 0) <= MAX_COMPRESSED_BYTES and 0 < (open_size or 0) <= MAX_UNCOMPRESSED_BYTES
    if not (packed and is_sane and not record.location_base and _HREF.fullmatch(record.location_href or "")):
        return None
    return Announced(record.location_href, packed, record.size, unpacked, open_size)


def _checksum(kind: str | None, digits: str | None) -> tuple[str, str] | None:
    is_one = kind in DIGITS and re.fullmatch(rf"[0-9a-f]{{{DIGITS[kind]}}}", digits or "")
    return (kind, digits) if is_one else None


def packages(
    fetched: Fetched,
    address: str,
    is_source: bool = False,
    is_described: bool = True,
    skipped: Callable[[str], None] = lambda why: None,
) -> Iterator[Package]:
    """Yield the packages of a list of packages (``primary``), of one name as many as there are.

    Without ``is_described`` they have no description; ``skipped`` is told which are passed over.  Raises `InvalidResponse` for a
    file that is broken.
    """
    createrepo_c, count = _library(), 0
    try:
        for row in createrepo_c.PackageIterator(str(fetched.path), None, None):
            count += 1
            try:
                package = _package(row, is_source, is_described)
            except ValueError as error:
                skipped(f"{error} in {address}")
                continue
            if package.provides.count("\n") == MAX_CAPABILITIES - 1:
                skipped(f"what {package.name} provides besides {MAX_CAPABILITIES} capabilities in {address}")
            yield package
    except createrepo_c.CreaterepoCError as error:
        raise _broken(error, address) from error
    _check_count(count, fetched, address)


def files(fetched: Fetched, address: str, wanted: Iterable[str], found: Callable[[str, str], None]) -> None:
    """Tell ``found`` of the files of packages, by the checksums of those that are wanted, from a list of files.

    Raises `InvalidResponse` for a file that is broken, and what ``found`` raises.
    """
    createrepo_c = _library()
    wanted, count, raised = frozenset(wanted), 0, []

    def begin(checksum: str, name: str, arch: str) -> Any:
        nonlocal count
        count += 1
        if checksum not in wanted:
            return None
        package = createrepo_c.Package()
        package.pkgId = checksum
        return package

    def end(package: Any) -> None:
        try:
            found(package.pkgId, _files(package))
        except Exception as error:
            # The parser would make a text of it.
            raised.append(error)
            raise

    try:
        createrepo_c.xml_parse_filelists(str(fetched.path), begin, end, None)
    except createrepo_c.CreaterepoCError as error:
        raise (raised[0] if raised else _broken(error, address)) from error
    _check_count(count, fetched, address)


def _broken(error: Exception, address: str) -> InvalidResponse:
    # The parser names our own copy of the file, which is nobody's business.
    words = re.sub(r"'[^']*' ", "", str(error)).strip().replace("\n", "")
    return InvalidResponse("mirror", address, f"a file that is broken ({words:.200})")


def _check_count(count: int, fetched: Fetched, address: str) -> None:
    # The parser passes over what it does not know, a page of HTML too.
    if count != fetched.packages:
        raise InvalidResponse("mirror", address, f"{count} packages where it says that it has {fetched.packages}")


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
        (row.summary or "")[:MAX_SUMMARY_LENGTH],
        (row.description or "")[:MAX_DESCRIPTION_LENGTH] if is_described else "",
        (row.url or "")[:MAX_URL_LENGTH] or None,
        lines(map(_NAME, row.provides), MAX_CAPABILITIES),
        lines(map(_NAME, row.obsoletes), MAX_CAPABILITIES),
        # Of a source package, what it is built with.
        lines(map(_NAME, row.requires), MAX_CAPABILITIES),
        _files(row),
    )


# Packages of one source stand together.
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
