"""The audit in bulk: all entries of a query beside what one answer tells of all packages."""

import threading
import time

import pytest

from fedora_packages.cache.values import Invalidation
from fedora_packages.connectors.bulk import Bulk
from fedora_packages.errors import UpstreamUnavailable
from fedora_packages.monitoring.metrics import MetricName, total
from fedora_packages.worker import bulk_audit
from fedora_packages.worker.bulk_audit import BulkAudit
from tests.filling import put

LATER = 4e9


class Work:
    """A turn as the audit sees it."""

    def __init__(self):
        self.renewed, self.counts = 0, {}

    def renew(self):
        self.renewed += 1

    def advance(self, position, **counts):
        self.counts = counts


@pytest.fixture
def audit(service):
    """Compare the cached values of ``koji.builds`` with facts, and return the packages that were checked, and the turn."""

    def run(facts, asked=LATER, fail=None):
        checked, turn = [], Work()

        def check(call):
            checked.append(call.package)
            if fail:
                raise fail

        bulk = Bulk(
            "koji.builds", 86400, lambda: iter(facts.items()), lambda value, fact: value["total"] == (fact or 0)
        )
        query, stop = service.queries["koji.builds"], threading.Event()
        BulkAudit(service.cache, bulk, query, check, service.metrics, stop, lambda: asked, pause=0.0).run(turn)
        return sorted(checked), turn

    return run


def fill(service, package, count):
    put(service.cache, service.queries["koji.builds"].entry(package), {"total": count, "builds": []})


def test_values_that_agree_cost_no_request(service, audit):
    fill(service, "guake", 3)
    fill(service, "vim", 0)
    checked, turn = audit({"guake": 3, "gcc": 9})
    assert (checked, turn.counts) == ([], {"compared": 2, "differing": 0})


def test_each_value_that_differs_is_checked_by_itself(service, audit):
    for package in ("guake", "vim", "gcc"):
        fill(service, package, 3)
    checked, turn = audit({"guake": 3, "vim": 4})
    assert (checked, turn.counts) == (["gcc", "vim"], {"compared": 3, "differing": 2})


def test_a_value_that_is_newer_than_the_answer_is_not_compared(service, audit):
    fill(service, "guake", 3)
    assert audit({"guake": 4}, asked=time.time() - 60)[0] == []


def test_only_current_values_of_the_query_are_compared(service, audit):
    fill(service, "guake", 3)
    fill(service, "vim", 3)
    service.cache.invalidate([Invalidation(service.queries["koji.builds"].entry("vim"))])
    put(service.cache, service.queries["koji.tagged"].entry("guake"), {"tags": {}})
    assert audit({"guake": 3})[1].counts["compared"] == 1


def test_a_check_that_fails_ends_nothing(service, audit):
    fill(service, "guake", 1)
    fill(service, "vim", 1)
    checked, turn = audit({}, fail=UpstreamUnavailable("koji", "listBuilds", "HTTP 503", title="Koji"))
    assert (checked, turn.counts["differing"]) == (["guake", "vim"], 2)


def test_the_lock_is_renewed_while_facts_come_and_entries_are_checked(service, audit):
    fill(service, "guake", 1)
    facts = {f"p{number}": 1 for number in range(2 * bulk_audit.FACTS_PER_RENEWAL)}
    assert audit(facts)[1].renewed == 3


def test_what_was_compared_is_counted(service, audit):
    fill(service, "guake", 1)
    audit({"guake": 1})
    service.metrics.flush()
    assert total(service.client).count(MetricName.COMPARED_IN_BULK, "koji.builds") == 1
