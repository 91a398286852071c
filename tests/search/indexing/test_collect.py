"""Building from repositories: the union of what they have, and what koji and dist-git say of the rest."""

import itertools
import json
import re
import shutil
import threading
from pathlib import Path

import pytest
import xapian
import zstandard

from fedora_packages.errors import UpstreamError, UpstreamUnavailable
from fedora_packages.search import terms
from fedora_packages.search.indexing.builder import Builder
from fedora_packages.search.indexing.retry import Retry
from fedora_packages.search.reader import IndexReader
from tests.search.fedora import BRANCHES, Source, small_fedora
from tests.search.indexing.repos import place, publish, rewrite, rpm, write
from tests.upstream import Answer


@pytest.fixture
def fedora():
    return small_fedora()


@pytest.fixture
def mirror(tmp_path):
    return tmp_path / "mirror"


@pytest.fixture
def index(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def builder(fedora, index, mirror):
    seconds = itertools.count(1_000_000_000)

    def make(base=mirror, **arguments):
        given = {"concurrency": 2, "retry": Retry(attempts=1), "clock": lambda: next(seconds), **arguments}
        return Builder(index, fedora.connectors, str(base), **given)

    return make


@pytest.fixture
def build(fedora, mirror, builder):
    """A function that puts the Fedora's repositories on the mirror and builds from them."""

    def run(**arguments):
        publish(fedora, mirror)
        return builder(**arguments).build()

    return run


@pytest.fixture
def http(upstream, mirror):
    """A function that serves the mirror over HTTP and returns its address; what lies there now."""

    def serve():
        for path in mirror.rglob("*"):
            if path.is_file():
                upstream.answers[f"/pub/{path.relative_to(mirror)}"] = Answer(path.read_bytes())
        return f"{upstream.url}/pub"

    return serve


def primary(folder: Path) -> Path:
    return next((folder / "repodata").glob("*primary*"))


def test_all_that_there_is_is_in_the_index(build, index):
    built = build()
    assert list(IndexReader(index).names()) == ["brandnew", "guake", "orphaned", "python3", "vim"]
    assert (built.packages, built.binaries, built.retired) == (5, 4, 2)
    assert (built.releases, built.failed, built.skipped) == (BRANCHES, (), 0)


def test_the_source_package_speaks_for_itself(build, index):
    build()
    found = IndexReader(index).source("vim")
    assert (found.summary, found.description, found.url, found.owner) == (
        "vim, the source", "All of vim.", "http://vim/", "pingou",
    )  # fmt: skip


def test_where_there_are_no_source_packages_the_binary_speaks(build, builder, fedora, mirror, index):
    publish(fedora, mirror)
    for branch in BRANCHES:
        shutil.rmtree(place(mirror, branch, is_source=True))
    fedora.sources["guake"].binaries["guake-devel"] = "For developers"
    builder().build()
    assert IndexReader(index).source("guake").summary == "Drop-down terminal for GNOME"


def test_releases_are_those_whose_repositories_have_it(build, index):
    build()
    found = IndexReader(index).source("vim")
    assert (found.branch, found.releases) == ("f45", ("f45", "epel10"))


def test_binaries_are_those_of_all_releases(build, fedora, index):
    fedora.sources["guake"].binaries["guake-epel"] = "For EPEL"
    fedora.sources["guake"].only["guake-epel"] = ("epel10",)
    build()
    found = IndexReader(index).source("guake")
    assert (found.releases_of("guake"), found.releases_of("guake-epel")) == (BRANCHES, ("epel10",))


def test_packages_are_found_by_files_of_the_lists_of_files(build, fedora, index):
    fedora.files["vim-X11"] = [("/usr/share/vim/colours", "blue.vim"), ("/usr/bin", "gvim")]
    build()
    for text in ("/usr/share/vim/colours/blue.vim", "gvim"):
        assert IndexReader(index).search(text).hits[0].document.name == "vim"


def test_packages_are_found_by_what_they_provide(build, fedora, index):
    fedora.provides["guake"] = ["font(drop-down)"]
    build()
    assert IndexReader(index).search("font(drop-down)").hits[0].document.name == "guake"


def test_dependents_are_those_of_the_release_in_which_most_depend(build, fedora, index):
    fedora.sources["lib"] = Source({"lib": ""})
    fedora.sources |= {name: Source({name: ""}, branches=("epel10",)) for name in ("old1", "old2")}
    fedora.requires = {"guake": ["lib"], "old1": ["lib"], "old2": ["/usr/bin/lib"]}
    fedora.files["lib"] = [("/usr/bin", "lib")]
    build()
    assert IndexReader(index).source("lib").dependents == 3


def test_what_is_listed_and_in_no_repository_is_described_by_dist_git(build, index):
    build()
    found = IndexReader(index).source("brandnew")
    assert (found.summary, found.releases, found.retired) == ("brandnew, says its spec", ("rawhide",), False)


def test_of_very_many_in_no_repository_dist_git_is_asked_about_so_many(build, fedora, index):
    fedora.sources["brandnew2"] = Source(branches=(), specs=("rawhide",))
    build(max_unbuilt=1)
    found = IndexReader(index).source("brandnew2")
    assert (found.summary, found.releases, found.retired) == ("", ("rawhide",), False)


def test_retired_packages_cost_no_question(build, fedora, index):
    build()
    assert IndexReader(index).source("orphaned").retired
    assert not [upstream for upstream, what in fedora.asked if what == "orphaned"]
    assert not [what for upstream, what in fedora.asked if upstream == "mdapi"]


def test_an_image_that_koji_builds_is_no_package(build, fedora, index):
    fedora.sources["Fedora-i3-Live"] = Source({}, branches=(), owner=None, in_distgit=False)
    build()
    assert IndexReader(index).source("Fedora-i3-Live") is None


def test_a_dist_git_that_lists_no_owners_leaves_those_of_the_current_index(build, fedora, index, caplog):
    build()
    fedora.hidden = True
    build()
    found = {name: IndexReader(index).source(name).owner for name in IndexReader(index).names()}
    assert found == {**dict.fromkeys(found, "pingou"), "orphaned": "orphan"}
    assert "packages keep the owners of the current index" in caplog.text


def test_a_first_index_is_built_without_owners(build, fedora, index):
    fedora.hidden = True
    build()
    assert IndexReader(index).source("guake").owner is None


def test_a_retired_package_keeps_its_texts(build, fedora, index):
    build()
    fedora.sources["guake"].branches = ()
    build()
    found = IndexReader(index).source("guake")
    assert (found.retired, found.summary, found.description) == (True, "guake, the source", "All of guake.")


def test_a_package_that_koji_does_not_know_is_there_if_a_repository_has_it(build, builder, fedora, mirror, index):
    publish(fedora, mirror)
    write(place(mirror, "rawhide"), [rpm("surprise", summary="Surprise")])
    builder().build()
    found = IndexReader(index).source("surprise")
    assert (found.summary, found.owner, found.retired) == ("Surprise", None, False)


def test_updates_hide_what_a_release_began_with(fedora, builder, mirror, index):
    publish(fedora, mirror)
    write(place(mirror, "f45", "updates"), [rpm("vim-go", "vim", summary="Updated")])
    write(place(mirror, "f45", "updates-testing"), [rpm("vim-data", "vim", summary="In testing")])
    builder().build()
    about = {binary.name: binary.summary for binary in IndexReader(index).source("vim").binaries}
    assert about == {"vim-X11": "The VIM version of the vi editor for X", "vim-data": "In testing", "vim-go": "Updated"}


def test_a_release_on_its_first_day_is_found_where_it_was(fedora, builder, mirror, index):
    publish(fedora, mirror)
    (mirror / "fedora/linux/development/45").rename(mirror / "moved")
    (mirror / "fedora/linux/releases").mkdir()
    (mirror / "moved").rename(mirror / "fedora/linux/releases/45")
    assert "f45" in builder().build().releases


def test_a_release_of_which_nothing_is_there_is_left_out_and_told(fedora, builder, mirror, index, caplog):
    fedora.releases = (*fedora.releases[:2], ("epel10", "epel10"))
    publish(fedora, mirror)
    shutil.rmtree(mirror / "epel")
    fedora.releases = (*fedora.releases, ("eln", "eln"))
    assert builder().build().releases == ("rawhide", "f45")
    assert "the release eln is skipped" in caplog.text
    assert IndexReader(index).source("vim").releases == ("f45",)


def test_what_only_a_release_has_that_is_left_out_stays_as_it_was(fedora, build, builder, mirror, index):
    fedora.sources["only"] = Source({"only": "For EPEL alone"}, branches=("epel10",))
    fedora.files["only"] = [("/usr/bin", "onlyone")]
    assert build().skipped_releases == ()
    before = IndexReader(index).source("only")
    shutil.rmtree(mirror / "epel")
    built = builder().build()
    assert (built.releases, built.skipped_releases, built.retired) == (("rawhide", "f45"), ("epel10",), 2)
    assert IndexReader(index).skipped_releases() == ("epel10",)
    assert (IndexReader(index).source("only"), before.retired) == (before, False)
    assert [hit.document.name for hit in IndexReader(index).search("onlyone").hits] == ["only"]
    assert IndexReader(index).source("orphaned").retired


def test_what_only_a_release_has_that_is_left_out_is_not_called_retired(fedora, builder, mirror, index):
    fedora.sources["only"] = Source({"only": "For EPEL alone"}, branches=("epel10",))
    publish(fedora, mirror)
    shutil.rmtree(mirror / "epel")
    builder().build()
    found = IndexReader(index).source("only")
    assert (found.retired, found.releases, found.owner, found.binaries) == (False, ("epel10",), "pingou", ())


def test_a_mirror_with_nothing_of_ours_fails_the_build(builder, mirror, index):
    mirror.mkdir()
    with pytest.raises(UpstreamUnavailable, match="no readable repository of an active release"):
        builder().build()
    assert not index.exists()


def _html(file):
    file.write_bytes(b"<html><body>Welcome</body></html>")


def _cut(file):
    file.write_bytes(file.read_bytes()[:-20])


def _changed(file):
    file.write_bytes(file.read_bytes()[:-1] + b"x")


def _empty(file):
    file.write_bytes(b"")


def _listed(content):
    """Return what damages a file that its repository lists with its checksum."""

    def damage(file):
        kind = next(kind for kind in ("primary", "filelists") if kind in file.name)
        rewrite(file.parents[1], kind, content(zstandard.ZstdDecompressor().stream_reader(file.read_bytes()).read()))

    return damage


DAMAGES = {
    "changed": _changed,
    "missing": Path.unlink,
    "html": _html,
    "cut": _cut,
    "empty": _empty,
    "listed html": _listed(lambda text: b"<html><body>Welcome</body></html>"),
    "listed cut": _listed(lambda text: text[: text.rindex(b"<version")]),
    "listed nonsense": _listed(lambda text: b"\0\1\2" * 100),
    "listed other number": _listed(lambda text: re.sub(rb'packages="[0-9]+"', b'packages="7"', text)),
}


def _file_of(folder, kind):
    return next((folder / "repodata").glob(f"*{kind}*"))


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        *itertools.product(("primary", "filelists"), DAMAGES),
        *(("repomd", damage) for damage in ("html", "cut", "empty")),
    ],
)
def test_a_broken_repository_costs_its_release_and_no_more(fedora, build, builder, mirror, index, caplog, kind, damage):
    fedora.sources["only"] = Source({"only": "In f45 alone"}, branches=("f45",))
    build()
    before = IndexReader(index).source("only")
    fedora.sources["guake"].binaries["guake"] = "Changed"
    publish(fedora, mirror)
    DAMAGES[damage](_file_of(place(mirror, "f45"), kind))
    built = builder().build()
    reader = IndexReader(index)
    assert (built.releases, built.skipped_releases, reader.skipped_releases()) == (
        ("rawhide", "epel10"),
        ("f45",),
        ("f45",),
    )
    assert (reader.source("only"), before.retired) == (before, False)
    assert {binary.name: binary.summary for binary in reader.source("guake").binaries} == {"guake": "Changed"}
    assert f"the release f45 is skipped: mirror: {mirror}" in caplog.text


