"""bugzilla's published client against the sandbox's bugzilla, as it is and as Red Hat's server."""

import json

import pytest

from .shapes import misshapen, shape

PRODUCT = "Fedora"
FIELDS = "id,summary,status,product,component,version,last_change_time,keywords,alias,blocks"

BUG = shape(
    integer="id",
    text="summary status resolution product severity priority assigned_to creator creation_time last_change_time",
    array="alias keywords blocks depends_on component version",
    flag="is_open",
)

#: Red Hat's server gives this many unless asked otherwise, and never more than that.
DEFAULT, MOST = 20, 1000


def everything(client, **criteria) -> list:
    """Return all bugs that meet criteria, page by page."""
    found, total = [], None
    while total is None or len(found) < total:
        query = {"limit": 200, "offset": len(found), "order": "bug_id", **criteria}
        page, more = client.query_return_extra(query)
        total = more["total_matches"]
        if not page:
            break
        found += page
    return found


@pytest.fixture(scope="module")
def bugs(tracker) -> list:
    """All bugs of the two products."""
    return everything(tracker, product=[PRODUCT, "Fedora EPEL"])


@pytest.fixture(scope="module")
def component(bugs) -> str:
    """The component with the most bugs."""
    names = [bug.component[0] for bug in bugs]
    return max(sorted(set(names)), key=names.count)


def ids(bugs) -> list[int]:
    return sorted(bug.id for bug in bugs)


# The server


def test_the_client_understands_the_version(tracker):
    assert tracker.bz_ver_major >= 5
    assert tracker.is_rest()


# Shapes


def test_bugs_have_the_shape_of_the_contract(bugs):
    assert bugs
    wrong = {bug.id: misshapen({key: bug.get_raw_data().get(key) for key in BUG}, BUG) for bug in bugs}
    assert {number: found for number, found in wrong.items() if found} == {}


def kinds(record) -> dict[str, str]:
    """Return the JSON type of each value of a record that is not null."""
    # The recording came over XML-RPC, which tells 0 from 0.0; JSON does not.
    names = {bool: "flag", int: "number", float: "number", str: "text", list: "array", dict: "record"}
    return {key: names[type(value)] for key, value in record.items() if value is not None}


def test_bugs_have_the_types_of_recorded_ones(bugs, data):
    recorded = json.loads((data / "upstream" / "bugzilla-getbug-redhat.json").read_text("utf-8"))["bugs"][0]
    types = kinds(recorded)
    for bug in bugs:
        found = {key: kind for key, kind in kinds(bug.get_raw_data()).items() if key in types}
        assert found == {key: types[key] for key in found}


def test_the_client_can_print_a_bug(bugs):
    assert bugs[0].summary in str(bugs[0])
    assert bugs[0].weburl.endswith(f"show_bug.cgi?id={bugs[0].id}")


def test_old_names_of_fields_still_work(bugs):
    bug = bugs[0]
    assert (bug.bug_id, bug.bug_status, bug.short_desc) == (bug.id, bug.status, bug.summary)


# Search


def test_bugs_are_found_by_product_and_component(tracker, bugs, component):
    found = tracker.query(tracker.build_query(product=PRODUCT, component=component, limit=0))
    assert ids(found) == ids(bug for bug in bugs if bug.product == PRODUCT and component in bug.component)


def test_several_components_are_ored(tracker, bugs, component):
    other = next(bug.component[0] for bug in bugs if bug.component[0] != component)
    found = tracker.query(tracker.build_query(product=PRODUCT, component=[component, other], limit=0))
    assert ids(found) == ids(bug for bug in bugs if bug.product == PRODUCT and bug.component[0] in (component, other))


def test_an_unknown_component_has_no_bugs(tracker):
    found, more = tracker.query_return_extra(tracker.build_query(product=PRODUCT, component="no-such-package"))
    assert (found, more["total_matches"]) == ([], 0)


@pytest.mark.parametrize("status", ["NEW", "ASSIGNED", "CLOSED"])
def test_bugs_are_found_by_status(tracker, bugs, status):
    expected = ids(bug for bug in bugs if bug.product == PRODUCT and bug.status == status)
    assert expected
    assert ids(tracker.query(tracker.build_query(product=PRODUCT, status=status, limit=0))) == expected
    assert ids(tracker.query({"product": PRODUCT, "status": status, "limit": 0})) == expected


