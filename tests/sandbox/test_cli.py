"""The command: serving as a process, and asking one that runs."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from urllib.request import urlopen

import pytest

from fedora_packages.sandbox import cli
from fedora_packages.sandbox.actions.actions import OPTIONS
from fedora_packages.sandbox.faults import FAILURES, INVALID, MAX_DELAY, Fault
from fedora_packages.sandbox.upstreams.base import UPSTREAMS

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "fedora_packages.sandbox.cli"]


@pytest.fixture
def start(tmp_path):
    """A function that starts the command and returns its process."""
    processes = []

    def started(*arguments):
        process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        return process

    yield started
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def ended(process, limit=20):
    """Return (status, standard output, standard error) of a process that ends."""
    output, errors = process.communicate(timeout=limit)
    return process.returncode, output, errors


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_sandbox_prints_its_addresses_and_ends_cleanly(start, tmp_path, by):
    process = start("--address-file", str(tmp_path / "sandbox.json"))
    line = process.stdout.readline()
    addresses = json.loads((tmp_path / "sandbox.json").read_text("utf-8"))
    assert line == f"sandbox: {addresses['url']}  bus: {addresses['endpoint']}\n"
    with urlopen(f"{addresses['url']}/control/", timeout=5) as answer:
        assert json.load(answer)["pid"] == addresses["pid"] == process.pid
    process.send_signal(by)
    assert ended(process, 5) == (0, "", "")
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_a_faultthat_hangs_does_not_hold_up_the_end(start):
    process = start()
    url = process.stdout.readline().split()[1]
    fault = json.dumps({"fail": "hang"}).encode()
    urlopen(f"{url}/control/upstreams/mdapi", fault, timeout=5).close()
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5) as connection:
        connection.sendall(b"GET /mdapi/branches HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        process.send_signal(signal.SIGTERM)
        assert ended(process, 5)[0] == 0


def test_a_port_in_use_is_an_error_of_one_line(start, quiet):
    port = quiet.url.rpartition(":")[2]
    status, output, errors = ended(start("serve", "--port", port))
    assert (status, output) == (2, "")
    assert (
        errors
        == f"error: port {port} of 127.0.0.1 is in use; stop the process that listens there, or choose another --port\n"
    )


def test_an_invalid_world_file_is_an_error_of_one_line(start, tmp_path):
    (tmp_path / "world.jsonl").write_text("{}\n", "utf-8")
    status, _, errors = ended(start("serve", "--world", "world.jsonl"))
    assert (status, errors) == (2, "error: world.jsonl, line 1: 'name' is missing or has a wrong type\n")


@pytest.mark.parametrize(
    "arguments", [("--traffic", "-1"), ("--busy", "-1"), ("--port", "70000"), ("--endpoint", "tcp://0.0.0.0:1")]
)
def test_an_invalid_option_is_an_error_of_one_line(capsys, arguments):
    status = cli.main(["serve", *arguments])
    errors = capsys.readouterr().err
    assert (status, errors.count("\n"), errors.startswith("error: ")) == (2, 1, True)


@pytest.mark.slow
def test_a_sandbox_with_traffic_publishes_messages(start, wait_until):
    process = start("serve", "--traffic", "50", "--seed", "3")
    url = process.stdout.readline().split()[1]

    def messages():
        with urlopen(f"{url}/control/", timeout=5) as answer:
            return json.load(answer)["counts"]["messages"]

    wait_until(lambda: messages() > 20)


def test_an_action_prints_its_messages_and_the_package_afterwards(live, capsys):
    assert cli.main(["trigger", "build", "guake", "release=f44", "--at", live.url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0].rpartition(".dev.")[2] for line in lines[:3]] == [
        "buildsys.build.state.change",
        "buildsys.build.state.change",
        "buildsys.tag",
    ]
    assert lines[3].startswith("guake (owner: pingou) has 3 open bugs; now:")


def test_a_fault_is_set_and_printed(live, capsys):
    assert cli.main(["fault", "koji", "fail=503", "times=2", "--at", live.url]) == 0
    assert capsys.readouterr().out == "koji: fail 503, times 2\n"
    assert cli.main(["fault", "koji", "reset=true", "--at", live.url]) == 0
    assert capsys.readouterr().out == "koji: no fault\n"


def test_dist_git_is_switched(live, capsys):
    assert cli.main(["switch", "distgit", "forgejo", "--at", live.url]) == 0
    assert (capsys.readouterr().out, live.get("/control/software")["distgit"]) == ("distgit: forgejo\n", "forgejo")
    assert cli.main(["switch", "distgit", "gitlab", "--at", live.url]) == 2
    assert "'distgit' must be one of pagure, forgejo, neither" in capsys.readouterr().err


def test_the_current_fault_is_printed(live, capsys):
    for details in (["delay=0.1"], [], ["reset=true"]):
        cli.main(["fault", "faf", *details, "--at", live.url])
    assert capsys.readouterr().out.splitlines() == ["faf: delay 0.1", "faf: delay 0.1", "faf: no fault"]


def _help(capsys, *command):
    with pytest.raises(SystemExit):
        cli.main([*command, "--help"])
    return set(re.findall(r"[\w-]+", capsys.readouterr().out))


def test_the_former_command_of_actions_is_accepted_but_not_in_the_help(live, capsys):
    assert cli.main(["happen", "build", "guake", "--at", live.url]) == 0
    assert "buildsys.tag" in capsys.readouterr().out
    words = _help(capsys)
    assert words >= {"trigger", "fault"}
    assert words.isdisjoint({"happen", "mood"})


def test_former_names_of_faults_are_accepted_but_not_in_the_help(live, capsys):
    for change in ("lie=html", "well=true"):
        assert cli.main(["mood", "koji", change, "--at", live.url]) == 0
    assert capsys.readouterr().out == "koji: invalid html\nkoji: no fault\n"
    assert _help(capsys, "fault").isdisjoint({"mood", "moods", "lie", "well"})


def test_the_former_option_of_traffic_is_not_in_the_help(capsys):
    words = _help(capsys, "serve")
    assert ("--traffic" in words, "--busy" in words) == (True, False)


def test_help_on_faults_has_every_fault_value_and_upstream(capsys):
    with pytest.raises(SystemExit):
        cli.main(["fault", "--help"])
    said = capsys.readouterr().out
    for fault in (*(field.name for field in fields(Fault)), "reset"):
        assert f"\n  {fault}=" in said
    words = set(re.findall(r"[\w-]+", said))
    assert {*map(str, (*FAILURES, *INVALID, *UPSTREAMS)), f"{MAX_DELAY:g}"} <= words


def test_the_examples_of_faults_work(live, capsys):
    examples = re.findall(r"^  fedora-packages-sandbox (fault .*?)(?:  .*)?$", cli.FAULT_EXAMPLES, re.MULTILINE)
    assert len(examples) == 5
    for example in examples:
        assert cli.main([*example.split(), "--at", live.url]) == 0
    for upstream in UPSTREAMS:
        cli.main(["fault", upstream, "reset=true", "--at", live.url])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trigger", "explode", "guake"], "unknown action 'explode'; use one of build, tag, untag"),
        (["trigger", "build", "guake", "color=red"], "'build' has no option 'color'"),
        (["trigger", "build", "guake", "red"], "invalid option 'red'; write key=value"),
        (["fault", "koji", "invalid=white"], "'invalid' must be one of html"),
        (["fault", "pkgdb", "fail=500"], "unknown upstream 'pkgdb'; use one of koji"),
    ],
)
def test_an_error_is_one_line_with_the_allowed_values(quiet, capsys, arguments, said):
    assert cli.main([*arguments, "--at", quiet.url]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"error: {said}")
    assert output.err.count("\n") == 1


def test_the_command_lists_every_action():
    assert list(OPTIONS) == cli.ACTIONS


def test_the_sandbox_is_that_of_the_option_or_the_environment(monkeypatch):
    monkeypatch.setenv(cli.ENVIRONMENT, "http://127.0.0.1:2/")
    assert cli.address("http://127.0.0.1:1/") == "http://127.0.0.1:1"
    assert cli.address(None) == "http://127.0.0.1:2"


def test_the_default_sandbox_is_the_newest_in_var(monkeypatch, tmp_path):
    monkeypatch.delenv(cli.ENVIRONMENT, raising=False)
    monkeypatch.chdir(tmp_path)
    for age, text in ((10, "not json"), (50, '{"url": "http://127.0.0.1:50"}'), (90, '{"url": "http://127.0.0.1:90"}')):
        path = tmp_path / "var" / str(age) / "sandbox.json"
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
        os.utime(path, (1_700_000_000 - age,) * 2)
    assert cli.address(None) == "http://127.0.0.1:50"


def test_without_a_sandbox_the_error_is_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv(cli.ENVIRONMENT, raising=False)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["trigger", "build", "guake"]) == 2
    assert capsys.readouterr().err.startswith("error: no sandbox is running here")


def test_the_error_of_an_unreachable_sandbox_is_one_line(capsys):
    assert cli.main(["trigger", "build", "guake", "--at", "http://127.0.0.1:1"]) == 2
    assert capsys.readouterr().err.startswith("error: cannot reach a sandbox at http://127.0.0.1:1: ")


def test_the_commands_of_the_documentation_work(live, capsys):
    text = (ROOT / "docs" / "sandbox.rst").read_text("utf-8")
    commands = [shlex.split(line) for line in re.findall(r"^    fedora-packages-sandbox (.*)$", text, re.MULTILINE)]
    assert {command[0] for command in commands} == {"serve", "trigger", "fault", "switch", "repodata"}
    for command in commands:
        if command[0] in ("trigger", "fault", "switch"):
            assert cli.main([*command, "--at", live.url]) == 0, command


def test_the_documentation_has_every_action_option_fault_and_upstream():
    text = (ROOT / "docs" / "sandbox.rst").read_text("utf-8")
    rows = {action: row for row in re.split(r"\n(?=``)", text) for action in re.findall(r"``([\w-]+)``", row[:40])}
    for action, options in OPTIONS.items():
        assert set(options) <= set(re.findall(r"[\w-]+", rows[action])), action
    words = set(re.findall(r"[\w-]+", text))
    assert words >= {*(field.name for field in fields(Fault)), *map(str, (*FAILURES, *INVALID, *UPSTREAMS))}


def test_the_client_commands_import_no_server():
    code = """
import sys
from fedora_packages.sandbox import cli
cli.main(["trigger", "build", "guake", "--at", "http://127.0.0.1:1"])
print(sorted({"aiohttp", "fedmsg", "zmq"} & set(sys.modules)))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
