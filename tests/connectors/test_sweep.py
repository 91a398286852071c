"""What each upstream's sweep asks, and the changes that it makes of the answers."""

import time

import pytest

from fedora_packages.connectors.koji import MAX_SPAN
from fedora_packages.connectors.koji_history import MAX_SWEPT
from fedora_packages.connectors.sweep import MARGIN, declared_sweep, sweeps_of
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from tests.connectors.conftest import NOW


def test_every_upstream_that_lists_its_changes_declares_a_sweep(connectors):
    swept = {name for name, connector in connectors.items() if declared_sweep(type(connector))}
    assert (
        swept == {"koji", "bodhi", "bugzilla", "anitya"} == {sweep.upstream for sweep in sweeps_of(connectors.values())}
    )


# Koji.

BUILD = {
    "build_id": 7, "package_name": "guake", "version": "3.9", "release": "1.fc45", "epoch": None, "state": 1,
    "owner_name": "pingou", "task_id": 8, "creation_ts": NOW - 90.5, "completion_ts": NOW - 60.5,
}  # fmt: skip
TAGGED = {
    "build_id": 7, "name": "guake", "version": "3.9", "release": "1.fc45", "epoch": None, "tag.name": "f45",
    "create_event": 5, "create_ts": NOW - 50.0, "revoke_event": None, "revoke_ts": None, "active": True,
}  # fmt: skip


LISTED = {
    "package.name": "guake", "tag.name": "f45", "blocked": True, "create_event": 6, "create_ts": NOW - 40.0,
    "revoke_event": None, "revoke_ts": None, "active": True,
}  # fmt: skip


def hub(begun=(), ended=(), tagged=(), listed=(), ts=NOW):
    histories = [[{"tag_listing": list(tagged)}], [{"tag_packages": list(listed)}]]
    return [[{"id": 9, "ts": ts}], [list(begun)], [list(ended)], *histories]


def test_builds_and_tags_are_the_events_that_announce_them(swept, upstream):
    upstream.koji_says(hub([{**BUILD, "state": 0, "completion_ts": None}], [BUILD], [TAGGED]))
    found = swept("koji")
    assert [(change.event.topic, change.event.body.get("new"), int(change.event.sent)) for change in found.changes] == [
        ("buildsys.build.state.change", 0, int(NOW - 91)),
        ("buildsys.build.state.change", 1, int(NOW - 61)),
        ("buildsys.tag", None, int(NOW - 50)),
    ]
    assert {name for change in found.changes for name in change.event.source_packages} == {"guake"}
    assert (found.position, found.is_complete) == ({"since": int(NOW)}, True)


def test_the_hub_is_asked_from_where_the_last_sweep_ended_and_a_margin_before(swept, upstream):
    upstream.koji_says(hub())
    swept("koji", {"since": NOW - 300})
    begun, ended, *histories = (call["params"][-1] for call in upstream.calls()[1:])
    assert begun["createdAfter"] == ended["completeAfter"] == NOW - 300 - MARGIN
    assert [(history["tables"], history["after"]) for history in histories] == [
        (["tag_listing"], NOW - 300 - MARGIN), (["tag_packages"], NOW - 300 - MARGIN),
    ]  # fmt: skip


def test_a_long_time_is_asked_for_in_spans(swept, upstream):
    upstream.koji_says(hub())
    found = swept("koji", {"since": NOW - 86400})
    assert not found.is_complete
    assert found.position == {"since": NOW - 86400 - MARGIN + MAX_SPAN}
    assert upstream.calls()[1]["params"][-1]["createdBefore"] == found.position["since"]


def test_a_full_list_is_read_on_in_the_next_step(swept, upstream):
    upstream.koji_says(hub(ended=[{**BUILD, "build_id": number} for number in range(MAX_SWEPT)]), hub())
    first = swept("koji", {"since": NOW - 300})
    assert not first.is_complete
    second = swept("koji", first.position, NOW + 1)
    options = upstream.calls()[2]["params"][-1]
    assert (options["queryOpts"]["offset"], options["completeAfter"]) == (MAX_SWEPT, NOW - 300 - MARGIN)
    assert (second.is_complete, second.position) == (True, {"since": int(NOW)})


