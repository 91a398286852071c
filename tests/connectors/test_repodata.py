"""Repository facts from stores: complete, over all repositories of a release, and the same as mdapi's."""

import pytest

from fedora_packages import settings
from fedora_packages.connectors import declared, load
from fedora_packages.connectors.mdapi import MdapiConnector
from fedora_packages.connectors.query import Declaration, Queries
from fedora_packages.connectors.repodata import RepodataConnector
from fedora_packages.errors import ReleaseNotServed, UpstreamUnavailable
from fedora_packages.messages.contents.composes import READING, Reading
from fedora_packages.messages.event import Event
from tests.connectors.repositories import stored
from tests.search.indexing.repos import rpm

QUERIES = ("package", "relations", "required_by", "files", "changelog", "obsoleters")

RELEASES = ({"branch": "f45"}, {"branch": "f46"})


@pytest.fixture
def queries(strings, tmp_path):
    """The queries about repositories, answered from stores in a directory."""
    given = {**strings, "connectors.repositories": "repodata", "connectors.repodata.store": str(tmp_path / "stores")}
    found = load(settings.from_strings(given, declared(), {}), "test", lambda: RELEASES)
    assert ("repodata" in found, "mdapi" in found) == (True, False)
    return Queries([found["repodata"]])


@pytest.fixture
def store(tmp_path):
    """A function that writes the stores of a release; those that it does not name are empty."""

    def write(branch="f45", **packages):
        (tmp_path / "stores").mkdir(exist_ok=True)
        for kind in ("release", "updates", "updates_testing"):
            name = branch if kind == "release" else f"{branch}-{kind.replace('_', '-')}"
            stored(tmp_path / "stores", packages.get(kind, []), name)

    return write


def requirers(value):
    return {row["name"]: [relation["name"] for relation in row["relations"]] for row in value["packages"]}


def test_both_connectors_declare_the_same_queries():
    def shape(kind):
        found = {name: member for name in QUERIES if isinstance(member := getattr(kind, name), Declaration)}
        return {name: (one.version, one.subject, one.returns, one.by_release) for name, one in found.items()}

    assert shape(MdapiConnector) == shape(RepodataConnector)
    assert len(shape(RepodataConnector)) == len(QUERIES)


def test_the_setting_does_not_change_the_names_of_queries(queries, connectors):
    assert set(queries) == {f"mdapi.{name}" for name in QUERIES}
    assert set(queries) == set(Queries([connectors["mdapi"]]))
    assert {query.upstream for query in queries.values()} == {"repodata"}


def test_a_package_is_described_by_the_first_repository_that_has_it(queries, store):
    store(
        release=[rpm("guake", evr=("0", "1", "1")), rpm("bash")], updates=[rpm("guake", evr=("0", "2", "1"), time_build=9)],
        updates_testing=[rpm("vim")],
    )  # fmt: skip
    found = queries["mdapi.package"].fetch("guake", "f45")
    assert (found["version"], found["repository"], found["built"], found["architectures"]) == (
        "2",
        "updates",
        9,
        ["x86_64"],
    )
    assert queries["mdapi.package"].fetch("bash", "f45")["repository"] == "release"
    assert queries["mdapi.package"].fetch("vim", "f45")["repository"] == "updates-testing"
    assert queries["mdapi.package"].fetch("no", "f45") == {"found": False}


def test_a_source_without_a_binary_of_its_name_is_described_by_one_that_is_named(queries, store):
    store(release=[rpm("python3-requests", "python-requests"), rpm("python3-requests+socks", "python-requests")])
    found = queries["mdapi.package"].fetch("python-requests", "f45")
    assert (found["name"], found["source"]) == ("python3-requests", "python-requests")
    assert found["siblings"] == ["python3-requests", "python3-requests+socks"]


def test_a_binary_with_the_name_of_another_source_yields_to_that_source(queries, store):
    store(release=[rpm("tools", "other"), rpm("tools-lib", "tools")])
    assert queries["mdapi.package"].fetch("tools", "f45")["name"] == "tools-lib"
    assert queries["mdapi.package"].connector.binary("tools", "f45")["source"] == "other"


def test_the_index_gets_the_names_of_relations(queries, store):
    store(release=[rpm("a", provides=["a", "b"], obsoletes=["c"], requires=["d", "d"])])
    found = queries["mdapi.package"].connector.source("a", "f45")
    assert (found["provides"], found["obsoletes"], found["requires"]) == (["a", "b"], ["c"], ["d"])
    assert queries["mdapi.package"].connector.binary("no", "f45") == {"found": False}


def test_relations_files_and_changelog_are_of_the_same_package(queries, store):
    store(
        release=[rpm("a", requires=["old"], files=["/old"])],
        updates=[rpm("a", requires=["new"], files=["/usr/bin/a"], changelogs=[("A <a@x> - 1-1", 7, "- New")])],
    )
    assert [row["name"] for row in queries["mdapi.relations"].fetch("a", "f45")["requires"]] == ["new"]
    files = queries["mdapi.files"].fetch("a", "f45")
    assert (files["total"], files["directories"]) == (1, [{"path": "/usr/bin", "files": [["a", "file"]]}])
    (entry,) = queries["mdapi.changelog"].fetch("a", "f45")["entries"]
    assert entry == {"author": "A <a@x>", "evr": "1-1", "date": 7, "text": "- New"}
    for name in ("relations", "files", "changelog", "required_by"):
        assert queries[f"mdapi.{name}"].fetch("no", "f45") == {"found": False}


