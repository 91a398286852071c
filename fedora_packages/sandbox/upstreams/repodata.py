"""The metadata of a repository as createrepo_c writes it: ``repomd.xml``, and the primary and filelists files that it names.

Pure: rows of packages in, bytes out.  All of Fedora has tens of thousands of rows, which are read once and come in any order: a
`Writer` keeps what the files will say of each of them, and not the rows.

Source: createrepo_c (``xml_dump.c``, ``xml_dump_primary.c``, ``xml_dump_filelists.c``, ``xml_dump_repomd.c``; which files are in
the primary file: ``misc.h``, ``cr_is_primary``).  Its output is the reference that tests compare with, byte for byte.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fedora_packages.sandbox.upstreams.mdapi import Row
from fedora_packages.sandbox.world.models import file_type, relation

#: The kinds of relation in createrepo_c's order.
KINDS = ("provides", "requires", "conflicts", "obsoletes", "suggests", "enhances", "recommends", "supplements")

FILE_TYPES = {"f": "", "d": ' type="dir"', "g": ' type="ghost"'}

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
COMMON = "http://linux.duke.edu/metadata"

#: zlib's way to say: as gzip does.
GZIP = 16 + zlib.MAX_WBITS

LEVEL = 6

#: What stands otherwise between tags, and in attributes; what XML cannot hold is left out.
UNPRINTABLE = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF))
TEXT = UNPRINTABLE | str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
ATTRIBUTE = TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})

#: Finds out soon that nothing of that is in a text, as in nearly all.
SPECIAL = re.compile('[\x00-\x1f&<>"\ud800-\udfff\ufffe\uffff]')

BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def text(words: str | None) -> str:
    """Return a text as it stands between tags."""
    return words.translate(TEXT) if words and SPECIAL.search(words) else words or ""


def attribute(words: str) -> str:
    """Return a text as it stands in an attribute, where libxml2 writes letters beyond ASCII as numbers."""
    if words.isascii() and not SPECIAL.search(words):
        return words
    return BEYOND_ASCII.sub(lambda letter: f"&#x{ord(letter[0]):X};", words.translate(ATTRIBUTE))


def files_of(row: Row) -> list[tuple[str, str]]:
    """Return path and type of a row's files, as an rpm lists them: by path.  Like mdapi it leaves out the root folder."""
    return sorted((file for file in map(file_type, row.files) if file[0]), key=lambda file: file[0].encode())


def is_primary(path: str) -> bool:
    """Whether a file is in the primary file, since packages may require it by its path."""
    return path.startswith("/etc/") or "bin/" in path or path == "/usr/lib/sendmail"


def described(row: Row) -> tuple[str, str, str]:
    """Return the name of a row's rpm, what the primary file says of it, and what the filelists file says."""
    told, evr, name = row.binary or row.build.source, row.evr, row.file
    # What stands for the checksum of an rpm that there is not; sizes are made up from it, so that they are always the same.
    identity = hashlib.sha256(name.encode()).hexdigest()
    size = int(identity[:5], 16) + 4000
    built = int(row.build.finished or row.build.started)
    version = f'  <version epoch="{evr.epoch}" ver="{attribute(evr.version)}" rel="{attribute(evr.release)}"/>'
    files = [(path, f"<file{FILE_TYPES[kind]}>{text(path)}</file>") for path, kind in files_of(row)]
    primary = [
        '<package type="rpm">',
        f"  <name>{text(row.name)}</name>",
        f"  <arch>{text(row.arch)}</arch>",
        version,
        f'  <checksum type="sha256" pkgid="YES">{identity}</checksum>',
        f"  <summary>{text(told.summary)}</summary>",
        f"  <description>{text(told.description)}</description>",
        "  <packager>Fedora Project</packager>",
        f"  <url>{text(row.url)}</url>",
        f'  <time file="{built}" build="{built}"/>',
        f'  <size package="{size}" installed="{3 * size}" archive="{3 * size + 500}"/>',
        f'  <location href="Packages/{attribute(name[0].lower())}/{attribute(name)}"/>',
        "  <format>",
        f"    <rpm:license>{text(row.build.source.license)}</rpm:license>",
        "    <rpm:vendor>Fedora Project</rpm:vendor>",
        "    <rpm:group>Unspecified</rpm:group>",
        "    <rpm:buildhost>buildvm.example.org</rpm:buildhost>",
        f"    <rpm:sourcerpm>{text(row.source_file)}</rpm:sourcerpm>",
        f'    <rpm:header-range start="4504" end="{4504 + size // 4}"/>',
        *_relations(row),
        *(f"    {line}" for path, line in files if is_primary(path)),
        "  </format>",
        "</package>\n",
    ]
    filelist = [
        f'<package pkgid="{identity}" name="{attribute(row.name)}" arch="{attribute(row.arch)}">',
        version,
        *(f"  {line}" for _, line in files),
        "</package>\n",
    ]
    return name, "\n".join(primary), "\n".join(filelist)


