"""The keyspace: keys and their parts, and that no other module writes a key's name."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.cache import keys

ROOT = Path(keys.__file__).parents[1]

NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,30}", fullmatch=True)
QUERIES = st.from_regex(r"[a-z_]{1,10}\.[a-z_]{1,10}", fullmatch=True)


@given(NAMES, QUERIES, st.integers(1, 10**6))
def test_an_entrys_key_gives_back_its_parts(package, query, version):
    expected = keys.EntryKey(package, query, version)
    assert keys.entry_of(keys.entry(package, query, version)) == expected
    assert keys.entry_of(keys.entry(package, query, version).encode()) == expected


@given(NAMES, QUERIES, st.text(max_size=10))
def test_all_keys_of_a_package_share_its_revision(package, query, variant):
    entry = keys.entry(package, query, 1)
    assert keys.revision_of(entry) == keys.revision(package)
    assert keys.parts_of_variant(keys.variant_of(entry, variant.replace("|", ""))) == (entry, variant.replace("|", ""))


@pytest.mark.parametrize("row", keys.KEYSPACE, ids=lambda row: row.pattern)
def test_only_an_entrys_key_is_taken_for_an_entry(row):
    filled = re.sub(r"<[a-z]+>", "1", row.pattern.replace("<query>", "koji.builds"))
    assert (keys.entry_of(filled) is not None) == (row is keys.KEYSPACE[0])


def test_every_key_is_in_the_keyspace_once():
    patterns = [row.pattern for row in keys.KEYSPACE]
    constants = {value for name, value in vars(keys).items() if name.isupper() and str(value).startswith("fp:")}
    assert len(set(patterns)) == len(patterns)
    assert constants - {keys.TAGGED} <= set(patterns)


def literals(path: Path) -> list[str]:
    """Return the strings of a module that are no docstrings, those of f-strings too."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]


@pytest.mark.parametrize("path", [path for path in ROOT.rglob("*.py") if path.name != "keys.py"], ids=str)
def test_no_other_module_writes_a_keys_name(path):
    assert [text for text in literals(path) if text.startswith(f"{keys.PREFIX}:")] == []