@pytest.mark.parametrize(
    ("word", "opened"), [("__open__", {True}), ("__closed__", {False}), ("__all__", {True, False})]
)
@pytest.mark.parametrize("name", ["status", "bug_status"])
def test_a_word_stands_for_many_statuses(tracker, bugs, name, word, opened):
    found = everything(tracker, product=PRODUCT, **{name: word})
    assert ids(found) == ids(bug for bug in bugs if bug.product == PRODUCT and bug.is_open in opened)


def test_a_bug_is_open_unless_it_is_closed(bugs):
    assert [bug.is_open for bug in bugs] == [bug.status != "CLOSED" for bug in bugs]
    assert [bool(bug.resolution) for bug in bugs] == [bug.status == "CLOSED" for bug in bugs]


def test_bugs_are_found_by_version(tracker, bugs):
    version = bugs[0].version[0]
    found = everything(tracker, product=bugs[0].product, version=version)
    assert ids(found) == ids(bug for bug in bugs if bug.product == bugs[0].product and version in bug.version)


def test_bugs_are_found_by_id(tracker, bugs):
    wanted = [bug.id for bug in bugs[:3]]
    assert ids(tracker.query(tracker.build_query(bug_id=wanted))) == wanted


def test_bugs_are_found_by_severity(tracker, bugs):
    found = everything(tracker, product=PRODUCT, severity="high")
    assert ids(found) == ids(bug for bug in bugs if bug.product == PRODUCT and bug.severity == "high")


def test_bugs_are_found_by_keyword(tracker, bugs):
    expected = ids(bug for bug in bugs if bug.product == PRODUCT and "Security" in bug.keywords)
    assert expected
    assert ids(everything(tracker, product=PRODUCT, keywords="Security")) == expected


def test_bugs_are_found_by_a_part_of_their_summary(tracker, bugs):
    words = bugs[0].summary[2:14]
    found = everything(tracker, product=bugs[0].product, summary=words.upper())
    assert ids(found) == ids(b for b in bugs if b.product == bugs[0].product and words.lower() in b.summary.lower())


