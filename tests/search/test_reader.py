"""The reader: packages by name, exact names first, an answer for any text, and an index that changes under it."""

import gzip
import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import xapian
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fedora_packages.errors import SearchUnavailable
from fedora_packages.rpm.nvr import PACKAGE_NAME, is_package_name
from fedora_packages.search.indexing.writer import Writer
from fedora_packages.search.reader import IndexReader
from tests.search.fedora import document, garble

NAMES = st.lists(st.from_regex(PACKAGE_NAME, fullmatch=True), min_size=1, max_size=12, unique=True)


def names(hits):
    return [hit.document.name for hit in hits.hits]


@pytest.fixture
def reader(make_index):
    return make_index(
        document("vim", ("vim-X11", "The VIM editor for X"), "vim-common", summary="The VIM editor"),
        document("vim-jedi", "vim-jedi", summary="Completion for the vim editor"),
        document("gcc", "gcc", "gcc-c++", "libstdc++", summary="Compilers"),
        document("gcc-python-plugin", "gcc-python3-plugin", summary="Plugin for the compilers"),
        document("guake", "guake", summary="Drop-down terminal for GNOME", description="A terminal emulator."),
        document("gnome-terminal", "gnome-terminal", summary="Terminal emulator for GNOME"),
        document("firefox", "firefox", summary="Mozilla Firefox Web browser"),
        document("web-assets", "web-assets-filesystem", summary="Shared assets", description="For every browser."),
        document("python-requests", "python3-requests", summary="HTTP library"),
        document("python-requests-ftp", "python3-requests-ftp", summary="FTP transport"),
        document("python3.14", "python3", "python3-libs", summary="Version 3.14 of the language"),
        document("python3", retired=True, branch=None, releases=()),
        document("PackageKit", "PackageKit", summary="Package management service"),
        document("0ad", "0ad", summary="Ancient warfare"),
        document("mysql++", "mysql++", summary="C++ wrapper for the MySQL C API"),
        document("unrelated", "unrelated", summary="Something"),
    )


def test_a_source_is_found_by_name(reader):
    assert (reader.source("vim").name, reader.source("unknown")) == ("vim", None)


def test_a_source_is_not_found_by_its_binary(reader):
    assert reader.source("vim-X11") is None


def test_case_counts_in_names(reader):
    assert reader.source("packagekit") is None


@pytest.mark.parametrize(("binary", "source"), [("vim-X11", "vim"), ("gcc-c++", "gcc"), ("python3", "python3.14")])
def test_a_binary_leads_to_its_source(reader, binary, source):
    assert reader.source_of(binary).name == source


def test_a_binary_that_nothing_builds_leads_nowhere(reader):
    assert reader.source_of("unknown") is None


def test_of_several_sources_the_one_of_the_same_name_builds_a_binary(make_index):
    reader = make_index(document("a", "llvm"), document("llvm", "llvm"), document("b", "llvm"))
    assert reader.source_of("llvm").name == "llvm"


def test_of_several_sources_of_other_names_the_first_builds_a_binary(make_index):
    reader = make_index(document("llvm19", "llvm"), document("llvm18", "llvm"))
    assert reader.source_of("llvm").name == "llvm18"


@pytest.mark.parametrize("name", ["", "/", "a b", "x" * 300, "\x00", "vim\n", "\ud800", None])
def test_what_is_no_name_is_no_package(reader, name):
    assert (reader.source(name), reader.source_of(name), reader.sources([name])) == (None, None, {})


def test_many_names_are_resolved_at_once(reader):
    assert reader.sources(["vim-X11", "vim", "guake", "unknown"]) == {
        "vim-X11": ("vim",),
        "vim": ("vim",),
        # It builds a binary of its own name, and is listed once.
        "guake": ("guake",),
    }


def test_a_name_that_a_binary_took_over_means_its_source_first(reader):
    assert reader.sources(["python3"]) == {"python3": ("python3.14", "python3")}