def _relations(row: Row) -> Iterator[str]:
    for kind in KINDS:
        texts = row.relation_texts(kind)
        if texts:
            yield f"    <rpm:{kind}>"
            yield from map(_entry, texts)
            yield f"    </rpm:{kind}>"


@lru_cache(maxsize=20_000)
def _entry(relation_text: str) -> str:
    """Return the element of a relation; the same few thousand stand in most packages."""
    said = relation(relation_text)
    named = {"name": "name", "flags": "flags", "epoch": "epoch", "ver": "version", "rel": "release"}
    told = [f' {name}="{attribute(value)}"' for name, key in named.items() if (value := said[key]) is not None]
    return f"      <rpm:entry{''.join(told)}/>"


@dataclass(frozen=True, slots=True)
class Repodata:
    """The files of a ``repodata`` folder by name, their revision (UTC seconds), and the number of packages."""

    files: Mapping[str, bytes]
    revision: int
    packages: int


class Writer:
    """Collects rows and makes a `Repodata` of them.

    What is collected is compressed in the order of the rpms' names, as createrepo_c reads a folder.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[bytes, bytes, bytes]] = []

    def add(self, row: Row) -> None:
        """Take in a row."""
        name, primary, filelist = described(row)
        self._rows.append((name.encode(), primary.encode(), filelist.encode()))

    def finish(self, revision: int) -> Repodata:
        """Return the files.  ``revision`` is also the time that they are of."""
        self._rows.sort()
        count = len(self._rows)
        files: dict[str, bytes] = {}
        records = []
        for place, (kind, root, space, more) in enumerate(
            (
                ("primary", "metadata", "common", f' xmlns:rpm="{COMMON}/rpm"'),
                ("filelists", "filelists", "filelists", ""),
            ),
            1,
        ):
            head = f'{DECLARATION}<{root} xmlns="{COMMON}/{space}"{more} packages="{count}">\n'.encode()
            parts = (head, *(row[place] for row in self._rows), f"</{root}>".encode())
            body, open_checksum, open_size = _compressed(parts)
            checksum = hashlib.sha256(body).hexdigest()
            name = f"{checksum}-{kind}.xml.gz"
            files[name] = body
            records += _record(kind, name, checksum, open_checksum, len(body), open_size, revision)
        root = f'<repomd xmlns="{COMMON}/repo" xmlns:rpm="{COMMON}/rpm">'
        lines = [f"{DECLARATION}{root}", f"  <revision>{revision}</revision>", *records, "</repomd>\n"]
        files["repomd.xml"] = "\n".join(lines).encode()
        return Repodata(files, revision, count)


def _compressed(parts: Iterable[bytes]) -> tuple[bytes, str, int]:
    """Return the parts as one gzip file, and the SHA-256 and size of what is in it."""
    packer, digest, size = zlib.compressobj(LEVEL, wbits=GZIP), hashlib.sha256(), 0
    packed = []
    for part in parts:
        digest.update(part)
        size += len(part)
        packed.append(packer.compress(part))
    return b"".join((*packed, packer.flush())), digest.hexdigest(), size


def _record(
    kind: str, name: str, checksum: str, open_checksum: str, size: int, open_size: int, revision: int
) -> Iterator[str]:
    yield f'  <data type="{kind}">'
    yield f'    <checksum type="sha256">{checksum}</checksum>'
    yield f'    <open-checksum type="sha256">{open_checksum}</open-checksum>'
    yield f'    <location href="repodata/{name}"/>'
    yield f"    <timestamp>{revision}</timestamp>"
    yield f"    <size>{size}</size>"
    yield f"    <open-size>{open_size}</open-size>"
    yield "  </data>"
