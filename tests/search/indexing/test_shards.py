"""Parts: an index that several processes write is the one that one would have written."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from multiprocessing import resource_tracker
from pathlib import Path

import pytest
import xapian

from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.document import Binary, Document
from fedora_packages.search.indexing import assemble as assembling
from fedora_packages.search.indexing import shards as parts
from fedora_packages.search.indexing.assemble import Assembly, write_part
from fedora_packages.search.indexing.context import Staged
from fedora_packages.search.indexing.merge import Described
from fedora_packages.search.indexing.shards import in_parts, most_parts
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.indexing.writer import Writer, is_sound
from fedora_packages.search.reader import Reader

ROOT = Path(__file__).parents[3]
NAMES = [f"package{number:03}" for number in range(120)]


@pytest.fixture(scope="module")
def staging(tmp_path_factory):
    with Staging(tmp_path_factory.mktemp("staging") / "index.staging") as staging:
        staging.describe(
            0.0,
            ["rawhide"],
            (
                Described(
                    Document(name, f"Number {name}", releases=("rawhide",), binaries=(Binary(f"{name}-libs"),)),
                    (f"{NAMES[number // 10]}-libs",),
                )
                for number, name in enumerate(NAMES)
            ),
        )
        yield staging


@pytest.fixture
def two_parts(monkeypatch):
    """Write in two parts, whatever there is to write and however many processors."""
    monkeypatch.setattr(assembling, "MANY", 1)
    monkeypatch.setattr(assembling, "most_parts", lambda: 2)


def write(staging, folder, progress=lambda done, total: None, failed=(), index=None):
    assembly = Assembly(
        staging, Staged(("rawhide",), {}, frozenset(NAMES) - {*failed}, tuple(failed), left_out=("f45",)), index
    )
    return assembly.write(folder, assembly.count_dependents(), progress)


def content(folder):
    """Return all that is in an index: each record with its terms and values, and the spellings."""
    database = xapian.Database(str(folder))
    records = [database.get_document(posting.docid) for posting in database.postlist("")]
    return [
        (
            record.get_docid(),
            record.get_data(),
            [(item.term, list(item.positer)) for item in record.termlist()],
            [(item.num, item.value) for item in record.values()],
        )
        for record in records
    ], [(item.term, item.termfreq) for item in database.spellings()]


def test_in_parts_it_is_the_same(staging, tmp_path, two_parts, monkeypatch):
    told = []
    counts = write(staging, tmp_path / "parts", lambda *step: told.append(step))
    monkeypatch.setattr(assembling, "most_parts", lambda: 1)
    assert write(staging, tmp_path / "whole") == counts
    assert content(tmp_path / "parts") == content(tmp_path / "whole")
    assert [Reader(tmp_path / name).left_out() for name in ("parts", "whole")] == [("f45",)] * 2
    assert told == sorted(told)
    assert (told[0], told[-1]) == ((0, 120), (120, 120))
    assert is_sound(tmp_path / "parts")
    assert not list(tmp_path.glob("*.part*"))


def test_parts_are_of_the_same_size_and_not_of_as_many_packages(tmp_path, two_parts):
    with Staging(tmp_path / "index.staging") as staging:
        documents = [
            Document(
                name, binaries=tuple(Binary(f"{name}-{each}") for each in range(100 if name == "package000" else 1))
            )
            for name in NAMES
        ]
        staging.describe(0.0, ["rawhide"], map(Described, documents))
        first, second = Assembly(staging, Staged(("rawhide",)))._parts(NAMES)
    assert (first + second, first[0]) == (NAMES, "package000")
    assert len(first) < len(second)


def test_few_packages_are_written_by_the_process_itself(staging, tmp_path, monkeypatch):
    monkeypatch.setattr(multiprocessing, "get_context", None)
    assert write(staging, tmp_path / "index").packages == 120


def test_a_part_takes_over_what_was_not_described(staging, tmp_path, two_parts):
    with Writer(tmp_path / "old", create=True) as writer:
        writer.replace([Document("package007", "As it was")])
        writer.commit()
    write(staging, tmp_path / "new", failed=["package007"], index=Reader(tmp_path / "old"))
    assert Reader(tmp_path / "new").source("package007").summary == "As it was"


@pytest.mark.parametrize("parts", [1, 2])
def test_what_goes_wrong_in_a_part_goes_wrong(tmp_path, parts):
    write = partial(write_part, tmp_path / "staging", Staged(()), None)
    with pytest.raises(SearchUnavailable, match="staging cannot be read"):
        in_parts(write, tmp_path / "index", [{"a": 0}] * parts, print)
    assert not list(tmp_path.iterdir())


def die(folder, part, tell):
    """Write a part, but for one that dies."""
    if part == "die":
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_is_told(tmp_path):
    with pytest.raises(SearchUnavailable, match="a process .* has died"):
        in_parts(die, tmp_path / "index", ["live", "die"], print)


def test_a_process_that_is_interrupted_while_it_loads_leaves_that_to_who_began_it(tmp_path, capfd):
    # Whatever process imports it is interrupted.
    from tests.search.indexing.interrupted import write_nothing

    # What tracks resources is begun with the first process, and would have it interrupted.
    resource_tracker._resource_tracker._stop()
    assert in_parts(write_nothing, tmp_path / "index", ["one", "two"], lambda done: None) == [None, None]
    assert capfd.readouterr().err == ""


def test_ctrl_c_while_a_process_begins_ends_it(tmp_path, monkeypatch):
    @contextmanager
    def interrupted():
        yield
        raise KeyboardInterrupt

    monkeypatch.setattr(parts, "uninterrupted", interrupted)
    with pytest.raises(KeyboardInterrupt):
        in_parts(for_ever, tmp_path / "index", ["one", "two"], print)
    assert multiprocessing.active_children() == []


def say_how_many(told):
    """Tell how many parts a process writes at once."""
    told.send(most_parts())


def test_a_process_that_may_begin_no_other_writes_one_part():
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe(duplex=False)
    process = context.Process(target=say_how_many, args=(its,), daemon=True)
    process.start()
    assert ours.recv() == 1
    process.join()


def test_where_there_is_one_processor_there_is_one_part(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert most_parts() == 1


ORPHANING = """
import os, signal, sys
from pathlib import Path
from fedora_packages.search.indexing.shards import in_parts
from tests.search.indexing.test_shards import for_ever
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    def stop(done):
        if len(list(folder.glob("pid.*"))) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
    in_parts(for_ever, folder / "index", ["one", "two"], stop)
"""


def for_ever(folder, part, tell):
    """Write a part that never ends, and note who does it."""
    folder.with_name(f"pid.{os.getpid()}").touch()
    while len(list(folder.parent.glob("pid.*"))) < 2:
        tell(0)
    tell(0)
    # Saying anything to who is gone would end it too.
    threading.Event().wait()


def test_parts_end_with_who_began_them(tmp_path, wait_until):
    script = tmp_path / "orphaning.py"
    script.write_text(ORPHANING)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, str(script), str(tmp_path)], cwd=ROOT, env=environ, check=False)
    pids = [int(path.suffix[1:]) for path in tmp_path.glob("pid.*")]
    assert len(pids) == 2
    wait_until(lambda: not any(map(is_running, pids)))


def is_running(pid):
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
