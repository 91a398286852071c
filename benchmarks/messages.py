"""How many messages a second one worker invalidates for, and how soon: over the real bus, with real refills.

A burst of messages about builds that there are, so that refills find what the messages say.  Three times: to a hub whose
consumer only counts (the bus itself), to the worker with koji well (it refills meanwhile), to the worker with koji down and left
alone (the handler by itself).  Then so many a second for a while, for the time from received to invalidated.

    python -m benchmarks.messages [--messages 20000] [--packages 5000] [--rate 200] [--world FILE]
"""

import argparse
import itertools
import json
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import zmq

from benchmarks.counting import TOPIC
from benchmarks.fedora import Fedora, fedora
from benchmarks.measuring import WORLD, cpu_seconds, summary, table, wait_until
from fedora_packages.cache import keys
from fedora_packages.connectors.koji import BUILD_STATES
from fedora_packages.monitoring.health import CircuitHealth, health
from fedora_packages.monitoring.metrics import Durations, MetricName, total
from fedora_packages.sandbox.devserver import DevServer, module

QUERY = "koji.builds"
PREFIX = "org.fedoraproject.dev"

GOAL_RATE, GOAL_MS = 5000, 5.0


class Publisher:
    """A publisher of our own, whose messages are ready before they are sent."""

    def __init__(self) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._socket.setsockopt(zmq.SNDHWM, 0)
        self.endpoint = f"tcp://127.0.0.1:{self._socket.bind_to_random_port('tcp://127.0.0.1')}"
        self._numbers = itertools.count(1)

    def close(self) -> None:
        self._socket.close(0)
        self._context.term()

    def message(self, topic: str, body: Any) -> tuple[str, list[bytes]]:
        """Return a message's id and its frames."""
        identity, whole = f"2026-{uuid.uuid4()}", f"{PREFIX}.{topic}"
        envelope = {
            "topic": whole, "msg": body, "timestamp": round(time.time(), 6), "msg_id": identity, "i": next(self._numbers),
            "username": "benchmark",
        }  # fmt: skip
        return identity, [whole.encode(), json.dumps(envelope).encode()]

    def send(self, frames: list[bytes]) -> None:
        self._socket.send_multipart(frames)

    def ping(self) -> None:
        """Send a message that touches nothing."""
        self.send(self.message("benchmark.ping", {})[1])


