"""A corrupt index is rebuilt, beside itself, by one worker."""

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import xapian

from fedora_packages.cache import keys
from fedora_packages.errors import SearchUnavailable, UpstreamUnavailable
from fedora_packages.search import corruption, terms
from fedora_packages.search.indexing.writer import Writer, index_lock
from fedora_packages.search.reader import REOPEN_CORRUPT_EVERY, IndexReader
from fedora_packages.worker.index_repair import Build as StartedBuild
from fedora_packages.worker.index_repair import IndexRepair, build
from tests.search.fedora import document, garble
from tests.worker import builds


class Build:
    """A build that a test ends."""

    def __init__(self):
        self.exitcode = None

    def is_alive(self):
        return self.exitcode is None

    def failure(self):
        return "koji does not answer" if self.exitcode else None

    def end(self):
        self.exitcode = -15


def index_of(folder, *documents):
    with Writer(folder, create=True) as writer:
        writer.replace(documents)
        writer.commit()


def spoil(folder):
    """Corrupt a database: its table has other bytes than were written."""
    table = folder / "postlist.glass"
    table.write_bytes(b"\xff" * table.stat().st_size)


def spoil_and_note(index, client):
    """Corrupt the current index, and note that."""
    spoil(index.resolve())
    corruption.note(client, str(index.resolve()), "bad")


@pytest.fixture
def index(tmp_path):
    """The link to the current index, with the one before it beside."""
    index_of(tmp_path / "index.2", document("new"))
    index_of(tmp_path / "index.1", document("old"))
    (tmp_path / "index").symlink_to("index.2")
    (tmp_path / "index.last").symlink_to("index.1")
    return tmp_path / "index"


@pytest.fixture
def started():
    return []


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def make_repair(client, index, started, now):
    def start(settings):
        started.append(Build())
        return started[-1]

    def make(**arguments):
        settings = SimpleNamespace(search=SimpleNamespace(index=str(index)))
        return IndexRepair(client, settings, start, clock=lambda: now[0], **arguments)

    return make


@pytest.fixture
def repair(make_repair):
    return make_repair()


def unread(directory):
    """Fail: the index must not be checked."""
    pytest.fail(f"{directory} was checked")


@pytest.fixture
def reader(client, index, now):
    return IndexReader(index, clock=lambda: now[0], on_corruption=partial(corruption.note, client))


def test_while_the_index_is_corrupt_the_one_before_it_is_read(index, reader):
    spoil(index.resolve())
    assert list(reader.names()) == ["old"]


def test_a_corrupt_index_is_noted_and_rebuilt(index, client, reader, repair, started):
    spoil(index.resolve())
    reader.count()
    assert corruption.noted(client).directory == str(index.resolve())
    repair.check()
    repair.check()
    assert len(started) == 1


def test_a_corrupt_index_without_one_before_it_is_noted_all_the_same(index, client, reader):
    index.with_name("index.last").unlink()
    spoil(index.resolve())
    with pytest.raises(SearchUnavailable):
        reader.count()
    assert corruption.noted(client) is not None


def test_an_index_whose_folder_is_gone_is_noted_and_rebuilt(index, client, reader, repair, started):
    shutil.rmtree(index.resolve())
    assert (list(reader.names()), corruption.noted(client).directory) == (["old"], str(index.resolve()))
    repair.check()
    assert len(started) == 1


def test_what_is_missing_is_not_corrupt(index, client, reader):
    index.unlink()
    assert (list(reader.names()), corruption.noted(client)) == (["old"], None)


def test_once_it_is_mended_the_index_is_read_again(index, reader, now, tmp_path):
    spoil(index.resolve())
    reader.count()
    index_of(tmp_path / "index.3", document("newer"))
    index.unlink()
    index.symlink_to("index.3")
    now[0] += 60
    assert list(reader.names()) == ["newer"]


def test_each_corruption_is_logged_once(index, reader, now, tmp_path, caplog):
    index_of(tmp_path / "index.3", document("newer"))
    for folder in ("index.2", "index.3"):
        spoil(tmp_path / folder)
    for folder in ("index.2", "index.2", "index.1", "index.3"):
        index.unlink()
        index.symlink_to(folder)
        now[0] += 60
        reader.count()
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 2


def test_while_it_is_corrupt_the_index_is_tried_now_and_then(index, now):
    spoil(index.resolve())
    opened = []
    reader = IndexReader(
        index, clock=lambda: now[0], open_database=lambda path: opened.append(path) or xapian.Database(path)
    )
    reader.count()
    opened.clear()
    now[0] += REOPEN_CORRUPT_EVERY - 1
    reader.count()
    assert opened == []
    now[0] += 1
    reader.count()
    assert opened


def test_a_sound_index_is_not_rebuilt(index, client, repair, started):
    corruption.note(client, str(index.resolve()), "a block was read wrong, once")
    repair.check()
    assert (started, corruption.noted(client)) == ([], None)


