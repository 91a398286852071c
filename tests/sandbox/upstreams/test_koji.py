"""Koji's hub: calls, filters, faults."""

import time
import xmlrpc.client

import pytest

from fedora_packages.sandbox.upstreams.koji import _lists_a_whole_tag
from fedora_packages.sandbox.upstreams.koji_rows import BUILD_COLUMNS


def test_an_unknown_package_has_no_id(quiet):
    assert quiet.koji("getPackageID", "no-such-package") is None


def test_an_unknown_package_is_a_fault_where_strict(quiet):
    with pytest.raises(xmlrpc.client.Fault, match="No such package name: nope") as fault:
        quiet.koji("getPackageID", "nope", strict=True)
    assert fault.value.faultCode == 1000


def test_builds_of_a_package_are_its_own(quiet):
    builds = quiet.koji("listBuilds", "guake", queryOpts={"order": "-build_id"})
    assert [build["nvr"] for build in builds] == [build["nvr"] for build in quiet.expected("guake")["builds"]]


def test_no_package_id_means_no_filter(quiet):
    builds = quiet.koji("listBuilds", None, queryOpts={"countOnly": True})
    assert builds > quiet.koji("listBuilds", "guake", queryOpts={"countOnly": True})


def test_a_count_is_a_bare_number(quiet):
    assert quiet.koji("listBuilds", packageID="guake", queryOpts={"countOnly": True}) == len(
        quiet.expected("guake")["builds"]
    )


def test_a_page_is_cut_by_offset_and_limit(quiet):
    options = {"order": "-build_id", "offset": 2, "limit": 3}
    page = quiet.koji("listBuilds", "guake", queryOpts=options)
    assert [build["nvr"] for build in page] == [build["nvr"] for build in quiet.expected("guake")["builds"]][2:5]


def test_builds_are_filtered_by_state(quiet):
    builds = quiet.koji("listBuilds", None, state=3)
    assert {build["state"] for build in builds} == {3}


def test_a_running_build_comes_first_by_completion_descending(live):
    live.trigger("build", "guake", state="building")
    builds = live.koji("listBuilds", "guake", queryOpts={"order": "-completion_time", "limit": 2})
    assert [build["completion_time"] is None for build in builds] == [True, False]


def test_an_order_by_an_unknown_column_is_a_fault(quiet):
    with pytest.raises(xmlrpc.client.Fault, match="Invalid order: taste") as fault:
        quiet.koji("listBuilds", "guake", queryOpts={"order": "taste"})
    assert fault.value.faultCode == 1


def test_a_build_is_found_by_id_by_nvr_and_by_parts(quiet):
    build = quiet.koji("listBuilds", "guake", queryOpts={"limit": 1})[0]
    by_id, by_nvr = quiet.koji("getBuild", build["build_id"]), quiet.koji("getBuild", build["nvr"])
    by_parts = quiet.koji("getBuild", {key: build[key] for key in ("name", "version", "release")})
    assert by_id == by_nvr == by_parts
    assert by_id["id"] == build["build_id"]


def test_a_recorded_build_has_the_same_keys(quiet, data):
    import json

    recorded = json.loads((data / "upstream" / "koji-getBuild-628.json").read_text("utf-8"))["result"]
    build = quiet.koji("getBuild", quiet.expected("guake")["builds"][0]["id"])
    assert set(build) == set(recorded)


def test_the_latest_of_a_tag_is_the_one_tagged_last(live):
    first = live.koji("listTagged", "f46", package="guake", latest=True)[0]
    live.trigger("build", "guake")
    live.trigger("tag", "guake", tag="f46", build=first["nvr"])
    assert [build["nvr"] for build in live.koji("listTagged", "f46", package="guake", latest=True)] == [first["nvr"]]


def test_an_inherited_build_says_which_tag_it_is_really_in(quiet):
    build = quiet.koji("listTagged", "rawhide", package="guake", latest=True, inherit=True)[0]
    assert build["tag_name"] == "f46"


def test_a_tag_inherits_only_where_asked(quiet):
    assert quiet.koji("listTagged", "rawhide", package="guake") == []


def test_tagged_builds_have_no_seconds_and_no_source(quiet):
    build = quiet.koji("listTagged", "f46", package="guake")[0]
    assert not {"start_ts", "completion_ts", "source", "extra"} & set(build)


