"""Assembling: an index from the documents of a staging file, the most important first, and compact."""

import pytest
import xapian

from fedora_packages.connectors.repositories import Repository
from fedora_packages.search import terms
from fedora_packages.search.document import Document
from fedora_packages.search.indexing.assemble import Assembly
from fedora_packages.search.indexing.collect import StagedPackages
from fedora_packages.search.indexing.repodata import Package
from fedora_packages.search.indexing.staging import Staging
from fedora_packages.search.indexing.writer import Writer, is_sound
from fedora_packages.search.reader import IndexReader

NAMES = [f"package{number:03}" for number in range(120)]

#: Those in no repository, which were described one by one.
DESCRIBED = NAMES[110:]


@pytest.fixture(scope="module")
def staging(tmp_path_factory):
    """A staging file of 120 packages, of which the first eleven have ten dependents each."""
    rawhide = Repository("rawhide", "release", False, ())
    with Staging(tmp_path_factory.mktemp("staging") / "index.staging") as staging:
        staging.stage(rawhide, "checksum", (built(number) for number in range(110)))
        staging.arrange([rawhide])
        for name in DESCRIBED:
            staging.describe(0.0, ["rawhide"], Document(name, f"Number {name}", releases=("rawhide",)))
        yield staging


def built(number):
    """Return the one binary of a package."""
    libs = f"{NAMES[number]}-libs"
    evr, requires = ("0", "1", "1"), f"{NAMES[number // 10]}-libs"
    return Package(libs, NAMES[number], libs, evr, "x86_64", f"Number {number}", "", None, libs, "", requires, "")


def write(staging, folder, progress=lambda done, total: None, failed=(), index=None):
    kept = {name: IndexReader(index).source(name) for name in failed}
    staged = StagedPackages(("rawhide",), {}, frozenset(DESCRIBED) - {*failed}, tuple(failed), kept, ("f45",))
    assembly = Assembly(staging, staged, index)
    return assembly.write(folder, assembly.count_dependents(), progress)


def test_every_document_is_written_and_counted(staging, tmp_path):
    steps = []
    counts = write(staging, tmp_path / "index", lambda *step: steps.append(step))
    reader = IndexReader(tmp_path / "index")
    assert (counts.packages, counts.binaries, counts.retired) == (120, 110, 0)
    assert (sorted(reader.names()), reader.skipped_releases()) == (NAMES, ("f45",))
    assert steps == [(done, 120) for done in range(121)]


def test_documents_are_in_the_order_of_their_dependents(staging, tmp_path):
    write(staging, tmp_path / "index")
    database = xapian.Database(str(tmp_path / "index"))
    written = [
        database.get_document(posting.docid).get_value(terms.NAME_SLOT).decode()
        for posting in database.postlist(terms.DOCUMENT)
    ]
    # The first package requires itself, which counts for nothing.
    assert written == [*NAMES[1:11], NAMES[0], *NAMES[11:]]


def test_the_index_is_compact_and_nothing_else_is_left(staging, tmp_path):
    write(staging, tmp_path / "index")
    assert is_sound(tmp_path / "index")
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_a_failure_leaves_no_directory(staging, tmp_path):
    def fail(done, total):
        if done == 60:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(staging, tmp_path / "index", fail)
    assert not list(tmp_path.iterdir())


def test_a_package_whose_description_failed_keeps_its_document(staging, tmp_path):
    with Writer(tmp_path / "old", create=True) as writer:
        writer.replace([Document("package117", "As it was")])
        writer.commit()
    write(staging, tmp_path / "new", failed=["package117"], index=tmp_path / "old")
    assert IndexReader(tmp_path / "new").source("package117").summary == "As it was"
