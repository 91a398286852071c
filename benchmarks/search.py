"""Measure the search over all of Fedora's packages: the build of its index, searches and completions, and updates of the index.

    python -m benchmarks.search [--part build] [--part queries] [--part http] [--part updates] [--world FILE]

`fedora-packages-index` builds the index, as in production, from the repositories that the sandbox writes for the world file.
The other parts measure with that index.
"""

import argparse
import http.client
import itertools
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks.fedora import Fedora, fedora
from benchmarks.measuring import ROOT, WORLD, summary, table, wait_until
from benchmarks.messages import TOPIC, Publisher
from benchmarks.relevance import read_queries
from fedora_packages.sandbox.devserver import module
from fedora_packages.search.reader import IndexReader

PARTS = ("build", "queries", "http", "updates")

#: Goals: seconds of a build, megabytes of its memory and of the index, milliseconds of a completion and a search (99th
#: percentile), completions a second, seconds until a new package is found.
GOALS = {"build": 60.0, "memory": 500.0, "index": 400.0, "complete": 5.0, "search": 15.0, "http": 500.0, "updates": 1.5}

#: Concurrent clients.
CLIENTS = 8


def verdict(value: float, goal: float, at_least: bool = False) -> str:
    """Return whether a value meets its goal: ``met`` or ``missed``."""
    return "met" if (value >= goal if at_least else value <= goal) else "missed"


def build(found: Fedora, repositories: Path, say: Callable[[str], None]) -> None:
    """Build the index and print its cost."""
    command = module(
        "fedora_packages.search.indexing.command", "development.ini", "--json", "--mirror", str(repositories)
    )
    devserver = found.site.devserver
    done = subprocess.run(command, env=devserver.environ, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    built = json.loads(done.stdout)
    say(json.dumps(built))
    size, memory = built["bytes"] / 1e6, built["peak_memory"] / 1e6
    say(
        f"built in {built['seconds']:.1f} s ({verdict(built['seconds'], GOALS['build'])}), at most {memory:.0f} MB of memory "
        f"({verdict(memory, GOALS['memory'])}), index {size:.0f} MB ({verdict(size, GOALS['index'])})"
    )


def typed(names: Sequence[str], dice: random.Random) -> Iterator[str]:
    """Yield the content of the field while names are typed, letter by letter."""
    while True:
        name = dice.choice(names)
        yield from (name[:length] for length in range(1, min(len(name), 12) + 1))


def timed(ask: Callable[[str], Any], texts: Sequence[str]) -> list[float]:
    """Return the seconds that each text takes."""
    seconds = []
    for text in texts:
        begun = time.perf_counter()
        ask(text)
        seconds.append(time.perf_counter() - begun)
    return seconds


def measure_reader(index: Path, say: Callable[[str], None]) -> None:
    """Print the durations of searches and completions in this process."""
    reader, dice = IndexReader(index), random.Random(7)
    names = list(reader.names())
    letters = list(itertools.islice(typed(names, dice), 20_000))
    queries = [query.text for query in read_queries()] + dice.sample(names, min(1000, len(names)))
    rows = [("", "count", "p50 ms", "p99 ms", "max ms", "goal p99")]
    for what, ask, texts in (("complete", reader.complete, letters), ("search", reader.search, queries)):
        timed(ask, texts[:200])
        durations = summary(timed(ask, texts))
        goal = f"{GOALS[what]:g}: {verdict(durations['p99'], GOALS[what])}"
        rows.append((what, durations["count"], durations["p50"], durations["p99"], durations["max"], goal))
    say(table(rows))


def measure_http(url: str, names: Sequence[str], seconds: float, say: Callable[[str], None]) -> None:
    """Print the completions a second of `CLIENTS` clients that type names without pauses."""
    until, durations, wrong = time.monotonic() + seconds, [], []
    address = urlsplit(url)

    def type_on(seed: int) -> None:
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        for text in typed(names, random.Random(seed)):
            if time.monotonic() >= until:
                break
            begun = time.perf_counter()
            connection.request("GET", f"/api/v1/completions?q={quote(text)}")
            answer = connection.getresponse()
            answer.read()
            durations.append(time.perf_counter() - begun)
            wrong.extend([answer.status] if answer.status != 200 else [])
        connection.close()

    clients = [threading.Thread(target=type_on, args=(seed,)) for seed in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    rate = len(durations) / seconds
    say(
        f"{rate:.0f} completions a second over HTTP from one web process, {CLIENTS} at once "
        f"({verdict(rate, GOALS['http'], at_least=True)}): {summary(durations)} ms, errors {len(wrong)}"
    )


def measure_updates(found: Fedora, publisher: Publisher, rate: float, count: int, say: Callable[[str], None]) -> None:
    """Add packages during a rate of messages about others, and print how soon each is found."""
    reader, dice, over = IndexReader(found.site.devserver.folder / "index"), random.Random(3), threading.Event()

    def flood() -> None:
        begun = time.monotonic()
        for number in itertools.count():
            if over.wait(max(0.0, begun + number / rate - time.monotonic())):
                return
            body = {"name": dice.choice(found.names), "version": "1", "release": "1.fc45", "build_id": number + 1,
                    "old": None, "new": 0, "owner": "someone", "instance": "primary"}  # fmt: skip
            publisher.send(publisher.message(TOPIC, body)[1])

    flooding, seconds = threading.Thread(target=flood), []
    flooding.start()
    try:
        for number in range(count):
            name, begun = f"brand-new-{number}", time.monotonic()
            found.site.trigger("new-package", name, summary=f"Lantern number {number}")
            found.site.trigger("build", name)
            wait_until(lambda: reader.source(name), 60, every=0.01, what=f"{name} is found")  # noqa: B023
            seconds.append(time.monotonic() - begun)
    finally:
        over.set()
        flooding.join()
    durations = summary(seconds)
    worst = max(seconds)
    say(f"a new package is found {durations} ms after it was made, at {rate:g} messages/s; the latest after {worst:.2f} s "
        f"({verdict(worst, GOALS['updates'])})")  # fmt: skip


def main() -> int:
    """Run the benchmark and print its results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="append", choices=PARTS, help="measure this; may be repeated (default: all)")
    parser.add_argument("--rate", type=float, default=200.0, help="messages a second while packages are added")
    parser.add_argument("--packages", type=int, default=60, help="packages that are added")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds of completions over HTTP")
    parser.add_argument("--world", type=Path, default=WORLD, help="a file of packages")
    given = parser.parse_args()
    if not given.world.exists():
        print(f"search: nothing was measured, since there is no file of packages {given.world}")
        return 0
    parts = given.part or PARTS
    publisher = Publisher()

    def say(text: str) -> None:
        print(text, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        try:
            with fedora(Path(folder) / "site", given.world, say, [publisher.endpoint], with_index=False) as found:
                repositories = Path(folder) / "repositories"
                say("writing the repositories …")
                command = module(
                    "fedora_packages.sandbox.cli", "repodata", "--world", str(given.world), "--out", str(repositories)
                )
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                build(found, repositories, say)
                index = found.site.devserver.folder / "index"
                if "queries" in parts:
                    measure_reader(index, say)
                if "http" in parts:
                    found.site.start_web()
                    measure_http(found.site.url, found.names, given.seconds, say)
                if "updates" in parts:
                    found.site.start_worker()
                    measure_updates(found, publisher, given.rate, given.packages, say)
        finally:
            publisher.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
