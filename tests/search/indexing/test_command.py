"""The command: exit statuses, progress and the summary; the builder is tested by itself."""

import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fedora_packages.errors import UpstreamUnavailable
from fedora_packages.search.indexing import command, staging
from fedora_packages.search.indexing.builder import Builder
from fedora_packages.search.indexing.retry import Retry
from tests.search.fedora import Source, small_fedora
from tests.search.indexing.repos import publish
from tests.upstream import connector_strings

ROOT = Path(__file__).parents[3]


@pytest.fixture
def mirror(tmp_path):
    return tmp_path / "mirror"


@pytest.fixture
def config(tmp_path, mirror):
    urls = "".join(f"{key} = {url}\n" for key, url in connector_strings("http://127.0.0.1:9").items())
    path = tmp_path / "settings.ini"
    path.write_text(
        f"[app:main]\nuse = egg:fedora_packages\n{urls}cache.url = redis://127.0.0.1:9\n"
        f"search.index = {tmp_path}/index\nsearch.mirror = {mirror.as_uri()}\nworker.topic_prefix = org.fedoraproject.dev\n"
    )
    return path


@pytest.fixture
def fedora(mirror):
    fedora = small_fedora()
    publish(fedora, mirror)
    return fedora


@pytest.fixture
def run(config, fedora):
    """A function that runs the command with options, without pauses before what failed is tried again."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*options, **arguments):
        return command.main(
            [str(config), *options],
            load=lambda given, by: fedora.connectors,
            make_builder=lambda *given, **more: Builder(*given, **{**more, "retry": Retry(attempts=1), **arguments}),
        )

    yield run
    signal.signal(signal.SIGTERM, before)


def test_the_summary_is_one_line_of_json(run, fedora, capsys):
    assert run("--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said.keys() == {
        "packages", "binaries", "retired", "releases", "seconds", "phases", "bytes", "peak_memory", "failed",
        "skipped", "skipped_releases",
    }  # fmt: skip
    assert (said["packages"], said["binaries"], said["retired"]) == (5, 4, 2)
    assert said["phases"].keys() == {"staging", "counting", "writing"}


def test_skipped_releases_are_named(run, fedora, mirror, capsys):
    fedora.unserved.update(("f45", "epel10"))
    fedora.sources["one"], fedora.sources["two"] = (Source(branches=(branch,)) for branch in ("epel10", "f45"))
    publish(fedora, mirror)
    assert run("--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["skipped_releases"] == ["f45", "epel10"]
    assert "no readable repositories of f45, epel10: packages keep what the previous index has of them" in told.err


def test_a_release_that_has_nothing_of_its_own_is_skipped_without_a_word(run, fedora, mirror, capsys):
    fedora.unserved.add("epel10")
    publish(fedora, mirror)
    assert run("--json") == 0
    told = capsys.readouterr()
    assert (json.loads(told.out)["skipped_releases"], "no readable repositories" in told.err) == ([], False)


def test_the_summary_is_a_sentence(run, fedora, capsys):
    assert run() == 0
    assert capsys.readouterr().out.startswith("5 packages (2 retired) with 4 binaries of rawhide, f45, epel10 in ")


def test_progress_is_told_in_lines_where_there_is_no_terminal(run, fedora, capsys):
    run()
    said = capsys.readouterr().err
    assert "described: 3 of 3, " in said
    assert "documents: 5 of 5, " in said


def test_packages_that_failed_are_named(run, fedora, capsys):
    fedora.bad.add("brandnew")
    assert run() == 0
    assert "1 packages could not be described: brandnew" in capsys.readouterr().err


def test_an_upstream_that_is_down_is_one_sentence_and_a_failure(run, fedora, capsys):
    fedora.down.add("koji")
    assert run() == 1
    assert "koji: " in capsys.readouterr().err


def test_nothing_of_what_an_upstream_returned_is_printed(run, fedora, capsys):
    def fail():
        raise UpstreamUnavailable("koji", "the packages", "it answered 503", b"<!DOCTYPE html>")

    fedora.connectors["koji"].packages = fail
    assert run() == 1
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .startswith("fedora-packages-index: koji: the packages failed: it answered 503; the index is unchanged")
    )


def test_a_build_that_fails_says_what_it_leaves(run, fedora, capsys):
    fedora.down.add("koji")
    run()
    assert capsys.readouterr().err.splitlines()[-1].endswith("; the index is unchanged")


STAGED = "the index is unchanged, and the next run continues from what is staged"


@pytest.mark.parametrize(
    ("phase", "left"),
    [
        ("downloads 0", "the index is unchanged"),
        ("described 3", STAGED),
        ("documents 0", STAGED),
    ],
)
def test_ctrl_c_is_one_line_that_says_what_is_left(run, capsys, phase, left):
    def interrupt(name, done, total):
        if f"{name} {done}" == phase:
            raise KeyboardInterrupt

    assert run(progress=interrupt) == 130
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()[-1]) == ("", f"fedora-packages-index: interrupted; {left}")
    assert run() == 0


def test_ctrl_c_after_the_build_says_that_the_new_index_is_in_place(run, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", SimpleNamespace(write=interrupt))
        assert run() == 130
    assert capsys.readouterr().err.splitlines()[-1] == "fedora-packages-index: interrupted; the new index is in place"


def test_what_came_whole_is_staged_though_nothing_of_it_was_read(run, fedora, tmp_path, capsys):
    fedora.down.add("koji")
    folder = tmp_path / "index.staging.d"
    folder.mkdir()
    for name, is_told in (("file.xml.zst.part", False), ("file.xml.zst", True)):
        (folder / name).touch()
        run()
        assert ("continues from what is staged" in capsys.readouterr().err) is is_told


LOADING = """
import os, signal, sys, weakref

