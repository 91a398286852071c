"""Dist-git's queries against recorded answers, and answers that no recording has."""

import json

import pytest

from fedora_packages.connectors.distgit_forge import FILE_LIMIT
from fedora_packages.errors import InvalidResponse
from tests.upstream import PAGURE_VERSION, Answer


def test_recorded_maintainers_are_read(queries, upstream, data):
    for path in sorted((data / "upstream").glob("pagure-rpms-*.json")):
        name = path.stem.removeprefix("pagure-rpms-")
        answer = json.loads(path.read_text("utf-8"))
        upstream.says(f"/api/0/rpms/{name}", answer)
        assert queries["distgit.maintainers"].fetch(name)["owner"] == answer["access_users"]["owner"][0]


def test_a_package_that_dist_git_does_not_have_has_no_maintainers(queries, upstream):
    upstream.says("/api/0/rpms/guake", {"error": "Project not found", "error_code": "ENOPROJECT"}, status=404)
    assert queries["distgit.maintainers"].fetch("guake") == {"found": False}


@pytest.mark.parametrize("body", [b"<html>404</html>", b"{}", b'{"error_code": "EOTHER"}', b"[]"])
def test_a_proxy_that_has_lost_dist_git_does_not_make_maintainers_disappear(queries, upstream, body):
    upstream.answers["/api/0/rpms/guake"] = Answer(body, 404)
    with pytest.raises(InvalidResponse):
        queries["distgit.maintainers"].fetch("guake")


def test_a_hostile_spec_cannot_make_much_of_little(queries, upstream):
    spec = "%global a " + "x" * 100_000 + "\n" + "Patch: " + "%a" * 1000 + "\n"
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(spec.encode(), content_type="text/plain")
    assert queries["distgit.patches"].fetch("guake", "f45") == {
        "found": True, "patches": [], "commit": None, "is_complete": False,
    }  # fmt: skip


def test_a_value_has_the_facts_of_its_spec(queries, upstream):
    spec = (
        "Name: guake\nRelease: %autorelease\nSummary: A terminal\nLicense: GPL-2.0-or-later\nSource: %{name}.tar.gz\n"
    )
    spec += "%description\nIt drops\ndown.\n\nAlways.\n%package doc\nLicense: CC-BY-4.0\n"
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(spec.encode(), content_type="text/plain")
    assert queries["distgit.spec"].fetch("guake", "f45") == {
        "found": True,
        "text": spec,
        "size": len(spec),
        "dead": None,
        "commit": None,
        "summary": "A terminal",
        "description": "It drops\ndown.\n\nAlways.",
        "license": "GPL-2.0-or-later",
        "licenses": {"guake-doc": "CC-BY-4.0"},
        "sources": [["Source0", "guake.tar.gz"]],
        "is_autorelease": True,
        "is_autochangelog": False,
        "is_complete": True,
    }


def test_a_list_of_owners_without_a_package_is_invalid(connectors, upstream):
    upstream.says("/extras/pagure_poc.json", {"rpms": {}})
    with pytest.raises(InvalidResponse, match="no package"):
        connectors["distgit"].owners()


SPEC = """\
%global prefix fix
Name: guake
Version: 3.9
Patch0: %{name}-%{version}-tray.patch
Patch: https://example.com/x/%{prefix}-it.patch
%patchlist
listed.patch
# comment
%description
"""


def test_patches_are_those_that_the_spec_names(queries, upstream):
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(SPEC.encode(), content_type="text/plain")
    upstream.answers["/rpms/guake/raw/f45/f/fix-it.patch"] = Answer(
        b"--- a\n+++ b\n-x\n+y\n+z\n", content_type="text/plain"
    )
    patches = queries["distgit.patches"].fetch("guake", "f45")["patches"]
    assert [(patch["name"], patch["added"]) for patch in patches] == [
        ("guake-3.9-tray.patch", None), ("fix-it.patch", 2), ("listed.patch", None),
    ]  # fmt: skip


def test_a_retired_branch_says_why(queries, upstream):
    upstream.answers["/rpms/guake/raw/f45/f/dead.package"] = Answer(b"use tilda\n", content_type="text/plain")
    assert queries["distgit.spec"].fetch("guake", "f45") == {"found": False, "dead": "use tilda", "commit": None}


