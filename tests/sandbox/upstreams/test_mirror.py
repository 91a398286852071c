"""The mirror: the folders of its repositories, their changes, faults, and the command that writes them."""

import asyncio
import gzip
import hashlib
import io
import re

import pytest

from fedora_packages.sandbox import cli
from fedora_packages.sandbox.devserver import service_environment
from fedora_packages.sandbox.upstreams.mirror import Mirror, folders
from fedora_packages.sandbox.upstreams.repodata import Writer
from fedora_packages.sandbox.world.releases import small_world_releases
from fedora_packages.sandbox.world.world import World
from tests.sandbox.reread import described, files, read
from tests.sandbox.running import small_world

RAWHIDE = "fedora/linux/development/rawhide/Everything/x86_64/os"
#: A small one, for what is so of any.
EPEL = "epel/9/Everything/x86_64"
UPDATES, TESTING = "fedora/linux/updates/44/Everything/x86_64", "fedora/linux/updates/testing/44/Everything/x86_64"

NOW = 1_790_000_000


def repomd(live, folder=RAWHIDE):
    answer = live.ask(f"/mirror/{folder}/repodata/repomd.xml")
    assert (answer.status, answer.headers.get_content_type()) == (200, "application/xml")
    return answer.text


def revision(listed):
    return int(re.search(r"<revision>(\d+)</revision>", listed)[1])


def hrefs(listed, folder=RAWHIDE):
    """Return the addresses of the files that a ``repomd.xml`` names."""
    return [f"/mirror/{folder}/{href}" for href in re.findall(r'href="([^"]+)"', listed)]


def fetched(live, tmp_path, folder=RAWHIDE):
    """Return the packages of a repository that is fetched as clients do."""
    below = tmp_path / "repodata"
    below.mkdir()
    listed = repomd(live, folder)
    (below / "repomd.xml").write_text(listed, "utf-8")
    for path in hrefs(listed, folder):
        answer = live.ask(path)
        assert (answer.status, answer.headers.get_content_type()) == (200, "application/x-gzip")
        (below / path.rpartition("/")[2]).write_bytes(answer.body)
    return {package.name: package for package in read(tmp_path)}


def test_folders_are_those_of_the_download_servers():
    assert folders(small_world_releases()) == {
        "fedora/linux/development/rawhide/Everything/x86_64/os": "rawhide",
        "fedora/linux/development/rawhide/Everything/source/tree": "src_rawhide",
        "fedora/linux/development/45/Everything/x86_64/os": "f45",
        "fedora/linux/development/45/Everything/source/tree": "src_f45",
        **{
            folder: name
            for number in (44, 43)
            for folder, name in {
                f"fedora/linux/releases/{number}/Everything/x86_64/os": f"f{number}",
                f"fedora/linux/releases/{number}/Everything/source/tree": f"src_f{number}",
                f"fedora/linux/updates/{number}/Everything/x86_64": f"f{number}-updates",
                f"fedora/linux/updates/{number}/Everything/source/tree": f"src_f{number}-updates",
                f"fedora/linux/updates/testing/{number}/Everything/x86_64": f"f{number}-updates-testing",
                f"fedora/linux/updates/testing/{number}/Everything/source/tree": f"src_f{number}-updates-testing",
            }.items()
        },
        **{
            folder: name
            for number in (10, 9)
            for folder, name in {
                f"epel/{number}/Everything/x86_64": f"epel{number}",
                f"epel/{number}/Everything/source/tree": f"src_epel{number}",
                f"epel/testing/{number}/Everything/x86_64": f"epel{number}-testing",
                f"epel/testing/{number}/Everything/source/tree": f"src_epel{number}-testing",
            }.items()
        },
    }