@pytest.mark.parametrize("broken", BRANCHES)
def test_a_package_keeps_what_it_had_in_a_skipped_release(fedora, build, builder, mirror, index, broken):
    fedora.sources["guake"].binaries |= {"guake-epel": "For EPEL", "guake-new": "For rawhide"}
    fedora.sources["guake"].only = {"guake-epel": ("epel10",), "guake-new": ("rawhide",)}
    fedora.files["guake-epel"] = [("/usr/bin", "guake-epel")]
    build()
    before = IndexReader(index).source("guake")
    _html(_file_of(place(mirror, broken), "repomd"))
    for _ in range(2):
        builder().build()
        assert IndexReader(index).source("guake") == before


def test_a_package_does_not_keep_a_skipped_release_that_koji_does_not_list_any_more(
    fedora, build, builder, mirror, index
):
    build()
    fedora.sources["guake"].branches = ("rawhide", "f45")
    _html(_file_of(place(mirror, "epel10"), "repomd"))
    builder().build()
    assert IndexReader(index).source("guake").releases == ("rawhide", "f45")


def test_a_broken_release_is_named_although_others_have_its_packages(fedora, builder, mirror):
    publish(fedora, mirror)
    _html(_file_of(place(mirror, "epel10", is_source=True), "repomd"))
    built = builder().build()
    assert (built.releases, built.skipped_releases) == (("rawhide", "f45"), ("epel10",))