def test_a_living_package_means_itself_although_another_builds_a_binary_of_its_name(make_index):
    assert make_index(document("vim"), document("neovim", "vim")).sources(["vim"]) == {"vim": ("vim", "neovim")}


def test_names_are_in_order(make_index):
    assert list(make_index(document("b"), document("a"), document("B")).names()) == ["B", "a", "b"]


def test_spaces_around_a_text_are_no_part_of_it(reader):
    assert reader.search(" vim-X11\n") == reader.search("vim-X11")


def test_an_exact_source_comes_first(reader):
    assert names(reader.search("vim"))[:2] == ["vim", "vim-jedi"]


def test_an_exact_binary_comes_first(reader):
    assert names(reader.search("libstdc++"))[0] == "gcc"


def test_an_exact_source_comes_before_an_exact_binary(reader):
    assert names(reader.search("python3"))[:2] == ["python3", "python3.14"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("gcc-c++", "gcc"),
        ("python3.14", "python3.14"),
        ("0ad", "0ad"),
        ("mysql++", "mysql++"),
        ("  guake \n", "guake"),
        ("vim-x11", "vim"),
        ("packagekit", "PackageKit"),
        ("package kit", "PackageKit"),
        ("KIT", "PackageKit"),
        ("guak", "guake"),
        ("python314", "python3.14"),
        ("requests", "python-requests"),
        ("python-requ", "python-requests"),
        ("terminals gnome drop", "guake"),
        ("web browser", "firefox"),
        ("gnome terminal", "gnome-terminal"),
        ("C++ wrapper", "mysql++"),
        ('"ancient warfare"', "0ad"),
        ("management of packages", "PackageKit"),
    ],
)
def test_a_text_finds_first(reader, text, first):
    assert names(reader.search(text))[0] == first


def test_a_name_is_worth_more_than_a_summary_and_that_more_than_a_description(make_index):
    reader = make_index(
        document("aaa", summary="Something", description="A lantern, a lantern, a lantern"),
        document("bbb", summary="A lantern"),
        document("some-lantern-tools"),
    )
    assert names(reader.search("lantern")) == ["some-lantern-tools", "bbb", "aaa"]


def test_a_living_package_comes_before_a_retired_one(make_index):
    reader = make_index(document("lantern-a", retired=True), document("lantern-b"))
    assert names(reader.search("lantern")) == ["lantern-b", "lantern-a"]


def test_a_summary_of_a_binary_finds_its_source(make_index):
    reader = make_index(document("tools", ("tools-extra", "Juggles lanterns")), document("other"))
    assert names(reader.search("lantern")) == ["tools"]


def test_where_no_package_has_all_words_one_is_enough(reader):
    assert "guake" in names(reader.search("guake zzzzzz"))


def test_the_binaries_that_match_are_named(reader):
    assert reader.search("vim x11").hits[0].binaries == ("vim-X11",)


def test_no_binary_is_named_where_the_prose_matched(reader):
    assert reader.search("mozilla").hits[0].binaries == ()


@pytest.mark.parametrize("text", ["", " ", "zzzzzz", "***", "()", "\x00\x01", "-", "++", '"'])
def test_nothing_found_is_an_answer(reader, text):
    assert reader.search(text).hits == ()


def test_pages_follow_each_other(reader):
    whole = names(reader.search("gcc", rows=50))
    assert [name for start in range(len(whole)) for name in names(reader.search("gcc", start, 1))] == whole


def test_the_total_is_the_same_on_each_page(reader):
    assert {reader.search("gcc", start, 1).total for start in range(5)} == {2}


def test_no_hit_after_the_last_is_given(make_index, tmp_path):
    make_index(*(document(f"vim-{number}") for number in range(6)))
    reader = IndexReader(tmp_path / "index", max_hits=3)
    pages = [reader.search("vim", start, 2) for start in (0, 2, 3, 9)]
    assert [(len(page.hits), page.total) for page in pages] == [(2, 6), (1, 6), (0, 6), (0, 6)]


