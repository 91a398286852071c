"""The order of the sandbox's rooms: each imports only those below it, and no two files import each other."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "fedora_packages" / "sandbox"
PREFIX = "fedora_packages.sandbox."

#: From the bottom up; those of one line are in any order.
ORDER = (
    ("world",),
    ("archive", "bus"),
    ("upstreams",),
    ("expected",),
    ("actions",),
    ("faults", "state"),
    ("control",),
    ("server",),
    ("process", "cli", "devserver"),
)

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in sorted(ROOT.rglob("*.py"))
    if path.name != "__init__.py"
}


def imports(name):
    """Return the sandbox's modules that one of them imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {module.removeprefix(PREFIX) for module in found} & set(MODULES)


def place(name):
    """Return a module's line in `ORDER`."""
    (found,) = [number for number, rooms in enumerate(ORDER) if name.split(".")[0] in rooms]
    return found


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_nothing_above_it(name):
    assert [found for found in imports(name) if place(found) > place(name)] == []


def test_no_two_modules_import_each_other():
    order = list(TopologicalSorter({name: imports(name) for name in MODULES}).static_order())
    assert set(order) == set(MODULES)
