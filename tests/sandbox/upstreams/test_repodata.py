"""A repository's metadata, read back with createrepo_c."""

import gzip
import hashlib
import subprocess
import sys
import time

import pytest

from fedora_packages.sandbox.upstreams import mdapi
from fedora_packages.sandbox.upstreams.mdapi import Repositories, Row
from fedora_packages.sandbox.upstreams.mirror import made
from fedora_packages.sandbox.upstreams.repodata import Writer
from fedora_packages.sandbox.world.load import load
from fedora_packages.sandbox.world.models import EVR, Binary, Build, Source
from fedora_packages.sandbox.world.world import World
from tests.sandbox.reread import described, files, read

NASTY = "a <b> & \"c\" 'd'\tü\u2028\r\n]]> \x00\x0b\ud800\uffff%s {} ü"


def row(name="guake", files=(), relations=None, text="S", arch="noarch"):
    binary = Binary(name, text, text, arch, relations or {}, tuple(files), url=text)
    source = Source(name, text, text, text, text, arch, (binary,))
    return Row(Build(1, 1, EVR(1, "2", "3.fc46"), "complete", "rawhide", "pingou", 1.5, 9.5, "c", source), binary)


@pytest.fixture
def written(tmp_path):
    """A function that writes rows as a repository and returns the folder that it is in."""

    def write(*rows, revision=1_790_000_000):
        writer = Writer()
        for one in rows:
            writer.add(one)
        return stored(tmp_path, writer.finish(revision))

    return write


def stored(folder, repodata):
    (folder / "repodata").mkdir()
    for name, body in repodata.files.items():
        (folder / "repodata" / name).write_bytes(body)
    return folder


def body(folder, kind):
    (path,) = (folder / "repodata").glob(f"*-{kind}.xml.gz")
    return path.read_bytes()


def test_any_text_is_read_as_it_was_but_for_what_xml_cannot_hold(written):
    relations = {"requires": ('a"<b>&', "(ü if 𝄞)", "c >= 1:2-3", "||"), "suggests": ("x = 0",)}
    paths = ['/etc/<&"\t>', "%ghost /etc/é", "/etc/dir/", "/"]
    (package,) = read(written(row(text=NASTY, files=paths, relations=relations)))
    for text in (package.summary, package.description, package.url, package.rpm_license):
        assert text == "a <b> & \"c\" 'd'\tü\u2028\r\n]]> %s {} ü"
    assert package.requires == [
        ('a"<b>&', None, None, None, None, False),
        ("(ü if 𝄞)", None, None, None, None, False),
        ("c", "GE", "1", "2", "3", False),
        ("||", None, None, None, None, False),
    ]
    assert package.suggests == [("x", "EQ", "0", "0", None, False)]
    assert files(package) == {('/etc/<&"\t>', "f"), ("/etc/é", "g"), ("/etc/dir", "d")}


def test_an_rpm_that_was_never_built_has_the_same_checksum_and_sizes_each_time(written):
    (package,) = read(written(row()))
    assert package.pkgId == hashlib.sha256(b"guake-2-3.fc46.noarch.rpm").hexdigest()
    assert package.location_href == "Packages/g/guake-2-3.fc46.noarch.rpm"
    assert (package.time_build, package.size_installed) == (9, 3 * package.size_package)


def test_packages_stand_in_the_order_of_their_rpms(written):
    folder = written(*(row(name) for name in ("b", "a-b", "B", "a+", "a")))
    assert [package.name for package in read(folder)] == ["B", "a+", "a", "a-b", "b"]


def test_a_repository_without_packages_is_valid(written):
    assert read(written()) == []


def test_the_list_of_files_has_their_checksums_sizes_and_the_revision(written):
    folder = written(row(), revision=1_791_234_567)
    listed = (folder / "repodata" / "repomd.xml").read_bytes()
    for kind in ("primary", "filelists", "other"):
        packed = body(folder, kind)
        checksum, unpacked = hashlib.sha256(packed).hexdigest(), gzip.decompress(packed)
        record = listed.decode().split(f'<data type="{kind}">')[1].split("</data>")[0]
        assert f'<checksum type="sha256">{checksum}<' in record
        assert f'<open-checksum type="sha256">{hashlib.sha256(unpacked).hexdigest()}<' in record
        assert f'href="repodata/{checksum}-{kind}.xml.gz"' in record
        assert f"<size>{len(packed)}<" in record
        assert f"<open-size>{len(unpacked)}<" in record
        assert "<timestamp>1791234567<" in record
    assert b"<revision>1791234567</revision>" in listed


@pytest.mark.parametrize("repository", ["rawhide", "f43-updates", "src_f44", "epel10"])
def test_packages_are_as_mdapi_describes_them(quiet, tmp_path, repository):
    view = quiet.sandbox.world.now()
    packages, repositories = read(stored(tmp_path, made(view, repository))), Repositories(view)
    rows = repositories.rows(repository)
    assert [package.name for package in packages] == [one.name for one in rows]
    for package, one in zip(packages, rows, strict=True):
        told = mdapi.described(repositories, one, "release", repository)
        assert described(package) == {key: told[key] for key in described(package)}
        listed = {
            (f"{folder['dirname'].rstrip('/')}/{name}".removeprefix("./"), letter)
            for folder in mdapi.file_rows(one)
            for name, letter in zip(folder["filenames"].split("/"), folder["filetypes"], strict=True)
        }
        assert files(package) == listed
        changes = [(change["author"], change["date"], change["changelog"]) for change in mdapi.change_rows(one.build)]
        assert package.changelogs == changes[::-1]
        assert (package.rpm_license, package.rpm_sourcerpm or "") == (one.build.source.license, one.source_file)


def test_the_same_rows_in_any_order_make_the_same_files():
    first, second = Writer(), Writer()
    rows = [row(name) for name in ("a", "b", "c")]
    for one, other in zip(rows, reversed(rows), strict=True):
        first.add(one)
        second.add(other)
    assert first.finish(1_790_000_000) == second.finish(1_790_000_000)


def test_the_command_prints_no_error_of_librpm(tmp_path):
    command = [sys.executable, "-m", "fedora_packages.sandbox.cli", "repodata", "--out", "pub", "--release", "epel9"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stderr, done.stdout.count("packages\n")) == ("", 4)


@pytest.mark.slow
def test_all_packages_of_a_release_are_read_back(data, tmp_path, record_property):
    path = data / "fedora-rawhide.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no packages: {path} is missing")
    world = World(load(path, 1_790_000_000), 1_790_000_000)
    began = time.process_time()
    folder = stored(tmp_path, made(world.now(), "rawhide"))
    record_property("seconds", round(time.process_time() - began))
    assert len(read(folder)) == len(list(Repositories(world.now()).each("rawhide"))) > 58_000
