"""The index updater: dirty packages get new documents, and none of them is lost."""

import random
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.redis import script, script_digest
from fedora_packages.connectors.query import Queries
from fedora_packages.errors import CacheUnavailable, IndexLocked, InvalidResponse, SearchUnavailable
from fedora_packages.search import corruption
from fedora_packages.search.document import Binary
from fedora_packages.search.indexing.builder import Builder
from fedora_packages.search.indexing.writer import Writer, index_lock
from fedora_packages.search.reader import IndexReader
from fedora_packages.worker.index_updater import IndexUpdater, mark_dirty
from tests.search.fedora import BRANCHES, Fedora, Source, small_fedora
from tests.search.indexing.repos import publish


@pytest.fixture
def fedora():
    return small_fedora()


@pytest.fixture
def path(tmp_path, fedora):
    """The index of the small Fedora, as it is when the test begins."""
    Builder(tmp_path / "index", fedora.connectors, str(publish(fedora, tmp_path / "mirror")), concurrency=1).build()
    fedora.asked.clear()
    return tmp_path / "index"


@pytest.fixture
def reader(path):
    return IndexReader(path)


@pytest.fixture
def make_updater(client, fedora, path):
    def make(**arguments):
        bodhi = fedora.connectors["bodhi"]
        defaults = {
            "client": client,
            "index": path,
            "queries": Queries(fedora.connectors.values()),
            "releases": lambda: bodhi.releases.fetch(bodhi)["releases"],
            "retry": 0.0,
        }
        return IndexUpdater(**{**defaults, **arguments})

    return make


@pytest.fixture
def updater(make_updater):
    return make_updater()


def dirty(client):
    return {name.decode() for name in client.zrange(keys.DIRTY, 0, -1)}


def test_a_touched_package_is_described_anew(updater, client, fedora, reader):
    fedora.sources["guake"].binaries = {"guake": "Something new"}
    mark_dirty(client, ["guake"])
    assert updater.run_once() == 1
    assert reader.source("guake").summary == "Something new"


@pytest.mark.parametrize("unserved", BRANCHES)
def test_a_package_keeps_what_it_had_in_a_release_that_mdapi_does_not_serve(updater, client, fedora, reader, unserved):
    before = reader.source("guake").releases
    fedora.sources["guake"].binaries["guake"] = "Changed"
    fedora.unserved.add(unserved)
    mark_dirty(client, ["guake", "vim"])
    updater.run_once()
    found = reader.source("guake")
    assert (before, found.releases, found.branch, found.releases_of("guake")) == (
        BRANCHES,
        BRANCHES,
        BRANCHES[0],
        BRANCHES,
    )
    assert found.binaries[0].summary == "Changed"
    assert reader.source("vim").releases == ("f45", "epel10")


def test_how_many_depend_on_a_package_is_what_the_builder_counted(updater, client, fedora, path, reader):
    fedora.requires["vim-go"] = ["guake"]
    Builder(path, fedora.connectors, str(publish(fedora, path.parent / "mirror"))).build()
    mark_dirty(client, ["guake"])
    updater.run_once()
    assert reader.source("guake").dependents == 1


def test_what_a_package_was_is_remembered_when_it_is_retired(updater, client, fedora, reader):
    fedora.sources["guake"].branches = ()
    mark_dirty(client, ["guake"])
    updater.run_once()
    found = reader.source("guake")
    assert (found.retired, found.summary) == (True, "guake, the source")


def test_what_is_settled_is_noted_no_more(updater, client):
    mark_dirty(client, ["guake", "vim"])
    updater.run_once()
    assert dirty(client) == set()


def test_nothing_touched_is_nothing_to_do(updater, fedora):
    assert (updater.run_once(), fedora.asked) == (0, [])


def test_a_binary_touches_its_source(updater, client, fedora, reader):
    fedora.sources["vim"].binaries["vim-data"] = "Changed"
    mark_dirty(client, ["vim-data"])
    updater.run_once()
    assert _summaries(reader.source("vim"))["vim-data"] == "Changed"


def test_binaries_of_one_source_make_one_description(updater, client, fedora):
    mark_dirty(client, ["vim-data", "vim-X11", "vim"])
    updater.run_once()
    assert fedora.asked.count(("mdapi", "vim-data")) == 1


def test_a_new_package_appears(updater, client, fedora, reader):
    fedora.sources["newer"] = Source(branches=(), specs=("rawhide",))
    mark_dirty(client, ["newer"])
    updater.run_once()
    assert reader.source("newer").branch == "rawhide"


