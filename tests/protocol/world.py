"""A small Fedora of version numbers, and the service's real parts over it.

What upstream knows of a package is one number.  A change makes it one more and sends a message that says so; each query answers
with the number that it finds, so that a value is right exactly when it is the newest.

Whatever depends on how queries are declared, how a service is put together or what its keys in Redis are called stands in
this file alone.
"""

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, fields, replace
from functools import partial
from importlib.resources import files
from typing import Any

import redis
from redis.lock import Lock

from fedora_packages import settings
from fedora_packages.cache import redis as redis_server
from fedora_packages.cache.cache import Cache
from fedora_packages.cache.fill_types import Policy
from fedora_packages.cache.queue import Queue
from fedora_packages.cache.values import Entry
from fedora_packages.connectors import declared
from fedora_packages.connectors.active_releases import ActiveReleases
from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.query import Queries, Query, QueryCall, query
from fedora_packages.errors import CacheUnavailable, FillInProgress, UpstreamError, UpstreamUnavailable
from fedora_packages.messages.contents.table import archive_requests
from fedora_packages.monitoring.checks import check
from fedora_packages.monitoring.metrics import Metrics
from fedora_packages.search.document import Binary, Document
from fedora_packages.service import Service
from fedora_packages.settings import Pace
from fedora_packages.web.request import loader_of
from fedora_packages.worker.handler import Handler
from fedora_packages.worker.invalidation import invalidate_and_queue
from fedora_packages.worker.refill import RECHECKS, Refiller
from fedora_packages.worker.replay import Replay
from tests.upstream import connector_strings

from .stepping import FAIL, RUN_KEY, gate

#: The packages.  The index does not know the last: it may be cached, but no page shows it, and it is refilled only if it
#: was cached.
KNOWN = ("guake", "vim")
PACKAGES = (*KNOWN, "unlisted")
RELEASES = ("rawhide", "f45")
TOPIC = "buildsys.build.state.change"
PREFIX = "org.fedoraproject.prod"

#: No test waits in real time: retries are due at once, and a test lets claims run out.
PACE = Pace(lease=3600, retry=0, retry_limit=0, recheck_delay=0, lagging_recheck_delay=0)

#: Answers that lag behind a message: enough for the worker's rechecks, for the lagging answers that it then stores, and for the
#: first recheck of those.  Each round of them asks for three variants.
LAG = 3 * (RECHECKS + 2)

#: Messages on a page of the archive: few, so that there are several pages.
ROWS = 2

#: Seconds within which the archive has every message, and after which no upstream lags any more.
MARGIN = 60.0

#: Seconds of one interval of a replay: an hour is one of them, so that a replay is few steps.
INTERVAL = 7200.0


@dataclass
class World:
    """What is true, who knows of it, and what time it is."""

    now: float = field(
        default_factory=lambda: float(int(time.time()) - 30 * 86400)
    )  # whole seconds: the archive is asked for such
    rows: int = ROWS
    truth: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PACKAGES, 1))
    behind: dict[str, list[int]] = field(
        default_factory=dict
    )  # package: [what a lagging replica says, how often it still may]
    is_down: bool = False
    archive: list[dict[str, Any]] = field(default_factory=list)
    late: list[dict[str, Any]] = field(default_factory=list)  # messages that the archive does not have yet
    tick: int = 0
    begun: list[int] = field(default_factory=list)  # of each fetch by its number, at which tick it began
    uncached: set[int] = field(default_factory=set)  # the fetches of pages without Redis

    def __post_init__(self) -> None:
        self.connectors = {kind.name: kind(SETTINGS.connectors[kind.name], "test") for kind in (Koji, Bodhi)}
        self.connectors["koji"].world = self
        self.queries = Queries(self.connectors.values())

    def clock(self) -> float:
        return self.now

    def change(self, packages: Iterable[str], lags: bool = False, is_late: bool = False) -> dict[str, Any]:
        """Make something happen to packages, and return the message that says so."""
        self.now += 1
        for package in packages:
            if lags and package not in self.behind and package in KNOWN:
                self.behind[package] = [self.truth[package], LAG]
            self.truth[package] += 1
        versions = {package: self.truth[package] for package in packages}
        message = {
            "topic": f"{PREFIX}.{TOPIC}",
            "msg": {"name": next(iter(versions)), "versions": versions, "instance": "primary"},
            "timestamp": self.now,
            "msg_id": f"2026-{sum(self.truth.values())}",
        }
        (self.late if is_late else self.archive).append(message)
        return message

    def pass_time(self, seconds: float) -> None:
        """Let time pass: the archive then has what was sent, and what lagged for longer than upstreams do has caught up."""
        self.now += seconds
        self.archive += self.late
        self.late.clear()
        if seconds >= MARGIN:
            self.behind.clear()

    def recover(self) -> None:
        """Make upstream answer, with the truth, and the archive whole."""
        self.is_down = False
        self.behind.clear()
        self.pass_time(1)

    def answer(self, package: str, may_lag: bool) -> dict[str, int]:
        """Return what upstream says of a package.  The answer may take long: others can come in before it is made, and after."""
        number = len(self.begun)
        self.begun.append(self.tick)
        command = gate(f"asking for {package}")
        if self.is_down or command == FAIL:
            raise UpstreamUnavailable("koji", f"the version of {package!r}", "the test has it down")
        version, behind = self.truth[package], self.behind.get(package)
        if behind and may_lag:
            version = behind[0]
            behind[1] -= 1
            if not behind[1]:
                del self.behind[package]
        gate(f"being answered {version} for {package}")
        return {"version": version, "fetch": number}


