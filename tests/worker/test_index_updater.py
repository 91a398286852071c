"""The index's upkeep: what is touched is made anew, and nothing that was noted is lost."""

import random
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from fedora_packages.cache import keys
from fedora_packages.errors import CacheUnavailable, IndexLocked, InvalidResponse, SearchUnavailable
from fedora_packages.search import corruption
from fedora_packages.search.indexing.builder import Builder
from fedora_packages.search.indexing.writer import index_lock
from fedora_packages.search.reader import IndexReader
from fedora_packages.worker import index_updater as upkeeping
from fedora_packages.worker.index_updater import Upkeep, touch
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
def make_upkeep(client, fedora, path):
    def make(**arguments):
        releases = fedora.connectors["bodhi"].releases.fetch
        return Upkeep(
            client,
            SimpleNamespace(index=str(path)),
            fedora.connectors,
            lambda: releases(fedora.connectors["bodhi"])["releases"],
            **{"retry": 0.0, **arguments},
        )

    return make


@pytest.fixture
def upkeep(make_upkeep):
    return make_upkeep()


def noted(client):
    return {name.decode() for name in client.zrange(keys.DIRTY, 0, -1)}


def test_a_touched_package_is_described_anew(upkeep, client, fedora, reader):
    fedora.sources["guake"].binaries = {"guake": "Something new"}
    touch(client, ["guake"])
    assert upkeep.run_once() == 1
    assert reader.source("guake").summary == "Something new"


def test_how_many_depend_on_a_package_is_what_the_builder_counted(upkeep, client, fedora, path, reader):
    fedora.requires["vim-go"] = ["guake"]
    Builder(path, fedora.connectors, str(publish(fedora, path.parent / "mirror"))).build()
    touch(client, ["guake"])
    upkeep.run_once()
    assert reader.source("guake").dependents == 1


def test_what_a_package_was_is_remembered_when_it_is_retired(upkeep, client, fedora, reader):
    fedora.sources["guake"].branches = ()
    touch(client, ["guake"])
    upkeep.run_once()
    found = reader.source("guake")
    assert (found.retired, found.summary) == (True, "guake, the source")


def test_what_is_settled_is_noted_no_more(upkeep, client):
    touch(client, ["guake", "vim"])
    upkeep.run_once()
    assert noted(client) == set()


def test_nothing_touched_is_nothing_to_do(upkeep, fedora):
    assert (upkeep.run_once(), fedora.asked) == (0, [])


def test_a_binary_touches_its_source(upkeep, client, fedora, reader):
    fedora.sources["vim"].binaries["vim-data"] = "Changed"
    touch(client, ["vim-data"])
    upkeep.run_once()
    assert _summaries(reader.source("vim"))["vim-data"] == "Changed"


def test_binaries_of_one_source_make_one_description(upkeep, client, fedora):
    touch(client, ["vim-data", "vim-X11", "vim"])
    upkeep.run_once()
    assert fedora.asked.count(("mdapi", "vim-data")) == 1


def test_a_new_package_appears(upkeep, client, fedora, reader):
    fedora.sources["newer"] = Source(branches=(), specs=("rawhide",))
    touch(client, ["newer"])
    upkeep.run_once()
    assert reader.source("newer").branch == "rawhide"


def test_a_new_package_appears_by_its_binary(upkeep, client, fedora, reader):
    fedora.sources["newer"] = Source({"newer-libs": "Libraries"})
    touch(client, ["newer-libs"])
    upkeep.run_once()
    assert reader.source("newer").binary_names == ("newer-libs",)


def test_a_package_that_was_retired_is_marked(upkeep, client, fedora, reader):
    fedora.sources["guake"].branches = ()
    touch(client, ["guake"])
    upkeep.run_once()
    assert reader.source("guake").retired


def test_what_no_upstream_knows_is_dropped(upkeep, client, reader):
    touch(client, ["nonsense"])
    assert (upkeep.run_once(), noted(client), reader.source("nonsense")) == (1, set(), None)


def test_a_package_that_is_gone_from_everywhere_is_removed(upkeep, client, fedora, reader):
    del fedora.sources["guake"]
    touch(client, ["guake"])
    upkeep.run_once()
    assert reader.source("guake") is None


def test_names_that_cannot_be_are_not_noted(client):
    touch(client, ["libc.so.6()(64bit)", "", "a b", "x" * 1000])
    assert noted(client) == set()


def test_a_package_that_is_touched_alone_does_not_wait_behind_many(make_upkeep, client, fedora):
    for number in range(60):
        fedora.sources[f"mass-{number}"] = Source({f"mass-{number}": "One of many"})
    touch(client, (f"mass-{number}" for number in range(60)))
    touch(client, ["guake"])
    make_upkeep(threads=1).run_once()
    mdapi = [package for upstream, package in fedora.asked if upstream == "mdapi"]
    assert mdapi.index("guake") < mdapi.index("mass-5")


def test_a_batch_that_takes_long_is_written_in_parts(make_upkeep, client):
    touch(client, ["guake", "vim"])
    # Nothing is begun once the time is over, and what was not come to stays noted.
    assert make_upkeep().run_once(seconds=0.0) == 0
    assert noted(client) == {"guake", "vim"}


