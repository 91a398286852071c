"""Records are made by another process, which ends with the one that asked for them."""

import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fedora_packages.errors import SearchUnavailable
from fedora_packages.search import records
from fedora_packages.search.document import Document
from fedora_packages.search.records import made, made_by_another

ENDLESS = """
import itertools, multiprocessing
from fedora_packages.search.document import Document
from fedora_packages.search.records import made_by_another

if __name__ == "__main__":
    made = made_by_another(Document(f"a{number}") for number in itertools.count())
    next(made)
    print(multiprocessing.active_children()[0].pid, flush=True)
    for _ in made:
        pass
"""


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    monkeypatch.setattr(records.os, "cpu_count", lambda: 2)


def test_records_of_many_documents_are_in_their_order():
    documents = [Document(f"a{number}") for number in range(2 * records.BATCH + 1)]
    assert list(made_by_another(documents)) == [made(document) for document in documents]


def test_no_more_is_read_than_a_few_batches():
    documents = map(Document, map("a{}".format, itertools.count()))
    found = made_by_another(documents)
    next(found)
    found.close()
    assert next(documents).name == f"a{records.BATCH * (records.UNDER_WAY + 1)}"
    assert multiprocessing.active_children() == []


def test_a_document_that_cannot_be_written_is_told():
    with pytest.raises(ValueError, match="'no name' is no name of a package"):
        list(made_by_another([Document("a"), Document("no name")]))
    assert multiprocessing.active_children() == []


def test_that_the_other_process_was_ended_is_told():
    found = made_by_another(map(Document, map("a{}".format, itertools.count())))
    next(found)
    os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
    with pytest.raises(SearchUnavailable, match="ended from outside"):
        list(found)


def is_running(process):
    try:
        # A zombie has no command any more.
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""
    except OSError:
        return False


def test_the_other_process_ends_with_a_parent_that_is_killed(tmp_path, wait_until):
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
    wait_until(lambda: not is_running(child))
