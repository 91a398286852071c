"""The mirror: files of repositories, from an address or a folder, checked before anybody reads them.

A file is what its repository announces: so many bytes with that checksum, and so many with that checksum once it is
unpacked.  It is downloaded to a folder under its checksum, so that one that came whole is never asked for again.

The one thing to know: a file is unpacked once, into nothing, before it is given away.  What unpacks to more than was
announced, or holds a package so large that reading it would fill the memory, is refused before a parser sees it.
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
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3
import zstandard

from fedora_packages.errors import InvalidResponse, UpstreamUnavailable

#: The content of a file, as it comes.
Pieces = Generator[bytes, None, None]

#: Bytes of a repository's list of files, of one file as it comes, and unpacked.  The largest of Fedora's are 80 MB and 1 GB.
MAX_REPOMD_BYTES = 1 << 20
MAX_COMPRESSED_BYTES = 1 << 30
MAX_UNCOMPRESSED_BYTES = 8 << 30

#: Bytes of one package in a file.  The largest of Fedora's, with a hundred thousand files, has 10 million.
MAX_PACKAGE_BYTES = 32 << 20

#: Bytes read at once, and of a file's beginning, where it says how many packages it has.
CHUNK = 1 << 20
HEAD = 4096

#: What the name of a file ends with until it has come whole.
PARTIAL = ".part"

#: Seconds that an answer may pause, and bytes a second that a download makes at the least, after a minute.
TIMEOUT = 30.0
MIN_BYTES_PER_SECOND = 50_000

#: What unpacks files, by their names' endings.  Zstandard's would stop by itself at the end of a frame, where the parser goes on.
_UNPACKING: dict[str, Callable[[IO[bytes]], IO[bytes]]] = {
    ".xml": lambda file: file,
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": lambda file: zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
        file, read_across_frames=True
    ),
}
_UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)

_COUNT = re.compile(rb"<(?:metadata|filelists)\s[^>]*\bpackages=\"([0-9]{1,9})\"")


@dataclass(frozen=True)
class Announced:
    """A file as its repository announces it: where it is below the repository, checksums as (kind, digits), sizes in bytes."""

    href: str
    checksum: tuple[str, str]
    size: int
    open_checksum: tuple[str, str]
    open_size: int


@dataclass(frozen=True)
class Fetched:
    """A file that is what was announced, and how many packages it says that it has."""

    path: Path
    packages: int


class Mirror:
    """Files below an address (http, https or file) or a folder; ``folder`` keeps what is downloaded.

    ``is_over`` says that nobody wants what is being downloaded any more.  Threads may share it.
    """

    def __init__(
        self,
        base: str,
        folder: Path,
        is_over: Callable[[], bool] = lambda: False,
        timeout: float = TIMEOUT,
        max_package_bytes: int = MAX_PACKAGE_BYTES,
        chunk_bytes: int = CHUNK,
    ):
        parts = urlsplit(base)
        self._root = None if parts.scheme in ("http", "https") else Path(unquote(parts.path) if parts.scheme else base)
        self._base = base.rstrip("/")
        self._folder = folder
        self._is_over = is_over
        self._timeout = timeout
        self._max_package_bytes = max_package_bytes
        self._chunk_bytes = chunk_bytes
        self._coming: dict[str, threading.Lock] = {}

    def address(self, path: str) -> str:
        """Return where a file is, for people."""
        return f"{self._base}/{path}"

    def read(self, path: str, most: int = MAX_REPOMD_BYTES) -> bytes | None:
        """Return the content of a small file, or None where there is none.  Raises `UpstreamError`."""
        content = bytearray()
        pieces = self._pieces(path)
        if pieces is None:
            return None
        with closing(pieces):
            for piece in pieces:
                content += piece
                if len(content) > most:
                    raise InvalidResponse("mirror", self.address(path), f"more than {most} bytes")
        return bytes(content)

    def fetch(self, path: str, announced: Announced, told: Callable[[int], None] = lambda size: None) -> Fetched:
        """Return a file of the repository at ``path``, checked.

        ``told`` is told how many bytes of it there are, again and again.  Raises `UpstreamUnavailable` and `InvalidResponse`;
        of the second kind is also what is no longer there, since the repository said that it is.
        """
        where = f"{path}/{announced.href}"
        if self._root is not None:
            found = self._root / where
            if not found.is_file():
                raise InvalidResponse("mirror", self.address(where), "no file, though the repository lists it")
            if found.stat().st_size != announced.size:
                raise InvalidResponse("mirror", self.address(where), _sizes(found.stat().st_size, announced.size))
            self._check_packed(where, found, announced)
            told(announced.size)
        else:
            found = self._folder / f"{announced.checksum[1]}{Path(announced.href).suffix}"
            # Two repositories may have the same file, both of which are empty, say.
            with self._coming.setdefault(found.name, threading.Lock()):
                if found.exists() and found.stat().st_size == announced.size:
                    self._check_packed(where, found, announced)
                    told(announced.size)
                else:
                    self._download(where, found, announced, told)
        return Fetched(found, self._unpacked(where, found, announced))

    def _download(self, where: str, found: Path, announced: Announced, told: Callable[[int], None]) -> None:
        self._folder.mkdir(exist_ok=True)
        part = found.with_name(f"{found.name}{PARTIAL}")
        digest = hashlib.new(announced.checksum[0])
        deadline, size = time.monotonic() + 60 + announced.size / MIN_BYTES_PER_SECOND, 0
        pieces = self._pieces(where)
        if pieces is None:
            raise InvalidResponse("mirror", self.address(where), "no file, though the repository lists it")
        with closing(pieces), part.open("wb") as file:
            for piece in pieces:
                size += len(piece)
                if size > announced.size:
                    raise InvalidResponse(
                        "mirror", self.address(where), f"more than the {announced.size} bytes announced"
                    )
                if time.monotonic() > deadline:
                    raise UpstreamUnavailable("mirror", self.address(where), f"{size} bytes and no more in time")
                digest.update(piece)
                file.write(piece)
                told(size)
        if size != announced.size:
            raise InvalidResponse("mirror", self.address(where), _sizes(size, announced.size))
        if digest.hexdigest() != announced.checksum[1]:
            raise InvalidResponse("mirror", self.address(where), "another checksum than was announced")
        os.replace(part, found)

    def _check_packed(self, where: str, found: Path, announced: Announced) -> None:
        with found.open("rb") as file:
            if hashlib.file_digest(file, announced.checksum[0]).hexdigest() != announced.checksum[1]:
                if self._root is None:
                    found.unlink()
                raise InvalidResponse("mirror", self.address(where), "another checksum than was announced")

    def _unpacked(self, where: str, found: Path, announced: Announced) -> int:
        """Return how many packages a file says it has, having read all of it."""
        digest, size, since_package, head = hashlib.new(announced.open_checksum[0]), 0, 0, b""
        try:
            with found.open("rb") as packed, _UNPACKING[found.suffix](packed) as file:
                while piece := file.read(self._chunk_bytes):
                    if self._is_over():
                        raise UpstreamUnavailable("mirror", self.address(where), "nobody waits for it any more")
                    head = head or piece[:HEAD]
                    size += len(piece)
                    digest.update(piece)
                    last = piece.rfind(b"<package")
                    since_package = since_package + len(piece) if last < 0 else len(piece) - last
                    if size > announced.open_size or since_package > self._max_package_bytes:
                        break
        except _UNREADABLE as error:
            raise InvalidResponse("mirror", self.address(where), f"a file that cannot be unpacked ({error})") from error
        if since_package > self._max_package_bytes:
            raise InvalidResponse(
                "mirror", self.address(where), f"a package of more than {self._max_package_bytes} bytes"
            )
        if size > announced.open_size:
            raise InvalidResponse(
                "mirror", self.address(where), f"more than the {announced.open_size} bytes that were to be in it"
            )
        if size != announced.open_size or digest.hexdigest() != announced.open_checksum[1]:
            raise InvalidResponse("mirror", self.address(where), "other content than was announced")
        count = _COUNT.search(head)
        if not count:
            raise InvalidResponse("mirror", self.address(where), "no list of packages", head)
        return int(count[1])

    def _pieces(self, path: str) -> Pieces | None:
        """Return a file's content as it comes, or None where there is no file."""
        if self._root is not None:
            return self._pieces_here(path)
        return self._pieces_there(path)

    def _pieces_here(self, path: str) -> Pieces | None:
        try:
            file = (self._root / path).open("rb")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UpstreamUnavailable("mirror", self.address(path), error.strerror or "cannot be read") from error
        return _chunks(file)

    def _pieces_there(self, path: str) -> Pieces | None:
        session = requests.Session()
        # As the connectors: a .netrc of whoever runs us must add nothing.
        session.trust_env = False
        session.max_redirects = 5
        try:
            # What a server packs on its way would not be what was announced.
            answer = session.get(
                self.address(path),
                stream=True,
                timeout=(min(self._timeout, 10.0), self._timeout),
                headers={"Accept-Encoding": "identity"},
            )
        except requests.RequestException as error:
            session.close()
            raise self._silent(path, error) from error
        if answer.status_code == 200:
            return self._body(path, session, answer)
        answer.close()
        session.close()
        if answer.status_code in (404, 410):
            return None
        raise UpstreamUnavailable("mirror", self.address(path), f"it answered {answer.status_code}")

    def _body(self, path: str, session: requests.Session, answer: Any) -> Pieces:
        with session, answer:
            try:
                while piece := answer.raw.read1(64 << 10, decode_content=False):
                    if self._is_over():
                        raise UpstreamUnavailable("mirror", self.address(path), "nobody waits for it any more")
                    yield piece
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise self._silent(path, error) from error

    def _silent(self, path: str, error: Exception) -> UpstreamUnavailable:
        return UpstreamUnavailable("mirror", self.address(path), f"the connection failed ({type(error).__name__})")


def _sizes(size: int, announced: int) -> str:
    return f"{size} bytes where {announced} were announced"


def _chunks(file: IO[bytes]) -> Pieces:
    with file:
        while piece := file.read(CHUNK):
            yield piece
