"""koji's published client against the sandbox's hub: builds, packages, users, and how calls travel."""

import datetime
import http.client
import json
import xmlrpc.client
from urllib.parse import urlsplit

import pytest

from .shapes import misshapen, shape

PACKAGE = "guake"
UNKNOWN = "no-such-package"

#: What hubs without draft builds do not have.
DRAFTS = shape(flag="draft", integer_or_none="promoter_id", text_or_none="promoter_name promotion_time") | shape(
    number_or_none="promotion_ts"
)
LISTED_BUILD = shape(
    integer="build_id package_id state owner_id volume_id creation_event_id",
    integer_or_none="epoch task_id",
    text="name package_name version release nvr owner_name volume_name creation_time",
    text_or_none="source start_time completion_time",
    number="creation_ts",
    number_or_none="start_ts completion_ts",
    record_or_none="extra",
)
BUILD = LISTED_BUILD | shape(integer="id", integer_or_none="cg_id", text_or_none="cg_name")


@pytest.fixture
def builds(hub) -> list[dict]:
    """All builds of a package, the newest first."""
    return hub.listBuilds(packageID=PACKAGE, queryOpts={"order": "-build_id"})


def ids(builds) -> set[int]:
    return {build["build_id"] for build in builds}


# The hub itself


def test_the_api_has_version_1(hub):
    assert hub.getAPIVersion() == 1


def test_the_client_learns_the_version_of_the_hub(hub):
    hub.getAPIVersion()
    assert hub.hub_version >= (1, 30)


def test_an_unknown_method_is_a_generic_error(koji, hub):
    with pytest.raises(koji.GenericError, match="Invalid method: noSuchMethod"):
        hub.noSuchMethod()


def test_arguments_that_a_method_does_not_have_are_a_parameter_error(koji, hub):
    with pytest.raises(koji.ParameterError):
        hub.listBuilds(noSuchFilter=1)


def test_too_many_arguments_are_a_parameter_error(koji, hub):
    with pytest.raises(koji.ParameterError):
        hub.getPackageID("a", True, 1, 2, 3)


def test_any_other_failure_is_a_fault_of_code_1(hub):
    with pytest.raises(xmlrpc.client.Fault, match="Invalid order: no_such_column") as raised:
        hub.listBuilds(packageID=PACKAGE, queryOpts={"order": "no_such_column"})
    assert raised.value.faultCode == 1