def test_a_new_package_appears_by_its_binary(updater, client, fedora, reader):
    fedora.sources["newer"] = Source({"newer-libs": "Libraries"})
    mark_dirty(client, ["newer-libs"])
    updater.run_once()
    assert reader.source("newer").binary_names == ("newer-libs",)


def test_a_package_that_was_retired_is_marked(updater, client, fedora, reader):
    fedora.sources["guake"].branches = ()
    mark_dirty(client, ["guake"])
    updater.run_once()
    assert reader.source("guake").retired


def test_what_no_upstream_knows_is_dropped(updater, client, reader):
    mark_dirty(client, ["nonsense"])
    assert (updater.run_once(), dirty(client), reader.source("nonsense")) == (1, set(), None)


def test_a_package_that_is_gone_from_everywhere_is_removed(updater, client, fedora, reader):
    del fedora.sources["guake"]
    mark_dirty(client, ["guake"])
    updater.run_once()
    assert reader.source("guake") is None


def test_names_that_cannot_be_are_not_noted(client):
    mark_dirty(client, ["libc.so.6()(64bit)", "", "a b", "x" * 1000])
    assert dirty(client) == set()


def test_a_package_that_is_touched_alone_does_not_wait_behind_many(make_updater, client, fedora):
    for number in range(60):
        fedora.sources[f"mass-{number}"] = Source({f"mass-{number}": "One of many"})
    mark_dirty(client, (f"mass-{number}" for number in range(60)))
    mark_dirty(client, ["guake"])
    make_updater(threads=1).run_once()
    mdapi = [package for upstream, package in fedora.asked if upstream == "mdapi"]
    assert mdapi.index("guake") < mdapi.index("mass-5")


def test_a_batch_that_takes_long_is_written_in_parts(make_updater, client):
    mark_dirty(client, ["guake", "vim"])
    # Nothing is begun once the time is over, and what was not come to stays noted.
    assert make_updater().run_once(seconds=0.0) == 0
    assert dirty(client) == {"guake", "vim"}


def test_many_names_can_be_touched_at_once(client):
    mark_dirty(client, (f"p{number}" for number in range(12_000)))
    assert client.zcard(keys.DIRTY) == 12_000


def test_a_touch_can_be_part_of_a_pipeline(client):
    pipe = client.pipeline(transaction=False)
    mark_dirty(pipe, ["guake"])
    assert dirty(client) == set()
    pipe.execute()
    assert dirty(client) == {"guake"}


def test_touching_without_redis_is_told(unused_client):
    with pytest.raises(CacheUnavailable):
        mark_dirty(unused_client, ["guake"])


@pytest.fixture
def unused_client():
    """A client of a Redis that is not there."""
    from fedora_packages.cache.redis import connect

    return connect("redis://127.0.0.1:1", timeout=0.5)


def test_a_package_that_fails_stays_noted(updater, client, fedora, reader):
    fedora.bad.add("guake")
    mark_dirty(client, ["guake", "vim"])
    assert (updater.run_once(), dirty(client)) == (1, {"guake"})
    assert reader.source("guake").summary == "guake, the source"


def test_a_package_that_failed_is_tried_again(updater, client, fedora, reader):
    fedora.bad.add("guake")
    mark_dirty(client, ["guake"])
    updater.run_once()
    fedora.bad.clear()
    fedora.sources["guake"].binaries["guake"] = "Better"
    assert updater.run_once() == 1
    assert reader.source("guake").summary == "Better"


def test_a_package_that_failed_waits(make_updater, client, fedora):
    updater = make_updater(retry=60.0)
    fedora.bad.add("guake")
    mark_dirty(client, ["guake"])
    updater.run_once()
    fedora.asked.clear()
    assert (updater.run_once(), fedora.asked) == (0, [])


def test_a_package_that_failed_need_not_wait_once_it_is_touched_again(make_updater, client, fedora):
    updater = make_updater(retry=60.0)
    fedora.bad.add("guake")
    mark_dirty(client, ["guake"])
    updater.run_once()
    fedora.bad.clear()
    mark_dirty(client, ["guake"])
    assert updater.run_once() == 1


def test_the_wait_doubles_up_to_a_bound(make_updater, client, fedora):
    updater = make_updater(retry=100.0, retry_limit=300.0)
    fedora.bad.add("guake")
    waits = []
    for _ in range(4):
        client.zadd(keys.DIRTY, {"guake": 1})
        updater.run_once()
        seconds, micros = client.time()
        waits.append(round(client.zscore(keys.DIRTY, "guake") / 1e6 - seconds - micros / 1e6))
    assert waits == [100, 200, 300, 300]


