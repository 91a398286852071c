"""Every query: what it makes of recorded and made-up answers, and which messages touch it."""

import json
import xmlrpc.client
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from fedora_packages.connectors.anitya import VERSIONS_KEPT
from fedora_packages.connectors.base import Circuit
from fedora_packages.connectors.distgit import FILE_LIMIT
from fedora_packages.connectors.faf import PROBLEMS_KEPT
from fedora_packages.errors import ReleaseNotServed, UpstreamLied, UpstreamUnavailable
from fedora_packages.events import parse
from tests.upstream import Answer


def recorded(data: Path, name: str):
    return json.loads((data / "upstream" / f"{name}.json").read_text("utf-8"))


# Recorded answers: each that belongs to a query is read by it.


@pytest.mark.parametrize(
    "name", ["koji-listBuilds-package306-page1", "koji-listBuilds-latest10", "koji-listBuilds-state4"]
)
def test_recorded_lists_of_builds_are_read(queries, upstream, data, name):
    rows = recorded(data, name)["result"]
    upstream.koji_says([[len(rows)], [rows]])
    value = queries["koji.builds"].fetch("guake")
    assert [build["build_id"] for build in value["builds"]] == [row["build_id"] for row in rows]


def test_a_recorded_count_of_builds_is_read(queries, upstream, data):
    upstream.koji_says([[recorded(data, "koji-listBuilds-package306-countOnly")["result"]], [[]]])
    assert queries["koji.builds"].fetch("guake") == {"total": 65, "builds": []}


def test_a_recorded_empty_list_of_builds_is_read(queries, upstream, data):
    upstream.koji_says([[0], [recorded(data, "koji-listBuilds-empty")["result"]]])
    assert queries["koji.builds"].fetch("guake")["builds"] == []


@pytest.mark.parametrize("name", ["bodhi-releases-2018", "bodhi-releases-with-archived"])
def test_recorded_releases_are_read(queries, upstream, data, name):
    answer = recorded(data, name)
    upstream.says("/releases/", {"pages": 1, **answer})
    branches = {release["branch"] for release in queries["bodhi.releases"].fetch("*")["releases"]}
    active = {
        row["branch"]
        for row in answer["releases"]
        if row["state"] in ("current", "pending", "frozen") and row["id_prefix"] in ("FEDORA", "FEDORA-EPEL")
    }
    assert branches == active != set()


@pytest.mark.parametrize("name", ["bodhi-updates-query-1", "bodhi-updates-query-2"])
def test_recorded_updates_are_read(queries, upstream, data, name):
    answer = recorded(data, name)
    upstream.says("/updates/", answer)
    value = queries["bodhi.updates"].fetch("guake")
    assert {update["alias"] for update in value["updates"]} == {row["alias"] for row in answer["updates"]}


def test_when_a_recorded_update_came_to_testing_and_to_stable_is_read(queries, upstream, data):
    upstream.says("/updates/", {"updates": [recorded(data, "bodhi-update-single")["update"]], "total": 1})
    (update,) = queries["bodhi.updates"].fetch("bodhi")["updates"]
    assert (update["testing"], update["stable"]) == (1475715315, 1477056181)


def test_epochs_of_an_updates_builds_are_read_where_they_are_not_0(queries, upstream, data):
    row = recorded(data, "bodhi-update-single")["update"]
    row["builds"] = [
        {"nvr": f"{name}-1-1.fc45", "epoch": epoch} for name, epoch in (("vim", 2), ("gcc", 0), ("x", None))
    ]
    row["builds"].append({"nvr": "old-1-1.fc45"})
    upstream.says("/updates/", {"updates": [row], "total": 1})
    (update,) = queries["bodhi.updates"].fetch("vim")["updates"]
    assert (len(update["builds"]), update["epochs"]) == (4, {"vim-1-1.fc45": 2})


