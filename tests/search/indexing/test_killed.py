"""Builds that are killed: the old index answers, and the next build makes what it would have made."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fedora_packages.search.indexing.writer import is_sound
from fedora_packages.search.reader import IndexReader
from tests.search.indexing.killed import larger_fedora
from tests.search.indexing.repos import publish

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    return publish(larger_fedora(), tmp_path_factory.mktemp("mirror"))


def build(index, source, step=0):
    """Build in a process that is killed at a step; returns how many steps it took, or None if it was killed."""
    command = [sys.executable, "-m", "tests.search.indexing.killed", str(index), str(source), str(step)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == (-signal.SIGKILL if not ended.stdout else 0), ended.stderr
    return int(ended.stdout) if ended.stdout else None


def content(index):
    """Return all that an index says, in the order in which it was written."""
    reader = IndexReader(index)
    found = [hit.document for hit in reader.search("package", rows=200).hits]
    return {name: reader.source(name) for name in reader.names()}, found, reader.complete("p", rows=20)


@pytest.fixture(scope="module")
def undisturbed(mirror, tmp_path_factory):
    """A mirror, how many steps a build from it takes, and what comes of it."""
    index = tmp_path_factory.mktemp("undisturbed") / "index"
    return mirror, build(index, mirror), content(index)


def kill_and_build(index, source, kills, expected):
    for step in kills:
        build(index, source, step)
        # What answered before answers still; a first build has left nothing or all.
        assert not index.exists() or is_sound(index)
    build(index, source)
    assert content(index) == expected
    rest = {path.name for path in index.parent.iterdir() if not path.is_dir() or path.is_symlink()}
    assert rest <= {"index", "index.last", "index.lock"}


@pytest.mark.slow
def test_a_build_that_is_killed_again_and_again_is_done_in_the_end(undisturbed, tmp_path):
    source, steps, expected = undisturbed
    kill_and_build(tmp_path / "index", source, [steps // 6, steps // 3, steps * 2 // 3], expected)


@pytest.mark.slow
def test_while_builds_are_killed_the_old_index_answers(undisturbed, tmp_path):
    source, steps, expected = undisturbed
    build(tmp_path / "index", source)
    build(tmp_path / "index", source, steps // 2)
    assert content(tmp_path / "index") == expected


@pytest.mark.slow
def test_a_build_may_be_killed_at_any_step(undisturbed, tmp_path):
    source, steps, expected = undisturbed
    for step in random.Random(steps).sample(range(1, steps + 1), min(steps, 25)):
        kill_and_build(tmp_path / str(step) / "index", source, [step], expected)


@pytest.mark.slow
def test_a_build_over_an_old_one_may_be_killed_at_any_step(undisturbed, tmp_path):
    source, steps, expected = undisturbed
    index = tmp_path / "index"
    build(index, source)
    for step in random.Random(-steps).sample(range(1, steps + 1), min(steps, 15)):
        build(index, source, step)
        assert content(index) == expected