def test_a_mirror_of_broken_repositories_fails_the_build_and_the_old_index_answers(build, builder, mirror, index):
    build()
    for repomd in mirror.rglob("repomd.xml"):
        _html(repomd)
    with pytest.raises(UpstreamUnavailable, match="no readable repository of an active release"):
        builder().build()
    assert IndexReader(index).source("guake").summary == "guake, the source"


def test_a_bad_package_is_passed_over_counted_and_named(fedora, builder, mirror, index, caplog):
    publish(fedora, mirror)
    write(place(mirror, "epel10"), [rpm("../../etc", "vim"), rpm("x", "../y"), rpm("good", summary="Good")])
    assert builder().build().skipped == 2
    assert IndexReader(index).skipped_packages() == 2
    assert IndexReader(index).source("good").summary == "Good"
    assert "'../../etc'" in caplog.text


CASES = Path(__file__).parents[4] / "shared" / "cases" / "index"


def read_cases():
    path = CASES / "odd-bytes.json"
    return json.loads(path.read_text("utf-8"))["cases"] if path.is_file() else []


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case["id"])
def test_odd_bytes_in_a_package_cost_no_other(fedora, builder, mirror, index, case):
    text = (CASES / case["in"]).read_bytes()
    at = text.index(case["before"].encode(), text.index(b"<name>odd</name>"))
    publish(fedora, mirror)
    folder = write(place(mirror, "f45", "updates"), [], kinds=("primary",))
    rewrite(folder, "primary", text[:at] + bytes.fromhex(case["insert_hex"]) + text[at:])
    assert builder().build().skipped == 0
    assert {"good-before", "good-after", "odd", "vim"} <= set(IndexReader(index).names())


