"""MetaSource: how it differs from mdapi 3 over the same repositories."""

import json

import pytest

from fedora_packages.connectors import declared, load
from fedora_packages.connectors.query import Queries
from fedora_packages.settings import from_strings
from tests.sandbox.running import Running
from tests.upstream import connector_strings

SETTINGS = {
    "cache.url": "redis://localhost/0", "search.index": "/nowhere", "worker.topic_prefix": "org.fedoraproject.dev",
}  # fmt: skip


@pytest.fixture(scope="module")
def metasource():
    with Running() as running:
        running.post("/control/software", mdapi="metasource")
        yield running


def test_a_sample_has_the_same_keys_in_the_same_order(metasource, data):
    sample = json.loads((data / "today/upstream/metasource-pkg-openssl-libs.json").read_text("utf-8"))
    shown = metasource.get("/mdapi/rawhide/pkg/openssl-libs")
    kinds = {"supplements", "recommends", "conflicts", "obsoletes", "provides", "requires", "enhances", "suggests"}
    assert [key for key in shown if key not in kinds] == [key for key in sample if key not in kinds]
    assert set(shown) == set(sample)


def test_the_base_name_is_that_of_the_binary(metasource):
    shown = metasource.get("/mdapi/rawhide/srcpkg/krb5")
    assert shown["basename"] in shown["co-packages"]
    assert "krb5" not in shown["co-packages"]


def test_there_is_no_null_in_a_package(metasource):
    assert b"null" not in metasource.ask("/mdapi/rawhide/pkg/guake").body


def test_empty_lists_are_null(metasource):
    name = next(
        package["name"]
        for package in metasource.get("/control/repositories/rawhide")["packages"]
        if not package["files"]
    )
    assert metasource.get(f"/mdapi/rawhide/files/{name}")["files"] is None


def test_an_answer_ends_with_a_line_end(metasource):
    paths = ("rawhide/pkg/guake", "rawhide/pkg/no-such-package", "f1/pkg/guake", "branches")
    assert all(metasource.ask(f"/mdapi/{path}").body.endswith(b"\n") for path in paths)


def test_markup_is_escaped(metasource):
    body = metasource.ask("/mdapi/rawhide/changelog/guake").body
    assert (b"\\u003c" in body, b"<" in body) == (True, False)


def test_a_capability_cannot_be_looked_up(metasource):
    assert metasource.ask("/mdapi/rawhide/provides/application%28guake.desktop%29").status == 404
    assert metasource.ask("/mdapi/rawhide/obsoletes/minetest").body == b"404: Not Found\n"


def test_a_relation_of_a_package_without_a_hit_is_an_empty_list(metasource):
    assert metasource.get("/mdapi/rawhide/requires/guake") == []


def test_an_unknown_branch_is_400(metasource):
    assert metasource.ask("/mdapi/f1/pkg/guake").body == b"400: Bad Request\n"


def test_a_name_is_found_only_if_it_is_quoted_as_go_does(metasource):
    statuses = [metasource.ask(f"/mdapi/rawhide/pkg/{name}").status for name in ("gcc-c++", "gcc-c%2B%2B", "%67uake")]
    assert statuses == [200, 404, 404]


def test_branches_have_no_suffix(metasource):
    branches = metasource.get("/mdapi/branches")
    assert len(branches) == len(set(branches))
    assert not [name for name in branches if name.endswith(("-updates", "-testing"))]


def test_it_publishes_nothing(live):
    assert live.trigger("repo", "guake")["messages"]
    live.post("/control/software", mdapi="metasource")
    assert not [row for row in live.trigger("repo", "guake")["messages"] if "mdapi" in row["topic"]]
    live.post("/control/software", mdapi="classic")
    assert [row for row in live.trigger("repo", "guake")["messages"] if "mdapi" in row["topic"]]


@pytest.mark.parametrize("body", [{"koji": "classic"}, {"mdapi": "pagure"}])
def test_unknown_software_is_an_error_with_the_allowed_names(live, body):
    answer = live.ask("/control/software", json.dumps(body).encode())
    assert (answer.status, "use one of mdapi" in answer.text or "one of classic" in answer.text) == (400, True)
    assert live.get("/control/software")["mdapi"] == "classic"


#: Fields in which the answers differ: what MetaSource cannot tell.
UNKNOWN = {"mdapi.required_by": {"is_by_name_only", "asked", "unasked", "packages", "total", "repositories"}}


def test_the_same_packages_give_the_same_values_from_both_servers(live):
    settings = from_strings({**SETTINGS, **connector_strings(f"{live.url}/mdapi")}, declared())
    queries = Queries(load(settings, "test").values())
    names = [
        "guake",
        "krb5",
        "krb5-libs",
        "vim-X11",
        "vim",
        "openssl-libs",
        "gcc-c++",
        "python3-requests",
        "no-such-package",
    ]
    calls = [
        (query, package, branch)
        for query in queries.values()
        if query.upstream == "mdapi" and query.short_name != "obsoleters"
        for package in names
        for branch in ("rawhide", "epel9")
    ]

    def values():
        found = {}
        for query, package, branch in calls:
            value = query.fetch(package, branch)
            told = {key: part for key, part in value.items() if key not in UNKNOWN.get(query.name, ())}
            found[query.name, package, branch] = told
        return found

    classic = values()
    live.post("/control/software", mdapi="metasource")
    assert values() == classic
    assert sum(value.get("found", False) for value in classic.values()) > 30