def test_who_requires_a_package_is_found_by_name_file_capability_and_in_rich_dependencies(queries, store):
    store(release=[
        rpm("vte", provides=["vte", "libvte.so"], files=["/usr/bin/vte", "/usr/share/vte/x"]),
        rpm("by-name", requires=["vte"]), rpm("by-capability", requires=["libvte.so"]),
        rpm("by-command", requires=["/usr/bin/vte"]), rpm("by-file", requires=["/usr/share/vte/x"]),
        rpm("rich", requires=["(libvte.so if x)"]), rpm("not", requires=["other"]),
    ])  # fmt: skip
    found = queries["mdapi.required_by"].fetch("vte", "f45")
    assert requirers(found) == {
        "by-name": ["vte"], "by-capability": ["libvte.so"], "by-command": ["/usr/bin/vte"], "by-file": ["/usr/share/vte/x"],
        "rich": ["(libvte.so if x)"],
    }  # fmt: skip
    assert (found["total"], found["unasked"], found["is_cut"], found["asked"][0]) == (5, 0, False, "vte")


def test_who_requires_a_package_counts_in_stable_and_in_testing(queries, store):
    store(
        release=[
            rpm("vte", provides=["vte", "libvte.so.1"]),
            rpm("dropped", requires=["vte"]),
            rpm("kept", requires=["libvte.so.1"]),
        ],
        updates=[rpm("dropped")],
        updates_testing=[
            rpm("vte", provides=["vte", "libvte.so.2"]),
            rpm("new", requires=["libvte.so.2"]),
            rpm("kept"),
        ],
    )
    found = queries["mdapi.required_by"].fetch("vte", "f45")
    # An update replaces what it updates; a package in testing stands beside the stable one.
    assert requirers(found) == {"kept": ["libvte.so.1"], "new": ["libvte.so.2"]}
    assert (found["is_complete"], sorted(found["repositories"])) == (True, ["release", "updates-testing"])


def test_a_package_that_requires_something_in_two_repositories_has_the_reasons_of_both(queries, store):
    store(
        release=[rpm("vte"), rpm("a", requires=[("vte", "GE", "0", "1", None)])],
        updates_testing=[rpm("a", requires=[("vte", "GE", "0", "2", None)])],
    )
    (row,) = queries["mdapi.required_by"].fetch("vte", "f45")["packages"]
    assert [relation["version"] for relation in row["relations"]] == ["2", "1"]


def test_what_replaces_a_name_is_found_in_all_repositories(queries, store):
    store(
        release=[rpm("luanti", obsoletes=[("minetest", "LT", "0", "5", None)])],
        updates=[rpm("fork", obsoletes=["minetest"])],
    )
    found = queries["mdapi.obsoleters"].fetch("minetest", "f45")
    assert found["is_known"]
    assert [(row["name"], row["flags"], row["version"]) for row in found["packages"]] == [
        ("fork", None, None),
        ("luanti", "LT", "5"),
    ]
    assert queries["mdapi.obsoleters"].fetch("no", "f45")["packages"] == []


def test_what_has_not_been_read_is_not_taken_for_none(queries, store):
    with pytest.raises(UpstreamUnavailable, match="f45-updates-testing failed: it has not been read yet"):
        queries["mdapi.package"].fetch("guake", "f45")
    store(release=[rpm("guake")])
    assert queries["mdapi.package"].fetch("guake", "f45")["found"]


def test_a_corrupt_store_is_not_taken_for_none(queries, store, tmp_path):
    store(release=[rpm("guake")])
    (tmp_path / "stores/f45-updates.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(UpstreamUnavailable, match="f45-updates failed"):
        queries["mdapi.files"].fetch("guake", "f45")


def test_a_release_without_repositories_is_not_served(queries, store):
    for release in ("eln", "f12"):
        with pytest.raises(ReleaseNotServed):
            queries["mdapi.package"].fetch("guake", release)


def test_a_store_that_is_swapped_is_noticed(queries, store):
    store(release=[rpm("guake", evr=("0", "1", "1"))])
    assert queries["mdapi.package"].fetch("guake", "f45")["version"] == "1"
    store(release=[rpm("guake", evr=("0", "2", "1"))])
    assert queries["mdapi.package"].fetch("guake", "f45")["version"] == "2"


def reading(*lists):
    body = {READING: Reading("f45-updates", lists, ["guake"])}
    return Event("sweep", "bodhi.updates.fedora.sync", "1", 5.0, body)


@pytest.mark.parametrize(
    ("event", "touched"),
    [
        (reading("primary"), {"package", "relations", "required_by", "files", "changelog"}),
        (reading("filelists"), {"files"}),
        (reading("other"), {"changelog"}),
        (reading("filelists", "other"), {"files", "changelog"}),
        (reading("requires"), {"required_by"}),
        (reading("obsoletes"), {"obsoleters"}),
        (
            Event(
                "org.fedoraproject.prod", "bodhi.updates.fedora.sync", "1", 5.0, {"repo": "updates", "release": "45"}
            ),
            set(),
        ),
    ],
)
def test_what_was_read_touches_exactly_what_depends_on_it(queries, event, touched):
    assert {name.partition(".")[2] for name, query in queries.items() if list(query.touched(event))} == touched


def test_every_query_says_which_list_it_is_from(queries):
    assert [name for name, query in queries.items() if "Source: ``" not in query.documentation] == []
