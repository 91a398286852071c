"""The audit: which entries it compares, and when."""

import time

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.redis import connect
from fedora_packages.cache.values import Invalidation
from fedora_packages.errors import CacheUnavailable, ReleaseNotServed
from fedora_packages.monitoring.metrics import total
from fedora_packages.worker.audit import Audit
from tests.filling import put
from tests.upstream import Answer


@pytest.fixture
def audit(service):
    return Audit(service.cache, service.queue, service.connectors, service.queries, service.metrics, grace=0.0)


def fill(service, query, package="guake", value=None, variant=""):
    found = service.queries[query]
    put(service.cache, found.entry(package), value, variant)


def read(service, query, package="guake", variant=""):
    (cached,) = service.cache.read([(service.queries[query].entry(package), variant)])
    return cached


def counted(service, name, query):
    service.metrics.flush()
    return total(service.client).count(name, query)


@pytest.fixture
def koji(upstream):
    upstream.koji_says([[0], [[]]])


def test_an_empty_cache_has_nothing_to_compare(audit):
    assert audit.step() is None


def test_a_difference_is_corrected(service, audit, koji):
    fill(service, "koji.builds", value={"total": 3, "builds": []})
    while audit.step() != "corrected":
        pass
    assert read(service, "koji.builds").value == {"total": 0, "builds": []}


def test_a_lost_message_is_counted_and_logged_with_its_topic(service, audit, koji, caplog):
    fill(service, "koji.builds", value={"total": 3, "builds": []})
    # A sweep that follows has found nothing either.
    service.client.hset(keys.turn("sweep:koji"), "done", 4e9)
    while audit.step() != "corrected":
        pass
    audit.step()
    assert counted(service, "drift", "koji.builds") == 1
    assert "lost message on buildsys.build.state.change" in caplog.text


def test_an_equal_value_is_no_drift(service, audit, koji):
    fill(service, "koji.builds", value={"total": 0, "builds": []})
    for _ in range(10):
        audit.step()
    assert counted(service, "drift", "koji.builds") == 0 < counted(service, "checks by audit", "koji.builds")


def test_the_variant_fetched_longest_ago_is_compared(service, audit, upstream):
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(b"Name: guake", content_type="text/plain")
    for branch in ("f45", "rawhide"):
        fill(service, "distgit.spec", value={"found": False, "dead": None, "commit": None}, variant=branch)
    while audit.step() is None:
        pass
    assert [read(service, "distgit.spec", variant=branch).value["found"] for branch in ("f45", "rawhide")] == [
        True,
        False,
    ]


def test_an_upstream_with_refills_is_not_used(service, audit, koji, upstream):
    fill(service, "koji.builds", value={"total": 3, "builds": []})
    service.queue.add("koji", "koji.tagged", "vim")
    assert ([audit.step() for _ in range(5)], upstream.asked) == ([None] * 5, [])


def test_an_upstream_with_an_open_circuit_is_not_used(service, audit, koji, upstream):
    fill(service, "koji.builds", value={"total": 3, "builds": []})
    for _ in range(10):
        service.connectors["koji"].circuit.failed("502")
    assert ([audit.step() for _ in range(5)], upstream.asked) == ([None] * 5, [])


def test_a_failure_leaves_the_value(service, audit, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    fill(service, "koji.builds", value={"total": 3, "builds": []})
    while audit.step() != "failed":
        pass
    assert read(service, "koji.builds").is_fresh


def test_an_entry_with_a_recent_event_is_not_compared_if_lag_would_look_like_drift(service, audit, upstream):
    upstream.answer = lambda asked: pytest.fail("mdapi may lag behind its own message")
    entry = service.queries["mdapi.files"].entry("guake")
    event = {"id": "2026-1", "topic": "mdapi.repo.update", "sent": time.time()}
    service.cache.invalidate([Invalidation(entry, event, make=True)])
    fill(service, "mdapi.files", value={"found": False}, variant="f45")
    assert [audit.step() for _ in range(5)] == [None] * 5


def test_an_invalidated_entry_without_a_job_is_queued_again(service, audit, caplog):
    fill(service, "koji.builds", value={"total": 3, "builds": []})
    service.cache.invalidate([Invalidation(service.queries["koji.builds"].entry("guake"))])
    while not service.queue.depth("koji"):
        audit.step()
    assert (counted(service, "forgotten", "koji.builds"), "invalidated and not queued" in caplog.text) == (1, True)


def test_an_entry_with_a_claimed_job_is_not_queued_again(service, audit):
    fill(service, "koji.builds", value={"total": 3, "builds": []})
    service.cache.invalidate([Invalidation(service.queries["koji.builds"].entry("guake"))])
    service.queue.add("koji", "koji.builds", "guake")
    service.queue.claim("koji", 60, 4)
    for _ in range(5):
        audit.step()
    assert counted(service, "forgotten", "koji.builds") == 0


def test_an_entry_whose_release_is_not_served_is_not_queued_again(service, audit, upstream):
    entry = service.queries["mdapi.files"].entry("guake")
    service.cache.open(entry)
    service.cache.fail(entry, "eln", ReleaseNotServed("mdapi", "files", "no eln"))
    for _ in range(5):
        audit.step()
    assert service.queue.depth("mdapi") == 0


def test_a_scheduled_entry_is_compared_when_it_is_due(service, audit, upstream):
    upstream.says("/problems/", {"problems": []})
    now = [time.time()]
    service.cache.clock = lambda: now[0]
    fill(service, "faf.problems", value={"problems": [], "recent": [], "before": []})
    now[0] += service.queries["faf.problems"].declaration.every + 1
    for _ in range(3):
        audit.step()
    assert counted(service, "checks by schedule", "faf.problems") == 1


def test_an_unavailable_redis_is_raised(service, audit):
    service.client.connection_pool = connect("redis://127.0.0.1:1", timeout=0.2).connection_pool
    with pytest.raises(CacheUnavailable):
        audit.step()
