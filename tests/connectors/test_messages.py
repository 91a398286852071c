"""Every query and its messages: which touch it, for which packages, and whether a value shows one."""

import pytest

from fedora_packages.connectors.anitya import MAX_VERSIONS
from fedora_packages.connectors.koji import MAX_BUILDS
from fedora_packages.messages.event import Event


def event(topic, sent=1000.0, **body):
    return Event("org.fedoraproject.prod", topic, "2026-1", sent, body)


def is_shown(query, value, given, variant=""):
    """Whether a value shows what a message about guake says must be seen, if it says anything."""
    facts = query.expected(given, "guake")
    return facts is None or query.reflects(value, [facts], variant)


FEDORAS = {"distro": "Fedora", "package_name": "guake"}


def of_anitya(topic, distribution=None, project=None, **message):
    """Return an event of Anitya about project 7."""
    distro = distribution and {"name": distribution}
    body = {"project": {"id": 7, **(project or {})}, "distro": distro, "message": message}
    return Event("org.release-monitoring.prod", f"anitya.project.{topic}", "2026-1", 1000.0, body)


@pytest.mark.parametrize(
    ("query", "given", "names"),
    [
        ("koji.builds", event("buildsys.build.state.change", name="guake"), ["guake"]),
        ("koji.builds", event("buildsys.build.state.change", name="guake", instance="s390"), []),
        ("koji.builds", event("buildsys.tag", name="guake", tag="f45"), []),
        ("koji.tagged", event("buildsys.tag", name="guake", tag="f45-updates"), ["guake"]),
        ("koji.tagged", event("buildsys.untag", name="guake", tag="f45"), ["guake"]),
        ("koji.tagged", event("buildsys.tag", name="guake", tag="f45-build-side-12345"), []),
        ("koji.tagged", event("buildsys.tag", name="guake", tag="f45-updates-testing-pending"), []),
        ("koji.tagged", event("buildsys.package.list.change", package="guake", tag="f45"), ["guake"]),
        ("koji.tagged", event("bodhi.update.complete.stable", update={"builds": [{"nvr": "guake-1-1"}]}), ["guake"]),
        ("bodhi.updates", event("bodhi.update.comment", comment={"update": {"builds": [{"nvr": "a-1-1"}]}}), ["a"]),
        ("bodhi.updates", event("bodhi.buildroot_override.tag", override={"nvr": "guake-1-1"}), []),
        ("bodhi.updates", event("bodhi.masher.start", updates=["guake-1-1"]), []),
        ("bugzilla.bugs", event("bugzilla.bug.new", bug={"component": "guake"}), ["guake"]),
        ("bugzilla.counts", event("bugzilla.bug.update", bug={"component": "guake"}), ["guake"]),
        ("mdapi.package", event("mdapi.repo.update", name="f45-updates", packages=["guake"]), ["guake"]),
        ("mdapi.package", event("mdapi.repo.update", name="src_f45", packages=["guake"]), []),
        ("mdapi.files", event("mdapi.repo.update", name="f45", packages=["a"], url="x/0-filelists.sqlite.xz"), ["a"]),
        ("mdapi.changelog", event("mdapi.repo.update", name="f45", packages=["a"], url="x/0-filelists.sqlite.xz"), []),
        ("mdapi.files", event("mdapi.repo.update", name="f45", packages=["a"], url="x/0-primary.sqlite.xz"), ["a"]),
        ("distgit.spec", event("git.receive", commit={"repo": "guake", "namespace": "rpms"}), ["guake"]),
        ("distgit.spec", event("git.receive", commit={"repo": "guake", "stats": {"files": {".packit.yaml": {}}}}), []),
        ("distgit.patches", event("git.receive", commit={"repo": "a", "stats": {"files": {"a.spec": {}}}}), ["a"]),
        ("distgit.patches", event("git.receive", commit={"repo": "a", "stats": {"files": {"fix-build": {}}}}), ["a"]),
        ("distgit.patches", event("git.receive", commit={"repo": "a", "stats": {"files": {}}}), ["a"]),
        ("distgit.patches", event("git.receive", commit={"repo": "a", "stats": {"files": {"tests/run": {}}}}), []),
        ("distgit.patches", event("git.lookaside.new", name="guake"), ["guake"]),
        ("faf.problems", event("faf.problem.threshold10", components=["guake", "vim"]), ["guake", "vim"]),
        ("faf.problems", event("faf.report.threshold1", components=["guake"], problem_id=1), ["guake"]),
        ("anitya.versions", of_anitya("version.update.v2", packages=[FEDORAS, {**FEDORAS, "distro": "Arch"}]), ["guake"]),
        ("anitya.versions", of_anitya("version.update", packages=[FEDORAS]), ["guake"]),
        ("anitya.versions", of_anitya("map.update", "Fedora", new="guake", prev="vim"), ["guake", "vim"]),
        ("anitya.versions", of_anitya("map.new", "Arch", new="guake"), []),
        ("anitya.versions", of_anitya("map.remove", distro="Fedora"), []),
        ("anitya.versions", of_anitya("flag", packages=[FEDORAS]), []),
        ("anitya.versions", event("hotness.update.drop", trigger={"msg": {"message": {"packages": [FEDORAS]}}}), []),
        ("distgit.maintainers", event("pagure.project.user.added", project={"name": "a", "namespace": "rpms"}), ["a"]),
    ],
)  # fmt: skip
def test_a_message_touches_exactly_what_it_changes(queries, query, given, names):
    assert list(queries[query].touched(given)) == names


