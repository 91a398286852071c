"""The builder: a whole index swapped in, or the old one left as it is."""

import itertools
import os
import shutil
import threading

import pytest

from fedora_packages.errors import IndexLocked, InvalidResponse, SearchUnavailable, UpstreamUnavailable
from fedora_packages.search.indexing.assemble import Assembly
from fedora_packages.search.indexing.builder import BUILT, STAGED, UNCHANGED, Builder
from fedora_packages.search.indexing.retry import Retry
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.indexing.writer import index_lock
from fedora_packages.search.reader import IndexReader
from tests.search.fedora import BRANCHES, Source, small_fedora
from tests.search.indexing.repos import publish


@pytest.fixture
def fedora():
    return small_fedora()


@pytest.fixture
def index(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def mirror(tmp_path_factory):
    return tmp_path_factory.mktemp("mirror")


@pytest.fixture
def build(fedora, index, mirror):
    """A function that puts the Fedora's repositories on the mirror and builds from them."""
    # Names of directories have the second.
    seconds = itertools.count(1_000_000_000)

    def run(**arguments):
        publish(fedora, mirror)
        given = {
            "concurrency": 2,
            "retry": Retry(attempts=1),
            "lock_wait": 0,
            "clock": lambda: next(seconds),
            **arguments,
        }
        return Builder(index, fedora.connectors, str(mirror), **given).build()

    return run


def folders(index):
    """Return the folders of builds beside the index."""
    return sorted(path.name for path in index.parent.iterdir() if path.is_dir() and not path.is_symlink())


def beside(index):
    """Return what lies beside the index that is no folder of a build."""
    return {path.name for path in index.parent.iterdir()} - set(folders(index))


def test_every_package_of_koji_is_in_the_index(build, index):
    build()
    assert list(IndexReader(index).names()) == ["brandnew", "guake", "orphaned", "python3", "vim"]


def test_a_build_says_what_it_made(build):
    built = build()
    assert (built.packages, built.binaries, built.retired, built.failed) == (5, 4, 2, ())
    assert built.bytes > 1000


def test_what_only_a_release_has_that_is_not_on_the_mirror_is_not_called_retired(build, fedora, index):
    fedora.sources["only"] = Source({"only": "For EPEL alone"}, branches=("epel10",))
    fedora.unserved.add("epel10")
    built = build()
    found = IndexReader(index).source("only")
    assert (built.skipped_releases, found.retired, found.releases) == (("epel10",), False, ("epel10",))
    assert IndexReader(index).source("orphaned").retired
    fedora.unserved.clear()
    build()
    whole = IndexReader(index).source("only")
    fedora.unserved.add("epel10")
    build()
    assert (whole.binary_names, IndexReader(index).source("only")) == (("only",), whole)


def test_what_was_retired_and_a_release_that_is_left_out_has_again_is_not_retired(build, fedora, index):
    fedora.sources["only"] = Source(branches=())
    build()
    assert IndexReader(index).source("only").retired
    fedora.sources["only"] = Source({"only": "For EPEL alone"}, branches=("epel10",))
    fedora.unserved.add("epel10")
    build()
    assert (IndexReader(index).source("only").retired, IndexReader(index).source("only").releases) == (
        False,
        ("epel10",),
    )


def test_documents_are_those_of_describe(build, index):
    build()
    found = IndexReader(index).source("vim")
    assert (found.branch, found.releases, found.owner) == ("f45", ("f45", "epel10"), "pingou")


def test_a_name_that_cannot_be_is_left_out(build, fedora, index):
    fedora.sources["bad name"] = Source({"x": ""})
    build()
    assert "bad name" not in list(IndexReader(index).names())


def test_the_index_is_a_link_to_a_folder_with_a_copy_beside_it_and_no_other(build, index):
    for _ in range(3):
        build()
        assert folders(index) == [os.readlink(index), os.readlink(f"{index}.last")]


def test_nothing_that_was_staged_is_left_after_a_build(build, index):
    build()
    build()
    assert beside(index) == {"index", "index.last", "index.lock"}


def test_a_new_index_has_a_copy_that_is_read_while_it_is_damaged(build, index):
    build()
    for file in index.resolve().glob("*.glass"):
        file.write_bytes(b"x" * 9000)
    assert IndexReader(index).count() == 5


def test_what_is_not_described_is_taken_from_the_last_sound_index(build, fedora, index):
    build()
    for file in index.resolve().glob("*.glass"):
        file.write_bytes(b"x" * 9000)
    fedora.bad.add("brandnew")
    assert build().failed == ("brandnew",)
    assert IndexReader(index).source("brandnew").summary == "brandnew, says its spec"


def test_readers_go_on_while_the_index_is_swapped(build, fedora, index):
    build()
    reader = IndexReader(index, clock=itertools.count().__next__)
    assert reader.count() == 5
    fedora.sources["newer"] = Source({"newer": ""})
    build()
    assert reader.count() == 6


def test_what_a_killed_build_left_is_removed(build, index):
    leftover = index.parent / "index.20200101000000-1"
    leftover.mkdir()
    (leftover / "postlist.glass").write_bytes(b"half")
    for ending in ("part", "part0", "part1"):
        (index.parent / f"index.20200101000000-1.{ending}").mkdir()
    (index.parent / "index.20200101000000-1.link").symlink_to(leftover.name)
    build()
    assert folders(index) == [os.readlink(index), os.readlink(f"{index}.last")]


def test_what_is_not_the_builders_is_left_alone(build, index):
    (index.parent / "index.backup").mkdir()
    build()
    assert "index.backup" in folders(index)


@pytest.mark.parametrize("upstream", ["bodhi", "koji", "distgit"])
def test_an_upstream_that_is_down_leaves_the_old_index(build, fedora, index, upstream):
    build()
    before = os.readlink(index)
    fedora.down.add(upstream)
    with pytest.raises(UpstreamUnavailable):
        build()
    assert (os.readlink(index), folders(index)) == (before, [before, f"{before}.copy"])


def test_requests_to_the_mirror_name_the_contact(fedora, index, upstream):
    builder = Builder(index, fedora.connectors, upstream.url, "admin@example.org", retry=Retry(attempts=1))
    # The mirror has nothing.
    with pytest.raises((UpstreamUnavailable, InvalidResponse)):
        builder.build()
    assert {asked.headers["User-Agent"].partition(" ")[2] for asked in upstream.asked} == {"(index; admin@example.org)"}


def test_too_many_failures_leave_the_old_index(build, fedora, index):
    build()
    before = os.readlink(index)
    fedora.bad.add("brandnew")
    with pytest.raises(UpstreamUnavailable):
        build(max_failures=0)
    assert (os.readlink(index), folders(index)) == (before, [before, f"{before}.copy"])


def test_a_first_build_that_fails_leaves_nothing(build, fedora, index):
    fedora.down.add("koji")
    with pytest.raises(UpstreamUnavailable):
        build()
    assert (index.exists(), folders(index)) == (False, [])


def test_a_package_that_fails_keeps_the_document_it_had(build, fedora, index):
    build()
    fedora.bad.add("brandnew")
    assert build().failed == ("brandnew",)
    assert IndexReader(index).source("brandnew").summary == "brandnew, says its spec"


def test_a_package_that_fails_the_first_time_is_left_out(build, fedora, index):
    fedora.bad.add("brandnew")
    assert build().failed == ("brandnew",)
    assert IndexReader(index).source("brandnew") is None


def test_what_fails_in_passing_is_asked_again(build, fedora, index):
    failures = iter([True, True])
    ask = fedora.ask

    def ask_sometimes(upstream, what):
        if what == "brandnew" and next(failures, False):
            raise UpstreamUnavailable(upstream, what, "no answer within 10 s")
        ask(upstream, what)

    fedora.ask = ask_sometimes
    assert build(retry=Retry(attempts=3, max_wait=0)).failed == ()


def test_a_release_without_a_tag_yet_is_looked_into(build, fedora, index):
    fedora.releases = (("f47", "f47-updates"), *fedora.releases)
    fedora.unlisted_tags.add("f47-updates")
    fedora.sources["guake"].branches = ("f47", *BRANCHES)
    build()
    assert IndexReader(index).source("guake").branch == "f47"


@pytest.mark.parametrize("nothing", ["sources", "releases"])
def test_an_upstream_that_says_there_is_nothing_is_not_believed(build, fedora, index, nothing):
    build()
    setattr(fedora, nothing, {} if nothing == "sources" else ())
    with pytest.raises(InvalidResponse):
        build()
    assert IndexReader(index).count() == 5


def test_a_builder_is_refused_while_another_writes(build, index):
    with index_lock(index), pytest.raises(IndexLocked):
        build()


def test_a_builder_waits_for_the_worker(build, index):
    done = threading.Event()

    def run():
        build(lock_wait=30)
        done.set()

    with index_lock(index):
        waiting = threading.Thread(target=run)
        waiting.start()
        assert not done.is_set()
    waiting.join(20)
    assert done.is_set()


def test_a_folder_in_the_place_of_the_link_is_not_touched(build, index):
    index.mkdir()
    (index / "precious").write_text("kept")
    with pytest.raises(SearchUnavailable, match="move it away"):
        build()
    assert (index / "precious").read_text() == "kept"


def test_a_place_that_cannot_be_written_is_told(fedora, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SearchUnavailable, match="cannot be built"):
        Builder(tmp_path / "file" / "index", fedora.connectors, str(tmp_path)).build()


def test_a_package_that_fails_keeps_all_that_it_is_found_by(build, fedora, index):
    fedora.provides["guake"] = ["terminal(drop-down)"]
    build()
    # From now on it is in no repository, so that dist-git describes it.
    fedora.sources["guake"].branches, fedora.sources["guake"].specs = (), ("rawhide",)
    fedora.bad.add("guake")
    build()
    assert IndexReader(index).search("terminal(drop-down)").hits[0].document.name == "guake"


class Stopped(Exception):
    """A build was stopped by the test."""


def stop_at(phase):
    """Return a progress that stops a build when it comes to a phase."""

    def stop(its_phase, done, total):
        if its_phase == phase:
            raise Stopped

    return stop


def test_what_was_described_before_a_build_was_stopped_is_not_asked_about_again(build, fedora, index):
    with pytest.raises(Stopped):
        build(progress=stop_at("documents"))
    fedora.asked.clear()
    build()
    assert not [what for upstream, what in fedora.asked if what == "brandnew"]
    assert list(IndexReader(index).names()) == ["brandnew", "guake", "orphaned", "python3", "vim"]


@pytest.mark.parametrize("change", ["old", "releases"])
def test_what_was_described_long_ago_or_in_other_releases_is_described_again(build, fedora, change):
    with pytest.raises(Stopped):
        build(progress=stop_at("documents"))
    fedora.asked.clear()
    if change == "releases":
        fedora.sources["brandnew"].specs = ("rawhide", "f45")
    build(fresh=0 if change == "old" else 3600)
    assert ("distgit", "brandnew") in fedora.asked


def test_dependents_are_counted_and_what_has_most_is_written_first(build, fedora, index):
    fedora.requires = {"guake": ["vim-data"], "vim-go": ["vim-data"]}
    fedora.sources["other"] = Source({"other": ""})
    fedora.requires["other"] = ["vim-X11"]
    build()
    assert (IndexReader(index).source("vim").dependents, IndexReader(index).source("guake").dependents) == (2, 0)


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("module", "name", "left"), [(shutil, "copytree", STAGED), (os, "replace", STAGED), (os, "open", BUILT)]
)
def test_what_is_staged_stays_until_the_new_index_is_in_place(fedora, index, mirror, monkeypatch, module, name, left):
    builder = Builder(index, fedora.connectors, str(publish(fedora, mirror)), concurrency=2, retry=Retry(attempts=1))
    write = Assembly.write

    def written(*given):
        found = write(*given)
        monkeypatch.setattr(module, name, interrupted)
        return found

    monkeypatch.setattr(Assembly, "write", written)
    with pytest.raises(KeyboardInterrupt):
        builder.build()
    assert builder.left == left


def test_an_empty_staging_file_does_not_count_as_staged(fedora, index, mirror, monkeypatch):
    builder = Builder(index, fedora.connectors, str(publish(fedora, mirror)))
    monkeypatch.setattr(Staging, "remove", interrupted)
    with pytest.raises(KeyboardInterrupt):
        builder.build()
    assert (index.with_name(f"{index.name}.staging").stat().st_size, builder.left) == (0, UNCHANGED)