def test_over_http_it_is_the_same(build, builder, fedora, mirror, http, index, upstream):
    fedora.files["guake"] = [("/usr/share/guake", "x")]
    build()
    expected = dump(index)
    assert dump_of(builder(base=http()), index) == expected


def dump(index):
    """Return all documents of an index, and what a few things are found by."""
    reader = IndexReader(index)
    documents = {name: reader.source(name) for name in reader.names()}
    return documents, [hit.document.name for hit in reader.search("/usr/share/guake/x").hits]


def dump_of(builder, index):
    builder.build()
    return dump(index)


def test_what_was_downloaded_and_staged_before_a_failure_is_not_downloaded_again(
    fedora, builder, mirror, http, upstream, index
):
    # Files that are the same in two repositories are downloaded once anyway.
    fedora.sources["only"] = Source({"only": ""}, branches=("epel10",))
    publish(fedora, mirror)
    base = http()
    broken = f"/pub/{primary(place(mirror, 'epel10')).relative_to(mirror)}"
    whole, upstream.answers[broken] = upstream.answers[broken], Answer(b"", 500)
    with pytest.raises(UpstreamUnavailable):
        builder(base=base).build()
    upstream.answers[broken] = whole
    upstream.asked.clear()
    builder(base=base).build()
    lists = [asked.path for asked in upstream.asked if "primary" in asked.path]
    assert lists == [broken]


def test_what_was_staged_is_not_read_again(build, builder, fedora):
    fedora.bad.add("brandnew")
    with pytest.raises(UpstreamUnavailable):
        build(max_failures=0)
    fedora.bad.clear()
    told = []
    builder(progress=lambda phase, done, total: told.append(phase)).build()
    assert set(told) == {"described", "documents"}


