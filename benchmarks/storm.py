"""Measure a mass rebuild: the time until everything is fresh again, compared with the limit that the upstream sets.

Builds of thousands of packages start and end in a sandbox of all of Fedora, and a repository of thousands of packages is
updated.  All messages are published at once, as fast as the bus carries them.  Koji responds with a delay, so that its
concurrency bounds the time: the seconds of all responses, divided by the concurrency.  At least one response for each package
is needed.

    python -m benchmarks.storm [--packages 12000] [--delay 0.05] [--world FILE]
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from benchmarks.comparing import Compared, compare
from benchmarks.fedora import Fedora, fedora
from benchmarks.measuring import WORLD, cpu_seconds, forget_peak, megabytes, table, wait_until
from benchmarks.reading import Notes, reading
from benchmarks.reading import Site as Readable
from fedora_packages import widgets
from fedora_packages.worker.invalidation import batched

QUERY = "koji.builds"

#: All must be fresh within the bound times this.
GOAL = 1.2

#: Packages whose pages are read before and during the storm, and the seconds before it.
MAX_READ = 60
BEFORE = 15.0

LIMIT = 1800.0

#: Actions in one request.
TOGETHER = 500


@dataclass
class Clock:
    """Times in the storm, in seconds since it began."""

    begun: float
    published: float = 0.0
    invalidated: float = 0.0
    builds_fresh: float = 0.0
    all_fresh: float = 0.0

    def now(self) -> float:
        return time.monotonic() - self.begun


def koji_so_far(found: Fedora) -> tuple[int, float]:
    """Return the number of Koji's responses, and the sum of their seconds."""
    return found.site.control("requests/count")["koji"], found.site.control("requests/seconds")["koji"]


def gather(found: Fedora, packages: Sequence[str], renewed: Sequence[str]) -> int:
    """Trigger all actions with the bus on hold, and return the number of messages.

    The sandbox takes milliseconds to make up a package that no action has changed yet, which the bus would have to wait for.
    """
    session, sent = requests.Session(), 0
    found.site.control("hold", hold=True)
    for state in ("building", "complete"):
        for some in batched(packages, TOGETHER):
            actions = [{"what": "build", "package": name, "state": state, "tag": "none"} for name in some]
            answer = session.post(
                f"{found.site.sandbox['url']}/control/trigger", json={"actions": actions}, timeout=300
            )
            answer.raise_for_status()
            sent += answer.json()["messages"]
        if state == "building" and renewed:
            for part in ("primary", "filelists", "other"):
                url = f"fedora/linux/development/rawhide/x86_64/os/repodata/0-{part}.sqlite.xz"
                msg = {"name": "rawhide", "packages": list(renewed), "url": url}
                found.site.control("publish", topic="mdapi.repo.update", msg=msg)
                sent += 1
    return sent


def waiting(found: Fedora, queries: Sequence[str]) -> int:
    """Return how many entries of some queries wait for a refill."""
    return sum(waiting.entries for waiting in found.site.service.queue.waiting(queries).values())


def release(found: Fedora, sent: int) -> Clock:
    """Publish the messages on hold, and return the times at which each stage was done."""
    before = found.outcomes()
    clock = Clock(time.monotonic())
    found.site.control("hold", hold=False)
    clock.published = clock.now()
    wait_until(lambda: found.outcomes() - before >= sent, LIMIT, 0.02, "all messages are handled")
    clock.invalidated = clock.now()
    wait_until(lambda: not waiting(found, [QUERY]), LIMIT, 0.05, "all builds are fresh")
    clock.builds_fresh = clock.now()
    wait_until(lambda: not waiting(found, list(found.site.service.queries)), LIMIT, 0.05, "all is fresh")
    clock.all_fresh = clock.now()
    return clock