def builds(*pairs):
    return {"total": len(pairs), "builds": [{"build_id": number, "state": state} for number, state in pairs]}


@pytest.mark.parametrize(
    ("value", "new", "shows"),
    [
        (builds((7, "complete")), 1, True),
        (builds((7, "building")), 1, False),
        (builds((6, "complete")), 0, False),
        (builds((7, "building")), 0, True),
        (builds((7, "complete")), 0, True),
        (builds((7, "failed")), 1, True),
        (builds((6, "complete")), 2, True),
        (builds((7, "complete")), 2, False),
        (builds((7, "deleted")), 2, True),
        (builds(), 1, False),
        (builds(*((number, "complete") for number in range(1000, 1000 + MAX_BUILDS))), 1, True),
    ],
)
def test_a_list_of_builds_shows_a_build_or_not(queries, value, new, shows):
    assert is_shown(queries["koji.builds"], value, event("buildsys.build.state.change", build_id=7, new=new)) is shows


def update(alias="F-1", status="testing", request=None, modified=None, builds=("guake-1-1",), karma=0):
    shown = {"alias": alias, "status": status, "request": request, "modified": modified, "karma": karma}
    return {"updates": [{**shown, "builds": list(builds)}]}


@pytest.mark.parametrize(
    ("value", "announced", "shows"),
    [
        (update(), {"alias": "F-1", "status": "testing", "request": None}, True),
        (update(status="pending"), {"alias": "F-1", "status": "testing"}, False),
        (update(request="stable"), {"alias": "F-1", "status": "testing", "request": "stable"}, True),
        (update(), {"alias": "F-1", "request": "stable"}, False),
        (update(request="stable"), {"alias": "F-1", "status": "testing", "request": None}, False),
        (update(status="stable", modified=2000), {"alias": "F-1", "status": "testing"}, True),
        (update(status="stable"), {"alias": "F-1", "status": "testing", "request": "stable"}, True),
        (update(status="pending"), {"alias": "F-1", "status": "testing", "request": None}, False),
        (update(alias="F-2"), {"alias": "F-1"}, False),
        (update(), {"title": "guake-1-1"}, True),
        # During a push, the request is not what stays: it is cleared without a message.
        (update(), {"alias": "F-1", "status": "testing", "request": "testing", "locked": True}, True),
        (update(status="pending"), {"alias": "F-1", "status": "testing", "request": "testing", "locked": True}, False),
        (update(), {"alias": "F-1", "request": "stable", "locked": False}, False),
        (update(karma=1), {"alias": "F-1", "karma": 1}, True),
        (update(karma=0), {"alias": "F-1", "karma": 1}, False),
    ],
)
def test_a_list_of_updates_shows_an_update_or_not(queries, value, announced, shows):
    assert is_shown(queries["bodhi.updates"], value, event("bodhi.update.request.testing", update=announced)) is shows


