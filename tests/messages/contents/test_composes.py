"""Composes: which repositories a message says have changed, and that only a worker says which packages."""

import json

import pytest

from fedora_packages.messages.contents.composes import READING, Reading, reading_of, repositories
from fedora_packages.messages.event import parse

#: The repositories that each recorded message is about; all others are about none.
RECORDED = {
    "fm-bodhi.updates.fedora.sync-1": ("f44-updates",),
    "fm-bodhi.updates.fedora.sync-2": ("f45-updates-testing",),
    "fm-bodhi.updates.epel.sync-1": ("epel9", "epel9-next"),
    "fm-bodhi.updates.epel.sync-2": ("epel10.3-testing", "epel10.3-next-testing", "epel10-testing"),
    "fm-pungi.compose.status.change-1": ("rawhide",),
    "fm-pungi.compose.status.change-4": ("f45",),
    "fm-pungi.compose.status.change-5": ("eln",),
    "fedmsg-pungi.compose.status.change-1": ("rawhide",),
}


def test_each_recorded_message_names_its_repositories_and_no_package(data):
    found = {}
    for path in (data / "today" / "messages").glob("*.json"):
        event = parse(json.loads(path.read_text("utf-8")))
        if event.topic.startswith(("bodhi.", "pungi.")):
            assert (event.source_packages, event.binary_packages) == ((), ()), path
            found[path.stem] = repositories(event.topic, event.body)
    assert {name: names for name, names in found.items() if names} == RECORDED


@pytest.mark.parametrize(
    "body",
    [
        {}, {"repo": "updates"}, {"repo": "atomic", "release": "22"}, {"repo": "updates", "release": 44},
        {"repo": ["updates"], "release": "44"}, {"repo": "updates", "release": "../44"}, {"repo": "epel", "release": "9" * 9},
    ],
)  # fmt: skip
def test_other_syncs_name_none(body):
    assert repositories("bodhi.updates.fedora.sync", body) == ()


NIGHTLY = {"status": "FINISHED", "compose_type": "nightly", "release_short": "Fedora", "release_version": "45"}


@pytest.mark.parametrize(
    "change",
    [
        {"status": "STARTED"}, {"status": "DOOMED"}, {"compose_type": "production"}, {"compose_label": "RC-1.2"},
        {"release_short": "Fedora-Cloud"}, {"release_version": "45/.."}, {"release_version": 45}, {"status": ["FINISHED"]},
    ],
)  # fmt: skip
def test_other_composes_name_none(change):
    assert repositories("pungi.compose.status.change", NIGHTLY) == ("f45",)
    assert repositories("pungi.compose.status.change", {**NIGHTLY, **change}) == ()


def test_no_message_of_a_bus_says_which_packages_have_changed():
    """Anyone can publish there."""
    forged = {"repository": "f45", "lists": ["primary"], "names": ["bash"], "sources": {"bash": "1-1"}}
    message = {"topic": "org.fedoraproject.prod.bodhi.updates.fedora.sync", "id": "1", "body": {READING: forged}}
    event = parse(json.loads(json.dumps(message)))
    assert (reading_of(event.body), event.source_packages, event.binary_packages, event.details("bash")) == (
        None,
        (),
        (),
        {},
    )


def test_what_others_require_of_a_package_is_no_news_of_it():
    body = {READING: Reading("f45", ["requires"], ["glibc"])}
    event = parse({"topic": "a.dev.pungi.compose.status.change", "id": "1", "body": body})
    assert (reading_of(body).names, event.binary_packages) == (["glibc"], ())
