"""The cache protocol: in any order of events and failures, all values are the upstream's once all is quiet.

The second half tests the first: with one of the protocol's rules broken, the same state machine must fail.
"""

import hashlib
import logging
from dataclasses import replace

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from fedora_packages.cache import keys
from fedora_packages.cache import redis as redis_server
from fedora_packages.cache.fill_types import Policy
from fedora_packages.cache.queue import Claim
from fedora_packages.worker.handler import Handler

from .machine import (
    ANSWERED,
    WHOLE,
    Narrow,
    Protocol,
    an_hour_passes,
    redis_is_copied,
    redis_restarts_with_older_data,
)  # fmt: skip
from .stepping import DIE, GO, RUN_KEY, stepped_client
from .world import LAG, check_now, read_page, read_uncached

BUILDS = ("koji.builds", "")

#: Reproducible, and as much as fits into a quick suite.
QUICK = hypothesis.settings(
    max_examples=15, stateful_step_count=25, derandomize=True, database=None, deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck), print_blob=False,
)  # fmt: skip

#: Many more, the same each time: what is found by chance must not depend on whose change it hits.
THOROUGH = hypothesis.settings(QUICK, max_examples=500, stateful_step_count=40)

#: One failure is enough, whatever is the shortest way to it.
SABOTAGED = hypothesis.settings(
    QUICK, max_examples=3000, stateful_step_count=15, phases=(hypothesis.Phase.generate,), report_multiple_bugs=False
)


def change_scripts(monkeypatch, part, by, only=None):
    """Replace a part of all scripts, or of one."""
    really = redis_server.script

    def changed(name):
        return really(name).replace(part, by) if name == (only or name) else really(name)

    monkeypatch.setattr(redis_server, "script", changed)
    monkeypatch.setattr(redis_server, "script_digest", lambda name: hashlib.sha1(changed(name).encode()).hexdigest())


@pytest.fixture
def stepped(redis_url, caplog, monkeypatch):
    """A client of an empty Redis whose commands are steps, and that can be made to look restarted."""
    change_scripts(monkeypatch, "redis.call('INFO', 'server')", f"redis.call('GET', '{RUN_KEY}')")
    # Everything goes wrong here, on purpose and all the time.
    caplog.set_level(logging.CRITICAL, "fedora_packages")
    found = stepped_client(redis_url)
    yield found
    found.flushall()
    found.close()


def test_whatever_happens_all_that_is_cached_is_right_in_the_end(stepped):
    run_state_machine_as_test(lambda: Protocol(stepped), settings=QUICK)


@pytest.mark.slow
def test_whatever_else_happens_all_that_is_cached_is_right_in_the_end(stepped):
    run_state_machine_as_test(lambda: Protocol(stepped), settings=THOROUGH)


# What the machine has found once, step by step.


def before(script):
    """Return where an actor stops that is about to run a script."""
    return redis_server.script_digest(script)


def happens(machine, *packages, lags=False, way=WHOLE, is_lost=False):
    machine.something_happens(packages or ("guake",), lags, False, is_lost, way)


def refills(machine):
    """Do all that is queued."""
    for _ in range(10):
        machine.a_refill_begins(WHOLE)


def no_client_notices(machine):
    """Let all connections seem well: a client that is idle when Redis restarts just connects again."""
    for actor in machine.actors:
        actor.is_cut = False


def duplicate_whose_handler_dies(machine):
    """A message comes twice; the second time its handler dies."""
    happens(machine)
    refills(machine)
    machine.messages_are_brought(0, 1, False, (before("invalidate"), DIE))


def two_handlers_of_one_message(machine):
    """Two have a message at the same time; one is done, refills and all, and then the other takes the value out, and dies."""
    happens(machine, way=(before("invalidate"), GO))
    machine.messages_are_brought(0, 1, True, WHOLE)
    refills(machine)
    machine.an_actor_goes_on(0, (before("handled"), DIE))


def unlisted_package_whose_handler_dies(machine):
    """The same about a package that the index does not know, the first time already."""
    machine.a_page_is_read(BUILDS, "unlisted", read_page, WHOLE)
    happens(machine, "unlisted", way=(before("handled"), DIE))


def comparison_with_a_replica_that_lags(machine):
    """A check of an entry that waits for its refill gets its answer from a replica that does not know the event yet."""
    happens(machine, lags=True)
    machine.a_page_is_read(BUILDS, "guake", check_now, (ANSWERED, GO))
    machine.world.behind.clear()
    refills(machine)
    machine.an_actor_goes_on(0, WHOLE)


def fallback_of_redis_under_a_consumer(machine):
    """Redis falls back to older data before a consumer notes what it has done; its client just connects again."""
    redis_is_copied(machine)
    happens(machine, way=(before("handled"), GO))
    assert machine.actors, "a message is not noted by a step of its own any more"
    redis_restarts_with_older_data(machine)
    no_client_notices(machine)


