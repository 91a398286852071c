"""The mirror: files are as their repositories list them, or rejected within bounds."""

import gzip
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from fedora_packages.connectors.repository_files import Mirror, RepositoryFile
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from tests.upstream import Answer

CONTENT = b'<?xml version="1.0"?>\n<metadata xmlns="x" packages="2"><package/><package/></metadata>\n'


def listed(packed, content=CONTENT, href="repodata/primary.xml.gz", **more):
    digest = lambda data: ("sha256", hashlib.sha256(data).hexdigest())  # noqa: E731
    return replace(RepositoryFile(href, digest(packed), len(packed), digest(content), len(content)), **more)


@pytest.fixture
def packed():
    return gzip.compress(CONTENT)


@pytest.fixture(params=["http", "folder", "file"])
def serve(request, upstream, tmp_path):
    """A function that puts a file on a mirror and returns that: over HTTP, in a directory, at a file URL."""

    def put(path, body, **limits):
        if request.param == "http":
            upstream.answers[f"/pub/{path}"] = Answer(body, content_type="application/octet-stream")
            return Mirror(f"{upstream.url}/pub", tmp_path / "kept", "test", timeout=2, **limits)
        file = tmp_path / "my pub" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        base = tmp_path / "my pub"
        return Mirror(base.as_uri() if request.param == "file" else str(base), tmp_path / "kept", "test", **limits)

    return put


def test_a_file_is_as_listed(serve, packed):
    fetched = serve("repo/repodata/primary.xml.gz", packed).fetch("repo", listed(packed))
    assert (fetched.path.read_bytes(), fetched.packages) == (packed, 2)


def test_a_missing_file_is_none(serve):
    assert serve("x", b"").read("repo/repodata/repomd.xml") is None


def test_a_small_file_that_is_large_is_refused(serve):
    with pytest.raises(InvalidResponse, match="more than 10 bytes"):
        serve("repomd.xml", b"x" * 11).read("repomd.xml", max_bytes=10)


def test_a_listed_file_that_is_missing_is_an_error(serve, packed):
    with pytest.raises(InvalidResponse, match="repo/repodata/primary.xml.gz returned nothing"):
        serve("x", b"").fetch("repo", listed(packed))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"checksum": ("sha256", "0" * 64)}, "another checksum"),
        ({"size": 5}, "listed"),
        ({"size": 5000}, "instead of the listed 5000"),
        ({"open_checksum": ("sha256", "0" * 64)}, "other uncompressed content"),
        ({"open_size": 50}, "more than the listed 50 bytes, uncompressed"),
        ({"open_size": 5000}, "other uncompressed content"),
    ],
)
def test_a_file_that_differs_from_the_listed_one_is_rejected(serve, packed, more, said):
    with pytest.raises(InvalidResponse, match=said):
        serve("repo/repodata/primary.xml.gz", packed).fetch("repo", listed(packed, **more))


@pytest.mark.parametrize("damage", ["cut", "no gzip", "longer"])
def test_what_cannot_be_unpacked_is_refused(serve, packed, damage):
    packed = {"cut": packed[:-9], "no gzip": b"no gzip at all", "longer": packed + b"junk"}[damage]
    with pytest.raises(InvalidResponse, match="cannot be uncompressed|uncompressed content"):
        serve("repo/repodata/primary.xml.gz", packed).fetch("repo", listed(packed))


def test_a_bomb_is_not_unpacked_further_than_listed(serve):
    bomb = gzip.compress(CONTENT + b" " * (64 << 20))
    with pytest.raises(InvalidResponse, match="more than the listed"):
        serve("repo/repodata/primary.xml.gz", bomb, chunk_bytes=1 << 16).fetch("repo", listed(bomb))


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_what_follows_a_whole_file_counts_too(serve, ending):
    import zstandard

    compress = gzip.compress if ending == "gz" else zstandard.compress
    twice, href = compress(CONTENT) + compress(b" " * 1000), f"repodata/primary.xml.{ending}"
    with pytest.raises(InvalidResponse, match="more than the listed"):
        serve(f"repo/{href}", twice).fetch("repo", listed(twice, href=href))


def test_a_package_that_would_fill_the_memory_is_refused(serve):
    limits = {"max_package_bytes": 10_000, "chunk_bytes": 1000}
    content = CONTENT.replace(b"<package/>", b"<package>" + b"x" * 20_000 + b"</package>", 1)
    packed = gzip.compress(content)
    with pytest.raises(InvalidResponse, match="a package of more than 10000 bytes"):
        serve("repo/repodata/primary.xml.gz", packed, **limits).fetch("repo", listed(packed, content))


