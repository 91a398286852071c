"""Mdapi's queries against recorded answers, and answers that no recording has."""

import json
from pathlib import Path

import pytest

from fedora_packages.errors import InvalidResponse, ReleaseNotServed
from tests.upstream import Answer


def recorded_of_mdapi(data: Path, kind: str) -> list[Path]:
    return sorted((data / "upstream").glob(f"mdapi-f28-{kind}-*.json"))


def test_recorded_packages_are_read(queries, upstream, data):
    for path in recorded_of_mdapi(data, "pkg"):
        name = path.stem.removeprefix("mdapi-f28-pkg-")
        answer = json.loads(path.read_text("utf-8"))
        upstream.says(f"/f28/pkg/{name}", answer)
        value = queries["mdapi.package"].fetch(name, "f28")
        assert (value["name"], value["source"], value["version"]) == (name, answer["basename"], answer["version"])


def test_recorded_source_packages_are_read(queries, upstream, data):
    for path in recorded_of_mdapi(data, "srcpkg"):
        name = path.stem.removeprefix("mdapi-f28-srcpkg-")
        answer = json.loads(path.read_text("utf-8"))
        upstream.says(f"/f28/srcpkg/{name}", answer)
        value = queries["mdapi.package"].fetch(name, "f28")
        assert (value["source"], value["siblings"]) == (name, sorted(set(answer["co-packages"])))


def test_recorded_relations_are_read(queries, upstream, data):
    for path in recorded_of_mdapi(data, "pkg"):
        name = path.stem.removeprefix("mdapi-f28-pkg-")
        answer = json.loads(path.read_text("utf-8"))
        upstream.says(f"/f28/pkg/{name}", answer)
        found = {row["name"] for row in queries["mdapi.relations"].fetch(name, "f28")["requires"]}
        assert found == {row["name"] for row in answer["requires"]}


def test_recorded_files_are_read(queries, upstream, data):
    for path in recorded_of_mdapi(data, "files"):
        name = path.stem.removeprefix("mdapi-f28-files-")
        answer = json.loads(path.read_text("utf-8"))
        if "status" in answer:
            upstream.answers[f"/f28/files/{name}"] = Answer(
                answer["body"].encode(), answer["status"], answer["content_type"]
            )
            assert queries["mdapi.files"].fetch(name, "f28") == {"found": False}
            continue
        upstream.says(f"/f28/files/{name}", answer)
        expected = {f"{row['dirname']}/{file}" for row in answer["files"] for file in row["filenames"].split("/")}
        value = queries["mdapi.files"].fetch(name, "f28")
        assert {f"{row['path']}/{file}" for row in value["directories"] for file, _ in row["files"]} == expected


@pytest.mark.parametrize("query", ["package", "relations", "files", "changelog"])
def test_a_release_that_mdapi_does_not_know_is_said_so(queries, upstream, query):
    upstream.answer = lambda asked: Answer(b"400: Bad Request", 400, "text/plain")
    with pytest.raises(ReleaseNotServed, match="no repositories of eln"):
        queries[f"mdapi.{query}"].fetch("guake", "eln")


@pytest.mark.parametrize("query", ["package", "relations", "files", "changelog"])
def test_a_proxy_that_has_lost_mdapi_does_not_make_packages_disappear(queries, upstream, query):
    upstream.answer = lambda asked: Answer(b"<html>default backend - 404</html>", 404, "text/html")
    with pytest.raises(InvalidResponse):
        queries[f"mdapi.{query}"].fetch("guake", "f45")


def test_a_changelog_is_parsed_into_author_and_evr(queries, upstream):
    rows = [
        {"author": "A B <a@b.c> - 1:1.0-1", "date": 5, "changelog": "- x"},
        {"author": "C D <c@d.e>", "date": 4, "changelog": "y"},
    ]
    upstream.says("/f45/changelog/guake", {"changelogs": rows, "repo": "release"})
    entries = queries["mdapi.changelog"].fetch("guake", "f45")["entries"]
    assert [(entry["author"], entry["evr"]) for entry in entries] == [("A B <a@b.c>", "1:1.0-1"), ("C D <c@d.e>", None)]


def obsoleter(source, names, obsoletes, provides):
    def versioned(name):
        return {"name": name, "flags": "EQ", "epoch": "0", "version": "2", "release": "1"}

    return {
        "basename": source, "epoch": "0", "version": "2", "release": "1", "co-packages": names,
        "provides": [versioned(name) for name in provides],
        "obsoletes": [{**versioned(name), "flags": "LT", "release": None} for name in obsoletes],
    }  # fmt: skip


def test_what_obsoletes_a_name_is_named_where_mdapi_tells(queries, upstream):
    rows = [
        obsoleter("luanti", ["luanti", "luanti-server"], ["minetest", "other"], ["luanti", "minetest"]),
        obsoleter("odd", ["odd", "odd-libs"], ["minetest"], ["odd", "odd-libs"]),
        obsoleter("stranger", ["stranger"], ["minetest-server"], ["stranger"]),
    ]
    upstream.says("/rawhide/obsoletes/minetest", rows)
    found = queries["mdapi.obsoleters"].fetch("minetest", "rawhide")["packages"]
    assert [(row["name"], row["source"], row["flags"], row["version"]) for row in found] == [
        (None, "odd", "LT", "2"), ("luanti", "luanti", "LT", "2"),
    ]  # fmt: skip


def test_what_nothing_obsoletes_has_no_obsoleters(queries, upstream):
    upstream.answers["/rawhide/obsoletes/guake"] = Answer(b"400: Bad Request", 400, "text/plain")
    assert queries["mdapi.obsoleters"].fetch("guake", "rawhide") == {"is_known": True, "packages": []}


@pytest.mark.parametrize("body", [b"404: <script>", b"404: Not Found, try another host", b""])
def test_a_404_of_another_server_does_not_make_a_package_disappear(queries, upstream, body):
    upstream.answer = lambda asked: Answer(body, 404, "text/plain")
    with pytest.raises(InvalidResponse):
        queries["mdapi.package"].fetch("guake", "f45")
