"""A repository's metadata: what createrepo_c reads in it, and that createrepo_c would have written the same."""

import gzip
import hashlib
import time

import pytest

from fedora_packages.sandbox.upstreams import mdapi
from fedora_packages.sandbox.upstreams.mdapi import Repositories, Row
from fedora_packages.sandbox.upstreams.mirror import made
from fedora_packages.sandbox.upstreams.repodata import Writer
from fedora_packages.sandbox.world.load import load
from fedora_packages.sandbox.world.models import EVR, Binary, Build, Source
from fedora_packages.sandbox.world.world import World
from tests.sandbox.reread import described, files, read, repomd_written_again, written_again

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


def assert_createrepo_would_write_the_same(folder):
    again = written_again(folder, read(folder))
    assert {kind: gzip.decompress(body(folder, kind)) for kind in again} == again


@pytest.mark.parametrize("repository", ["rawhide", "src_rawhide", "f44-updates", "epel9-testing"])
def test_a_repository_is_to_the_byte_what_createrepo_writes(quiet, tmp_path, repository):
    assert_createrepo_would_write_the_same(stored(tmp_path, made(quiet.sandbox.world.now(), repository)))


def test_any_text_is_to_the_byte_what_createrepo_writes(written):
    relations = {"requires": ('a"<b>&', "(ü if 𝄞)", "c >= 1:2-3", "||"), "suggests": ("x = 0",)}
    folder = written(row(text=NASTY, files=('/etc/<&"\t>', "%ghost /etc/é", "/etc/dir/", "/"), relations=relations))
    assert_createrepo_would_write_the_same(folder)
    (package,) = read(folder)
    assert package.summary.startswith("a <b> & \"c\" 'd'\tü\u2028\r\n]]> %s")
    assert [requires[0] for requires in package.requires] == ['a"<b>&', "(ü if 𝄞)", "c", "||"]


def test_the_primary_file_has_only_the_files_that_are_required_by_path(written):
    wanted = ["/etc/x/", "/usr/bin/guake", "/usr/lib/sendmail", "/usr/sbin/x", "/opt/x/bin/y"]
    folder = written(row(files=[*wanted, "/usr/share/guake/", "/usr/lib/x", "/usr/share/bin", "/etc/"]))
    text = gzip.decompress(body(folder, "primary")).decode()
    found = {line.split(">")[1].split("<")[0] for line in text.splitlines() if "<file" in line}
    assert found == {"/etc/x", "/usr/bin/guake", "/usr/lib/sendmail", "/usr/sbin/x", "/opt/x/bin/y"}
    assert len(files(read(folder)[0])) == 9


def test_packages_stand_in_the_order_of_their_rpms(written):
    folder = written(*(row(name) for name in ("b", "a-b", "B", "a+", "a")))
    assert [package.name for package in read(folder)] == ["B", "a+", "a", "a-b", "b"]


def test_a_repository_of_nothing_is_one_too(written):
    folder = written()
    assert read(folder) == []
    assert_createrepo_would_write_the_same(folder)


def test_the_list_of_files_is_what_createrepo_writes_and_true_of_them(written):
    folder = written(row(), revision=1_791_234_567)
    listed = (folder / "repodata" / "repomd.xml").read_bytes()
    assert listed == repomd_written_again(folder)
    for kind in ("primary", "filelists"):
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
        assert (package.rpm_license, package.rpm_sourcerpm or "") == (one.build.source.license, one.source_file)


@pytest.mark.slow
def test_all_packages_of_a_release_are_to_the_byte_what_createrepo_writes(data, tmp_path, record_property):
    path = data / "fedora-rawhide.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no packages: {path} is missing")
    world = World(load(path, 1_790_000_000), 1_790_000_000)
    began = time.process_time()
    folder = stored(tmp_path, made(world.now(), "rawhide"))
    record_property("seconds", round(time.process_time() - began))
    assert_createrepo_would_write_the_same(folder)
    assert len(read(folder)) == len(list(Repositories(world.now()).each("rawhide"))) > 58_000