def test_many_names_can_be_touched_at_once(client):
    touch(client, (f"p{number}" for number in range(12_000)))
    assert client.zcard(keys.DIRTY) == 12_000


def test_a_touch_can_be_part_of_a_pipeline(client):
    pipe = client.pipeline(transaction=False)
    touch(pipe, ["guake"])
    assert noted(client) == set()
    pipe.execute()
    assert noted(client) == {"guake"}


def test_touching_without_redis_is_told(unused_client):
    with pytest.raises(CacheUnavailable):
        touch(unused_client, ["guake"])


@pytest.fixture
def unused_client():
    """A client of a Redis that is not there."""
    from fedora_packages.cache.redis import connect

    return connect("redis://127.0.0.1:1", timeout=0.5)


def test_a_package_that_fails_stays_noted(upkeep, client, fedora, reader):
    fedora.bad.add("guake")
    touch(client, ["guake", "vim"])
    assert (upkeep.run_once(), noted(client)) == (1, {"guake"})
    assert reader.source("guake").summary == "guake, the source"


def test_a_package_that_failed_is_tried_again(upkeep, client, fedora, reader):
    fedora.bad.add("guake")
    touch(client, ["guake"])
    upkeep.run_once()
    fedora.bad.clear()
    fedora.sources["guake"].binaries["guake"] = "Better"
    assert upkeep.run_once() == 1
    assert reader.source("guake").summary == "Better"


def test_a_package_that_failed_waits(make_upkeep, client, fedora):
    upkeep = make_upkeep(retry=60.0)
    fedora.bad.add("guake")
    touch(client, ["guake"])
    upkeep.run_once()
    fedora.asked.clear()
    assert (upkeep.run_once(), fedora.asked) == (0, [])


def test_a_package_that_failed_need_not_wait_once_it_is_touched_again(make_upkeep, client, fedora):
    upkeep = make_upkeep(retry=60.0)
    fedora.bad.add("guake")
    touch(client, ["guake"])
    upkeep.run_once()
    fedora.bad.clear()
    touch(client, ["guake"])
    assert upkeep.run_once() == 1


def test_the_wait_doubles_up_to_a_bound(make_upkeep, client, fedora):
    upkeep = make_upkeep(retry=100.0, retry_limit=300.0)
    fedora.bad.add("guake")
    waits = []
    for _ in range(4):
        client.zadd(keys.DIRTY, {"guake": 1})
        upkeep.run_once()
        seconds, micros = client.time()
        waits.append(round(client.zscore(keys.DIRTY, "guake") / 1e6 - seconds - micros / 1e6))
    assert waits == [100, 200, 300, 300]


def test_success_forgets_failures(upkeep, client, fedora):
    fedora.bad.add("guake")
    touch(client, ["guake"])
    upkeep.run_once()
    fedora.bad.clear()
    upkeep.run_once()
    assert client.hlen(keys.INDEX_FAILURES) == 0


def test_a_bug_in_one_description_costs_only_that(upkeep, client, fedora, caplog):
    fedora.sources["guake"].binaries = {"guake": None}
    touch(client, ["guake", "vim"])
    assert (upkeep.run_once(), noted(client)) == (1, {"guake"})
    assert "Traceback" in caplog.text


def test_what_is_touched_while_it_is_described_stays_noted(upkeep, client, fedora):
    ask = fedora.ask

    def ask_and_touch(upstream, what):
        ask(upstream, what)
        if (upstream, what) == ("distgit", "guake"):
            touch(client, ["guake"])

    fedora.ask = ask_and_touch
    touch(client, ["guake"])
    assert (upkeep.run_once(), noted(client)) == (0, {"guake"})


def test_a_touch_in_the_same_microsecond_is_another(client):
    client.eval("redis.call('ZADD', KEYS[1], 5, 'x')", 1, keys.DIRTY)
    program = upkeeping.script("index_touch").replace("redis.call('TIME')", "{0, 5}")
    client.eval(program, 1, keys.DIRTY, "x")
    assert client.zscore(keys.DIRTY, "x") != 5


def test_a_batch_is_bounded(upkeep, client, monkeypatch):
    monkeypatch.setattr(upkeeping, "BATCH", 2)
    touch(client, ["guake", "vim", "orphaned"])
    assert [upkeep.run_once() for _ in range(3)] == [2, 1, 0]


def test_what_waits_longest_comes_first(upkeep, client, monkeypatch):
    monkeypatch.setattr(upkeeping, "BATCH", 1)
    touch(client, ["vim"])
    touch(client, ["guake"])
    upkeep.run_once()
    assert noted(client) == {"guake"}


def test_one_batch_is_one_commit(upkeep, client, monkeypatch):
    commits = []
    commit = upkeeping.Writer.commit
    monkeypatch.setattr(upkeeping.Writer, "commit", lambda self: commits.append(1) or commit(self))
    touch(client, ["guake", "vim", "nonsense"])
    upkeep.run_once()
    assert commits == [1]


