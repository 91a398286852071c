"""Stores are written whole, and say how they differ from the one before."""

import sqlite3
from contextlib import closing

import pytest

from fedora_packages.connectors import repository_reader
from fedora_packages.connectors.repository_files import Fetched
from fedora_packages.connectors.repository_store import Changed, Meta, Stores
from fedora_packages.errors import InvalidResponse
from tests.connectors.repositories import stored
from tests.search.indexing.repos import rpm


def difference(tmp_path, before, after):
    stored(tmp_path, before)
    return stored(tmp_path, after).meta.difference


def test_the_first_store_differs_from_none(tmp_path):
    assert stored(tmp_path, [rpm("a")]).meta.difference is None


def test_a_store_of_the_same_packages_differs_in_none(tmp_path):
    packages = [rpm("a", files=["/a"], changelogs=[("A", 1, "x")]), rpm("b")]
    before = stored(tmp_path, packages).meta.identity
    found = stored(tmp_path, packages[::-1]).meta.difference
    assert (found.identity, found.packages, found.capabilities, found.obsoleted) == (before, {}, [], [])


def test_packages_that_were_added_removed_and_changed_are_named_with_their_lists(tmp_path):
    log = [("A", 1, "x")]
    before = [
        rpm("same"),
        rpm("gone"),
        rpm("new", evr=("0", "1.0", "1")),
        rpm("files", files=["/a"]),
        rpm("log"),
        rpm("both"),
    ]
    after = [
        rpm("same"), rpm("added"), rpm("new", evr=("0", "1.1", "1"), sourcerpm="new-1.1-1.src.rpm"), rpm("files", files=["/b"]),
        rpm("log", changelogs=log), rpm("both", summary="Other", changelogs=log),
    ]  # fmt: skip
    assert difference(tmp_path, before, after).packages == {
        "gone": Changed("gone", "1.0-1", None, ["primary"]),
        "added": Changed("added", None, "1.0-1", ["primary"]),
        "new": Changed("new", "1.0-1", "1.1-1", ["primary"]),
        "files": Changed("files", "1.0-1", "1.0-1", ["filelists"]),
        "log": Changed("log", "1.0-1", "1.0-1", ["other"]),
        "both": Changed("both", "1.0-1", "1.0-1", ["primary", "other"]),
    }


def test_capabilities_that_are_required_anew_or_no_longer_are_named(tmp_path):
    before = [rpm("a", requires=["stays", "goes", ("newer", "GE", "0", "1", None)], obsoletes=["old"])]
    after = [rpm("a", requires=["stays", "(comes or x)", ("newer", "GE", "0", "2", None)], obsoletes=["older"])]
    found = difference(tmp_path, before, after)
    assert (found.capabilities, found.obsoleted) == (["comes", "goes", "newer", "x"], ["old", "older"])


def test_of_one_name_the_newest_package_is_kept_and_of_one_age_that_of_the_machine(tmp_path):
    store = stored(tmp_path, [
        rpm("a", evr=("0", "1.9", "1"), requires=["old"]), rpm("a", evr=("0", "1.10", "1"), arch="i686", requires=["other"]),
        rpm("a", evr=("0", "1.10", "1"), requires=["new"], files=["/x"]),
    ])  # fmt: skip
    found = store.package("a")
    assert (found["version"], found["arch"], found["architectures"]) == ("1.10", "x86_64", ["x86_64", "i686"])
    assert [store.having("requires", name) for name in ("old", "other", "new")] == [[], [], ["a"]]
    assert store.files("a")
    with closing(sqlite3.connect(Stores(tmp_path).path("store"))) as database:
        assert database.execute("select count(*) from files").fetchone() == (1,)


def test_an_invalid_package_costs_itself_and_is_reported(tmp_path):
    skipped = []
    store = stored(tmp_path, [rpm("../x"), rpm("good"), rpm("b", sourcerpm="nonsense")], skipped=skipped.append)
    assert list(store.names()) == ["good"]
    assert len(skipped) == 2


def test_a_path_that_a_package_requires_is_found_though_the_list_of_packages_lacks_it(tmp_path):
    store = stored(
        tmp_path, [rpm("font", files=["/usr/share/fonts/x.ttf"]), rpm("a", requires=["/usr/share/fonts/x.ttf"])]
    )
    assert store.having("provides", "/usr/share/fonts/x.ttf") == ["font"]


def test_a_broken_list_leaves_the_store_as_it_is(tmp_path):
    before = stored(tmp_path, [rpm("a")]).meta.identity
    path = Stores(tmp_path).path("store")
    broken = tmp_path / "broken.xml"
    broken.write_bytes(b"<metadata packages='1'><package type='rpm'><name>a</name>")
    with pytest.raises(InvalidResponse):
        repository_reader.write(path, Meta("x", 2, {}), {"primary": (Fetched(broken, 1), "here")}, print, True)
    assert Stores(tmp_path).get("store").meta.identity == before
    assert [found.name for found in tmp_path.glob("*.part")] == []


def test_what_a_killed_reader_has_left_is_removed(tmp_path):
    (tmp_path / "store.sqlite.1.part").write_bytes(b"half")
    stored(tmp_path, [rpm("a")])
    assert list(tmp_path.glob("*.part")) == []


def test_a_repository_that_does_not_exist_has_an_empty_store(tmp_path):
    path = Stores(tmp_path).path("none")
    repository_reader.write(path, Meta("x", 0, {}), {}, print, False)
    store = Stores(tmp_path).get("none")
    assert (list(store.names()), store.meta.lists) == ([], {})
