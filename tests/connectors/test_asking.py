"""Who asks: every request says what it accepts and names the program, the process and its operators.

An API key is in the requests to its own upstream, and in nothing else.
"""

import json
import logging
import time
from contextlib import suppress
from importlib.metadata import version

import pytest

from fedora_packages import settings
from fedora_packages.connectors import declared, load
from fedora_packages.connectors.bulk import bulks_of
from fedora_packages.connectors.http import stream, user_agent
from fedora_packages.connectors.query import Queries
from fedora_packages.connectors.sweep import sweeps_of
from fedora_packages.errors import InvalidResponse, UpstreamError
from fedora_packages.monitoring.probe import probe
from tests.conftest import RELEASES
from tests.sabotaged import Sabotaged
from tests.sandbox.running import Running
from tests.upstream import Answer, Upstream

CONTACT = "admin@example.org"
AGENT = f"fedora-packages/{version('fedora_packages')} (test; {CONTACT})"

#: API keys, by the upstream that alone may see each, and the header that it takes.
KEYS = {"bugzilla": "k3y-of-bugzilla", "distgit": "k3y-of-distgit"}
HEADERS = {"bugzilla": "Bearer k3y-of-bugzilla", "distgit": "token k3y-of-distgit"}

#: Methods of connectors that are no queries, and their arguments.
OTHERS = {
    "koji": {"package_of": [1], "build": ["bash-5.3-1.fc45"], "package": [1], "packages": ["f46"]},
    "bodhi": {"update": ["FEDORA-2026-1"]},
    "bugzilla": {"bug": [1], "carriers": ["CVE-2026-1"]},
    "distgit": {"owners": []},
    "mdapi": {"source": ["bash", "rawhide"], "binary": ["bash", "rawhide"]},
}


def key_files(folder):
    """Write the API keys and return the settings with their files."""
    for name, key in KEYS.items():
        (folder / name).write_text(f"{key}\n")
    return {f"connectors.{name}.key_file": str(folder / name) for name in KEYS}


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """All requests of all queries, sweeps, audits in bulk and lookups, and one of the archive, by upstream."""
    server = Upstream()
    with Running() as sandbox:
        found = Sabotaged(
            server, sandbox, **{"connectors.contact": CONTACT, **key_files(tmp_path_factory.mktemp("keys"))}
        )
        connectors = found.connectors.values()
        for name in found.queries:
            assert found.value(name)
        for sweep in sweeps_of(connectors):
            sweep.fetch({}, time.time())
        for bulk in bulks_of(connectors):
            assert list(bulk.fetch())
        for name, methods in OTHERS.items():
            for method, arguments in methods.items():
                # An unknown number is asked for all the same.
                with suppress(UpstreamError):
                    getattr(found.connectors[name], method)(*arguments)
        assert list(found.connectors["datagrepper"].pages(0, time.time(), ["buildsys"], 10))
    server.close()
    by_upstream: dict[str, list] = {}
    for request in found.asked:
        by_upstream.setdefault(request.path.split("/")[1].replace("kojihub", "koji"), []).append(request)
    assert set(by_upstream) == set(found.connectors)
    return by_upstream


def test_every_request_names_program_process_and_contact(asked):
    assert {request.headers["User-Agent"] for requests in asked.values() for request in requests} == {AGENT}


def test_every_request_says_what_it_accepts(asked):
    accepted = {name: {request.headers["Accept"] for request in requests} for name, requests in asked.items()}
    json = {"application/json"}
    assert accepted.pop("koji") == {"text/xml"}
    assert accepted.pop("distgit") == {"application/json", "*/*"}
    assert accepted.pop("faf") == {"application/json", "text/html"}
    assert accepted == dict.fromkeys(accepted, json)


def test_files_of_repositories_are_asked_for_in_the_same_name(upstream):
    upstream.answers["/file"] = Answer(b"", 302, headers={"Location": "/other"})
    upstream.answers["/other"] = Answer(b"content")
    assert b"".join(stream("mirror", f"{upstream.url}/file", 5, AGENT).pieces) == b"content"
    assert [(one.headers["User-Agent"], one.headers["Accept"]) for one in upstream.asked] == [(AGENT, "*/*")] * 2


def test_every_request_has_the_key_of_its_upstream_and_no_other(asked):
    sent = {name: {request.headers["Authorization"] for request in requests} for name, requests in asked.items()}
    assert sent == {name: {HEADERS.get(name)} for name in asked}
    assert [
        one.path for requests in asked.values() for one in requests if "k3y" in f"{one.path}{one.params}{one.body}"
    ] == []


@pytest.fixture
def with_keys(strings, tmp_path):
    """The connectors with API keys."""
    return load(settings.from_strings({**strings, **key_files(tmp_path)}, declared(), {}), "test", lambda: RELEASES)


def ask(connectors, name):
    query = Queries(connectors.values())[name]
    return query.fetch("guake", "rawhide" if query.by_release else "")


@pytest.mark.parametrize("name", ["bugzilla.bugs", "distgit.maintainers", "distgit.spec"])
def test_a_key_is_not_sent_where_a_redirect_leads(with_keys, upstream, name):
    with_other_host = Upstream()
    upstream.answer = lambda asked: Answer(b"", 302, headers={"Location": f"{with_other_host.url}/rest/bug"})
    with pytest.raises(InvalidResponse, match="redirect"):
        ask(with_keys, name)
    with_other_host.close()
    assert with_other_host.asked == []


#: Responses of an upstream that repeats what it was sent.
ECHOES = {
    "an error with status 200": Answer(json.dumps({"error": True, "message": "k3y-of-bugzilla is invalid"}).encode()),
    "an error": Answer(b'{"error": true, "code": 410, "message": "The API key k3y-of-bugzilla is invalid"}', 401),
    "unavailable": Answer(b"k3y-of-bugzilla", 503),
    "a redirect": Answer(b"", 302, headers={"Location": "/k3y-of-bugzilla"}),
    "a page": Answer(b"<html>Bearer k3y-of-bugzilla</html>", content_type="text/html"),
}


@pytest.mark.parametrize("echo", ECHOES)
def test_a_key_that_an_upstream_repeats_is_in_no_error_log_circuit_or_probe(with_keys, upstream, echo, caplog):
    upstream.answer = lambda asked: ECHOES[echo]
    with caplog.at_level(logging.DEBUG), pytest.raises(UpstreamError) as raised:
        ask(with_keys, "bugzilla.bugs")
    found = probe(Queries(with_keys.values())["bugzilla.bugs"])
    connector = with_keys["bugzilla"]
    shown = (
        caplog.text,
        str(raised.value),
        repr(raised.value),
        repr(raised.value.excerpt),
        repr(found),
        repr(connector.settings),
    )
    assert [text for text in (*shown, str(connector.circuit.as_dict())) if "k3y" in text] == []


def test_without_a_contact_the_process_is_named_alone():
    assert user_agent("worker").endswith("(worker)")
