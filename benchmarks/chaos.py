"""Chaos: inject faults for minutes, then compare every cached value with its upstream.

The processes are real: Redis with its append-only file, sandbox, index, worker, web.  Throughout a run actions are triggered
and pages are read.  Worker and Redis are killed and restarted.  Each upstream in turn fails, hangs, is slow, lags, and returns
invalid responses.  At the end all faults are reset.  Once the queue is empty, every cached value is compared with its upstream.

All steps are drawn from the seed before the run begins (`benchmarks.schedule`).  The audit, which corrects differences, is off by
default: the protocol must not need it.

    python -m benchmarks.chaos [--seed N] [--minutes 5] [--rate 50] [--report FILE]
"""

import argparse
import json
import random
import re
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import redis

from benchmarks import schedule
from benchmarks.actions import Heard, Listener, Noted, Traffic
from benchmarks.comparing import Compared, compare
from benchmarks.measuring import WaitTimeout, table, wait_until
from benchmarks.reading import Notes, Phases, reading
from benchmarks.reading import Site as Readable
from benchmarks.watching import Watch
from fedora_packages import service as services
from fedora_packages import settings, widgets
from fedora_packages.cache import keys
from fedora_packages.connectors import declared
from fedora_packages.errors import CacheUnavailable
from fedora_packages.messages.text import INDENT
from fedora_packages.monitoring.heartbeat import heartbeats
from fedora_packages.monitoring.metrics import FLUSH_EVERY, MetricName, total
from fedora_packages.sandbox.devserver import DevServer, DevServerError, Part, module, service_environment
from fedora_packages.sandbox.server import FAULTLESS
from fedora_packages.web.api import addressed
from fedora_packages.worker.shared_work import state_of
from tests.functional.site import Site

INI = "development.ini"

#: Upstreams that are swept, and seconds after which the sandbox has done what it does in silence.
SWEPT = ("anitya", "bodhi", "bugzilla", "koji")
SILENT_FOR = 3.0

#: Short times, so that retries, leases and pauses end and begin again several times in a run.
SETTINGS = {
    "FEDORA_PACKAGES_WORKER_PACE": "fast",
    **{f"FEDORA_PACKAGES_CONNECTORS_{name.upper()}_TIMEOUT": "5" for name in schedule.UPSTREAMS},
    **{f"FEDORA_PACKAGES_CONNECTORS_{name.upper()}_SWEEP": "5" for name in SWEPT},
}

REDIS_OPTIONS = ("--save", "", "--appendonly", "yes")

#: Seconds within which all entries must be fresh, and within which the rechecks of fresh entries should end; the first recheck
#: follows after a minute.
QUIET_LIMIT = 300.0
RECHECKS_LIMIT = 200.0

#: Messages about an entry that are reported with a difference.
MAX_MESSAGES = 8


#: The counters and durations of the service that are reported.
COUNTERS = (
    MetricName.DRIFT, MetricName.LATE, MetricName.IGNORED, MetricName.FORGOTTEN, MetricName.RECHECKS, MetricName.REFILLS,
    MetricName.FAILURES, MetricName.HITS, MetricName.MISSES,
)  # fmt: skip
LAGS = (MetricName.RECEIVED_TO_INVALIDATED, MetricName.SENT_TO_INVALIDATED, MetricName.SENT_TO_FRESH)


