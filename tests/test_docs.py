"""The documents: each command, path and link in them exists, and the README stays short."""

import re
import subprocess
import sys
from functools import cache
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

import pytest

from fedora_packages.cache import keys
from tests.keyspace import KEYSPACE

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.rst", *sorted((ROOT / "docs").glob("*.rst"))]


def _blocks(path: Path) -> list[str]:
    """Return the lines of a document's literal blocks, without their indent."""
    found, is_literal = [], False
    for line in path.read_text("utf-8").splitlines():
        if line.startswith(("    ", "\t")):
            if is_literal:
                found.append(line.strip())
        elif line.strip():
            is_literal = line.rstrip().endswith("::")
    return found


def _commands(path: Path) -> list[str]:
    inline = re.findall(r"``((?:make|python -m|\.venv/bin/|fedora-packages-|curl) ?[^`]*)``", path.read_text("utf-8"))
    return [*_blocks(path), *inline]


COMMANDS = sorted({(path.name, line) for path in DOCUMENTS for line in _commands(path)})


def test_the_readme_is_short():
    assert len((ROOT / "README.rst").read_text("utf-8").splitlines()) <= 120


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_each_link_leads_to_a_file(path):
    targets = re.findall(r"<(?!https?:)([^<>\s]+)>`_", path.read_text("utf-8"))
    assert [target for target in targets if not (path.parent / target).is_file()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_each_path_exists(path):
    named = re.findall(
        r"``((?:fedora_packages|tests|benchmarks|docs|fedmsg\.d)/[\w./-]*|production\.ini|development\.ini)``",
        path.read_text("utf-8"),
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


MAKE = [(name, line) for name, line in COMMANDS if line.startswith("make ")]


@pytest.mark.parametrize(("document", "line"), MAKE)
def test_each_make_target_exists(document, line):
    targets = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"))
    assert line.split()[1] in targets


MODULES = [(name, line) for name, line in COMMANDS if re.match(r"(?:\S*/)?python -m ", line)]


@pytest.mark.parametrize(("document", "line"), MODULES)
def test_each_module_can_be_run(document, line):
    module = re.match(r"(?:\S*/)?python -m ([\w.]+)", line)[1]
    assert find_spec(module) is not None


OURS = [(name, line) for name, line in COMMANDS if re.match(r"(?:\.venv/bin/)?fedora-packages-\w+", line)]


@cache
def _helped(command: str, *leading: str) -> str:
    """Return the help of a command of ours."""
    (entry,) = [entry for entry in distribution("fedora_packages").entry_points if entry.name == command]
    module = entry.value.partition(":")[0]
    return subprocess.run(
        [sys.executable, "-m", module, *leading, "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout


@pytest.mark.parametrize(("document", "line"), OURS)
def test_each_command_of_ours_has_its_options(document, line):
    command, *arguments = re.sub(r"\s+#.*$", "", line).removeprefix(".venv/bin/").split()
    leading = arguments[:1] if command.endswith("sandbox") and arguments else []
    helped = _helped(command, *leading)
    options = [argument.partition("=")[0] for argument in arguments if argument.startswith("--")]
    assert [option for option in options if option not in helped] == []
    if leading == ["trigger"] or leading == ["fault"]:
        assert arguments[1] in helped


#: Every key that `keys` builds from parts.
BUILT_KEYS = {
    keys.entry("<package>", "<query>", "<version>"),
    keys.fill_lock(keys.entry("<package>", "<query>", "<version>"), "<variant>"),
    keys.revision("<package>"),
    keys.timeline("<package>"),
    keys.external_ids("<query>"),
    keys.external_id_named("<query>", "<id>"),
    *(keys.jobs("<upstream>", place) for place in keys.JOB_PLACES),
    keys.jobs("<upstream>"),
    keys.waiting_since("<query>"),
    keys.touched("<package>"),
    keys.turn("<name>"),
    keys.turn_lock("<name>"),
    keys.metrics_recent("<slot>"),
    keys.live_lookup("<version>", "<upstream>", "<method>", "<id>"),
    keys.rate_limit("<what>", "<who>", "<number>"),
}


def test_the_documents_list_every_redis_key_once_and_completely():
    text = (ROOT / "docs" / "architecture.rst").read_text("utf-8")
    constants = {value for name, value in vars(keys).items() if name.isupper() and str(value).startswith("fp:")}
    listed = re.findall(r"(?m)^``(fp:\S+)``$", text)
    assert sorted(listed) == sorted(BUILT_KEYS | constants - {keys.TAGGED})
    assert [kind.pattern for kind in KEYSPACE] == listed
