"""That there is none is a fact in the upstream's own words alone: those of a proxy or another service are an invalid response."""

import json
import xmlrpc.client

import pytest

from fedora_packages.errors import InvalidResponse
from tests.upstream import (
    FORGEJO_MISSING,
    MDAPI_MISSING,
    MDAPI_NOTHING,
    PAGURE_MISSING,
    PAGURE_NO_FILE,
    PAGURE_VERSION,
    Answer,
)

NGINX = b"<html>\r\n<head><title>%b</title></head>\r\n<body>\r\n<center><h1>%b</h1></center>\r\n<hr><center>nginx</center>\r\n"
WALL = b"<!doctype html><html><head><title>Making sure you're not a bot!</title></head><body></body></html>"


def page(words: bytes, status: int) -> Answer:
    return Answer(NGINX % (words, words), status, "text/html; charset=utf-8")


#: What proxies, walls and other services say in place of an upstream.
FOREIGN = {
    "404 of a proxy": page(b"404 Not Found", 404),
    "410 of a proxy": page(b"410 Gone", 410),
    "400 of a proxy": page(b"400 Bad Request", 400),
    "403 of a proxy": page(b"403 Forbidden", 403),
    "404 page": Answer(b"<!DOCTYPE html><title>Page Not Found</title><h1>404</h1>", 404, "text/html"),
    "404 without a body": Answer(b"", 404, "text/plain"),
    "404 without a body or type": Answer(b"", 404, ""),
    "404 of a router": Answer(b"404 page not found\n", 404, "text/plain; charset=utf-8"),
    "400 without a body": Answer(b"", 400, "text/plain"),
    "400 in words": Answer(b"Bad Request", 400, "text/plain; charset=utf-8"),
    **{
        f"{status} {body.decode()}": Answer(body, status)
        for status in (200, 400, 404)
        for body in (
            b'{"detail": "Not Found"}',
            b'{"message": "Not Found"}',
            b'{"errors": [], "message": "The target could not be found."}',
            b'{"error": "Not Found"}',
            b'{"error_code": 7}',
            b'{"error_code": null}',
            b'{"status": "error"}',
            b"null",
            b"[]",
            b"{}",
            b'""',
            b"0",
        )
    },
    "200 of a wall": Answer(WALL, 200, "text/html"),
    "200 without a body": Answer(b"", 200),
    "204": Answer(b"", 204),
}


def said(value, status=200):
    return Answer(json.dumps(value).encode(), status)


def file(text):
    return Answer(text.encode(), content_type="text/plain")


def koji(*results):
    return Answer(xmlrpc.client.dumps((list(results),), methodresponse=True).encode(), content_type="text/xml")


FORGEJO = {"/api/0/version": FORGEJO_MISSING, "/api/v1/version": said({"version": "15.0.2+gitea-1.22.0"})}
REPO = "/api/v1/repos/rpms/guake"
LISTED = said([{"name": "guake.spec", "size": 11}, {"name": "a.patch", "size": 2}, {"name": "README", "size": 1}])
HEAD = said({"name": "f45", "commit": {"id": "abc"}})

PAGURE = {"/api/0/version": PAGURE_VERSION}
HEADS = said({"branches": {"rawhide": "abc", "f45": "def"}})
BRANCHES = "/api/0/rpms/guake/git/branches"
SPEC, DEAD, PATCH = (f"/rpms/guake/raw/f45/f/{name}" for name in ("guake.spec", "dead.package", "a.patch"))
PKG, REQUIRES = "/f45/pkg/guake", "/f45/requires/guake"
RELEASE = {
    "name": "F45", "long_name": "Fedora 45", "version": "45", "id_prefix": "FEDORA", "branch": "f45", "state": "current",
    "dist_tag": "f45", "stable_tag": "f45-updates", "testing_tag": "f45-updates-testing",
}  # fmt: skip
PACKAGE = {
    "basename": "guake", "epoch": "0", "version": "1", "release": "1", "arch": "x86_64", "summary": "s", "description": "d",
    "url": None, "repo": "release", "co-packages": ["guake"],
    **dict.fromkeys(
        ("requires", "provides", "recommends", "suggests", "supplements", "enhances", "obsoletes", "conflicts"), []
    ),
}  # fmt: skip

FORM = Answer(
    b'<form><select name="opsysreleases"><option value="1">Fedora 42</option></select></form>', content_type="text/html"
)

