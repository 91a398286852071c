"""Actions: dist-git and repositories, impossible ones, and many in one request."""

import json

import pytest

from tests.sandbox.actions.recorded import kinds, message, recorded

# Dist-git


def test_a_push_has_two_messages_with_the_recorded_keys(live, data):
    answer = live.trigger("push", "guake")
    assert live.topics(answer) == ["git.lookaside.new", "git.receive", "pagure.git.receive"]
    received = message(live, answer, "pagure.git.receive")
    wanted = recorded(data, "fm-recorded-pagure.git.receive-1.json")
    assert set(received) == set(wanted)
    assert set(wanted["repo"]) <= set(received["repo"])
    commit = message(live, answer, "git.receive")["commit"]
    assert set(recorded(data, "fedmsg-git.receive-2.json")["commit"]) <= set(commit)
    assert received["changed_files"]["guake.spec"] == "M"


def test_a_new_patch_comes_with_a_push(live):
    before = live.expected("guake")["branches"]["rawhide"]["patches"]
    body = message(live, live.trigger("push", "guake"), "pagure.git.receive")
    (new,) = set(live.expected("guake")["branches"]["rawhide"]["patches"]) - set(before)
    assert body["changed_files"][new] == "A"


def test_a_lookaside_message_has_the_recorded_keys(live, data):
    body = message(live, live.trigger("push", "guake"), "git.lookaside.new")
    assert set(recorded(data, "fedmsg-git.lookaside.new-1.json")) <= set(body)


def test_retiring_blocks_the_package(live, data):
    answer = live.trigger("retire", "guake")
    assert live.topics(answer) == ["git.receive", "pagure.git.receive", "buildsys.package.list.change"]
    body = message(live, answer, "buildsys.package.list.change")
    assert kinds(body) == kinds(recorded(data, "fm-buildsys.package.list.change-2.json"))
    assert (body["tag"], body["block"]) == ("f46", True)


def test_a_maintainer_message_has_the_recorded_keys(live, data):
    body = message(live, live.trigger("maintainer", "guake", user="newcomer"), "pagure.project.user.added")
    assert set(recorded(data, "fedmsg-pagure_io-pagure.project.user.added-1.json")) <= set(body)


def test_a_branch_is_made_where_there_was_none(live):
    answer = live.trigger("branch", "guake", branch="epel10")
    assert live.topics(answer) == ["pagure.git.branch.creation", "buildsys.package.list.change"]
    assert "epel10" in live.get("/distgit/api/0/rpms/guake/git/branches")["branches"]


def test_a_new_package_can_be_built_and_published(live, data):
    answer = live.trigger("new-package", "brandnew", summary="A new thing")
    body = message(live, answer, "pagure.project.new")
    assert set(recorded(data, "fedmsg-pagure.project.new-1.json")["project"]) - {"settings"} <= set(body["project"])
    live.trigger("build", "brandnew")
    live.trigger("repo", "brandnew")
    assert live.get("/mdapi/rawhide/pkg/brandnew")["summary"] == "A new thing"


# Repositories


def test_a_repository_is_announced_file_by_file(live, data):
    live.trigger("build", "guake")
    told = live.envelopes(live.trigger("repo", "guake"))
    topics = ("mdapi.repo.update", "pungi.compose.status.change")
    assert {one["topic"] for one in told} == {f"org.fedoraproject.dev.{topic}" for topic in topics}
    rawhide = [one["msg"] for one in told if one["msg"].get("name") == "rawhide"]
    assert [body["url"].rpartition("-")[2] for body in rawhide] == [
        "primary.sqlite.xz",
        "filelists.sqlite.xz",
        "other.sqlite.xz",
    ]
    assert all(set(body) == set(recorded(data, "fm-mdapi.repo.update-1.json")) for body in rawhide)
    assert all("guake" in body["packages"] for body in rawhide)


@pytest.mark.parametrize(
    ("release", "sample"),
    [
        ("rawhide", "fm-pungi.compose.status.change-1"), ("f44", "fm-bodhi.updates.fedora.sync-1"),
        ("epel9", "fm-bodhi.updates.epel.sync-1"),
    ],
)  # fmt: skip
def test_what_is_on_the_mirror_is_announced_as_by_its_publisher(live, data, release, sample):
    recorded_message = json.loads((data / f"today/messages/{sample}.json").read_text("utf-8"))
    told = live.envelopes(live.trigger("repo", "guake", release=release))
    bodies = {one["topic"]: one["msg"] for one in told if one["topic"].endswith((".sync", ".status.change"))}
    assert [topic.partition(".dev.")[2] for topic in bodies] == [recorded_message["topic"].partition(".prod.")[2]]
    for body in bodies.values():
        assert body.keys() == recorded_message["body"].keys()
        assert body.get("release", release) in (release, release.lstrip("fepl"))


def test_a_repository_names_binaries_and_capabilities(live):
    live.trigger("build", "krb5")
    names = live.envelopes(live.trigger("repo", "krb5"))[0]["msg"]["packages"]
    binaries = set(live.expected("krb5")["repositories"]["rawhide"]["binaries"])
    assert binaries < set(names)