@pytest.mark.parametrize("key", ["last_change_time", "creation_time"])
def test_bugs_are_found_by_time(tracker, bugs, key):
    times = sorted(getattr(bug, key) for bug in bugs)
    middle = times[len(times) // 2]
    found = everything(tracker, product=[PRODUCT, "Fedora EPEL"], **{key: middle})
    assert ids(found) == ids(bug for bug in bugs if getattr(bug, key) >= middle)


def test_bugs_that_block_others_are_found(tracker, bugs):
    expected = ids(bug for bug in bugs if bug.product == PRODUCT and bug.blocks)
    assert expected
    assert ids(everything(tracker, product=PRODUCT, f1="blocked", o1="isnotempty")) == expected


def test_bugs_that_block_any_of_some_are_found(tracker, bugs):
    number = next(bug.blocks[0] for bug in bugs if bug.product == PRODUCT and bug.blocks)
    found = everything(tracker, product=PRODUCT, f1="blocked", o1="anywordssubstr", v1=f"{number},999999999")
    expected = ids(b for b in bugs if b.product == PRODUCT and any(str(number) in str(blocked) for blocked in b.blocks))
    assert ids(found) == expected


def test_a_search_for_anything_is_an_error(bugzilla, tracker):
    with pytest.raises(bugzilla.BugzillaError):
        tracker.query({})


# How many


def test_a_search_gives_twenty_unless_asked_otherwise(tracker, bugs):
    found, more = tracker.query_return_extra({"product": PRODUCT})
    expected = sum(bug.product == PRODUCT for bug in bugs)
    assert expected > DEFAULT
    assert (len(found), more["total_matches"], more["limit"], more["offset"]) == (DEFAULT, expected, DEFAULT, 0)


@pytest.mark.parametrize("limit", [0, MOST + 500])
def test_a_search_never_gives_more_than_a_thousand(tracker, bugs, limit):
    found, more = tracker.query_return_extra({"product": PRODUCT, "limit": limit})
    assert len(found) == min(MOST, sum(bug.product == PRODUCT for bug in bugs))
    assert more["limit"] == MOST


def test_pages_make_up_the_whole(tracker, bugs):
    pages = [
        tracker.query({"product": PRODUCT, "order": "bug_id", "limit": 7, "offset": offset}) for offset in (0, 7, 14)
    ]
    found = [bug.id for page in pages for bug in page]
    assert found == [bug.id for bug in bugs if bug.product == PRODUCT][:21]


def test_past_the_end_there_is_nothing(tracker):
    found, more = tracker.query_return_extra({"product": PRODUCT, "limit": 5, "offset": 100_000})
    assert (found, more["total_matches"] > 0) == ([], True)


def test_bugs_come_in_the_order_asked_for(tracker):
    found = [bug.id for bug in tracker.query({"product": PRODUCT, "order": "bug_id DESC", "limit": 50})]
    assert found == sorted(found, reverse=True)


# Which fields


def test_only_the_fields_asked_for_come(tracker, component):
    query = tracker.build_query(product=PRODUCT, component=component, include_fields=["summary", "status"])
    assert {frozenset(bug.get_raw_data()) for bug in tracker.query(query)} == {frozenset({"id", "summary", "status"})}


def test_fields_may_be_joined_by_commas(tracker, component):
    query = {"product": PRODUCT, "component": component, "include_fields": FIELDS}
    assert {frozenset(bug.get_raw_data()) for bug in tracker.query(query)} == {frozenset(FIELDS.split(","))}


def test_a_field_that_was_not_asked_for_is_missing(tracker, component):
    query = tracker.build_query(product=PRODUCT, component=component, include_fields=["summary"])
    with pytest.raises(AttributeError):
        _ = tracker.query(query)[0].status


def test_fields_can_be_left_out(tracker, bugs):
    found = tracker.getbug(bugs[0].id, exclude_fields=["summary"]).get_raw_data()
    assert set(bugs[0].get_raw_data()) - set(found) == {"summary"}


def test_unknown_fields_are_ignored(tracker, component):
    query = tracker.build_query(product=PRODUCT, component=component, include_fields=["no_such_field", "status"])
    assert set(tracker.query(query)[0].get_raw_data()) == {"id", "status"}


# One bug, and some by id


def test_a_bug_is_found_by_its_id(tracker, bugs):
    assert tracker.getbug(bugs[0].id).get_raw_data() == bugs[0].get_raw_data()


def test_a_bug_is_found_by_its_alias(tracker, bugs):
    bug = next(bug for bug in bugs if bug.alias)
    assert tracker.getbug(bug.alias[0]).id == bug.id


def test_bugs_come_in_the_order_of_their_ids_asked_for(tracker, bugs):
    wanted = [bug.id for bug in bugs[:5]][::-1]
    assert [bug.id for bug in tracker.getbugs(wanted)] == wanted


def test_a_bug_that_is_not_there_is_left_out_among_others(tracker, bugs):
    assert [bug.id for bug in tracker.getbugs([bugs[0].id, 1, bugs[1].id])] == [bugs[0].id, bugs[1].id]


def test_a_bug_is_read_again(tracker, bugs):
    bug = tracker.getbug(bugs[0].id, include_fields=["id"])
    bug.refresh()
    assert bug.summary == bugs[0].summary


@pytest.mark.parametrize(("name", "code"), [(1, 101), ("no-such-alias", 100)])
def test_a_bug_that_is_not_there_is_an_error(bugzilla, tracker, name, code):
    with pytest.raises(bugzilla.BugzillaError) as raised:
        tracker.getbug(name)
    assert bugzilla.BugzillaError.get_bugzilla_error_code(raised.value) == code


# As Red Hat's


def test_red_hat_gives_components_and_versions_as_lists(red_hat_tracker, bugs):
    query = red_hat_tracker.build_query(bug_id=bugs[0].id, include_fields=["component", "version"])
    bug = red_hat_tracker.query(query)[0]
    raw = red_hat_tracker.query(query)[0].get_raw_data()
    assert (bug.components, bug.versions) == (bugs[0].component, bugs[0].version)
    assert (bug.component, bug.version) == (bug.components[0], bug.versions[0])
    assert raw["id"] == bugs[0].id


def test_red_hats_own_parameters_are_borne(red_hat_tracker, bugs):
    bug = red_hat_tracker.getbug(bugs[0].id)
    assert (bug.id, bug.summary) == (bugs[0].id, bugs[0].summary)
