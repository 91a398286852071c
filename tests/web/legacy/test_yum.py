"""The old JSON of repositories: files as a tree, and relations."""

import pytest

from fedora_packages.web.legacy.yum import requirements
from tests.web.legacy.old_site import rows, said
from tests.web.values import relation


@pytest.mark.parametrize(
    "repo", ["rawhide", "Rawhide", "f45", "Fedora+45", "Fedora%2045%20Testing", "epel9", "Fedora+EPEL+9", "f46", ""]
)
def test_files_are_those_of_a_release_by_all_its_names(old, repo):
    found = said(old, f"yum/get_file_tree?package=guake&repo={repo}&arch=x86_64&whatever=1")
    assert [node["data"]["title"] for node in found] == ["usr", "etc"]


def test_a_file_is_a_leaf_and_a_directory_is_there_once(old):
    usr, etc = said(old, "yum/get_file_tree?package=guake")
    binaries, share = usr["children"]
    assert [(node["data"]["title"], len(node["children"])) for node in share["children"]] == [("guake", 1)]
    assert etc["children"][0]["children"][0] == {
        "name": "guake.conf", "path": "/etc/xdg", "display_size": None, "type": "G", "modestring": "", "linked_to": None,
        "user": None, "group": None, "data": {"title": "guake.conf", "icon": "jstree-file"}, "state": "open",
    }  # fmt: skip
    assert [node["data"]["title"] for node in binaries["children"]] == ["guake", "guake-toggle"]


def test_a_path_without_end_is_no_tree_without_end(old):
    deep = {
        "found": True,
        "total": 1,
        "repository": "release",
        "directories": [{"path": "/a" * 2000, "files": [["b", "file"]]}],
    }
    old.know("mdapi.files", deep, "gnome-terminal", "rawhide")
    (node,) = said(old, "yum/get_file_tree?package=gnome-terminal")
    titles = []
    while node.get("children"):
        titles.append(node["data"]["title"])
        (node,) = node["children"]
    assert (node["name"], len(titles), "/".join(titles)) == ("b", 41, "/".join(["a"] * 2000))


@pytest.mark.parametrize("repo", ["Fedora 16", "../../x", "f45/../f44", "%00"])
def test_files_of_a_release_without_the_package_are_an_error(old, repo):
    found = said(old, f"yum/get_file_tree?package=guake&repo={repo}")
    assert found["error"].endswith("it is in rawhide, f45, epel9.")


def test_relations_are_as_yum_wrote_them(old):
    found = {
        kind: rows(old, f"yum/query/query_{kind}", package="guake", repo="Rawhide", arch="noarch", version="3.8-1")
        for kind in ("requires", "provides", "obsoletes", "conflicts")
    }
    assert found == {
        "requires": [
            {"name": "gcc-c++", "flags": "GE", "ops": ">=", "version": "1-2.0", "provided_by": ["gcc-c++"]},
            {"name": "libc.so.6(GLIBC_2.4)(64bit)", "flags": None, "ops": None, "version": "", "provided_by": []},
        ],
        "provides": [{"name": "guake", "flags": "EQ", "ops": "=", "version": "0-3.8-1.fc46", "provided_by": []}],
        "obsoletes": [{"name": "guake-old", "flags": "LT", "ops": "<", "version": "0-2.0", "provided_by": []}],
        "conflicts": [{"name": "tilda", "flags": None, "ops": None, "version": "", "provided_by": []}],
    }


def test_who_requires_a_package_is_a_row_for_each_requirement():
    reasons = [relation("libguake.so", "GE", "2", "0"), relation("guake")]
    packages = [
        {"name": "tilda", "source": "tilda", "relations": reasons},
        {"name": None, "source": "yakuake", "relations": reasons[1:]},
    ]
    plain = {"name": "guake", "flags": None, "ops": None, "version": "", "provided_by": None}
    assert requirements(packages) == [
        {"name": "tilda", "requires": {**plain, "name": "libguake.so", "flags": "GE", "ops": ">=", "version": "0-2"}},
        {"name": "tilda", "requires": plain},
        {"name": "yakuake", "requires": plain},
    ]
