"""Who asks: every request to every upstream says what it accepts, and names the program, the process and its operators."""

import time
from contextlib import suppress
from importlib.metadata import version

import pytest

from fedora_packages.connectors.bulk import bulks_of
from fedora_packages.connectors.http import stream, user_agent
from fedora_packages.connectors.sweep import sweeps_of
from fedora_packages.errors import UpstreamError
from tests.sabotaged import Sabotaged
from tests.sandbox.running import Running
from tests.upstream import Answer, Upstream

CONTACT = "admin@example.org"
AGENT = f"fedora-packages/{version('fedora_packages')} (test; {CONTACT})"

#: Methods of connectors that are no queries, and their arguments.
OTHERS = {
    "koji": {"package_of": [1], "build": ["bash-5.3-1.fc45"], "package": [1], "packages": ["f46"]},
    "bodhi": {"update": ["FEDORA-2026-1"]},
    "bugzilla": {"bug": [1], "carriers": ["CVE-2026-1"]},
    "distgit": {"owners": []},
    "mdapi": {"source": ["bash", "rawhide"], "binary": ["bash", "rawhide"]},
}


@pytest.fixture(scope="module")
def asked():
    """All requests of all queries, sweeps, audits in bulk and lookups, and one of the archive, by upstream."""
    server = Upstream()
    with Running() as sandbox:
        found = Sabotaged(server, sandbox, **{"connectors.contact": CONTACT})
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
    assert accepted == dict.fromkeys(accepted, json)


def test_files_of_repositories_are_asked_for_in_the_same_name(upstream):
    upstream.answers["/file"] = Answer(b"", 302, headers={"Location": "/other"})
    upstream.answers["/other"] = Answer(b"content")
    assert b"".join(stream("mirror", f"{upstream.url}/file", 5, AGENT)) == b"content"
    assert [(one.headers["User-Agent"], one.headers["Accept"]) for one in upstream.asked] == [(AGENT, "*/*")] * 2


def test_without_a_contact_the_process_is_named_alone():
    assert user_agent("worker").endswith("(worker)")
