"""Dist-git: projects, branches, raw files, the files about all packages."""

import json

import pytest


def test_a_recorded_project_has_no_keys_that_are_missing(quiet, data):
    recorded = json.loads((data / "upstream" / "pagure-rpms-guake.json").read_text("utf-8"))
    assert set(recorded) <= set(quiet.get("/distgit/api/0/rpms/guake"))


def test_a_missing_project_says_so(quiet):
    answer = quiet.ask("/distgit/api/0/rpms/Guake")
    assert (answer.status, answer.json["error_code"]) == (404, "ENOPROJECT")


def test_branches_of_the_past_stay(quiet):
    answer = quiet.get("/distgit/api/0/rpms/guake/git/branches")
    assert (answer["total_branches"], answer["default"]) == (len(answer["branches"]), "rawhide")
    assert set(answer["branches"]) == set(quiet.expected("guake")["branches"])


def test_a_spec_names_its_version_and_its_patches(quiet):
    spec = quiet.ask("/distgit/rpms/guake/raw/rawhide/f/guake.spec").text
    head = quiet.expected("guake")["branches"]["rawhide"]
    assert f"\nVersion:        {head['evr'].partition('-')[0]}\n" in spec
    assert all(f" {patch}\n" in spec for patch in head["patches"])


@pytest.mark.parametrize(
    "section", ["%description", "%files", "%changelog", "%prep", "Source0:", "License:", "BuildRequires:"]
)
def test_a_spec_is_whole(quiet, section):
    assert f"\n{section}" in quiet.ask("/distgit/rpms/guake/raw/rawhide/f/guake.spec").text


def test_a_patch_is_a_unified_diff(quiet):
    name = quiet.expected("guake")["branches"]["rawhide"]["patches"][0]
    lines = quiet.ask(f"/distgit/rpms/guake/raw/rawhide/f/{name}").text.splitlines()
    assert sum(line.startswith("--- a/") for line in lines) == sum(line.startswith("+++ b/") for line in lines) > 0


def test_a_commit_names_a_branch_too(quiet):
    commit = quiet.expected("guake")["branches"]["f44"]["commit"]
    by_commit = quiet.ask(f"/distgit/rpms/guake/raw/{commit}/f/guake.spec")
    assert by_commit.body == quiet.ask("/distgit/rpms/guake/raw/f44/f/guake.spec").body


@pytest.mark.parametrize(
    "path", ["guake/raw/f99/f/guake.spec", "guake/raw/rawhide/f/nothing", "nope/raw/rawhide/f/nope.spec"]
)
def test_a_missing_file_is_a_page(quiet, path):
    answer = quiet.ask(f"/distgit/rpms/{path}")
    assert (answer.status, answer.headers.get_content_type()) == (404, "text/html")


def test_a_head_is_returned_as_a_commit_of_pagure(live):
    live.trigger("retire", "vim", reason="Use emacs", agent="ralph")
    commit = live.expected("vim")["branches"]["rawhide"]["commit"]
    answer = live.get(f"/distgit/api/0/rpms/vim/c/{commit}/info")
    assert (answer["author"], answer["message"], answer["hash"]) == ("Ralph", "Use emacs\n", commit)
    assert live.ask("/distgit/api/0/rpms/vim/c/0000/info").status == 404


def test_a_retired_branch_holds_its_reason_and_no_spec(live):
    live.trigger("retire", "guake", reason="Use tilda")
    assert live.ask("/distgit/rpms/guake/raw/rawhide/f/dead.package").text == "Use tilda\n"
    assert live.ask("/distgit/rpms/guake/raw/rawhide/f/guake.spec").status == 404


def test_a_push_is_in_the_spec(live):
    live.trigger("push", "guake", version="9.9", text="Nine nine")
    spec = live.ask("/distgit/rpms/guake/raw/rawhide/f/guake.spec").text
    assert "Version:        9.9\n" in spec
    assert "- Nine nine" in spec


def test_every_package_has_a_point_of_contact(quiet):
    contacts = quiet.get("/distgit/extras/pagure_poc.json")["rpms"]
    assert list(contacts) == sorted(quiet.get("/control/packages")["packages"])
    assert contacts["guake"]["admin"] == quiet.expected("guake")["owner"]


def test_a_new_maintainer_is_named(live):
    live.trigger("maintainer", "guake", user="newcomer", access="admin")
    assert "newcomer" in live.get("/distgit/api/0/rpms/guake")["access_users"]["admin"]
    assert "newcomer" in live.get("/distgit/extras/pagure_owner_alias.json")["rpms"]["guake"]
