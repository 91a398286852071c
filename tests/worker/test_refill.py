"""The refiller: what it fetches, stores, rechecks and retries."""

import threading
import time

import pytest

from fedora_packages.cache.fill_types import Outcome, Policy
from fedora_packages.cache.values import LAG_LIMIT, Invalidation
from fedora_packages.errors import CacheUnavailable
from fedora_packages.messages.event import Event
from fedora_packages.settings import Pace
from fedora_packages.worker.refill import IDLE, MESSAGES_FIRST_STEPS, RECHECKS, Refiller, Refillers, undisturbed
from tests.filling import put, source
from tests.upstream import FORGEJO_MISSING, Answer

PACE = Pace(lease=60, retry=0, retry_limit=0, recheck_delay=0, lagging_recheck_delay=0)


def make_refiller(service, pace):
    return Refiller(
        service.cache, service.queue, service.connectors, service.queries, service.index, service.releases,
        service.metrics, pace,
    )  # fmt: skip


@pytest.fixture
def refiller(service):
    return make_refiller(service, PACE)


def announce(service, query="koji.builds", package="guake", topic="buildsys.build.state.change", number=1, **body):
    """Do what the handler does with a message that touches one entry."""
    query = service.queries[query]
    event = Event("org.fedoraproject.prod", topic, f"2026-{number}", round(time.time()), body)
    facts = query.expected(event, package)
    expected = [(event.sent, facts)] if facts else []
    service.cache.invalidate([Invalidation(query.entry(package), event.cause(), expected, make=True)])
    service.queue.add(query.upstream, query.name, package, event.sent)


BUILD = {
    "build_id": 7, "nvr": "guake-3.9-1.fc45", "version": "3.9", "release": "1.fc45", "epoch": None, "state": 1,
    "owner_name": "pingou", "task_id": None, "start_ts": 1000.5, "creation_ts": 1000.5, "completion_ts": 1100.9,
}  # fmt: skip


def builds(*rows):
    return [[len(rows)], [list(rows)]]


def read(service, query="koji.builds", package="guake", variant=""):
    (cached,) = service.cache.read([(service.queries[query].entry(package), variant)])
    return cached


@pytest.fixture
def releases(service):
    """Make rawhide and f45 the active releases."""
    rows = [
        {"name": "F45", "title": "Fedora 45", "branch": "f45", "stable_tag": "f45-updates", "testing_tag": None},
        {"name": "F46", "title": "Fedora 46", "branch": "rawhide", "stable_tag": "f46", "testing_tag": None},
    ]
    query = service.queries["bodhi.releases"]
    put(service.cache, query.entry(), {"releases": rows})


def test_without_a_job_the_refiller_is_idle(refiller):
    assert refiller.work("koji") == IDLE


def test_a_job_is_fetched_and_stored_with_the_event_as_its_cause(service, refiller, upstream):
    upstream.koji_says(builds(BUILD))
    announce(service, build_id=7, new=1)
    refiller.work("koji")
    cached = read(service)
    assert (cached.state, cached.stamp.by, cached.stamp.event["id"]) == ("fresh", "worker", "2026-1")
    assert service.queue.depth("koji") == 0


def test_the_stamp_names_the_newest_event_also_if_it_came_after_the_job_was_claimed(service, refiller, upstream):
    upstream.koji_says(builds(BUILD))
    entry = service.queries["koji.builds"].entry("guake")
    put(service.cache, entry, {"total": 0, "builds": []})
    announce(service, build_id=7, new=1)
    announce(service, number=2)
    refiller.work("koji")
    assert read(service).stamp.event["id"] == "2026-2"


def test_a_claim_is_renewed_during_a_long_fetch(service, refiller, upstream, client):
    def until():
        return client.zscore("fp:{queue}:koji:claimed", "koji.builds guake")

    moments = []

    def slow(asked):
        moments.append(until())
        refiller.renew()
        moments.append(until())
        return Answer(b"", 404)

    upstream.answer = slow
    service.queue.add("koji", "koji.builds", "guake")
    refiller.work("koji")
    assert moments[0] < moments[1]


