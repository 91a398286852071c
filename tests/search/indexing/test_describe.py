"""Describing: a document from what the upstreams say, whole or not at all."""

import threading

import pytest

from fedora_packages.connectors.query import Queries
from fedora_packages.errors import UpstreamUnavailable
from fedora_packages.search.document import Document
from fedora_packages.search.indexing.describe import describe, describe_all, describe_unbuilt
from tests.search.fedora import BRANCHES, Source, small_fedora


@pytest.fixture
def fedora():
    return small_fedora()


@pytest.fixture
def document_of(fedora):
    def ask(name):
        return describe(name, BRANCHES, Queries(fedora.connectors.values()))

    return ask


def test_a_source_is_described_by_the_binary_of_its_name(document_of):
    assert document_of("guake").summary == "Drop-down terminal for GNOME"


def test_a_source_without_such_a_binary_is_described_by_one_that_speaks_for_it(document_of, fedora):
    fedora.sources["vim"].binaries = {"vim-X11": "For X", "vim-go": "Plugin", "vim-doc": "Manual"}
    assert document_of("vim").description == "Plugin, at length."


def test_a_source_without_such_a_binary_is_described_by_its_spec_file_where_there_is_one(document_of, fedora):
    fedora.sources["vim"].specs = ("rawhide", "f45")
    assert document_of("vim").summary == "vim, says its spec"


def test_what_is_in_no_repository_is_described_by_its_spec_file(document_of):
    assert document_of("brandnew").summary == "brandnew, says its spec"


def test_binaries_have_summaries_of_their_own(document_of):
    assert _summaries(document_of("vim"))["vim-data"] == "Shared data for Vi"


def test_binaries_are_in_order(document_of):
    assert document_of("vim").binary_names == ("vim-X11", "vim-data", "vim-go")


def test_releases_are_those_whose_repositories_have_it(document_of):
    assert (document_of("vim").branch, document_of("vim").releases) == ("f45", ("f45", "epel10"))


def test_the_owner_is_dist_gits(document_of):
    assert document_of("guake").owner == "pingou"


def test_the_last_known_owner_stays_when_dist_git_does_not_show_owners_any_more(fedora):
    fedora.hidden = True
    queries = Queries(fedora.connectors.values())
    before = {"guake": Document("guake", owner="pingou")}
    assert describe("guake", BRANCHES, queries, before.get).owner == "pingou"
    assert describe("vim", BRANCHES, queries, before.get).owner is None


@pytest.mark.parametrize(("name", "is_found"), [("python3", True), ("an-image", False)])
def test_whether_dist_git_has_a_package_is_known_without_its_owner(fedora, name, is_found):
    fedora.hidden = True
    fedora.sources["an-image"] = Source(branches=(), in_distgit=False)
    found = describe_unbuilt(name, BRANCHES, Queries(fedora.connectors.values()))
    assert (found is not None) is is_found


def test_an_owner_that_was_read_before_is_not_asked_for(fedora):
    fedora.down.add("distgit")
    found = describe_unbuilt("orphaned", (), Queries(fedora.connectors.values()), {"orphaned": "ralph"})
    assert found.owner == "ralph"


def test_a_package_in_no_repository_and_without_a_spec_file_is_retired(document_of):
    found = document_of("orphaned")
    assert (found.retired, found.branch, found.releases, found.owner) == (True, None, (), "orphan")


def test_a_package_that_is_not_built_yet_is_new_and_not_retired(document_of):
    found = document_of("brandnew")
    assert (found.retired, found.branch, found.releases) == (False, "rawhide", ("rawhide",))


def test_an_image_that_koji_builds_is_no_package(document_of, fedora):
    fedora.sources["Fedora-i3-Live"] = Source({}, branches=(), in_distgit=False)
    assert document_of("Fedora-i3-Live") is None


def test_what_no_upstream_knows_has_no_document(document_of):
    assert document_of("nonsense") is None


def test_a_binary_is_described_by_its_source(document_of):
    assert document_of("vim-data").name == "vim"


def test_a_package_that_koji_knows_is_not_taken_for_a_binary(document_of, fedora):
    fedora.sources["python3.14"] = Source({"python3": "The language"})
    assert document_of("python3").retired


