"""mdapi: the order of repositories, the answers, the failures."""

import json
from urllib.parse import quote

import pytest

from fedora_packages.sandbox.upstreams.mdapi import Repositories


def test_the_testing_repository_is_searched_first(live):
    live.trigger("update", "guake", to="testing", release="f44")
    live.trigger("repo", "guake", release="f44")
    shown = live.get("/mdapi/f44/pkg/guake")
    assert shown["repo"] == "updates-testing"
    assert f"guake-{shown['version']}-{shown['release']}" == live.expected("guake")["releases"]["f44"]["testing"]


def test_rawhide_has_one_repository(quiet):
    assert quiet.get("/mdapi/rawhide/pkg/guake")["repo"] == "release"


def test_a_recorded_package_has_the_same_keys(quiet, data):
    recorded = json.loads((data / "upstream" / "mdapi-f28-srcpkg-guake.json").read_text("utf-8"))
    assert set(quiet.get("/mdapi/rawhide/srcpkg/guake")) == set(recorded)


def test_a_build_is_shown_after_the_repository_was_renewed(live):
    before = live.get("/mdapi/rawhide/pkg/guake")
    live.trigger("build", "guake")
    assert live.get("/mdapi/rawhide/pkg/guake") == before
    live.trigger("repo", "guake")
    assert live.get("/mdapi/rawhide/pkg/guake")["release"] != before["release"]


def test_a_source_without_a_binary_of_its_name_is_described_by_one_of_its_binaries(quiet):
    shown = quiet.get("/mdapi/rawhide/srcpkg/krb5")
    assert shown["basename"] == "krb5"
    assert "krb5" not in shown["co-packages"]


def test_files_know_no_source_names(quiet):
    assert quiet.ask("/mdapi/rawhide/files/krb5").status == 404


def test_files_stand_by_folder_with_a_letter_each(quiet):
    rows = quiet.get("/mdapi/rawhide/files/guake")["files"]
    assert all(len(row["filenames"].split("/")) == len(row["filetypes"]) for row in rows)
    paths = {f"{row['dirname']}/{name}" for row in rows for name in row["filenames"].split("/")}
    wanted = quiet.expected("guake")["repositories"]["rawhide"]["binaries"]["guake"]["files"]
    assert paths == {path.rstrip("/") for path in wanted}


def test_the_changelog_is_newest_first(quiet):
    dates = [entry["date"] for entry in quiet.get("/mdapi/rawhide/changelog/vim-minimal")["changelogs"]]
    assert dates == sorted(dates, reverse=True)


def test_an_older_release_has_the_changelog_it_had_then(quiet):
    newest = quiet.get("/mdapi/rawhide/changelog/guake")["changelogs"]
    older = quiet.get("/mdapi/f43/changelog/guake")["changelogs"]
    assert len(older) < len(newest)


def test_who_requires_a_capability(quiet):
    shown = quiet.get("/mdapi/rawhide/requires/gtk3")
    assert "guake" in {package["basename"] for package in shown}
    assert all(any(item["name"] == "gtk3" for item in package["requires"]) for package in shown)


def test_a_capability_may_have_brackets(quiet):
    shown = quiet.get(f"/mdapi/rawhide/provides/{quote('application(guake.desktop)')}")
    assert [package["basename"] for package in shown] == ["guake"]


def test_a_package_provides_itself(quiet):
    shown = quiet.get("/mdapi/rawhide/pkg/guake")
    itself = {
        "name": "guake",
        "epoch": shown["epoch"],
        "version": shown["version"],
        "release": shown["release"],
        "flags": "EQ",
    }
    assert itself in shown["provides"]


def test_build_requirements_stand_in_the_source_repository(quiet):
    shown = quiet.get("/mdapi/src_f44/pkg/guake")
    assert (shown["arch"], "gettext" in {item["name"] for item in shown["requires"]}) == ("src", True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("f99/pkg/guake", 400),
        ("f44/pkg/no-such-package", 404),
        ("f44/srcpkg/no-such-package", 404),
        ("f44/srcpkg/Guake", 404),
        ("f44/files/no-such-package", 404),
        ("f44/changelog/no-such-package", 404),
        ("f44/requires/no-such-capability", 400),
        ("eln/pkg/guake", 400),
        ("f44/nonsense/guake", 404),
    ],
)
def test_a_failure_has_its_status(quiet, path, status):
    answer = quiet.ask(f"/mdapi/{path}")
    reason = {400: "400: Bad Request", 404: "404: Not Found"}[status]
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (status, reason, "text/plain; charset=utf-8")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_branches_are_cut_from_file_names(quiet):
    assert quiet.get("/mdapi/branches") == [
        "epel10", "epel9", "f43", "f44", "f45", "koji", "rawhide", "src_f43", "src_f44", "src_f45",
    ]  # fmt: skip


def test_a_retired_package_leaves_the_repository_when_it_is_renewed(live):
    live.trigger("retire", "guake")
    assert live.ask("/mdapi/rawhide/pkg/guake").status == 200
    live.trigger("build", "kakoune")
    live.trigger("repo", "kakoune")
    assert live.ask("/mdapi/rawhide/pkg/guake").status == 404


@pytest.mark.parametrize("name", ["python-ble_ch", "python-bl%", "PYTHON-bleach", "python-bleach-6.4.0", "%-bleach"])
def test_a_source_is_matched_as_sql_matches_text(quiet, name):
    found = Repositories(quiet.sandbox.world.now()).like("rawhide", name)
    assert {row.build.name for row in found} == {"python-bleach"}