@dataclass
class Run:
    """One run: its processes, and how each ended."""

    site: Site
    phases: Phases = field(default_factory=Phases)
    done: list[dict[str, Any]] = field(default_factory=list)
    ended: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    began: float = 0.0

    @property
    def ready(self) -> Path:
        return self.site.devserver.folder / "worker.ready"

    @property
    def redis_port(self) -> int:
        return int(self.site.redis_url.rpartition(":")[2].partition("/")[0])

    def part(self, name: str) -> Part | None:
        return next((part for part in self.site.devserver.parts if part.name == name), None)

    def start_worker(self) -> None:
        """Start a worker without waiting for it: the next step may come before it listens."""
        self.ready.unlink(missing_ok=True)
        command = module("fedora_packages.worker.daemon", INI, "--ready-file", str(self.ready.absolute()))
        self.site.devserver.start("worker", *command)

    def poll(self) -> None:
        """Note what has changed since the last poll: a worker that listens, a process that ended by itself."""
        if self.part("worker") and self.ready.exists():
            self.phases.end("worker away")
        part = self.site.devserver.ended()
        if part:
            at, status = round(time.time() - self.began, 3), part.process.returncode
            self.ended.append({"at": at, "part": part.name, "status": status, "tail": part.tail(30)})
            self.site.devserver.stop(part)
            if part.name != "worker":
                raise DevServerError(
                    f"{part.name} ended by itself with status {part.process.returncode}:\n{part.tail(30)}"
                )
            self.start_worker()

    def follow(self, steps: Sequence[schedule.Step], until: float) -> None:
        """Do each step at its time, then wait for the end of the run."""
        start = time.monotonic()
        for step in steps:
            while time.monotonic() < start + step.at:
                self.poll()
                time.sleep(min(0.05, max(0.0, start + step.at - time.monotonic())))
            self.done.append({**step.as_dict(), "done": round(time.time() - self.began, 3)})
            self.do(step)
        while time.monotonic() < until:
            self.poll()
            time.sleep(0.05)

    def do(self, step: schedule.Step) -> None:
        devserver = self.site.devserver
        if step.what == "kill worker":
            self.phases.begin("worker away")
            devserver.stop(self.part("worker"), signal.SIGKILL)
        elif step.what == "start worker":
            self.start_worker()
        elif step.what == "stop redis":
            self.phases.begin("Redis away")
            devserver.stop(self.part("redis"), signal.Signals[step.details["by"]])
        elif step.what == "start redis":
            devserver.redis(*REDIS_OPTIONS, port=self.redis_port)
            self.phases.end("Redis away")
        elif step.what == "fault":
            self.phases.begin(f"an upstream: {step.details['kind']}")
            self.site.fault(step.details["upstream"], **step.details["fault"])
        elif step.what == "reset":
            self.site.fault(step.details["upstream"], reset=True)
            for name in schedule.KINDS:
                self.phases.end(f"an upstream: {name}")

    def why_not_quiet(self, since: float) -> str:
        """Return the reason why the service is not quiet, "" if it is."""
        service = self.site.service
        try:
            waits = service.queue.waiting(list(service.queries))
            waiting = {name: found.entries for name, found in waits.items() if found.entries}
            alive = [one for one in heartbeats(service.client) if one.is_alive(time.time()) and one.at > since]
        except CacheUnavailable as error:
            return str(error)
        if waiting:
            return f"not fresh: {waiting}"
        if not alive:
            return "no worker has a heartbeat"
        swept = {name: state_of(service.client, f"sweep:{name}") for name in SWEPT}
        late = [name for name, turn in swept.items() if not is_after(turn, since + SILENT_FOR)]
        if late:
            return f"not swept since: {late}"
        newest = alive[0]
        if newest.parts["buffer"] or not newest.parts["gaps"]["closed"]:
            return f"buffer: {newest.parts['buffer']}, gaps: {newest.parts['gaps']}"
        caught_up = newest.caught_up_to is not None and newest.caught_up_to > since
        return "" if caught_up else f"caught up to {newest.caught_up_to}, not {since}"

    def queued(self) -> int:
        """Return the number of queued jobs, rechecks of fresh entries included."""
        return sum(map(self.site.service.queue.depth, self.site.service.connectors))

    def wait_until_quiet(self) -> tuple[float, float, int]:
        """Return the seconds until all entries were fresh and no message missing, those until the queue was empty, and its size.

        Rechecks may go on for minutes and are awaited within `RECHECKS_LIMIT`.  Raises `WaitTimeout`.
        """
        begun, quiet, quiet_for, queued = time.time(), 0.0, 0, 0
        while quiet_for < 3 or (queued and time.time() - begun < RECHECKS_LIMIT):
            self.poll()
            why = self.why_not_quiet(begun)
            if why and time.time() - begun > 10 * len(self.reasons):
                self.reasons.append(f"{time.time() - begun:.0f} s: {why[:400]}")
            if why and time.time() - begun > QUIET_LIMIT:
                raise WaitTimeout(f"not quiet after {QUIET_LIMIT:g} s: {why}")
            quiet_for = 0 if why else quiet_for + 1
            quiet = time.time() - begun if why else quiet
            queued = 0 if why else self.queued()
            time.sleep(0.5)
        return round(quiet, 1), round(time.time() - begun, 1), queued


def is_after(turn: Mapping[str, str], at: float) -> bool:
    """Whether a sweep began after a time, and has ended."""
    began = float(turn.get("began", 0))
    return began > at and float(turn.get("finished", 0)) >= began