def test_a_failure_is_noted_and_retried(service, refiller, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    service.queue.add("koji", "koji.builds", "guake")
    refiller.work("koji")
    assert (read(service).state, service.queue.claim("koji", 60, 1).attempts) == ("failing", 1)


def test_after_a_failure_it_is_fetched_when_upstream_is_back(service, refiller, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    service.queue.add("koji", "koji.builds", "guake")
    refiller.work("koji")
    upstream.koji_says(builds())
    refiller.work("koji")
    assert read(service).is_fresh


def test_no_job_is_done_while_the_circuit_is_open(service, refiller, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    service.queue.add("koji", "koji.builds", "guake")
    while not service.connectors["koji"].circuit.pause_left():
        refiller.work("koji")
    asked = len(upstream.asked)
    assert refiller.work("koji") > 0
    assert len(upstream.asked) == asked


@pytest.fixture
def recovering(service, upstream):
    """A refiller of an upstream that has recovered while its circuit is open; three failed jobs wait for their retry."""
    refiller = make_refiller(service, Pace(lease=60, retry=600, retry_limit=600))
    upstream.answers["/"] = Answer(b"", 503)
    for name in ("guake", "vim", "gcc"):
        service.queue.add("koji", "koji.builds", name)
        refiller.work("koji")
    circuit = service.connectors["koji"].circuit
    while not circuit.pause_left():
        circuit.failed("503")
    upstream.koji_says(builds())
    return refiller


def test_all_failed_jobs_are_due_when_the_circuit_closes(service, recovering):
    # The first request finds out: here a page about another package.
    circuit = service.connectors["koji"].circuit
    circuit._refused_until = 0.0
    service.queries["koji.builds"].fetch("bash")
    assert [recovering.work("koji") for _ in range(4)] == [None, None, None, IDLE]
    assert service.queue.depth("koji") == 0


def test_a_waiting_job_is_the_probe_of_an_open_circuit(service, recovering):
    assert recovering.work("koji") > 0
    service.connectors["koji"].circuit._refused_until = 0.0
    while recovering.work("koji") is None:
        pass
    assert service.queue.depth("koji") == 0


def test_a_failed_job_waits_for_its_retry_while_the_circuit_is_closed(service, upstream):
    refiller = make_refiller(service, Pace(lease=60, retry=600, retry_limit=600))
    upstream.answers["/"] = Answer(b"", 503)
    service.queue.add("koji", "koji.builds", "guake")
    refiller.work("koji")
    upstream.koji_says(builds())
    service.queries["koji.builds"].fetch("bash")
    assert (refiller.work("koji"), service.queue.depth("koji")) == (IDLE, 1)


def test_an_answer_that_does_not_reflect_its_event_is_not_stored(service, refiller, upstream):
    upstream.koji_says(builds({**BUILD, "build_id": 6}))
    announce(service, build_id=7, new=1)
    refiller.work("koji")
    # Not even as the last known good.
    assert (read(service).value, service.queue.claim("koji", 60, 1).rechecks) == (None, 1)


def test_an_answer_that_reflects_its_event_is_stored(service, refiller, upstream):
    upstream.koji_says(builds({**BUILD, "build_id": 6}), builds(BUILD))
    announce(service, build_id=7, new=1)
    refiller.work("koji")
    refiller.work("koji")
    assert (read(service).is_fresh, service.queue.depth("koji")) == (True, 0)


def test_a_value_that_a_page_filled_meanwhile_must_reflect_the_event_too(service, refiller, upstream):
    old, new = builds({**BUILD, "build_id": 6}), builds(BUILD)
    announce(service, build_id=7, new=1)
    query = service.queries["koji.builds"]
    upstream.koji_says(old, new)
    put(service.cache, query.entry("guake"), lambda: query.fetch("guake"))
    refiller.work("koji")
    assert read(service).state == "refreshing"
    refiller.work("koji")
    assert read(service).value["builds"][0]["build_id"] == 7


def test_no_fill_that_began_before_a_lagging_answer_can_be_stored(service, refiller, upstream):
    upstream.koji_says(builds({**BUILD, "build_id": 6}))
    query = service.queries["koji.builds"]
    announce(service, build_id=7, new=1)
    before = service.cache.open(query.entry("guake"))
    refiller.work("koji")
    fill = service.cache.fill(source(query.entry("guake"), "old"), Policy.CHECK, before)
    assert fill.outcome is Outcome.SUPERSEDED


def test_after_the_last_recheck_a_lagging_answer_is_stored_and_rechecked_until_it_reflects_the_event(
    service, refiller, upstream
):
    upstream.koji_says(builds({**BUILD, "build_id": 6}))
    announce(service, build_id=7, new=1)
    for _ in range(RECHECKS + 1):
        refiller.work("koji")
    assert (read(service).is_fresh, service.queue.depth("koji")) == (True, 1)
    refiller.work("koji")
    assert (read(service).is_fresh, service.queue.depth("koji")) == (True, 1)
    upstream.koji_says(builds(BUILD))
    refiller.work("koji")
    assert (read(service).value["builds"][0]["build_id"], service.queue.depth("koji")) == (7, 0)


def test_an_old_event_is_not_expected_any_more(service, refiller, upstream):
    upstream.koji_says(builds({**BUILD, "build_id": 6}))
    announce(service, build_id=7, new=1)
    now = time.time() + LAG_LIMIT + 1
    service.cache.clock = lambda: now
    refiller.work("koji")
    assert (read(service).is_fresh, service.queue.depth("koji")) == (True, 0)


def test_pauses_before_rechecks_double(service):
    refiller = make_refiller(service, Pace())
    assert [refiller.before_recheck(number) for number in range(1, RECHECKS + 4)] == [0.5, 1, 2, 4, 60, 120, 240]


def test_an_unchanged_answer_is_rechecked_once_if_no_message_has_an_expected_state(
    service, refiller, upstream, releases
):
    upstream.says("/rawhide/changelog/guake", {"changelogs": [], "repo": "release"})
    query = service.queries["mdapi.changelog"]
    put(service.cache, query.entry("guake"), lambda: query.fetch("guake", "rawhide"), "rawhide")
    announce(service, "mdapi.changelog", topic="mdapi.repo.update")
    refiller.work("mdapi")
    assert (read(service, "mdapi.changelog", "guake", "rawhide").is_fresh, service.queue.depth("mdapi")) == (True, 1)
    refiller.work("mdapi")
    assert (len(upstream.asked), service.queue.depth("mdapi")) == (3, 0)


def test_an_owed_recheck_survives_a_newer_event(service, refiller, upstream, releases):
    answers = [{"changelogs": [], "repo": repo} for repo in ("release", "release", "updates", "testing")]
    upstream.says("/rawhide/changelog/guake", *answers)
    query = service.queries["mdapi.changelog"]
    put(service.cache, query.entry("guake"), lambda: query.fetch("guake", "rawhide"), "rawhide")
    announce(service, "mdapi.changelog", topic="mdapi.repo.update")
    refiller.work("mdapi")
    announce(service, "mdapi.changelog", topic="mdapi.repo.update", number=2)
    # What it sees now may be because of the first event: upstream lags.
    refiller.work("mdapi")
    assert service.queue.depth("mdapi") == 1
    refiller.work("mdapi")
    assert read(service, "mdapi.changelog", "guake", "rawhide").value["repository"] == "testing"
    assert service.queue.depth("mdapi") == 0


def test_a_changed_answer_needs_no_recheck(service, refiller, upstream, releases):
    upstream.says(
        "/rawhide/changelog/guake", {"changelogs": [], "repo": "release"}, {"changelogs": [], "repo": "updates"}
    )
    query = service.queries["mdapi.changelog"]
    put(service.cache, query.entry("guake"), lambda: query.fetch("guake", "rawhide"), "rawhide")
    announce(service, "mdapi.changelog", topic="mdapi.repo.update")
    refiller.work("mdapi")
    assert (len(upstream.asked), service.queue.depth("mdapi")) == (2, 0)


def test_a_superseded_refill_is_queued_again(service, refiller, upstream):
    query = service.queries["koji.builds"]
    service.queue.add("koji", "koji.builds", "guake")
    fetched = query.connector.multicall

    def superseded(*arguments):
        service.cache.invalidate([Invalidation(query.entry("guake"))])
        return fetched(*arguments)

    query.connector.multicall = superseded
    upstream.koji_says(builds(BUILD))
    refiller.work("koji")
    assert (read(service).is_fresh, service.queue.depth("koji")) == (False, 1)


def test_every_variant_that_was_cached_is_refilled_and_the_one_a_page_shows_first(
    service, refiller, upstream, releases
):
    query = service.queries["distgit.spec"]
    put(service.cache, query.entry("guake"), {"found": False, "dead": None}, "f45")
    service.cache.invalidate([Invalidation(query.entry("guake"))])
    for branch in ("f45", "rawhide"):
        path = f"/rpms/guake/raw/{branch}/f/guake.spec"
        upstream.answers[path] = Answer(branch.encode(), content_type="text/plain")
    service.queue.add("distgit", "distgit.spec", "guake")
    refiller.work("distgit")
    assert [read(service, "distgit.spec", "guake", branch).value["text"] for branch in ("f45", "rawhide")] == [
        "f45",
        "rawhide",
    ]


def test_the_variant_of_an_ended_release_is_deleted(service, refiller, upstream, releases, client):
    query = service.queries["distgit.spec"]
    put(service.cache, query.entry("guake"), {"found": False}, "f30")
    service.cache.invalidate([Invalidation(query.entry("guake"))])
    service.queue.add("distgit", "distgit.spec", "guake")
    refiller.work("distgit")
    assert not client.hexists(query.entry("guake").key, "o:f30")


def test_an_invalid_response_about_one_release_does_not_hide_the_others(service, refiller, upstream, releases):
    upstream.answers["/rpms/guake/raw/f45/f/guake.spec"] = Answer(b"<html>", content_type="text/html")
    upstream.answers["/rpms/guake/raw/rawhide/f/guake.spec"] = Answer(b"Name: guake", content_type="text/plain")
    query = service.queries["distgit.spec"]
    put(service.cache, query.entry("guake"), {"found": False}, "f45")
    service.cache.invalidate([Invalidation(query.entry("guake"))])
    service.queue.add("distgit", "distgit.spec", "guake")
    refiller.work("distgit")
    states = [read(service, "distgit.spec", "guake", branch).state for branch in ("f45", "rawhide")]
    assert (states, service.queue.depth("distgit")) == (["failing", "fresh"], 1)


def test_a_release_that_the_upstream_does_not_serve_is_noted_and_not_retried(service, refiller, upstream, releases):
    upstream.answer = lambda asked: Answer(b"400: Bad Request", 400, "text/plain")
    service.queue.add("mdapi", "mdapi.files", "guake")
    refiller.work("mdapi")
    assert (read(service, "mdapi.files", "guake", "rawhide").error_state.kind, service.queue.depth("mdapi")) == (
        "release not served",
        0,
    )


def test_what_is_not_public_is_not_tried_again(service, refiller, upstream):
    upstream.answers |= {
        "/api/0/version": FORGEJO_MISSING,
        "/api/v1/version": Answer(b'{"version": "15.0.2+gitea-1.22.0"}'),
    }
    service.queue.add("distgit", "distgit.maintainers", "guake")
    refiller.work("distgit")
    assert read(service, "distgit.maintainers", "guake").error_state.kind == "not public"
    assert service.queue.depth("distgit") == 0


def test_a_job_of_an_unknown_query_is_dropped(service, refiller):
    service.queue.add("koji", "koji.horoscope", "guake")
    refiller.work("koji")
    assert service.queue.depth("koji") == 0


def test_pauses_after_failures_grow_up_to_a_limit(service):
    refiller = make_refiller(service, Pace(lease=1, retry=1, retry_limit=300))
    longest = [max(refiller.after_failure(attempts) for _ in range(200)) for attempts in (1, 5, 500)]
    assert 0.9 < longest[0] <= 1 < longest[1] <= 16 < longest[2] <= 300


@pytest.mark.parametrize("error", [CacheUnavailable("away"), KeyError("a bug")])
def test_a_thread_survives_any_error(error, caplog):
    def step():
        raise error

    assert undisturbed(step, "refilling") > 0
    assert "refilling" in caplog.text


@pytest.mark.parametrize(
    ("flooded", "checks"), [([True, True, False], 3), ([True] * 100, MESSAGES_FIRST_STEPS), ([False], 1)]
)
def test_messages_go_first_while_many_wait_up_to_a_limit(refiller, flooded, checks):
    asked = []
    is_flooded = lambda: asked.append(1) or flooded[len(asked) - 1]  # noqa: E731
    refillers = Refillers(refiller, threading.Event(), is_flooded, messages_first=0.0)
    refillers.let_messages_first()
    assert len(asked) == checks
