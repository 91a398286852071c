"""What upstreams tell of all packages at once, and how it is compared with values."""

import pytest

from fedora_packages.connectors.bulk import bulks_of


@pytest.fixture
def bulk(connectors):
    """All that is told in bulk, by query."""
    return {found.query: found for found in bulks_of(connectors.values())}


def test_what_is_told_in_bulk_is_known(bulk):
    assert set(bulk) == {"koji.tagged", "bugzilla.bugs", "bugzilla.counts"}


def tagged(package, number):
    return {
        "build_id": number, "nvr": f"{package}-1-1.fc45", "version": "1", "release": "1.fc45", "epoch": None,
        "owner_name": "me", "package_name": package, "tag_name": "f45",
    }  # fmt: skip


def test_koji_tells_the_builds_of_all_tags_letter_by_letter(bulk, upstream, queries):
    upstream.koji_says([[[tagged("guake", 7)]]], [[[]]])
    facts = dict(bulk["koji.tagged"].fetch())
    ((tag, number),) = facts["guake"].items()
    assert number == 7
    call = upstream.calls()[0]["params"]
    assert (call[1]["prefix"], call[1]["latest"], call[1]["strict"]) == ("9", True, False)
    agrees = bulk["koji.tagged"].agrees
    assert agrees({"tags": {tag: {"build_id": 7}, "other": None}}, facts["guake"])
    assert not agrees({"tags": {tag: {"build_id": 6}}}, facts["guake"])
    assert not agrees({"tags": {tag: None}}, facts["guake"])
    assert not agrees({"tags": {tag: {"build_id": 7}}}, None)
    assert agrees({"tags": {tag: None}}, None)


def test_kojis_tags_have_all_that_values_have(bulk, upstream, queries):
    odd = {**tagged("gone", 9), "build_id": None}
    draft = {**tagged("drafted", 8), "draft": True}
    # There are three tags.  The first letter has an invalid row in the last: nothing is known of its packages.
    answers = [[tagged("a", 1)], [], [tagged("a", 2), odd], [tagged("guake", 7), draft], [], [], []]
    upstream.koji_says(*([[rows]] for rows in answers))
    values = dict(bulk["koji.tagged"].values())
    assert values.keys() == {"guake"}
    upstream.koji_says([[[tagged("guake", 7)]], [[]], [[]]])
    assert values["guake"] == queries["koji.tagged"].fetch("guake")


def test_what_other_lists_tell_is_not_enough_for_values(bulk):
    assert {query for query, found in bulk.items() if found.values} == {"koji.tagged"}


def bug(number, component="guake", **more):
    return {
        "id": number, "summary": "s", "status": "NEW", "severity": "low", "product": "Fedora", "version": ["45"],
        "component": [component], "last_change_time": "2026-11-01T10:00:00Z", "alias": [], "keywords": [],
        "assigned_to": "x@example.com", "blocks": [], **more,
    }  # fmt: skip


def test_bugzilla_tells_all_open_bugs_page_by_page(bulk, upstream, queries):
    upstream.says("/rest/bug", {"bugs": [bug(1), bug(2, "vim")]}, {"bugs": [bug(3)]}, {"bugs": []})
    facts = dict(bulk["bugzilla.bugs"].fetch())
    assert {component: set(bugs) for component, bugs in facts.items()} == {"guake": {1, 3}, "vim": {2}}
    assert [asked.params["offset"] for asked in upstream.asked] == [["0"], ["2"], ["3"]]
    upstream.says("/rest/bug", {"bugs": [bug(3), bug(1)], "total_matches": 2})
    value, agrees = queries["bugzilla.bugs"].fetch("guake"), bulk["bugzilla.bugs"].agrees
    assert agrees(value, facts["guake"])
    assert not agrees(value, None)
    upstream.says("/rest/bug", {"bugs": [bug(3), bug(1, severity="high")], "total_matches": 2})
    assert not agrees(queries["bugzilla.bugs"].fetch("guake"), facts["guake"])


def test_a_list_of_bugs_that_is_cut_is_not_compared(bulk):
    assert bulk["bugzilla.bugs"].agrees({"total": 5000, "bugs": []}, {1: "x"})


def test_open_bugs_are_counted_in_bulk(bulk, upstream):
    upstream.says("/rest/bug", {"bugs": [bug(1), bug(2), bug(3, "vim")]}, {"bugs": []})
    facts, agrees = dict(bulk["bugzilla.counts"].fetch()), bulk["bugzilla.counts"].agrees
    assert facts == {"guake": 2, "vim": 1}
    assert agrees({"open": 2}, 2)
    assert agrees({"open": 0}, None)
    assert not agrees({"open": 1}, 2)