def fallback_of_redis_under_a_replay(machine):
    """The same while a replay waits for the archive, and has its mark to move."""
    machine.a_replay_begins(WHOLE)
    redis_is_copied(machine)
    happens(machine, is_lost=True)
    an_hour_passes(machine)
    machine.a_replay_begins((before("high_water_mark"), GO))
    assert machine.actors, "the mark is not moved by a step of its own any more"
    redis_restarts_with_older_data(machine)
    no_client_notices(machine)
    machine.an_actor_goes_on(0, WHOLE)
    an_hour_passes(machine)


@pytest.mark.parametrize(
    "story",
    [
        duplicate_whose_handler_dies,
        two_handlers_of_one_message,
        unlisted_package_whose_handler_dies,
        comparison_with_a_replica_that_lags,
        fallback_of_redis_under_a_consumer,
        fallback_of_redis_under_a_replay,
    ],
    ids=lambda story: story.__name__,
)
def test_it_ends_well(stepped, story):
    tell(Protocol(stepped), story)


def tell(machine, story):
    """Have a machine do a story and check how it ends."""
    machine.it_begins(True)
    try:
        story(machine)
    finally:
        machine.teardown()


# With one of the rules broken.


@pytest.fixture
def is_found(stepped):
    """Fails unless the state machine says that something is wrong with services that are broken, when it does a story."""

    def run(error, story, sabotage=lambda service: service, handler=Handler):
        with pytest.raises(AssertionError, match=error):
            tell(Protocol(stepped, sabotage, handler), story)

    return run


@pytest.fixture
def is_found_by_chance(stepped):
    """The same, and it must hit on the story."""

    def run(error, sabotage=lambda service: service, handler=Handler):
        with pytest.raises(AssertionError, match=error):
            run_state_machine_as_test(lambda: Narrow(stepped, sabotage, handler), settings=SABOTAGED)

    return run


@pytest.fixture
def changed_script(stepped, monkeypatch):
    """Replaces a part of one script."""

    def change(name, part, by):
        assert part in redis_server.script(name), f"{name}.lua has changed: what is to be broken in it is gone"
        change_scripts(monkeypatch, part, by, name)

    return change


def queue_before_invalidating(service):
    """As in 2015."""
    add_invalidations = service.cache.add_invalidations

    def queue_and_invalidate(pipe, taken):
        for one in taken:
            service.queue_refill(one.entry)
        add_invalidations(pipe, taken)

    service.cache.add_invalidations, service.queue.add_all = queue_and_invalidate, lambda pipe, jobs: None
    return service


def end_claims_before_storing(service):
    claim = service.queue.claim

    def claim_and_end(*arguments):
        claimed = claim(*arguments)
        if isinstance(claimed, Claim):
            service.queue.acknowledge(claimed)
        return claimed

    service.queue.claim = claim_and_end
    return service


def acknowledge_instead_of_rechecking(service):
    requeue = service.queue.requeue

    def requeue_unless_stored(claim, *arguments, is_fresh=False, **more):
        return service.queue.acknowledge(claim) if is_fresh else requeue(claim, *arguments, **more)

    service.queue.requeue = requeue_unless_stored
    return service


def take_answers_for_reflected(service):
    fill = service.cache.fill
    service.cache.fill = lambda source, policy, opened=None: fill(replace(source, reflects=None), policy, opened)
    return service


class NotesBeforeHandling(Handler):
    def __init__(self, client, *arguments):
        super().__init__(client, *arguments)
        self.client = client

    def handle_batch(self, messages, received=None):
        with redis_server.redis_errors():
            self.client.zadd(keys.HANDLED, {message["msg_id"]: message["timestamp"] for message in messages})
        return super().handle_batch(messages, received)


def answers_without_redis_are_stored(service):
    fill = service.cache.fill

    def fill_and_store(source, policy, opened=None):
        if policy is Policy.UNCACHED:
            # What is stored is what the page shows.
            shown = fill(source, policy)
            fill(replace(source, fetch=lambda: shown.after.value, reflects=None), Policy.CHECK)
            return shown
        return fill(source, policy, opened)

    service.cache.fill = fill_and_store
    return service


def page_that_is_superseded(machine):
    happens(machine)
    machine.a_page_is_read(BUILDS, "guake", read_page, (ANSWERED, GO))
    happens(machine)
    machine.an_actor_goes_on(0, WHOLE)


def refill_that_is_superseded(machine):
    happens(machine)
    machine.a_refill_begins((ANSWERED, GO))
    happens(machine)
    machine.an_actor_goes_on(0, WHOLE)