@pytest.mark.parametrize("name", ["bodhi-update-single", "bodhi-update-saved"])
def test_a_recorded_single_update_is_read(queries, upstream, data, name):
    row = recorded(data, name)
    row = row.get("update", row)
    upstream.says("/updates/", {"updates": [row], "total": 1})
    assert queries["bodhi.updates"].fetch("guake")["updates"][0]["alias"] == row["alias"]


@pytest.mark.parametrize("name", ["bugzilla-getbug-redhat", "bugzilla-getbug", "bugzilla-query-cve", "bugzilla-query"])
def test_recorded_bugs_are_read(queries, upstream, data, name):
    answer = recorded(data, name)
    upstream.says("/rest/bug", answer)
    value = queries["bugzilla.bugs"].fetch("guake")
    assert {bug["id"] for bug in value["bugs"]} == {row["id"] for row in answer["bugs"]} != set()


def recorded_of_mdapi(data: Path, kind: str) -> list[Path]:
    return sorted((data / "upstream").glob(f"mdapi-f28-{kind}-*.json"))


def test_recorded_packages_are_read(queries, upstream, data):
    for path in recorded_of_mdapi(data, "pkg"):
        name = path.stem.removeprefix("mdapi-f28-pkg-")
        answer = json.loads(path.read_text("utf-8"))
        upstream.says(f"/f28/pkg/{name}", answer)
        value = queries["mdapi.package"].fetch(name, "f28")
        assert (value["name"], value["source"], value["version"]) == (name, answer["basename"], answer["version"])


def test_recorded_source_packages_are_read(queries, upstream, data):
    for path in recorded_of_mdapi(data, "srcpkg"):
        name = path.stem.removeprefix("mdapi-f28-srcpkg-")
        answer = json.loads(path.read_text("utf-8"))
        upstream.says(f"/f28/srcpkg/{name}", answer)
        value = queries["mdapi.package"].fetch(name, "f28")
        assert (value["source"], value["siblings"]) == (name, sorted(set(answer["co-packages"])))


def test_recorded_relations_are_read(queries, upstream, data):
    for path in recorded_of_mdapi(data, "pkg"):
        name = path.stem.removeprefix("mdapi-f28-pkg-")
        answer = json.loads(path.read_text("utf-8"))
        upstream.says(f"/f28/pkg/{name}", answer)
        found = {row["name"] for row in queries["mdapi.relations"].fetch(name, "f28")["requires"]}
        assert found == {row["name"] for row in answer["requires"]}


def test_recorded_files_are_read(queries, upstream, data):
    for path in recorded_of_mdapi(data, "files"):
        name = path.stem.removeprefix("mdapi-f28-files-")
        answer = json.loads(path.read_text("utf-8"))
        if "status" in answer:
            upstream.answers[f"/f28/files/{name}"] = Answer(
                answer["body"].encode(), answer["status"], answer["content_type"]
            )
            assert queries["mdapi.files"].fetch(name, "f28") == {"found": False}
            continue
        upstream.says(f"/f28/files/{name}", answer)
        expected = {f"{row['dirname']}/{file}" for row in answer["files"] for file in row["filenames"].split("/")}
        value = queries["mdapi.files"].fetch(name, "f28")
        assert {f"{row['path']}/{file}" for row in value["directories"] for file, _ in row["files"]} == expected


def test_recorded_maintainers_are_read(queries, upstream, data):
    for path in sorted((data / "upstream").glob("pagure-rpms-*.json")):
        name = path.stem.removeprefix("pagure-rpms-")
        answer = json.loads(path.read_text("utf-8"))
        upstream.says(f"/api/0/rpms/{name}", answer)
        assert queries["distgit.maintainers"].fetch(name)["owner"] == answer["access_users"]["owner"][0]


# What recordings do not have.

BUILD = {
    "build_id": 7, "nvr": "guake-3.9-1.fc45", "version": "3.9", "release": "1.fc45", "epoch": None, "state": 1,
    "owner_name": "pingou", "task_id": None, "start_ts": None, "creation_ts": 1000.5, "completion_ts": 1100.9,
    "package_name": "guake", "tag_name": "f45",
}  # fmt: skip


