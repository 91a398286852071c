"""Repositories read with createrepo_c."""

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
    paths = {
        record.type: folder / record.location_href
        for record in createrepo_c.Repomd(str(folder / "repodata" / "repomd.xml")).records
    }
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
    createrepo_c.xml_parse_other(str(paths["other"]), known, None, refuse)
    assert listed == [*packages, *packages]
    return list(packages.values())


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
