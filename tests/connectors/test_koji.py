"""Koji's queries against recorded answers, and answers that no recording has."""

import xmlrpc.client
from dataclasses import replace

import pytest

from fedora_packages.connectors.circuit import Circuit
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from fedora_packages.messages.event import Event
from tests.upstream import Answer

from .recorded import recorded


@pytest.mark.parametrize(
    "name", ["koji-listBuilds-package306-page1", "koji-listBuilds-latest10", "koji-listBuilds-state4"]
)
def test_recorded_lists_of_builds_are_read(queries, upstream, data, name):
    rows = recorded(data, name)["result"]
    upstream.koji_says([[len(rows)], [rows]])
    value = queries["koji.builds"].fetch("guake")
    assert [build["build_id"] for build in value["builds"]] == [row["build_id"] for row in rows]


def test_a_recorded_count_of_builds_is_read(queries, upstream, data):
    upstream.koji_says([[recorded(data, "koji-listBuilds-package306-countOnly")["result"]], [[BUILD]]])
    assert queries["koji.builds"].fetch("guake")["total"] == 65


def test_an_empty_list_of_builds_that_there_are_is_a_failure(queries, upstream):
    upstream.koji_says([[65], [[]]])
    with pytest.raises(InvalidResponse, match="an empty list in place of 65 rows"):
        queries["koji.builds"].fetch("guake")


def test_a_recorded_empty_list_of_builds_is_read(queries, upstream, data):
    upstream.koji_says([[0], [recorded(data, "koji-listBuilds-empty")["result"]]])
    assert queries["koji.builds"].fetch("guake")["builds"] == []


BUILD = {
    "build_id": 7, "nvr": "guake-3.9-1.fc45", "version": "3.9", "release": "1.fc45", "epoch": None, "state": 1,
    "owner_name": "pingou", "task_id": None, "start_ts": None, "creation_ts": 1000.5, "completion_ts": 1100.9,
    "package_name": "guake", "tag_name": "f45",
}  # fmt: skip


def test_the_hub_is_asked_by_name_in_one_request(queries, upstream):
    upstream.koji_says([[1], [[BUILD]]])
    queries["koji.builds"].fetch("guake")
    assert [(call["methodName"], call["params"][0]) for call in upstream.calls()] == [("listBuilds", "guake")] * 2


def test_xml_that_grows_is_a_lie(queries, upstream):
    bomb = "<!DOCTYPE x [<!ENTITY a '" + "x" * 1000 + "'>" + "".join(
        f"<!ENTITY {name} '{('&' + before + ';') * 20}'>" for before, name in zip("abcdef", "bcdefg", strict=True)
    )  # fmt: skip
    upstream.answers["/"] = Answer(f"<?xml version='1.0'?>{bomb}]><methodResponse>&g;</methodResponse>".encode())
    with pytest.raises(InvalidResponse):
        queries["koji.builds"].fetch("guake")


@pytest.mark.parametrize("wrong", [{"state": 9}, {"state": "1"}, {"nvr": None}, {"build_id": True}, {"epoch": "0"}])
def test_a_build_with_other_types_is_a_lie(queries, upstream, wrong):
    upstream.koji_says([[1], [[{**BUILD, **wrong}]]])
    with pytest.raises(InvalidResponse, match=rf"builds\[0\].{next(iter(wrong))}: expected"):
        queries["koji.builds"].fetch("guake")


def test_builds_tagged_are_listed_by_tag(queries, upstream):
    upstream.koji_says([[[BUILD]], [[]], [[{**BUILD, "package_name": "guake-other"}]]])
    value = queries["koji.tagged"].fetch("guake")
    assert {tag: build and build["tag"] for tag, build in value["tags"].items()} == {
        "f46": "f45", "f45-updates": None, "f45-updates-testing": None,
    }  # fmt: skip


TAGGED_FIELDS = ("build_id", "nvr", "version", "release", "epoch", "owner_name", "package_name", "tag_name")