def test_a_package_leaves_a_repository_with_all_its_requirements_in_the_message(live):
    live.trigger("retire", "guake")
    live.trigger("build", "kakoune")
    told = live.envelopes(live.trigger("repo", "kakoune"))
    (names,) = {tuple(one["msg"]["packages"]) for one in told if one["topic"].endswith("mdapi.repo.update")}
    assert {"guake", "keybinder3", "libnotify", "libwnck3", "gtk3", "hicolor-icon-theme"} <= set(names)


def test_a_repository_with_nothing_new_bumps_the_package(live):
    before = live.get("/mdapi/f44/pkg/kakoune")
    topics = live.topics(live.trigger("repo", "kakoune", release="f44"))
    assert topics[:3] == ["buildsys.build.state.change", "buildsys.build.state.change", "buildsys.tag"]
    shown = live.get("/mdapi/f44/pkg/kakoune")
    assert shown != before


def test_a_renewal_includes_other_tagged_builds_of_the_release(live):
    live.trigger("build", "guake")
    live.trigger("build", "kakoune")
    live.trigger("repo", "guake")
    assert (
        live.get("/mdapi/rawhide/pkg/kakoune")["release"] in live.expected("kakoune")["releases"]["rawhide"]["stable"]
    )


# Impossible actions


@pytest.mark.parametrize(
    ("what", "package", "details", "said"),
    [
        ("explode", "guake", {}, "unknown action 'explode'; use one of build, tag"),
        ("build", "no-such-package", {}, "unknown package 'no-such-package'"),
        ("build", "guake", {"color": "red"}, "'build' has no option 'color'; use release"),
        ("build", "guake", {"release": "f99"}, "unknown release 'f99'; use one of rawhide"),
        ("build", "guake", {"state": "lost"}, "'state' must be one of building"),
        ("build", "guake", {"release": "eln"}, "guake has no active branch 'eln'"),
        ("build", "guake", {"tag": "f99"}, "unknown Koji tag 'f99'; use one of"),
        ("tag", "guake", {"tag": "f99"}, "unknown Koji tag 'f99'; use one of"),
        ("untag", "guake", {"tag": "f46-override"}, "guake has no such build tagged f46-override"),
        ("update", "guake", {"alias": "FEDORA-1", "to": "stable"}, "guake has no update FEDORA-1"),
        ("update", "guake", {"karma": 7}, "'karma' must be -1, 0 or 1, not 7"),
        ("update", "guake", {"karma": "x"}, "'karma' must be an integer"),
        ("bug", "guake", {"id": 1}, "guake has no bug 1; there are"),
        ("bug", "guake", {"version": "99"}, "unknown version '99'"),
        ("push", "guake", {"version": "../x"}, "invalid version '../x'"),
        ("build", "guake", {"version": "1-2"}, "invalid version '1-2'"),
        ("build", "guake", {"owner": "<b>"}, "invalid account '<b>'"),
        ("new-package", "brandnew", {"version": "-"}, "invalid version '-'"),
        ("update", "guake", {"release": "rawhide"}, "rawhide creates its updates by itself"),
        ("repo", "guake", {"release": "eln"}, "mdapi has no repository of eln"),
        ("maintainer", "guake", {"user": "pingou"}, "pingou already maintains guake"),
        ("branch", "guake", {"branch": "f44"}, "guake already has a branch 'f44'"),
        ("new-package", "guake", {}, "package 'guake' already exists"),
        ("crash", "guake", {"id": 1}, "guake has no problem 1; there are"),
        ("crash", "guake", {"count": 0}, "'count' must be an integer from 1 to"),
        ("crash", "guake", {"type": "typo"}, "'type' must be one of core"),
        ("upstream-release", "guake", {"version": "../x"}, "invalid version '../x'"),
        ("upstream-release", "guake", {"version": "3.10.1"}, "the project of guake already has a version '3.10.1'"),
        ("upstream-withdraw", "guake", {"version": "99"}, "the project of guake has no version '99'"),
        ("upstream-map", "guake", {}, "guake is already mapped to project"),
        ("new-package", "a/b", {}, "invalid package name 'a/b'"),
    ],
)
def test_an_impossible_action_is_refused_in_a_sentence(quiet, what, package, details, said):
    assert quiet.refused(what, package, **details).startswith(said)
    assert len(quiet.bus.archive) == 0


# Many actions at once


def test_one_request_triggers_many_actions(live):
    bodies = [{"what": "build", "package": name, "state": "building"} for name in ("guake", "vim")]
    assert live.post("/control/trigger", actions=bodies) == {"messages": 2, "refused": []}
    assert [live.expected(name)["builds"][0]["state"] for name in ("guake", "vim")] == ["building", "building"]


def test_the_former_address_of_actions_is_accepted(live):
    assert live.topics(live.post("/control/happen", what="bug", package="guake")) == ["bugzilla.bug.new"]
    bodies = [{"what": "bug", "package": "guake"}]
    assert live.post("/control/happen", happenings=bodies) == {"messages": 1, "refused": []}


def test_an_impossible_action_does_not_stop_the_others(live):
    bodies = [{"what": "explode", "package": "guake"}, 7, {"what": "build", "package": "guake", "tag": "none"}]
    answer = live.post("/control/trigger", actions=bodies)
    assert (answer["messages"], [one["number"] for one in answer["refused"]]) == (2, [0, 1])
