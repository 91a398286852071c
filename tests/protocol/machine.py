"""The state machine: readers, refillers, consumers and replays in any order of their steps, and failures in between."""

from collections.abc import Callable
from functools import partial
from typing import Any

import redis
from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from fedora_packages.worker.handler import Handler

from .stepping import DIE, FAIL, GO, LOSE_REPLY, Actor
from .world import (
    KNOWN,
    PACKAGES,
    RELEASES,
    Store,
    World,
    check_all_is_well,
    check_now,
    consume,
    may_change_entries,
    read_page,
    read_uncached,
    refill,
    replay,
    service_of,
    value_in,
)

#: Actors at a time.
ACTORS = 5

#: Steps after which an actor that has not ended never will, and refills after which a queue will never be empty.
STEPS_LIMIT = 2000
REFILLS_LIMIT = 300

#: How far an actor goes at once: a number of steps, to its request, to the upstream's answer, or to the end.
ASKED, ANSWERED, END = "asking", "being answered", "the end"

#: How far, and what happens there.
WAYS = st.tuples(
    st.sampled_from([1, 2, 3, 4, 5, 8, ASKED, ANSWERED, ANSWERED, END, END, END]),
    st.sampled_from([GO, GO, GO, GO, DIE, DIE, LOSE_REPLY, FAIL]),
)
WHOLE = (END, GO)

#: What a page reads; and of which packages, one more often than others, so that actors meet.
PANELS = (
    ("koji.builds", ""),
    ("koji.builds", ""),
    ("koji.notes", ""),
    *(("koji.files", branch) for branch in RELEASES),
)
NAMES = ("guake", "guake", "guake", "vim", "unlisted")
CHANGES = (("guake",), ("guake",), ("guake",), ("vim",), ("unlisted",), KNOWN, PACKAGES)


def upstream_goes_down(machine: "Protocol") -> None:
    machine.world.is_down = True


def upstream_comes_up(machine: "Protocol") -> None:
    machine.world.is_down = False


def a_minute_passes(machine: "Protocol") -> None:
    machine.world.pass_time(10)


def an_hour_passes(machine: "Protocol") -> None:
    machine.world.pass_time(3600)


def claims_and_locks_run_out(machine: "Protocol") -> None:
    machine.store.run_out_claims()
    machine.store.run_out_locks()


def a_package_is_looked_at(machine: "Protocol") -> None:
    machine.service.queue.viewed(["guake"])


def redis_is_copied(machine: "Protocol") -> None:
    machine.copied = (machine.store.copy(), dict(machine.invalidated), set(machine.warm))


def redis_restarts(machine: "Protocol") -> None:
    machine.restart(None, machine.invalidated, machine.warm)


def redis_restarts_with_nothing(machine: "Protocol") -> None:
    # Whatever began before has nowhere to go to.
    machine.restart({}, dict.fromkeys(machine.store.entries, machine.world.tick), set())


def redis_restarts_with_older_data(machine: "Protocol") -> None:
    if machine.copied is not None:
        machine.restart(*machine.copied)


FAILURES = (
    upstream_goes_down, upstream_comes_up, a_minute_passes, an_hour_passes, claims_and_locks_run_out,
    claims_and_locks_run_out, a_package_is_looked_at, redis_is_copied, redis_restarts, redis_restarts_with_nothing,
    redis_restarts_with_older_data,
)  # fmt: skip


def one_of_its(attribute: str) -> st.SearchStrategy:
    """Return a strategy that draws from an attribute of the machine that runs."""
    return st.runner().flatmap(lambda machine: st.sampled_from(getattr(machine, attribute)))