@pytest.mark.parametrize(
    ("start", "rows", "given_"),
    [(-5, 1, ["gcc"]), (10**12, 10, []), (0, -1, []), (0, 10**12, ["gcc", "gcc-python-plugin"])],
)
def test_any_page_can_be_asked_for(reader, start, rows, given_):
    found = reader.search("gcc", start, rows)
    assert (found.total, names(found)) == (2, given_)


def test_so_many_hits_at_most_are_given_at_once(reader):
    reader = IndexReader(reader.path, max_rows=1)
    assert (len(reader.search("gcc", rows=2).hits), reader.search("gcc", rows=2).total) == (1, 2)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sources=NAMES, binaries=NAMES)
@example(sources=["0"], binaries=["_"])
def test_every_name_is_found_first_by_itself(tmp_path_factory, sources, binaries):
    path = tmp_path_factory.mktemp("names") / "index"
    built = {name: binaries[number :: len(sources)] for number, name in enumerate(sources)}
    with Writer(path, create=True) as writer:
        writer.replace(document(name, *its) for name, its in built.items())
        writer.commit()
    reader = IndexReader(path)
    for name in sources:
        assert names(reader.search(name, rows=1)) == [name]
    for name in set(binaries) - set(sources):
        assert reader.search(name, rows=1).hits[0].binaries[0] == name


@pytest.fixture(scope="module")
def read_only_reader(tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "index"
    with Writer(path, create=True) as writer:
        writer.replace([document("vim", "vim-X11", summary="The editor"), document("and"), document("NOT", "or")])
        writer.commit()
    return IndexReader(path)


@settings(deadline=None)
@given(text=st.text(max_size=200) | st.text(alphabet='vimAND ORNOT*"()-+:~^/\\\x00\n', max_size=200))
def test_any_text_gives_an_answer(read_only_reader, text):
    assert read_only_reader.search(text).total <= 3


@pytest.mark.parametrize(
    "text", ["AND AND", "(" * 5000, '"' * 9999, "a " * 5000, "a-" * 5000, "ﷺ" * 10_000, "vim\ud800 \ud800", "NEAR/3 *"]
)
def test_a_hostile_text_gives_an_answer(read_only_reader, text):
    assert read_only_reader.search(text).total <= 3


def test_a_missing_index_is_told(tmp_path):
    with pytest.raises(SearchUnavailable, match="fedora-packages-index"):
        IndexReader(tmp_path / "none").search("vim")


def test_a_corrupt_index_is_told(tmp_path):
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "iamglass").write_bytes(b"no database")
    reader = IndexReader(tmp_path / "index")
    # It is not tried each time, but told each time.
    for _ in range(2):
        with pytest.raises(SearchUnavailable, match="fedora-packages-index"):
            reader.count()


def test_a_link_that_leads_nowhere_is_damage_and_no_link_is_none(tmp_path):
    (tmp_path / "index").symlink_to("index.1")
    told = []
    for name in ("index", "none"):
        reader = IndexReader(tmp_path / name, on_corruption=lambda folder, error: told.append(folder))
        with pytest.raises(SearchUnavailable):
            reader.count()
    assert told == [str(tmp_path / "index.1")]


@pytest.mark.parametrize("read", [lambda found: found.source("vim"), lambda found: found.complete("vi")])
def test_what_says_nothing_is_damage_and_the_index_before_is_read(tmp_path, make_index, read):
    expected = read(make_index(document("vim", summary="Editor"), name="index.last"))
    make_index(document("vim", summary="Better editor"))
    garble(tmp_path / "index")
    told = []
    reader = IndexReader(tmp_path / "index", on_corruption=lambda folder, error: told.append(folder))
    assert (read(reader), told) == (expected, [str(tmp_path / "index")])


def test_an_index_that_changes_too_fast_is_not_corrupt(tmp_path, make_index):
    told = []
    make_index(document("vim"))

    def modified(path):
        raise xapian.DatabaseModifiedError("modified")

    reader = IndexReader(
        tmp_path / "index", on_corruption=lambda folder, error: told.append(folder), open_database=modified
    )
    with pytest.raises(SearchUnavailable, match="modified"):
        reader.count()
    assert told == []