# A shell starts background processes with the signal ignored, which their children inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
where = sys.argv[1]

def interrupt(*_):
    os.kill(os.getpid(), signal.SIGINT)

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "fedora_packages.search.indexing.builder":
            if where == "callback":
                # Python prints and ignores what such a callback raises; the import machinery has some.
                weakref.ref(type(self)(), interrupt)
            else:
                interrupt()

sys.meta_path.insert(0, Interrupting())
from fedora_packages.search.indexing.cli import main
sys.exit(main(["production.ini"]))
"""


@pytest.mark.parametrize("where", ["import", "callback"])
def test_ctrl_c_while_modules_load_is_one_line(where):
    ended = subprocess.run(
        [sys.executable, "-c", LOADING, where], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr == "fedora-packages-index: interrupted; the index is unchanged\n"


WAITING = """
import os, signal, sys, threading
from functools import partial
from fedora_packages.errors import UpstreamUnavailable
from fedora_packages.search.indexing import cli, command
from tests.search.fedora import small_fedora

# A shell starts background processes with the signal ignored, which their children inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
fedora = small_fedora()
command.main = partial(command.main, load=lambda given, by: fedora.connectors)
ask, how, hanging = fedora.ask, sys.argv.pop(), threading.Event()

def hang(upstream, what):
    if what == "brandnew":
        hanging.set()
        threading.Event().wait()
    ask(upstream, what)

def end(self, phase, done, total):
    if phase == "described" and done == 1:
        hanging.wait()
        if how == "fail":
            raise UpstreamUnavailable("koji", "anything", "no answer")
        os.kill(os.getpid(), signal.SIGINT)

fedora.ask = hang
command.Lines.__call__ = end
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [("interrupt", 130, "interrupted"), ("fail", 1, "koji: anything failed: no answer")],
)
def test_a_build_that_ends_early_waits_for_no_upstream_and_keeps_what_is_staged(
    run, config, tmp_path, how, status, said
):
    ended = subprocess.run(
        [sys.executable, "-c", WAITING, str(config), how], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (status, "")
    assert ended.stderr.splitlines()[-1] == (
        f"fedora-packages-index: {said}; the index is unchanged, and the next run continues from what is staged"
    )
    # Nothing of an index that was begun, and no transaction that was.
    sizes = {path.name: path.stat().st_size for path in tmp_path.glob("index*")}
    assert sizes == {"index.lock": 0, "index.staging": sizes["index.staging"], "index.staging-journal": 0}
    with staging.Staging(tmp_path / "index.staging") as staged:
        assert len(staged.described(0)) == 1
    assert run("--json") == 0


def test_wrong_settings_are_one_line_and_exit_2(tmp_path, capsys):
    assert command.main([str(tmp_path / "missing.ini")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("number", ["0", "65", "many", "-1", "²", "9" * 5000])
def test_a_concurrency_that_cannot_be_is_refused(config, number, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([str(config), "--concurrency", number])
    assert ended.value.code == 2


def test_lines_come_every_few_seconds(capsys):
    now = [0.0]
    lines = command.Lines(clock=lambda: now[0])
    for now[0] in (0.0, 1.0, 2.0, 5.0, 6.0, 10.0):
        lines("packages", int(now[0]) * 10, 200)
        lines("downloads", int(now[0]) * 1_000_000, 20_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "packages: 50 of 200, 10 a second, 15 s left",
        "downloads: 5.0 MB of 20.0 MB, 1.0 MB a second, 15 s left",
        "packages: 100 of 200, 10 a second, 10 s left",
        "downloads: 10.0 MB of 20.0 MB, 1.0 MB a second, 10 s left",
    ]


def test_what_was_there_before_does_not_count_as_speed(capsys):
    now = [0.0]
    lines = command.Lines(clock=lambda: now[0])
    for now[0], done in ((0.0, 100), (5.0, 150)):
        lines("described", done, 200)
    assert capsys.readouterr().err == "described: 150 of 200, 10 a second, 5 s left\n"


def test_the_mirror_of_the_option_is_read_in_place_of_the_setting(run, fedora, mirror, tmp_path, capsys, caplog):
    mirror.rename(tmp_path / "another")
    assert run("--json", "--mirror", str(tmp_path / "another")) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["packages"] == 5
    assert "downloads: " in captured.err
    assert "the mirror has no repository f45 updates (yet)" in caplog.text


@pytest.mark.parametrize("mirror_option", ["nowhere", "ftp://x"])
def test_a_mirror_that_cannot_be_is_refused(config, mirror_option, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([str(config), "--mirror", mirror_option])
    assert ended.value.code == 2
    assert f"'{mirror_option}' is not a directory, nor an http, https or file URL" in capsys.readouterr().err


@pytest.mark.parametrize("hours", ["-1", "soon", "nan", "1e9"])
def test_hours_that_cannot_be_are_refused(config, hours):
    with pytest.raises(SystemExit) as ended:
        command.main([str(config), "--fresh", hours])
    assert ended.value.code == 2


def test_a_bar_is_drawn_of_each_phase(monkeypatch):
    drawn = io.StringIO()
    monkeypatch.setattr(sys, "stderr", drawn)
    bars = command.Bars()
    for done in (0, 1_000_000):
        bars("downloads", done, 2_000_000)
        bars("documents", done // 1_000_000, 2)
    bars.close()
    assert "downloads:  50%" in drawn.getvalue()
    assert "documents:  50%" in drawn.getvalue()