class Koji(Connector):
    """The world's packages."""

    name = "koji"
    title = "Koji"
    world: World

    @query(version=1)
    def builds(self, package):
        """Return the newest version; a replica that answers may lag behind its messages."""
        return self.world.answer(package, may_lag=True)

    @query(version=1)
    def files(self, package, release):
        """Return the newest version, of each release."""
        return self.world.answer(package, may_lag=True)

    @query(version=1)
    def notes(self, package):
        """Return the newest version; nothing tells whether an answer shows a message, and no replica lags."""
        return self.world.answer(package, may_lag=False)

    @builds.affected(TOPIC)
    @files.affected(TOPIC)
    @notes.affected(TOPIC)
    def affected(event):
        yield from event.body["versions"]

    @builds.expects
    @files.expects
    def expected(event, package):
        return {"about": "version", "version": event.body["versions"][package]}

    @builds.reflects
    @files.reflects
    def reflected(value, facts):
        return value["version"] >= facts["version"]


class Bodhi(Connector):
    """The releases, which never change here."""

    name = "bodhi"
    title = "Bodhi"

    @query(version=1, subject="nothing", every=900)
    def releases(self):
        """Return the active releases."""
        return {"releases": [{"branch": branch, "stable_tag": branch, "testing_tag": None} for branch in RELEASES]}