def test_the_hub_is_asked_by_name_in_one_request(queries, upstream):
    upstream.koji_says([[1], [[BUILD]]])
    queries["koji.builds"].fetch("guake")
    assert [(call["methodName"], call["params"][0]) for call in upstream.calls()] == [("listBuilds", "guake")] * 2


def test_a_fault_of_one_call_is_a_lie_that_is_quoted(queries, upstream):
    upstream.koji_says([[1], {"faultCode": 1000, "faultString": "No such package"}])
    with pytest.raises(UpstreamLied, match="fault 1000: 'No such package'"):
        queries["koji.builds"].fetch("guake")


def test_a_hub_that_is_switched_off_is_unavailable(queries, upstream):
    body = (
        "<?xml version='1.0'?><methodResponse><fault><value><struct>"
        "<member><name>faultCode</name><value><int>1014</int></value></member>"
        "<member><name>faultString</name><value><string>outage</string></value></member>"
        "</struct></value></fault></methodResponse>"
    )
    upstream.answers["/"] = Answer(body.encode(), content_type="text/xml")
    with pytest.raises(UpstreamUnavailable, match="outage"):
        queries["koji.builds"].fetch("guake")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"<methodResponse>", b"{}", b"\0", b"<?xml version='1.0'?><methodResponse></methodResponse>"],
)
def test_what_is_no_xml_rpc_is_a_lie(queries, upstream, body):
    upstream.answers["/"] = Answer(body, content_type="text/xml")
    with pytest.raises(UpstreamLied):
        queries["koji.builds"].fetch("guake")


def test_xml_that_grows_is_a_lie(queries, upstream):
    bomb = "<!DOCTYPE x [<!ENTITY a '" + "x" * 1000 + "'>" + "".join(
        f"<!ENTITY {name} '{('&' + before + ';') * 20}'>" for before, name in zip("abcdef", "bcdefg", strict=True)
    )  # fmt: skip
    upstream.answers["/"] = Answer(f"<?xml version='1.0'?>{bomb}]><methodResponse>&g;</methodResponse>".encode())
    with pytest.raises(UpstreamLied):
        queries["koji.builds"].fetch("guake")


@pytest.mark.parametrize("wrong", [{"state": 9}, {"state": "1"}, {"nvr": None}, {"build_id": True}, {"epoch": "0"}])
def test_a_build_with_other_types_is_a_lie(queries, upstream, wrong):
    upstream.koji_says([[1], [[{**BUILD, **wrong}]]])
    with pytest.raises(UpstreamLied, match="another shape"):
        queries["koji.builds"].fetch("guake")


def test_builds_tagged_are_listed_by_tag(queries, upstream):
    upstream.koji_says([[[BUILD]], [[]], [[{**BUILD, "package_name": "guake-other"}]]])
    value = queries["koji.tagged"].fetch("guake")
    assert {tag: build and build["tag"] for tag, build in value["tags"].items()} == {
        "f46": "f45", "f45-updates": None, "f45-updates-testing": None,
    }  # fmt: skip


def test_a_negative_state_is_not_the_last_one(queries, upstream):
    upstream.koji_says([[1], [[{**BUILD, "state": -1}]]])
    with pytest.raises(UpstreamLied):
        queries["koji.builds"].fetch("guake")


BUG = {
    "id": 5, "summary": "s", "status": "NEW", "severity": "low", "product": "Fedora", "version": ["45"], "component": ["guake"],
    "last_change_time": "2026-11-01T10:00:00Z", "alias": [], "keywords": [], "assigned_to": "x@example.com", "blocks": [],
}  # fmt: skip


def bugs(*numbers, **more):
    return {"bugs": [{**BUG, "id": number} for number in numbers], **more}


def test_bugs_are_read_to_the_last_although_fewer_come_than_were_asked_for(queries, upstream):
    upstream.says("/rest/bug", bugs(9, 8, total_matches=5), bugs(7, 6, total_matches=5), bugs(5, total_matches=5))
    value = queries["bugzilla.bugs"].fetch("guake")
    assert (value["total"], [bug["id"] for bug in value["bugs"]]) == (5, [9, 8, 7, 6, 5])


