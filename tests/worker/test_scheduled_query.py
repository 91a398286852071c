"""Queries on a schedule: what follows from a changed value."""

import threading
from functools import partial

import pytest

from fedora_packages.messages.event import Event
from fedora_packages.worker.invalidation import invalidate_all
from fedora_packages.worker.scheduled_query import ScheduledQuery, scheduled_queries
from tests.filling import put
from tests.upstream import Answer
from tests.worker.parts import RELEASE, read, releases


def make_scheduled(service, **arguments):
    query = service.queries["bodhi.releases"]
    defaults = {
        "client": service.client,
        "query": query,
        "fetch": partial(query.fetch, query.entry().package),
        "followers": service.queries.following(query.name),
        "invalidate_all": partial(invalidate_all, service.cache, service.queue),
        "wake": lambda jobs: None,
        "stop": threading.Event(),
        "every": 900.0,
    }
    return ScheduledQuery(**{**defaults, **arguments})


@pytest.fixture
def scheduled(service):
    return make_scheduled(service)


def test_a_change_of_the_releases_invalidates_what_was_made_with_them(service, scheduled, upstream):
    upstream.says("/releases/", releases(RELEASE))
    scheduled.update()
    tagged = service.queries["koji.tagged"]
    put(service.cache, tagged.entry("guake"), {"tags": {}})
    scheduled.update()
    assert read(service, "koji.tagged", "guake").is_fresh
    upstream.says("/releases/", releases(RELEASE, {**RELEASE, "name": "F46", "branch": "f46"}))
    scheduled.update()
    assert read(service, "koji.tagged", "guake").state == "refreshing"


def test_a_change_of_the_releases_is_not_forgotten_if_we_die_before_it_was_acted_upon(service, scheduled, upstream):
    upstream.says("/releases/", releases(RELEASE))
    scheduled.update()
    tagged = service.queries["koji.tagged"]
    put(service.cache, tagged.entry("guake"), {"tags": {}})
    upstream.says("/releases/", releases(RELEASE, {**RELEASE, "name": "F46", "branch": "f46"}))
    with pytest.raises(ZeroDivisionError):
        make_scheduled(service, invalidate_all=lambda query: 1 / 0).update()
    scheduled.update()
    assert read(service, "koji.tagged", "guake").state == "refreshing"


def test_a_message_about_an_unknown_release_asks_for_an_early_look(scheduled, upstream):
    upstream.says("/releases/", releases(RELEASE))
    scheduled.update()
    for name in ("F45", "F46"):
        body = {"update": {"release": {"name": name, "id_prefix": "FEDORA"}}}
        scheduled.consider(Event("org.fedoraproject.prod", "bodhi.update.edit", "1", 0, body))
        assert scheduled.early.is_set() is (name == "F46")


def test_jobs_that_a_change_queues_wake_their_refillers(service, upstream):
    woken = []
    upstream.says("/releases/", releases(RELEASE))
    make_scheduled(service, wake=woken.append, invalidate_all=lambda query: 7).update()
    assert {upstream: count for jobs in woken for upstream, count in jobs.items()}["koji"] == 7


def test_after_a_failure_it_is_fetched_again_until_it_is_stopped(service, upstream, wait_until):
    upstream.answers["/releases/"] = Answer(b"", 404)
    stop = threading.Event()
    scheduled = make_scheduled(service, stop=stop, every=0.01, early_pause=0.0)
    running = threading.Thread(target=scheduled.run)
    running.start()
    try:
        wait_until(lambda: len(upstream.asked) > 2)
        upstream.says("/releases/", releases(RELEASE))
        wait_until(lambda: service.client.exists("fp:{worker}:followed"))
    finally:
        stop.set()
        scheduled.early.set()
        running.join(10)


def test_only_queries_about_no_package_are_fetched_by_themselves(queries):
    names = {query.name for query in scheduled_queries(queries)}
    assert names == {"bodhi.releases", "distgit.forge", "faf.tracked_packages", "faf.tracked_releases"}