def begin(folder: Path, audit: float, lose: float) -> Run:
    """Empty the folder and start all processes in it."""
    shutil.rmtree(folder, ignore_errors=True)
    devserver = DevServer(folder.absolute())
    devserver.environ |= {**SETTINGS, "FEDORA_PACKAGES_WORKER_AUDIT_RATE": f"{audit:g}"}
    try:
        redis_url = devserver.redis(*REDIS_OPTIONS)
        sandbox = devserver.sandbox()
        devserver.environ |= service_environment(redis_url, sandbox, devserver.folder / "index")
        if lose:
            # What the bus has lost is nowhere else either.
            devserver.environ["FEDORA_PACKAGES_CONNECTORS_DATAGREPPER_URL"] = ""
        run = Run(Site(devserver, sandbox, redis_url))
        run.site.build_index()
        run.start_worker()
        wait_until(run.ready.exists, 60, what="the worker to listen")
        run.site.start_web()
    except BaseException:
        devserver.stop_all()
        raise
    return run


def truth(site: Site) -> services.Service:
    """Return the service with connectors that read the upstreams without their faults."""
    url = site.sandbox["url"]
    environ = {name: value.replace(url, url + FAULTLESS) for name, value in site.devserver.environ.items()}
    return services.build(settings.load(INI, declared(), environ), "truth")


def changeable(site: Site) -> schedule.Packages:
    """Return the branches and tags that actions can change."""
    names = site.control("packages?limit=1000")["packages"]
    packages = {name: site.control(f"packages/{name}")["branches"] for name in names}
    living = {
        name: [branch for branch, head in found.items() if not head["retired"]] for name, found in packages.items()
    }
    releases = site.service.releases()
    tags = [tag for release in releases for tag in (release["stable_tag"], release["testing_tag"]) if tag]
    active = {release["branch"] for release in releases}
    branches = {name: sorted(active.intersection(found)) for name, found in living.items()}
    return schedule.Packages({name: found for name, found in branches.items() if found}, sorted(tags))


def readable(site: Site) -> tuple[Readable, dict[str, str]]:
    """Return what readers may request (all packages and their binaries), and the source package of every name."""
    documents = [site.service.index.source(name) for name in site.control("packages?limit=1000")["packages"]]
    releases = {document.name: document.releases for document in documents if document}
    sources = {name: name for name in releases}
    for document in documents:
        for binary in document.binary_names if document else ():
            releases.setdefault(binary, document.releases)
            sources.setdefault(binary, document.name)
    queries = {name: query.by_release for name, query in addressed(site.service.queries.values()).items()}
    return Readable(site.url, releases, list(widgets.load()), queries), sources


def wrongly_missing(read: Mapping[str, Any], sources: Mapping[str, str], actions: Sequence[Mapping[str, Any]]) -> int:
    """Return how many pages were not found though their package is not retired: binaries of a retired one are gone."""
    retired = {action["package"] for action in actions if action["what"] == "retire" and action["messages"]}
    return sum(
        count for name, count in read["missing"].items() if name == sources[name] or sources[name] not in retired
    )


def about(rows: Sequence[dict[str, Any]], run: Run, heard: Sequence[Heard]) -> None:
    """Add to each row the last messages about its entry."""
    for row in rows:
        query = run.site.service.queries[row["query"]]
        found = []
        for one in reversed(heard):
            if len(found) == MAX_MESSAGES:
                break
            if row["package"] == "*" or row["package"] in set(query.touched(one.event)):
                found.append(one.as_dict())
        row["messages"] = found[::-1]


def logged_errors(folder: Path) -> dict[str, dict[str, int]]:
    """Return the errors and tracebacks in the logs of the processes and their counts, with numbers masked."""
    found: dict[str, Counter[str]] = {}
    for log in sorted(folder.glob("*.log")):
        counter: Counter[str] = Counter()
        in_traceback = False
        for line in log.read_text("utf-8", "replace").splitlines():
            line = line.removeprefix(INDENT)
            if line.startswith("Traceback"):
                in_traceback = True
            elif in_traceback and line and not line[0].isspace():
                counter[f"traceback: {_plain(line)}"] += 1
                in_traceback = False
            elif " ERROR " in line:
                counter[_plain(line.split(" ERROR ", 1)[1])] += 1
        if counter:
            found[log.stem] = dict(counter.most_common(20))
    return found


def _plain(line: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "N", line)[:160]


def metrics_of(run: Run) -> dict[str, Any]:
    """Return the metrics of the service."""
    service = run.site.service
    counts = total(service.client)
    durations = {
        str(name): [
            None if cut is None else round(1000 * cut, 1) for cut in (there.percentile(0.5), there.percentile(0.99))
        ]
        for name in LAGS
        if (there := counts.durations(name)).count
    }
    outcomes = {key.decode(): int(value) for key, value in service.client.hgetall(keys.OUTCOMES).items()}
    sums = {str(name): sum(counts.count(name, query) for query in service.queries) for name in COUNTERS}
    return {"counts": sums, "messages": outcomes, "p50_p99_ms": durations}