@pytest.mark.parametrize(
    "path",
    [
        "fedora/linux/development/eln/Everything/x86_64/os/repodata/repomd.xml",
        "eln/1/Everything/x86_64/os/repodata/repomd.xml",
        "fedora/linux/releases/42/Everything/x86_64/os/repodata/repomd.xml",
        "fedora/linux/releases/45/Everything/x86_64/os/repodata/repomd.xml",
        "fedora/linux/development/rawhide/Everything/aarch64/os/repodata/repomd.xml",
        f"{RAWHIDE}/repodata/{'0' * 64}-primary.xml.gz",
        f"{RAWHIDE}/repodata/",
        f"{RAWHIDE}/Packages/g/guake-3.10.1-3.fc46.noarch.rpm",
    ],
)
def test_an_unknown_file_is_not_found(quiet, path):
    assert quiet.ask(f"/mirror/{path}").status == 404


def test_the_files_agree_with_mdapi(quiet, tmp_path):
    packages = fetched(quiet, tmp_path)
    for name in ("guake", "glibc", "httpd", "python3-requests"):
        shown, found = quiet.get(f"/mdapi/rawhide/pkg/{name}"), described(packages[name])
        assert found == {key: shown[key] for key in found}
    rows = quiet.get("/mdapi/rawhide/files/httpd")["files"]
    assert files(packages["httpd"]) == {
        (f"{row['dirname']}/{name}".replace("//", "/"), letter)
        for row in rows
        for name, letter in zip(row["filenames"].split("/"), row["filetypes"], strict=True)
    }


def test_the_sources_have_guake_with_its_build_requirements(quiet, tmp_path):
    guake = fetched(quiet, tmp_path, "epel/9/Everything/source/tree")["guake"]
    assert (guake.arch, "gettext" in {name for name, *_ in guake.requires}) == ("src", True)


def test_a_build_is_shown_after_the_repository_was_renewed(live, tmp_path):
    before = repomd(live)
    live.trigger("build", "guake")
    assert repomd(live) == before
    live.trigger("repo", "guake")
    after = repomd(live)
    assert revision(after) > revision(before)
    assert set(hrefs(after)).isdisjoint(hrefs(before))
    assert {live.ask(path).status for path in hrefs(before)} == {404}
    shown = live.get("/mdapi/rawhide/pkg/guake")
    guake = fetched(live, tmp_path)["guake"]
    assert (guake.version, guake.release) == (shown["version"], shown["release"])


def test_no_two_states_of_a_repository_have_one_revision(live):
    found = []
    for _ in range(3):
        live.trigger("repo", "guake")
        found.append(revision(repomd(live)))
    assert found == sorted(set(found))


def test_other_repositories_stay_as_they_are(live):
    before = {folder: repomd(live, folder) for folder in (RAWHIDE, UPDATES, TESTING)}
    live.trigger("update", "guake", to="testing", release="f44")
    live.trigger("repo", "guake", release="f44")
    assert [folder for folder, listed in before.items() if repomd(live, folder) != listed] == [TESTING]


def test_a_retired_package_leaves_the_repository(live, tmp_path):
    live.trigger("retire", "guake")
    live.trigger("repo", "kakoune")
    assert "guake" not in fetched(live, tmp_path)


def test_a_new_package_comes_to_the_repository(live, tmp_path):
    live.trigger("new-package", "brandnew")
    live.trigger("repo", "brandnew")
    assert fetched(live, tmp_path)["brandnew"].summary == "A new package named brandnew"


def test_a_file_says_when_it_was_made(quiet):
    answer = quiet.ask(f"/mirror/{RAWHIDE}/repodata/repomd.xml")
    assert answer.headers["Last-Modified"].endswith(" GMT")


# Faults


def test_a_failing_mirror_has_a_proxys_page(live):
    live.fault("mirror", fail=503, times=1)
    assert live.ask(f"/mirror/{EPEL}/repodata/repomd.xml").status == 503
    assert revision(repomd(live, EPEL)) > 0


def test_an_invalid_mirror_sends_files_that_do_not_match_its_list(live):
    listed, (path, *_) = repomd(live, EPEL), hrefs(repomd(live, EPEL), EPEL)
    true = live.ask(path).body
    live.fault("mirror", invalid="types")
    assert repomd(live, EPEL) == listed
    sent = live.ask(path).body
    assert hashlib.sha256(sent).hexdigest() not in listed
    assert gzip.decompress(sent).startswith(gzip.decompress(true))


