"""The keyspace: keys and their parts, and that no other module writes a key's name."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.cache import keys
from tests.keyspace import KEYSPACE, kinds_of

ENTRY = KEYSPACE[0]

ROOT = Path(keys.__file__).parents[1]

NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,30}", fullmatch=True)
QUERIES = st.from_regex(r"[a-z_]{1,10}\.[a-z_]{1,10}", fullmatch=True)


@given(NAMES, QUERIES, st.integers(1, 10**6))
def test_an_entrys_key_gives_back_its_parts(package, query, version):
    expected = keys.Entry(query, package, version)
    assert keys.entry_of(keys.entry(package, query, version)) == expected
    assert keys.entry_of(keys.entry(package, query, version).encode()) == expected


@given(NAMES, QUERIES, st.text(max_size=10))
def test_all_keys_of_a_package_share_its_revision(package, query, variant):
    entry = keys.entry(package, query, 1)
    assert keys.revision_of(entry) == keys.revision(package)
    assert keys.parts_of_variant(keys.variant_of(entry, variant.replace("|", ""))) == (entry, variant.replace("|", ""))


#: Keys whose parts could be taken for those of another kind.
EXAMPLES = [
    keys.entry("gcc-c++", "koji.builds", 1),
    keys.entry("*", "bodhi.releases", 2),
    keys.fill_lock(keys.entry("guake", "koji.files", 1), "f45"),
    keys.fill_lock(keys.entry("guake", "koji.builds", 1), ""),
    keys.revision("queue"),
    keys.revision("changes"),
    keys.timeline("worker"),
    keys.external_ids("anitya.versions"),
    keys.external_id_named("anitya.versions", 7),
    keys.waiting_since("koji.builds"),
    keys.jobs("since", "due"),
    keys.touched("gcc-c++"),
    keys.metrics_recent(7),
    keys.live_lookup(1, "bugzilla", "bug_of", "CVE-2026-1:2"),
    keys.live_lookup(1, "bugzilla", "bug_of", 7),
    keys.rate_limit("lookups", "all", 7),
    keys.rate_limit("checks/client", "2001:db8:1:2::/64", 7),
    keys.rate_limit("checks/package", "gcc-c++", 7),
    keys.rate_limit("left", "all", 7),
]


@pytest.mark.parametrize("key", EXAMPLES)
def test_every_key_is_of_one_kind(key):
    (kind,) = kinds_of(key)
    assert (kind is ENTRY) == (keys.entry_of(key.encode()) is not None)


@pytest.mark.parametrize("row", KEYSPACE, ids=lambda row: row.pattern)
def test_only_an_entrys_key_is_taken_for_an_entry(row):
    filled = re.sub(r"<[a-z]+>", "1", row.pattern.replace("<query>", "koji.builds"))
    assert (keys.entry_of(filled) is not None) == (row is ENTRY)


@pytest.mark.parametrize(
    "key", ["", "fp:", "fp:{}:koji.builds:1", "fp:{guake}:koji.builds", "fp:{guake}:rev:1", "other"]
)
def test_a_key_of_no_kind_is_none(key):
    assert (keys.entry_of(key), kinds_of(key)) == (None, [])


def literals(path: Path) -> list[str]:
    """Return the strings of a module that are no docstrings, those of f-strings too."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = list(ast.walk(tree))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]


def test_no_other_module_writes_a_keys_name():
    assert [
        (path.relative_to(ROOT).as_posix(), text)
        for path in sorted(ROOT.rglob("*.py"))
        if path.name != "keys.py"
        for text in literals(path)
        if text.startswith(f"{keys.PREFIX}:")
    ] == []