@pytest.mark.parametrize(
    ("value", "body", "shows"),
    [
        (update(), {"new_builds": ["guake-1-1"]}, True),
        (update(), {"new_builds": ["guake-1-2"], "removed_builds": ["guake-1-1"]}, False),
        (update(builds=["guake-1-2"]), {"new_builds": ["guake-1-2"], "removed_builds": ["guake-1-1"]}, True),
        (update(alias="F-2"), {"update": {"alias": "F-1", "builds": [{"nvr": "guake-1-1"}]}}, False),
        (update(alias="F-2"), {"update": {"alias": "F-1", "builds": [{"nvr": "vim-1-1"}]}}, True),
        (update(), {"update": {"alias": "F-1", "status": {}}}, True),
    ],
)
def test_a_list_of_updates_shows_an_edit_or_not(queries, value, body, shows):
    given = event("bodhi.update.edit", **{"update": {"alias": "F-1"}, **body})
    assert is_shown(queries["bodhi.updates"], value, given) is shows


@pytest.mark.parametrize(
    ("shown", "topic", "status", "shows"),
    [
        ([{"id": 5, "status": "NEW", "changed": 0}], "bugzilla.bug.new", "NEW", True),
        ([], "bugzilla.bug.new", "NEW", False),
        ([{"id": 5, "status": "NEW", "changed": 0}], "bugzilla.bug.update", "POST", False),
        ([{"id": 5, "status": "NEW", "changed": 0}], "bugzilla.bug.update", "CLOSED", False),
        ([], "bugzilla.bug.update", "CLOSED", True),
        ([{"id": 5, "status": "ASSIGNED", "changed": 2000}], "bugzilla.bug.update", "CLOSED", True),
    ],
)
def test_a_list_of_bugs_shows_a_bug_or_not(queries, shown, topic, status, shows):
    given = event(topic, bug={"id": 5, "status": {"name": status}})
    assert is_shown(queries["bugzilla.bugs"], {"bugs": shown}, given) is shows


@pytest.mark.parametrize(
    ("shown", "bug", "field", "shows"),
    [
        ([], {"status": "NEW", "component": "guake"}, "component", False),
        ([], {"status": "NEW", "component": "vim"}, "component", True),
        ([{"id": 5, "status": "NEW", "changed": 0}], {"status": "NEW", "component": "vim"}, "component", False),
        ([], {"status": "ASSIGNED", "component": "guake"}, "bug_status", False),
        ([], {"status": "ASSIGNED", "component": "guake"}, "cc", True),
        ([{"id": 5, "status": "NEW", "changed": 0}], {"component": "guake"}, "cc", True),
    ],
)
def test_a_list_of_bugs_shows_a_bug_that_moved_or_was_opened_again_or_not(queries, shown, bug, field, shows):
    given = event("bugzilla.bug.update", bug={"id": 5, **bug}, event={"changes": [{"field": field}]})
    assert is_shown(queries["bugzilla.bugs"], {"bugs": shown}, given) is shows


def test_a_later_change_does_not_take_back_that_a_bug_must_be_listed(queries):
    bug = {"id": 5, "component": "guake", "status": "NEW"}
    new = event("bugzilla.bug.new", bug=bug)
    rated = event("bugzilla.bug.update", bug=bug, event={"changes": [{"field": "severity"}]})
    closed = event("bugzilla.bug.update", bug={**bug, "status": "CLOSED"}, event={"changes": [{"field": "status"}]})
    subjects = [queries["bugzilla.bugs"].expected(each, "guake")["about"] for each in (new, rated, closed)]
    # A newer state of the same subject replaces the older one.
    assert (subjects[0] == subjects[1], subjects[0] == subjects[2]) == (False, True)


def test_an_unknown_release_in_a_message_overtakes_the_list_of_releases(queries):
    value = {"releases": [{"name": "F45"}]}
    given = event("bodhi.update.request.testing", update={"release": {"name": "F46", "id_prefix": "FEDORA"}})
    assert queries["bodhi.releases"].misses(value, given)


@pytest.mark.parametrize(
    "release",
    [{"name": "F45"}, {"name": "F45F", "id_prefix": "FEDORA-FLATPAK"}, {"name": "F47", "id_prefix": []}, None, "F47"],
)
def test_other_releases_do_not_overtake_it(queries, release):
    given = event("bodhi.update.request.testing", update={"release": release})
    assert not queries["bodhi.releases"].misses({"releases": [{"name": "F45"}]}, given)


