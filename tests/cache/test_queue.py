"""The refill queue over a real Redis."""

import pytest

from fedora_packages.cache import keys
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


def test_an_acknowledged_job_is_gone(queue, client):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    assert queue.acknowledge(claim(queue)) is not None
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
    queue.acknowledge(first)
    assert (during, claim(queue).sent) == (None, 2000.0)


def test_a_claim_that_ran_out_is_claimed_again(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    claim(queue, lease=0)
    assert claim(queue).sent == 1000.0


def fail(queue, name, delay=60.0):
    """Have a job fail, which then waits for another try."""
    queue.add("koji", "koji.builds", name)
    queue.requeue(claim(queue), delay, attempts=1)


def test_retried_jobs_are_due_and_keep_their_order(queue):
    for delay, name in enumerate(("vim", "guake", "gcc", "bash", "zsh"), 60):
        fail(queue, name, delay)
    # A page of this one was viewed.
    queue.add("koji", "koji.builds", "zsh", first=True)
    assert queue.retry_now("koji", step=2) == 5
    assert [claim(queue, limit=9).package for _ in range(5)] == ["zsh", "vim", "guake", "gcc", "bash"]


def test_only_failed_jobs_are_retried(queue):
    queue.add("koji", "koji.builds", "rechecked")
    queue.requeue(claim(queue), 30, rechecks=1)
    queue.add("koji", "koji.builds", "new", delay=40)
    fail(queue, "failed")
    assert (queue.retry_now("koji", step=1), queue.retry_now("bodhi", step=1), claim(queue).package) == (1, 0, "failed")
    assert 29 < claim(queue) <= 30


def test_retries_can_be_limited(queue):
    fail(queue, "vim", 60)
    fail(queue, "guake", 50)
    assert (queue.retry_now("koji", most=1), claim(queue).package, isinstance(claim(queue), Claim)) == (
        1,
        "guake",
        False,
    )


def test_a_job_retried_early_keeps_its_failures(queue):
    fail(queue, "guake")
    queue.retry_now("koji")
    assert claim(queue).attempts == 1


def test_the_holder_of_a_claim_that_ran_out_cannot_end_the_next(queue):
    queue.add("koji", "koji.builds", "guake")
    lost = claim(queue, lease=0)
    current = claim(queue)
    assert (queue.acknowledge(lost), queue.requeue(lost, 5), queue.acknowledge(current) is None) == (None, False, False)


def test_claims_are_limited(queue):
    for name in "abc":
        queue.add("koji", "koji.builds", name)
    assert [isinstance(claim(queue, limit=2), Claim) for _ in range(3)] == [True, True, False]


def test_a_requeued_job_keeps_its_attempts_rechecks_and_event(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    queue.requeue(claim(queue), 0, attempts=3, rechecks=2)
    found = claim(queue)
    assert (found.attempts, found.rechecks, found.sent) == (3, 2, 1000.0)


def test_a_newer_event_restarts_the_rechecks(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    queue.requeue(claim(queue), 0, rechecks=3)
    queue.add("koji", "koji.builds", "guake", 2000.0)
    assert claim(queue).rechecks == 0


def test_a_newer_event_during_the_claim_restarts_the_rechecks_too(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    held = claim(queue)
    queue.add("koji", "koji.builds", "guake", 2000.0)
    queue.requeue(held, 0, rechecks=3)
    assert claim(queue).rechecks == 0


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


def test_a_job_added_without_an_event_does_not_make_a_waiting_one_due(queue):
    queue.add("koji", "koji.builds", "guake")
    queue.requeue(claim(queue), 30, attempts=3)
    queue.add("koji", "koji.builds", "guake")
    assert claim(queue) > 29


def test_rechecks_go_on_if_a_job_was_only_added_again_during_the_claim(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    held = claim(queue)
    queue.add("koji", "koji.builds", "guake")
    queue.requeue(held, 0, rechecks=3)
    assert claim(queue).rechecks == 3


def test_names_with_signs_come_back_whole(queue):
    queue.add("koji", "koji.builds", "gcc-c++|x")
    assert claim(queue).package == "gcc-c++|x"


def test_jobs_of_packages_viewed_lately_go_first(queue):
    queue.viewed(["vim"])
    queue.add("koji", "koji.builds", "guake", delay=-10)
    queue.add("koji", "koji.builds", "vim")
    assert [claim(queue).package for _ in range(2)] == ["vim", "guake"]


def test_a_waiting_job_moves_to_the_front_when_its_package_is_viewed(queue):
    for name in ("guake", "vim"):
        queue.add("koji", "koji.builds", name)
    queue.add("koji", "koji.builds", "vim", first=True)
    assert ([claim(queue).package for _ in range(2)], claim(queue)) == (["vim", "guake"], None)


def test_a_view_of_a_failed_job_does_not_make_it_due(queue):
    queue.add("koji", "koji.builds", "guake")
    queue.requeue(claim(queue), 30)
    queue.add("koji", "koji.builds", "guake", first=True)
    assert 29 < claim(queue) <= 30


def test_nothing_is_left_of_an_acknowledged_job_at_the_front(queue, client):
    queue.add("koji", "koji.builds", "guake", 1000.0, first=True)
    queue.acknowledge(claim(queue))
    assert client.keys("fp:{queue}:*") == []


def test_the_viewed_packages_are_bounded(client):
    queue = Queue(client, max_viewed=3)
    queue.viewed(f"p{number}" for number in range(5))
    assert client.zcard(keys.VIEWED) == 3


def longest(queue, query="koji.builds"):
    """Return how many entries of a query wait, and whose has waited longest."""
    waiting = queue.waiting([query])[query]
    assert (waiting.package is None) == (waiting.since is None)
    return waiting.entries, waiting.package


def test_the_queue_knows_which_entry_has_waited_longest(queue):
    queue.add("koji", "koji.builds", "guake")
    queue.add("koji", "koji.builds", "vim", delay=-10)
    queue.acknowledge(claim(queue))
    assert (longest(queue), longest(queue, "koji.tagged")) == ((1, "guake"), (0, None))


def test_a_failed_job_goes_on_waiting_since_it_was_added(queue):
    queue.add("koji", "koji.builds", "guake")
    since = queue.waiting(["koji.builds"])
    queue.requeue(claim(queue), 0, attempts=1)
    assert queue.waiting(["koji.builds"]) == since


def test_a_fresh_entry_that_is_only_rechecked_does_not_wait(queue):
    queue.add("koji", "koji.builds", "guake")
    queue.requeue(claim(queue), 60, rechecks=5, is_fresh=True)
    assert (longest(queue), queue.depths(["koji", "bodhi"])) == ((0, None), {"koji": 1, "bodhi": 0})


@pytest.mark.parametrize("end", ["none", "claimed", "requeued"])
def test_the_queue_knows_whether_an_entry_has_a_job(queue, end):
    queue.add("koji", "koji.builds", "guake")
    if end != "none":
        found = claim(queue)
        if end == "requeued":
            queue.requeue(found, 60)
    assert (queue.holds("koji", "koji.builds", "guake"), queue.holds("koji", "koji.builds", "vim")) == (True, False)


def test_a_queue_in_which_no_job_is_due_is_idle(queue):
    assert queue.is_idle("koji")
    queue.add("koji", "koji.builds", "guake", delay=60)
    assert queue.is_idle("koji")
    queue.add("koji", "koji.builds", "vim")
    queue.add("bodhi", "bodhi.updates", "vim", first=True)
    assert (queue.is_idle("koji"), queue.is_idle("bodhi"), queue.is_idle("mdapi")) == (False, False, True)
    claim(queue)
    assert queue.is_idle("koji")


def test_an_owed_recheck_survives_a_newer_event(queue):
    queue.add("koji", "koji.builds", "guake", 1000.0)
    queue.requeue(claim(queue), 60, rechecks=5, owes_recheck=True)
    queue.add("koji", "koji.builds", "guake", 2000.0)
    held = claim(queue)
    assert (held.rechecks, held.owes_recheck) == (0, True)