def fail(repair, build):
    """Have a build fail that was begun."""
    build.exitcode = 1
    repair.check()


def swap(index, *documents):
    """Put another index in the place of the current one, as an operator can do."""
    folder = index.with_name("index.3")
    index_of(folder, *documents)
    index.unlink()
    index.symlink_to(folder.name)
    return folder


@pytest.fixture
def failed(index, client, repair, started):
    """The corrupt directory whose rebuild has just failed."""
    folder = index.resolve()
    spoil(folder)
    corruption.note(client, str(folder), "bad")
    repair.check()
    fail(repair, started[0])
    return folder


def test_a_swap_is_seen_within_the_pause(failed, index, client, repair):
    swap(index, document("newer"))
    repair.check()
    assert corruption.noted(client) is None


def test_corruption_of_what_was_swapped_in_is_noted_and_rebuilt_within_the_pause(
    failed, index, client, repair, started
):
    folder = swap(index, document("newer"))
    spoil(folder)
    corruption.note(client, str(folder), "bad too")
    found = corruption.noted(client)
    assert (found.directory, found.error, found.failure) == (str(folder), "bad too", None)
    repair.check()
    assert len(started) == 2


def test_the_pause_after_a_failure_is_that_of_its_folder(failed, index, client, repair, started, now):
    folder = swap(index, document("newer"))
    spoil(folder)
    corruption.note(client, str(folder), "bad too")
    repair.check()
    fail(repair, started[1])
    now[0] += 299
    repair.check()
    assert len(started) == 2


def test_what_is_found_corrupt_while_another_is_mended_stays_noted(index, client, repair, started):
    spoil_and_note(index, client)
    repair.check()
    corruption.note(client, "/there", "bad too")
    started[0].exitcode = 0
    repair.check()
    assert corruption.noted(client).directory == "/there"


def test_a_failure_is_that_of_the_folder_in_whose_place_was_built(index, client, repair, started):
    spoil_and_note(index, client)
    repair.check()
    corruption.note(client, "/there", "bad too")
    fail(repair, started[0])
    assert corruption.noted(client).failure is None


def test_an_index_that_was_swapped_since_is_not_rebuilt(client, make_repair, started):
    corruption.note(client, "/elsewhere", "gone")
    make_repair(is_sound=unread).check()
    assert (started, corruption.noted(client)) == ([], None)


def test_two_workers_do_not_build_at_once(index, client, repair, started):
    spoil_and_note(index, client)
    client.set(keys.REBUILDING, "another")
    repair.check()
    assert started == []


def test_a_worker_that_died_does_not_keep_the_others_from_building(index, client, repair):
    spoil_and_note(index, client)
    repair.check()
    assert 0 < client.ttl(keys.REBUILDING) <= 60


def test_when_it_was_built_the_corruption_is_forgotten(index, client, repair, started):
    spoil_and_note(index, client)
    repair.check()
    started[0].exitcode = 0
    repair.check()
    assert (corruption.noted(client), client.exists(keys.REBUILDING)) == (None, 0)


def test_a_build_that_fails_is_tried_again_after_a_pause(index, client, repair, started, now):
    spoil_and_note(index, client)
    repair.check()
    started[0].exitcode = 1
    repair.check()
    repair.check()
    assert (len(started), corruption.noted(client) is not None) == (1, True)
    now[0] += 301
    repair.check()
    assert len(started) == 2


def test_a_build_ends_with_its_worker_and_sends_why_it_failed(tmp_path):
    steps = []

    def load(settings, role):
        steps.append("begun")
        raise UpstreamUnavailable("koji", "the packages", "no answer", b"<html>")

    settings = SimpleNamespace(search=SimpleNamespace(index=str(tmp_path / "index"), mirror=None))
    with pytest.raises(SystemExit, match="was not rebuilt: koji"):
        build(settings, SimpleNamespace(send=steps.append), load, lambda: steps.append("watches"))
    assert steps == ["watches", "begun", "koji: the packages failed: no answer"]


def test_while_a_worker_builds_the_others_do_not_check_the_index(index, client, make_repair):
    corruption.note(client, str(index.resolve()), "bad")
    client.set(keys.REBUILDING, "another")
    make_repair(is_sound=unread).check()
    assert client.get(keys.REBUILDING) == b"another"


def test_a_worker_that_finds_the_index_sound_keeps_none_from_building(index, client, repair):
    corruption.note(client, str(index.resolve()), "bad")
    repair.check()
    assert client.exists(keys.REBUILDING) == 0


@pytest.mark.parametrize("term", [terms.DOCUMENT, "XKBSn"])
def test_records_that_say_nothing_are_corruption(index, client, repair, started, term):
    garble(index.resolve(), term)
    corruption.note(client, str(index.resolve()), "bad")
    repair.check()
    assert len(started) == 1