def test_a_build_that_was_untagged_and_tagged_again_is_tagged(swept, upstream):
    revoked = {**TAGGED, "create_ts": NOW - 80, "revoke_ts": NOW - 70.0, "revoke_event": 4, "active": None}
    upstream.koji_says(hub(tagged=[TAGGED, revoked, {**revoked, "build_id": 6}]))
    topics = [(change.event.body["build_id"], change.event.topic) for change in swept("koji").changes]
    assert sorted(topics) == [(6, "buildsys.untag"), (7, "buildsys.tag")]


def test_a_package_in_the_list_of_a_tag_is_added_blocked_or_removed(swept, upstream):
    added = {**LISTED, "blocked": False, "create_ts": NOW - 90}
    rows = [
        {**added, "revoke_ts": NOW - 40.0}, LISTED, {**added, "package.name": "vim"},
        {**added, "package.name": "bash", "revoke_ts": NOW - 30.0}, {**added, "tag.name": "module-x"},
    ]  # fmt: skip
    upstream.koji_says(hub(listed=rows))
    events = [change.event for change in swept("koji").changes]
    assert {event.topic for event in events} == {"buildsys.package.list.change"}
    assert {event.source_packages: (event.body["action"], event.sent) for event in events} == {
        ("vim",): ("add", NOW - 90), ("guake",): ("block", NOW - 40), ("bash",): ("remove", NOW - 30),
    }  # fmt: skip


def test_tags_of_no_release_are_passed_over(swept, upstream):
    upstream.koji_says(hub(tagged=[{**TAGGED, "tag.name": "eln-rebuild"}, {**TAGGED, "tag.name": "module-x"}]))
    assert swept("koji").changes == []


def test_one_bad_row_of_a_list_costs_that_row(swept, upstream):
    upstream.koji_says(hub(ended=[{**BUILD, "package_name": None}, BUILD]))
    assert len(swept("koji").changes) == 1


def test_a_hub_that_is_off_fails_the_sweep(swept, upstream):
    upstream.says("/", {}, status=503)
    with pytest.raises(UpstreamUnavailable):
        swept("koji")


# Bugzilla.


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def bug(number=5, status="NEW", component="guake", changed=NOW - 60, created=NOW - 9000):
    return {
        "id": number, "summary": "s", "status": status, "severity": "low", "product": "Fedora", "version": ["45"],
        "component": [component], "last_change_time": stamp(changed), "creation_time": stamp(created), "alias": [],
        "keywords": [], "assigned_to": "x@example.com", "blocks": [],
    }  # fmt: skip


@pytest.fixture
def lists(upstream):
    """Answer with pages of changed bugs, the last for ever; each is followed by the numbers of the bugs that moved."""

    def answer(*pages, moved=()):
        answers = [{"bugs": page} for page in pages]
        numbers = {"bugs": [{"id": number} for number in moved]}
        upstream.says("/rest/bug", *(one for page in answers for one in ((page, numbers) if page["bugs"] else (page,))))

    return answer


def test_bugs_are_read_to_the_last_page(swept, lists):
    lists([bug(5), bug(6, created=NOW - 50, changed=NOW - 50)], [bug(6)], [])
    first = swept("bugzilla", {"since": NOW - 600})
    assert [change.event.topic for change in first.changes] == ["bugzilla.bug.update", "bugzilla.bug.new"]
    assert not first.is_complete
    second = swept("bugzilla", first.position, NOW + 30)
    third = swept("bugzilla", second.position, NOW + 60)
    assert (third.position["since"], third.is_complete) == (NOW, True)