def test_while_another_writes_all_stays_noted(upkeep, client, path):
    touch(client, ["guake"])
    with index_lock(path), pytest.raises(IndexLocked):
        upkeep.run_once()
    assert noted(client) == {"guake"}


def test_without_an_index_all_stays_noted(upkeep, client, path):
    touch(client, ["guake"])
    path.unlink()
    with pytest.raises(SearchUnavailable):
        upkeep.run_once()
    assert noted(client) == {"guake"}


def test_without_releases_nothing_is_retired(upkeep, client, fedora, reader):
    fedora.releases = ()
    touch(client, ["guake"])
    with pytest.raises(InvalidResponse):
        upkeep.run_once()
    assert (noted(client), reader.source("guake").retired) == ({"guake"}, False)


@pytest.mark.parametrize("step", ["_describe", "_write", "_strike_out"])
def test_an_end_at_any_step_leaves_the_batch_noted(make_upkeep, client, reader, fedora, monkeypatch, step):
    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    fedora.sources["guake"].binaries = {"guake": "Changed"}
    touch(client, ["guake"])
    with monkeypatch.context() as patch:
        patch.setattr(Upkeep, step, die)
        with pytest.raises(Killed):
            make_upkeep().run_once()
    assert noted(client) == {"guake"}
    assert make_upkeep().run_once() == 1
    assert reader.source("guake").summary == "Changed"


def test_it_runs_until_it_is_stopped(upkeep, client, reader, fedora, wait_until, monkeypatch):
    monkeypatch.setattr(upkeeping, "COMMIT_EVERY", 0.01)
    stop = threading.Event()
    running = threading.Thread(target=upkeep.run, args=(stop,))
    running.start()
    for summary in ("first", "second"):
        fedora.sources["guake"].binaries = {"guake": summary}
        touch(client, ["guake"])
        wait_until(lambda summary=summary: reader.source("guake").summary == summary)
    stop.set()
    running.join(10)
    assert not running.is_alive()


def test_it_goes_on_once_the_index_is_back(upkeep, client, path, wait_until, monkeypatch):
    monkeypatch.setattr(upkeeping, "COMMIT_EVERY", 0.01)
    monkeypatch.setattr(upkeeping, "TROUBLE_PAUSE", 0.01)
    stop = threading.Event()
    touch(client, ["guake"])
    with index_lock(path):
        running = threading.Thread(target=upkeep.run, args=(stop,))
        running.start()
    wait_until(lambda: not noted(client))
    stop.set()
    running.join(10)


def test_an_index_that_cannot_be_written_is_noted_as_damaged(upkeep, client, path, wait_until):
    table = path.resolve() / "termlist.glass"
    table.write_bytes(b"\xff" * table.stat().st_size)
    touch(client, ["guake"])
    stop = threading.Event()
    running = threading.Thread(target=upkeep.run, args=(stop,))
    running.start()
    wait_until(lambda: corruption.noted(client))
    stop.set()
    running.join(10)
    assert corruption.noted(client).directory == str(path.resolve())


def test_stopping_settles_what_was_described(make_upkeep, client):
    stop = threading.Event()
    stop.set()
    touch(client, [f"unknown-{number}" for number in range(40)])
    settled = make_upkeep(threads=1).run_once(stop)
    assert 0 < settled == 40 - len(noted(client)) < 40


def test_a_name_is_settled_when_all_sources_that_it_may_mean_are(upkeep, client, monkeypatch):
    monkeypatch.setattr(upkeep._reader, "sources", lambda names: {"guake": ("guake", "vim")})
    monkeypatch.setattr(upkeep, "_describe", lambda *_: ({"guake": None}, set()))
    touch(client, ["guake"])
    assert (upkeep.run_once(), noted(client)) == (0, {"guake"})


def test_stopping_is_no_failure_of_what_was_not_come_to(make_upkeep, client):
    stop = threading.Event()
    stop.set()
    touch(client, ["guake", "vim", "orphaned"])
    make_upkeep(threads=1).run_once(stop)
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

#: A worker that keeps the index up, in small batches and without rest, until it is killed.
WORKER = """
import pathlib, sys, threading
from types import SimpleNamespace
from fedora_packages.cache.redis import connect
from fedora_packages.worker import index_updater as index
from tests.worker.test_index_updater import told
index.COMMIT_EVERY, index.TROUBLE_PAUSE, index.BATCH = 0, 0.01, 9
fedora = told(pathlib.Path(sys.argv[3]))
releases = [{"branch": branch} for branch, _ in fedora.releases]
settings = SimpleNamespace(index=sys.argv[2])
index.Upkeep(connect(sys.argv[1]), settings, fedora.connectors, lambda: releases).run(threading.Event())
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
        touch(client, changed)
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
    upkeep = Upkeep(client, SimpleNamespace(index=str(path)), fedora.connectors, lambda: releases, retry=0.0)
    wait_until(lambda: upkeep.run_once() == 0 and not noted(client))
    reader = IndexReader(path)
    assert [n for n in names if reader.source(n) is None or reader.source(n).summary != (folder / n).read_text()] == []


def _summaries(document):
    return {binary.name: binary.summary for binary in document.binaries}
