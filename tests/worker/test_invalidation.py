"""Invalidation with its refills, in one step: some entries, all of a query, all that are older than a timestamp."""

import time

import pytest

from fedora_packages.cache.queue import Claim
from fedora_packages.cache.values import Invalidation
from fedora_packages.worker.invalidation import (
    batched,
    invalidate_all,
    invalidate_and_queue,
    invalidate_older_than,
    is_wanted,
)
from tests.filling import put


def fill(service, query, package, value=1):
    put(service.cache, service.queries[query].entry(package), value)


def state(service, query, package):
    (cached,) = service.cache.read([(service.queries[query].entry(package), "")])
    return cached.state


def queued(service):
    """Claim all jobs that are due and return (query, package) of each."""
    jobs = set()
    for upstream in service.connectors:
        while isinstance(claim := service.queue.claim(upstream, 60, 10_000), Claim):
            jobs.add((claim.query, claim.package))
    return jobs


def test_entries_are_invalidated_and_queued_in_one_step(service):
    fill(service, "koji.builds", "guake")
    entry = service.queries["koji.builds"].entry("guake")
    invalidate_and_queue(
        service.cache, service.queue, [Invalidation(entry)], [("koji", "koji.builds", "guake", 1000.0)]
    )
    assert (state(service, "koji.builds", "guake"), queued(service)) == ("refreshing", {("koji.builds", "guake")})


def test_every_entry_of_a_query_and_no_other_is_invalidated(service):
    names = ("guake", "vim", "gcc-c++")
    for name in names:
        fill(service, "koji.tagged", name)
    fill(service, "koji.builds", "vim")
    count = invalidate_all(service.cache, service.queue, service.queries["koji.tagged"])
    assert (count, queued(service)) == (3, {("koji.tagged", name) for name in names})
    assert state(service, "koji.builds", "vim") == "fresh"


def test_a_selection_of_a_querys_entries_can_be_invalidated(service):
    for name in ("guake", "vim"):
        fill(service, "koji.tagged", name)
    count = invalidate_all(
        service.cache, service.queue, service.queries["koji.tagged"],
        lambda entries: [entry for entry in entries if entry.package == "vim"],
    )  # fmt: skip
    assert (count, queued(service)) == (1, {("koji.tagged", "vim")})


def test_entries_older_than_a_timestamp_are_invalidated(service):
    fill(service, "koji.builds", "guake")
    between = time.time()
    fill(service, "koji.builds", "vim")
    assert invalidate_older_than(service.cache, service.queue, service.queries.values(), between) == 1
    assert [state(service, "koji.builds", name) for name in ("guake", "vim")] == ["refreshing", "fresh"]
    assert queued(service) == {("koji.builds", "guake")}


@pytest.mark.parametrize(
    ("query", "name", "wanted"),
    [("koji.builds", "guake", True), ("koji.builds", "unknown", False), ("mdapi.required_by", "guake", False)],
)
def test_entries_of_known_packages_are_wanted_unless_their_query_is_lazy(service, query, name, wanted):
    assert is_wanted(service.queries[query], name, {"guake"}) is wanted


def test_batches_have_all_items_in_order():
    assert list(batched(iter(range(5)), 2)) == [[0, 1], [2, 3], [4]]
