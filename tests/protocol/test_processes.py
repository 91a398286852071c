"""The cache protocol among real processes, which are killed at any time: in the end all values are right."""

import json
import logging
import multiprocessing
import os
import random
import time

import pytest
import redis

from fedora_packages.cache.redis import connect
from fedora_packages.connectors.query import Queries
from fedora_packages.settings import Pace

from .world import (
    PACKAGES,
    PREFIX,
    RELEASES,
    SETTINGS,
    TOPIC,
    Bodhi,
    Koji,
    Store,
    check_all_is_well,
    consume,
    read_page,
    refill,
    replay,
    service_of,
)  # fmt: skip

#: Seconds of the storm, between two kills, between two messages, and the share of messages that the bus loses.
STORM, KILL_EVERY, CHANGE_EVERY, LOST = 20.0, 0.2, 0.01, 0.2

#: Claims of the dead run out quickly; those of the living are not renewed, since their work takes less.
PACE = Pace(lease=2, retry=0.05, retry_limit=0.2, recheck_delay=0, lagging_recheck_delay=0)

ROLES = ("reader", "reader", "reader", "refiller", "refiller", "consumer", "consumer", "replayer")
PANELS = (("koji.builds", ""), ("koji.notes", ""), *(("koji.files", branch) for branch in RELEASES))


class SharedWorld:
    """What is true, kept in another database of the same Redis, for all processes to see."""

    rows = 100  # messages on a page of the archive

    def __init__(self, url: str, seed: int):
        self.shared = redis.Redis.from_url(url.rpartition("/")[0] + "/1")
        self.random = random.Random(seed)
        self.connectors = {kind.name: kind(SETTINGS.connectors[kind.name], "test") for kind in (Koji, Bodhi)}
        self.connectors["koji"].world = self
        self.queries = Queries(self.connectors.values())
        self.clock = time.time

    @property
    def archive(self):
        return [json.loads(row) for row in self.shared.lrange("archive", 0, -1)]

    @property
    def truth(self):
        return {package: int(self.shared.hget("truth", package) or 0) for package in PACKAGES}

    def change(self) -> None:
        """Make something happen to a package, and send the message, which the bus may lose."""
        package = self.random.choice(PACKAGES)
        version = self.shared.hincrby("truth", package)
        message = {
            "topic": f"{PREFIX}.{TOPIC}",
            "msg": {"name": package, "versions": {package: version}, "instance": "primary"},
            "timestamp": time.time(),
            "msg_id": f"2026-{package}-{version}",
        }
        self.shared.rpush("archive", json.dumps(message))
        if self.random.random() > LOST:
            self.shared.rpush("bus", json.dumps(message))

    def answer(self, package: str, may_lag: bool) -> dict[str, int]:
        """Return what upstream says of a package; the answer may have been made long before it comes."""
        version = int(self.shared.hget("truth", package) or 0)
        multiprocessing.Event().wait(self.random.uniform(0, 0.05))
        return {"version": version}


def act(role: str, url: str, seed: int) -> None:
    """Be one of the processes, until killed."""
    logging.disable(logging.CRITICAL)
    world = SharedWorld(url, seed)
    service = service_of(world, connect(url), "web" if role == "reader" else "worker")
    idle = multiprocessing.Event()
    while os.getppid() != 1:
        if role == "reader":
            query, variant = world.random.choice(PANELS)
            read_page(service, service.queries[query], world.random.choice(PACKAGES), variant)
        elif role == "refiller":
            idle.wait(0 if refill(service, PACE) else 0.01)
        elif role == "consumer":
            rows = world.shared.lpop("bus", world.random.randint(1, 5))
            if rows:
                consume(service, [json.loads(row) for row in rows])
            idle.wait(0 if rows else 0.01)
        else:
            replay(service, world)
            idle.wait(0.2)
        world.shared.hincrby("done", role)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_processes_that_are_killed_at_any_moment_leave_nothing_wrong(client, redis_url, seed):
    world = SharedWorld(redis_url, seed)
    # Processes that begin at once: others would be killed before they have loaded their modules.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    started = 0

    def start(role):
        nonlocal started
        started += 1
        process = context.Process(target=act, args=(role, redis_url, seed * 1000 + started), daemon=True)
        process.start()
        return role, process

    processes = [start(role) for role in ROLES]
    pause = context.Event()
    try:
        end, next_kill = time.monotonic() + STORM, time.monotonic() + 2
        while time.monotonic() < end:
            world.change()
            pause.wait(CHANGE_EVERY)
            if time.monotonic() > next_kill:
                next_kill = time.monotonic() + KILL_EVERY
                number = world.random.randrange(len(processes))
                role, process = processes[number]
                process.kill()
                process.join()
                processes[number] = start(role)
    finally:
        for _, process in processes:
            process.kill()
            process.join()
    service = service_of(world, client, "worker")
    store = Store(client, service.queries)
    locks = store.locks()
    assert -1 not in locks.values(), f"locks without an expiry: {locks}"
    store.run_out_claims()
    assert replay(service, world)
    deadline = time.monotonic() + 30
    while service.queue.depth("koji") and time.monotonic() < deadline:
        pause.wait(0 if refill(service, PACE) else 0.01)
    done = {role: int(world.shared.hget("done", role) or 0) for role in ROLES}
    assert min(done.values()) >= 5, f"the storm was none: {done}"
    check_all_is_well(service, store, world.truth)
