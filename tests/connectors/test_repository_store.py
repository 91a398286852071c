"""Stores: what readers find in them, and which files are none."""

import os
import shutil
import sqlite3

import pytest

from fedora_packages.connectors.repository_store import Meta, Store, Stores, members
from tests.connectors.repositories import stored
from tests.search.indexing.repos import rpm


@pytest.mark.parametrize(
    ("requirement", "named"),
    [
        ("glibc", ["glibc"]),
        ("libc.so.6(GLIBC_2.34)(64bit)", ["libc.so.6(GLIBC_2.34)(64bit)"]),
        ("(hunspell and langpacks-fr)", ["hunspell", "langpacks-fr"]),
        ("(python3dist(a) >= 1 with python3dist(a) < 2~~)", ["python3dist(a)", "python3dist(a)"]),
        ("((a if b) or (c unless d else e))", ["a", "b", "c", "d", "e"]),
        ("(foo(x) if (bar = 1:2-3 without baz(y)(64bit)))", ["foo(x)", "bar", "baz(y)(64bit)"]),
        ("(", []),
        ("(a >=", ["a"]),
    ],
)
def test_the_members_of_a_rich_dependency_are_capabilities(requirement, named):
    assert list(members(requirement)) == named


@pytest.fixture
def store(tmp_path):
    packages = [
        rpm("guake", provides=["guake", "terminal"], requires=["/bin/sh", "(vte and python3)"], files=["/usr/bin/guake"],
            changelogs=[("A - 1-1", 5, "- Old"), ("B - 2-1", 9, "- New")], size_package=7, size_installed=8, time_build=9),
        rpm("guake-doc", "guake", obsoletes=["guake-help"], files=["/usr/share/doc/x", "/top"]),
    ]  # fmt: skip
    return stored(tmp_path, packages)


def test_a_package_is_described_like_by_mdapi(store):
    found = store.package("guake")
    assert {key: found[key] for key in ("arch", "epoch", "version", "release", "basename", "architectures")} == {
        "arch": "x86_64", "epoch": "0", "version": "1.0", "release": "1", "basename": "guake", "architectures": ["x86_64"],
    }  # fmt: skip
    assert [relation["name"] for relation in found["requires"]] == ["/bin/sh", "(vte and python3)"]
    assert (found["size"], found["installed_size"], found["built"]) == (7, 8, 9)
    assert store.package("no") is None


def test_files_are_by_directory_and_changes_by_age(store):
    assert store.files("guake") == [{"dirname": "/usr/bin", "filenames": "guake", "filetypes": "f"}]
    assert [row["dirname"] for row in store.files("guake-doc")] == ["/usr/share/doc", "/"]
    assert [row["date"] for row in store.changelog("guake")] == [9, 5]
    assert (store.files("no"), store.changelog("guake-doc")) == ([], [])


def test_packages_are_found_by_source_and_by_what_they_require_provide_and_obsolete(store):
    assert store.of_source("guake") == ["guake", "guake-doc"]
    assert (store.having("requires", "vte"), store.having("requires", "(vte and python3)")) == (["guake"], [])
    assert (store.having("provides", "terminal"), store.having("provides", "/usr/bin/guake")) == (["guake"], ["guake"])
    assert store.having("obsoletes", "guake-help") == ["guake-doc"]
    assert store.required_paths == {"/bin/sh"}


def test_a_reader_notices_another_file_and_keeps_the_old_one_until_then(store, tmp_path):
    stores = Stores(tmp_path)
    before = stores.get("store")
    assert before is stores.get("store")
    other = tmp_path / "other.sqlite"
    shutil.copy(stores.path("store"), other)
    os.replace(other, stores.path("store"))
    assert stores.get("store") is not before
    assert before.package("guake")


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_a_corrupt_file_is_no_store(content, store, tmp_path):
    path = Stores(tmp_path).path("store")
    path.write_bytes(path.read_bytes()[:5000] if content is None else content)
    assert Stores(tmp_path).get("store") is None
    assert Stores(tmp_path).get("missing") is None


def test_a_store_of_another_format_is_missing(store, tmp_path):
    with sqlite3.connect(Stores(tmp_path).path("store")) as database:
        database.execute("pragma user_version = 999")
    assert Stores(tmp_path).get("store") is None
    with pytest.raises(sqlite3.DatabaseError, match="version 999"):
        Store(Stores(tmp_path).path("store"))


def test_the_identity_follows_from_the_lists_and_the_path():
    first = Meta("a", 1, {"primary": "0" * 64, "other": "1" * 64})
    assert first.identity == Meta("a", 2, {"other": "1" * 64, "primary": "0" * 64}).identity
    assert len({first.identity, Meta("b", 1, first.lists).identity, Meta("a", 1, {"primary": "2" * 64}).identity}) == 3
