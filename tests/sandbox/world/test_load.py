"""World files: the packages of a valid one, and the errors of an invalid one."""

import gzip
import json
import time
from itertools import islice

import pytest

from fedora_packages.sandbox.upstreams.mdapi import Repositories, changes_of
from fedora_packages.sandbox.world.load import WorldError, load
from fedora_packages.sandbox.world.models import EVR
from fedora_packages.sandbox.world.world import World

NOW = 1_790_000_000

LINE = {
    "name": "alpha", "epoch": "1", "version": "2.0", "release": "3.fc45", "summary": "S", "description": "D", "url": "U",
    "license": "MIT", "arch": "noarch", "requires": ["beta >= 1"], "buildrequires": ["make"], "provides": ["a(b) = 2"],
    "files": ["/usr/bin/alpha"], "patches": ["p.patch"], "builds_main": True,
    "changelog": [{"date": 1700000000, "author": "A <a@b.c>", "evr": "2.0-3", "text": "- x\n"}],
    "subpackages": [{"name": "alpha-doc", "summary": "s", "description": "d", "requires": [], "provides": [], "files": ["/d/"]}],
}  # fmt: skip

TABLE = """
[[package]]
name = "alpha"
version = "2.0"
release = "3"
summary = "S"
description = "D"
license = "MIT"
url = "https://example.com"
owner = "ralph"
"""


@pytest.fixture
def lines(tmp_path):
    """A function that writes a world file of JSON lines."""

    def write(*rows):
        path = tmp_path / "world.jsonl.gz"
        texts = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
        path.write_bytes(gzip.compress(b"\n".join(texts) + b"\n"))
        return path

    return write


def world(path):
    return World(load(path, NOW), NOW)


def test_rawhide_has_the_packages_of_the_file(lines):
    package = world(lines(LINE)).package("alpha")
    build = package.shown("rawhide")
    assert (build.evr, build.source.changelog[0].text) == ((1, "2.0", "3.fc45"), "- x\n")


def test_another_release_has_the_same_with_its_own_dist_tag(lines):
    package = world(lines(LINE)).package("alpha")
    assert package.build(
        package.tags["f44-updates" if "f44-updates" in package.tags else "f44"][0]
    ).evr.release.endswith(".fc44")


def test_of_two_sources_of_a_binary_the_later_one_has_its_row(lines):
    loaded = world(lines(LINE, LINE | {"name": "beta", "summary": "Later"}))
    repositories = Repositories(loaded.now())
    assert repositories.row("rawhide", "alpha-doc").build.name == "beta"
    assert repositories.siblings("rawhide", repositories.row("rawhide", "alpha")) == ["alpha"]


def test_a_source_that_builds_no_binary_of_its_name_has_none(lines):
    repositories = Repositories(world(lines(LINE | {"builds_main": False})).now())
    assert repositories.row("rawhide", "alpha") is None


def test_a_subpackage_may_have_a_version_of_its_own(lines):
    part = LINE["subpackages"][0] | {"version": "9"}
    source = world(lines(LINE | {"subpackages": [part]})).package("alpha").shown("rawhide").source
    assert source.binaries[1].evr(EVR(1, "2.0", "3.fc45")) == EVR(1, "9", "3.fc45")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"{", "line 2"),
        (b"[]", "line 2"),
        (LINE, "line 2: package 'alpha' already exists"),
        (LINE | {"name": "../x"}, "line 2: invalid package name '../x'"),
        ({key: value for key, value in LINE.items() if key != "files"} | {"name": "b"}, "line 2: 'files' is missing"),
        (LINE | {"name": "b", "subpackages": [{"name": "c"}]}, "line 2: 'summary' is missing"),
    ],
)
def test_a_wrong_line_is_named(lines, row, said):
    with pytest.raises(WorldError, match=r"world\.jsonl\.gz, ") as error:
        load(lines(LINE, row), NOW)
    assert said in str(error.value)


