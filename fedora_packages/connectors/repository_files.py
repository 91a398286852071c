"""Read files of repositories from a mirror, a URL or a directory, and check them before a parser sees them.

A repository lists each of its files with its size and checksum, compressed and uncompressed.  Downloads are stored under their
checksum, and a complete one is not downloaded again.

A file is uncompressed once, without storing that.  A file that grows beyond its listed size, or has a package that would fill the
memory, is rejected.
"""

import bz2
import gzip
import hashlib
import lzma
import os
import re
import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import zstandard

from fedora_packages.connectors.http import File, stream
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable

#: Bytes of a ``repomd.xml``, of one file compressed, and uncompressed.  The largest of Fedora's files have 80 MB and 1 GB.
MAX_REPOMD_BYTES = 1 << 20
MAX_COMPRESSED_BYTES = 1 << 30
MAX_UNCOMPRESSED_BYTES = 8 << 30

#: Bytes of one package in a file.  The largest of Fedora's, with a hundred thousand files, has 10 million.
MAX_PACKAGE_BYTES = 32 << 20

#: Bytes of a read, and of a file's beginning, which has its number of packages.
CHUNK = 1 << 20
HEAD = 4096

#: The suffix of an incomplete download.
PARTIAL = ".part"

#: Seconds of a pause in a response.  A download takes at most a minute, and a second for each ``MIN_BYTES_PER_SECOND``.
TIMEOUT = 30.0
MIN_BYTES_PER_SECOND = 50_000

#: How files are uncompressed, by suffix.  By default Zstandard would stop at the end of a frame, where the parser continues.
_UNCOMPRESS: dict[str, Callable[[IO[bytes]], IO[bytes]]] = {
    ".xml": lambda file: file,
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": lambda file: zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
        file, read_across_frames=True
    ),
}
_UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)

_PACKAGE, _END = re.compile(rb"<package[\s>]"), b"</package>"
_COUNT = re.compile(rb"<(?:metadata|filelists|otherdata)\s[^>]*\bpackages=\"([0-9]{1,9})\"")


@dataclass(frozen=True)
class RepositoryFile:
    """A file as its repository lists it: its path there, its size in bytes and its checksum (kind, digits).

    ``open_checksum`` and ``open_size`` are those of the uncompressed file.
    """

    href: str
    checksum: tuple[str, str]
    size: int
    open_checksum: tuple[str, str]
    open_size: int


@dataclass(frozen=True)
class Fetched:
    """A checked file, and the number of packages that it declares."""

    path: Path
    packages: int

    def texts(self, chunk_bytes: int = CHUNK) -> Iterator[bytes]:
        """Yield the text of each package, as it stands in the uncompressed file."""
        text, begins = b"", []
        with _uncompressed(self.path) as file:
            while piece := file.read(chunk_bytes):
                text += piece
                begins = [found.start() for found in _PACKAGE.finditer(text)]
                yield from (_package(text[begin:end]) for begin, end in pairwise(begins))
                text = text[begins[-1] if begins else 0 :]
        if begins:
            yield _package(text)