def measure(found: Fedora, given: argparse.Namespace, say: Callable[[str], None]) -> bool:
    """Measure, print the results, and return whether no value was stale or lost."""
    dice, worker = random.Random(12_000), found.site.worker
    packages = dice.sample(list(found.names), given.packages)
    renewed = dice.sample(packages, min(given.renewed, len(packages)))
    found.site.start_web()
    say(f"caching the builds of {len(packages)} packages …")
    found.fill(QUERY, packages)
    read_packages = dict.fromkeys(packages[:MAX_READ], ("rawhide",))
    readable = Readable(found.site.url, read_packages, list(widgets.load()), {})
    for name in read_packages:
        for tab in readable.tabs:
            found.site.get(f"/{name}/{tab}" if tab != "overview" else f"/{name}")
    notes, phase = Notes(), ["before"]
    with reading(readable, 1, notes, lambda: phase[0], count=2):
        # Response times before the storm are the baseline.
        time.sleep(BEFORE)
        phase[0] = "while the storm gathers"
        sent = gather(found, packages, renewed)
        memory = megabytes(worker)[0]
        forget_peak(worker)
        found.site.fault("koji", delay=given.delay)
        (count, seconds), cpu = koji_so_far(found), cpu_seconds(worker)
        say("the storm begins …")
        phase[0] = "during"
        clock = release(found, sent)
        (count_after, seconds_after), cpu_after = koji_so_far(found), cpu_seconds(worker)
        phase[0] = "after"
        now, peak = megabytes(worker)
    found.site.fault("koji", reset=True)
    concurrency = found.site.service.connectors["koji"].settings.concurrency
    answers, mean = count_after - count, (seconds_after - seconds) / max(count_after - count, 1)
    bound, ideal = answers * mean / concurrency, len(packages) * mean / concurrency
    say("comparing the builds of all packages with the upstream …")
    query = found.site.service.queries[QUERY]
    compared = compare(found.site.service, [query], lambda _query: packages)
    rows = [
        ("messages", sent),
        ("published within, s", clock.published),
        ("all invalidated after, s", clock.invalidated),
        ("all builds fresh after, s", clock.builds_fresh),
        ("everything fresh after, s", clock.all_fresh),
        ("Koji's responses", answers),
        ("  needed: one for each package", len(packages)),
        ("  mean response, ms", 1000 * mean),
        (f"bound: those responses, {concurrency} at once, s", bound),
        ("  builds fresh, times the bound", f"{clock.builds_fresh / bound:.2f} ({_met(clock.builds_fresh, bound)})"),
        (f"ideal: one response for each package, {concurrency} at once, s", ideal),
        ("  builds fresh, times the ideal", f"{clock.builds_fresh / ideal:.2f} ({_met(clock.builds_fresh, ideal)})"),
        ("worker's CPU, of one", f"{(cpu_after - cpu) / clock.all_fresh:.2f}"),
        ("worker's memory before, MB", memory),
        ("  peak", peak),
        ("  after", now),
        *_pages(notes),
        ("values compared", compared.values),
        ("  stale", len(compared.stale)),
        ("  lost", _lost(compared, packages)),
    ]
    print("\n" + table(rows))
    for row in (compared.stale + compared.lost)[:10]:
        print(row)
    return not compared.stale and not _lost(compared, packages)


def _met(seconds: float, bound: float) -> str:
    return f"goal {GOAL:g}: {'met' if seconds <= GOAL * bound else 'missed'}"


def _lost(compared: Compared, packages: Sequence[str]) -> int:
    # Every package had a value before.
    return len(packages) - compared.values


def _pages(notes: Notes) -> list[tuple[str, Any]]:
    times = notes.as_dict()["times"]["page"]
    return [
        (
            f"pages {phase}: read, p50, p99, max in ms",
            ", ".join(str(row[name]) for name in ("count", "p50", "p99", "max")),
        )
        for phase, row in times.items()
        if row.get("p50") is not None and phase != "all"
    ] + [("  error pages", notes.error_count)]


def main() -> int:
    """Run the benchmark, print its table, and return 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storm", description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=int, default=12_000, help="packages that are built (default: 12000)")
    parser.add_argument("--renewed", type=int, default=5000, help="packages that a repository names (default: 5000)")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds of one response of Koji (default: 0.05)")
    parser.add_argument("--world", type=Path, default=WORLD, help="a file of packages")
    given = parser.parse_args()
    if not given.world.exists():
        print(f"storm: not measured, the file of packages {given.world} is missing")
        return 0

    def say(text: str) -> None:
        print(text, flush=True)

    with (
        tempfile.TemporaryDirectory() as folder,
        fedora(Path(folder) / "site", given.world, say) as found,
    ):
        return int(not measure(found, given, say))


if __name__ == "__main__":
    sys.exit(main())