class Index:
    """A search index."""

    _documents = {
        name: Document(name, branch=RELEASES[0], releases=RELEASES, binaries=(Binary(name),)) for name in KNOWN
    }

    def source(self, name: str) -> Document | None:
        return self._documents.get(name)

    def source_of(self, binary: str) -> Document | None:
        return self._documents.get(binary)

    def sources(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        return {name: (name,) for name in names if name in self._documents}


class Archive:
    """datagrepper, as far as a replay asks it."""

    def __init__(self, world: World):
        self._world = world

    def pages(self, start: float, end: float, categories: Sequence[str], rows: int) -> Iterator[list[Any]]:
        page, pages = 1, 1
        while page <= pages:
            if gate("asking the archive") == FAIL:
                raise UpstreamUnavailable("datagrepper", f"page {page}", "the test has the archive down")
            found = [
                message
                for message in sorted(self._world.archive, key=lambda message: message["timestamp"])
                if start <= message["timestamp"] <= end and TOPIC.partition(".")[0] in categories
            ]
            size = self._world.rows
            gate(f"being answered page {page} of the archive")
            yield json.loads(json.dumps(found[(page - 1) * size : page * size]))
            page, pages = page + 1, -(-len(found) // size)


SETTINGS = settings.from_strings(
    {
        **connector_strings("http://upstream.test", concurrency="8"),
        "cache.url": "redis://unused",
        "cache.wait": "0",
        "search.index": "/unused",
        "worker.topic_prefix": PREFIX,
    },
    declared(),
    {},
)


def service_of(world: World, client: redis.Redis, by: str) -> Service:
    """Return the service's parts as one process has them: real but for upstreams, the index and the time."""
    cache = Cache(client, by, 0, queue_refill=lambda entry: service.queue_refill(entry), clock=world.clock)
    parts = {
        "settings": SETTINGS,
        "client": client,
        "connectors": world.connectors,
        "datagrepper": Archive(world),
        "releases": ActiveReleases(cache, world.queries),
        "queries": world.queries,
        "cache": cache,
        "queue": Queue(client),
        "index": Index(),
        "metrics": Metrics(client, world.clock),
    }
    service = Service(**{part.name: parts[part.name] for part in fields(Service)})
    return service


class _AtOnce:
    """An executor that works in the thread that asks: an actor has no other."""

    def __init__(self, threads: int, thread_name_prefix: str):
        pass

    def submit(self, work: Callable[[], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(work())
        except (UpstreamError, CacheUnavailable, FillInProgress) as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool, cancel_futures: bool) -> None:
        pass


def read_page(service: Service, asked: Query, package: str, variant: str) -> None:
    """Read an entry as a page does, in a web process of its own."""
    loader = loader_of(service, executor=_AtOnce)
    loader([QueryCall(asked, package, variant or None)])


def read_uncached(service: Service, asked: Query, package: str, variant: str) -> None:
    """Read an entry as a page does while its process has no Redis.  Nothing of it may ever be in the cache."""
    source = QueryCall(asked, package, variant).source()

    def noted() -> dict[str, int]:
        answer = source.fetch()
        service.connectors["koji"].world.uncached.add(answer["fetch"])
        return answer

    with contextlib.suppress(UpstreamError):
        service.cache.fill(replace(source, fetch=noted), Policy.UNCACHED)


def check_now(service: Service, asked: Query, package: str, variant: str) -> None:
    """Compare an entry with its upstream, as the audit and "check now" do."""
    with contextlib.suppress(UpstreamError, CacheUnavailable):
        check(service.cache, service.metrics, QueryCall(asked, package, variant), "reader", grace=0)


def refill(service: Service, pace: Pace = PACE) -> bool:
    """Do one job of the queue; returns False if there was none."""
    try:
        refiller = Refiller(
            service.cache, service.queue, service.connectors, service.queries, service.index, service.releases,
            service.metrics, pace,
        )  # fmt: skip
        return refiller.work("koji") is None
    except CacheUnavailable:
        return True


def consume(service: Service, messages: list[Any], handler_class: type[Handler] = Handler) -> None:
    """Handle messages from the bus, again and again until Redis is there: the bus gives no message twice."""
    handler = handler_class(
        service.client, service.cache, service.index, service.queries, service.metrics, [PREFIX],
        partial(invalidate_and_queue, service.cache, service.queue),
    )  # fmt: skip
    while True:
        try:
            handler.handle_batch(messages)
        except CacheUnavailable:
            continue
        return


def replay(service: Service, world: World) -> bool:
    """Read from the archive what was missed; returns False if that has to be done again."""
    reader = Replay(
        service.client, service.datagrepper, archive_requests([TOPIC]), "fedmsg",
        lambda messages: consume(service, messages), margin=MARGIN, interval=INTERVAL, clock=world.clock,
    )  # fmt: skip
    try:
        reader.catch_up(threading.Event())
    except (CacheUnavailable, UpstreamError):
        return False
    return True


@dataclass(frozen=True)
class Kept:
    """What lies in Redis of one entry: its generation, and by variant the values, current and last known good."""

    generation: bytes | None
    current: dict[str, bytes]
    last_known: dict[str, bytes]

    @classmethod
    def of(cls, row: dict[bytes, bytes]) -> "Kept":
        found = {
            kind: {name[2:].decode(): data for name, data in row.items() if name.startswith(kind)}
            for kind in (b"v:", b"o:")
        }
        return cls(row.get(b"gen"), found[b"v:"], found[b"o:"])


def value_in(data: bytes) -> dict[str, int]:
    """Return what upstream had answered of what lies in Redis."""
    return json.loads(data)["value"]


def may_change_entries(command: str) -> bool:
    """Whether a command, as a step names it, may change what lies in Redis of an entry."""
    return "}:koji." in command and not command.startswith(("HMGET", "HKEYS", "HGET"))


class Store:
    """Redis, seen from outside."""

    def __init__(self, client: redis.Redis, queries: Queries):
        self.client = client
        self.queries = [found for found in queries.values() if found.upstream == "koji"]
        self.entries: tuple[Entry, ...] = tuple(
            found.entry(package) for found, package in itertools.product(self.queries, PACKAGES)
        )

    def kept(self) -> dict[Entry, Kept]:
        """Return what lies there of every entry."""
        pipe = self.client.pipeline(transaction=False)
        for entry in self.entries:
            pipe.hgetall(entry.key)
        return {entry: Kept.of(row) for entry, row in zip(self.entries, pipe.execute(), strict=True)}

    def waiting(self, queue: Queue) -> dict[str, int]:
        """Return how many entries wait to be fresh according to the queue, by query; without those that have none."""
        found = queue.waiting([query.name for query in self.queries])
        return {query: waiting.entries for query, waiting in found.items() if waiting.entries}

    def run_out_claims(self) -> None:
        """Let the claims of refillers run out, as they do without a renewal."""
        key = "fp:{queue}:koji:claimed"
        claimed = self.client.zrange(key, 0, -1)
        if claimed:
            self.client.zadd(key, dict.fromkeys(claimed, 0), xx=True)

    def locks(self) -> dict[bytes, int]:
        """Return for how many milliseconds fills are locked, by lock; -1 is without an expiry."""
        return {key: self.client.pttl(key) for key in self.client.scan_iter("fp:*:fill:*", count=1000)}

    def run_out_locks(self) -> None:
        """Let the locks of fills run out, as they do by themselves."""
        locks = self.locks()
        if locks:
            self.client.delete(*locks)

    def copy(self) -> dict[bytes, tuple[bytes, int]]:
        """Return all that there is, with for how long."""
        return {key: (self.client.dump(key), self.client.pttl(key)) for key in self.client.scan_iter(count=1000)}

    def load_scripts(self) -> None:
        """Have Redis know all scripts: whether it does must not depend on what ran before.  It is the first run of it."""
        pipe = self.client.pipeline(transaction=False)
        pipe.script_flush()
        for path in files("fedora_packages.cache").joinpath("lua").iterdir():
            pipe.script_load(redis_server.script(path.name.removesuffix(".lua")))
        pipe.script_load(Lock.LUA_RELEASE_SCRIPT)
        pipe.set(RUN_KEY, "run_id:1;")
        pipe.execute()

    def restart(self, copy: dict[bytes, tuple[bytes, int]] | None) -> None:
        """Start anew: with all that there is (None), or with what a copy has.  Scripts are forgotten."""
        self.client.script_flush()
        run = self.client.info()["run_id"]
        if copy is not None:
            self.client.flushdb()
            for key, (data, left) in copy.items():
                self.client.restore(key, max(0, left), data, replace=True)
        self.client.set(RUN_KEY, f"run_id:{int(run.rstrip(';')) + 1};")


def check_all_is_well(
    service: Service, store: Store, truth: Mapping[str, int], warm: Iterable[tuple[Entry, str]] = ()
) -> None:
    """Check, once all is quiet, that every value is the truth, and that whatever was ``warm`` or is known has one."""
    depths = {name: service.queue.depth(name) for name in service.connectors}
    assert not any(depths.values()), f"the queue is never empty: {depths}"
    waiting = store.waiting(service.queue)
    assert not waiting, f"counted as waiting although nothing is queued: {waiting}"
    for entry, kept in store.kept().items():
        for variant, data in kept.current.items():
            found = value_in(data)
            assert found["version"] == truth[entry.package], (
                f"stale forever: {entry} {variant!r} is {found}, not {truth[entry.package]}"
            )
        cold = (kept.last_known.keys() | {name for one, name in warm if one == entry}) - kept.current.keys()
        assert not cold, f"cold forever: {entry} {cold}"
        assert all(cached.is_fresh for cached in service.cache.read([(entry, name) for name in kept.current]))
