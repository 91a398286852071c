"""dist-git's queries against Forgejo: samples, and answers that no sample has."""

import json

import pytest

from fedora_packages import settings
from fedora_packages.connectors import declared, load
from fedora_packages.connectors.query import Queries
from fedora_packages.errors import InvalidResponse, NotPublic
from tests.conftest import RELEASES
from tests.upstream import FORGEJO_MISSING, Answer

REPO = "/api/v1/repos/rpms/guake"
SPEC = "Name: guake\nPatch0: no-network.patch\nPatch1: %{name}-%{unknown}.patch\nPatch2: gone.patch\n"
PATCH = "--- a\n+++ b\n-x\n+y\n+z\n"


@pytest.fixture
def upstream(upstream):
    """dist-git, which is Forgejo: what a test has not answered is missing in its own words."""
    upstream.answers["/api/v1/version"] = Answer(b'{"version": "15.0.2+gitea-1.22.0"}')
    known = upstream.answer
    upstream.answer = lambda asked: known(asked) if asked.path in upstream.answers else missing(upstream, asked)
    return upstream


def missing(upstream, asked):
    upstream.asked.append(asked)
    return FORGEJO_MISSING


def branch(name, commit="abc"):
    return {"name": name, "commit": {"id": commit}}


def has_files(upstream, **files):
    """Let each branch have some files."""
    listed = [{"name": name.replace("__", "."), "size": len(text)} for name, text in files.items()]
    upstream.says(f"{REPO}/contents", listed)
    for name, text in files.items():
        path = f"{REPO}/raw/{name.replace('__', '.')}"
        upstream.answers[path] = Answer(text.encode(), content_type="text/plain")


def asked_paths(upstream):
    return [asked.path for asked in upstream.asked if asked.path.startswith(REPO)]


def test_the_samples_are_read(queries, upstream, data):
    def sample(name):
        return json.loads((data / "today" / "upstream" / f"forgejo-{name}.json").read_text("utf-8"))

    entries = sample("contents-guake")
    branches = sample("branches-guake")
    upstream.answers |= {
        f"{REPO}/raw/{row['name']}": Answer(b"x" * row["size"], content_type="text/plain") for row in entries
    }
    upstream.says(f"{REPO}/branches/rawhide", branches[-1])
    upstream.says(f"{REPO}/branches", branches, [])
    upstream.says(f"{REPO}/contents", entries)
    value = queries["distgit.spec"].fetch("guake", "rawhide")
    assert (value["commit"], value["size"]) == ("a0e5ce4fc745c43aed69cd0c0e832065420525c5", 4210)
    assert [patch["name"] for patch in queries["distgit.patches"].fetch("guake", "rawhide")["patches"]] == [
        row["name"] for row in entries if row["name"].endswith(".patch")
    ]
    heads = queries["distgit.retirement"].fetch("guake")["heads"]
    assert heads == {row["name"]: row["commit"]["id"] for row in branches if row["name"] in ("rawhide", "f45")}


def test_a_spec_is_read_with_its_head_first(queries, upstream):
    upstream.says(f"{REPO}/branches/f45", branch("f45"))
    has_files(upstream, guake__spec=SPEC)
    value = queries["distgit.spec"].fetch("guake", "f45")
    assert (value["text"], value["commit"]) == (SPEC, "abc")
    assert asked_paths(upstream) == [f"{REPO}/branches/f45", f"{REPO}/contents", f"{REPO}/raw/guake.spec"]
    assert {tuple(asked.params.get("ref", ())) for asked in upstream.asked[-2:]} == {("f45",)}


def test_patches_are_those_that_exist_and_those_that_the_spec_names_plainly(queries, upstream):
    upstream.says(f"{REPO}/branches/f45", branch("f45"))
    files = {"guake__spec": SPEC, "no-network.patch": PATCH, "guake-1.patch": PATCH, "README": "x", "b.diff": PATCH}
    has_files(upstream, **files)
    patches = queries["distgit.patches"].fetch("guake", "f45")["patches"]
    assert [(patch["name"], patch["found"], patch["added"]) for patch in patches] == [
        ("no-network.patch", True, 2), ("gone.patch", False, None), ("b.diff", True, 2), ("guake-1.patch", True, 2),
    ]  # fmt: skip


def test_a_retired_branch_says_why_and_no_branch_says_nothing(queries, upstream):
    upstream.says(f"{REPO}/branches/f45", branch("f45"))
    has_files(upstream, dead__package="use tilda\n")
    spec = queries["distgit.spec"]
    assert spec.fetch("guake", "f45") == {"found": False, "dead": "use tilda", "commit": "abc"}
    del upstream.answers[f"{REPO}/branches/f45"], upstream.answers[f"{REPO}/contents"]
    assert spec.fetch("guake", "f45") == {"found": False, "dead": None, "commit": None}


def test_a_retirement_has_its_time_and_author_but_no_mail(queries, upstream):
    upstream.says(f"{REPO}/branches", [branch("rawhide"), branch("f45", "def"), branch("f30", "old")])
    has_files(upstream, dead__package="use tilda\n")
    author = {"name": "A. Packager", "email": "packager@example.com", "date": "1970-01-01T01:16:40+01:00"}
    upstream.says(f"{REPO}/git/commits/abc", {"commit": {"author": {**author, "date": "2025-01-15T10:00:00+02:00"}}})
    upstream.says(f"{REPO}/git/commits/def", {"commit": {"author": {**author, "date": "0001-01-01T00:00:00Z"}}})
    value = queries["distgit.retirement"].fetch("guake")
    assert value["heads"] == {"rawhide": "abc", "f45": "def"}
    assert value["retired"] == {
        "rawhide": {"reason": "use tilda", "when": 1736928000, "who": "A. Packager"},
        "f45": {"reason": "use tilda", "when": None, "who": "A. Packager"},
    }
    assert "example.com" not in json.dumps(value)


