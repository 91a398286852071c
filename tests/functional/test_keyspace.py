"""Every key that the running service writes is in the keyspace, with its type."""

import pytest
import requests

from fedora_packages.cache import keys
from fedora_packages.widgets import load
from tests.keyspace import kinds_of

pytestmark = pytest.mark.xdist_group("processes")

#: Kinds that a busy run leaves behind in any case.  The others exist for moments only, or when something is wrong.
LEFT_BEHIND = {
    keys.entry("<package>", "<query>", "<version>"),
    keys.revision("<package>"),
    keys.timeline("<package>"),
    keys.CHANGES,
    keys.CHANGES_SINCE,
    keys.external_ids("<query>"),
    keys.VIEWED,
    keys.BEGUN,
    keys.HIGH_WATER_MARKS,
    keys.OUTCOMES,
    keys.TOPICS,
    keys.SCHEDULED,
    keys.HEARTBEATS,
    keys.ENTRY_COUNTS,
    keys.METRICS_TOTAL,
    keys.metrics_recent("<slot>"),
    keys.live_lookup("<version>", "<upstream>", "<method>", "<id>"),
    keys.rate_limit("<what>", "<who>", "<number>"),
}


def test_every_key_of_a_busy_service_is_of_one_kind_and_has_its_type(site, wait_until):
    client, found = site.service.client, {}

    def collect() -> None:
        for key in client.scan_iter(count=1000):
            kind = client.type(key).decode()
            if kind != "none":  # else it has ended since
                found[key.decode()] = kind

    def quiet() -> bool:
        collect()
        return not any(found.entries for found in site.service.queue.waiting([*site.service.queries]).values())

    packages = ["guake", "vim-enhanced", "gcc-c++", "python3.14", "curl"]
    for package in packages:
        for tab in load():
            site.get(f"/{package}/{tab}")
    for what, package in (("build", "guake"), ("update", "curl"), ("bug", "bash"), ("push", "vim"), ("repo", "httpd")):
        site.trigger(what, package)
    (bug,) = site.control("packages/bash")["bugs"][:1]
    for path in (
        "/status",
        f"/s?search=bug+{bug['id']}",
        "/api/v1/changes",
        "/api/v1/packages?names=htop,nginx&query=builds",
    ):
        assert site.get(path).status_code == 200
    check = requests.post(f"{site.url}/api/v1/packages/guake/builds/check", timeout=30)
    assert check.status_code == 200
    wait_until(quiet, limit=60)
    kinds = {key: kinds_of(key) for key in found}
    assert {key: rows for key, rows in kinds.items() if len(rows) != 1} == {}
    wrong = {key: (found[key], rows[0].type) for key, rows in kinds.items() if found[key] != rows[0].type}
    assert wrong == {}
    assert LEFT_BEHIND - {rows[0].pattern for rows in kinds.values()} == set()