def test_a_repository_that_changes_while_it_is_read_is_looked_at_again(fedora, builder, mirror, http, upstream, index):
    publish(fedora, mirror)
    base = http()
    folder = place(mirror, "f45")
    stale = upstream.answers[f"/pub/{folder.relative_to(mirror)}/repodata/repomd.xml"]
    for asked in [path for path in upstream.answers if str(folder.relative_to(mirror)) in path]:
        del upstream.answers[asked]
    write(folder, [rpm("vim-X11", "vim", summary="Newer")])
    base = http()
    repomd = f"/pub/{folder.relative_to(mirror)}/repodata/repomd.xml"
    upstream.answers[repomd] = [stale, upstream.answers[repomd]]
    builder(base=base).build()
    assert {binary.name: binary.summary for binary in IndexReader(index).source("vim").binaries}["vim-X11"] == "Newer"


def test_a_failure_ends_the_downloads_under_way(fedora, builder, mirror, http, upstream):
    publish(fedora, mirror)
    base = http()
    for path in list(upstream.answers):
        if "primary" in path and "epel" not in path:
            upstream.answers[path] = Answer(b"", 500)
    with pytest.raises(UpstreamError):
        builder(base=base).build()
    downloads = [thread for thread in threading.enumerate() if thread.name.startswith("mirror")]
    for thread in downloads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in downloads)


@pytest.fixture
def slow_koji(fedora):
    """What ends the slowness of koji: until it is set no list of packages comes."""
    may_answer, koji = threading.Event(), fedora.connectors["koji"]
    packages = koji.packages

    def slowly(tag=None):
        may_answer.wait(20)
        return packages(tag)

    koji.packages = slowly
    yield may_answer
    may_answer.set()


def threads_of_package_list():
    return [thread for thread in threading.enumerate() if thread.name.startswith("package-list")]


def end_of_package_list():
    for thread in threads_of_package_list():
        thread.join(10)


def test_a_build_that_fails_waits_for_no_list_of_kojis_and_asks_for_no_other(
    fedora, builder, mirror, http, upstream, slow_koji
):
    publish(fedora, mirror)
    base = http()
    upstream.answers[f"/pub/{primary(place(mirror, 'f45')).relative_to(mirror)}"] = Answer(b"", 500)
    with pytest.raises(UpstreamUnavailable):
        builder(base=base).build()
    assert ("koji", None) not in fedora.asked
    # Nor does the end of the process wait for it.
    assert [thread.daemon for thread in threads_of_package_list()] == [True]
    slow_koji.set()
    end_of_package_list()
    assert [what for upstream, what in fedora.asked if upstream == "koji"] == [None]


def test_without_kojis_lists_no_more_is_read_than_had_begun(build, fedora):
    fedora.down.add("koji")
    repositories = []

    def count(phase, done, total):
        if phase == "packages":
            repositories.append(done)
            end_of_package_list()

    with pytest.raises(UpstreamUnavailable, match="koji"):
        build(progress=count)
    assert len(repositories) <= 1


def test_progress_is_told_by_phase(build):
    told = []
    build(progress=lambda *step: told.append(step))
    last = {phase: (done, total) for phase, done, total in told}
    assert list(dict.fromkeys(phase for phase, _, _ in told)) == [
        "downloads", "packages", "files", "described", "documents",
    ]  # fmt: skip
    assert {phase: done == total for phase, (done, total) in last.items()} == dict.fromkeys(last, True)
    assert all(done <= total for _, done, total in told)
    assert last["documents"] == (5, 5)


def test_how_much_there_is_to_download_is_known_from_the_start(build, mirror):
    told = []
    build(progress=lambda *step: told.append(step))
    downloads = [(done, total) for phase, done, total in told if phase == "downloads"]
    totals = [total for _, total in downloads]
    sizes = {kind: sum(path.stat().st_size for path in mirror.rglob(f"*{kind}*")) for kind in ("primary", "filelists")}
    of_sources = sum(path.stat().st_size for path in mirror.rglob("*filelists*") if "source" in str(path))
    assert (downloads[0][0], totals[0]) == (0, sum(sizes.values()) - of_sources)
    # Of a repository whose packages are all in one that is looked at first no list of files is needed.
    assert totals[0] > totals[-1]
    assert totals == sorted(totals, reverse=True)
    assert downloads[-1][0] == downloads[-1][1]


def test_documents_are_written_by_their_importance_and_retired_ones_last(build, fedora, index):
    fedora.requires = {"guake": ["vim-data"]}
    build()
    database = xapian.Database(str(index.resolve()))
    documents = [database.get_document(posting.docid) for posting in database.postlist(terms.DOCUMENT)]
    written = [document.get_value(terms.NAME_SLOT).decode() for document in documents]
    assert written == ["vim", "brandnew", "guake", "orphaned", "python3"]