def test_an_unknown_tag_is_a_fault_unless_not_strict(quiet):
    with pytest.raises(xmlrpc.client.Fault, match="No such tagInfo: 'f99'"):
        quiet.koji("listTagged", "f99")
    assert quiet.koji("listTagged", "f99", strict=False) == []


def test_a_blocked_package_vanishes_from_its_tag(live):
    live.trigger("retire", "guake")
    assert live.koji("listTagged", "rawhide", package="guake", inherit=True) == []
    assert [row["blocked"] for row in live.koji("listPackages", tagID="f46", pkgID="guake")] == [True]


def test_all_packages_are_listed_without_a_tag(quiet):
    rows = quiet.koji("listPackages")
    assert [row["package_name"] for row in rows] == quiet.get("/control/packages")["packages"]


def test_one_failing_call_does_not_fail_the_others(quiet):
    calls = [
        {"methodName": "getPackageID", "params": ["guake"]},
        {"methodName": "listTagged", "params": ["f99"]},
        {"methodName": "noSuchCall", "params": []},
    ]
    good, unknown_tag, unknown_call = quiet.koji("multiCall", calls)
    assert len(good) == 1
    assert (unknown_tag["faultCode"], unknown_call["faultString"]) == (1000, "Invalid method: noSuchCall")


@pytest.mark.parametrize(
    "call",
    [
        {"methodName": "listBuilds", "params": 7},
        {"methodName": "getAPIVersion"},
        {"params": []},
        {"methodName": [], "params": []},
        "getAPIVersion",
    ],
)
def test_a_wrong_call_among_others_is_a_fault_in_its_place(quiet, call):
    good = {"methodName": "getAPIVersion", "params": []}
    first, fault, last = quiet.koji("multiCall", [good, call, good])
    assert (first, last) == ([1], [1])
    assert (fault["faultCode"] in (1, 1000), bool(fault["traceback"])) == (True, True)


def test_every_fault_among_calls_has_a_traceback(quiet):
    calls = [{"methodName": name, "params": ["f99"]} for name in ("listTagged", "noSuchCall", "getAPIVersion")]
    faults = quiet.koji("multiCall", calls)
    assert [(fault["faultCode"], len(fault["traceback"]) > 1) for fault in faults] == [
        (1000, True), (1000, True), (1019, True),
    ]  # fmt: skip


def test_calls_can_hold_calls(quiet):
    inner = [{"methodName": "getAPIVersion", "params": []}]
    assert quiet.koji("multiCall", [{"methodName": "multiCall", "params": [inner]}]) == [[[[1]]]]


def test_a_string_in_place_of_calls_has_a_fault_for_each_letter(quiet):
    assert [fault["faultCode"] for fault in quiet.koji("multiCall", "abc")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("method", "arguments", "code", "said"),
    [
        ("getBuild", ["nonsense"], 1000, "invalid format: nonsense"),
        ("getBuild", ["a-b"], 1000, "invalid format: a-b"),
        ("getBuild", [""], 1000, "invalid format: "),
        ("getBuild", [{"id": 5}], 1000, "did not provide name, version, and release"),
        ("getBuild", [None], 1000, "Invalid type for argument"),
        ("getPackage", [[1]], 1019, "Invalid name or id value"),
        ("getPackage", [None], 1019, "Invalid name or id value"),
        ("listBuilds", [[1]], 1019, "Invalid name or id value"),
        ("listPackages", ["f99"], 1000, "No such entry in table tag: f99"),
        ("listPackages", [None, None, "nope"], 1000, "No such entry in table package: nope"),
        ("listTags", [None, "nope"], 1000, "No such package: nope"),
        ("listTags", ["nope-1-1"], 1000, "No such build: nope-1-1"),
        ("listTags", ["guake-1-1", "guake"], 1000, "only one of build and package may be specified"),
        ("listTagged", ["f46", None, False, None, False, None, None, "cake"], 1000, "unsupported build type: cake"),
        ("queryHistory", [["cake"]], 1000, "No such history table: cake"),
        ("multiCall", [7], 1, "<class 'TypeError'>"),
    ],
)
def test_a_wrong_argument_is_a_fault(quiet, method, arguments, code, said):
    with pytest.raises(xmlrpc.client.Fault, match=said) as fault:
        quiet.koji(method, *arguments)
    assert fault.value.faultCode == code


