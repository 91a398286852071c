"""The staging file: whole or not there, and the union of what repositories have."""

import sqlite3
from contextlib import closing

import pytest

from fedora_packages.connectors.repositories import Repository
from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.document import Binary, Document
from fedora_packages.search.indexing.repodata import Package
from fedora_packages.search.indexing.staging import Staging

RAWHIDE = Repository("rawhide", "release", False, ())
RAWHIDE_SOURCES = Repository("rawhide", "release", True, ())
TESTING = Repository("f45", "updates-testing", False, ())
F45 = Repository("f45", "release", False, ())


def package(name, source=None, version="1", arch="x86_64", **fields):
    texts = {"summary": f"{name} {version}", "description": "", "url": None}
    lines = {"provides": name, "obsoletes": "", "requires": "", "files": ""}
    given = {**texts, **lines, **fields}
    return Package(name, source or name, f"{name}-{version}", ("0", version, "1"), arch, **given)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "index.staging"


@pytest.fixture
def staging(path):
    with Staging(path) as staging:
        yield staging


def fail_after(*packages):
    yield from packages
    raise RuntimeError


def document(staging, name, *repositories):
    staging.arrange(repositories)
    return staging.document(name, "pingou")


def test_what_is_staged_is_there_when_it_is_opened_again(path):
    with Staging(path) as staging:
        staging.stage(RAWHIDE, "abc", [package("vim")])
    with Staging(path) as staging:
        assert staging.has(RAWHIDE, "abc")
        assert document(staging, "vim", RAWHIDE).summary == "vim 1"


def test_a_repository_that_has_changed_is_not_there(staging):
    staging.stage(RAWHIDE, "abc", [package("vim")])
    assert not staging.has(RAWHIDE, "abd")
    assert not staging.has(F45, "abc")


def test_a_repository_that_was_not_read_to_its_end_is_as_it_was(staging):
    staging.stage(RAWHIDE, "abc", [package("vim")])
    with pytest.raises(RuntimeError):
        staging.stage(RAWHIDE, "abd", fail_after(package("emacs")))
    assert staging.has(RAWHIDE, "abc")
    assert document(staging, "vim", RAWHIDE).binary_names == ("vim",)


def test_a_repository_takes_the_place_of_what_there_was_of_it(staging):
    staging.stage(RAWHIDE, "abc", [package("vim"), package("emacs")])
    staging.stage(RAWHIDE, "abd", [package("vim", version="2")])
    staging.arrange([RAWHIDE])
    assert staging.sources() == ["vim"]


def test_the_newest_of_a_name_counts_wherever_it_stands(staging):
    one, two, ten = (package("vim", version=version) for version in ("1", "2", "10"))
    for order in ([one, two, ten], [ten, two, one], [two, ten, one]):
        staging.stage(RAWHIDE, "abc", order)
        assert document(staging, "vim", RAWHIDE).summary == "vim 10"


def test_releases_are_in_reading_order_and_the_first_describes(staging):
    staging.stage(RAWHIDE, "a", [package("vim", version="2")])
    staging.stage(F45, "b", [package("vim", version="1")])
    found = document(staging, "vim", RAWHIDE, F45)
    assert (found.branch, found.releases, found.summary) == ("rawhide", ("rawhide", "f45"), "vim 2")


def test_what_is_searched_first_of_a_release_hides_the_rest(staging):
    staging.stage(TESTING, "a", [package("vim", version="1.testing")])
    staging.stage(F45, "b", [package("vim", version="9"), package("vi", "vim", version="9")])
    found = document(staging, "vim", TESTING, F45)
    assert [binary.summary for binary in found.binaries] == ["vi 9", "vim 1.testing"]


def test_binaries_are_those_of_all_releases_each_with_its_own(staging):
    staging.stage(RAWHIDE, "a", [package("vim"), package("vim-new", "vim")])
    staging.stage(F45, "b", [package("vim"), package("vim-old", "vim")])
    found = document(staging, "vim", RAWHIDE, F45)
    assert {binary.name: binary.releases for binary in found.binaries} == {
        "vim": (),
        "vim-new": ("rawhide",),
        "vim-old": ("f45",),
    }


def test_a_binary_that_moved_to_another_source_is_each_ones_in_its_releases(staging):
    staging.stage(RAWHIDE, "a", [package("tool", "new")])
    staging.stage(F45, "b", [package("tool", "old")])
    assert document(staging, "new", RAWHIDE, F45).releases == ("rawhide",)
    assert document(staging, "old", RAWHIDE, F45).releases == ("f45",)


def test_a_binary_that_two_sources_have_in_one_repository_is_both_s(staging):
    staging.stage(RAWHIDE, "a", [package("hammer", "tools"), package("hammer", "tools-rs", "2")])
    found = [document(staging, name, RAWHIDE).binary_names for name in ("tools", "tools-rs")]
    assert (found, staging.sources()) == ([("hammer",), ("hammer",)], ["tools", "tools-rs"])


def test_a_source_package_speaks_for_itself(staging):
    staging.stage(RAWHIDE, "a", [package("vim-enhanced", "vim")])
    source = package("vim", summary="The editor", description="All of it", url="http://vim/")
    staging.stage(RAWHIDE_SOURCES, "b", [source])
    found = document(staging, "vim", RAWHIDE_SOURCES, RAWHIDE)
    assert (found.summary, found.description, found.url) == ("The editor", "All of it", "http://vim/")


def test_a_source_without_binaries_is_none(staging):
    staging.stage(RAWHIDE_SOURCES, "b", [package("vim")])
    staging.arrange([RAWHIDE_SOURCES])
    assert staging.sources() == []


