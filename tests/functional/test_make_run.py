"""The README's first command, as a newcomer types it: in a fresh clone, with nothing but Python and make."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import requests

from fedora_packages.sandbox.devserver import answers, free_port, is_taken

from .site import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("make-run")]

#: Seconds that set-up may take: it loads packages from a registry.
SETUP = 600.0


class Run:
    """A ``make run`` in a folder."""

    def __init__(self, folder: Path, port: int):
        self.port = port
        self.log = folder.parent / f"make-{port}.log"
        environ = {key: value for key, value in os.environ.items() if not key.startswith("FEDORA_PACKAGES_")}
        with self.log.open("wb") as output:
            # A terminal's Ctrl-C reaches the whole group.
            self.process = subprocess.Popen(
                ["make", "run", f"PORT={port}"], cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def answers(self) -> bool:
        assert self.process.poll() is None, self.said()
        return "/guake" in self.said()

    def interrupt(self, by: signal.Signals = signal.SIGINT) -> None:
        os.killpg(self.process.pid, by)
        self.process.wait(30)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A fresh clone of what is committed."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git, or no repository to clone")
    folder = tmp_path_factory.mktemp("clone") / "project"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def processes_with_ids(folder: Path) -> list[tuple[int, str]]:
    """Return the process ids and command lines of what runs in a folder: whatever it calls itself, it was started there."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").resolve().is_relative_to(folder):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                found.append((int(entry.name), command))
        except OSError:
            continue
    return found


def processes_in(folder: Path) -> list[str]:
    """Return the command lines of what runs in a folder."""
    return [command for _, command in processes_with_ids(folder)]


def test_make_run_shows_a_package_and_a_second_one_beside_it_does_too(clone, wait_until):
    runs = [Run(clone, free_port())]
    try:
        wait_until(runs[0].answers, limit=SETUP, every=0.2)
        runs.append(Run(clone, free_port()))
        wait_until(runs[1].answers, limit=SETUP, every=0.2)
        pages = [requests.get(f"http://127.0.0.1:{run.port}/guake", timeout=10) for run in runs]
        assert [page.status_code for page in pages] == [200, 200]
        assert "guake" in pages[0].text

        said = subprocess.run(
            [str(clone / ".venv/bin/fedora-packages-sandbox"), "trigger", "build", "guake", *_at(runs[0])],
            cwd=clone, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        nvr = re.search(r"newest build: (\S+)", said)[1]
        wait_until(lambda: nvr in requests.get(f"http://127.0.0.1:{runs[0].port}/guake/builds", timeout=10).text)
    finally:
        # One is ended by Ctrl-C, the other by closing its terminal.
        for run, by in zip(runs, (signal.SIGINT, signal.SIGHUP), strict=False):
            run.interrupt(by)
    wait_until(lambda: processes_in(clone) == [], limit=20)
    assert [is_taken(run.port) for run in runs] == [False, False]


def test_a_run_that_is_killed_leaves_nothing_running(clone, wait_until):
    run = Run(clone, free_port())
    wait_until(run.answers, limit=SETUP, every=0.2)
    run.interrupt(signal.SIGKILL)
    wait_until(lambda: processes_in(clone) == [], limit=20)


def test_a_worker_that_is_killed_is_started_again_and_nothing_is_lost(clone, wait_until):
    run = Run(clone, free_port())
    try:
        wait_until(run.answers, limit=SETUP, every=0.2)
        page = f"http://127.0.0.1:{run.port}/guake/bugs"
        requests.get(page, timeout=10)
        (worker,) = [pid for pid, command in processes_with_ids(clone) if "worker.daemon" in command]
        os.kill(worker, signal.SIGKILL)
        summary = "Sent while nobody listened"
        subprocess.run(
            [str(clone / ".venv/bin/fedora-packages-sandbox"), "trigger", "bug", "guake", f"summary={summary}", *_at(run)],
            cwd=clone, check=True, capture_output=True,
        )  # fmt: skip
        wait_until(lambda: "the worker was ended by SIGKILL; starting another" in run.said(), limit=20)
        wait_until(lambda: summary in requests.get(page, timeout=10).text, limit=30, every=0.2)
        (web,) = [pid for pid, command in processes_with_ids(clone) if "pserve" in command]
        os.kill(web, signal.SIGKILL)
        wait_until(lambda: "the web was ended by SIGKILL; starting another" in run.said(), limit=20)
        wait_until(lambda: answers(page), limit=30, every=0.2)
    finally:
        run.interrupt()
    wait_until(lambda: processes_in(clone) == [], limit=20)


def test_other_commands_have_the_settings_of_a_run(clone, wait_until):
    run = Run(clone, free_port())
    try:
        wait_until(run.answers, limit=SETUP, every=0.2)
        wait_until(lambda: "set -a; . " in run.said(), limit=10)
        settings = re.search(r"set -a; .*", run.said())[0]
        done = subprocess.run(
            ["sh", "-ec", f"{settings}\n.venv/bin/fedora-packages-index development.ini"],
            cwd=clone, capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode, " packages (" in done.stdout) == (0, True), done.stderr
    finally:
        run.interrupt()


def _at(run: Run) -> list[str]:
    return ["--at", re.search(r"--at (\S+)", run.said())[1]]


def test_a_port_that_is_taken_is_an_error_that_says_so(clone, wait_until):
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        run = Run(clone, listener.getsockname()[1])
        wait_until(lambda: run.process.poll() is not None, limit=SETUP)
        assert f"port {run.port} of 127.0.0.1 is in use" in run.said()
    assert run.process.returncode != 0
    assert processes_in(clone) == []