@pytest.mark.parametrize("wrong", [*({key: []} for key in TAGGED_FIELDS), {"nvr": None}, {"epoch": "2"}, {}, "x", 7])
def test_an_invalid_build_of_a_tag_costs_that_tag_and_is_counted(queries, upstream, wrong):
    row = {**BUILD, **wrong} if wrong and isinstance(wrong, dict) else wrong
    older = {**BUILD, "build_id": BUILD["build_id"] - 1}
    upstream.koji_says([[[BUILD]], [[row, older]], [[]]])
    value = queries["koji.tagged"].fetch("guake")
    assert {tag: build and build["build_id"] for tag, build in value["tags"].items()} == {
        "f46": BUILD["build_id"], "f45-updates-testing": None,
    }  # fmt: skip
    assert value["invalid_rows"]["count"] == 1
    event = Event(
        "org.fedoraproject.prod", "buildsys.tag", "1", 0, {**BUILD, "tag": "f45-updates", "instance": "primary"}
    )
    assert not queries["koji.tagged"].reflects(value, [queries["koji.tagged"].expected(event, "guake")])


def test_invalid_builds_of_all_tags_are_no_answer(queries, upstream):
    upstream.koji_says([[[{}]]] * 3)
    with pytest.raises(InvalidResponse, match="an empty list in place of 3 rows"):
        queries["koji.tagged"].fetch("guake")


#: Builds that share the name of a source package, and their types.
OTHERS = [
    ({"draft": True, "release": "1.fc45,draft_7"}, "draft"),
    ({"release": "1.fc45,draft_7", "extra": {"typeinfo": {"rpm": {}}}}, "draft"),
    ({"extra": {"typeinfo": {"module": {"name": "guake"}}}}, "module"),
    ({"extra": {"typeinfo": {"module": None}}}, "module"),
    ({"extra": {"image": {"flatpak": True}, "typeinfo": {"image": {}}}}, "flatpak"),
    ({"release": "1.f45app"}, "flatpak"),
    ({"release": "1.f45runtime2"}, "flatpak"),
    ({"extra": {"image": {}}}, "image"),
    ({"extra": {"osbs_build": {"kind": "container_build"}}}, "image"),
    ({"extra": {"typeinfo": {"image": {}}}}, "image"),
    ({"draft": False, "extra": {"source": {}, "typeinfo": {"rpm": {}}}}, "rpm"),
    ({"extra": None}, "rpm"),
    ({"extra": "x", "draft": "x"}, "rpm"),
]


@pytest.mark.parametrize(("changes", "kind"), OTHERS)
def test_a_build_has_a_type(queries, upstream, changes, kind):
    upstream.koji_says([[1], [[{**BUILD, **changes}]]])
    assert [build["type"] for build in queries["koji.builds"].fetch("guake")["builds"]] == [kind]


def test_a_draft_is_not_the_build_of_a_release(queries, upstream):
    draft = {**BUILD, "build_id": 9, "release": "2.fc45,draft_9"}
    upstream.koji_says([[[draft, {**draft, "draft": True}, BUILD]], [[draft]], [[]]])
    value = queries["koji.tagged"].fetch("guake")
    assert [build and build["build_id"] for build in value["tags"].values()] == [BUILD["build_id"], None, None]


def test_a_tag_of_a_draft_is_not_expected(queries):
    body = {"build_id": 9, "name": "guake", "tag": "f45", "instance": "primary", "release": "2.fc45"}
    event = Event("org.fedoraproject.prod", "buildsys.tag", "1", 0, body)
    draft = replace(event, body={**body, "release": "2.fc45,draft_9"})
    tagged = queries["koji.tagged"]
    assert (tagged.expected(event, "guake")["build_id"], tagged.expected(draft, "guake")) == (9, None)


def test_a_negative_state_is_not_the_last_one(queries, upstream):
    upstream.koji_says([[1], [[{**BUILD, "state": -1}]]])
    with pytest.raises(InvalidResponse):
        queries["koji.builds"].fetch("guake")


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
    with pytest.raises(InvalidResponse):
        queries["koji.builds"].fetch("guake")
