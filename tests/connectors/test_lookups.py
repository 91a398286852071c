"""What upstreams are asked about one identifier, outside the queries: an update, a bug, a CVE, koji's numbers."""

import json

import pytest

from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from tests.upstream import Answer

ALIAS = "FEDORA-EPEL-2016-3081a94111"

ROW = {
    "id": 7, "summary": "It falls", "status": "NEW", "product": "Fedora", "component": ["guake"], "version": ["45"], "alias": [],
}  # fmt: skip
BUG = {
    "id": 7, "is_private": False, "summary": "It falls", "status": "NEW", "product": "Fedora", "version": "45",
    "component": "guake",
}  # fmt: skip

BUILD = {
    "build_id": 7, "package_name": "guake", "nvr": "guake-3.9-1.fc45", "version": "3.9", "release": "1.fc45", "epoch": None,
    "state": 1, "owner_name": "pingou", "task_id": None, "start_ts": 1000.5, "creation_ts": 1000.5, "completion_ts": 1100.9,
}  # fmt: skip


def refusal(code: int, message: str = "No.") -> dict:
    return {"error": True, "code": code, "message": message}


def test_an_update_is_read_by_its_name(connectors, upstream, data):
    upstream.says(f"/updates/{ALIAS}", json.loads((data / "upstream" / "bodhi-update-single.json").read_text("utf-8")))
    found = connectors["bodhi"].update(ALIAS)
    assert (found["title"], found["builds"], found["status"]) == ("bodhi-2.2.4-1.el7", ["bodhi-2.2.4-1.el7"], "stable")
    assert upstream.asked[0].headers["Accept"] == "application/json"


def test_an_update_that_there_is_not_is_none(connectors, upstream):
    answer = {"status": "error", "errors": [{"location": "url", "name": "id", "description": "Invalid update id"}]}
    upstream.says(f"/updates/{ALIAS}", answer, status=404)
    assert connectors["bodhi"].update(ALIAS) is None


@pytest.mark.parametrize("answer", [{}, [], {"update": {}}, {"update": None}, {"status": "error", "errors": []}])
@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_of_another_shape_is_no_update(connectors, upstream, answer, status):
    upstream.says(f"/updates/{ALIAS}", answer, status=status)
    with pytest.raises(InvalidResponse):
        connectors["bodhi"].update(ALIAS)


def test_a_proxys_404_does_not_say_that_there_is_no_update_or_bug(connectors, upstream):
    upstream.answers["/rest/bug/7"] = Answer(b"<h1>Not Found</h1>", 404, "text/html")
    for ask in (lambda: connectors["bodhi"].update(ALIAS), lambda: connectors["bugzilla"].bug(7)):
        with pytest.raises(InvalidResponse):
            ask()


def test_a_bug_is_read_by_its_number(connectors, upstream):
    upstream.says("/rest/bug/7", {"bugs": [ROW], "faults": []})
    assert (connectors["bugzilla"].bug(7), "creator" in str(upstream.asked[0].params)) == (BUG, False)


@pytest.mark.parametrize("status", [401, 403, 200])
def test_of_a_private_bug_is_told_that_it_is(connectors, upstream, status):
    upstream.says("/rest/bug/7", refusal(102, "You are not authorized to access bug #7."), status=status)
    assert connectors["bugzilla"].bug(7) == {"id": 7, "is_private": True}


@pytest.mark.parametrize(("code", "status"), [(101, 404), (100, 400), (51, 404)])
def test_a_bug_that_there_is_not_is_none(connectors, upstream, code, status):
    upstream.says("/rest/bug/7", refusal(code), status=status)
    assert connectors["bugzilla"].bug(7) is None


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"bugs": []}, 200), ({"bugs": [{**ROW, "id": 8}]}, 200), ({"bugs": [{"id": 7}]}, 200), ([], 200), ({}, 403),
        (refusal(32000), 400),
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_no_bug(connectors, upstream, answer, status):
    upstream.says("/rest/bug/7", answer, status=status)
    with pytest.raises(InvalidResponse):
        connectors["bugzilla"].bug(7)


def test_the_bugs_of_a_cve_are_those_that_name_it(connectors, upstream):
    rows = [
        {**ROW, "id": 4, "alias": ["CVE-2026-1234"]},
        {**ROW, "id": 3, "summary": "cve-2026-1234 guake: it falls [fedora-all]"},
        {**ROW, "id": 2, "summary": "CVE-2026-12345 guake: it falls"},
        {**ROW, "id": 1, "summary": "XCVE-2026-1234"},
    ]
    upstream.says("/rest/bug", {"bugs": rows, "total_matches": 4})
    assert [bug["id"] for bug in connectors["bugzilla"].carriers("CVE-2026-1234")] == [4, 3]
    asked = upstream.asked[0].params
    assert (asked["product"], asked["limit"]) == (["Fedora", "Fedora EPEL", "Security Response"], ["20"])
    assert [asked[name] for name in ("j_top", "f1", "v1", "f2", "v2")] == [
        ["OR"], ["alias"], ["CVE-2026-1234"], ["short_desc"], ["CVE-2026-1234"],
    ]  # fmt: skip


def test_a_build_is_read_by_its_number(connectors, upstream):
    upstream.koji_says([[BUILD]], [[None]])
    found = connectors["koji"].build(7)
    assert (found["name"], found["nvr"], found["state"]) == ("guake", "guake-3.9-1.fc45", "complete")
    assert connectors["koji"].build(8) is None


def test_a_package_is_read_by_its_number(connectors, upstream):
    upstream.koji_says([[{"id": 6454, "name": "guake"}]], [[None]], [[{"id": 6454}]])
    assert [connectors["koji"].package(6454), connectors["koji"].package(1)] == ["guake", None]
    with pytest.raises(InvalidResponse):
        connectors["koji"].package(6454)


def test_a_silent_upstream_is_said_to_be_silent(connectors, upstream):
    upstream.says("/rest/bug/7", {}, status=503)
    with pytest.raises(UpstreamUnavailable):
        connectors["bugzilla"].bug(7)