def test_a_truncated_file_cannot_be_unpacked(live):
    path, *_ = hrefs(repomd(live, EPEL), EPEL)
    live.fault("mirror", invalid="truncated")
    with pytest.raises(EOFError):
        gzip.decompress(live.ask(path).body)


def test_a_huge_file_is_so_only_when_it_is_unpacked(live):
    path, *_ = hrefs(repomd(live, EPEL), EPEL)
    live.fault("mirror", invalid="huge")
    body = live.ask(path).body
    assert len(body) < 4 << 20
    with gzip.open(io.BytesIO(body)) as unpacked:
        assert unpacked.seek(100 << 20) == 100 << 20


def test_a_page_can_come_in_place_of_the_list(live):
    live.fault("mirror", invalid="html")
    answer = live.ask(f"/mirror/{EPEL}/repodata/repomd.xml")
    assert (answer.status, answer.headers.get_content_type()) == (200, "text/html")


# How they are made


@pytest.fixture
def world():
    return World(small_world(), NOW)


def test_a_repository_is_made_once_however_many_ask(world):
    mine = Mirror()

    async def ask():
        return await asyncio.gather(*(mine.repodata(world.now(), "epel9") for _ in range(3)))

    first, second, third = asyncio.run(ask())
    assert first is second is third
    assert asyncio.run(mine.repodata(world.now(), "epel9")) is first


def test_others_are_answered_while_a_repository_is_made(world):
    answered, before_the_last = 0, []

    class Watched(Writer):
        def finish(self, revision):
            before_the_last.append(answered)
            return super().finish(revision)

    async def ask():
        nonlocal answered
        making = asyncio.create_task(Mirror(pause_after=0, writer=Watched).repodata(world.now(), "epel10"))
        while not making.done():
            answered += 1
            await asyncio.sleep(0)
        return making.result()

    made = asyncio.run(ask())
    assert before_the_last[0] >= made.packages > 10


def test_a_file_that_has_not_changed_since_is_not_sent_again(live):
    path = f"/mirror/{EPEL}/repodata/repomd.xml"
    modified = live.ask(path).headers["Last-Modified"]
    assert live.ask(path, headers={"If-Modified-Since": modified}).status == 304
    assert live.ask(path, headers={"If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}).status == 200


# The command


def test_the_command_writes_what_the_mirror_serves(tmp_path, capsys):
    assert cli.main(["repodata", "--out", str(tmp_path / "pub"), "--release", "epel9", "--release", "epel10"]) == 0
    lines = capsys.readouterr().out.splitlines()
    written = {str(path.parents[1].relative_to(tmp_path / "pub")) for path in tmp_path.rglob("repomd.xml")}
    assert written == {folder for folder in folders(small_world_releases()) if folder.startswith("epel/")}
    found = {folder: len(read(tmp_path / "pub" / folder)) for folder in written}
    assert sorted(lines) == sorted(f"{folder}  {packages} packages" for folder, packages in found.items())
    assert found["epel/9/Everything/x86_64"] > 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--release", "eln"],
            "error: 'eln' is not a release with repositories; use one of rawhide, f45, f44, f43, epel10",
        ),
        (["--world", "nowhere.jsonl"], "error: cannot read nowhere.jsonl: "),
        (["--out", "."], "error: . is not empty; choose a new directory"),
        (["--out", "test/below"], "error: cannot write test/below: "),
    ],
)
def test_a_failure_to_write_is_an_error_of_one_line(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test").write_bytes(b"")
    assert cli.main(["repodata", "--out", "pub", *arguments]) == 2
    output = capsys.readouterr()
    assert output.err.startswith(said)
    assert (output.out, output.err.count("\n"), (tmp_path / "pub").exists()) == ("", 1, False)


def test_the_service_gets_the_url_of_the_mirror(tmp_path):
    told = service_environment("redis://127.0.0.1/0", {"url": "http://127.0.0.1:1", "endpoint": "e"}, tmp_path)
    assert told["FEDORA_PACKAGES_SEARCH_MIRROR"] == "http://127.0.0.1:1/mirror"
