"""What Bodhi's sweep asks, and the changes that it makes of the answers."""

from datetime import UTC, datetime

import pytest

from fedora_packages.connectors.sweep import MARGIN
from tests.connectors.conftest import NOW


def date(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def update(alias="FEDORA-2027-1", status="testing", **more):
    return {
        "alias": alias, "title": "guake-3.9-1.fc45", "status": status, "request": None, "type": "bugfix", "severity": "low",
        "karma": 0, "critpath": False, "date_submitted": date(NOW - 9000), "date_modified": None, "date_pushed": None,
        "date_testing": date(NOW - 60), "date_stable": None, "builds": [{"nvr": "guake-3.9-1.fc45", "epoch": 0}], "bugs": [],
        "release": {"name": "F45", "composed_by_bodhi": True}, "user": {"name": "me"}, "comments": [], **more,
    }  # fmt: skip


def page(*updates):
    return {"updates": list(updates), "total": len(updates), "page": 1, "pages": 1}


@pytest.fixture
def bodhi(upstream, swept):
    """Sweep with a position, while Bodhi has some updates on their way; return the topics and what was found."""

    def run(position, *updates, final=(), comments=()):
        pages = [page(*updates), page(), page(), page(), *([page(*final)] if final else [])]
        upstream.says("/updates/", *pages)
        upstream.says("/comments/", {"comments": list(comments)})
        found = swept("bodhi", position)
        return [change.event.topic for change in found.changes], found

    return run


def value_of(queries, upstream, *updates):
    upstream.says("/updates/", page(*updates))
    return queries["bodhi.updates"].fetch("guake")


def test_the_first_sweep_compares_all_updates_on_their_way(bodhi):
    _, found = bodhi({}, update())
    (change,) = found.changes
    assert (change.is_new, change.event.source_packages) == (False, ("guake",))


def test_an_update_that_is_the_same_is_compared_once_more_and_then_left_alone(bodhi):
    _, first = bodhi({}, update())
    topics, second = bodhi(first.position, update())
    assert (topics, second.changes[0].is_new) == (["bodhi.update.edit"], False)
    assert bodhi(second.position, update())[0] == []


@pytest.mark.parametrize(
    ("before", "after", "topic", "is_silent"),
    [
        ({"status": "pending"}, {"status": "testing"}, "bodhi.update.complete.testing", False),
        ({"request": "testing"}, {"request": None}, "bodhi.update.edit", True),
        ({"bugs": []}, {"bugs": [{"bug_id": 1, "title": "x", "security": True}]}, "bodhi.update.edit", True),
        (
            {"status": "pending", "release": {"name": "F46", "composed_by_bodhi": False}},
            {"status": "testing", "release": {"name": "F46", "composed_by_bodhi": False}},
            "bodhi.update.complete.testing",
            True,
        ),
    ],
)
def test_a_change_of_an_update_is_the_event_that_announces_it_or_silent(bodhi, before, after, topic, is_silent):
    _, first = bodhi({}, update(**before))
    topics, second = bodhi(first.position, update(**after))
    (change,) = second.changes
    assert (topics, change.is_silent, change.is_new) == ([topic], is_silent, True)


@pytest.mark.parametrize(
    ("status", "topic", "is_silent"),
    [
        ("stable", "bodhi.update.complete.stable", False),
        ("unpushed", "bodhi.update.request.unpush", False),
        ("obsolete", "bodhi.update.request.obsolete", True),
    ],
)
def test_an_update_that_is_no_longer_on_its_way_is_read_by_its_alias(bodhi, upstream, status, topic, is_silent):
    _, first = bodhi({}, update())
    topics, second = bodhi(first.position, final=[update(status=status, date_stable=date(NOW - 5))])
    assert (topics, second.changes[0].is_silent) == ([topic], is_silent)
    assert upstream.asked[-1].params["alias"] == ["FEDORA-2027-1"]
    third = bodhi(second.position, final=[update(status=status, date_stable=date(NOW - 5))])
    assert third[1].position["open"] == {}


def test_a_value_shows_an_update_if_it_is_the_same_in_every_field(bodhi, queries, upstream):
    row = update(request="stable", comments=[{"text": "fine"}])
    _, found = bodhi({}, row)
    shows = found.changes[0].shows["bodhi.updates"]
    assert shows("guake", value_of(queries, upstream, row))
    assert not shows("guake", value_of(queries, upstream, update(request=None)))
    assert not shows("guake", value_of(queries, upstream))


def test_an_edit_names_the_package_whose_builds_it_takes_out(bodhi, queries, upstream):
    _, first = bodhi({}, update(builds=[{"nvr": "guake-3.9-1.fc45"}, {"nvr": "vim-9-1.fc45"}]))
    edited = update(builds=[{"nvr": "vim-9-1.fc45"}], date_modified=date(NOW - 9))
    _, second = bodhi(first.position, edited)
    _, third = bodhi(second.position, edited)
    for found in (second, third):
        (change,) = found.changes
        shows = change.shows["bodhi.updates"]
        assert change.event.source_packages == ("vim", "guake")
        assert shows("guake", value_of(queries, upstream))
        assert not shows("guake", value_of(queries, upstream, edited))
    # What was taken out is compared twice, as every change.
    assert third.position["open"]["FEDORA-2027-1"].builds == ["vim-9-1.fc45"]


def test_the_position_of_an_older_version_names_no_builds(bodhi):
    _, first = bodhi({}, update())
    older = {**first.position, "open": {alias: seen[:3] for alias, seen in first.position["open"].items()}}
    _, second = bodhi(older, update())
    assert second.changes[0].event.body["removed_builds"] == []


def test_one_bad_update_costs_that_update_and_is_told(bodhi):
    _, found = bodhi(
        {}, update("FEDORA-2027-1"), update("FEDORA-2027-2", date_submitted={}), update("FEDORA-2027-3", karma=None)
    )
    assert [change.event.body["update"]["alias"] for change in found.changes] == ["FEDORA-2027-1"]
    assert found.invalid_rows.count == 2


def test_a_push_of_a_release_that_bodhi_does_not_compose_is_silent_at_first_sight(bodhi):
    _, first = bodhi({}, update())
    rawhide = update("FEDORA-2027-9", status="stable", release={"name": "F46", "composed_by_bodhi": False})
    _, second = bodhi(first.position, update(), rawhide)
    assert {change.event.body["update"]["alias"]: change.is_silent for change in second.changes}["FEDORA-2027-9"]


def test_bodhi_is_asked_for_what_its_lists_tell(bodhi, upstream):
    bodhi({"since": NOW - 300, "open": {}}, update())
    since = [date(NOW - 300 - MARGIN)]
    statuses, *others, comments = (asked.params for asked in upstream.asked)
    assert statuses["status"] == ["pending", "testing"]
    assert [
        params.get(f"{what}_since") for params, what in zip(others, ("modified", "submitted", "pushed"), strict=True)
    ] == [since] * 3
    assert (comments["since"], comments["chrome"]) == (since, ["false"])


def test_a_silent_change_is_as_new_as_its_sweep_however_old_the_last_edit_is(bodhi):
    """Otherwise a value that was fetched between the two would pass for newer."""
    _, first = bodhi({}, update(date_modified=date(NOW - 9000), locked=True))
    _, second = bodhi(first.position, update(date_modified=date(NOW - 9000)))
    (change,) = second.changes
    assert (change.is_silent, change.event.sent) == (True, NOW)


def test_an_update_that_meets_its_requirements_since_today_is_read_again(queries, upstream, bodhi):
    before, after = (update(meets_testing_requirements=is_met) for is_met in (False, True))
    _, first = bodhi({}, before)
    value = value_of(queries, upstream, before)
    _, second = bodhi(first.position, after)
    (change,) = second.changes
    shows = change.shows["bodhi.updates"]
    assert (shows("guake", value), shows("guake", value_of(queries, upstream, after))) == (False, True)


def test_a_rule_of_a_release_that_changes_makes_no_update_read_again(queries, upstream, bodhi):
    before, after = (update(release={"name": "F45", "composed_by_bodhi": True, "min_karma": karma}) for karma in (1, 2))
    _, first = bodhi({}, before)
    value = value_of(queries, upstream, before)
    _, second = bodhi(first.position, after)
    assert [change.shows["bodhi.updates"]("guake", value) for change in second.changes] == [True]


def comment(alias="FEDORA-2027-1", user="me", karma=1, at=NOW - 30):
    return {
        "update_alias": alias,
        "timestamp": date(at),
        "user": {"name": user},
        "karma": karma,
        "text": "fine",
        "update": {},
    }


def test_a_comment_on_a_final_update_is_the_event_that_announces_it(bodhi, upstream):
    _, first = bodhi({}, update("FEDORA-2027-2"))
    stable = update(status="stable", date_stable=date(NOW - 9000), karma=1)
    topics, found = bodhi(first.position, update("FEDORA-2027-2"), final=[stable], comments=[comment()])
    assert topics[-1] == "bodhi.update.comment"
    change = found.changes[-1]
    assert (change.is_silent, change.is_new, change.event.sent, change.event.source_packages) == (
        False, True, NOW - 30, ("guake",),
    )  # fmt: skip
    assert upstream.asked[-1].params["alias"] == ["FEDORA-2027-1"]


def test_a_comment_on_an_update_on_its_way_announces_its_karma(bodhi):
    _, first = bodhi({}, update())
    topics, found = bodhi(first.position, update(karma=1), comments=[comment()])
    assert (topics, found.changes[0].is_silent) == (["bodhi.update.comment"], False)


def test_comments_of_bodhi_itself_announce_nothing(bodhi):
    _, first = bodhi({}, update())
    topics, found = bodhi(
        first.position, update(locked=True), comments=[comment(user="bodhi"), comment("FEDORA-2027-9")]
    )
    assert (topics, found.changes[0].is_silent) == (["bodhi.update.edit"], True)


def test_the_newest_comment_of_a_person_counts(bodhi):
    _, first = bodhi({}, update())
    newest_first = [comment(user="bodhi", at=NOW - 1), comment(at=NOW - 20), comment(at=NOW - 40)]
    _, found = bodhi(first.position, update(karma=2), comments=newest_first)
    assert found.changes[0].event.sent == NOW - 20


def test_an_edit_comes_before_a_comment(bodhi):
    _, first = bodhi({}, update())
    topics, found = bodhi(first.position, update(date_modified=date(NOW - 9)), comments=[comment()])
    assert (topics, found.changes[0].is_silent, found.changes[0].event.sent) == (["bodhi.update.edit"], False, NOW - 9)


def test_one_bad_comment_costs_that_comment_and_is_told(bodhi):
    _, found = bodhi({}, update(), comments=[comment(user=None), comment("FEDORA-2027-9")])
    assert found.invalid_rows.count == 1