def test_success_forgets_failures(updater, client, fedora):
    fedora.bad.add("guake")
    mark_dirty(client, ["guake"])
    updater.run_once()
    fedora.bad.clear()
    updater.run_once()
    assert client.hlen(keys.INDEX_FAILURES) == 0


def test_a_bug_in_one_description_costs_only_that(updater, client, fedora, caplog):
    fedora.sources["guake"].binaries = {"guake": None}
    mark_dirty(client, ["guake", "vim"])
    assert (updater.run_once(), dirty(client)) == (1, {"guake"})
    assert "Traceback" in caplog.text


def test_what_is_touched_while_it_is_described_stays_noted(updater, client, fedora):
    ask = fedora.ask

    def ask_and_touch(upstream, what):
        ask(upstream, what)
        if (upstream, what) == ("distgit", "guake"):
            mark_dirty(client, ["guake"])

    fedora.ask = ask_and_touch
    mark_dirty(client, ["guake"])
    assert (updater.run_once(), dirty(client)) == (0, {"guake"})


def test_a_touch_in_the_same_microsecond_is_another(client):
    client.eval("redis.call('ZADD', KEYS[1], 5, 'x')", 1, keys.DIRTY)
    program = script("index_dirty").replace("redis.call('TIME')", "{0, 5}")
    client.eval(program, 1, keys.DIRTY, "x")
    assert client.zscore(keys.DIRTY, "x") != 5


def test_a_batch_is_bounded(make_updater, client):
    updater = make_updater(batch=2)
    mark_dirty(client, ["guake", "vim", "orphaned"])
    assert [updater.run_once() for _ in range(3)] == [2, 1, 0]


def test_what_waits_longest_comes_first(make_updater, client):
    updater = make_updater(batch=1)
    mark_dirty(client, ["vim"])
    mark_dirty(client, ["guake"])
    updater.run_once()
    assert dirty(client) == {"guake"}


def test_one_batch_is_one_commit(make_updater, client):
    commits = []

    class CountingWriter(Writer):
        def commit(self):
            commits.append(1)
            super().commit()

    mark_dirty(client, ["guake", "vim", "nonsense"])
    make_updater(writer=CountingWriter).run_once()
    assert commits == [1]


def test_while_another_writes_all_stays_noted(updater, client, path):
    mark_dirty(client, ["guake"])
    with index_lock(path), pytest.raises(IndexLocked):
        updater.run_once()
    assert dirty(client) == {"guake"}


def test_without_an_index_all_stays_noted(updater, client, path):
    mark_dirty(client, ["guake"])
    path.unlink()
    with pytest.raises(SearchUnavailable):
        updater.run_once()
    assert dirty(client) == {"guake"}


def test_without_releases_nothing_is_retired(updater, client, fedora, reader):
    fedora.releases = ()
    mark_dirty(client, ["guake"])
    with pytest.raises(InvalidResponse):
        updater.run_once()
    assert (dirty(client), reader.source("guake").retired) == ({"guake"}, False)


class Killed(BaseException):
    """The end of the process."""


class KillingWriter(Writer):
    """A writer that a kill ends before its commit."""

    def commit(self):
        raise Killed