def test_an_index_that_comes_later_is_read(tmp_path, make_index):
    reader = IndexReader(tmp_path / "index")
    with pytest.raises(SearchUnavailable):
        reader.count()
    make_index(document("vim"))
    assert reader.count() == 1


def test_a_swapped_index_is_read_once_it_is_looked_for(tmp_path, make_index):
    make_index(document("old"), name="index.1")
    make_index(document("new"), name="index.2")
    link, now = tmp_path / "index", [0.0]
    link.symlink_to("index.1")
    reader = IndexReader(link, clock=lambda: now[0])
    assert list(reader.names()) == ["old"]
    link.unlink()
    link.symlink_to("index.2")
    now[0] = 1.0
    assert list(reader.names()) == ["new"]


def test_an_index_removed_after_a_swap_is_left_at_once(tmp_path, make_index):
    make_index(document("old"), name="index.1")
    make_index(document("new"), name="index.2")
    link = tmp_path / "index"
    link.symlink_to("index.1")
    reader = IndexReader(link, clock=lambda: 0.0)
    assert list(reader.names()) == ["old"]
    link.unlink()
    link.symlink_to("index.2")
    shutil.rmtree(tmp_path / "index.1")
    assert list(reader.names()) == ["new"]


def test_a_reader_is_shared_by_threads_while_the_index_is_written(make_index, tmp_path):
    reader = make_index(*(document(f"vim-{number}", summary="round 0") for number in range(20)))
    stop, wrong = threading.Event(), []

    def read():
        while not stop.is_set():
            found = reader.search("vim", rows=50)
            rounds = {hit.document.summary for hit in found.hits}
            if len(found.hits) != 20 or len(rounds) != 1:
                wrong.append(rounds)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for thread in readers:
        thread.start()
    for number in range(1, 12):
        with Writer(tmp_path / "index") as writer:
            writer.replace(document(f"vim-{each}", summary=f"round {number}") for each in range(20))
            writer.commit()
    stop.set()
    for thread in readers:
        thread.join(10)
    assert wrong == []


@pytest.mark.slow
def test_every_package_of_fedora_is_found_first_by_its_name(data, tmp_path):
    packages = data / "fedora-rawhide.jsonl.gz"
    if not packages.is_file():
        pytest.skip(f"no recorded packages: {packages} is missing")
    sources, builds = [], {}
    with gzip.open(packages) as lines, Writer(tmp_path / "index", create=True) as writer:
        for line in lines:
            stored = json.loads(line)
            built = {sub["name"]: sub.get("summary") or "" for sub in stored["subpackages"]}
            if stored["builds_main"]:
                built[stored["name"]] = stored.get("summary") or ""
            binaries = [(name, summary[:500]) for name, summary in built.items() if is_package_name(name)]
            writer.replace([document(stored["name"], *binaries, summary=stored.get("summary") or "")])
            sources.append(stored["name"])
            for name, _ in binaries:
                builds.setdefault(name, set()).add(stored["name"])
        writer.commit()
    reader = IndexReader(tmp_path / "index")
    assert [name for name in sources if names(reader.search(name, rows=1)) != [name]] == []
    wrong = [
        name
        for name in builds.keys() - set(sources)
        if (hit := reader.search(name, rows=1).hits[0]).document.name not in builds[name] or hit.binaries[:1] != (name,)
    ]
    assert wrong == []


def test_texts_are_completed_one_after_the_other(make_index, monkeypatch):
    reader, both = make_index(document("vim")), threading.Barrier(2)

    def complete(database, text, rows):
        # Together they would pass at once.
        with pytest.raises(threading.BrokenBarrierError):
            both.wait(0.2)
        return text

    monkeypatch.setattr("fedora_packages.search.reader.complete", complete)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(reader.complete, ["v", "vi"])) == ["v", "vi"]