def test_no_build_is_begun_once_it_is_stopped(index, client, repair, started):
    spoil_and_note(index, client)
    repair.stop()
    repair.check()
    assert started == []


def test_what_was_wrong_is_noted_first_and_in_brief(index, client):
    for said in ("x" * 9999, "later"):
        corruption.note(client, "/there", said)
    assert corruption.noted(client).error == "x" * corruption.MAX_ERROR_LENGTH


def test_while_it_builds_a_worker_says_so(index, client, repair):
    spoil_and_note(index, client)
    repair.check()
    client.expire(keys.REBUILDING, 1)
    repair.check()
    assert client.ttl(keys.REBUILDING) > 1


def test_after_a_build_that_failed_another_worker_may_try(index, client, repair, started):
    spoil_and_note(index, client)
    repair.check()
    started[0].exitcode = 1
    repair.check()
    assert client.exists(keys.REBUILDING) == 0


def test_why_a_build_failed_is_noted_until_one_succeeds(index, client, repair, started, now, monkeypatch):
    spoil_and_note(index, client)
    monkeypatch.setattr(corruption.time, "time", lambda: 1000.0)
    repair.check()
    started[0].exitcode = 1
    repair.check()
    found = corruption.noted(client)
    assert (found.error, found.failure, found.failed) == ("bad", "koji does not answer", 1000.0)
    now[0] += 301
    repair.check()
    # While the next one builds it is still why there is none.
    assert corruption.noted(client) == found
    started[1].exitcode = 0
    repair.check()
    assert corruption.noted(client) is None


def test_a_failure_is_noted_in_brief_and_only_with_corruption(client):
    corruption.note_failure(client, "/there", "no")
    assert corruption.noted(client) is None
    corruption.note(client, "/there", "bad")
    corruption.note_failure(client, "/there", "x" * 9999)
    assert corruption.noted(client).failure == "x" * corruption.MAX_ERROR_LENGTH


def test_corruption_that_is_forgotten_meanwhile_stays_forgotten(client, monkeypatch):
    corruption.note(client, "/there", "bad")
    monkeypatch.setattr(corruption.time, "time", lambda: corruption.forget(client, "/there") or 1000.0)
    corruption.note_failure(client, "/there", "no")
    assert corruption.noted(client) is None


def test_what_was_noted_before_failures_were_is_understood(client):
    client.set(keys.CORRUPTION, '{"directory": "/there", "error": "bad", "at": 7.0}')
    assert corruption.noted(client) == corruption.Corruption("/there", "bad", 7.0)


@pytest.mark.parametrize(
    ("target", "failure"),
    [
        (builds.succeed, None),
        (builds.be_interrupted, None),
        (builds.say, "koji does not answer"),
        (builds.fall, "its process ended with status 3; the worker's log has the reason"),
        (builds.die, "its process was killed by signal 9: Killed"),
    ],
)
def test_how_a_build_ended_is_known(target, failure, wait_until):
    started = StartedBuild(None, target)
    wait_until(lambda: not started.is_alive())
    assert started.failure() == failure


def test_a_build_that_is_ended_does_not_go_on():
    started = StartedBuild(None, builds.go_on)
    started.end()
    assert started.process.exitcode == -signal.SIGTERM


def test_a_build_that_was_ended_is_not_looked_after(index, client, repair, started):
    spoil_and_note(index, client)
    repair.check()
    repair.stop()
    repair.check()
    assert (len(started), corruption.noted(client).failure) == (1, None)


def test_a_build_ends_with_its_worker(index, client, repair, started):
    spoil_and_note(index, client)
    repair.check()
    repair.stop()
    assert started[0].exitcode == -15


WORKER = """
import sys
from fedora_packages import settings
from fedora_packages.connectors import declared
from fedora_packages.worker.index_repair import Build
if __name__ == "__main__":
    process = Build(settings.load("development.ini", declared())).process
    print(process.pid, process.daemon, flush=True)
    sys.stdin.read()
"""


def has_open(pid, path):
    """Whether a process has a file open."""
    try:
        return path in [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
    except (FileNotFoundError, PermissionError):
        return False


def test_a_build_may_begin_processes_and_ends_with_a_worker_that_is_killed(tmp_path, wait_until):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": str(root), "FEDORA_PACKAGES_SEARCH_INDEX": str(tmp_path / "index")}
    command = [sys.executable, str(script)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        index_lock(tmp_path / "index"),
        subprocess.Popen(command, cwd=root, env=environ, **pipes) as worker,
    ):
        pid, is_daemon = worker.stdout.readline().split()
        # It waits for the lock.
        wait_until(lambda: has_open(pid, str(tmp_path / "index.lock")))
        worker.send_signal(signal.SIGKILL)
        wait_until(lambda: not has_open(pid, str(tmp_path / "index.lock")))
    assert is_daemon == "False"