def tagged(**builds):
    tags = {"f46": None, "f45-updates": None, "f45-updates-testing": None}
    for tag, build in builds.items():
        tags[tag.replace("_", "-")] = build and {"build_id": build[0], "tag": build[1]}
    return {"tags": tags}


@pytest.mark.parametrize(
    ("value", "topic", "tag", "shows"),
    [
        (tagged(f45_updates_testing=(7, "f45-updates-testing")), "tag", "f45-updates-testing", True),
        (tagged(f45_updates_testing=(6, "f45-updates-testing")), "tag", "f45-updates-testing", False),
        (tagged(f45_updates_testing=(8, "f45-updates-testing")), "tag", "f45-updates-testing", True),
        (tagged(), "tag", "f45-updates-testing", False),
        (tagged(f45_updates=(6, "f45")), "tag", "f45-updates", False),
        (tagged(f45_updates=(7, "f45")), "tag", "f45", True),
        (tagged(f45_updates=(6, "f45")), "tag", "f45", False),
        # Hidden behind what the tag that inherits it has itself, or of no release that is shown.
        (tagged(f45_updates=(6, "f45-updates")), "tag", "f45", True),
        (tagged(), "tag", "f30", True),
        (tagged(f45_updates_testing=(7, "f45-updates-testing")), "untag", "f45-updates-testing", False),
        (tagged(f45_updates=(7, "f45-updates")), "untag", "f45-updates-testing", True),
    ],
)
def test_tags_show_a_tagging_or_not(queries, value, topic, tag, shows):
    given = event(f"buildsys.{topic}", name="guake", build_id=7, tag=tag)
    assert is_shown(queries["koji.tagged"], value, given) is shows


@pytest.mark.parametrize(
    ("changed", "bug", "shows"),
    [
        (2000, {"id": 5, "component": "guake", "last_change_time": 2000.0}, True),
        (1999, {"id": 5, "component": "guake", "last_change_time": 2000.0}, False),
        (None, {"id": 5, "component": {"name": "guake"}, "last_change_time": 2000}, False),
        # It has moved away, and takes what was said of it before along.
        (1999, {"id": 5, "component": "vim", "last_change_time": 2000.0}, True),
        (1999, {"id": 5, "component": "guake", "last_change_time": "yesterday"}, True),
    ],
)
def test_numbers_of_bugs_show_a_change_or_not(queries, changed, bug, shows):
    value = {"open": 1, "blockers": 0, "changed": changed}
    assert is_shown(queries["bugzilla.counts"], value, event("bugzilla.bug.update", bug=bug)) is shows


@pytest.mark.parametrize("query", ["distgit.spec", "distgit.patches"])
@pytest.mark.parametrize(
    ("commit", "topic", "body", "variant", "shows"),
    [
        ("abc", "pagure.git.receive", {"branch": "f45", "end_commit": "abc"}, "f45", True),
        ("old", "pagure.git.receive", {"branch": "f45", "end_commit": "abc"}, "f45", False),
        ("old", "pagure.git.receive", {"branch": "refs/heads/f45", "end_commit": "abc"}, "f45", False),
        ("old", "pagure.git.receive", {"branch": "f45", "end_commit": "abc"}, "rawhide", True),
        (None, "pagure.git.receive", {"branch": "f45", "end_commit": "abc"}, "f45", True),
        ("old", "pagure.git.branch.creation", {"branch": "f45", "rev": "abc"}, "f45", False),
        ("old", "git.receive", {"commit": {"rev": "abc", "branch": "f45"}}, "f45", True),
        ("old", "pagure.git.receive", {"branch": ["f45"], "end_commit": 7}, "f45", True),
    ],
)
def test_sources_show_a_push_or_not(queries, query, commit, topic, body, variant, shows):
    assert is_shown(queries[query], {"commit": commit}, event(topic, **body), variant) is shows