def bodies(found: Fedora, packages: Sequence[str], count: int) -> list[dict[str, Any]]:
    """Return bodies of messages about builds that there are, in an order without a pattern."""
    service = found.site.service
    query = service.queries[QUERY]
    rows = []
    for package in packages:
        (reading,) = service.cache.read([(query.entry(package), "")])
        builds = reading.value["builds"]
        for build in itertools.islice(itertools.cycle(builds), -(-count // len(packages)) if builds else 0):
            state = BUILD_STATES.index(build["state"])
            rows.append({
                "name": package, "version": build["version"], "release": build["release"], "build_id": build["build_id"],
                "old": 0 if state else None, "new": state, "owner": build["owner"], "instance": "primary", "attribute": "state",
                "task_id": build["task_id"], "epoch": build["epoch"],
            })  # fmt: skip
    random.Random(len(rows)).shuffle(rows)
    return rows[:count]


def to_the_bare_bus(folder: Path, rows: Sequence[dict[str, Any]]) -> float:
    """Return the messages a second that a consumer which only counts is given; the worker does not hear them."""
    publisher = Publisher()
    devserver, ready, result = DevServer(folder), folder / "ready", folder / "result"
    part = devserver.start(
        "counting", *module("benchmarks.counting", publisher.endpoint, str(ready), str(result), str(len(rows)))
    )

    def pinged() -> bool:
        publisher.ping()
        return ready.exists()

    try:
        devserver.wait_for(part, pinged)
        frames = [publisher.message(TOPIC, row)[1] for row in rows]
        for one in frames:
            publisher.send(one)
        wait_until(result.exists, 120, what="all messages are counted")
        told = json.loads(result.read_text())
        return (told["count"] - 1) / (told["last"] - told["first"])
    finally:
        devserver.stop_all()
        publisher.close()


def burst(found: Fedora, publisher: Publisher, rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Send messages as fast as the bus takes them; returns how fast they were dealt with, from the first to the last."""
    client, worker = found.site.service.client, found.site.worker
    frames = [publisher.message(TOPIC, row)[1] for row in rows]
    before, cpu = int(client.hget(keys.OUTCOMES, "handled") or 0), cpu_seconds(worker)
    begun = time.perf_counter()
    for one in frames:
        publisher.send(one)
    sent = time.perf_counter() - begun
    seen: list[tuple[float, int]] = []
    while not seen or seen[-1][1] < len(rows):
        count = int(client.hget(keys.OUTCOMES, "handled") or 0) - before
        if count and (not seen or count > seen[-1][1]):
            seen.append((time.perf_counter(), count))
        if time.perf_counter() - begun > 300:
            break
        # Often enough to see a rate of thousands a second begin and end.
        time.sleep(0.003)
    (first, there), (last, count) = seen[0], seen[-1]
    return {
        "rate": (count - there) / (last - first),
        "whole": count / (last - begun),
        "handled": count,
        "seconds_to_send": sent,
        "cpu": (cpu_seconds(worker) - cpu) / (last - begun),
    }


def paced(found: Fedora, publisher: Publisher, rows: Sequence[dict[str, Any]], rate: float) -> dict[str, Any]:
    """Send messages at a rate; returns how soon each entry was being invalidated, and what the worker says of itself."""
    service = found.site.service
    query = service.queries[QUERY]
    before = total(service.client).durations(MetricName.RECEIVED_TO_INVALIDATED)
    sent, begun = [], time.monotonic()
    for number, row in enumerate(rows):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        identity, frames = publisher.message(TOPIC, row)
        sent.append((row["name"], identity, time.time()))
        publisher.send(frames)

    def told_so_far() -> Durations:
        return total(service.client).durations(MetricName.RECEIVED_TO_INVALIDATED)

    wait_until(lambda: told_so_far().count >= before.count + len(rows), 30, what="the worker has told of all messages")
    after = told_so_far()
    spent = Durations(
        tuple(now - then for now, then in zip(after.buckets, before.buckets, strict=True)), after.sum - before.sum
    )
    delays = []
    for package, identity, moment in sent:
        why = json.loads(service.client.hget(query.entry(package).key, "why"))
        if why["event"]["id"] == identity:
            delays.append(why["at"] - moment)
    told = {name: 1000 * (spent.percentile(share) or 0.0) for name, share in (("p50", 0.5), ("p99", 0.99))}
    return {
        "sent": summary(delays),
        "received": {**told, "mean": 1000 * spent.sum / max(spent.count, 1), "count": spent.count},
    }


def rest(found: Fedora) -> None:
    """Wait until nothing is queued."""
    wait_until(lambda: not found.site.service.queue.depth("koji"), 300, what="koji's queue is empty")


def leave_koji_alone(found: Fedora, publisher: Publisher, rows: Sequence[dict[str, Any]]) -> None:
    """Have koji fail until the worker leaves it alone for a while."""
    found.site.fault("koji", fail=503)
    for row in rows[:50]:
        publisher.send(publisher.message(TOPIC, row)[1])
    wait_until(lambda: any(circuit.is_open for circuit in _circuits(found)), 60, what="koji is left alone")


def _circuits(found: Fedora) -> Sequence[CircuitHealth]:
    service = found.site.service
    state = health(
        service.client,
        service.queries,
        service.connectors,
        service.queue,
        service.index,
        service.metrics,
        time.time(),
    )
    return next(row.circuits for row in state.upstreams if row.name == "koji")


def measure(found: Fedora, publisher: Publisher, given: argparse.Namespace, folder: Path) -> None:
    """Measure, and print each figure as it comes."""
    before = found.outcomes()

    def pinged() -> bool:
        publisher.ping()
        return found.outcomes() > before

    wait_until(pinged, 30, what="the worker listens to us")
    packages = random.Random(0).sample(list(found.names), given.packages)
    print(f"caching the builds of {len(packages)} packages …", flush=True)
    found.fill(QUERY, packages)
    rows = bodies(found, packages, given.messages)
    bare = to_the_bare_bus(folder / "bare", rows)
    well = burst(found, publisher, rows)
    rest(found)
    leave_koji_alone(found, publisher, rows)
    alone = burst(found, publisher, rows)
    found.site.reset_faults()
    rest(found)
    again = to_the_bare_bus(folder / "again", rows)
    distinct = list({row["name"]: row for row in rows}.values())[: int(given.rate * given.seconds)]
    told = paced(found, publisher, distinct, given.rate)
    print(f"\n{len(rows)} messages about builds of {len(packages)} packages, as fast as the bus takes them\n")
    print(table([
        ("", "messages/s", "of the bus", "handled", "processor", "messages/s of processor"),
        ("a consumer that only counts, before", bare, "", "", "", ""),
        ("a consumer that only counts, after", again, "", "", "", ""),
        *(
            (
                what, row["rate"], f"{row['rate'] / max(bare, again):.2f}", row["handled"], f"{row['cpu']:.2f}",
                row["rate"] / row["cpu"],
            )
            for what, row in (("the worker, refilling meanwhile", well), ("the worker, koji left alone", alone))
        ),
    ]))  # fmt: skip
    print(f"\ngoal {GOAL_RATE}/s: {'met' if well['rate'] >= GOAL_RATE else 'missed'} with refills, "
          f"{'met' if alone['rate'] >= GOAL_RATE else 'missed'} without")  # fmt: skip
    print(f"\nat {given.rate:g}/s: sent to being invalidated {told['sent']} ms")
    print(f"at {given.rate:g}/s: received to invalidated, to a bucket: p50 {told['received']['p50']:g} ms, "
          f"p99 {told['received']['p99']:g} ms, mean {told['received']['mean']:.2f} ms of {told['received']['count']}; "
          f"goal p99 < {GOAL_MS:g} ms: {'met' if told['received']['p99'] < GOAL_MS else 'missed'}")  # fmt: skip


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.messages", description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--packages", type=int, default=5000, help="packages that the messages are about")
    parser.add_argument("--rate", type=float, default=200.0, help="messages per second of the second part")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds that the second part lasts")
    parser.add_argument("--world", type=Path, default=WORLD, help="a file of packages")
    given = parser.parse_args()
    if not given.world.exists():
        print(f"messages: nothing was measured, since there is no file of packages {given.world}")
        return 0
    publisher = Publisher()
    with tempfile.TemporaryDirectory() as folder:
        try:
            with fedora(Path(folder) / "site", given.world, print, [publisher.endpoint]) as found:
                measure(found, publisher, given, Path(folder))
        finally:
            publisher.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
