"""The check of the upstreams before a worker starts: a line for each query, and the exit status."""

import re

import pytest

from fedora_packages.connectors import declared
from fedora_packages.worker import daemon
from tests.sandbox.running import Running


@pytest.fixture(scope="module")
def sandbox():
    """A running sandbox."""
    with Running() as running:
        yield running


@pytest.fixture
def check(sandbox, tmp_path, capsys):
    """Run the command against the sandbox, with other URLs of upstreams; returns its exit status and its lines."""
    for name in ("bodhi", "koji"):
        sandbox.fault(name, reset=True)

    def check(**urls):
        own = {
            kind.name: f"{sandbox.url}/{'kojihub' if kind.name == 'koji' else kind.name}"
            for kind in declared()
            if kind.url_setting is None
        }
        lines = [f"connectors.{name}.url = {url}" for name, url in {**own, **urls}.items()]
        # Nothing listens there, and nothing lies there.
        lines += ["cache.url = redis://127.0.0.1:9/0", "search.index = nowhere", "worker.topic_prefix = org.x.dev"]
        ini = tmp_path / "check.ini"
        ini.write_text("\n".join(["[app:main]", "use = egg:fedora_packages", *lines]))
        status = daemon.main(["--check", str(ini)])
        return status, capsys.readouterr().out.splitlines()

    return check


def results(lines):
    """Return the first word of each line about a query."""
    found = (re.match(r"(ok|changed|no answer) +([a-z]+\.[a-z_]+)", line) for line in lines)
    return {match[2]: match[1] for match in found if match}


def test_all_is_well_where_every_answer_is_read_whole(check, queries):
    status, lines = check()
    assert (status, results(lines), len(lines)) == (0, dict.fromkeys(queries, "ok"), len(queries))


def test_what_an_upstream_has_changed_is_named_with_what_to_do(check, sandbox):
    sandbox.fault("bodhi", invalid="types")
    status, lines = check()
    (line,) = [line for line in lines if line.startswith("changed") and "bodhi.updates" in line]
    assert (status, "expected" in line, "got" in line) == (1, True, True)
    assert any("its connector must follow" in line for line in lines)


def test_an_upstream_that_is_down_is_named_as_such(check, sandbox):
    sandbox.fault("koji", fail=503)
    status, lines = check()
    assert (status, results(lines)["koji.builds"], results(lines)["bodhi.updates"]) == (1, "no answer", "ok")
    assert any("could not be asked" in line for line in lines)


def test_another_server_at_the_url_is_named_with_the_setting(check, sandbox):
    status, lines = check(faf=f"{sandbox.url}/mdapi")
    (line,) = [line for line in lines if "faf.problems" in line]
    assert (status, "check connectors.faf.url" in line) == (1, True)


def test_wrong_settings_are_named_before_any_request(tmp_path, capsys):
    assert daemon.main(["--check", str(tmp_path / "none.ini")]) == 2
    assert "does not exist" in capsys.readouterr().err