def test_bugs_are_counted_where_bugzilla_does_not_say_how_many(queries, upstream):
    upstream.says("/rest/bug", bugs(9, 8), bugs(7), bugs())
    assert queries["bugzilla.bugs"].fetch("guake")["total"] == 3


def test_counts_are_those_of_the_list_where_bugzilla_does_not_say_how_many(queries, upstream):
    upstream.says("/rest/bug", bugs(2), bugs(9), bugs(8), bugs(7), bugs(), bugs(9), bugs())
    assert queries["bugzilla.counts"].fetch("guake") == {"open": 3, "blockers": 1, "changed": 1793527200}


def test_a_package_without_bugs_has_none_that_changed(queries, upstream):
    upstream.says("/rest/bug", bugs(total_matches=0))
    assert queries["bugzilla.counts"].fetch("guake") == {"open": 0, "blockers": 0, "changed": None}


def test_an_error_with_status_200_is_a_lie(queries, upstream):
    upstream.says("/rest/bug", {"error": True, "code": 51, "message": "There is no component named that"})
    with pytest.raises(UpstreamLied, match="no component"):
        queries["bugzilla.bugs"].fetch("guake")


@pytest.mark.parametrize(
    "sign",
    [{"alias": ["CVE-2026-1"]}, {"keywords": ["Security"]}, {"assigned_to": "security-response-team@redhat.com"},
     {"component": ["vulnerability"]}],
)  # fmt: skip
def test_security_bugs_are_marked(queries, upstream, sign):
    upstream.says("/rest/bug", {"bugs": [{**BUG, **sign}], "total_matches": 1})
    assert queries["bugzilla.bugs"].fetch("guake")["bugs"][0]["security"]


def test_a_bug_without_a_version_has_none(queries, upstream):
    upstream.says("/rest/bug", {"bugs": [{**BUG, "version": []}], "total_matches": 1})
    assert queries["bugzilla.bugs"].fetch("guake")["bugs"][0]["version"] == ""


@pytest.mark.parametrize(
    ("given", "kept"),
    [(["Tracking", "Triaged"], ["Tracking", "Triaged"]), ("Tracking", ["Tracking"]), ("", []), (None, [])],
)
def test_keywords_and_aliases_of_a_bug_are_kept_in_any_form(queries, upstream, given, kept):
    upstream.says("/rest/bug", {"bugs": [{**BUG, "keywords": given, "alias": given}], "total_matches": 1})
    (bug,) = queries["bugzilla.bugs"].fetch("guake")["bugs"]
    assert (bug["keywords"], bug["alias"]) == (kept, kept)


def test_who_reported_a_bug_is_not_kept(queries, upstream):
    upstream.says("/rest/bug", bugs(1, total_matches=1))
    assert "example.com" not in json.dumps(queries["bugzilla.bugs"].fetch("guake"))


@pytest.mark.parametrize("query", ["package", "relations", "files", "changelog"])
def test_a_release_that_mdapi_does_not_know_is_said_so(queries, upstream, query):
    upstream.answer = lambda asked: Answer(b"400: Bad Request", 400, "text/plain")
    with pytest.raises(ReleaseNotServed, match="it has no repositories of eln"):
        queries[f"mdapi.{query}"].fetch("guake", "eln")


@pytest.mark.parametrize("query", ["package", "relations", "files", "changelog"])
def test_a_proxy_that_has_lost_mdapi_does_not_make_packages_disappear(queries, upstream, query):
    upstream.answer = lambda asked: Answer(b"<html>default backend - 404</html>", 404, "text/html")
    with pytest.raises(UpstreamLied):
        queries[f"mdapi.{query}"].fetch("guake", "f45")


def test_a_package_that_dist_git_does_not_have_has_no_maintainers(queries, upstream):
    upstream.says("/api/0/rpms/guake", {"error": "Project not found", "error_code": "ENOPROJECT"}, status=404)
    assert queries["distgit.maintainers"].fetch("guake") == {"found": False}