def test_a_page_of_html_is_not_a_list_of_packages(serve):
    page = b"<html><body>Welcome</body></html>"
    with pytest.raises(InvalidResponse, match="no list of packages"):
        serve("repo/a.xml", page).fetch("repo", listed(page, page, href="a.xml"))


def test_a_complete_download_is_not_repeated(upstream, tmp_path, packed):
    upstream.answers["/r/a.xml.gz"] = Answer(packed)
    file = listed(packed, href="a.xml.gz")
    for _ in range(2):
        Mirror(upstream.url, tmp_path, "test").fetch("r", file)
    assert len(upstream.asked) == 1


def test_a_file_of_several_repositories_is_downloaded_once(upstream, tmp_path, packed):
    count = 6
    for number in range(count):
        upstream.answers[f"/{number}/a.xml.gz"] = Answer(packed)
    mirror, file, all_are_there = (
        Mirror(upstream.url, tmp_path, "test"),
        listed(packed, href="a.xml.gz"),
        Barrier(count),
    )

    def fetch(number):
        all_are_there.wait()
        return mirror.fetch(str(number), file).path.read_bytes()

    with ThreadPoolExecutor(count) as pool:
        assert list(pool.map(fetch, range(count))) == [packed] * count
    assert len(upstream.asked) == 1


def test_a_stored_file_that_was_changed_is_downloaded_again(upstream, tmp_path, packed):
    upstream.answers["/r/a.xml.gz"] = Answer(packed)
    file = listed(packed, href="a.xml.gz")
    kept = Mirror(upstream.url, tmp_path, "test").fetch("r", file).path
    kept.write_bytes(b"x" * len(packed))
    with pytest.raises(InvalidResponse):
        Mirror(upstream.url, tmp_path, "test").fetch("r", file)
    assert Mirror(upstream.url, tmp_path, "test").fetch("r", file).path.read_bytes() == packed


def test_half_a_download_is_not_taken_for_a_whole(upstream, tmp_path, packed):
    upstream.answers["/r/a.xml.gz"] = Answer(
        packed, headers={"Content-Length": str(len(packed) + 5), "Connection": "close"}
    )
    with pytest.raises((UpstreamUnavailable, InvalidResponse)):
        Mirror(upstream.url, tmp_path, "test", timeout=0.3).fetch(
            "r", listed(packed, href="a.xml.gz", size=len(packed) + 5)
        )
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]


@pytest.mark.parametrize("status", [403, 500, 503])
def test_other_statuses_are_failures(upstream, tmp_path, status):
    upstream.answers["/repomd.xml"] = Answer(b"", status)
    with pytest.raises(UpstreamUnavailable, match=f"repomd.xml failed: HTTP {status}"):
        Mirror(upstream.url, tmp_path, "test").read("repomd.xml")


def test_a_mirror_that_is_down_is_unavailable(tmp_path):
    with pytest.raises(UpstreamUnavailable, match="connection failed"):
        Mirror("http://127.0.0.1:9", tmp_path, "test").read("repomd.xml")


def test_a_download_ends_with_its_build(upstream, tmp_path, packed):
    upstream.answers["/r/a.xml.gz"] = Answer(packed)
    with pytest.raises(UpstreamUnavailable, match="the build has ended"):
        Mirror(upstream.url, tmp_path, "test", is_over=lambda: True).fetch("r", listed(packed, href="a.xml.gz"))


def test_a_small_file_is_sent_again_only_if_it_has_changed(upstream, tmp_path):
    mirror = Mirror(f"{upstream.url}/pub", tmp_path / "kept", "test")
    headers = {"ETag": '"1"', "Last-Modified": "Mon, 30 Nov 2026 00:00:00 GMT"}
    upstream.answers["/pub/repomd.xml"] = [Answer(b"one", headers=headers), Answer(b"", 304), Answer(b"two")]
    assert [mirror.read("repomd.xml") for _ in range(3)] == [b"one", b"one", b"two"]
    conditions = [(asked.headers["If-None-Match"], asked.headers["If-Modified-Since"]) for asked in upstream.asked]
    assert conditions == [(None, None), *[('"1"', "Mon, 30 Nov 2026 00:00:00 GMT")] * 2]


def test_an_unchanged_file_that_was_never_read_is_an_error(upstream, tmp_path):
    upstream.answers["/pub/repomd.xml"] = Answer(b"", 304)
    with pytest.raises(UpstreamUnavailable, match="HTTP 304"):
        Mirror(f"{upstream.url}/pub", tmp_path / "kept", "test").read("repomd.xml")