def check_that_is_superseded(machine):
    machine.a_page_is_read(BUILDS, "guake", check_now, (ANSWERED, GO))
    happens(machine)
    machine.an_actor_goes_on(0, WHOLE)


def page_without_redis(machine):
    machine.a_page_is_read(BUILDS, "guake", read_uncached, WHOLE)
    happens(machine)
    machine.a_page_is_read(BUILDS, "guake", read_uncached, WHOLE)


def replica_that_lags_for_long(machine):
    """A replica lags until the worker has stored its answer, and has rechecked that one once."""
    happens(machine, lags=True)
    for _ in range(LAG + 2):
        machine.a_refill_begins(WHOLE)


def consumer_that_is_superseded(machine):
    happens(machine, way=(before("invalidate"), GO))
    refills(machine)


def consumer_that_dies(machine):
    happens(machine, way=(before("invalidate"), DIE))


def refill_that_dies(machine):
    happens(machine)
    machine.a_refill_begins((ANSWERED, DIE))


def replica_that_lags(machine):
    happens(machine, lags=True)
    refills(machine)


STORED = ("store", "if redis.call('HGET', KEYS[1], 'gen') ~= ARGV[1] then", "if false then")
CLAIMED = ("queue_claim", "redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)", "{}")


@pytest.mark.parametrize("story", [page_that_is_superseded, refill_that_is_superseded, check_that_is_superseded])
def test_it_is_found_out_if_a_fill_is_stored_whatever_its_generation(is_found, changed_script, story):
    changed_script(*STORED)
    is_found("the fetch began at", story)


def test_it_is_found_out_if_the_answer_of_a_page_without_redis_is_stored(is_found):
    is_found("the answer of a page without Redis", page_without_redis, answers_without_redis_are_stored)


def test_it_is_found_out_if_a_stored_answer_that_lags_is_not_rechecked(is_found):
    is_found("stale forever", replica_that_lags_for_long, acknowledge_instead_of_rechecking)


def test_it_is_found_out_if_an_entry_is_queued_before_it_is_invalidated(is_found):
    is_found("cold forever", consumer_that_is_superseded, queue_before_invalidating)


def test_it_is_found_out_if_a_message_is_noted_as_handled_before_it_is(is_found):
    is_found("stale forever", consumer_that_dies, handler=NotesBeforeHandling)


def test_it_is_found_out_if_a_claim_ends_before_its_value_is_stored(is_found):
    is_found("cold forever", refill_that_dies, end_claims_before_storing)


def test_it_is_found_out_if_the_claims_of_the_dead_are_not_taken_again(is_found, changed_script):
    changed_script(*CLAIMED)
    is_found("the queue is never empty", refill_that_dies)


@pytest.mark.parametrize(
    ("script", "story"),
    [("handled", fallback_of_redis_under_a_consumer), ("high_water_mark", fallback_of_redis_under_a_replay)],
)
def test_it_is_found_out_if_a_restart_of_redis_is_not_detected(is_found, changed_script, script, story):
    changed_script(script, "if not string.find(", "if false and string.find(")
    is_found("stale forever", story)


def test_it_is_found_out_if_lagging_answers_are_taken_for_current_ones(is_found):
    is_found("stale forever", replica_that_lags, take_answers_for_reflected)


@pytest.mark.parametrize(
    "story",
    [
        page_that_is_superseded,
        refill_that_is_superseded,
        check_that_is_superseded,
        page_without_redis,
        consumer_that_is_superseded,
        consumer_that_dies,
        refill_that_dies,
        replica_that_lags,
        replica_that_lags_for_long,
    ],
    ids=lambda story: story.__name__,
)
def test_with_no_rule_broken_the_same_ends_well(stepped, story):
    tell(Protocol(stepped), story)


@pytest.mark.slow
def test_chance_finds_a_fill_that_is_stored_whatever_its_generation(is_found_by_chance, changed_script):
    changed_script(*STORED)
    is_found_by_chance("the fetch began at|stale forever")


@pytest.mark.slow
@pytest.mark.parametrize("sabotage", [queue_before_invalidating, end_claims_before_storing])
def test_chance_finds_what_ends_cold(is_found_by_chance, sabotage):
    is_found_by_chance("cold forever", sabotage)


@pytest.mark.slow
def test_chance_finds_a_message_that_is_noted_as_handled_before_it_is(is_found_by_chance):
    is_found_by_chance("stale forever", handler=NotesBeforeHandling)


@pytest.mark.slow
def test_chance_finds_claims_that_are_not_taken_again(is_found_by_chance, changed_script):
    changed_script(*CLAIMED)
    is_found_by_chance("the queue is never empty|cold forever")


@pytest.mark.slow
def test_chance_finds_that_lagging_answers_are_taken_for_current_ones(is_found_by_chance):
    is_found_by_chance("stale forever", take_answers_for_reflected)