@pytest.mark.parametrize(
    ("value", "body", "shows"),
    [
        ({"found": True, "heads": {"f45": "abc"}}, {"branch": "f45", "end_commit": "abc"}, True),
        ({"found": True, "heads": {"f45": "old"}}, {"branch": "f45", "end_commit": "abc"}, False),
        ({"found": True, "heads": {"rawhide": "old"}}, {"branch": "f45", "end_commit": "abc"}, True),
        ({"found": False}, {"branch": "f45", "end_commit": "abc"}, True),
        ({"found": True, "heads": {"f45": "old"}}, {"branch": None, "end_commit": 7}, True),
    ],
)
def test_a_retirement_shows_a_push_or_not(queries, value, body, shows):
    assert is_shown(queries["distgit.retirement"], value, event("pagure.git.receive", **body)) is shows


@pytest.mark.parametrize(
    ("paths", "is_touched"),
    [({"dead.package": "A"}, True), ({"dead.package": "D"}, True), ({"guake.spec": "M"}, False), (None, True)],
)
def test_a_push_touches_the_retirement_if_it_may_retire_the_package(queries, paths, is_touched):
    repo = {"name": "guake", "namespace": "rpms", "fullname": "rpms/guake"}
    given = event("pagure.git.receive", repo=repo, branch="f45", changed_files=paths)
    assert bool(list(queries["distgit.retirement"].touched(given))) is is_touched


@pytest.mark.parametrize(
    ("value", "shows"),
    [
        ({"found": True, "modified": 2000}, True),
        ({"found": True, "modified": 1999}, False),
        ({"found": True, "modified": None}, True),
        ({"found": False}, False),
    ],
)
def test_maintainers_show_a_change_of_the_project_or_not(queries, value, shows):
    given = event("pagure.project.user.added", project={"name": "guake", "date_modified": "2000"})
    assert is_shown(queries["distgit.maintainers"], value, given) is shows


@pytest.mark.parametrize("query", ["spec", "patches", "retirement"])
@pytest.mark.parametrize("topic", ["pagure.git.branch.deletion", "pagure.project.deleted"])
def test_what_is_deleted_in_pagure_touches_what_it_changes(queries, query, topic):
    repo = {"name": "guake", "namespace": "rpms", "fullname": "rpms/guake"}
    assert list(queries[f"distgit.{query}"].touched(event(topic, repo=repo, project=repo, branch="f45"))) == ["guake"]


def test_the_maintainers_of_a_deleted_project_are_not_waited_for(queries):
    query = queries["distgit.maintainers"]
    given = event("pagure.project.deleted", project={"name": "guake", "namespace": "rpms", "date_modified": "2000"})
    assert list(query.touched(given)) == ["guake"]
    assert is_shown(query, {"found": False}, given)


@pytest.mark.parametrize("project", [None, "guake", {"date_modified": 7}, {"date_modified": "soon"}, {}])
def test_a_project_without_a_time_says_nothing_to_be_seen(queries, project):
    given = event("pagure.project.user.added", project=project)
    assert queries["distgit.maintainers"].expected(given, "guake") is None


def test_what_must_be_seen_is_bounded(queries):
    update = {"alias": "F-1", "builds": [{"nvr": "guake-1-1"}]}
    given = event("bodhi.update.edit", update=update, new_builds=[f"guake-1-{number}" for number in range(2000)])
    assert queries["bodhi.updates"].expected(given, "guake") is None


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        (of_anitya("map.remove", distro="Fedora"), [7]),
        (of_anitya("map.remove", distro="Arch"), []),
        (of_anitya("map.update", "Arch", edited=["distribution"], new="guake"), [7]),
        (of_anitya("version.remove.v2", versions=["1.0"]), [7]),
        (of_anitya("version.remove", version="1.0"), [7]),
        (of_anitya("edit", fields=["homepage"]), [7]),
        (of_anitya("remove"), [7]),
        (of_anitya("version.update.v2", packages=[FEDORAS]), []),
        (of_anitya("flag"), []),
    ],
)
def test_a_message_that_names_no_package_touches_those_of_its_project(queries, given, numbers):
    assert list(queries["anitya.versions"].external_ids(given)) == numbers


def versions(*found, number=7, homepage="https://a.example"):
    project = {"id": number, "name": "guake", "homepage": homepage, "backend": "GitHub", "ecosystem": None}
    return {
        "found": True,
        "project": project,
        "latest": found[0] if found else None,
        "versions": list(found),
        "stable": [],
    }


UNMAPPED = {"found": False}