@dataclass(eq=False)
class Mirror:
    """Files below a URL (http, https or file) or a directory; downloads are stored in ``folder``.

    ``agent`` is the User-Agent of requests.  Downloads end when ``is_over`` is true.  ``timeout`` is in seconds.  Threads may
    share a mirror.
    """

    base: str
    folder: Path
    agent: str
    is_over: Callable[[], bool] = lambda: False
    timeout: float = TIMEOUT
    max_package_bytes: int = MAX_PACKAGE_BYTES
    chunk_bytes: int = CHUNK

    def __post_init__(self) -> None:
        base = urlsplit(self.base)
        path = unquote(base.path) if base.scheme else self.base
        self._root = None if base.scheme in ("http", "https") else Path(path)
        self._download_locks: dict[str, threading.Lock] = {}
        # The small files that were read, with the conditions for reading them again.
        self._small: dict[str, tuple[bytes, Mapping[str, str]]] = {}

    def url(self, path: str) -> str:
        """Return the URL of a file, or its path on this machine, for messages."""
        return f"{self.base.rstrip('/')}/{path}"

    def read(self, path: str, max_bytes: int = MAX_REPOMD_BYTES) -> bytes | None:
        """Return the content of a small file, or None if it does not exist.  Raises `UpstreamError`.

        A file that was read before is sent again only if it has changed since.
        """
        known, conditions = self._small.get(path, (b"", {}))
        found = self._file(path, conditions)
        if found is None or found.pieces is None:
            return None if found is None else known
        content = bytearray()
        with closing(found.pieces) as pieces:
            for piece in pieces:
                content += piece
                if len(content) > max_bytes:
                    raise self._invalid(path, f"more than {max_bytes} bytes")
        if found.conditions:
            self._small[path] = (bytes(content), found.conditions)
        return bytes(content)

    def fetch(self, path: str, listed: RepositoryFile, progress: Callable[[int], None] = lambda size: None) -> Fetched:
        """Return a file of the repository at ``path``, checked.

        ``progress`` is called with the bytes downloaded so far.  Raises `UpstreamUnavailable`, and `InvalidResponse` for a file
        that differs from what its repository lists, or is missing.
        """
        path = f"{path}/{listed.href}"
        if self._root is not None:
            found = self._root / path
            if not found.is_file():
                raise self._invalid(path, "nothing, though the repository lists this file")
            self._check_size(path, found.stat().st_size, listed)
            self._check_compressed(path, found, listed)
            progress(listed.size)
        else:
            found = self._place(listed)
            # Several repositories may have the same file, for example an empty list.
            with self._download_locks.setdefault(found.name, threading.Lock()):
                if self.has(listed):
                    self._check_compressed(path, found, listed)
                    progress(listed.size)
                else:
                    self._download(path, found, listed, progress)
        return Fetched(found, self._count_packages(path, found, listed))

    def has(self, listed: RepositoryFile) -> bool:
        """Whether a file is on this machine, and `fetch` only checks it."""
        found = self._place(listed)
        return self._root is not None or (found.exists() and found.stat().st_size == listed.size)

    def remove_all(self) -> None:
        """Remove all downloads, also incomplete ones."""
        for path in self.folder.glob("*"):
            path.unlink(missing_ok=True)

    def _place(self, listed: RepositoryFile) -> Path:
        return self.folder / f"{listed.checksum[1]}{Path(listed.href).suffix}"

    def _download(self, path: str, found: Path, listed: RepositoryFile, progress: Callable[[int], None]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = found.with_name(f"{found.name}{PARTIAL}")
        digest = hashlib.new(listed.checksum[0])
        limit = 60 + listed.size / MIN_BYTES_PER_SECOND
        deadline, size = time.monotonic() + limit, 0
        download = self._file(path)
        if download is None or download.pieces is None:
            raise self._invalid(path, "nothing, though the repository lists this file")
        with closing(download.pieces) as pieces, part.open("wb") as file:
            for piece in pieces:
                if self.is_over():
                    raise self._ended(path)
                size += len(piece)
                if size > listed.size:
                    raise self._invalid(path, f"more than the listed {listed.size} bytes")
                if time.monotonic() > deadline:
                    raise UpstreamUnavailable("mirror", self.url(path), f"only {size} bytes within {limit:.0f} s")
                digest.update(piece)
                file.write(piece)
                progress(size)
        self._check_size(path, size, listed)
        if digest.hexdigest() != listed.checksum[1]:
            raise self._invalid(path, "another checksum than the listed one")
        os.replace(part, found)

    def _check_size(self, path: str, size: int, listed: RepositoryFile) -> None:
        if size != listed.size:
            raise self._invalid(path, f"{size} bytes instead of the listed {listed.size}")

    def _check_compressed(self, path: str, found: Path, listed: RepositoryFile) -> None:
        with found.open("rb") as file:
            if hashlib.file_digest(file, listed.checksum[0]).hexdigest() != listed.checksum[1]:
                if self._root is None:
                    found.unlink()
                raise self._invalid(path, "another checksum than the listed one")

    def _count_packages(self, path: str, found: Path, listed: RepositoryFile) -> int:
        """Return the number of packages that a file declares, after a check of all its uncompressed content."""
        digest, size, since_package, head = hashlib.new(listed.open_checksum[0]), 0, 0, b""
        try:
            with _uncompressed(found) as file:
                while piece := file.read(self.chunk_bytes):
                    if self.is_over():
                        raise self._ended(path)
                    head = head or piece[:HEAD]
                    size += len(piece)
                    digest.update(piece)
                    last = piece.rfind(b"<package")
                    since_package = since_package + len(piece) if last < 0 else len(piece) - last
                    if size > listed.open_size or since_package > self.max_package_bytes:
                        break
        except _UNREADABLE as error:
            raise self._invalid(path, f"a file that cannot be uncompressed ({error})") from error
        if since_package > self.max_package_bytes:
            raise self._invalid(path, f"a package of more than {self.max_package_bytes} bytes")
        if size > listed.open_size:
            raise self._invalid(path, f"more than the listed {listed.open_size} bytes, uncompressed")
        if size != listed.open_size or digest.hexdigest() != listed.open_checksum[1]:
            raise self._invalid(path, "other uncompressed content than the listed one")
        count = _COUNT.search(head)
        if not count:
            raise self._invalid(path, "no list of packages", head)
        return int(count[1])

    def _file(self, path: str, conditions: Mapping[str, str] | None = None) -> File | None:
        """Return a file, or None if it does not exist; see `stream`."""
        if self._root is None:
            return stream("mirror", self.url(path), self.timeout, self.agent, conditions)
        try:
            file = (self._root / path).open("rb")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UpstreamUnavailable("mirror", self.url(path), error.strerror or "cannot be read") from error
        return File(_pieces_of(file), {})

    def _invalid(self, path: str, problem: str, excerpt: bytes = b"") -> InvalidResponse:
        return InvalidResponse("mirror", self.url(path), problem, excerpt)

    def _ended(self, path: str) -> UpstreamUnavailable:
        return UpstreamUnavailable("mirror", self.url(path), "the build has ended")


@contextmanager
def _uncompressed(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as compressed, _UNCOMPRESS[path.suffix](compressed) as file:
        yield file


def _package(text: bytes) -> bytes:
    """Return the text of a package without what follows it; all of it if its end is missing."""
    end = text.rfind(_END)
    return text if end < 0 else text[: end + len(_END)]


def _pieces_of(file: IO[bytes]) -> Generator[bytes, None, None]:
    with file:
        while piece := file.read(CHUNK):
            yield piece