def test_each_active_branch_is_looked_at_once_and_a_retired_one_says_why_when_and_by_whom(queries, upstream):
    heads = {"rawhide": "abc", "f45": "def", "f30": "old", "epel9": "def"}
    upstream.says("/api/0/rpms/guake/git/branches", {"branches": heads})
    upstream.answers["/rpms/guake/raw/abc/f/dead.package"] = Answer(b"use tilda\n", content_type="text/plain")
    upstream.says(
        "/api/0/rpms/guake/c/abc/info", {"commit_time": 1000, "author": "A. Packager", "message": "use tilda"}
    )
    assert queries["distgit.retirement"].fetch("guake") == {
        "found": True,
        "heads": {"rawhide": "abc", "f45": "def"},
        "retired": {"rawhide": {"reason": "use tilda", "when": 1000, "who": "A. Packager"}},
    }
    assert len([asked for asked in upstream.asked if asked.path.endswith("dead.package")]) == 2


def test_a_server_that_tells_neither_heads_nor_commits_still_says_why_a_branch_is_retired(queries, upstream):
    upstream.says("/api/0/rpms/guake/git/branches", {"branches": ["rawhide", "f45"]})
    upstream.answers["/rpms/guake/raw/f45/f/dead.package"] = Answer(b"use tilda\n", content_type="text/plain")
    value = queries["distgit.retirement"].fetch("guake")
    assert value["retired"] == {"f45": {"reason": "use tilda", "when": None, "who": None}}


def test_a_package_that_dist_git_does_not_have_is_not_called_retired(queries, upstream):
    upstream.says("/api/0/rpms/guake/git/branches", {"error_code": "ENOPROJECT"}, status=404)
    assert queries["distgit.retirement"].fetch("guake") == {"found": False}


@pytest.mark.parametrize(
    ("branches", "commit"), [({"f45": "abc", "rawhide": "def"}, "abc"), ({"rawhide": "def"}, None), (["f45"], None)]
)
def test_sources_say_which_commit_they_are_of(queries, upstream, branches, commit):
    upstream.says("/api/0/rpms/guake/git/branches", {"branches": branches, "total_branches": 1, "default": "rawhide"})
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(b"Name: guake", content_type="text/plain")
    found = [queries[f"distgit.{name}"].fetch("guake", "f45")["commit"] for name in ("spec", "patches")]
    assert found == [commit] * 2


def test_the_head_is_read_before_the_file_so_that_the_file_is_at_least_as_new(queries, upstream):
    upstream.says("/api/0/rpms/guake/git/branches", {"branches": {"f45": "abc"}})
    queries["distgit.spec"].fetch("guake", "f45")
    assert [asked.path for asked in upstream.asked if asked.path != "/api/0/version"][:2] == [
        "/api/0/rpms/guake/git/branches", "/rpms/guake/raw/f45/f/guake.spec",
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["spec", "patches"])
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00 Name: guake", b"x" * (FILE_LIMIT + 1)], ids=["empty", "no text", "huge"]
)
def test_a_spec_that_is_no_file_of_text_is_a_lie(queries, upstream, query, body):
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(body, content_type="text/plain")
    with pytest.raises(InvalidResponse):
        queries[f"distgit.{query}"].fetch("guake", "f45")


def test_a_spec_in_another_encoding_is_shown_all_the_same(queries, upstream):
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(b"Name: caf\xe9", content_type="text/plain")
    assert queries["distgit.spec"].fetch("guake", "f45")["text"] == "Name: caf�"


@pytest.mark.parametrize("query", ["spec", "patches", "retirement"])
@pytest.mark.parametrize(
    "body", [b"<html>404</html>", b'{"errors":[],"message":"The target could not be found."}', b'{"error_code": 7}']
)
def test_a_404_of_another_server_does_not_make_a_package_disappear(queries, upstream, query, body):
    upstream.answer = lambda asked: PAGURE_VERSION if asked.path == "/api/0/version" else Answer(body, 404)
    with pytest.raises(InvalidResponse, match="expected ENOPROJECT as error_code"):
        queries[f"distgit.{query}"].fetch("guake", "" if query == "retirement" else "f45")