def test_a_file_without_gzip_is_refused(tmp_path):
    path = tmp_path / "world.jsonl.gz"
    path.write_bytes(b"no gzip")
    with pytest.raises(WorldError, match="cannot read"):
        load(path, NOW)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(WorldError, match="cannot read"):
        load(tmp_path / "none.toml", NOW)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("version = ", "version == "), "line 4"),
        (('owner = "ralph"', ""), "line 3: package 'alpha': 'owner' is missing"),
        (('owner = "ralph"', 'owner = "ralph"\nreleases = ["f99"]'), "unknown release 'f99'"),
        (('owner = "ralph"', 'owner = "ralph"\nversions = { f44 = "1" }'), "VERSION-RELEASE"),
        (('owner = "ralph"', 'owner = "ralph"\nownre = "x"'), "unknown key 'ownre'"),
    ],
)
def test_a_wrong_table_is_named(tmp_path, change, said):
    path = tmp_path / "world.toml"
    path.write_text(TABLE.replace(*change), "utf-8")
    with pytest.raises(WorldError) as error:
        load(path, NOW)
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_a_renamed_package_is_obsoleted_by_its_new_name(tmp_path):
    path = tmp_path / "world.toml"
    old = TABLE.replace('"alpha"', '"old"') + 'retired = "gone"\nrenamed_to = "alpha"\n'
    path.write_text(TABLE + old, "utf-8")
    main = world(path).package("alpha").shown("rawhide").source.binaries[0]
    assert main.relations["obsoletes"] == ("old < 2.0",)


def test_a_retired_package_has_builds_and_is_in_no_repository(tmp_path):
    path = tmp_path / "world.toml"
    path.write_text(TABLE + 'retired = "Upstream has ended"\n', "utf-8")
    package = world(path).package("alpha")
    assert (len(package.builds), dict(package.published), package.branches["rawhide"].dead) == (
        1,
        {},
        "Upstream has ended",
    )


def test_the_same_name_always_has_the_same_past():
    assert world(None).package("guake") == world(None).package("guake")


def test_build_ids_grow_with_time():
    for package in world(None).now().packages():
        times = [build.started for build in sorted(package.builds, key=lambda build: build.build_id)]
        assert times == sorted(times), package.name


def test_updates_of_every_status_are_there():
    found = {update.status for package in world(None).now().packages() for update in package.updates}
    assert found == {"pending", "testing", "stable", "unpushed", "obsolete"}


@pytest.fixture(scope="module")
def all_packages(data):
    """The path of the recorded packages of a whole release, and the seconds that it takes to load them."""
    path = data / "fedora-rawhide.jsonl.gz"
    began = time.monotonic()
    return path, world(path), time.monotonic() - began


@pytest.mark.slow
def test_all_packages_of_a_release_load(all_packages, record_property):
    _, loaded, seconds = all_packages
    record_property("seconds", round(seconds, 1))
    assert len(loaded.names) == 23176


@pytest.mark.slow
def test_rawhide_has_every_tenth_package_of_the_file(all_packages):
    path, loaded, _ = all_packages
    repositories = Repositories(loaded.now())
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in islice(lines, 0, None, 10):
            told = json.loads(line)
            parts = [told] * told["builds_main"] + told["subpackages"]
            for part in parts:
                if (
                    len(loaded.catalog.builders[part["name"]]) > 1
                    or sum(one["name"] == part["name"] for one in parts) > 1
                ):
                    # Another source, or the same, builds it too: that one's row is shown.
                    continue
                row = repositories.row("rawhide", part["name"])
                assert (row.build.evr.version, row.build.evr.release) == (told["version"], told["release"])
                assert (row.binary.summary, row.binary.description) == (part["summary"], part["description"])
                assert list(row.files) == part["files"]
                assert list(row.relation_texts("requires")) == part["requires"]
                # rpm adds to these.
                assert set(row.relation_texts("provides")) >= {f"{part['name']} = {row.evr}", *part["provides"]}
                assert [change.text for change in changes_of(row.build)] == [one["text"] for one in told["changelog"]]
