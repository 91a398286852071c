"""Turns: all workers together do the work once in an interval, and go on where one of them was killed."""

import threading

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.redis import LockError
from fedora_packages.errors import UpstreamUnavailable
from fedora_packages.worker.shared_work import SharedWork, state_of
from tests.clock import Clock

BEGAN = 2000.0


def make_turn(client, work, now=BEGAN, **arguments):
    return SharedWork(client, "sweep:koji", 300.0, work, lambda: now, **arguments)


def nothing(turn):
    """Do no work."""


def test_work_is_done_when_it_is_due(client):
    done = []
    assert make_turn(client, done.append).take()
    assert not make_turn(client, done.append, BEGAN + 299).take()
    assert make_turn(client, done.append, BEGAN + 300).take()
    assert len(done) == 2


def test_one_worker_does_it_at_a_time(client):
    def work(turn):
        assert not make_turn(client, lambda turn: pytest.fail("another worker")).take()
        assert not make_turn(client, lambda turn: pytest.fail("another worker"), BEGAN + 400).take()

    assert make_turn(client, work).take()


def test_work_that_another_worker_did_between_two_looks_is_not_done_again(client):
    looks = []

    def clock():
        looks.append(1)
        if len(looks) == 1:
            assert make_turn(client, nothing).take()
        return BEGAN

    make_turn(client, nothing, BEGAN - 400).take()
    late = SharedWork(client, "sweep:koji", 300.0, lambda turn: pytest.fail("a second time"), clock)
    assert not late.take()


def test_the_next_turn_starts_where_this_one_ended(client):
    make_turn(client, lambda turn: turn.advance({"since": turn.began}, changes=3)).take()
    positions = []
    make_turn(client, lambda turn: positions.append(turn.position), BEGAN + 300).take()
    assert positions == [{"since": BEGAN}]
    assert state_of(client, "sweep:koji")["changes"] == "3"


def test_a_turn_knows_when_the_last_one_began_that_came_to_its_end(client):
    def fail(turn):
        raise UpstreamUnavailable("koji", "listBuilds", "HTTP 503", title="Koji")

    seen = []
    make_turn(client, lambda turn: seen.append(turn.done)).take()
    make_turn(client, fail, BEGAN + 300).take()
    make_turn(client, lambda turn: seen.append(turn.done), BEGAN + 600).take()
    assert seen == [None, BEGAN]


def test_another_worker_goes_on_at_once_after_a_kill_and_repeats_one_step(client):
    left = {}

    def killed(turn):
        turn.advance(1)
        # A killed process cleans nothing up; its lock runs out.
        left.update(client.hgetall(keys.turn("sweep:koji")))

    make_turn(client, killed).take()
    client.hset(keys.turn("sweep:koji"), mapping=left)
    positions = []
    assert make_turn(client, lambda turn: positions.append(turn.position), BEGAN + 1).take()
    assert positions == [1]


def test_an_error_of_the_upstream_is_noted_and_costs_one_interval(client):
    def fail(turn):
        raise UpstreamUnavailable("koji", "listBuilds", "HTTP 503", title="Koji")

    make_turn(client, lambda turn: turn.advance(7)).take()
    assert make_turn(client, fail, BEGAN + 300).take()
    state = state_of(client, "sweep:koji")
    assert (state["position"], state["finished"]) == ("7", str(BEGAN))
    assert "HTTP 503" in state["error"]
    assert not make_turn(client, nothing, BEGAN + 301).take()
    make_turn(client, nothing, BEGAN + 600).take()
    assert state_of(client, "sweep:koji")["error"] == ""


def test_a_bug_of_ours_costs_one_interval_and_is_not_hidden(client):
    with pytest.raises(ZeroDivisionError):
        make_turn(client, lambda turn: 1 / 0).take()
    assert not make_turn(client, nothing, BEGAN + 1).take()


def test_a_worker_that_has_lost_its_lock_stores_no_position(client):
    def work(turn):
        client.delete(keys.turn_lock("sweep:koji"))
        with pytest.raises(LockError):
            turn.advance(9)
        raise LockError("lost")

    assert make_turn(client, work).take()
    state = state_of(client, "sweep:koji")
    # What else is noted is the other worker's: if that is killed, its work goes on at once.
    assert ("position" in state, "error" in state, state["running"]) == (False, False, "1")


def test_work_that_was_cut_short_was_not_done(client):
    make_turn(client, lambda turn: False).take()
    assert "done" not in state_of(client, "sweep:koji")
    make_turn(client, nothing, BEGAN + 301).take()
    assert state_of(client, "sweep:koji")["done"] == str(BEGAN + 301)


def test_a_clock_that_was_put_back_stops_no_work(client):
    assert make_turn(client, nothing, BEGAN + 86400).take()
    assert make_turn(client, nothing, BEGAN).take()


def test_the_lock_runs_out_by_itself(client):
    def work(turn):
        assert 0 < client.ttl(keys.turn_lock("sweep:koji")) <= 60

    make_turn(client, work, lock_for=60.0).take()
    assert not client.exists(keys.turn_lock("sweep:koji"))


def test_a_long_step_keeps_its_lock(client):
    """Another thread keeps it, since the worker's own waits for an upstream."""

    def work(turn):
        client.pexpire(keys.turn_lock("sweep:koji"), 500)
        keeper = threading.Thread(target=turn.keep)
        keeper.start()
        keeper.join()
        assert client.pttl(keys.turn_lock("sweep:koji")) > 50_000
        turn.advance(1)

    assert make_turn(client, work, lock_for=60.0).take()
    assert state_of(client, "sweep:koji")["position"] == "1"


def test_only_the_worker_whose_turn_it_is_keeps_the_lock(client):
    idle = make_turn(client, nothing, lock_for=60.0)

    def work(turn):
        client.pexpire(keys.turn_lock("sweep:koji"), 500)
        idle.keep()
        assert client.pttl(keys.turn_lock("sweep:koji")) <= 500

    idle.keep()
    assert not client.exists(keys.turn_lock("sweep:koji"))
    make_turn(client, work).take()


def waking(client, work):
    clock = Clock(BEGAN)
    return SharedWork(client, "sweep:koji", 300.0, work, clock), clock


def test_work_that_is_woken_is_due_at_once_and_then_again_after_its_interval(client):
    turn, clock = waking(client, nothing)
    assert turn.take()
    clock.now += 1
    assert not turn.take()
    turn.wake()
    assert (turn.take(), turn.take()) == (True, False)
    clock.now += 300
    assert turn.take()


def test_work_can_ask_to_be_done_again_soon(client):
    turn, clock = waking(client, lambda turn: turn.wake(30))
    assert turn.take()
    clock.now += 29
    assert not turn.take()
    clock.now += 1
    assert turn.take()


def test_work_that_is_woken_while_it_is_done_is_done_again_at_once(client):
    def work(turn):
        clock.now += 1
        turn.wake()
        turn.wake(30)

    turn, clock = waking(client, work)
    assert (turn.take(), turn.take()) == (True, True)