@pytest.mark.parametrize("state", [True, "complete"])
def test_a_state_is_a_number(quiet, state):
    with pytest.raises(xmlrpc.client.Fault) as fault:
        quiet.koji("listBuilds", "guake", state=state)
    assert fault.value.faultCode == 1


def test_a_pattern_matches_in_any_case(quiet):
    builds = quiet.koji("listBuilds", None, pattern="GUAKE-*.fc4?")
    assert {build["name"] for build in builds} == {"guake"}


def test_rows_as_lists_have_their_columns_in_alphabetical_order(quiet):
    options = {"order": "-build_id", "limit": 1}
    (row,), (values,) = (
        quiet.koji("listBuilds", "guake", queryOpts={**options, "asList": is_list}) for is_list in (False, True)
    )
    assert values == [row[name] for name in sorted(row)]
    assert tuple(sorted(row)) == BUILD_COLUMNS


def test_an_unknown_order_is_a_fault_without_rows_too(quiet):
    with pytest.raises(xmlrpc.client.Fault, match="Invalid order: taste"):
        quiet.koji("listBuilds", "guake", state=2, queryOpts={"order": "taste"})


def test_builds_are_listed_since_they_began_and_since_they_ended(live):
    before = time.time()
    live.trigger("build", "guake", state="building")
    since = {"createdAfter": before, "draft": False, "type": "rpm", "queryOpts": {"order": "build_id"}}
    (begun,) = live.koji("listBuilds", **since)
    assert live.koji("listBuilds", completeAfter=before) == []
    live.trigger("build", "guake", state="failed")
    (ended,) = live.koji("listBuilds", completeAfter=before)
    assert (begun["build_id"], begun["state"], ended["state"]) == (ended["build_id"], 0, 3)
    assert live.koji("listBuilds", createdAfter=begun["creation_time"]) == []


def test_a_tag_has_the_latest_build_of_every_package_in_one_answer(quiet):
    rows = quiet.koji("listTagged", "f46", latest=True)
    names = quiet.get("/control/packages")["packages"]
    expected = {
        name: held[0] for name in names if "f46" not in (facts := quiet.expected(name))["blocked"]
        and (held := facts["tags"].get("f46"))
    }  # fmt: skip
    assert {row["name"]: row["nvr"] for row in rows} == expected


def test_a_tag_is_listed_as_it_was_at_an_event(live):
    (first,) = live.koji("listTagged", "f46", package="guake", latest=True)
    start = live.koji("getLastEvent")["id"]
    live.trigger("build", "guake")
    (then,) = live.koji("listTagged", "f46", package="guake", latest=True, event=start)
    assert then["nvr"] == first["nvr"]


def test_wrong_arguments_are_a_fault_of_their_own(quiet):
    with pytest.raises(xmlrpc.client.Fault) as fault:
        quiet.koji("getTag", color="red")
    assert fault.value.faultCode == 1019


def test_only_posts_are_answered(quiet):
    answer = quiet.ask("/kojihub")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


def test_a_body_without_a_call_is_a_bad_request(quiet):
    assert quiet.ask("/kojihub", b"<html>").status == 400


def test_a_request_that_is_too_long_is_refused(quiet):
    assert quiet.ask("/kojihub", b" " * (5 << 20)).status == 400


@pytest.mark.parametrize(
    ("method", "params", "is_whole"),
    [
        ("listTagged", ["f46"], True),
        ("listTagged", ["f46", {"latest": True, "__starstar": True}], True),
        ("listTagged", ["f46", {"package": "guake", "__starstar": True}], False),
        ("listTagged", ["f46", None, False, None, True, "guake"], False),
        ("listTagged", ["f46", None, False, None, True, {"strict": False, "__starstar": True}], True),
        ("listBuilds", ["guake"], False),
        ("multiCall", [[{"methodName": "listTagged", "params": ["f46"]}]], True),
        ("multiCall", [[{"methodName": "getAPIVersion", "params": []}, "x"]], False),
        ("multiCall", ["abc"], False),
    ],
)
def test_a_list_of_a_whole_tag_is_recognized(method, params, is_whole):
    assert _lists_a_whole_tag(method, params) is is_whole