def perform(given: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Run the chaos and return the report."""
    seconds = 60 * given.minutes
    say("starting Redis, sandbox, index, worker and web …")
    run = begin(folder, given.audit, given.lose)
    listener = noted = watch = None
    try:
        dice = random.Random(given.seed)
        steps = schedule.steps(dice, seconds, given.kills, given.restarts)
        actions = schedule.actions(dice, changeable(run.site))
        notes, (readers, sources) = Notes(), readable(run.site)
        say(f"seed {given.seed}: {len(steps)} steps in {seconds:.0f} s, logs are in {folder}/")
        listener = Listener(run.site.sandbox["endpoint"])
        noted = Noted(redis.Redis.from_url(run.site.redis_url, socket_timeout=5))
        run.site.control("lose", share=given.lose)
        watch = Watch(run.site.service, truth(run.site), run.phases.current)
        run.began, until = time.time(), time.monotonic() + seconds
        with reading(readers, given.seed, notes, run.phases.current, given.readers):
            traffic = Traffic(run.site.sandbox["url"], actions, given.rate, until, watch.note)
            run.follow(steps, until)
            traffic.join()
            run.site.reset_faults()
            say("faults are reset; waiting until the queue is empty …")
            try:
                fresh, quiet, queued = run.wait_until_quiet()
                end = {"all_fresh_after": fresh, "quiet_after": quiet, "still_queued": queued, "not_quiet": ""}
            except WaitTimeout as error:
                end = {"not_quiet": str(error)}
            end["reasons"] = run.reasons
        # Each process adds its counts to Redis once in so many seconds.
        time.sleep(2.5 * FLUSH_EVERY)
        service_metrics = metrics_of(run)
        listener.close()
        noted.close()
        watch.close()
        for name in ("web", "worker"):
            run.site.devserver.stop(run.part(name))
        say("comparing every cached value with its upstream …")
        found = compare(run.site.service, run.site.service.queries.values())
        report = _report(given, run, steps, traffic, notes, service_metrics, found, listener.heard, noted.ids)
        missing = wrongly_missing(report["read"], sources, traffic.log)
        return {
            **report,
            "end": end,
            "watched": watch.as_dict(),
            "logged": logged_errors(folder),
            "wrongly_missing": missing,
        }
    finally:
        run.site.devserver.stop_all()


def _report(
    given: argparse.Namespace, run: Run, steps: Sequence[schedule.Step], traffic: Traffic, notes: Notes,
    service_metrics: Mapping[str, Any],
    found: Compared, heard: Sequence[Heard], noted: set[str],
) -> dict[str, Any]:  # fmt: skip
    about([*found.stale, *found.lost, *found.never_filled], run, heard)
    unhandled = [one for one in heard if one.event.id not in noted]
    return {
        "seed": given.seed,
        "settings": {
            "minutes": given.minutes,
            "rate": given.rate,
            "readers": given.readers,
            "audit": given.audit,
            "lose": given.lose,
        },
        "began": run.began,
        "triggered": dict(traffic.triggered),
        "refused": dict(traffic.refused),
        "messages": {"announced": traffic.messages, "heard": len(heard), "not_handled": len(unhandled)},
        "not_handled": [one.as_dict() for one in unhandled[:100]],
        "done": dict(Counter(step.what for step in steps)),
        "read": notes.as_dict(),
        "service": service_metrics,
        "ended_by_itself": run.ended,
        "compared": asdict(found),
        "steps": run.done,
        "actions": traffic.log,
    }


def failures(report: Mapping[str, Any]) -> dict[str, int]:
    """Return the count of each kind of failure."""
    compared = report["compared"]
    return {
        "stale": len(compared["stale"]),
        "lost": len(compared["lost"]),
        "error pages": report["read"]["errors"] + report["wrongly_missing"],
        # Without an archive nothing is noted as handled.
        "messages not handled": 0 if report["settings"]["lose"] else report["messages"]["not_handled"],
        "not compared": len(compared["not_compared"]),
        "parts that ended by themselves": len(report["ended_by_itself"]),
        "never quiet": int(bool(report["end"]["not_quiet"])),
    }


def printed(report: Mapping[str, Any]) -> str:
    """Return the report for people."""
    compared, read = report["compared"], report["read"]
    lines = [
        f"seed {report['seed']}, {report['settings']}",
        "",
        table([("action", "triggered", "refused")]
              + [(what, count, report["refused"].get(what, 0)) for what, count in sorted(report["triggered"].items())]),
        "",
        "steps: " + ", ".join(f"{what}: {count}" for what, count in report["done"].items()),
        "messages: " + ", ".join(f"{what.replace('_', ' ')}: {count}" for what, count in report["messages"].items()),
        f"counters: {report['service']['counts']}",
        f"messages by outcome: {report['service']['messages']}",
        f"p50 and p99 in ms, to a bucket: {report['service']['p50_p99_ms']}",
        f"at the end: { {name: what for name, what in report['end'].items() if name != 'reasons'} }",
        *(f"    not fresh after {why}" for why in report["end"]["reasons"]),
        "",
    ]  # fmt: skip
    for kind, phases in read["times"].items():
        rows = [
            (phase, *(row.get(name, "") for name in ("count", "p50", "p99", "max"))) for phase, row in phases.items()
        ]
        lines += [table([(f"{kind}, ms", "read", "p50", "p99", "max"), *rows]), ""]
    lines += [*_watched(report["watched"]), ""]
    lines += [
        f"statuses: {read['statuses']}",
        f"pages not found: {read['missing']}; of packages that are not retired: {report['wrongly_missing']}",
        f"states: {read['states']}",
        f"JSON with status 503 before the first fill: {read['json_with_nothing_known']}",
        "",
        f"compared: {compared['values']} values of {compared['entries']} entries: {compared['by_query']}",
        f"states of the compared values: {compared['states']}",
        f"differing in ignored fields only: {len(compared['ignored'])}",
        f"never filled (left to the next reader): {len(compared['never_filled'])}",
    ]
    for part, what in report["logged"].items():
        lines += [f"{part}.log: {count} × {line}" for line, count in what.items()]
    lines += ["", *_details(report)]
    return "\n".join([*lines, ", ".join(f"{count} {what}" for what, count in failures(report).items())])


def _watched(watched: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"watched: {watched['compared']} comparisons in {watched['looks']} looks; "
        f"{watched['wrong']} times wrong yet shown as fresh, "
        f"p50 {watched['p50']} s, p99 {watched['p99']} s; the oldest:"
    )
    for one in watched["oldest"]:
        yield f"    {one['age']:.1f} s: {one['query']} {one['package']} {one['variant']} ({one['phase']})"


def _details(report: Mapping[str, Any]) -> Iterator[str]:
    compared = report["compared"]
    for kind in ("stale", "lost", "not_compared"):
        for row in compared[kind][:20]:
            yield f"{kind.upper()} {row['entry']} {row['variant']}"
            yield from (f"    {name}: {row[name]}" for name in ("differences", "error") if name in row)
            yield from (f"    {name}: {json.dumps(row[name])}" for name in ("stamp", "because", "problem"))
            yield from (
                f"    message: {one['topic']} {one['id']} sent {one['sent']} heard {one['heard']}"
                for one in row["messages"]
            )
    for row in report["read"]["error_pages"][:10]:
        yield f"ERROR PAGE {row}"
    for row in report["not_handled"][:10]:
        yield f"NOT HANDLED {row}"
    for row in report["ended_by_itself"]:
        yield f"ENDED BY ITSELF {row['part']} at {row['at']} with status {row['status']}:\n{row['tail']}"


def main() -> int:
    """Run the chaos, print its report, and return 1 if anything is stale, lost or an error page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=None, help="the seed of all steps and actions (default: random)")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--rate", type=float, default=50.0, help="messages per second (default: 50)")
    parser.add_argument("--kills", type=int, default=20, help="kills of the worker (default: 20)")
    parser.add_argument("--restarts", type=int, default=5, help="restarts of Redis (default: 5)")
    parser.add_argument("--readers", type=int, default=4, help="readers at the same time (default: 4)")
    parser.add_argument(
        "--lose", type=float, default=0.0, help="share of messages that the bus loses, without an archive"
    )
    parser.add_argument(
        "--audit", type=float, default=0.0, help="entries a second that the audit compares (default: 0)"
    )
    parser.add_argument(
        "--report", type=Path, help="where the report goes as JSON (default: var/chaos-SEED/report.json)"
    )
    given = parser.parse_args()
    if given.seed is None:
        given.seed = random.SystemRandom().randrange(1_000_000)
    folder = Path("var") / f"chaos-{given.seed}"
    try:
        report = perform(given, folder, lambda text: print(text, flush=True))
    except DevServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    (given.report or folder / "report.json").write_text(json.dumps(report, indent=1), "utf-8")
    print(printed(report))
    return int(any(failures(report).values()))


if __name__ == "__main__":
    sys.exit(main())