def test_names_that_cannot_be_are_no_binaries(document_of, fedora):
    fedora.sources["guake"].binaries["config(guake)"] = ""
    assert document_of("guake").binary_names == ("guake",)


def test_binaries_are_those_of_all_releases_each_with_its_own(document_of, fedora):
    fedora.sources["guake"].only = {"guake-epel": ("epel10",), "guake-gone": ("f45", "epel10")}
    fedora.sources["guake"].binaries |= {"guake-epel": "For EPEL", "guake-gone": "Gone"}
    assert {binary.name: (binary.summary, binary.releases) for binary in document_of("guake").binaries} == {
        "guake": ("Drop-down terminal for GNOME", ()),
        "guake-epel": ("For EPEL", ("epel10",)),
        "guake-gone": ("Gone", ("f45", "epel10")),
    }


def test_a_release_that_mdapi_does_not_serve_is_left_out(document_of, fedora):
    fedora.unserved.add("epel10")
    assert document_of("vim").releases == ("f45",)


@pytest.mark.parametrize("untold", ["f45", "epel10"])
def test_a_release_that_does_not_tell_the_binaries_of_a_source_is_asked_by_one_of_them(document_of, fedora, untold):
    expected = document_of("vim")
    fedora.untold.add(untold)
    assert document_of("vim") == expected


def test_a_binary_is_found_by_what_it_provides_obsoletes_and_has(document_of, fedora):
    fedora.provides["guake"], fedora.obsoletes["guake"] = ["terminal"], ["guake-old"]
    fedora.files["guake"] = [("/usr/bin", "guake"), ("/", "odd")]
    (found,) = document_of("guake").binaries
    assert (found.provides, found.obsoletes, found.files) == (
        ("guake", "terminal"), ("guake-old",), ("/usr/bin/guake", "/odd"),
    )  # fmt: skip


def test_each_release_is_asked_once_and_each_binary_twice(document_of, fedora):
    document_of("vim")
    asked = [what for upstream, what in fedora.asked if upstream == "mdapi"]
    assert sorted(asked) == sorted(
        ["vim"] * 3 + ["vim-X11", "vim-data", "vim-go"] + ["files of vim-X11", "files of vim-data", "files of vim-go"]
    )


def test_a_binary_called_as_another_source_has_no_summary_of_that(document_of, fedora):
    fedora.sources["vim-go"] = Source({"vim-go": "Another package"})
    assert _summaries(document_of("vim"))["vim-go"] == ""


@pytest.mark.parametrize(("upstream", "name"), [("mdapi", "guake"), ("distgit", "guake"), ("koji", "orphaned")])
def test_an_upstream_that_fails_leaves_no_half_document(document_of, fedora, upstream, name):
    fedora.down.add(upstream)
    with pytest.raises(UpstreamUnavailable):
        document_of(name)


@pytest.mark.parametrize("what", ["vim-data", "files of vim-data"])
def test_a_binary_that_fails_leaves_no_half_document(document_of, fedora, what):
    fedora.bad.add(what)
    with pytest.raises(UpstreamUnavailable):
        document_of("vim")


def test_all_are_described(fedora):
    described = {name: future.result() for name, future in describe_all(map(str, range(100)), int, threads=3)}
    assert described == {str(number): number for number in range(100)}


def test_one_error_costs_one_description(fedora):
    described = describe_all(["1", "x", "2"], int, threads=1)
    assert {name: type(future.exception()) for name, future in described} == {
        "1": type(None),
        "x": ValueError,
        "2": type(None),
    }


def test_who_stops_listening_starts_no_more():
    asked = []
    described = describe_all(map(str, range(1000)), asked.append, threads=1)
    next(described)
    described.close()
    assert len(asked) < 10


def test_who_stops_listening_waits_for_nobody():
    answered, ended = threading.Event(), []

    def describe(name):
        if name != "0":
            answered.wait(10)
            ended.append(name)

    described = describe_all(map(str, range(1000)), describe, threads=2)
    next(described)
    described.close()
    assert ended == []
    answered.set()


def _summaries(document):
    return {binary.name: binary.summary for binary in document.binaries}