def test_a_bug_that_changes_while_pages_are_read_hides_no_other(swept, upstream, lists):
    """It moves to the end, and all that follow it move up: the next page begins at a time, not at a place."""
    page = [bug(5, changed=NOW - 90), bug(6, changed=NOW - 60)]
    lists(page, page, page)
    first = swept("bugzilla", {"since": NOW - 600})
    swept("bugzilla", first.position)
    params = upstream.asked[-2].params
    assert (params["last_change_time"], params["offset"]) == ([stamp(NOW - 60)], ["0"])
    # All of a page in one second: then only a place leads on.
    third = swept("bugzilla", {**first.position, "from": int(NOW - 60)})
    assert (third.position["from"], third.position["offset"]) == (int(NOW - 60), 2)


def test_the_numbers_of_a_component_that_a_bug_left_are_read_again(swept, lists):
    lists([bug(5)])
    (change,) = swept("bugzilla").changes
    counts = change.shows["bugzilla.counts"]
    assert counts("guake", {"changed": int(NOW)})
    assert not counts("vim", {"changed": int(NOW)})


def test_a_bug_that_moved_names_the_component_of_the_sweep_before(swept, upstream, lists, queries):
    lists([bug(5, component="vim")], [])
    position = swept("bugzilla", swept("bugzilla").position).position
    lists([bug(5, component="guake")])
    (moved,) = swept("bugzilla", position).changes
    assert set(moved.event.source_packages) == {"guake", "vim"}
    upstream.says("/rest/bug", {"bugs": [bug(5, component="guake")], "total_matches": 1})
    value = queries["bugzilla.bugs"].fetch("guake")
    shows = moved.shows["bugzilla.bugs"]
    assert (shows("guake", value), shows("vim", value)) == (True, False)


def moves(*components, at=NOW - 40):
    """Return the history of a bug that moved through some components."""
    return {
        "bugs": [
            {
                "id": 5,
                "history": [
                    {
                        "when": stamp(at),
                        "who": "x",
                        "changes": [{"field_name": "component", "removed": name, "added": "y"}],
                    }
                    for name in components
                ],
            }
        ]
    }


def test_a_bug_that_came_and_moved_on_between_two_sweeps_names_each_component(swept, upstream, lists):
    lists([bug(5, component="guake")], moved=[5, 9])
    upstream.says("/rest/bug/5/history", moves("vim", "bash"))
    (moved,) = swept("bugzilla", {"since": NOW - 600}).changes
    assert set(moved.event.source_packages) == {"guake", "vim", "bash"}
    search, history = (asked.params for asked in upstream.asked[-2:])
    # Dates of a search can be in the server's time zone.
    assert (search["f1"], search["o1"], search["v1"]) == (
        ["component"], ["changedafter"], [stamp(NOW - 600 - MARGIN - 86400)],
    )  # fmt: skip
    assert history["new_since"] == [stamp(NOW - 600 - MARGIN)]


def test_the_history_of_a_moved_bug_is_read_by_one_sweep(swept, upstream, lists):
    """Two sweeps overlap, and the second has its component from the first."""
    lists([bug(5)], [], moved=[5])
    upstream.says("/rest/bug/5/history", moves("vim"))
    first = swept("bugzilla", {"since": NOW - 600})
    done = swept("bugzilla", first.position, NOW)
    lists([bug(5)], moved=[5])
    swept("bugzilla", done.position, NOW + 10)
    assert [asked.path for asked in upstream.asked].count("/rest/bug/5/history") == 1


def test_older_moves_of_a_bug_name_no_component(swept, upstream, lists):
    lists([bug(5)], moved=[5])
    upstream.says("/rest/bug/5/history", moves("vim", at=NOW - 9000))
    assert swept("bugzilla", {"since": NOW - 600}).changes[0].event.source_packages == ("guake",)


@pytest.mark.parametrize(("status", "code"), [(401, 102), (404, 101)])
def test_a_moved_bug_whose_history_is_hidden_costs_no_other(swept, upstream, lists, status, code):
    lists([bug(5), bug(6)], moved=[5])
    upstream.says("/rest/bug/5/history", {"error": True, "code": code, "message": "no"}, status=status)
    assert len(swept("bugzilla", {"since": NOW - 600}).changes) == 2


