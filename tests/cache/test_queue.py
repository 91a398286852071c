"""The refill queue over a real Redis."""

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache import queue as queues
from fedora_packages.cache.queue import Claim, Queue


@pytest.fixture
def queue(client):
    return Queue(client)


def claim(queue, upstream="koji", lease=60, limit=4):
    return queue.claim(upstream, lease, limit)


def test_nothing_is_due_in_an_empty_queue(queue):
    assert claim(queue) is None


def test_a_job_can_be_claimed_once(queue):
    queue.add("koji", "koji.builds", "guake")
    first, second = claim(queue), claim(queue)
    assert ((first.query, first.package), second) == (("koji.builds", "guake"), None)


def test_a_job_done_is_gone(queue, client):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    assert queue.done(claim(queue)) is not None
    assert (queue.depth("koji"), client.keys("fp:{queue}:*")) == (0, [])


def test_upstreams_have_queues_of_their_own(queue):
    queue.add("bodhi", "bodhi.updates", "guake")
    assert (claim(queue, "koji"), claim(queue, "bodhi").query) == (None, "bodhi.updates")


def test_many_events_make_one_job_that_knows_the_newest(queue):
    for sent in (1000.0, 3000.0, 2000.0):
        queue.add("koji", "koji.builds", "guake", sent)
    assert (queue.depth("koji"), claim(queue).sent) == (1, 3000.0)


def test_the_job_due_longest_comes_first(queue):
    queue.add("koji", "koji.builds", "late")
    queue.add("koji", "koji.builds", "early", delay=-10)
    assert claim(queue).package == "early"


def test_a_job_is_not_claimed_before_it_is_due(queue):
    queue.add("koji", "koji.builds", "guake", delay=30)
    assert 29 < claim(queue) <= 30


def test_a_job_added_again_keeps_the_earlier_time(queue):
    queue.add("koji", "koji.builds", "guake")
    queue.add("koji", "koji.builds", "guake", delay=30)
    assert isinstance(claim(queue), Claim)