@pytest.mark.parametrize("body", [b"<html>404</html>", b"{}", b'{"error_code": "EOTHER"}', b"[]"])
def test_a_proxy_that_has_lost_dist_git_does_not_make_maintainers_disappear(queries, upstream, body):
    upstream.answers["/api/0/rpms/guake"] = Answer(body, 404)
    with pytest.raises(UpstreamLied):
        queries["distgit.maintainers"].fetch("guake")


def test_bodhi_without_any_active_release_is_not_believed(queries, upstream):
    upstream.says("/releases/", {"releases": [], "pages": 0})
    with pytest.raises(UpstreamLied, match="none that is active"):
        queries["bodhi.releases"].fetch("*")


def test_a_hostile_spec_cannot_make_much_of_little(queries, upstream):
    spec = "%global a " + "x" * 100_000 + "\n" + "Patch: " + "%a" * 1000 + "\n"
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(spec.encode(), content_type="text/plain")
    assert queries["distgit.patches"].fetch("guake", "f45") == {"found": True, "patches": [], "commit": None}


def test_a_hub_that_is_switched_off_is_left_alone_after_a_while(queries, upstream):
    fault = xmlrpc.client.dumps(xmlrpc.client.Fault(1014, "outage"), methodresponse=True)
    upstream.answers["/"] = Answer(fault.encode(), content_type="text/xml")
    for _ in range(20):
        with pytest.raises(UpstreamUnavailable):
            queries["koji.builds"].fetch("guake")
    assert len(upstream.asked) == Circuit.FAILURES


@pytest.mark.parametrize(
    "value",
    ["<double>inf</double>", "<bigdecimal>x</bigdecimal>", "<array><data><value>" * 20_000],
    ids=["inf", "x", "deep"],
)
def test_odd_values_of_xml_rpc_are_lies(queries, upstream, value):
    rows = (
        f"<value><array><data><value><array><data><value>{value}</value></data></array></value></data></array></value>"
    )
    upstream.answers["/"] = Answer(
        f"<?xml version='1.0'?><methodResponse><params><param>{rows}</param></params></methodResponse>".encode()
    )
    with pytest.raises(UpstreamLied):
        queries["koji.builds"].fetch("guake")


def test_a_changelog_is_parsed_into_author_and_evr(queries, upstream):
    rows = [
        {"author": "A B <a@b.c> - 1:1.0-1", "date": 5, "changelog": "- x"},
        {"author": "C D <c@d.e>", "date": 4, "changelog": "y"},
    ]
    upstream.says("/f45/changelog/guake", {"changelogs": rows, "repo": "release"})
    entries = queries["mdapi.changelog"].fetch("guake", "f45")["entries"]
    assert [(entry["author"], entry["evr"]) for entry in entries] == [("A B <a@b.c>", "1:1.0-1"), ("C D <c@d.e>", None)]


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


def obsoleter(source, names, obsoletes, provides):
    def versioned(name):
        return {"name": name, "flags": "EQ", "epoch": "0", "version": "2", "release": "1"}

    return {
        "basename": source, "epoch": "0", "version": "2", "release": "1", "co-packages": names,
        "provides": [versioned(name) for name in provides],
        "obsoletes": [{**versioned(name), "flags": "LT", "release": None} for name in obsoletes],
    }  # fmt: skip


def test_what_obsoletes_a_name_is_named_where_mdapi_tells(queries, upstream):
    rows = [
        obsoleter("luanti", ["luanti", "luanti-server"], ["minetest", "other"], ["luanti", "minetest"]),
        obsoleter("odd", ["odd", "odd-libs"], ["minetest"], ["odd", "odd-libs"]),
        obsoleter("stranger", ["stranger"], ["minetest-server"], ["stranger"]),
    ]
    upstream.says("/rawhide/obsoletes/minetest", rows)
    found = queries["mdapi.obsoleters"].fetch("minetest", "rawhide")["packages"]
    assert [(row["name"], row["source"], row["flags"], row["version"]) for row in found] == [
        (None, "odd", "LT", "2"), ("luanti", "luanti", "LT", "2"),
    ]  # fmt: skip


