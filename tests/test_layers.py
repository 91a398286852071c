"""The layers: who may import whom, and where each third-party library lives."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "fedora_packages"

#: From the bottom up; a module may import those of layers below its own, and its own package.
LAYERS = (
    ("errors",),
    (
        "rpm",
        "monitoring",
        "rpm.nvr",
        "settings",
        "rpm.specfile",
        "monitoring.differences",
        "connectors.types",
        "web.linkify",
        "web.highlight",
    ),
    ("messages", "cache", "cache.keys"),
    ("cache.redis",),
    ("cache.values",),
    ("cache.backend",),
    ("cache.protocol",),
    (
        "connectors.query",
        "messages.timeline",
        "cache.changefeed",
        "monitoring.metrics",
        "monitoring.heartbeat",
    ),
    ("connectors", "cache.queue"),
    ("search",),
    ("search.packages", "service", "web.links", "web.identifiers"),
    (
        "web.loader",
        "web.rate_limit",
        "monitoring.verify",
        "worker.index_updater",
        "worker.index_repair",
        "worker.buffer",
        "worker.sequence",
    ),
    (
        "widgets",
        "worker.handler",
        "worker.refill",
        "worker.replay",
        "worker.audit",
        "worker.gaps",
        "worker.reporter",
        "worker.worker",
    ),
    ("monitoring.health",),
    ("monitoring.alerts",),
    ("web", "web.views", "web.routes"),
    ("__init__", "worker.daemon", "worker.hub", "worker", "search.indexing.command", "search.indexing.cli"),
)

#: Each library and the only modules that may import it.  The sandbox is apart.
HOMES = {
    "redis": {"cache.redis", "cache.backend"},
    "requests": {"connectors.http", "connectors.mirror"},
    "xmlrpc": {"connectors.koji"},
    "xapian": {"search"},
    "createrepo_c": {"search.indexing.repodata"},
    "stamina": {"search.indexing"},
    "zstandard": {"connectors.mirror"},
    "dogpile": {"cache.backend"},
    "fedmsg": {"worker.hub", "worker.daemon"},
    "moksha": {"worker.daemon", "worker.hub"},
    "pygments": {"web.highlight"},
    "limits": {"web.rate_limit"},
    "prometheus_client": {"web.views.metrics"},
    "twisted": {"worker.daemon"},
    "zmq": {"worker.hub"},
}


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found.append((name.removesuffix(".__init__") if name != "__init__" else name, path))
    return found


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the dotted names of all that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def layer(name: str) -> int:
    """Return the number of a module's layer: that of the longest listed name it is or is in."""
    listed = {entry: number for number, entries in enumerate(LAYERS) for entry in entries}
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in listed:
            return listed[".".join(parts[:length])]
    raise AssertionError(f"{name} is in no layer: list it in LAYERS")


MODULES = modules()
SERVICE = [(name, path) for name, path in MODULES if not name.startswith("sandbox")]
SANDBOX = [(name, path) for name, path in MODULES if name.startswith("sandbox")]


@pytest.mark.parametrize(("name", "path"), SERVICE, ids=[name for name, _ in SERVICE])
def test_imports_point_down_only(name, path):
    known = {module for module, _ in MODULES}
    ours = {found.removeprefix("fedora_packages.") for found in imported(path) if found.startswith("fedora_packages.")}
    upward = {
        found for found in ours & known if layer(found) >= layer(name) and found.split(".")[0] != name.split(".")[0]
    }
    assert upward == set()


@pytest.mark.parametrize(("name", "path"), SERVICE, ids=[name for name, _ in SERVICE])
def test_each_library_has_one_home(name, path):
    libraries = {found.split(".")[0] for found in imported(path)} & HOMES.keys()
    strangers = {
        library
        for library in libraries
        if not any(name == home or name.startswith(f"{home}.") for home in HOMES[library])
    }
    assert strangers == set()


@pytest.mark.parametrize(("name", "path"), SANDBOX, ids=[name for name, _ in SANDBOX])
def test_the_sandbox_imports_nothing_of_what_it_stands_in_for(name, path):
    ours = {found for found in imported(path) if found.startswith("fedora_packages")}
    assert {
        found for found in ours if not found.startswith("fedora_packages.sandbox") and found != "fedora_packages"
    } == set()


@pytest.mark.parametrize(("name", "path"), SERVICE, ids=[name for name, _ in SERVICE])
def test_the_service_does_not_import_the_sandbox(name, path):
    assert not [found for found in imported(path) if found.startswith("fedora_packages.sandbox")]


def test_connectors_import_neither_each_other_nor_the_web():
    # These are no connectors.
    allowed = re.compile(r"fedora_packages\.connectors\.(base|http|circuit|site|types|query|mdapi_relations)(\..*)?")
    for name, path in SERVICE:
        if name.startswith("connectors.") and name != "connectors.base":
            found = imported(path)
            assert not {other for other in found if other.startswith("pyramid") or other.startswith("mako")}
            others = {other for other in found if other.startswith("fedora_packages.connectors.")}
            assert {other for other in others if not allowed.fullmatch(other)} == set()