def test_branches_are_read_until_all_active_ones_are_there(queries, upstream):
    has_files(upstream, guake__spec=SPEC)
    upstream.says(f"{REPO}/branches", [branch("epel9")], [branch("f45")], [branch("rawhide", "def")], [branch("x")])
    assert queries["distgit.retirement"].fetch("guake")["heads"] == {"rawhide": "def", "f45": "abc"}
    pages = [asked.params["page"] for asked in upstream.asked if asked.path == f"{REPO}/branches"]
    assert pages == [["1"], ["2"], ["3"]]


def test_a_package_without_one_of_the_active_branches_is_read_to_the_empty_page(queries, upstream):
    has_files(upstream, guake__spec=SPEC)
    upstream.says(f"{REPO}/branches", [branch("rawhide")], [])
    assert queries["distgit.retirement"].fetch("guake")["heads"] == {"rawhide": "abc"}


def test_a_package_that_dist_git_does_not_have_is_not_called_retired(queries, upstream):
    assert queries["distgit.retirement"].fetch("guake") == {"found": False}


@pytest.mark.parametrize("body", [b"Name", b"", b"Name: guake\n" * 9])
def test_a_file_of_another_size_than_the_listed_one_is_half_a_file(queries, upstream, body):
    upstream.says(f"{REPO}/branches/f45", branch("f45"))
    has_files(upstream, guake__spec=SPEC)
    upstream.answers[f"{REPO}/raw/guake.spec"] = Answer(body, content_type="text/plain")
    with pytest.raises(InvalidResponse, match=f"expected {len(SPEC)}"):
        queries["distgit.spec"].fetch("guake", "f45")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        [7],
        [{"name": 7, "size": 1}],
        [{"name": "guake.spec", "size": -1}],
        [{"name": "a"}],
        {"name": "a", "size": 1},
    ],
)
def test_a_list_of_files_of_another_shape_makes_no_spec_disappear(queries, upstream, answer):
    upstream.says(f"{REPO}/branches/f45", branch("f45"))
    upstream.says(f"{REPO}/contents", answer)
    with pytest.raises(InvalidResponse):
        queries["distgit.spec"].fetch("guake", "f45")


def test_maintainers_are_not_public_and_no_request_is_made_for_them(queries, upstream):
    with pytest.raises(NotPublic, match="accounts only; set an API key"):
        queries["distgit.maintainers"].fetch("guake")
    assert asked_paths(upstream) == []


@pytest.fixture
def with_key(strings):
    given = {"FEDORA_PACKAGES_CONNECTORS_DISTGIT_KEY": "k3y"}
    return Queries(load(settings.from_strings(strings, declared(), given), "test", lambda: RELEASES).values())


def account(name):
    return {"login": name, "email": f"{name}@noreply.example", "last_login": "0001-01-01T00:00:00Z"}


def test_with_an_api_key_maintainers_are_collaborators_and_teams(with_key, upstream):
    upstream.says(f"{REPO}/collaborators", [account("pingou"), account("mjw")], [])
    upstream.says(f"{REPO}/teams", [{"id": 1, "name": "python-sig", "permission": "write"}])
    value = with_key["distgit.maintainers"].fetch("guake")
    assert value == {
        "found": True, "owner": None, "admins": [], "committers": ["mjw", "pingou"], "collaborators": [],
        "groups": ["@python-sig"], "modified": None,
    }  # fmt: skip
    assert {asked.headers["Authorization"] for asked in upstream.asked} == {"token k3y"}


@pytest.mark.parametrize("status", [405, 403, 404])
def test_a_repository_without_teams_has_collaborators_all_the_same(with_key, upstream, status):
    upstream.says(f"{REPO}/collaborators", [account("pingou")], [])
    upstream.answers[f"{REPO}/teams"] = Answer(FORGEJO_MISSING.body, status)
    assert with_key["distgit.maintainers"].fetch("guake")["groups"] == []


@pytest.mark.parametrize("status", [401, 403])
def test_an_account_that_may_not_see_maintainers_sees_none(with_key, upstream, status):
    upstream.answers[f"{REPO}/collaborators"] = Answer(b'{"message": "token is required"}', status)
    with pytest.raises(NotPublic):
        with_key["distgit.maintainers"].fetch("guake")


def test_no_message_is_lost_where_none_announces_maintainers(with_key):
    query = with_key["distgit.maintainers"]
    values = [{"found": True, "modified": None, "committers": names} for names in (["a"], ["b"])]
    assert query.without_ignored(values[0]) == query.without_ignored(values[1])
    assert query.without_ignored({**values[0], "modified": 1}) != query.without_ignored({**values[1], "modified": 1})


def test_owners_are_not_listed_and_those_of_pagures_file_are_read_if_it_is_kept(connectors, upstream):
    with pytest.raises(NotPublic):
        connectors["distgit"].owners()
    upstream.says("/extras/pagure_poc.json", {"rpms": {"guake": {"admin": "pingou"}}})
    assert connectors["distgit"].owners() == {"guake": "pingou"}
