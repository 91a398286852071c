"""The writer: all or nothing, and only one."""

import os
import signal
import subprocess
import sys
import threading

import pytest
import xapian

from fedora_packages.errors import IndexLocked, SearchUnavailable
from fedora_packages.search.indexing.writer import Writer, index_lock
from tests.search.fedora import document


def spelt(folder):
    return {item.term.decode(): item.termfreq for item in xapian.Database(str(folder)).spellings()}


def test_what_is_committed_can_be_read(make_index):
    written = document("guake", ("guake", "A terminal"), summary="Drop-down", url="http://guake.org", owner="pingou")
    assert make_index(written).source("guake") == written


def test_a_document_is_replaced(make_index, tmp_path):
    reader = make_index(document("guake", summary="old"))
    with Writer(tmp_path / "index") as writer:
        writer.replace([document("guake", summary="new")])
        writer.commit()
    assert (reader.count(), reader.source("guake").summary) == (1, "new")


def test_terms_of_a_replaced_document_are_gone(make_index, tmp_path):
    reader = make_index(document("guake", "guake-old"))
    with Writer(tmp_path / "index") as writer:
        writer.replace([document("guake", "guake-new")])
        writer.commit()
    assert reader.source_of("guake-old") is None


def test_words_of_a_document_are_spellings_for_as_long_as_it_is_there(make_index, tmp_path):
    make_index(document("guake", summary="Terminal", dependents=3), document("other", summary="Terminal"))
    assert spelt(tmp_path / "index") == {"guake": 3, "terminal": 4, "other": 1}
    with Writer(tmp_path / "index") as writer:
        writer.replace([document("guake", summary="Console", dependents=1)])
        writer.commit()
        assert spelt(tmp_path / "index") == {"guake": 2, "console": 2, "terminal": 1, "other": 1}
        writer.remove(["guake"])
        writer.commit()
    assert spelt(tmp_path / "index") == {"terminal": 1, "other": 1}


def test_a_package_is_removed(make_index, tmp_path):
    reader = make_index(document("guake"), document("vim"))
    with Writer(tmp_path / "index") as writer:
        writer.remove(["guake", "unknown"])
        writer.commit()
    assert list(reader.names()) == ["vim"]


def test_what_is_not_committed_was_never_written(make_index, tmp_path):
    reader = make_index(document("guake"))
    with Writer(tmp_path / "index") as writer:
        writer.replace([document("vim")])
    assert list(reader.names()) == ["guake"]


def test_an_exception_leaves_the_index_as_it_was(make_index, tmp_path):
    reader = make_index(document("guake"))

    def fail(writer):
        writer.remove(["guake"])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), Writer(tmp_path / "index") as writer:
        fail(writer)
    assert list(reader.names()) == ["guake"]


@pytest.mark.parametrize("wrong", [document("a/b"), document("a", "b c"), document("a" * 300)])
def test_what_cannot_be_a_name_is_not_written(make_index, wrong):
    with pytest.raises(ValueError, match="not a valid package name"):
        make_index(wrong)


def test_a_second_writer_is_refused(make_index, tmp_path):
    make_index()
    with Writer(tmp_path / "index"), pytest.raises(IndexLocked), Writer(tmp_path / "index"):
        pass


def test_a_missing_index_is_not_made_by_the_way(tmp_path):
    with pytest.raises(SearchUnavailable), Writer(tmp_path / "index"):
        pass


def test_the_role_of_the_writer_is_held_by_one(tmp_path):
    with index_lock(tmp_path / "index"), pytest.raises(IndexLocked, match="index.lock"), index_lock(tmp_path / "index"):
        pass


def test_the_role_of_the_writer_is_given_back(tmp_path):
    with index_lock(tmp_path / "index"):
        pass
    with index_lock(tmp_path / "index"):
        pass


def test_the_role_of_the_writer_can_be_waited_for(tmp_path):
    got = threading.Event()

    def wait_for_it():
        with index_lock(tmp_path / "index", wait=30):
            got.set()

    with index_lock(tmp_path / "index"):
        waiting = threading.Thread(target=wait_for_it)
        waiting.start()
        assert not got.is_set()
    waiting.join(10)
    assert got.is_set()


def test_waiting_for_another_writer_is_told_once(tmp_path, caplog):
    index = tmp_path / "index"
    with index_lock(index), pytest.raises(IndexLocked), index_lock(index, wait=0.25):
        pass
    assert caplog.messages == [f"another process writes the search index {index}: waiting up to 0.25 s for it"]


def test_who_waits_for_no_writer_is_told_by_the_error_alone(tmp_path, caplog):
    with index_lock(tmp_path / "index", wait=30), pytest.raises(IndexLocked), index_lock(tmp_path / "index"):
        pass
    assert caplog.messages == []


def test_a_folder_without_room_for_the_lock_is_told(tmp_path):
    with pytest.raises(SearchUnavailable, match="lock"), index_lock(tmp_path / "missing" / "index"):
        pass


def test_a_killed_writer_does_not_keep_the_role(tmp_path):
    program = (
        "import sys\n"
        "from fedora_packages.search.indexing.writer import index_lock\n"
        "with index_lock(sys.argv[1]):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "index")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(10)
        with index_lock(tmp_path / "index"):
            pass
