"""Warm: what was never cached is fetched, the popular packages first, and others' work goes before."""

import threading
import time
from collections import Counter
from dataclasses import replace

import pytest

from fedora_packages import widgets
from fedora_packages.cache import keys
from fedora_packages.cache.values import Invalidation
from fedora_packages.connectors.query import Query
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from fedora_packages.monitoring.warmth import WARM, Warmth, warmth, warmth_of
from fedora_packages.search.document import Binary, Document
from fedora_packages.search.indexing.writer import Writer
from fedora_packages.search.reader import IndexReader
from fedora_packages.widgets.base import Tab, Widget
from fedora_packages.worker.shared_work import SharedWork
from fedora_packages.worker.warm import Warmer, by_popularity
from tests.filling import put

QUERIES = {
    "builds": "koji.builds",
    "files": "mdapi.files",
    "required": "mdapi.required_by",
    "releases": "bodhi.releases",
}


class Shown(Widget):
    """A panel with a query about the source, two about a binary, of which one is lazy, and one about no package."""

    name = tab = title = "shown"
    order = 1
    queries = QUERIES


class Fetches:
    """What is fetched: the queries with their packages and variants, in order.  ``answer`` may raise."""

    def __init__(self):
        self.calls, self.answer = [], lambda query, package: None

    def of(self, query: Query) -> Query:
        """Return a query that is answered here."""

        def fetch(connector, package, release=""):
            self.calls.append((query.name, package, release))
            self.answer(query.name, package)
            return {"total": len(self.calls)}

        declaration = replace(query.declaration, fetch=fetch)
        declaration.short_name = query.short_name
        declaration.by_release = query.by_release
        return replace(query, declaration=declaration)


@pytest.fixture
def fetches(service):
    found = Fetches()
    service.queries.update({name: found.of(service.queries[name]) for name in QUERIES.values()})
    return found


@pytest.fixture
def make(service):
    """A function that makes a warmer, by default one without a pause."""

    def warmer(**options):
        defaults = {
            "cache": service.cache, "queue": service.queue, "index": service.index, "connectors": service.connectors,
            "queries": service.queries, "tabs": (Tab("shown", "Shown", (Shown(),)),), "rate": 1e6, "stop": threading.Event(),
            "renew_every": 0.01,
        }  # fmt: skip
        return Warmer(**{**defaults, **options})

    return warmer


def turn_of(service, warmer, every=0.5, **more):
    return SharedWork(service.client, WARM, every, warmer.run, lock_for=5.0, **more)


def fill_all(service, warmer):
    """Run a turn, and do all the work that it finds, upstream by upstream."""
    thread = threading.Thread(target=turn_of(service, warmer, since=time.time()).take)
    thread.start()
    while thread.is_alive():
        worked = [warmer.work(upstream) for upstream in service.connectors]
        if not any(worked):
            thread.join(0.01)


def counted(service):
    return {name: (row.there, row.wanted) for name, row in warmth(service.client).queries.items() if row.wanted}


def test_what_pages_show_by_default_is_fetched_once(service, make, fetches):
    fill_all(service, make())
    assert Counter(fetches.calls) == dict.fromkeys([
        *(("koji.builds", name, "") for name in ("guake", "vim", "gcc", "epel-release", "gone")),
        *((query, binary, branch) for query in ("mdapi.files", "mdapi.required_by") for binary, branch in [
            ("guake", "rawhide"), ("vim-enhanced", "rawhide"), ("gcc", "rawhide"), ("epel-release", "epel9"), ("gone", "rawhide"),
        ]),
    ], 1)  # fmt: skip
    fetches.calls.clear()
    fill_all(service, make())
    assert (fetches.calls, counted(service)) == (
        [], {"koji.builds": (5, 5), "mdapi.files": (5, 5), "mdapi.required_by": (5, 5)},
    )  # fmt: skip


def popular(service):
    with Writer(service.settings.search.index) as writer:
        writer.replace([
            Document(name, branch="rawhide", releases=("rawhide",), binaries=(Binary(name),), dependents=dependents)
            for name, dependents in (("zlib", 900), ("guake", 1), ("attr", 30))
        ])  # fmt: skip
        writer.commit()