def test_what_nothing_obsoletes_has_no_obsoleters(queries, upstream):
    upstream.answers["/rawhide/obsoletes/guake"] = Answer(b"400: Bad Request", 400, "text/plain")
    assert queries["mdapi.obsoleters"].fetch("guake", "rawhide") == {"packages": []}


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
    assert [asked.path for asked in upstream.asked][:2] == [
        "/api/0/rpms/guake/git/branches", "/rpms/guake/raw/f45/f/guake.spec",
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["spec", "patches"])
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00 Name: guake", b"x" * (FILE_LIMIT + 1)], ids=["empty", "no text", "huge"]
)
def test_a_spec_that_is_no_file_of_text_is_a_lie(queries, upstream, query, body):
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(body, content_type="text/plain")
    with pytest.raises(UpstreamLied):
        queries[f"distgit.{query}"].fetch("guake", "f45")


def test_a_spec_in_another_encoding_is_shown_all_the_same(queries, upstream):
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(b"Name: caf\xe9", content_type="text/plain")
    assert queries["distgit.spec"].fetch("guake", "f45")["text"] == "Name: caf�"


def problem(number, **changes):
    report = {
        "count": 5,
        "first_occurrence": "2026-10-01T00:00:00",
        "last_occurrence": "2026-11-01T10:00:00",
        "comments": [],
    }
    return {
        "id": number, "crash_function": "g_log", "status": "NEW", "type": "core", "bugs": [], "components": ["guake"],
        "reports": [report], **changes,
    }  # fmt: skip


def problems(*numbers):
    return {"problems": [problem(number) for number in numbers]}


def test_a_package_without_problems_is_one_question(queries, upstream):
    upstream.says("/problems/", problems())
    assert queries["faf.problems"].fetch("libstdc++") == {"total": 0, "problems": []}
    (asked,) = upstream.asked
    assert (asked.params["component_names"], asked.headers["Accept"]) == (["libstdc++"], "application/json")


def test_problems_say_whether_they_occur_now_and_did_before(queries, upstream):
    upstream.says("/problems/", problems(9, 7, 8), problems(7, 8), problems(9, 8))
    value = queries["faf.problems"].fetch("guake")
    assert [(one["id"], one["recent"], one["before"]) for one in value["problems"]] == [
        (9, False, True), (7, True, False), (8, True, True),
    ]  # fmt: skip
    ranges = [tuple(map(date.fromisoformat, asked.params["daterange"][0].split(":"))) for asked in upstream.asked]
    assert [(last - first).days for first, last in ranges] == [364, 13, 13]
    assert (ranges[0][1], ranges[2][1] + timedelta(1)) == (ranges[1][1], ranges[1][0])


def test_the_reports_of_a_problem_are_added_up_and_what_users_wrote_is_dropped(queries, upstream):
    comments = [{"saved": "2026-11-01", "text": "my password is"}]
    reports = [
        {"count": 5, "first_occurrence": "2026-10-01T00:00:00", "last_occurrence": None, "comments": comments},
        {"count": 7, "first_occurrence": None, "last_occurrence": "2026-11-01T10:00:00", "comments": comments},
    ]
    upstream.says("/problems/", {"problems": [problem(1, reports=reports, bugs=["https://bugs.example/1"])]})
    (found,) = queries["faf.problems"].fetch("guake")["problems"]
    assert (found["count"], found["first"], found["last"], found["bugs"]) == (
        12, 1790812800, 1793527200, ["https://bugs.example/1"],
    )  # fmt: skip
    assert "password" not in json.dumps(found)


def test_of_many_problems_some_are_kept_and_the_rest_is_said(queries, upstream):
    upstream.says("/problems/", problems(*range(PROBLEMS_KEPT + 1)), problems(*range(5000, 5000 + PROBLEMS_KEPT + 1)))
    value = queries["faf.problems"].fetch("guake")
    assert (value["total"], len(value["problems"])) == (PROBLEMS_KEPT + 1, PROBLEMS_KEPT)
    # What a list that was cut does not have may have been cut off.
    assert {(one["recent"], one["before"]) for one in value["problems"]} == {(None, None)}