def test_a_job_added_while_it_is_claimed_waits_for_the_end_of_that(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    first = claim(queue)
    queue.add("koji", "koji.builds", "guake", 2000.0)
    during = claim(queue)
    queue.done(first)
    assert (during, claim(queue).sent) == (None, 2000.0)


def test_a_claim_that_ran_out_is_claimed_again(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    claim(queue, lease=0)
    assert claim(queue).sent == 1000.0


def fail(queue, name, delay=60.0):
    """Have a job fail, which then waits for another try."""
    queue.add("koji", "koji.builds", name)
    queue.again(claim(queue), delay, attempts=1)


def test_what_failed_is_due_at_once_when_it_is_retried_and_keeps_its_order(queue):
    for delay, name in enumerate(("vim", "guake", "gcc", "bash", "zsh"), 60):
        fail(queue, name, delay)
    # Somebody looks at this one.
    queue.add("koji", "koji.builds", "zsh", first=True)
    assert queue.retry_now("koji", step=2) == 5
    assert [claim(queue, limit=9).package for _ in range(5)] == ["zsh", "vim", "guake", "gcc", "bash"]


def test_only_what_failed_is_retried_now(queue):
    queue.add("koji", "koji.builds", "looks")
    queue.again(claim(queue), 30, looks=1)
    queue.add("koji", "koji.builds", "new", delay=40)
    fail(queue, "failed")
    assert (queue.retry_now("koji", step=1), queue.retry_now("bodhi", step=1), claim(queue).package) == (1, 0, "failed")
    assert 29 < claim(queue) <= 30


def test_only_as_many_are_retried_as_are_asked_for(queue):
    fail(queue, "vim", 60)
    fail(queue, "guake", 50)
    assert (queue.retry_now("koji", most=1), claim(queue).package, isinstance(claim(queue), Claim)) == (
        1,
        "guake",
        False,
    )


def test_a_job_that_hurried_and_fails_again_waits_as_long_as_it_would_have(queue):
    fail(queue, "guake")
    queue.retry_now("koji")
    assert claim(queue).attempts == 1


def test_the_holder_of_a_claim_that_ran_out_cannot_end_the_next(queue):
    queue.add("koji", "koji.builds", "guake")
    lost = claim(queue, lease=0)
    current = claim(queue)
    assert (queue.done(lost), queue.again(lost, 5), queue.done(current) is None) == (None, False, False)


def test_no_more_is_claimed_than_upstream_bears(queue):
    for name in "abc":
        queue.add("koji", "koji.builds", name)
    assert [isinstance(claim(queue, limit=2), Claim) for _ in range(3)] == [True, True, False]


def test_a_job_to_be_done_again_remembers_attempts_looks_and_event(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    queue.again(claim(queue), 0, attempts=3, looks=2)
    found = claim(queue)
    assert (found.attempts, found.looks, found.sent) == (3, 2, 1000.0)


def test_a_newer_event_starts_the_looks_anew(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    queue.again(claim(queue), 0, looks=3)
    queue.add("koji", "koji.builds", "guake", 2000.0)
    assert claim(queue).looks == 0


def test_looks_are_anew_too_if_the_newer_event_came_during_the_claim(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    held = claim(queue)
    queue.add("koji", "koji.builds", "guake", 2000.0)
    queue.again(held, 0, looks=3)
    assert claim(queue).looks == 0


def test_a_claim_that_is_renewed_does_not_run_out(queue):
    queue.add("koji", "koji.builds", "guake")
    held = claim(queue, lease=0.01)
    assert queue.renew(held, 60)
    assert claim(queue, lease=60) is None


def test_a_claim_that_ran_out_cannot_be_renewed(queue):
    queue.add("koji", "koji.builds", "guake")
    held = claim(queue, lease=0)
    claim(queue)
    assert not queue.renew(held, 60)


def test_adding_a_job_without_an_event_does_not_hurry_one_that_waits(queue):
    queue.add("koji", "koji.builds", "guake")
    queue.again(claim(queue), 30, attempts=3)
    queue.add("koji", "koji.builds", "guake")
    assert claim(queue) > 29


def test_looks_go_on_if_a_job_was_only_added_again_during_the_claim(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    held = claim(queue)
    queue.add("koji", "koji.builds", "guake")
    queue.again(held, 0, looks=3)
    assert claim(queue).looks == 3


def test_names_with_odd_letters_come_back_whole(queue):
    queue.add("koji", "koji.builds", "gcc-c++|x")
    assert claim(queue).package == "gcc-c++|x"


def test_what_was_looked_at_lately_goes_first(queue):
    queue.viewed(["vim"])
    queue.add("koji", "koji.builds", "guake", delay=-10)
    queue.add("koji", "koji.builds", "vim")
    assert [claim(queue).package for _ in range(2)] == ["vim", "guake"]


def test_a_job_that_waits_is_moved_to_the_front_when_somebody_looks_at_it(queue):
    for name in ("guake", "vim"):
        queue.add("koji", "koji.builds", name)
    queue.add("koji", "koji.builds", "vim", first=True)
    assert ([claim(queue).package for _ in range(2)], claim(queue)) == (["vim", "guake"], None)


def test_looking_at_what_has_failed_does_not_make_it_due(queue):
    queue.add("koji", "koji.builds", "guake")
    queue.again(claim(queue), 30)
    queue.add("koji", "koji.builds", "guake", first=True)
    assert 29 < claim(queue) <= 30


def test_nothing_is_left_of_a_job_at_the_front_that_is_done(queue, client):
    queue.add("koji", "koji.builds", "guake", 1000.0, first=True)
    queue.done(claim(queue))
    assert client.keys("fp:{queue}:*") == []


def test_the_packages_that_were_looked_at_are_bounded(queue, client, monkeypatch):
    monkeypatch.setattr(queues, "VIEWED_KEPT", 3)
    queue.viewed(f"p{number}" for number in range(5))
    assert client.zcard(keys.VIEWED) == 3


def longest(queue, query="koji.builds"):
    """Return how many entries of a query wait, and whose has waited longest."""
    count, package, since = queue.waiting([query])[query]
    assert (package is None) == (since is None)
    return count, package


def test_it_is_known_which_entry_has_waited_longest(queue):
    queue.add("koji", "koji.builds", "guake")
    queue.add("koji", "koji.builds", "vim", delay=-10)
    queue.done(claim(queue))
    assert (longest(queue), longest(queue, "koji.tagged")) == ((1, "guake"), (0, None))


def test_what_failed_goes_on_waiting_since_it_was_added(queue):
    queue.add("koji", "koji.builds", "guake")
    since = queue.waiting(["koji.builds"])
    queue.again(claim(queue), 0, attempts=1)
    assert queue.waiting(["koji.builds"]) == since


def test_what_is_fresh_and_only_looked_at_once_more_does_not_wait(queue):
    queue.add("koji", "koji.builds", "guake")
    queue.again(claim(queue), 60, looks=5, is_fresh=True)
    assert (longest(queue), queue.depths(["koji", "bodhi"])) == ((0, None), {"koji": 1, "bodhi": 0})


@pytest.mark.parametrize("end", ["none", "claimed", "again"])
def test_it_is_known_whether_an_entry_is_to_be_fetched(queue, end):
    queue.add("koji", "koji.builds", "guake")
    if end != "none":
        found = claim(queue)
        if end == "again":
            queue.again(found, 60)
    assert (queue.holds("koji", "koji.builds", "guake"), queue.holds("koji", "koji.builds", "vim")) == (True, False)