class Protocol(RuleBasedStateMachine):
    """The cache, and all who use it at once.

    ``sabotage`` gets each service that is made, and may break it; ``handler`` is the class that handles messages.
    """

    panels = PANELS
    names = NAMES
    changes = CHANGES
    failures = FAILURES

    def __init__(
        self,
        client: redis.Redis,
        sabotage: Callable[[Any], Any] = lambda service: service,
        handler: type[Handler] = Handler,
    ):
        super().__init__()
        client.flushall()
        self.client = client
        self.sabotage = sabotage
        self.handler = handler
        self.world = World()
        self.service = service_of(self.world, client, "worker")
        self.store = Store(client, self.service.queries)
        self.store.load_scripts()
        self.actors: list[Actor] = []
        self.started = 0
        self.bus: list[Any] = []  # messages that were sent and not brought yet
        self.copied: tuple[Any, ...] | None = None
        self.kept = self.store.kept()
        self.invalidated = dict.fromkeys(self.store.entries, -1)  # at which tick the newest invalidation was done
        self.warm: set[Any] = set()  # (entry, variant) that had a value since Redis lost its data

    @initialize(is_warm=st.booleans())
    def it_begins(self, is_warm):
        if is_warm:
            for panel in dict.fromkeys(self.panels):
                self.a_page_is_read(panel, "guake", read_page, WHOLE)

    # What begins.

    @rule(
        panel=one_of_its("panels"), package=one_of_its("names"),
        how=st.sampled_from([read_page, read_page, check_now, read_uncached]), way=WAYS,
    )  # fmt: skip
    def a_page_is_read(self, panel, package, how, way):
        service = self._process("web")
        query = service.queries[panel[0]]
        self._start(f"{how.__name__} {panel} of {package}", partial(how, service, query, package, panel[1]), way)

    @rule(way=WAYS)
    def a_refill_begins(self, way):
        self._start("refill", partial(refill, self._process("worker")), way)

    @rule(way=WAYS)
    def another_refill_begins(self, way):
        self.a_refill_begins(way)

    @precondition(lambda self: self.bus)
    @rule(first=st.integers(0, 5), count=st.integers(1, 3), stays=st.booleans(), way=WAYS)
    def messages_are_brought(self, first, count, stays, way):
        first %= len(self.bus)
        messages = self.bus[first : first + count]
        if not stays:
            del self.bus[first : first + count]
        self._start("consumer", partial(consume, self._process("worker"), messages, self.handler), way)

    @rule(way=WAYS)
    def a_replay_begins(self, way):
        self._start("replay", partial(replay, self._process("worker"), self.world), way)

    # What goes on, and ends.

    @precondition(lambda self: self.actors)
    @rule(number=st.integers(0, ACTORS - 1), way=WAYS)
    def an_actor_goes_on(self, number, way):
        self._go_on(self._actor(number), way)

    @precondition(lambda self: self.actors)
    @rule(number=st.integers(0, ACTORS - 1), way=WAYS)
    def another_actor_goes_on(self, number, way):
        self.an_actor_goes_on(number, way)

    # What happens.

    @rule(packages=one_of_its("changes"), lags=st.booleans(), is_late=st.booleans(), is_lost=st.booleans(), way=WAYS)
    def something_happens(self, packages, lags, is_late, is_lost, way):
        self.bus.append(self.world.change(packages, lags, is_late))
        if is_lost:
            del self.bus[-1]
        else:
            self.messages_are_brought(-1, 1, True, way)

    @rule(what=one_of_its("failures"))
    def something_breaks(self, what):
        what(self)

    # What must be true.

    def teardown(self):
        try:
            for actor in list(self.actors):
                self._go_on(actor, WHOLE)
            self._come_to_rest()
            check_all_is_well(self.service, self.store, self.world.truth, self.warm)
        finally:
            self._end_all()

    def _come_to_rest(self) -> None:
        """Recover the world, replay missed messages, and do all queued jobs."""
        self.world.recover()
        locks = self.store.locks()
        assert -1 not in locks.values(), f"locks without an expiry: {locks}"
        self.store.run_out_locks()
        self.store.run_out_claims()
        service = self._process("worker")
        assert replay(service, self.world), "the archive cannot be read although all is well"
        self._observe()
        self.world.tick += 1
        for _ in range(REFILLS_LIMIT):
            if not refill(service):
                break
            self._observe()
            self.world.tick += 1

    def _observe(self) -> None:
        """Check what one step did: no value was stored whose fetch had begun before the newest invalidation."""
        before, self.kept = self.kept, self.store.kept()
        for entry, kept in self.kept.items():
            known = before[entry]
            if kept.generation != known.generation and known.generation is not None:
                self.invalidated[entry] = self.world.tick
            for variant, data in kept.current.items():
                self.warm.add((entry, variant))
                if data != known.current.get(variant):
                    fetch = value_in(data)["fetch"]
                    assert fetch not in self.world.uncached, f"{entry} {variant!r}: the answer of a page without Redis"
                    begun = self.world.begun[fetch]
                    assert begun > self.invalidated[entry], (
                        f"{entry} {variant!r}: the fetch began at {begun}, the invalidation came at {self.invalidated[entry]}"
                    )

    # How.

    def _process(self, by: str) -> Any:
        return self.sabotage(service_of(self.world, self.client, by))

    def _start(self, name: str, code: Callable[[], Any], way: tuple[int | str, str]) -> None:
        if len(self.actors) >= ACTORS:
            self._go_on(self.actors[0], WHOLE)
        self.started += 1
        actor = Actor(f"{name}, {self.started}", code)
        self.actors.append(actor)
        self._go_on(actor, way)

    def _actor(self, number: int) -> Actor:
        return self.actors[number % len(self.actors)]

    def _go_on(self, actor: Actor, way: tuple[int | str, str]) -> None:
        far, command = way
        for _ in range(far if isinstance(far, int) else STEPS_LIMIT):
            if not actor.is_done:
                self._step(actor)
            if actor.is_done:
                return
            if isinstance(far, str) and far in actor.at:
                break
        else:
            assert isinstance(far, int), f"{actor!r} never ends"
        if command != GO:
            self._step(actor, command)

    def _step(self, actor: Actor, command: str = GO) -> None:
        did = actor.step(command)
        if actor.is_done:
            self.actors.remove(actor)
        if currently_in_test_context():
            note(f"  {actor.name}: {command}: {did}")
        if may_change_entries(did):
            self._observe()
        self.world.tick += 1

    def restart(self, copy: Any, invalidated: dict[Any, int], warm: set[Any]) -> None:
        """Restart Redis, with all its data or with a copy, of which ``invalidated`` and ``warm`` are known.

        Connections break.  Only an actor that waits for an upstream does not notice: its client connects again.
        """
        self.store.restart(copy)
        self.invalidated, self.warm = dict(invalidated), set(warm)
        self.kept = self.store.kept()
        for actor in self.actors:
            actor.is_cut = not actor.at.startswith((ASKED, ANSWERED))

    def _end_all(self) -> None:
        for actor in self.actors:
            if not actor.is_done:
                actor.step(DIE)


class Narrow(Protocol):
    """The same about one package and without failures of Redis: its actors meet more often."""

    panels = (("koji.builds", ""), ("koji.builds", ""), ("koji.files", "f45"))
    names = ("guake",)
    changes = (("guake",),)
    failures = (upstream_goes_down, upstream_comes_up, claims_and_locks_run_out)