@pytest.fixture
def ask(sandbox):
    """A function that sends one HTTP request to the hub and gives status, headers and body."""

    def send(method: str, body: bytes | None = None, path: str = "/kojihub"):
        connection = http.client.HTTPConnection(urlsplit(sandbox).netloc, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": "text/xml"} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    return send


def test_a_fault_is_an_answer_of_status_200(ask):
    status, headers, body = ask("POST", xmlrpc.client.dumps((), "noSuchMethod").encode())
    assert (status, headers.get_content_type()) == (200, "text/xml")
    with pytest.raises(xmlrpc.client.Fault) as raised:
        xmlrpc.client.loads(body)
    assert raised.value.faultCode == 1000


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_is_no_post_is_not_allowed(ask, method):
    status, headers, _ = ask(method)
    assert (status, headers["Allow"], headers.get_content_type()) == (405, "POST", "text/plain")


@pytest.mark.parametrize("body", [b"", b"hello", b"<methodCall>", b"<methodCall></methodCall>"])
def test_what_is_no_call_is_a_bad_request(ask, body):
    status, headers, _ = ask("POST", body)
    assert (status, headers.get_content_type()) == (400, "text/plain")


def test_nothing_is_nil(ask):
    _, _, body = ask("POST", xmlrpc.client.dumps((UNKNOWN,), "getPackageID").encode())
    assert b"<nil/>" in body


def test_a_number_above_32_bits_is_understood(hub):
    assert hub.getBuild(2**40) is None


def test_named_and_positional_arguments_are_the_same(hub):
    by_place = hub.getPackageID(PACKAGE, True)
    assert by_place == hub.getPackageID(name=PACKAGE, strict=True) == hub.getPackageID(PACKAGE, strict=True)


# Packages


def test_a_package_has_an_id(hub):
    assert isinstance(hub.getPackageID(PACKAGE), int)


def test_an_unknown_package_has_no_id(hub):
    assert hub.getPackageID(UNKNOWN) is None


def test_an_unknown_package_is_an_error_to_a_strict_question(koji, hub):
    with pytest.raises(koji.GenericError, match=f"No such package name: {UNKNOWN}"):
        hub.getPackageID(UNKNOWN, strict=True)


def test_a_package_is_found_by_name_id_and_struct(hub):
    number = hub.getPackageID(PACKAGE)
    expected = {"id": number, "name": PACKAGE}
    found = [hub.getPackage(info) for info in (PACKAGE, number, {"name": PACKAGE}, {"id": number})]
    assert found == [expected] * 4


def test_an_unknown_package_is_nothing(hub):
    assert hub.getPackage(UNKNOWN) is None


def test_a_strict_question_for_an_unknown_package_is_an_error(koji, hub):
    with pytest.raises(koji.GenericError, match="No such entry in table package"):
        hub.getPackage(UNKNOWN, strict=True)


# Builds, listed


def test_builds_have_the_shape_of_the_contract(builds):
    assert builds
    assert [misshapen(build, LISTED_BUILD, DRAFTS) for build in builds] == [[]] * len(builds)


def test_builds_have_the_keys_of_recorded_ones(builds, data):
    recorded = json.loads((data / "upstream" / "koji-listBuilds-package306-page1.json").read_text("utf-8"))["result"]
    assert set(recorded[0]) - set(DRAFTS) == set(builds[0]) - set(DRAFTS)


def test_texts_and_numbers_of_a_time_are_the_same_time(builds):
    for build in builds:
        for name in ("creation", "start", "completion"):
            text, number = build[f"{name}_time"], build[f"{name}_ts"]
            assert (text is None) == (number is None)
            if text is not None:
                assert datetime.datetime.fromisoformat(text).timestamp() == pytest.approx(number, abs=1e-3)
                assert (text[10], text[-6:]) == (" ", "+00:00")


def test_a_build_is_named_after_its_parts(builds):
    assert [build["nvr"] for build in builds] == [f"{b['package_name']}-{b['version']}-{b['release']}" for b in builds]
    assert {build["name"] for build in builds} == {PACKAGE}


def test_builds_are_found_by_name_and_by_id(hub, builds):
    assert ids(hub.listBuilds(packageID=hub.getPackageID(PACKAGE))) == ids(builds)


def test_an_unknown_package_has_no_builds(hub):
    assert hub.listBuilds(packageID=UNKNOWN) == []
    assert hub.listBuilds(packageID=999_999_999) == []


def test_no_package_means_every_package(hub):
    found = hub.listBuilds(packageID=None, queryOpts={"limit": 50, "order": "-build_id"})
    assert len({build["package_name"] for build in found}) > 1
    assert hub.listBuilds(queryOpts={"countOnly": True}) > len(found)


@pytest.mark.parametrize("state", ["BUILDING", "COMPLETE", "DELETED", "FAILED", "CANCELED"])
def test_builds_are_filtered_by_state(koji, hub, builds, state):
    number = koji.BUILD_STATES[state]
    assert ids(hub.listBuilds(packageID=PACKAGE, state=number)) == {
        b["build_id"] for b in builds if b["state"] == number
    }


def test_some_builds_failed_or_were_canceled_somewhere(koji, hub):
    unlucky = [koji.BUILD_STATES["FAILED"], koji.BUILD_STATES["CANCELED"]]
    assert all(hub.listBuilds(state=state, queryOpts={"countOnly": True}) for state in unlucky)


def test_builds_are_filtered_by_owner(hub, builds):
    owner = builds[0]["owner_name"]
    expected = {build["build_id"] for build in builds if build["owner_name"] == owner}
    assert ids(hub.listBuilds(packageID=PACKAGE, userID=owner)) == expected
    assert ids(hub.listBuilds(packageID=PACKAGE, userID=builds[0]["owner_id"])) == expected


def test_an_unknown_owner_has_no_builds(hub):
    assert hub.listBuilds(packageID=PACKAGE, userID="no-such-user") == []


def test_builds_are_filtered_by_task(hub, builds):
    build = next(build for build in builds if build["task_id"] is not None)
    assert ids(hub.listBuilds(taskID=build["task_id"])) == {build["build_id"]}


def test_minus_one_stands_for_any_task(hub, builds):
    with_task = {build["build_id"] for build in builds if build["task_id"] is not None}
    assert ids(hub.listBuilds(packageID=PACKAGE, taskID=-1)) == with_task


def test_builds_are_filtered_by_the_start_of_a_name(hub, builds):
    found = hub.listBuilds(prefix=PACKAGE[:4].upper())
    assert ids(builds) <= ids(found)
    assert all(build["name"].lower().startswith(PACKAGE[:4]) for build in found)


def test_builds_are_filtered_by_a_pattern_of_nvrs(hub, builds):
    nvr = builds[0]["nvr"]
    assert ids(hub.listBuilds(pattern=nvr)) == {builds[0]["build_id"]}
    assert ids(hub.listBuilds(pattern=f"{PACKAGE}-{builds[0]['version'][:1]}*")) <= ids(builds)
    assert ids(hub.listBuilds(pattern=f"*{nvr[3:-2]}??")) == {builds[0]["build_id"]}


def test_builds_are_filtered_by_volume(hub, builds):
    volume = builds[0]["volume_id"]
    assert ids(hub.listBuilds(packageID=PACKAGE, volumeID=volume)) == ids(b for b in builds if b["volume_id"] == volume)
    assert hub.listBuilds(packageID=PACKAGE, volumeID=999) == []


@pytest.mark.parametrize(("before", "after", "key"), [
    ("createdBefore", "createdAfter", "creation_ts"), ("completeBefore", "completeAfter", "completion_ts"),
])  # fmt: skip
def test_builds_are_filtered_by_time(hub, builds, before, after, key):
    times = sorted(build[key] for build in builds if build[key] is not None)
    middle = (times[len(times) // 2 - 1] + times[len(times) // 2]) / 2
    known = [build for build in builds if build[key] is not None]
    assert ids(hub.listBuilds(packageID=PACKAGE, **{before: middle})) == ids(b for b in known if b[key] < middle)
    assert ids(hub.listBuilds(packageID=PACKAGE, **{after: middle})) == ids(b for b in known if b[key] > middle)


def test_a_time_may_be_a_text(hub, builds):
    known = sorted(build["creation_ts"] for build in builds)
    middle = (known[len(known) // 2 - 1] + known[len(known) // 2]) / 2
    text = datetime.datetime.fromtimestamp(middle, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
    found = hub.listBuilds(packageID=PACKAGE, createdAfter=text)
    assert ids(found) == ids(build for build in builds if build["creation_ts"] > middle)


def test_filters_are_taken_together(koji, hub, builds):
    complete = koji.BUILD_STATES["COMPLETE"]
    owner = builds[-1]["owner_name"]
    found = hub.listBuilds(packageID=PACKAGE, userID=owner, state=complete)
    assert ids(found) == ids(b for b in builds if b["owner_name"] == owner and b["state"] == complete)


def test_a_type_of_build_that_none_is_of_is_an_error(koji, hub):
    with pytest.raises(koji.GenericError, match="unsupported build type"):
        hub.listBuilds(packageID=PACKAGE, type="no-such-type")


# Order, pages and counts


def test_builds_are_counted(hub, builds):
    assert hub.listBuilds(packageID=PACKAGE, queryOpts={"countOnly": True}) == len(builds)


def test_a_count_within_a_limit_counts_the_limited(hub, builds):
    assert hub.listBuilds(packageID=PACKAGE, queryOpts={"countOnly": True, "limit": 2}) == min(2, len(builds))
    assert hub.listBuilds(packageID=PACKAGE, queryOpts={"countOnly": True, "offset": 1}) == len(builds) - 1


def test_a_count_of_nothing_is_zero_or_an_empty_list(hub):
    # The hub gives up on an unknown package before it counts.
    assert hub.listBuilds(packageID=UNKNOWN, queryOpts={"countOnly": True}) == []


@pytest.mark.parametrize("key", ["build_id", "nvr", "version", "creation_time", "owner_name"])
def test_builds_come_in_the_order_asked_for(hub, builds, key):
    found = [build[key] for build in hub.listBuilds(packageID=PACKAGE, queryOpts={"order": key})]
    assert found == sorted(found)
    turned = [build[key] for build in hub.listBuilds(packageID=PACKAGE, queryOpts={"order": f"-{key}"})]
    assert turned == sorted(found, reverse=True)


def test_a_second_key_orders_what_the_first_leaves_open(hub):
    found = hub.listBuilds(packageID=PACKAGE, queryOpts={"order": "state,-build_id"})
    keys = [(build["state"], -build["build_id"]) for build in found]
    assert keys == sorted(keys)


def test_pages_make_up_the_whole(hub, builds):
    pages = [
        hub.listBuilds(packageID=PACKAGE, queryOpts={"order": "-build_id", "offset": offset, "limit": 3})
        for offset in range(0, len(builds) + 3, 3)
    ]
    assert [build["build_id"] for page in pages for build in page] == [build["build_id"] for build in builds]
    assert pages[-1] == []


def test_no_limit_and_a_limit_of_nothing_are_the_same(hub, builds):
    for limit in (0, None):
        assert ids(hub.listBuilds(packageID=PACKAGE, queryOpts={"limit": limit})) == ids(builds)


# One build


def test_a_build_is_found_by_id_nvr_and_struct(hub, builds):
    listed = builds[0]
    parts = {key: listed[key] for key in ("name", "version", "release")}
    found = [hub.getBuild(info) for info in (listed["build_id"], listed["nvr"], parts)]
    assert found[0] == found[1] == found[2]
    assert {key: found[0][key] for key in LISTED_BUILD} == {key: listed[key] for key in LISTED_BUILD}


def test_a_build_has_the_shape_of_the_contract(hub, builds):
    found = hub.getBuild(builds[0]["build_id"])
    assert misshapen(found, BUILD, DRAFTS) == []
    assert found["id"] == found["build_id"]


def test_a_build_has_the_keys_of_a_recorded_one(hub, builds, data):
    recorded = json.loads((data / "upstream" / "koji-getBuild-574.json").read_text("utf-8"))["result"]
    assert set(recorded) - set(DRAFTS) == set(hub.getBuild(builds[0]["build_id"])) - set(DRAFTS)


@pytest.mark.parametrize(
    "info", [1, "no-such-package-1-1.fc44", {"name": "no-such-package", "version": "1", "release": "1"}]
)
def test_an_unknown_build_is_nothing(hub, info):
    assert hub.getBuild(info) is None


def test_an_unknown_build_is_an_error_to_a_strict_question(koji, hub):
    with pytest.raises(koji.GenericError, match="No such build"):
        hub.getBuild("no-such-package-1-1.fc44", strict=True)


# Users


def test_a_user_is_found_by_name_and_id(hub, builds):
    name, number = builds[0]["owner_name"], builds[0]["owner_id"]
    found = hub.getUser(name)
    assert found == hub.getUser(number)
    assert (found["name"], found["id"]) == (name, number)
    assert misshapen(found, shape(integer="id status usertype", text="name", array="krb_principals")) == []


def test_an_unknown_user_is_nothing(hub):
    assert hub.getUser("no-such-user") is None


def test_an_unknown_user_is_an_error_to_a_strict_question(koji, hub):
    with pytest.raises(koji.GenericError):
        hub.getUser("no-such-user", strict=True)


def test_to_ask_for_oneself_without_a_login_is_an_error(koji, hub):
    with pytest.raises(koji.GenericError, match="No user provided"):
        hub.getUser(None)


# Many calls in one


def test_many_calls_are_answered_in_their_order(hub, builds):
    with hub.multicall() as calls:
        number = calls.getPackageID(PACKAGE)
        nothing = calls.getPackageID(UNKNOWN)
        count = calls.listBuilds(packageID=PACKAGE, queryOpts={"countOnly": True})
    assert (number.result, nothing.result, count.result) == (hub.getPackageID(PACKAGE), None, len(builds))


def test_a_call_that_fails_does_not_fail_its_neighbours(koji, hub):
    with hub.multicall(strict=False) as calls:
        first = calls.getPackageID(PACKAGE)
        failing = calls.getPackageID(UNKNOWN, strict=True)
        unknown = calls.noSuchMethod()
        last = calls.getAPIVersion()
    assert (first.result, last.result) == (hub.getPackageID(PACKAGE), 1)
    for call, words in ((failing, "No such package name"), (unknown, "Invalid method")):
        with pytest.raises(koji.GenericError, match=words):
            _ = call.result


def test_a_failing_call_is_a_struct_between_lists(hub):
    hub.multicall = True
    hub.getPackageID(PACKAGE)
    hub.getPackageID(UNKNOWN, strict=True)
    hub.listBuilds(packageID=PACKAGE, queryOpts={"order": "no_such_column"})
    good, failing, broken = hub.multiCall()
    assert good == [hub.getPackageID(PACKAGE)]
    assert (failing["faultCode"], failing["faultString"]) == (1000, f"No such package name: {UNKNOWN}")
    assert broken["faultCode"] == 1
    assert all(isinstance(line, str) for line in broken["traceback"])


def test_no_calls_have_no_answers(hub):
    assert hub._callMethod("multiCall", ([],)) == []


def test_many_calls_go_by_their_other_name_too(hub):
    calls = [{"methodName": "getPackageID", "params": [PACKAGE]}, {"methodName": "getAPIVersion", "params": []}]
    assert hub.system.multicall(calls) == [[hub.getPackageID(PACKAGE)], [1]]
