"""The measures of a source tree, on small trees made for each test."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measure import Tree, code_lines, main, measures

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path):
    """Return a function that makes a tree of some files, given by path below the package or, from a slash, below the root."""

    def tree(**files: str) -> Tree:
        (tmp_path / "fedora_packages").mkdir(exist_ok=True)
        (tmp_path / "tests").mkdir(exist_ok=True)
        (tmp_path / "README.rst").write_text("One\nTwo\n", "utf-8")
        for name, source in {"__init__": "", **files}.items():
            folder, path = ("tests", name[5:]) if name.startswith("test_") else ("fedora_packages", name)
            target = tmp_path / folder / f"{path.replace('__in__', '/')}.py"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source, "utf-8")
        return Tree(tmp_path)

    return tree


def test_entries_are_files_and_folders_but_no_bytecode(tree, tmp_path):
    made = tree(errors="", cache__in__keys="")
    (tmp_path / "fedora_packages/__pycache__").mkdir()
    (tmp_path / "fedora_packages/__pycache__/errors.pyc").write_bytes(b"")
    assert made.entries() == 3


def test_a_circle_is_found_however_long_and_wherever_its_imports_are(tree):
    made = tree(
        cache__in__redis="from fedora_packages.cache import values",
        cache__in__values="def read():\n    from .keys import ENTRY",
        cache__in__keys="import fedora_packages.cache.redis",
        errors="",
    )
    assert made.circles() == [["cache.keys", "cache.redis", "cache.values"]]


@pytest.mark.parametrize(
    ("importer", "statement", "is_wrong"),
    [
        ("web", "from fedora_packages.cache.keys import ENTRY", False),
        ("cache__in__redis", "from fedora_packages.web import loader", True),
        ("rpm__in__nvr", "from fedora_packages import settings", True),
        ("cache__in__redis", "from fedora_packages.cache import keys", False),
        ("cache__in__keys", "from fedora_packages.cache import redis", True),
        ("web__in__api__in__lists", "from fedora_packages.web.views import pages", True),
        ("web__in__views__in__pages", "from fedora_packages.web.api import lists", False),
        ("search__in__find", "from fedora_packages.search.indexing import writer", True),
        ("sandbox__in__bus", "from fedora_packages import settings", True),
    ],
)
def test_imports_are_held_to_the_order(tree, importer, statement, is_wrong):
    files = dict.fromkeys(
        (
            "settings", "cache__in____init__", "cache__in__keys", "cache__in__redis", "web__in__loader",
            "web__in__views__in__pages", "web__in__api__in__lists", "search__in__indexing__in__writer",
        ),
        "",
    )  # fmt: skip
    wrong, _ = tree(**{**files, importer: statement}).against_order()
    assert (len(wrong) == 1) is is_wrong


def test_a_pair_counts_once_whichever_imports_the_other(tree):
    made = tree(
        errors="",
        settings="from fedora_packages.errors import Error",
        service="from fedora_packages.errors import Error\nfrom fedora_packages import settings",
    )
    assert made.pairs() == 3


def test_redis_keys_are_found_in_strings_and_not_in_docstrings(tree):
    made = tree(
        one='"""fp:{worker}:heartbeats"""\n',
        two='KEY = f"{PREFIX}:{{worker}}:seen"\n',
        three='pattern = "fp:{*"\n',
        four='path = f"{PREFIX}/api"\n',
    )
    assert made.key_modules() == ["three", "two"]


def test_libraries_are_counted_outside_of_the_sandbox(tree):
    made = tree(cache__in__redis="import redis", web="from redis.client import Redis", sandbox__in__bus="import redis")
    assert made.importers("redis") == ["cache.redis", "web"]


def test_settings_of_an_upstream_count_for_each(tree):
    made = tree(
        settings=(
            "class ConnectorSettings:\n    url: str\n    timeout: float\n    site: str | None\n\n"
            "class CacheSettings:\n    url: str\n\nclass Settings:\n    cache: CacheSettings\n"
        ),
        connectors__in__koji='class KojiConnector(Connector):\n    name = "koji"\n    site = KojiSite()\n',
        connectors__in__mdapi='class MdapiConnector(Connector):\n    name: str = "mdapi"\n    site: object\n',
    )
    assert made.settings() == 6


def test_settings_of_another_form_are_unknown(tree):
    assert (tree().settings(), tree(settings="KEYS = ()\n").settings()) == (None, None)


def test_patches_of_other_projects_are_told_apart(tree):
    made = tree(
        test_one=(
            "import os\nfrom fedora_packages.search import reader\n\ndef test(monkeypatch, service):\n"
            '    monkeypatch.setattr(os, "cpu_count", None)\n'
            '    monkeypatch.setattr(reader, "LIMIT", 3)\n'
            '    monkeypatch.setattr(reader.time, "time", None)\n'
            '    monkeypatch.setattr(service.queue, "add", None)\n'
            '    monkeypatch.setattr("fedora_packages.search.reader.LIMIT", 3)\n'
            '    monkeypatch.setenv("HOME", "/")\n'
        )
    )
    assert made.patches() == (5, 3)


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("", 0),
        ('"""A docstring\n\nof three lines."""\n', 0),
        ("# A comment\n\nx = 1  # another\n", 1),
        ('def f():\n    """Return 1."""\n    return 1\n', 2),
        ('x = """one\ntwo"""\n', 2),
        ("x = (\n    1,\n)\n", 3),
        ('class A:\n    """One."""\n', 1),
    ],
)
def test_code_lines_have_a_token_that_is_no_comment_and_no_docstring(source, lines):
    assert code_lines(source) == lines


def test_long_subjects_are_counted_where_there_is_a_repository(tree, tmp_path):
    made = tree()
    assert made.subjects() is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for subject in ("x" * 71, "x" * 70):
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", subject], check=True)
    assert dict(measures(made))["commit subjects longer than 70"].startswith("1 of 2;")


def test_this_tree_is_measured_with_the_standard_library_alone():
    command = [sys.executable, "-I", str(ROOT / "benchmarks" / "measure.py"), str(ROOT)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.search(r"^entries of fedora_packages/: +14$", printed, re.M)
    assert re.search(r"^code lines: +\d{5}$", printed, re.M)


@pytest.mark.parametrize(("options", "is_cut"), [([], True), (["--all"], False)])
def test_names_behind_a_count_are_cut_unless_all_are_wanted(tree, tmp_path, options, is_cut):
    tree(**{f"module_{number}": "import redis" for number in range(8)})
    printed: list[str] = []
    main([str(tmp_path), *options], printed.append)
    (line,) = [line for line in printed if "import redis:" in line]
    assert (" 8 (" in line, "module_7" in line, "…" in line) == (True, not is_cut, is_cut)


def test_a_directory_without_the_package_is_an_error(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert "has no folder fedora_packages" in capsys.readouterr().err
