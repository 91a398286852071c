"""Anitya's queries against answers as its contract has them: none was recorded."""

import pytest

from fedora_packages.connectors.anitya import MAX_VERSIONS
from fedora_packages.errors import InvalidResponse
from tests.upstream import Answer

PROJECT = {
    "id": 5311, "name": "guake", "homepage": "https://guake.example", "backend": "GitHub", "ecosystem": "pypi",
    "version": "3.11b1", "versions": ["3.11b1", "3.10"], "stable_versions": ["3.10"], "regex": None, "packages": [],
}  # fmt: skip


def test_a_project_is_read_with_its_versions(queries, upstream):
    upstream.says("/api/project/Fedora/gcc-c++", PROJECT)
    value = queries["anitya.versions"].fetch("gcc-c++")
    assert (value["project"]["id"], value["latest"], value["versions"], value["stable"]) == (
        5311, "3.11b1", ["3.11b1", "3.10"], ["3.10"],
    )  # fmt: skip
    assert queries["anitya.versions"].external_id(value) == 5311


def test_versions_are_bounded_and_none_need_be_known(queries, upstream):
    upstream.says(
        "/api/project/Fedora/guake",
        {**PROJECT, "version": None, "versions": list(map(str, range(999))), "ecosystem": None},
    )
    value = queries["anitya.versions"].fetch("guake")
    assert (value["latest"], len(value["versions"])) == (None, MAX_VERSIONS)


def test_a_package_that_is_mapped_to_no_project_is_not_found(queries, upstream):
    said = {"output": "notok", "error": 'No package "guake" found in distro "Fedora"'}
    upstream.says("/api/project/Fedora/guake", said, status=404)
    value = queries["anitya.versions"].fetch("guake")
    assert (value, queries["anitya.versions"].external_id(value)) == ({"found": False}, None)


@pytest.mark.parametrize("body", [b"<html>404</html>", b"{}", b'{"error": "No such project"}', b"[]", b'{"error": 7}'])
def test_a_proxy_that_has_lost_anitya_does_not_unmap_packages(queries, upstream, body):
    upstream.answers["/api/project/Fedora/guake"] = Answer(body, 404)
    with pytest.raises(InvalidResponse):
        queries["anitya.versions"].fetch("guake")


@pytest.mark.parametrize("wrong", [{"id": "5311"}, {"versions": "3.10"}, {"homepage": 7}, {"version": 3.1}])
def test_a_project_of_another_shape_is_a_lie(queries, upstream, wrong):
    upstream.says("/api/project/Fedora/guake", {**PROJECT, **wrong})
    with pytest.raises(InvalidResponse, match=f"{next(iter(wrong))}: expected"):
        queries["anitya.versions"].fetch("guake")
