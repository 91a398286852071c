"""The command: exit statuses, progress and the summary; the builder is tested by itself."""

import json
from functools import partial

import pytest

from fedora_packages import connectors, settings
from fedora_packages.search import command
from tests.search.fedora import small_fedora


@pytest.fixture
def config(tmp_path):
    keys = [f"connectors.{name}.url" for name in settings.UPSTREAMS]
    urls = "".join(f"{key} = http://127.0.0.1:9\n" for key in keys)
    path = tmp_path / "settings.ini"
    path.write_text(
        f"[app:main]\nuse = egg:fedora_packages\n{urls}cache.url = redis://127.0.0.1:9\n"
        f"search.index = {tmp_path}/index\nworker.topic_prefix = org.fedoraproject.dev\n"
    )
    return path


@pytest.fixture
def fedora(monkeypatch):
    fedora = small_fedora()
    monkeypatch.setattr(connectors, "load", lambda found, agent: fedora.connectors)
    monkeypatch.setattr(command.signal, "signal", lambda number, handler: None)
    return fedora


def test_the_summary_is_one_line_of_json(config, fedora, capsys):
    assert command.main([str(config), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said.keys() == {"packages", "binaries", "retired", "seconds", "bytes", "failed"}
    assert (said["packages"], said["binaries"], said["retired"]) == (5, 4, 2)


def test_the_summary_is_a_sentence(config, fedora, capsys):
    assert command.main([str(config)]) == 0
    assert capsys.readouterr().out.startswith("5 packages (2 retired) with 4 binaries in ")


def test_progress_is_told_in_lines_where_there_is_no_terminal(config, fedora, capsys):
    command.main([str(config)])
    assert "packages: 5 of 5" in capsys.readouterr().err


def test_packages_that_failed_are_named(config, fedora, capsys, monkeypatch):
    monkeypatch.setattr(command, "Builder", partial(command.Builder, retries=()))
    fedora.bad.add("guake")
    assert command.main([str(config)]) == 0
    assert "1 not described anew: guake" in capsys.readouterr().err


def test_an_upstream_that_is_down_is_one_sentence_and_a_failure(config, fedora, capsys, monkeypatch):
    monkeypatch.setattr(command, "Builder", partial(command.Builder, retries=()))
    fedora.down.add("koji")
    assert command.main([str(config)]) == 1
    assert "koji was asked" in capsys.readouterr().err


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
        lines(int(now[0]) * 10, 200)
    assert capsys.readouterr().err.splitlines() == [
        "packages: 50 of 200, 10 a second, 15 s left",
        "packages: 100 of 200, 10 a second, 10 s left",
    ]
