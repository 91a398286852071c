"""What a name means: a source, a binary of one, or nothing."""

import pytest

from fedora_packages.search import packages
from fedora_packages.search.indexing.writer import Writer
from fedora_packages.search.reader import IndexReader
from tests.search.fedora import document


@pytest.fixture
def reader(tmp_path):
    with Writer(tmp_path / "index", create=True) as writer:
        writer.replace(
            [
                document("vim", "vim-X11", "vim-common"),
                document("guake", "guake"),
                document("python3.14", "python3", "python3-libs"),
                document("python3", retired=True, branch=None, releases=()),
                document("tools", "hammer", ("saw", "", ("epel10",)), branch="f45", releases=("f45", "epel10")),
                document("hammer", "hammer-libs"),
            ]
        )
        writer.commit()
    return IndexReader(tmp_path / "index")


@pytest.mark.parametrize(
    ("name", "kind", "source", "binary"),
    [
        ("guake", packages.SOURCE, "guake", "guake"),
        ("vim", packages.SOURCE, "vim", "vim-X11"),
        ("vim-common", packages.BINARY, "vim", "vim-common"),
        # A living source wins over another source's binary.
        ("hammer", packages.SOURCE, "hammer", "hammer-libs"),
        # A retired one does not.
        ("python3", packages.BINARY, "python3.14", "python3"),
    ],
)
def test_a_name_means(reader, name, kind, source, binary):
    found = packages.find(reader, name)
    assert (found.name, found.kind, found.source, found.binary) == (name, kind, source, binary)


@pytest.mark.parametrize("name", ["python3", "vim", "vim-common", "hammer", "guake"])
def test_names_in_bulk_mean_the_same(reader, name):
    assert packages.sources_of(reader, [name]) == {name: packages.find(reader, name).source}


@pytest.mark.parametrize("name", ["unknown", "VIM", "", "../vim", "vim ", "a" * 300, None, 7])
def test_other_names_mean_nothing(reader, name):
    assert packages.find(reader, name) is None


def test_other_names_are_left_out_in_bulk(reader):
    assert packages.sources_of(reader, ["unknown", "guake", "../vim", "libc.so.6()(64bit)"]) == {"guake": "guake"}


def test_the_default_release_is_the_first_that_has_the_package(reader):
    assert packages.find(reader, "tools").branch == "f45"


def test_siblings_are_all_binaries_of_the_source(reader):
    assert packages.find(reader, "vim-common").siblings == ("vim-X11", "vim-common")


def test_a_retired_package_is_told_and_has_no_binary(tmp_path):
    with Writer(tmp_path / "index", create=True) as writer:
        writer.replace([document("gone", retired=True, branch=None, releases=())])
        writer.commit()
    found = packages.find(IndexReader(tmp_path / "index"), "gone")
    assert (found.is_retired, found.binary, found.branch) == (True, None, None)


def test_the_default_release_of_a_binary_is_the_first_that_has_the_binary(reader):
    assert packages.find(reader, "saw").branch == "epel10"