def test_popular_packages_come_first_and_retired_ones_last(service, make, fetches):
    popular(service)
    order = ["zlib", "attr", "guake", "epel-release", "gcc", "vim", "gone"]
    assert by_popularity(service.index) == order
    fill_all(service, make())
    assert [package for query, package, _ in fetches.calls if query == "koji.builds"] == order


def test_lazy_queries_come_after_all_others_and_failed_ones_last(service, make, fetches):
    popular(service)
    call = service.queries["mdapi.files"]
    service.cache.fail(call.entry("zlib"), "rawhide", InvalidResponse("mdapi", "GET", "no"))
    fill_all(service, make())
    names = [(query, package) for query, package, _ in fetches.calls if query.startswith("mdapi.")]
    assert [query for query, _ in names] == ["mdapi.files"] * 6 + ["mdapi.required_by"] * 7 + ["mdapi.files"]
    assert names[-1] == ("mdapi.files", "zlib")


def test_what_pages_and_messages_have_cached_is_left_to_them(service, make, fetches):
    entry = service.queries["koji.builds"].entry("guake")
    put(service.cache, entry, {"total": 0})
    service.cache.invalidate([Invalidation(entry)])
    fill_all(service, make())
    assert ("koji.builds", "guake", "") not in fetches.calls


def test_what_comes_after_the_count_is_left_to_others_too(service, make, fetches):
    warmer = make()
    turn = threading.Thread(target=turn_of(service, warmer).take)
    turn.start()
    while not warmer.work("koji"):
        turn.join(0.01)
    entry = service.queries["koji.builds"].entry("gone")
    put(service.cache, entry, {"total": 0})
    service.cache.invalidate([Invalidation(entry)])
    while turn.is_alive():
        warmer.work("koji")
        turn.join(0.01)
    assert len([call for call in fetches.calls if call[0] == "koji.builds"]) == 4


def test_a_raised_schema_version_is_filled_again(service, make, fetches):
    fill_all(service, make())
    fetches.calls.clear()
    old = service.queries["koji.builds"]
    declaration = replace(old.declaration, version=old.declaration.version + 1)
    declaration.short_name, declaration.by_release = old.short_name, False
    service.queries["koji.builds"] = replace(old, declaration=declaration)
    fill_all(service, make())
    assert {query for query, _, _ in fetches.calls} == {"koji.builds"}
    assert len(fetches.calls) == 5


def test_an_upstream_that_is_down_holds_up_no_other_and_loses_no_package(service, make, fetches):
    def fail(query, package):
        if query.startswith("koji."):
            raise UpstreamUnavailable("koji", "listBuilds", "HTTP 503")

    fetches.answer = fail
    warmer = make()
    turn = threading.Thread(target=turn_of(service, warmer).take)
    turn.start()
    while not warmer.work("koji"):
        turn.join(0.01)
    for _ in range(10):
        warmer.work("koji")
        warmer.work("mdapi")
    fetches.answer = lambda query, package: None
    while turn.is_alive():
        warmer.work("koji")
        warmer.work("mdapi")
    # What failed before the circuit opened is what the next count finds, and no more is missing.
    fill_all(service, make())
    found = counted(service)
    assert (found["mdapi.files"], found["mdapi.required_by"]) == ((5, 5), (5, 5))
    fill_all(service, make())
    assert counted(service) == {"koji.builds": (5, 5), "mdapi.files": (5, 5), "mdapi.required_by": (5, 5)}


def test_a_value_that_never_comes_holds_up_no_other(service, make, fetches):
    def fail(query, package):
        if (query, package) == ("koji.builds", fetches.calls[0][1]):
            raise UpstreamUnavailable("koji", "listBuilds", "timed out")

    fetches.answer = fail
    fill_all(service, make())
    assert counted(service)["koji.builds"] == (0, 5)
    fill_all(service, make())
    assert counted(service)["koji.builds"] == (4, 5)


def test_a_count_that_was_cut_short_is_not_told(service, make):
    warmer = make()
    warmer.stop.set()
    turn_of(service, warmer).take()
    assert warmth(service.client) is None


def test_nothing_is_asked_of_an_upstream_whose_circuit_is_open_or_for_which_a_refill_waits(service, make, fetches):
    warmer = make()
    turn = threading.Thread(target=turn_of(service, warmer, every=2.0).take)
    turn.start()
    while not warmer.work("koji"):
        turn.join(0.01)
    service.queue.add("koji", "koji.builds", "vim")
    assert not warmer.work("koji")
    claim = service.queue.claim("koji", 60, 10)
    assert warmer.work("koji")
    service.queue.acknowledge(claim)
    circuit = service.connectors["koji"].circuit
    for _ in range(circuit.FAILURES):
        circuit.failed("HTTP 503")
    assert not warmer.work("koji")
    assert warmer.work("mdapi")
    warmer.stop.set()
    turn.join()


