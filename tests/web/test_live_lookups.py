"""LiveLookups: what is asked, what is kept, and their bounds."""

import threading
from dataclasses import replace

import pytest

from fedora_packages.cache.redis import connect
from fedora_packages.web.live_lookups import MAX_WAITING, TTL, LiveLookups, Lookup, LookupResult, live_lookups_of
from tests.upstream import Answer
from tests.web.website import end_of_threads

BUG = Lookup("bugzilla", "bug", 7)
PATH = "/rest/bug/7"
ROW = {"id": 7, "summary": "It falls", "status": "NEW"}
TOLD = {"id": 7, "is_private": False, **ROW, "product": "", "version": "", "component": ""}


@pytest.fixture
def strings(strings) -> dict[str, str]:
    """Settings with long timeouts: what is looked up here is not how slow a busy machine may be."""
    return {**strings, "connectors.bugzilla.timeout": "10"}


@pytest.fixture
def lookups(service):
    """A function that makes lookups, which end with the test."""
    made = []

    def lookups(wait: float = 5, client=None, per_minute: int = 120, **allowed: int) -> LiveLookups:
        web = replace(service.settings.web, **allowed)
        changed = replace(service, settings=replace(service.settings, web=web), client=client or service.client)
        made.append(live_lookups_of(changed, per_minute=per_minute, wait=wait))
        return made[-1]

    yield lookups
    for one in made:
        one.close()
    end_of_threads()


@pytest.fixture
def held(upstream):
    """An upstream that says nothing until the test lets it."""
    go, answer = threading.Event(), upstream.answer

    def wait_first(asked):
        upstream.asked.append(asked)
        go.wait(10)
        upstream.asked.pop()
        return answer(asked)

    upstream.answer = wait_first
    yield go
    go.set()


def test_what_upstream_says_is_kept_for_a_minute(lookups, upstream, client):
    upstream.says(PATH, {"bugs": [ROW]})
    assert [lookups()("me", BUG), lookups()("you", BUG)] == [LookupResult(True, TOLD)] * 2
    assert (len(upstream.asked), 0 < client.ttl(BUG.key) <= TTL) == (1, True)


def test_that_there_is_none_is_kept_too(lookups, upstream):
    upstream.says(PATH, {"error": True, "code": 101, "message": "No."}, status=404)
    assert [lookups()("me", BUG), lookups()("me", BUG), len(upstream.asked)] == [
        LookupResult(True),
        LookupResult(True),
        1,
    ]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(b"", 503), "Bugzilla is not responding"),
        (Answer(b"<h1>", 200, "text/html"), "Bugzilla returned an invalid response"),
    ],
)
def test_a_failure_is_told_and_not_kept(lookups, upstream, client, answer, why, caplog):
    upstream.answers[PATH] = answer
    assert (lookups()("me", BUG), client.exists(BUG.key)) == (LookupResult(False, reason=why), 0)
    # It is upstream's, and nothing for us to look into.
    assert "live lookup bugzilla." not in caplog.text
    upstream.says(PATH, {"bugs": [ROW]})
    assert lookups()("me", BUG).is_known


def test_a_mistake_of_ours_is_told_as_a_failure_and_logged(lookups, caplog):
    found = lookups()("me", Lookup("bugzilla", "no_such_method", 7))
    assert (found.is_known, "live lookup bugzilla." in caplog.text) == (False, True)


def test_an_answer_that_comes_late_is_there_the_next_time(lookups, upstream, held, client, wait_until):
    upstream.says(PATH, {"bugs": [ROW]})
    asking = lookups(wait=0.01)
    assert asking("me", BUG) == LookupResult(False, reason="Bugzilla has not answered yet")
    held.set()
    wait_until(lambda: client.exists(BUG.key))
    assert asking("me", BUG) == LookupResult(True, TOLD)


def test_what_is_being_asked_already_is_not_asked_again(lookups, upstream, held, wait_until):
    asking = lookups(wait=0.01)
    for _ in range(5):
        asking("me", BUG)
    wait_until(lambda: upstream.asked)
    assert len(upstream.asked) == 1


def test_no_more_requests_wait_than_leave_threads_for_pages(lookups, held):
    asking = lookups(wait=60)
    taken = [asking._waiting.acquire(blocking=False) for _ in range(MAX_WAITING)]
    assert (taken, asking("me", BUG).reason) == ([True] * MAX_WAITING, "Bugzilla has not answered yet")


def test_a_request_that_has_waited_leaves_its_place_to_others(lookups, upstream):
    asking = lookups()
    for number in range(1, MAX_WAITING + 3):
        upstream.says(f"/rest/bug/{number}", {"bugs": [{**ROW, "id": number}]})
        assert asking("me", numbered(number)).is_known


def test_while_too_much_waits_for_an_upstream_no_more_is_asked_of_it(lookups, held, upstream):
    asking = lookups(wait=0.001)
    answers = [asking("me", numbered(number)) for number in range(1, 20)]
    assert answers == [LookupResult(False, reason="Bugzilla has not answered yet")] * 19


def numbered(number: int) -> Lookup:
    return replace(BUG, identifier=number)


def test_a_client_may_have_upstreams_asked_so_often_a_minute_and_uses_up_nothing_of_others(lookups, upstream):
    asking = lookups(lookups_per_client=2, per_minute=3)
    often = "Too many lookups in the last minute"
    assert [asking("me", numbered(number)).reason == often for number in range(1, 9)] == [False] * 2 + [True] * 6
    assert [asking("you", numbered(number)).reason == often for number in range(1, 3)] == [False, True]
    assert len(upstream.asked) == 3


def test_what_is_kept_costs_nothing_of_that(lookups, upstream):
    upstream.says(PATH, {"bugs": [ROW]})
    asking = lookups(lookups_per_client=1)
    assert [asking("me", BUG).is_known for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("allowed", [{"per_minute": 0}, {"lookups_per_client": 0}])
def test_where_none_are_allowed_none_are_made(lookups, upstream, allowed):
    assert (lookups(**allowed)("me", BUG).is_known, upstream.asked) == (False, [])


def test_without_redis_nothing_is_asked_since_nothing_could_be_counted(lookups, upstream):
    away = connect("redis://127.0.0.1:9/0")
    assert lookups(client=away)("me", BUG) == LookupResult(False, reason="Redis is not responding")
    assert upstream.asked == []
    away.close()
