"""Measure a worker's throughput of messages and the time to invalidation, over the real bus with real refills.

Sends a burst of messages about existing builds, so that refills find what the messages announce.  The burst goes to a hub whose
consumer only counts (the bus itself), to a worker that refills meanwhile, and to a worker whose circuit of Koji is open (the
handler by itself).  Then messages at a fixed rate measure the time from received to invalidated.

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
    """A publisher whose messages are encoded before they are sent."""

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
        """Send a message that affects no entry."""
        self.send(self.message("benchmark.ping", {})[1])


def bodies(found: Fedora, packages: Sequence[str], count: int) -> list[dict[str, Any]]:
    """Return bodies of messages about existing builds, in random order."""
    service = found.site.service
    query = service.queries[QUERY]
    rows = []
    for package in packages:
        (cached,) = service.cache.read([(query.entry(package), "")])
        builds = cached.value["builds"]
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
    """Return the messages a second that a counting consumer receives; the worker does not receive them."""
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
        wait_until(result.exists, 120, what="the count of all messages")
        counted = json.loads(result.read_text())
        return (counted["count"] - 1) / (counted["last"] - counted["first"])
    finally:
        devserver.stop_all()
        publisher.close()


def burst(found: Fedora, publisher: Publisher, rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Send messages as fast as the bus takes them, and return the rate at which they were handled."""
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
    """Send messages at a fixed rate, and return the time to each invalidation, and the worker's own measurement."""
    service = found.site.service
    query = service.queries[QUERY]
    before = total(service.client).durations(MetricName.RECEIVED_TO_INVALIDATED)
    sent, begun = [], time.monotonic()
    for number, row in enumerate(rows):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        identity, frames = publisher.message(TOPIC, row)
        sent.append((row["name"], identity, time.time()))
        publisher.send(frames)

    def received_so_far() -> Durations:
        return total(service.client).durations(MetricName.RECEIVED_TO_INVALIDATED)

    wait_until(lambda: received_so_far().count >= before.count + len(rows), 30, what="the metrics of all messages")
    after = received_so_far()
    spent = Durations(
        tuple(now - then for now, then in zip(after.buckets, before.buckets, strict=True)), after.sum - before.sum
    )
    delays = []
    for package, identity, sent_at in sent:
        why = json.loads(service.client.hget(query.entry(package).key, "why"))
        if why["event"]["id"] == identity:
            delays.append(why["at"] - sent_at)
    percentiles = {name: 1000 * (spent.percentile(share) or 0.0) for name, share in (("p50", 0.5), ("p99", 0.99))}
    return {
        "sent": summary(delays),
        "received": {**percentiles, "mean": 1000 * spent.sum / max(spent.count, 1), "count": spent.count},
    }


def wait_for_queue(found: Fedora) -> None:
    """Wait until Koji's queue is empty."""
    wait_until(lambda: not found.site.service.queue.depth("koji"), 300, what="an empty queue of Koji")


def open_circuit(found: Fedora, publisher: Publisher, rows: Sequence[dict[str, Any]]) -> None:
    """Let Koji fail until the worker's circuit is open."""
    found.site.fault("koji", fail=503)
    for row in rows[:50]:
        publisher.send(publisher.message(TOPIC, row)[1])
    wait_until(lambda: any(circuit.is_open for circuit in _circuits(found)), 60, what="an open circuit of Koji")


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
    """Measure, and print the results."""
    before = found.outcomes()

    def pinged() -> bool:
        publisher.ping()
        return found.outcomes() > before

    wait_until(pinged, 30, what="the worker to receive our messages")
    packages = random.Random(0).sample(list(found.names), given.packages)
    print(f"caching the builds of {len(packages)} packages …", flush=True)
    found.fill(QUERY, packages)
    rows = bodies(found, packages, given.messages)
    bare = to_the_bare_bus(folder / "bare", rows)
    refilling = burst(found, publisher, rows)
    wait_for_queue(found)
    open_circuit(found, publisher, rows)
    circuit_open = burst(found, publisher, rows)
    found.site.reset_faults()
    wait_for_queue(found)
    again = to_the_bare_bus(folder / "again", rows)
    distinct = list({row["name"]: row for row in rows}.values())[: int(given.rate * given.seconds)]
    at_rate = paced(found, publisher, distinct, given.rate)
    print(f"\n{len(rows)} messages about builds of {len(packages)} packages, as fast as the bus takes them\n")
    print(table([
        ("", "messages/s", "of the bus", "handled", "CPU", "messages/s of CPU"),
        ("a consumer that only counts, before", bare, "", "", "", ""),
        ("a consumer that only counts, after", again, "", "", "", ""),
        *(
            (
                what, row["rate"], f"{row['rate'] / max(bare, again):.2f}", row["handled"], f"{row['cpu']:.2f}",
                row["rate"] / row["cpu"],
            )
            for what, row in (("the worker, refilling meanwhile", refilling), ("the worker, circuit of Koji open", circuit_open))
        ),
    ]))  # fmt: skip
    print(f"\ngoal {GOAL_RATE}/s: {'met' if refilling['rate'] >= GOAL_RATE else 'missed'} with refills, "
          f"{'met' if circuit_open['rate'] >= GOAL_RATE else 'missed'} without")  # fmt: skip
    print(f"\nat {given.rate:g}/s: sent to being invalidated {at_rate['sent']} ms")
    print(f"at {given.rate:g}/s: received to invalidated, to a bucket: p50 {at_rate['received']['p50']:g} ms, "
          f"p99 {at_rate['received']['p99']:g} ms, mean {at_rate['received']['mean']:.2f} ms of {at_rate['received']['count']}; "
          f"goal p99 < {GOAL_MS:g} ms: {'met' if at_rate['received']['p99'] < GOAL_MS else 'missed'}")  # fmt: skip


def main() -> int:
    """Run the benchmark and print its results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.messages", description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--packages", type=int, default=5000, help="packages that the messages are about")
    parser.add_argument("--rate", type=float, default=200.0, help="messages per second of the second part")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds that the second part lasts")
    parser.add_argument("--world", type=Path, default=WORLD, help="a file of packages")
    given = parser.parse_args()
    if not given.world.exists():
        print(f"messages: not measured, the file of packages {given.world} is missing")
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
