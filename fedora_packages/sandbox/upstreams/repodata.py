"""The metadata of a repository, written with createrepo_c: ``repomd.xml``, and the lists of packages, files and changes there.

A repository of all of Fedora has tens of thousands of rows, read once and in any order.  A `Writer` keeps the XML of each row,
not the row, and sorts by rpm file names at the end, as createrepo_c reads a directory.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fedora_packages.sandbox.upstreams.mdapi import Row, change_rows
from fedora_packages.sandbox.world.models import file_type, relation

#: The kinds of relation, as attributes of createrepo_c's packages.
KINDS = ("provides", "requires", "conflicts", "obsoletes", "suggests", "enhances", "recommends", "supplements")

FILE_TYPES = {"f": "", "d": "dir", "g": "ghost"}

#: Characters that XML cannot hold; createrepo_c does not remove them.
UNPRINTABLE = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF))


@cache
def _library() -> Any:
    """Return createrepo_c, imported on first use: few processes write repositories, and librpm comes with it.

    Without rpm installed, librpm prints an error about its missing rpmrc; an empty one is enough.
    """
    if "RPM_CONFIGDIR" in os.environ or Path("/usr/lib/rpm/rpmrc").exists():
        import createrepo_c

        return createrepo_c
    with TemporaryDirectory() as folder:
        (Path(folder) / "rpmrc").touch()
        os.environ["RPM_CONFIGDIR"] = folder
        try:
            import createrepo_c
        finally:
            del os.environ["RPM_CONFIGDIR"]
    return createrepo_c


def _text(text: str | None) -> str:
    return (text or "").translate(UNPRINTABLE)


@lru_cache(maxsize=20_000)
def _relation(text: str) -> tuple[str | bool | None, ...]:
    """Return a relation as createrepo_c has it; most packages share the same few thousand."""
    found = relation(_text(text))
    return (found["name"], found["flags"], found["epoch"], found["version"], found["release"], False)


def _split(path: str) -> tuple[str, str]:
    """Return the folder of a path, with its slash, and the name in it."""
    folder, slash, name = path.rpartition("/")
    return folder + slash, name


def package_of(row: Row) -> Any:
    """Return createrepo_c's package of a row.

    There is no rpm, so that its checksum is that of its name, and its sizes follow from the checksum.
    """
    source, described = row.build.source, row.binary or row.build.source
    package = _library().Package()
    package.pkgId, package.checksum_type = hashlib.sha256(row.file.encode()).hexdigest(), "sha256"
    package.name, package.arch = row.name, row.arch
    package.epoch, package.version, package.release = str(row.evr.epoch), row.evr.version, row.evr.release
    package.summary, package.description = _text(described.summary), _text(described.description)
    package.url, package.rpm_license = _text(row.url), _text(source.license)
    package.rpm_sourcerpm = row.source_file
    package.rpm_vendor = package.rpm_packager = "Fedora Project"
    package.rpm_group, package.rpm_buildhost = "Unspecified", "buildvm.example.org"
    package.time_file = package.time_build = int(row.build.finished or row.build.started)
    package.size_package = size = int(package.pkgId[:5], 16) + 4000
    package.size_installed, package.size_archive = 3 * size, 3 * size + 500
    package.rpm_header_start, package.rpm_header_end = 4504, 4504 + size // 4
    package.location_href = f"Packages/{row.file[0].lower()}/{row.file}"
    # An rpm lists its files by path; like mdapi it leaves out the root folder.
    files = sorted((path.encode(), kind) for path, kind in map(file_type, map(_text, row.files)) if path)
    # createrepo_c reverses each list that it is given.
    package.files = [(FILE_TYPES[kind], *_split(path.decode())) for path, kind in reversed(files)]
    package.changelogs = [
        (_text(one["author"]), one["date"], _text(one["changelog"])) for one in change_rows(row.build)
    ]
    for kind in KINDS:
        setattr(package, kind, [_relation(text) for text in reversed(row.relation_texts(kind))])
    return package


@dataclass(frozen=True, slots=True)
class Repodata:
    """The files of a ``repodata`` directory by name, their revision (UTC seconds), and the number of packages."""

    files: Mapping[str, bytes]
    revision: int
    packages: int


class Writer:
    """Collects rows and makes a `Repodata` of them."""

    def __init__(self) -> None:
        self._rows: list[tuple[bytes, str, str, str]] = []

    def add(self, row: Row) -> None:
        """Add a row."""
        library, package = _library(), package_of(row)
        dumps = (library.xml_dump_primary, library.xml_dump_filelists, library.xml_dump_other)
        self._rows.append((row.file.encode(), *(dump(package) for dump in dumps)))

    def finish(self, revision: int) -> Repodata:
        """Return the files.  ``revision`` is also their timestamp."""
        library = _library()
        self._rows.sort()
        repomd = library.Repomd()
        repomd.set_revision(str(revision))
        # createrepo_c writes to paths only.
        with TemporaryDirectory() as folder:
            lists = {
                "primary": library.PrimaryXmlFile, "filelists": library.FilelistsXmlFile, "other": library.OtherXmlFile,
            }  # fmt: skip
            for place, (kind, file) in enumerate(lists.items(), 1):
                path = str(Path(folder) / f"{kind}.xml.gz")
                # Without it, the record would unpack the file again, and other threads would wait.
                unpacked = library.ContentStat(library.SHA256)
                out = file(path, library.GZ_COMPRESSION, unpacked)
                out.set_num_of_pkgs(len(self._rows))
                for row in self._rows:
                    out.add_chunk(row[place])
                out.close()
                record = library.RepomdRecord(kind, path)
                record.load_contentstat(unpacked)
                record.fill(library.SHA256)
                record.rename_file()
                record.set_timestamp(revision)
                repomd.set_record(record)
            files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
        files["repomd.xml"] = repomd.xml_dump().encode()
        return Repodata(files, revision, len(self._rows))