def test_what_a_binary_is_found_by_is_of_the_first_release_that_has_it(staging):
    staging.stage(RAWHIDE, "a", [package("vim", provides="vim\neditor", obsoletes="vi", files="/usr/bin/vim")])
    staging.stage(F45, "b", [package("vim", provides="old")])
    assert document(staging, "vim", RAWHIDE, F45).binaries == (
        Binary("vim", "vim 1", (), ("vim", "editor"), ("vi",), ("/usr/bin/vim",)),
    )


def test_files_are_lacking_of_what_describes_a_binary_only(staging):
    staging.stage(RAWHIDE, "a", [package("vim")])
    staging.stage(F45, "b", [package("vim"), package("emacs")])
    staging.arrange([RAWHIDE, F45])
    assert {label: set(its) for label, its in staging.lacking_files().items()} == {
        "rawhide release": {"vim-1"},
        "f45 release": {"emacs-1"},
    }


def test_files_that_were_added_are_lacking_no_more(staging):
    staging.stage(RAWHIDE, "a", [package("vim"), package("none")])
    staging.arrange([RAWHIDE])
    lacking = staging.lacking_files()["rawhide release"]
    with staging.add_files(lacking) as add:
        add("vim-1", "/usr/bin/vim\n/usr/share/vim")
    assert staging.document("vim", None).binaries[0].files == ("/usr/bin/vim", "/usr/share/vim")
    assert staging.lacking_files() == {}


def test_files_are_added_all_or_none(staging):
    staging.stage(RAWHIDE, "a", [package("vim")])
    staging.arrange([RAWHIDE])
    lacking = staging.lacking_files()["rawhide release"]

    def add_some():
        with staging.add_files(lacking) as add:
            add("vim-1", "/usr/bin/vim")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_some()
    assert staging.lacking_files()["rawhide release"] == lacking


def test_repositories_that_are_not_arranged_do_not_count(staging):
    staging.stage(RAWHIDE, "a", [package("vim")])
    staging.stage(F45, "b", [package("vim"), package("emacs")])
    staging.arrange([RAWHIDE])
    assert (staging.sources(), list(staging.releases())) == (["vim"], [0])


def test_a_description_comes_back_as_it_was(staging):
    told = Document("vim", "S", "D", None, "pingou", "f45", ("f45", "f44"), False, (), 7)
    staging.describe(100.0, ["f45"], told)
    assert staging.description("vim") == told


def test_a_description_is_as_old_as_it_is(staging):
    staging.describe(100.0, ["f45", "f44"], Document("vim"))
    assert (staging.described(100.0), staging.described(101.0)) == ({"vim": "f45 f44"}, {})


def test_retired_packages_are_known(staging):
    staging.describe(0.0, [], Document("gone", retired=True))
    staging.describe(0.0, [], Document("vim"))
    assert staging.retired() == {"gone"}


@pytest.mark.parametrize(
    "content", [b"no database at all, and rather long at that" * 100, b"SQLite format 3\0" + b"\1" * 5000, b""]
)
def test_what_is_no_staging_file_is_thrown_away(path, content):
    path.write_bytes(content)
    with Staging(path) as staging:
        staging.stage(RAWHIDE, "abc", [package("vim")])
        assert staging.has(RAWHIDE, "abc")


def test_a_file_of_another_schema_version_is_thrown_away(path):
    with Staging(path) as staging:
        staging.stage(RAWHIDE, "abc", [package("vim")])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 1")
    with Staging(path) as staging:
        assert not staging.has(RAWHIDE, "abc")


def test_a_damaged_file_is_told_and_removed(path):
    with Staging(path) as staging:
        staging.stage(RAWHIDE, "abc", [package(f"p{number}", provides="x" * 500) for number in range(200)])
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(SearchUnavailable, match="corrupt and is removed"), Staging(path) as staging:
        staging.has(RAWHIDE, "abc")
    assert not path.exists()


def test_a_file_without_content_is_removed_at_its_end(path):
    with Staging(path):
        assert path.exists()
    assert not path.exists()


def test_a_file_that_cannot_be_made_is_told(tmp_path):
    with pytest.raises(SearchUnavailable, match="cannot be written"), Staging(tmp_path / "nowhere" / "index.staging"):
        pass


def test_of_a_killed_write_nothing_is_left(path, tmp_path):
    with Staging(path) as staging:
        staging.stage(RAWHIDE, "abc", [package("vim")])
    # What a process leaves that dies within a transaction: its journal, and pages that were written before the commit.
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("pragma journal_mode = truncate; pragma cache_size = 1; begin immediate;")
    connection.execute("delete from package")
    connection.executemany(
        "insert into repository (label, checksum, is_source) values (?, 'x', 0)", ((str(n),) for n in range(20000))
    )
    copy = tmp_path / "copy"
    copy.write_bytes(path.read_bytes())
    (tmp_path / "copy-journal").write_bytes((tmp_path / "index.staging-journal").read_bytes())
    connection.close()
    with Staging(copy) as staging:
        assert staging.has(RAWHIDE, "abc")
        assert document(staging, "vim", RAWHIDE).binary_names == ("vim",)


def test_what_a_package_is_built_with_is_required_too(staging):
    staging.stage(RAWHIDE, "a", [package("vim", requires="glibc")])
    staging.stage(RAWHIDE_SOURCES, "b", [package("vim", requires="gcc")])
    staging.arrange([RAWHIDE, RAWHIDE_SOURCES])
    assert sorted(staging.requires(0)) == [("vim", "gcc"), ("vim", "glibc")]