def test_packages_are_begun_at_the_rate(service, make, fetches):
    warmer = make(rate=0.001)
    turn = threading.Thread(target=turn_of(service, warmer).take)
    turn.start()
    worked = Counter()
    while turn.is_alive():
        worked.update({upstream: warmer.work(upstream) for upstream in ("koji", "mdapi")})
        turn.join(0.01)
    # One package of each: its builds, its files.
    assert worked == {"koji": 1, "mdapi": 1}


def test_one_worker_at_a_time_counts_and_fills(service, make, fetches):
    first, second = make(), make()
    turn = threading.Thread(target=turn_of(service, first, every=2.0).take)
    turn.start()
    while not first.work("koji"):
        turn.join(0.01)
    assert not turn_of(service, second).take()
    assert not second.work("koji")
    first.stop.set()
    turn.join()


def test_after_a_kill_another_worker_goes_on_with_what_is_missing(service, make, fetches):
    killed = make()
    turn = threading.Thread(target=turn_of(service, killed).take)
    turn.start()
    while len(fetches.calls) < 3:
        killed.work("koji")
    killed.stop.set()
    turn.join()
    # The mark and the lock that a killed worker leaves; the lock runs out.
    service.client.hset(keys.turn(WARM), "running", 1)
    done = list(fetches.calls)
    fill_all(service, make())
    assert fetches.calls[: len(done)] == done
    assert max(Counter(fetches.calls).values()) == 1
    assert {name for query, name, _ in fetches.calls if query == "koji.builds"} == {*by_popularity(service.index)}


def test_a_package_that_the_index_has_lost_is_not_asked_for(service, make, fetches):
    warmer = make(rate=1e6)
    turn = threading.Thread(target=turn_of(service, warmer).take)
    turn.start()
    while not warmer.work("koji"):
        turn.join(0.01)
    left = by_popularity(service.index)[1:]
    with Writer(service.settings.search.index) as writer:
        writer.remove(left)
        writer.commit()
    while turn.is_alive():
        warmer.work("koji")
        turn.join(0.01)
    assert len([call for call in fetches.calls if call[0] == "koji.builds"]) == 1


def test_without_an_index_nothing_is_counted(service, make, fetches, tmp_path):
    turn_of(service, make(index=IndexReader(tmp_path / "none"))).take()
    assert (fetches.calls, warmth(service.client)) == ([], None)


def test_the_real_tabs_say_what_is_shown(service, make):
    warmer = make(tabs=tuple(widgets.load().values()))
    calls = warmer._calls("guake")
    assert {call.query.name for call in calls} >= {
        "koji.builds",
        "koji.tagged",
        "mdapi.files",
        "bugzilla.counts",
        "distgit.spec",
    }
    assert len(calls) == len(set(calls))


def test_the_state_tells_since_when_values_are_missing_and_how_many_come():
    def count(at, there):
        return Warmth(at, queries={"koji.builds": {"wanted": 10, "there": there, "failed": 0}})

    empty = warmth_of(count(100.0, 0).as_position()).after(None)
    assert (empty.share, empty.since, empty.rate) == (0.0, 100.0, None)
    half = warmth_of(count(110.0, 5).as_position()).after(empty)
    assert (half.share, half.since, half.rate) == (0.5, 100.0, 0.5)
    full = warmth_of(count(120.0, 10).as_position()).after(half)
    assert (full.share, full.since, full.rate) == (1.0, None, 0.5)
    again = warmth_of(count(130.0, 9).as_position()).after(full)
    assert (again.since, again.rate) == (130.0, 0.0)
    assert warmth_of(again.as_position()) == again


@pytest.mark.parametrize(
    "position",
    [
        None,
        {},
        [],
        {"queries": {"a": {"other": 1}}, "at": 1},
        {"queries": {}},
        {"queries": {}, "at": "x", "since": None, "rate": None},
    ],
)
def test_a_state_of_another_version_is_unknown(position):
    assert warmth_of(position) is None