def test_bugzilla_is_asked_for_the_changes_of_both_products_in_their_order(swept, upstream):
    upstream.says("/rest/bug", {"bugs": []})
    swept("bugzilla", {"since": NOW - 600})
    params = upstream.asked[-1].params
    assert params["product"] == ["Fedora", "Fedora EPEL"]
    assert (params["last_change_time"], params["order"]) == ([stamp(NOW - 600 - MARGIN)], ["changeddate,bug_id"])


def test_a_list_of_bugs_shows_a_bug_as_it_is_or_its_absence(swept, upstream, lists, queries):
    open_bug, closed = bug(5), bug(6, status="CLOSED")
    lists([open_bug, closed])
    shows_open, shows_closed = (change.shows["bugzilla.bugs"] for change in swept("bugzilla").changes)
    upstream.says("/rest/bug", {"bugs": [open_bug], "total_matches": 1})
    value = queries["bugzilla.bugs"].fetch("guake")
    assert shows_open("guake", value)
    assert shows_closed("guake", value)
    assert not shows_open("guake", {**value, "bugs": []})
    assert not shows_open("guake", {**value, "bugs": [{**value["bugs"][0], "severity": "high"}]})
    assert not shows_closed("guake", {**value, "bugs": [{**value["bugs"][0], "id": 6}]})


def test_an_error_of_bugzilla_fails_the_sweep(swept, upstream):
    upstream.says("/rest/bug", {"error": True, "code": 32000, "message": "busy"})
    with pytest.raises(InvalidResponse, match="busy"):
        swept("bugzilla")


# Anitya.


def test_all_packages_of_fedora_are_compared_page_by_page(swept, upstream):
    item = {"distribution": "Fedora", "name": "guake", "project": "guake", "version": "3.10", "stable_version": "3.10"}
    full = {"items": [{**item, "name": f"p{number}"} for number in range(249)] + [{**item, "distribution": "fedora"}]}
    upstream.says("/api/v2/packages/", full, {"items": [item]})
    first = swept("anitya")
    assert (len(first.changes), first.is_complete, first.position["page"]) == (249, False, 2)
    second = swept("anitya", first.position)
    assert (second.is_complete, len(second.position["known"])) == (True, 250)
    (change,) = second.changes
    value = {"found": True, "project": {"name": "guake"}, "latest": "3.10", "stable": ["3.10", "3.9"]}
    shows = change.shows["anitya.versions"]
    assert (change.is_new, shows("guake", value)) == (False, True)
    assert not shows("guake", {**value, "latest": "3.11rc1"})
    assert not shows("guake", {"found": False})


def test_a_package_that_anitya_lists_no_more_is_mapped_to_no_project(swept, upstream):
    item = {"distribution": "Fedora", "name": "guake", "project": "guake", "version": "3.10", "stable_version": "3.10"}
    upstream.says("/api/v2/packages/", {"items": [item, {**item, "name": "vim"}]}, {"items": [item]})
    _, unmapped = swept("anitya", swept("anitya").position).changes
    assert unmapped.event.source_packages == ("vim",)
    assert unmapped.shows["anitya.versions"]("vim", {"found": False})
    assert not unmapped.shows["anitya.versions"]("vim", {"found": True})


def test_a_bad_row_of_a_full_page_is_not_the_end_of_the_list(swept, upstream):
    item = {"distribution": "Fedora", "name": "guake", "project": "guake", "version": "3.10", "stable_version": "3.10"}
    upstream.says(
        "/api/v2/packages/",
        {"items": [{**item, "name": f"p{number}"} for number in range(249)] + [{**item, "name": None}]},
    )
    found = swept("anitya")
    assert (found.is_complete, found.position["page"], found.invalid_rows.count) == (False, 2, 1)
