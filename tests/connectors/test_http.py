"""Requests to upstreams: bounded in time, size and number, and nothing unchecked."""

import contextlib
import json
import socket
import threading
from dataclasses import replace

import pytest
import requests

from fedora_packages.connectors.circuit import Circuit
from fedora_packages.connectors.http import HTTPClient, stream
from fedora_packages.connectors.repository_values import RELATIONS
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from fedora_packages.settings import ConnectorSettings
from tests.upstream import Answer

RELATION_PAGE = "/f45/pkg/guake"


def ask(queries):
    return queries["mdapi.relations"].fetch("guake", "f45")


LIES = {
    "HTML with status 200": Answer(b"<html>sorry</html>", content_type="text/html"),
    "half an answer": Answer(b'{"requires": [{"na'),
    "a list": Answer(b"[]"),
    "null": Answer(b"null"),
    "an object without what was promised": Answer(b'{"files": []}'),
    "other types": Answer(json.dumps(dict.fromkeys(("requires", "provides"), "x")).encode()),
    "deep nesting": Answer(b"[" * 100_000),
    "a redirect": Answer(b"", 302, headers={"Location": "/elsewhere"}),
    "another client's fault": Answer(b"forbidden", 403),
    "no UTF-8": Answer(b'"\xff\xfe"'),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_said_to_be_one(queries, upstream, lie):
    upstream.answers[RELATION_PAGE] = LIES[lie]
    with pytest.raises(InvalidResponse, match=r"mdapi: GET /f45/pkg/guake returned "):
        ask(queries)


def test_a_content_type_is_named_without_what_acts_on_a_terminal(queries, upstream):
    upstream.answers[RELATION_PAGE] = Answer(b"<html>", content_type=f"text/html\x9b31m{'x' * 999}")
    with pytest.raises(InvalidResponse, match=r"invalid JSON \(text/html31mx{188}\)"):
        ask(queries)


#: Locations of redirects that are no URLs, in the ways of which requests raises `ValueError`, `InvalidURL` and nothing.
NO_URLS = [
    "http://[",
    "http://[::bad",
    "",
    "javascript:alert(1)",
    "http://*.example/",
    "http://x:port/",
    "http://x:99999/",
]


@pytest.mark.parametrize("location", [*NO_URLS, "/elsewhere"])
def test_a_redirect_is_an_invalid_response_whose_location_only_the_log_has(queries, upstream, location):
    upstream.answers[RELATION_PAGE] = Answer(b"x" * 1000, 302, headers={"Location": location})
    with pytest.raises(InvalidResponse) as caught:
        ask(queries)
    sentence = "mdapi: GET /f45/pkg/guake returned HTTP 302: a redirect"
    assert (caught.value.sentence, str(caught.value)) == (
        sentence,
        f"{sentence}: {location!r}" if location else sentence,
    )


@pytest.mark.parametrize("location", NO_URLS)
def test_a_file_that_redirects_to_no_url_is_an_invalid_response(upstream, location):
    upstream.answers["/file"] = Answer(b"", 302, headers={"Location": location})
    with pytest.raises(InvalidResponse) as caught:
        stream("mirror", f"{upstream.url}/file", 5, "test")
    sentence = f"mirror: {upstream.url}/file returned HTTP 302: a redirect"
    assert (caught.value.sentence, str(caught.value)) == (
        sentence,
        f"{sentence}: {location!r}" if location else sentence,
    )


def test_a_file_is_read_where_its_redirects_lead(upstream):
    upstream.answers["/file"] = Answer(b"", 302, headers={"Location": "/other"})
    upstream.answers["/other"] = Answer(b"", 301, headers={"Location": f"{upstream.url}/third"})
    upstream.answers["/third"] = Answer(b"content")
    assert b"".join(stream("mirror", f"{upstream.url}/file", 5, "test").pieces) == b"content"


def test_a_file_that_redirects_for_ever_is_unavailable(upstream):
    upstream.answers["/file"] = Answer(b"", 302, headers={"Location": "/file"})
    with pytest.raises(UpstreamUnavailable, match="HTTP 302"):
        stream("mirror", f"{upstream.url}/file", 5, "test")
    assert len(upstream.asked) == 6


@pytest.mark.parametrize("argument", ["url", "method", "timeout"])
def test_a_request_takes_no_argument_that_it_would_overwrite(queries, upstream, argument):
    connector = queries["mdapi.relations"].connector
    with pytest.raises(TypeError, match=argument):
        connector.send("GET", RELATION_PAGE, **{argument: "x"})
    assert upstream.asked == []


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_not_now_is_tried_once_more_and_then_unavailable(queries, upstream, status):
    upstream.answers[RELATION_PAGE] = Answer(b"<html>busy</html>", status, "text/html")
    with pytest.raises(UpstreamUnavailable, match=str(status)):
        ask(queries)
    assert len(upstream.asked) == 2


def test_no_more_questions_are_asked_at_once_than_there_may_be(queries, upstream, monkeypatch):
    allowed = queries["mdapi.relations"].connector.settings.concurrency
    too_many, answer = threading.Barrier(allowed + 1), upstream.answer
    met = []

    def counted(asked):
        with contextlib.suppress(threading.BrokenBarrierError):
            met.append(too_many.wait(0.2))
        return answer(asked)

    monkeypatch.setattr(upstream, "answer", counted)
    threads = [threading.Thread(target=ask, args=[queries]) for _ in range(allowed + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (met, len(upstream.asked)) == ([], allowed + 1)


def test_a_question_waits_for_its_turn_within_a_bound(queries, upstream):
    connector = queries["mdapi.relations"].connector
    connector.settings = replace(connector.settings, timeout=0.05)
    with contextlib.ExitStack() as turns:
        for _ in range(connector.settings.concurrency):
            turns.enter_context(connector._turns)
        with pytest.raises(UpstreamUnavailable, match=r"no free connection within 0\.05 s"):
            ask(queries)
    assert upstream.asked == []


def test_what_fails_in_passing_is_not_noticed(queries, upstream):
    good = {kind: [] for kind in RELATIONS}
    upstream.answers[RELATION_PAGE] = [Answer(b"", 502), Answer(json.dumps(good).encode())]
    assert ask(queries)["found"]


def test_no_answer_in_time_is_unavailable(queries, upstream):
    upstream.answers[RELATION_PAGE] = Answer(b"{}", headers={"Content-Length": "100"})
    with pytest.raises(UpstreamUnavailable, match="no response within 1 s"):
        ask(queries)


class Dripping(threading.Thread):
    """A server that answers one request with a byte now and then, for longer than anybody should wait."""

    BYTES, PAUSE = 60, 0.1

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.sent = 0

    def run(self):
        connection, _ = self.listener.accept()
        with self.listener, connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
            while self.sent < self.BYTES:
                connection.sendall(b" ")
                self.sent += 1
                threading.Event().wait(self.PAUSE)


def test_an_upstream_that_drips_is_not_waited_for(queries):
    server = Dripping()
    server.start()
    connector = queries["mdapi.relations"].connector
    connector.settings = replace(connector.settings, url=server.url)
    with pytest.raises(UpstreamUnavailable, match="no response within 1 s"):
        ask(queries)
    assert server.sent < Dripping.BYTES / 2


def test_nobody_there_is_unavailable(queries, upstream, connectors):
    upstream.server.server_close()
    with pytest.raises(UpstreamUnavailable, match="no connection"):
        ask(queries)


def test_upstream_is_told_who_asks(queries, upstream):
    ask(queries)
    assert upstream.asked[0].headers["User-Agent"].endswith("(test)")


def test_connections_are_kept(queries, upstream, monkeypatch):
    opened = []
    connect = requests.packages.urllib3.connection.HTTPConnection.connect
    monkeypatch.setattr(
        requests.packages.urllib3.connection.HTTPConnection,
        "connect",
        lambda self: opened.append(1) or connect(self),
    )
    for _ in range(3):
        assert ask(queries) == {"found": False}
    assert len(opened) == 1


def test_names_are_quoted_in_addresses(queries, upstream):
    queries["mdapi.relations"].fetch("gcc-c++ a/b?", "f45")
    assert upstream.asked[0].path == "/f45/pkg/gcc-c++ a/b?"


def test_names_are_quoted_as_a_router_in_go_expects(queries, upstream):
    queries["mdapi.relations"].fetch("a-_.~$&+:=@()b", "f45")
    assert upstream.asked[0].target == "/f45/pkg/a-_.~$&+:=@%28%29b"


def test_a_dead_upstream_is_not_hammered(queries, upstream):
    upstream.answers[RELATION_PAGE] = Answer(b"", 503)
    for _ in range(Circuit.FAILURES + 5):
        with pytest.raises(UpstreamUnavailable):
            ask(queries)
    assert len(upstream.asked) == 2 * Circuit.FAILURES


def test_an_open_circuit_is_named_with_its_reason(queries, upstream):
    upstream.answers[RELATION_PAGE] = Answer(b"", 503)
    for _ in range(Circuit.FAILURES):
        with pytest.raises(UpstreamUnavailable):
            ask(queries)
    with pytest.raises(
        UpstreamUnavailable, match=r"GET /f45/pkg/guake failed: circuit open after HTTP 503 \(temporary\)"
    ):
        ask(queries)


class Client(HTTPClient):
    name = title = "mdapi"
    max_bytes = 10


def test_a_body_over_the_bound_is_an_invalid_response(upstream):
    upstream.answers["/"] = Answer(b"x" * 11)
    client = Client(ConnectorSettings(upstream.url, 5, 1), "test")
    with pytest.raises(InvalidResponse, match="mdapi: GET / returned more than 10 bytes"):
        client.send("GET", "/")


def test_a_body_is_cut_where_the_request_says_so(upstream):
    upstream.answers["/"] = Answer(b"x" * 11)
    client = Client(ConnectorSettings(upstream.url, 5, 1), "test")
    response = client.send("GET", "/", max_bytes=10)
    assert (response.body, response.is_cut) == (b"x" * 10, True)
