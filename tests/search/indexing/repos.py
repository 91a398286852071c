"""Repositories of a few packages, written by createrepo_c itself, laid out as on a mirror."""

import shutil
from pathlib import Path

import createrepo_c

from fedora_packages.connectors.repositories import repositories
from tests.search.fedora import Fedora

ENDINGS = {".zst": createrepo_c.ZSTD, ".gz": createrepo_c.GZ, ".xz": createrepo_c.XZ, ".bz2": createrepo_c.BZ2}


def rpm(name, source=None, evr=("0", "1.0", "1"), arch="x86_64", **fields):
    """Return a package as createrepo_c takes it; ``files``, ``provides`` and such are lists of names.

    A relation with a version is a tuple of name, flags, epoch, version and release.
    """
    package = createrepo_c.Package()
    package.name, package.arch = name, arch
    package.epoch, package.version, package.release = evr
    package.pkgId = f"{name}-{'-'.join(evr)}.{arch}".encode().hex().ljust(64, "0")[-64:]
    package.checksum_type = "sha256"
    package.rpm_sourcerpm = "" if arch == "src" else fields.pop("sourcerpm", f"{source or name}-1.0-1.src.rpm")
    package.location_href = f"Packages/{name}.rpm"
    for kind in ("provides", "obsoletes", "requires"):
        # createrepo_c writes what it was given from the end.
        names = fields.pop(kind, [])[::-1]
        relations = [each if isinstance(each, tuple) else (each, None, None, None, None) for each in names]
        setattr(package, kind, [(*each, False) for each in relations])
    files = fields.pop("files", [])[::-1]
    package.files = [(None, f"{path.rpartition('/')[0]}/", path.rpartition("/")[2]) for path in files]
    for field, value in fields.items():
        setattr(package, field, value)
    return package


def write(folder, packages, ending=".zst", kinds=("primary", "filelists"), revision=None):
    """Write a repository into a folder."""
    repodata = Path(folder) / "repodata"
    repodata.mkdir(parents=True, exist_ok=True)
    for old in repodata.iterdir():
        old.unlink()
    repomd = createrepo_c.Repomd()
    if revision is not None:
        repomd.set_revision(str(revision))
    makers = {
        "primary": createrepo_c.PrimaryXmlFile, "filelists": createrepo_c.FilelistsXmlFile, "other": createrepo_c.OtherXmlFile,
    }  # fmt: skip
    for kind in kinds:
        path = str(repodata / f"{kind}.xml{ending}")
        file = makers[kind](path, ENDINGS.get(ending, createrepo_c.NO_COMPRESSION))
        file.set_num_of_pkgs(len(packages))
        for package in packages:
            file.add_pkg(package)
        file.close()
        record = createrepo_c.RepomdRecord(kind, path)
        record.fill(createrepo_c.SHA256)
        record.rename_file()
        repomd.set_record(record)
    (repodata / "repomd.xml").write_text(repomd.xml_dump())
    return folder


def rewrite(folder, kind, content):
    """Write another file into a repository, which lists it with its checksum."""
    repodata = Path(folder) / "repodata"
    for old in repodata.glob(f"*{kind}*"):
        old.unlink()
    path = repodata / f"{kind}.xml"
    path.write_bytes(content)
    record = createrepo_c.RepomdRecord(kind, str(path))
    record.fill(createrepo_c.SHA256)
    record.rename_file()
    others = createrepo_c.Repomd(str(repodata / "repomd.xml")).records
    repomd = createrepo_c.Repomd()
    for each in [*(other for other in others if other.type != kind), record]:
        repomd.set_record(each)
    (repodata / "repomd.xml").write_text(repomd.xml_dump())


def place(mirror, branch, kind="release", is_source=False, state=None):
    """Return the folder of a repository on a mirror."""
    release = {"branch": branch, "state": state}
    found = next(each for each in repositories(release) if (each.kind, each.is_source) == (kind, is_source))
    return Path(mirror) / found.paths[0]


def publish(fedora: Fedora, mirror):
    """Write the repositories of a Fedora, with what each release began with, and their sources; none of what is unserved."""
    for branch, _ in fedora.releases:
        if branch in fedora.unserved:
            for is_source in (False, True):
                shutil.rmtree(place(mirror, branch, is_source=is_source), ignore_errors=True)
            continue
        there = {name: source for name, source in fedora.sources.items() if branch in source.branches}
        binaries = [
            rpm(
                binary,
                name,
                summary=summary,
                provides=[binary, *fedora.provides.get(binary, ())],
                obsoletes=list(fedora.obsoletes.get(binary, ())),
                requires=list(fedora.requires.get(binary, ())),
                files=[f"{folder}/{file}" for folder, file in fedora.files.get(binary, ())],
            )
            for name, source in there.items()
            for binary, summary in source.binaries_in(branch).items()
        ]
        sources = [
            rpm(name, arch="src", summary=f"{name}, the source", description=f"All of {name}.", url=f"http://{name}/")
            for name in there
        ]
        write(place(mirror, branch), binaries)
        write(place(mirror, branch, is_source=True), sources, kinds=("primary",))
    return mirror
