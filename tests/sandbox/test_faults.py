"""Faults of upstreams (slow, failing, invalid, lagging), and the log of requests."""

import http.client
import json
import socket
import threading
import xmlrpc.client

import pytest

GUAKE = "/mdapi/rawhide/pkg/guake"


def test_a_failing_upstream_answers_with_a_proxys_page(live):
    live.fault("mdapi", fail=503)
    answer = live.ask(GUAKE)
    assert (answer.status, answer.headers.get_content_type()) == (503, "text/html")


def test_other_upstreams_do_not_mind(live):
    live.fault("mdapi", fail=503)
    assert live.ask("/bodhi/releases/").status == 200


def test_a_failure_ends_after_so_many_times(live):
    live.fault("mdapi", fail=500, times=2)
    assert [live.ask(GUAKE).status for _ in range(3)] == [500, 500, 200]


def test_faults_add_up_until_a_reset(live):
    live.fault("koji", delay=0.5)
    assert live.fault("koji", lag=3)["delay"] == 0.5
    assert live.fault("koji", reset=True) == {"delay": 0.0, "fail": None, "times": None, "invalid": None, "lag": 0.0}


def test_a_broken_connection_gives_no_answer(live):
    live.fault("mdapi", fail="reset", times=1)
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        live.ask(GUAKE)
    assert live.ask(GUAKE).status == 200


def test_an_upstream_that_hangs_never_answers(live):
    live.fault("mdapi", fail="hang")
    with pytest.raises((TimeoutError, socket.timeout)):
        live.ask(GUAKE, timeout=0.3)


def test_a_slow_upstream_reads_before_it_waits(live, wait_until):
    live.fault("distgit", delay=1.0)
    answers = []
    reader = threading.Thread(target=lambda: answers.append(live.get("/distgit/api/0/rpms/guake")))
    reader.start()
    wait_until(lambda: live.get("/control/requests/count")["distgit"])
    live.trigger("maintainer", "guake", user="newcomer")
    reader.join(10)
    assert "newcomer" not in answers[0]["access_users"]["commit"]


def test_a_page_in_place_of_json_has_status_200(live):
    live.fault("mdapi", invalid="html")
    answer = live.ask(GUAKE)
    assert (answer.status, answer.headers.get_content_type()) == (200, "text/html")


def test_a_truncated_response_is_invalid_json(live):
    everything = live.ask(GUAKE).body
    live.fault("mdapi", invalid="truncated")
    assert live.ask(GUAKE).body == everything[: len(everything) // 2]


def test_a_huge_response_is_valid_and_over_10_megabytes(live):
    live.fault("mdapi", invalid="huge")
    body = live.ask(GUAKE).body
    assert len(body) > 10 << 20
    assert json.loads(body)["basename"] == "guake"


def test_an_empty_response_has_no_bytes(live):
    live.fault("mdapi", invalid="empty")
    assert live.ask(GUAKE).body == b""


def test_a_response_of_other_types_is_still_json(live):
    true = live.get("/bodhi/updates/", packages="guake")
    live.fault("bodhi", invalid="types")
    invalid = live.get("/bodhi/updates/", packages="guake")
    assert set(invalid) == set(true)
    assert all(
        type(invalid["updates"][0][key]) is not type(true["updates"][0][key]) for key in ("alias", "karma", "critpath")
    )


@pytest.mark.parametrize("kind", ["types", "huge"])
def test_an_invalid_response_of_koji_is_xml(live, kind):
    live.fault("koji", invalid=kind)
    call = xmlrpc.client.dumps(("guake",), "getPackageID").encode()
    (value,), _ = xmlrpc.client.loads(live.ask("/kojihub", call).body)
    assert isinstance(value, list) == (kind == "types")


@pytest.mark.parametrize(
    "changes",
    [
        {"fail": 200},
        {"invalid": "white"},
        {"delay": -1},
        {"delay": True},
        {"times": 0},
        {"color": "red"},
        {"lag": "long"},
    ],
)
def test_an_unknown_fault_is_refused(live, changes):
    answer = live.ask("/control/upstreams/koji", json.dumps(changes).encode())
    assert answer.status == 400
    assert next(iter(changes)) in answer.json["error"]


def test_an_unknown_upstream_is_not_found(live):
    assert live.ask("/control/upstreams/pkgdb", b"{}").status == 404


# Lag

READS = {
    "koji": ("/kojihub", xmlrpc.client.dumps(("guake",), "listBuilds").encode()),
    "bodhi": ("/bodhi/updates/?packages=guake", None),
    "bugzilla": ("/bugzilla/rest/bug?component=guake", None),
    "mdapi": ("/mdapi/f44/pkg/guake", None),
    "distgit": ("/distgit/rpms/guake/raw/f44/f/guake.spec", None),
    "faf": ("/faf/problems/?component_names=guake", None),
    "anitya": ("/anitya/api/project/Fedora/guake", None),
    "mirror": ("/mirror/fedora/linux/updates/testing/44/Everything/x86_64/repodata/repomd.xml", None),
    "datagrepper": ("/datagrepper/raw", None),
}


def everything_happens(live):
    live.trigger("update", "guake", to="testing", release="f44")
    live.trigger("bug", "guake")
    live.trigger("push", "guake", branch="f44")
    live.trigger("repo", "guake", release="f44")
    live.trigger("crash", "guake")
    live.trigger("upstream-release", "guake")


@pytest.mark.parametrize("upstream", list(READS))
def test_a_lagging_upstream_shows_the_world_before_the_event(live, upstream):
    path, body = READS[upstream]
    before = live.ask(path, body).body
    live.fault(upstream, lag=100)
    everything_happens(live)
    assert live.ask(path, body).body == before
    live.post(f"/control/upstreams/{upstream}/catch-up")
    assert live.ask(path, body).body != before


def test_lag_is_over_when_its_time_is(live, wait_until):
    before = live.get(GUAKE)
    live.fault("mdapi", lag=0.4)
    live.trigger("repo", "guake")
    assert live.get(GUAKE) == before
    wait_until(lambda: live.get(GUAKE) != before)


def test_a_lagging_upstream_does_not_have_a_new_package(live):
    live.fault("distgit", lag=100)
    live.trigger("new-package", "brandnew")
    assert live.ask("/distgit/api/0/rpms/brandnew").status == 404
    assert "brandnew" not in live.get("/distgit/extras/pagure_poc.json")["rpms"]


def test_koji_offline_is_a_fault_with_status_200(live):
    live.fault("koji", fail="offline")
    with pytest.raises(xmlrpc.client.Fault) as fault:
        live.koji("getAPIVersion")
    assert fault.value.faultCode == 1014
    live.fault("bodhi", fail="offline")
    assert live.ask("/bodhi/releases/").status == 503
