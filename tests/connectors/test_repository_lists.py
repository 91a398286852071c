"""The lists of a repository: what lists them, and the library that reads them."""

import os
import subprocess
import sys

import pytest

from fedora_packages.connectors import repository_lists
from fedora_packages.errors import InvalidResponse

LISTS = ("primary", "filelists", "other")


@pytest.mark.parametrize("content", [b"<html></html>", b"<html>", b"", b"\0\1", b"<repomd/>"])
def test_what_is_no_list_of_files_is_refused(content):
    with pytest.raises(InvalidResponse, match="here"):
        repository_lists.listing_of(content, "here")


def repomd(href="repodata/a.xml.gz", kind="sha256", digits="0" * 64, size=5, base=""):
    """Return a list of files with one in it."""
    return (
        f'<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary"><checksum type="{kind}">{digits}</checksum>'
        f'<location {base} href="{href}"/><size>{size}</size></data></repomd>'
    ).encode()


def test_a_file_is_announced_by_place_checksum_and_size():
    found = repository_lists.listing_of(repomd(), "here").files["primary"]
    assert (found.href, found.size, found.open_size) == ("repodata/a.xml.gz", 5, 5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"href": "../../../etc/passwd"},
        {"href": "/etc/a.xml"},
        {"href": "repodata/../../a.xml"},
        {"href": "http://elsewhere/a.xml"},
        {"href": "repodata/a.xml.zck"},
        {"kind": "md5", "digits": "0" * 32},
        {"digits": "../x"},
        {"size": 0},
        {"size": -5},
        {"size": 1 << 50},
        {"base": 'xml:base="http://elsewhere/"'},
    ],
)
def test_a_file_that_cannot_be_trusted_is_not_taken(wrong):
    with pytest.raises(InvalidResponse, match="without a readable list of packages"):
        repository_lists.listing_of(repomd(**wrong), "here")


def told(program, **environ):
    """Return what a program of its own prints, without an environment variable for librpm's settings."""
    environ = {**{key: value for key, value in os.environ.items() if key != "RPM_CONFIGDIR"}, **environ}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    return ended.stdout.strip(), ended.stderr


@pytest.mark.parametrize("module", ["search.indexing.command", "worker.worker", "web"])
def test_the_library_is_imported_by_who_reads_a_repository_alone(module):
    assert told(f"import sys, fedora_packages.{module}; print('createrepo_c' in sys.modules)") == ("False", "")


LIBRARY = (
    "import os; from fedora_packages.connectors import repository_lists as lists; "
    "lists._library(); print(os.environ.get('RPM_CONFIGDIR'))"
)


def test_where_rpm_is_not_installed_nothing_is_said_of_that():
    assert told(LIBRARY) == ("None", "")


def test_settings_of_rpm_that_somebody_names_are_read(tmp_path):
    said, error = told(LIBRARY, RPM_CONFIGDIR=str(tmp_path))
    assert (said, f"{tmp_path}/rpmrc" in error) == (str(tmp_path), True)


def test_settings_of_rpm_that_are_there_are_read(tmp_path):
    # As on a machine with rpm: ours are not even looked at.
    program = LIBRARY.replace(
        "lists._library()",
        f"lists._RPMRC = lists.Path({__file__!r}); lists._OUR_RPMRC = None; lists._library()",
    )
    assert told(program)[0] == "None"


@pytest.mark.parametrize(
    ("text", "revision"), [("1796000000", 1796000000), ("", 0), ("today", 0), ("9" * 50, 0), ("-5", 0)]
)
def test_a_revision_is_a_number_or_none(text, revision):
    content = repomd().replace(b"<data", f"<revision>{text}</revision><data".encode(), 1)
    assert repository_lists.listing_of(content, "here").revision == revision


@pytest.mark.parametrize("name", ["epel9", "f44-updates"])
def test_of_each_kind_the_xml_file_is_taken(data, name):
    listing = repository_lists.listing_of((data / f"today/upstream/repomd-{name}.xml").read_bytes(), "here")
    assert listing.revision == 1796000000
    assert {
        kind: file.href.rpartition("-")[2].split(".")[1] for kind, file in listing.files.items() if kind in LISTS
    } == dict.fromkeys(LISTS, "xml")
