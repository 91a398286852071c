"""Bytes that no browser sends, over a real connection: never an error of ours, and no upstream is asked."""

import socket
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("processes")

PATHS = [
    b"/../../etc/passwd",
    b"/guake/../../x",
    b"/%2e%2e/%2e%2e",
    b"/guake%2fbuilds%2fx%2fy",
    b"/%00",
    b"/guake/%00",
    b"/guake\x00",
    b"/\xff\xfe",
    b"/%ff%fe",
    b"/s/%ff",
    b"/s?search=%ff",
    b"/guake?release=%ff",
    b"/guake/contents?release=..%2f..%2fx",
    b"/guake/contents?release=" + b"f" * 10_000,
    b"/" + b"a" * 10_000,
    b"/" + b"a/" * 3_000,
    b"/guake/builds?page=" + b"1" * 10_000,
    b"/api/v1/packages/" + b"%61" * 5_000,
    b"/api/v1/packages/..%2f..%2fx/builds",
    b"/api/v1/packages/guake/..",
    b"/api/v1/packages/guake%2f..%2fvim/builds",
    b"/api/v1/packages/%D8%B3%D9%84%D8%A7%D9%85/releases",
    b"/api/v1/packages/" + b"a" * 10_000 + b"/timeline",
    b"/api/v1/packages/guake/files?release=%00",
    b"/api/v1/packages/guake/files?size=1e9",
    b"/api/v1/packages/guake/updates?release=" + b"f" * 10_000,
    b"/api/v1/packages?names=guake&query=files&release=..",
    b"/api/v1/changes?since=0-0",
    b"/api/v1/changes?since=" + b"9" * 30 + b".1-1",
    b"/packages/packages/guake/x/y",
    b"//evil.example/",
    b"*",
    b"/_static/../__init__.py",
    b"/_static/%2e%2e/__init__.py",
    b"/_static/%00",
]


def status(site, path: bytes, method: bytes = b"GET") -> int:
    """Return the status of the answer to a request that is sent as it is."""
    address = urlsplit(site.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(method + b" " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("path", PATHS, ids=lambda path: repr(path[:40]))
def test_a_strange_address_is_refused_and_no_upstream_is_asked(site, path):
    since = site.serial()
    found = status(site, path)
    asked = [row for row in site.asked(since) if row["user_agent"].endswith("(web)")]
    assert (found in (400, 404), asked) == (True, [])


@pytest.mark.parametrize("name", ["no-such-package", "GUAKE", "guake%20"])
def test_an_unknown_package_asks_no_upstream(site, name):
    since = site.serial()
    found = [site.get(path).status_code for path in (f"/{name}", f"/{name}/builds", f"/api/v1/packages/{name}/builds")]
    asked = [row for row in site.asked(since) if row["user_agent"].endswith("(web)")]
    assert (found, asked) == ([404, 404, 404], [])


@pytest.mark.parametrize("method", [b"POST", b"DELETE", b"TRACE", b"NONSENSE"])
def test_a_method_that_does_not_read_is_refused(site, method):
    assert status(site, b"/guake", method) == 405


def test_a_thousand_parameters_are_passed_over(site):
    query = "&".join(f"p{number}={number}" for number in range(1000))
    assert site.get(f"/guake/builds?{query}").status_code == 200