#: What the upstreams themselves say to each request of a query, mostly that there is none.
OWN = [
    ("koji.builds", {"/": koji([0], [[]])}),
    ("koji.tagged", {"/": koji([[]], [[]], [[]])}),
    (
        "bodhi.releases",
        {"/releases/": said({"releases": [RELEASE], "total": 1, "page": 1, "pages": 1, "rows_per_page": 20})},
    ),
    ("bodhi.updates", {"/updates/": said({"updates": [], "total": 0, "page": 1, "pages": 0, "rows_per_page": 20})}),
    ("bugzilla.bugs", {"/rest/bug": said({"bugs": [], "total_matches": 0})}),
    ("bugzilla.counts", {"/rest/bug": said({"bugs": [], "total_matches": 0})}),
    ("faf.problems", {"/problems/": said({"problems": []})}),
    ("faf.tracked_releases", {"/problems/": FORM}),
    ("faf.tracked_packages", {"/component_names.json": said(["guake"])}),
    ("anitya.versions", {"/api/project/Fedora/guake": said({"error": "No package guake found in distro Fedora"}, 404)}),
    ("distgit.maintainers", {**PAGURE, "/api/0/rpms/guake": PAGURE_MISSING}),
    ("distgit.spec", {**PAGURE, BRANCHES: HEADS, SPEC: file("Name: guake")}),
    ("distgit.spec", {**PAGURE, BRANCHES: HEADS, SPEC: PAGURE_NO_FILE, DEAD: file("dead")}),
    ("distgit.spec", {**PAGURE, BRANCHES: PAGURE_MISSING, SPEC: PAGURE_NO_FILE, DEAD: PAGURE_NO_FILE}),
    ("distgit.patches", {**PAGURE, BRANCHES: HEADS, SPEC: file("Patch: a.patch"), PATCH: PAGURE_NO_FILE}),
    ("distgit.patches", {**PAGURE, BRANCHES: HEADS, SPEC: PAGURE_NO_FILE}),
    ("distgit.retirement", {**PAGURE, BRANCHES: PAGURE_MISSING}),
    (
        "distgit.retirement",
        {
            **PAGURE,
            BRANCHES: HEADS,
            "/rpms/guake/raw/abc/f/dead.package": PAGURE_NO_FILE,
            "/rpms/guake/raw/def/f/dead.package": file("dead"),
            "/api/0/rpms/guake/c/def/info": said({"error": "Commit not found", "error_code": "ENOCOMMIT"}, 404),
        },
    ),
    ("distgit.forge", PAGURE),
    ("distgit.forge", FORGEJO),
    ("distgit.spec", {**FORGEJO, f"{REPO}/branches/f45": FORGEJO_MISSING, f"{REPO}/contents": FORGEJO_MISSING}),
    (
        "distgit.spec",
        {
            **FORGEJO,
            f"{REPO}/branches/f45": HEAD,
            f"{REPO}/contents": LISTED,
            f"{REPO}/raw/guake.spec": file("Name: guake"),
        },
    ),
    (
        "distgit.patches",
        {
            **FORGEJO,
            f"{REPO}/branches/f45": HEAD,
            f"{REPO}/contents": LISTED,
            f"{REPO}/raw/guake.spec": file("Name: guake"),
            f"{REPO}/raw/a.patch": file("x\n"),
        },
    ),
    ("distgit.patches", {**FORGEJO, f"{REPO}/branches/f45": HEAD, f"{REPO}/contents": FORGEJO_MISSING}),
    ("distgit.retirement", {**FORGEJO, f"{REPO}/branches": FORGEJO_MISSING}),
    (
        "distgit.retirement",
        {
            **FORGEJO,
            f"{REPO}/branches": said(
                [{"name": "f45", "commit": {"id": "abc"}}, {"name": "rawhide", "commit": {"id": "abc"}}]
            ),
            f"{REPO}/contents": said([{"name": "dead.package", "size": 4}]),
            f"{REPO}/raw/dead.package": file("dead"),
            f"{REPO}/git/commits/abc": FORGEJO_MISSING,
        },
    ),
    ("mdapi.package", {PKG: MDAPI_MISSING, "/f45/srcpkg/guake": MDAPI_MISSING}),
    ("mdapi.relations", {PKG: MDAPI_MISSING}),
    ("mdapi.relations", {PKG: said(PACKAGE)}),
    ("mdapi.files", {"/f45/files/guake": MDAPI_MISSING}),
    ("mdapi.changelog", {"/f45/changelog/guake": MDAPI_MISSING}),
    ("mdapi.required_by", {PKG: MDAPI_MISSING}),
    ("mdapi.required_by", {PKG: said(PACKAGE), REQUIRES: MDAPI_NOTHING}),
    ("mdapi.obsoleters", {"/f45/obsoletes/guake": MDAPI_NOTHING}),
]

#: What mdapi 4 itself says where nothing has the relation.
MDAPI_4 = {("/f45/obsoletes/guake", "200 []"), (REQUIRES, "200 []")}


def fetch(queries, name):
    query = queries[name]
    return query.fetch("guake", "f45" if query.by_release else "")


def test_all_queries_are_here(queries):
    assert {name for name, _ in OWN} == set(queries)


@pytest.mark.parametrize(("name", "own"), OWN)
def test_what_an_upstream_says_itself_is_believed(queries, upstream, name, own):
    upstream.answers.update(own)
    fetch(queries, name)
    assert {asked.path for asked in upstream.asked} == set(own)


def believed(queries, upstream, name, path, foreign):
    """Return the value that a query makes of a foreign answer, or None if it refuses it."""
    upstream.answers[path] = FOREIGN[foreign]
    try:
        return fetch(queries, name)
    except InvalidResponse:
        return None


#: Whatever is at the address of Pagure's version, Forgejo has its own.
FREE = "/api/0/version"


@pytest.mark.parametrize(
    ("name", "own", "path"),
    [(name, own, path) for name, own in OWN for path in own if path != FREE or "/api/v1/version" not in own],
)
def test_what_another_says_in_its_place_is_not(queries, upstream, name, own, path):
    upstream.answers.update(own)
    found = {foreign: believed(queries, upstream, name, path, foreign) for foreign in FOREIGN}
    assert [foreign for foreign, value in found.items() if value and (path, foreign) not in MDAPI_4] == []
