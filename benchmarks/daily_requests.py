"""Count the requests that each upstream gets in a day of steady life at Fedora's rates, with every package cached.

A part of a day's changes is triggered in a sandbox of all of Fedora, and what the worker asks because of their messages is
counted and scaled up.  Sweeps, audits in bulk and reads of each query are run and counted as well; how often they run follows
from their declarations.  Beside it stands what the schedules asked for before there were sweeps.

    python -m benchmarks.daily_requests [--share 0.02] [--world FILE]
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from benchmarks.fedora import Fedora, fedora
from benchmarks.measuring import WORLD, table, wait_until
from fedora_packages.cache.fill_types import Policy
from fedora_packages.connectors import declared
from fedora_packages.connectors.active_releases import RELEASES
from fedora_packages.connectors.bulk import bulks_of
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.connectors.sweep import Sweep, sweeps_of

DAY = 86_400

#: Changes of a day in Fedora: builds, each with a push of commits, updates, each with its way to stable, and changes of bugs.
BUILDS, UPDATES, BUG_CHANGES = 2000, 300, 1500

#: What happens to a package with a build, an update, a change of a bug, in order.
BUILD_LIFE = (
    {"what": "push", "branch": "rawhide"},
    {"what": "build", "release": "rawhide", "state": "building"},
    {"what": "build", "release": "rawhide", "state": "complete"},
)
UPDATE_LIFE = (
    {"what": "update", "to": "pending"},
    {"what": "update", "to": "testing"},
    {"what": "update", "comment": "Works.", "karma": 1},
    {"what": "update", "to": "stable"},
)
BUG_LIFE = ({"what": "bug"},)

#: Binary packages in the file of Rawhide's packages.
BINARIES = 58_212

#: Reads a second of the audit and of the schedules together (`worker.audit_rate`).
AUDIT_RATE = 1.0

#: Seconds between two reads of each entry, before there were sweeps.
OLD_SCHEDULES = {
    "bodhi.updates": 6 * 3600, "bugzilla.bugs": DAY, "bugzilla.counts": DAY, "faf.problems": DAY, "mdapi.required_by": DAY / 2,
}  # fmt: skip

#: Seconds after which the sandbox has done what follows actions in silence.
SILENT_FOR = 5.0

#: Reads of a query that are counted.
READS = 10

#: The sandbox answers the first request about all packages late.
SETTINGS = {
    f"CONNECTORS_{kind.name.upper()}_{name}": value
    for kind in declared()
    for name, value in (("SWEEP", "0"), ("TIMEOUT", "120"))
    if name != "SWEEP" or kind.sweep_every is not None
}


class Asked:
    """Counts the requests that upstreams get."""

    def __init__(self, found: Fedora):
        self._found = found
        self._before = self._counts()

    def since(self) -> Counter[str]:
        """Return the requests since the last call, by upstream."""
        now = self._counts()
        asked, self._before = now - self._before, now
        return asked

    def _counts(self) -> Counter[str]:
        return Counter(self._found.site.control("requests/count"))


def scaled(counts: Mapping[str, float], factor: float) -> Counter[str]:
    """Return some counts, multiplied."""
    return Counter({name: count * factor for name, count in counts.items()})


def of_messages(found: Fedora, asked: Asked, dice: random.Random, share: float) -> Counter[str]:
    """Return the requests that the messages of a day cause."""
    builds, updates, bugs = (round(share * count) for count in (BUILDS, UPDATES, BUG_CHANGES))
    names = dice.sample(found.names, builds + updates + bugs)
    service = found.site.service
    for query in service.queries.values():
        if query.subject == "source":
            found.fill(query.name, names)
    lives = [
        *((name, BUILD_LIFE) for name in names[:builds]),
        *((name, UPDATE_LIFE) for name in names[builds : builds + updates]),
        *((name, BUG_LIFE) for name in names[builds + updates :]),
    ]
    asked.since()
    for stage in zip_longest(*(life for _, life in lives)):
        for (name, _), action in zip(lives, stage, strict=True):
            if action:
                found.site.trigger(package=name, **action)
        # In a day there are hours between them; here they must not be handled as one.
        time.sleep(SILENT_FOR)
        wait_until(lambda: not any(wait.entries for wait in service.queue.waiting([*service.queries]).values()), 600)
    wait_until(lambda: not any(map(service.queue.depth, service.connectors)), 1800, what="all rechecks are done")
    return scaled(asked.since(), 1 / share)


def of_sweep(sweep: Sweep, asked: Asked) -> Counter[str]:
    """Return the requests of a sweep, when little has changed since the one before."""
    position: Mapping[str, object] = {}
    for _ in range(3):
        asked.since()
        is_complete = False
        while not is_complete:
            swept = sweep.fetch(position, time.time())
            position, is_complete = swept.position, swept.is_complete
    return asked.since()


def of_reads(query: Query, asked: Asked, names: Sequence[str]) -> float:
    """Return the requests of one read of a query."""
    asked.since()
    for name in names[:READS]:
        query.fetch(name, "rawhide" if query.by_release else "")
    return sum(asked.since().values()) / READS


def entries(query: Query, found: Fedora) -> int:
    """Return how many entries of a query all of Fedora has."""
    if query.subject == "nothing":
        return 1
    return len(found.names) if query.subject == "source" else BINARIES


def columns(found: Fedora, share: float, say: Callable[[str], None]) -> Iterator[tuple[str, Counter[str]]]:
    """Yield each column of the table: its head, and the requests of a day by upstream."""
    service, asked, dice = found.site.service, Asked(found), random.Random(1)
    service.cache.fill(QueryCall(service.queries[RELEASES]).source(), Policy.MISS)
    say("triggering a part of a day …")
    yield "messages", of_messages(found, asked, dice, share)
    say("reading each query …")
    names = dice.sample(found.names, READS)
    reads = {name: of_reads(query, asked, names) for name, query in service.queries.items()}
    sizes = {name: entries(query, found) for name, query in service.queries.items()}

    def scheduled(intervals: Mapping[str, float]) -> Counter[str]:
        wanted: Counter[str] = Counter()
        for name, every in intervals.items():
            wanted[service.queries[name].upstream] += DAY / every * sizes[name] * reads[name]
        return wanted

    old = {**OLD_SCHEDULES, RELEASES: service.queries[RELEASES].declaration.every}
    yield "schedules before", scheduled(old)
    new = {name: query.declaration.every for name, query in service.queries.items() if query.declaration.every}
    yield "schedules now", scheduled(new)
    say("sweeping …")
    sweeps: Counter[str] = Counter()
    for connector in service.connectors.values():
        if connector.sweep_every:
            connector.settings = type(connector.settings)(
                **{**vars(connector.settings), "sweep": connector.sweep_every}
            )
    for sweep in sweeps_of(service.connectors.values()):
        sweeps += scaled(of_sweep(sweep, asked), DAY / sweep.every)
    yield "sweeps", sweeps
    say("reading in bulk …")
    bulks: Counter[str] = Counter()
    for bulk in bulks_of(service.connectors.values()):
        asked.since()
        for _ in bulk.fetch():
            pass
        bulks += scaled(asked.since(), DAY / bulk.every)
    yield "audit in bulk", bulks
    left = DAY * AUDIT_RATE - sum(DAY / every * sizes[name] for name, every in new.items())
    drawn = {name: left * size / sum(sizes.values()) * reads[name] for name, size in sizes.items()}
    sample: Counter[str] = Counter()
    for name, count in drawn.items():
        sample[service.queries[name].upstream] += count
    yield "audit by sample", sample


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.daily_requests", description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=0.02, help="the part of a day that is triggered (default: 0.02)")
    parser.add_argument("--world", type=Path, default=WORLD, help="a file of packages (default: all of Fedora)")
    given = parser.parse_args()
    if not given.world.is_file():
        print(f"skipped: {given.world} does not exist")
        return 0

    def say(text: str) -> None:
        print(text, flush=True)

    with tempfile.TemporaryDirectory() as folder, fedora(Path(folder), given.world, say, **SETTINGS) as found:
        counts = dict(columns(found, given.share, say))
        upstreams = sorted({name for column in counts.values() for name in column})
        rows = [[name, *(f"{column[name]:,.0f}" for column in counts.values())] for name in upstreams]
        sums = ["all", *(f"{sum(column.values()):,.0f}" for column in counts.values())]
        say(table([["requests a day", *counts], *rows, sums]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