class KillingClient:
    """A client that a kill ends when written names are acknowledged."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)

    def evalsha(self, digest, *arguments):
        if digest == script_digest("index_done"):
            raise Killed
        return self._client.evalsha(digest, *arguments)


@pytest.mark.parametrize("step", ["describe", "write", "acknowledge"])
def test_an_end_at_any_step_leaves_the_batch_dirty(make_updater, client, reader, fedora, step):
    def die():
        raise Killed

    fedora.sources["guake"].binaries = {"guake": "Changed"}
    mark_dirty(client, ["guake"])
    killed = {
        "describe": {"releases": die},
        "write": {"writer": KillingWriter},
        "acknowledge": {"client": KillingClient(client)},
    }
    with pytest.raises(Killed):
        make_updater(**killed[step]).run_once()
    assert dirty(client) == {"guake"}
    assert make_updater().run_once() == 1
    assert reader.source("guake").summary == "Changed"


def test_it_runs_until_it_is_stopped(make_updater, client, reader, fedora, wait_until):
    updater = make_updater(commit_every=0.01)
    stop = threading.Event()
    running = threading.Thread(target=updater.run, args=(stop,))
    running.start()
    for summary in ("first", "second"):
        fedora.sources["guake"].binaries = {"guake": summary}
        mark_dirty(client, ["guake"])
        wait_until(lambda summary=summary: reader.source("guake").summary == summary)
    stop.set()
    running.join(10)
    assert not running.is_alive()


def test_it_goes_on_once_the_index_is_back(make_updater, client, path, wait_until):
    updater = make_updater(commit_every=0.01, error_pause=0.01)
    stop = threading.Event()
    mark_dirty(client, ["guake"])
    with index_lock(path):
        running = threading.Thread(target=updater.run, args=(stop,))
        running.start()
    wait_until(lambda: not dirty(client))
    stop.set()
    running.join(10)


def test_an_index_that_cannot_be_written_is_noted_as_corrupt(updater, client, path, wait_until):
    table = path.resolve() / "termlist.glass"
    table.write_bytes(b"\xff" * table.stat().st_size)
    mark_dirty(client, ["guake"])
    stop = threading.Event()
    running = threading.Thread(target=updater.run, args=(stop,))
    running.start()
    wait_until(lambda: corruption.noted(client))
    stop.set()
    running.join(10)
    assert corruption.noted(client).directory == str(path.resolve())


def test_stopping_settles_what_was_described(make_updater, client):
    stop = threading.Event()
    stop.set()
    mark_dirty(client, [f"unknown-{number}" for number in range(40)])
    settled = make_updater(threads=1).run_once(stop)
    assert 0 < settled == 40 - len(dirty(client)) < 40


def test_a_name_is_acknowledged_when_all_sources_that_it_can_mean_are_written(updater, client, path, fedora, reader):
    shared = Binary("shared")
    with Writer(path) as writer:
        writer.replace(replace(reader.source(name), binaries=(shared,)) for name in ("guake", "vim"))
        writer.commit()
    assert set(reader.sources(["shared"])["shared"]) == {"guake", "vim"}
    fedora.bad.add("vim")
    mark_dirty(client, ["shared"])
    assert (updater.run_once(), dirty(client)) == (0, {"shared"})


def test_stopping_is_no_failure_of_what_was_not_come_to(make_updater, client):
    stop = threading.Event()
    stop.set()
    mark_dirty(client, ["guake", "vim", "orphaned"])
    make_updater(threads=1).run_once(stop)
    assert client.hlen(keys.INDEX_FAILURES) == 0


class Told:
    """A source package that a file describes: it changes for all processes at once."""

    branches, owner, specs, builds, in_distgit = BRANCHES, "pingou", (), 1, True

    def __init__(self, path):
        self.path = path

    @property
    def binaries(self):
        return {self.path.name: self.path.read_text()}

    def binaries_in(self, branch):
        return self.binaries


def told(folder):
    """Return a Fedora of the packages that the files in a folder describe."""
    fedora = Fedora()
    fedora.sources = {path.name: Told(path) for path in sorted(folder.iterdir())}
    return fedora


ROOT = Path(__file__).parents[2]

#: A worker that updates the index, in small batches and without rest, until it is killed.
WORKER = """
import pathlib, sys, threading
from fedora_packages.cache.redis import connect
from fedora_packages.connectors.query import Queries
from fedora_packages.worker.index_updater import IndexUpdater
from tests.worker.test_index_updater import told
fedora = told(pathlib.Path(sys.argv[3]))
releases = [{"branch": branch} for branch, _ in fedora.releases]
client, queries = connect(sys.argv[1]), Queries(fedora.connectors.values())
IndexUpdater(client, sys.argv[2], queries, lambda: releases, batch=9, commit_every=0, error_pause=0.01).run(threading.Event())
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again_it_loses_nothing(client, redis_url, path, tmp_path, wait_until, seed):
    draw = random.Random(seed)
    folder = tmp_path / "packages"
    folder.mkdir()
    names = [f"package{number}" for number in range(120)]
    for number in range(8):
        changed = names if number == 0 else draw.sample(names, 60)
        for name in changed:
            (folder / name).write_text(f"Change {number}")
        mark_dirty(client, changed)
        worker = subprocess.Popen([sys.executable, "-c", WORKER, redis_url, str(path), str(folder)], cwd=ROOT)
        try:
            left = draw.randrange(client.zcard(keys.DIRTY))
            wait_until(lambda left=left: client.zcard(keys.DIRTY) <= left, limit=60, every=0.001)
        finally:
            # Also where the wait has failed: a worker left alone would run for ever, and the suite with it.
            worker.kill()
            worker.wait(10)
    fedora = told(folder)
    releases = [{"branch": branch} for branch in BRANCHES]
    updater = IndexUpdater(client, path, Queries(fedora.connectors.values()), lambda: releases, retry=0.0)
    wait_until(lambda: updater.run_once() == 0 and not dirty(client))
    reader = IndexReader(path)
    assert [n for n in names if reader.source(n) is None or reader.source(n).summary != (folder / n).read_text()] == []


def _summaries(document):
    return {binary.name: binary.summary for binary in document.binaries}