@pytest.mark.parametrize(
    "answer", [{}, {"problems": {}}, {"problems": [problem(1, reports=None)]}, {"problems": [problem("1")]}, []]
)
def test_a_list_of_problems_of_another_shape_is_a_lie(queries, upstream, answer):
    upstream.says("/problems/", answer)
    with pytest.raises(UpstreamLied):
        queries["faf.problems"].fetch("guake")


PROJECT = {
    "id": 5311, "name": "guake", "homepage": "https://guake.example", "backend": "GitHub", "ecosystem": "pypi",
    "version": "3.11b1", "versions": ["3.11b1", "3.10"], "stable_versions": ["3.10"], "regex": None, "packages": [],
}  # fmt: skip


def test_a_project_is_read_with_its_versions(queries, upstream):
    upstream.says("/api/project/Fedora/gcc-c++", PROJECT)
    value = queries["anitya.versions"].fetch("gcc-c++")
    assert (value["project"]["id"], value["latest"], value["versions"], value["stable"]) == (
        5311, "3.11b1", ["3.11b1", "3.10"], ["3.10"],
    )  # fmt: skip
    assert queries["anitya.versions"].reference(value) == 5311


def test_versions_are_bounded_and_none_need_be_known(queries, upstream):
    upstream.says(
        "/api/project/Fedora/guake",
        {**PROJECT, "version": None, "versions": list(map(str, range(999))), "ecosystem": None},
    )
    value = queries["anitya.versions"].fetch("guake")
    assert (value["latest"], len(value["versions"])) == (None, VERSIONS_KEPT)


def test_a_package_that_is_mapped_to_no_project_is_not_found(queries, upstream):
    said = {"output": "notok", "error": 'No package "guake" found in distro "Fedora"'}
    upstream.says("/api/project/Fedora/guake", said, status=404)
    value = queries["anitya.versions"].fetch("guake")
    assert (value, queries["anitya.versions"].reference(value)) == ({"found": False}, None)


@pytest.mark.parametrize("body", [b"<html>404</html>", b"{}", b'{"error": "No such project"}', b"[]", b'{"error": 7}'])
def test_a_proxy_that_has_lost_anitya_does_not_unmap_packages(queries, upstream, body):
    upstream.answers["/api/project/Fedora/guake"] = Answer(body, 404)
    with pytest.raises(UpstreamLied):
        queries["anitya.versions"].fetch("guake")


@pytest.mark.parametrize("wrong", [{"id": "5311"}, {"versions": "3.10"}, {"homepage": None}, {"version": 3.1}])
def test_a_project_of_another_shape_is_a_lie(queries, upstream, wrong):
    upstream.says("/api/project/Fedora/guake", {**PROJECT, **wrong})
    with pytest.raises(UpstreamLied, match="another shape"):
        queries["anitya.versions"].fetch("guake")


def test_every_query_is_documented_with_its_source(queries):
    undocumented = [name for name, query in queries.items() if "Source:" not in query.documentation]
    assert undocumented == []


def test_every_query_is_renewed_by_messages_or_on_a_schedule(queries):
    stale = [name for name, query in queries.items() if not query.declaration.rules and not query.declaration.every]
    assert stale == []


def test_every_topic_that_is_listened_to_was_recorded(queries, data):
    topics = {parse(json.loads(path.read_text("utf-8"))).topic for path in (data / "messages").glob("*.json")}
    unheard = {
        pattern
        for query in queries.values()
        for rule in query.declaration.rules
        for pattern in rule.topics
        if not any(fnmatchcase(topic, pattern) for topic in topics)
    }
    # Of these no recording was found (of dist-git's branches: none of the newer form).
    assert unheard == {"pagure.git.branch.creation", "anitya.project.edit", "anitya.project.remove"}