#: As many versions as are kept: there may be more.
FULL = [str(number) for number in range(MAX_VERSIONS)]


@pytest.mark.parametrize(
    ("value", "given", "shows"),
    [
        # Anitya sends before it writes: an answer without the version is the one from before.
        (versions("1.1", "1.0"), of_anitya("version.update.v2", project={"version": "1.1"}), True),
        (versions("1.0"), of_anitya("version.update.v2", project={"version": "1.1"}), False),
        (versions("1.2", "1.1"), of_anitya("version.update.v2", project={"version": "1.1"}), True),
        (versions("1.0"), of_anitya("version.update", upstream_version="1.1"), False),
        (versions("2.0"), of_anitya("version.update.v2", project={"version": "2.0"}, upstream_versions=["1.1"],
                                    versions=["2.0", "1.1"]), False),
        (versions("2.0"), of_anitya("version.update.v2", project={"version": "2.0"}, upstream_versions=["2.1"],
                                    versions=["2.0"]), True),
        (versions("1.0", number=8), of_anitya("version.update.v2", project={"version": "1.1"}), True),
        (UNMAPPED, of_anitya("version.update.v2", project={"version": "1.1"}), True),
        (versions("1.0"), of_anitya("version.update.v2", project={"version": None}), True),
        (versions(*FULL), of_anitya("version.update.v2", project={"version": "x"}), False),
        (versions(*FULL), of_anitya("version.update.v2", project={"version": FULL[0]}, upstream_versions=["old"],
                                    versions=[*FULL, "old"]), True),
        (versions("1.1", "1.0"), of_anitya("version.remove.v2", versions=["1.1"]), False),
        (versions("1.0"), of_anitya("version.remove.v2", versions=["1.1"]), True),
        # The prefix of a version is in some messages and in no list.
        (versions("1.1", "1.0"), of_anitya("version.remove.v2", versions=["v1.1"]), False),
        (versions("1.1", "1.0"), of_anitya("version.remove.v2", versions=["release-1.1"]), False),
        (versions("1.0"), of_anitya("version.remove.v2", versions=["v1.1"]), True),
        (versions("1.1", "1.0"), of_anitya("version.remove", version="1.1"), False),
        (versions("1.0"), of_anitya("map.new", "Fedora", new="guake"), True),
        (UNMAPPED, of_anitya("map.new", "Fedora", new="guake"), False),
        (versions("1.0", number=8), of_anitya("map.new", "Fedora", new="guake"), False),
        (UNMAPPED, of_anitya("map.update", "Fedora", new="vim", prev="guake"), True),
        (versions("1.0"), of_anitya("map.update", "Fedora", new="vim", prev="guake"), False),
        (versions("1.0"), of_anitya("map.remove", distro="Fedora"), False),
        (UNMAPPED, of_anitya("map.remove", distro="Fedora"), True),
        (versions("1.0", number=8), of_anitya("map.remove", distro="Fedora"), True),
        (versions("1.0"), of_anitya("remove"), False),
        (versions("1.0"), of_anitya("edit", project={"homepage": "https://b.example"}), False),
        (versions("1.0"), of_anitya("edit", project={"homepage": "https://a.example", "name": "guake"}), True),
        (versions("1.0"), of_anitya("edit", project={"homepage": 7, "id": "x"}), True),
    ],
)  # fmt: skip
def test_versions_show_what_a_message_says_or_not(queries, value, given, shows):
    assert is_shown(queries["anitya.versions"], value, given) is shows


def test_what_a_message_of_hundreds_of_versions_says_is_bounded(queries):
    given = of_anitya("version.remove.v2", versions=["9" * 1000 for _ in range(1000)])
    assert queries["anitya.versions"].expected(given, "guake") is not None


@pytest.mark.parametrize("message", [None, "text", {"versions": 7, "packages": {}}, {"new": []}])
def test_messages_of_other_shapes_are_no_errors(queries, message):
    for topic in ("version.update.v2", "version.remove", "map.update", "map.remove", "edit", "remove"):
        given = Event("p", f"anitya.project.{topic}", "1", 0, {"project": {"id": 7}, "message": message})
        query = queries["anitya.versions"]
        assert (list(query.touched(given)), len(list(query.external_ids(given))) < 2) == ([], True)
        query.expected(given, "guake")
