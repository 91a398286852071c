"""The refill queue over a real Redis."""

import pytest

from fedora_packages.events import Event
from fedora_packages.worker.queue import EVENT_KEPT, Claim, Queue


def event(number=1, sent=1000.0, **body):
    return Event("org.fedoraproject.dev", "buildsys.build.state.change", f"id-{number}", sent, body)


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
    queue.add("koji", "koji.builds", "guake", event())
    assert queue.done(claim(queue))
    assert (queue.depth("koji"), client.keys("fp:{queue}:*")) == (0, [])


def test_upstreams_have_queues_of_their_own(queue):
    queue.add("bodhi", "bodhi.updates", "guake")
    assert (claim(queue, "koji"), claim(queue, "bodhi").query) == (None, "bodhi.updates")


def test_many_events_make_one_job_that_keeps_the_newest(queue):
    for number, sent in ((1, 1000.0), (3, 3000.0), (2, 2000.0)):
        queue.add("koji", "koji.builds", "guake", event(number, sent))
    assert (queue.depth("koji"), claim(queue).event.id) == (1, "id-3")


def test_of_two_events_of_one_second_the_later_is_kept(queue):
    queue.add("koji", "koji.builds", "guake", event(1))
    queue.add("koji", "koji.builds", "guake", event(2))
    assert claim(queue).event.id == "id-2"


def test_an_event_comes_back_as_it_was(queue):
    given = event(7, 1234.5, build_id=3, nested={"empty": [], "text": "✓"})
    queue.add("koji", "koji.builds", "guake", given)
    assert claim(queue).event == given


def test_of_an_event_that_is_too_large_the_cause_is_kept(queue):
    large = event(text="x" * EVENT_KEPT)
    queue.add("koji", "koji.builds", "guake", large)
    assert claim(queue).event == large.without_body()


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
    queue.add("koji", "koji.builds", "guake", event(1))
    first = claim(queue)
    queue.add("koji", "koji.builds", "guake", event(2, 2000.0))
    during = claim(queue)
    queue.done(first)
    assert (during, claim(queue).event.id) == (None, "id-2")


def test_a_claim_that_ran_out_is_claimed_again(queue):
    queue.add("koji", "koji.builds", "guake", event())
    claim(queue, lease=0)
    assert claim(queue).event.id == "id-1"


def test_the_holder_of_a_claim_that_ran_out_cannot_end_the_next(queue):
    queue.add("koji", "koji.builds", "guake")
    lost = claim(queue, lease=0)
    current = claim(queue)
    assert (queue.done(lost), queue.again(lost, 5), queue.done(current)) == (False, False, True)


def test_no_more_is_claimed_than_upstream_bears(queue):
    for name in "abc":
        queue.add("koji", "koji.builds", name)
    assert [isinstance(claim(queue, limit=2), Claim) for _ in range(3)] == [True, True, False]


def test_a_job_to_be_done_again_remembers_attempts_looks_and_event(queue):
    queue.add("koji", "koji.builds", "guake", event())
    queue.again(claim(queue), 0, attempts=3, looks=2)
    found = claim(queue)
    assert (found.attempts, found.looks, found.event.id) == (3, 2, "id-1")


def test_a_newer_event_starts_the_looks_anew(queue):
    queue.add("koji", "koji.builds", "guake", event(1))
    queue.again(claim(queue), 0, looks=3)
    queue.add("koji", "koji.builds", "guake", event(2, 2000.0))
    assert claim(queue).looks == 0


def test_looks_are_anew_too_if_the_newer_event_came_during_the_claim(queue):
    queue.add("koji", "koji.builds", "guake", event(1))
    held = claim(queue)
    queue.add("koji", "koji.builds", "guake", event(2, 2000.0))
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
    queue.add("koji", "koji.builds", "guake", event())
    held = claim(queue)
    queue.add("koji", "koji.builds", "guake")
    queue.again(held, 0, looks=3)
    assert claim(queue).looks == 3


def test_names_with_odd_letters_come_back_whole(queue):
    queue.add("koji", "koji.builds", "gcc-c++|x")
    assert claim(queue).package == "gcc-c++|x"
