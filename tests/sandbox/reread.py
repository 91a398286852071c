"""Repositories read with createrepo_c's own library, and written by it again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

createrepo_c = pytest.importorskip(
    "createrepo_c", reason="createrepo_c is not installed: it is in the extra 'test', for Linux"
)

#: The attributes of createrepo_c's packages that hold relations.
KINDS = ("requires", "provides", "conflicts", "obsoletes", "suggests", "enhances", "recommends", "supplements")


def read(folder: Path) -> list[createrepo_c.Package]:
    """Return the packages of a repository whose ``repodata`` is in a folder, in its order.  A warning is an error."""
    paths = {record.type: folder / record.location_href for record in createrepo_c.Repomd(_repomd(folder)).records}
    packages: dict[str, createrepo_c.Package] = {}

    def refuse(_kind: int, message: str) -> None:
        raise AssertionError(message)

    def keep(package: createrepo_c.Package) -> None:
        packages[package.pkgId] = package

    createrepo_c.xml_parse_primary(str(paths["primary"]), None, keep, refuse, False)
    listed = []

    def known(identity: str, _name: str, _arch: str) -> createrepo_c.Package:
        listed.append(identity)
        return packages[identity]

    createrepo_c.xml_parse_filelists(str(paths["filelists"]), known, None, refuse)
    assert listed == list(packages)
    return list(packages.values())


def written_again(folder: Path, packages: list[createrepo_c.Package]) -> Mapping[str, bytes]:
    """Return what createrepo_c itself writes of packages, by kind of file; ``folder`` is for its files."""
    found = {}
    for kind, file in (("primary", createrepo_c.PrimaryXmlFile), ("filelists", createrepo_c.FilelistsXmlFile)):
        path = folder / f"again-{kind}.xml"
        out = file(str(path), createrepo_c.NO_COMPRESSION)
        out.set_num_of_pkgs(len(packages))
        for package in packages:
            out.add_pkg(package)
        out.close()
        found[kind] = path.read_bytes()
    return found


def repomd_written_again(folder: Path) -> bytes:
    """Return what createrepo_c itself writes of a repository's ``repomd.xml``."""
    return createrepo_c.Repomd(_repomd(folder)).xml_dump().encode()


def described(package: createrepo_c.Package) -> dict[str, Any]:
    """Return a package in mdapi's terms."""
    return {
        **{key: getattr(package, key) for key in ("arch", "epoch", "version", "release", "summary", "description")},
        "url": package.url or None,
        "basename": (package.rpm_sourcerpm or "").rsplit("-", 2)[0],
        **{
            kind: [
                {"name": name, "epoch": epoch, "version": version, "release": release, "flags": flags}
                for name, flags, epoch, version, release, _pre in getattr(package, kind)
            ]
            for kind in KINDS
        },
    }


def files(package: createrepo_c.Package) -> set[tuple[str, str]]:
    """Return path and letter of a package's files: ``f`` file, ``d`` directory, ``g`` ghost."""
    letters = {"": "f", None: "f", "dir": "d", "ghost": "g"}
    return {(f"{folder}{name}", letters[kind]) for kind, folder, name, *_ in package.files}


def _repomd(folder: Path) -> str:
    return str(folder / "repodata" / "repomd.xml")
