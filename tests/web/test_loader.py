"""The loader: many entries at once, within a time limit, whatever upstreams and Redis do."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from fedora_packages import service as services
from fedora_packages import settings
from fedora_packages.cache.keys import rate_limit
from fedora_packages.cache.values import Invalidation
from fedora_packages.connectors import declared
from fedora_packages.connectors.query import QueryCall
from fedora_packages.monitoring.heartbeat import write_heartbeat
from fedora_packages.monitoring.metrics import total
from fedora_packages.web.loader import COOL_DOWN, OPTIONAL_WAIT
from fedora_packages.web.rate_limit import EVERYONE
from fedora_packages.web.request import loader_of
from tests.filling import put
from tests.upstream import Answer


@pytest.fixture
def loader(service):
    found = loader_of(service)
    yield found
    found.close()
    # A fill that is under way would be noted in the Redis of the next test.
    for thread in threading.enumerate():
        if thread.name.startswith("fill-"):
            thread.join(10)


@pytest.fixture
def builds(service):
    return QueryCall(service.queries["koji.builds"], "guake")


@pytest.fixture
def spec(service):
    return QueryCall(service.queries["distgit.spec"], "guake", "f45")


def koji_answers(upstream):
    upstream.koji_says([[0], [[]]])


def test_a_miss_is_filled_and_fresh(loader, builds, upstream):
    koji_answers(upstream)
    (cached,) = loader([builds])
    assert (cached.state, cached.value) == ("fresh", {"total": 0, "builds": []})


def test_a_hit_sends_no_request(loader, builds, upstream):
    koji_answers(upstream)
    loader([builds])
    asked = len(upstream.asked)
    loader([builds])
    assert len(upstream.asked) == asked


def test_the_entries_queued_for_lists_are_limited_by_the_minute(service, client):
    loader = loader_of(service, left_per_minute=3)
    depths = []
    for number in range(3):
        wanted = [QueryCall(service.queries["koji.builds"], f"p{number}{letter}") for letter in "ab"]
        assert [cached.state for cached in loader.known(wanted)] == ["unknown"] * 2
        depths.append(service.queue.depth("koji"))
    client.delete(rate_limit("left", EVERYONE, 3))
    loader.known(wanted)
    assert (depths, service.queue.depth("koji")) == ([2, 3, 3], 5)


def test_values_come_in_the_order_of_the_calls(loader, builds, spec, upstream):
    koji_answers(upstream)
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(b"Name: guake", content_type="text/plain")
    found = loader([spec, builds, spec])
    assert [cached.entry.query for cached in found] == ["distgit.spec", "koji.builds", "distgit.spec"]


def test_a_failing_upstream_does_not_hide_the_others(loader, builds, spec, upstream):
    koji_answers(upstream)
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(b"", 503)
    assert [cached.state for cached in loader([builds, spec])] == ["fresh", "failing"]


def test_an_error_state_names_the_upstream_and_its_error(loader, builds, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    (cached,) = loader([builds])
    assert (cached.error_state.upstream, "503" in cached.error_state.error) == ("koji", True)


def test_a_failed_fill_is_queued_for_the_worker(service, loader, builds, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    loader([builds])
    assert service.queue.claim("koji", 60, 1).query == "koji.builds"


def test_a_failure_keeps_the_last_known_value(service, loader, builds, upstream):
    koji_answers(upstream)
    loader([builds])
    service.cache.invalidate([Invalidation(builds.query.entry("guake"))])
    upstream.answers["/"] = Answer(b"", 503)
    (cached,) = loader([builds])
    assert (cached.state, cached.value["total"]) == ("failing", 0)


def test_during_the_cool_down_pages_do_not_fetch(loader, builds, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    loader([builds])
    asked = len(upstream.asked)
    (cached,) = loader([builds])
    assert (cached.state, len(upstream.asked)) == ("failing", asked)


def test_after_the_cool_down_a_page_fetches_again(service, loader, builds, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    loader([builds])
    service.cache.clock = lambda: time.time() + COOL_DOWN + 1
    koji_answers(upstream)
    assert loader([builds])[0].is_fresh


def test_a_page_waits_for_a_slow_upstream_up_to_the_limit(service, loader, builds, upstream):
    release = threading.Event()
    upstream.answer = lambda asked: release.wait(5) and Answer(b"{}")
    started = time.monotonic()
    (cached,) = loader([builds])
    took = time.monotonic() - started
    release.set()
    assert (cached.state, cached.value) == ("refreshing", None)
    assert service.settings.cache.wait <= took < service.settings.cache.wait + 0.5


def test_a_late_answer_is_there_for_the_next_page(loader, builds, upstream, wait_until):
    release = threading.Event()
    answer = upstream.answer
    upstream.answer = lambda asked: release.wait(5) and answer(asked)
    koji_answers(upstream)
    loader([builds])
    release.set()
    wait_until(lambda: loader([builds])[0].is_fresh)


def test_the_stamp_of_a_pages_fill_names_the_event(service, loader, builds, upstream):
    koji_answers(upstream)
    loader([builds])
    cause = {"id": "2026-1", "topic": "buildsys.tag", "sent": 1.0}
    service.cache.invalidate([Invalidation(builds.query.entry("guake"), cause)])
    assert loader([builds])[0].stamp.event == cause


def test_fills_beyond_the_capacity_of_a_pool_are_left_to_the_worker(service, loader, upstream):
    release = threading.Event()
    upstream.answer = lambda asked: release.wait(5) and Answer(b"{}")
    query = service.queries["koji.builds"]
    loader([QueryCall(query, f"package-{number}") for number in range(40)])
    release.set()
    assert service.queue.depth("koji") >= 40 - 2 * 8


@pytest.fixture
def without_redis(service, strings):
    found = services.build(
        settings.from_strings({**strings, "cache.url": "redis://127.0.0.1:1/0"}, declared(), {}), "web"
    )
    loader = loader_of(found)
    yield loader
    loader.close()


def test_without_redis_the_upstream_is_read(without_redis, builds, upstream):
    koji_answers(upstream)
    assert without_redis([builds])[0].value == {"total": 0, "builds": []}


def test_without_redis_and_upstream_the_error_state_names_redis(without_redis, builds, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    (cached,) = without_redis([builds])
    assert (cached.state, cached.error_state.upstream) == ("failing", "redis")


def test_an_upstream_failure_keeps_the_last_known_value_of_every_query(service, loader, upstream):
    upstream.answer = lambda asked: Answer(b"", 503)
    for query in service.queries.values():
        package = "*" if query.subject == "nothing" else "guake"
        variant = query.variant("f45")
        put(service.cache, query.entry(package), {"known": True}, variant)
        service.cache.invalidate([Invalidation(query.entry(package))])
        (cached,) = loader([QueryCall(query, package, "f45")])
        assert (query.name, cached.value, cached.is_fresh) == (query.name, {"known": True}, False)


def test_a_bug_in_a_fill_is_logged_and_breaks_no_page(service, loader, builds, upstream, caplog):
    service.connectors["koji"].multicall = lambda *_: 1 / 0
    (cached,) = loader([builds])
    assert (cached.value, "ZeroDivisionError" in caplog.text) == (None, True)


def test_a_value_is_unwatched_while_no_worker_runs(service, loader, builds, upstream, client):
    koji_answers(upstream)
    loader([builds])
    since = time.time() - 100
    write_heartbeat(client, "test", since, since, {})
    (cached,) = loader_of(service)([builds])
    assert (cached.state, cached.value, cached.error_state.upstream) == (
        "unwatched",
        {"total": 0, "builds": []},
        "worker",
    )
    assert cached.error_state.since == cached.stamp.fetched


def test_a_value_from_before_the_worker_ended_is_unwatched_since_that_end(service, loader, builds, client):
    now = time.time()
    service.cache.clock = lambda: now - 500
    put(service.cache, builds.query.entry("guake"), {"total": 0, "builds": []})
    write_heartbeat(client, "test", now - 100, now - 100, {})
    (cached,) = loader_of(service)([builds])
    assert cached.error_state.since == now - 100


def announce(service, number):
    query, now = service.queries["koji.builds"], time.time()
    facts = {"about": f"build {number}", "build_id": number, "state": 1}
    event = {"id": "2026-1", "topic": "buildsys.build.state.change", "sent": now}
    service.cache.invalidate([Invalidation(query.entry("guake"), event, [(now, facts)], make=True)])


def test_a_lagging_answer_is_shown_and_not_stored(service, loader, builds, upstream):
    announce(service, 7)
    koji_answers(upstream)
    (cached,) = loader([builds])
    (kept,) = service.cache.read([(builds.query.entry("guake"), "")])
    assert (cached.state, cached.value, kept.is_known) == ("refreshing", {"total": 0, "builds": []}, False)
    assert service.queue.depth("koji") == 1


def test_a_stored_lagging_value_is_behind(service, loader, builds):
    announce(service, 7)
    put(service.cache, builds.query.entry("guake"), {"total": 0, "builds": []})
    (cached,) = loader([builds])
    assert (cached.state, cached.error_state.upstream, cached.error_state.kind) == ("behind", "koji", "behind")


def test_jobs_of_viewed_packages_go_first(service, loader, builds, upstream):
    koji_answers(upstream)
    loader([builds])
    service.queue.add("koji", "koji.builds", "vim", delay=-10)
    service.queue.add("koji", "koji.tagged", "guake")
    assert service.queue.claim("koji", 60, 4).package == "guake"


def test_hits_and_misses_are_counted(service, loader, builds, upstream):
    koji_answers(upstream)
    for _ in range(3):
        loader([builds])
    service.metrics.flush()
    counted = total(service.client)
    assert (counted.count("misses", "koji.builds"), counted.count("hits", "koji.builds")) == (1, 2)


def test_the_job_of_a_failed_fill_goes_first(service, loader, builds, upstream):
    for name in ("vim", "guake"):
        put(service.cache, builds.query.entry(name), {"total": 0, "builds": []})
        service.cache.invalidate([Invalidation(builds.query.entry(name))])
        service.queue.add("koji", "koji.builds", name)
    upstream.answers["/"] = Answer(b"", 503)
    loader([builds])
    assert service.queue.claim("koji", 60, 4).package == "guake"


@pytest.fixture
def in_the_background():
    """Run functions in threads; ``join()`` returns what they returned."""
    threads, results = [], []

    def run(function, *arguments):
        threads.append(threading.Thread(target=lambda: results.append(function(*arguments))))
        threads[-1].start()

    def join():
        for thread in threads:
            thread.join(10)
        return results

    yield SimpleNamespace(run=run, join=join)
    join()


def test_while_many_pages_wait_others_do_not(service, builds, spec, upstream, wait_until, in_the_background):
    release, asked = threading.Event(), []
    upstream.answer = lambda request: asked.append(request) or release.wait(10) and Answer(b"", 503)
    loader = loader_of(service, max_waiting_pages=1, wait=10)
    in_the_background.run(loader, [builds])
    wait_until(lambda: asked)
    states, seconds = took(loader, [spec])
    release.set()
    loader.close()
    assert (states, seconds < 5) == (["refreshing"], True)


def test_an_error_state_has_nothing_of_the_upstreams_response(loader, builds, upstream):
    upstream.answers["/"] = Answer(b"<html><h1>Oops</h1>", 503)
    (cached,) = loader([builds])
    assert ("HTTP 503 (temporary)" in cached.error_state.error, "Oops" in cached.error_state.error) == (True, False)


# Optional upstreams.


@pytest.fixture
def mute(upstream):
    """Have FAF and Anitya accept requests and answer none until the event is set."""
    answering, answer = threading.Event(), upstream.answer

    def slowly(asked):
        if asked.path.startswith(("/api/project/", "/problems/")):
            answering.wait(5)
        return answer(asked)

    upstream.answer = slowly
    yield answering
    answering.set()


def took(loader, wanted):
    """Return the states of the values and the seconds that they took."""
    started = time.monotonic()
    found = [cached.state for cached in loader(wanted)]
    return found, time.monotonic() - started


def test_a_page_waits_for_an_optional_upstream_a_short_time(service, loader, builds, upstream, mute):
    koji_answers(upstream)
    versions = QueryCall(service.queries["anitya.versions"], "guake")
    states, seconds = took(loader, [builds, versions])
    assert (states, OPTIONAL_WAIT <= seconds < service.settings.cache.wait) == (["fresh", "refreshing"], True)
    states, seconds = took(loader, [versions])
    assert (states, seconds >= service.settings.cache.wait) == (["refreshing"], True)


def test_no_page_waits_for_a_failing_optional_upstream(service, loader, builds, upstream, mute):
    koji_answers(upstream)
    service.connectors["faf"].circuit.failed("no answer within 10 s")
    problems = [QueryCall(service.queries["faf.problems"], name) for name in ("guake", "vim")]
    for wanted in ([builds, problems[0]], problems[1:]):
        states, seconds = took(loader, wanted)
        assert (states[-1], seconds < OPTIONAL_WAIT) == ("refreshing", True)


def test_a_page_waits_for_an_optional_upstream_that_fails_only_now(
    service, upstream, mute, wait_until, in_the_background
):
    class Failing(ThreadPoolExecutor):
        """Fails the circuit of the upstream after each request has begun."""

        def submit(self, work):
            future = super().submit(work)
            service.connectors["faf"].circuit.failed("no answer within 10 s")
            return future

    upstream.says("/problems/", {"problems": []})
    loader = loader_of(service, executor=Failing)
    in_the_background.run(loader, [QueryCall(service.queries["faf.problems"], "guake")])
    wait_until(lambda: service.connectors["faf"].circuit.failing_since is not None)
    mute.set()
    ((cached,),) = in_the_background.join()
    loader.close()
    assert cached.state != "refreshing"
