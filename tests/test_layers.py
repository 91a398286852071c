"""The rooms of the package: who may import whom, no circles of files, and where each third-party library lives."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from benchmarks import measure

ROOT = Path(__file__).parents[1] / "fedora_packages"

#: The entries of the package, from the bottom up.  Each may import those of lower lines, never one beside or above it.
ORDER = [row.split() for row in measure.ORDER]

#: The order inside of folders, lowest first: names of files and folders; ``*`` is every file that is not named.
FOLDERS = {
    folder: [group.replace("/*", "").replace("contents/table", "contents").split() for group in order.split(" < ")]
    for folder, order in measure.FOLDERS.items()
}

#: Each library and the only modules or folders that import it.  The sandbox is apart.
HOMES = {
    "createrepo_c": {"connectors.repository_lists"},
    "dogpile": {"cache.dogpile"},
    "fedmsg": {"worker.hub", "worker.daemon"},
    "limits": {"web.rate_limit"},
    "moksha": {"worker.hub", "worker.daemon"},
    "prometheus_client": {"web.views.metrics"},
    "pydantic": {"connectors", "web.api"},
    "pygments": {"web.highlight"},
    "pyramid": {"__init__", "settings", "web", "widgets.__init__"},
    "redis": {"cache.redis"},
    "requests": {"connectors.http"},
    "stamina": {"search.indexing"},
    "tqdm": {"search.indexing"},
    "twisted": {"worker.hub", "worker.daemon"},
    "xapian": {"search"},
    "xmlrpc": {"connectors.xmlrpc"},
    "zmq": {"worker.hub", "worker.daemon"},
    "zstandard": {"connectors.repository_files", "connectors.repository_reader", "connectors.repository_store"},
}


def _name(path: Path) -> str:
    """Return the dotted name of a file; a folder's own is ``FOLDER.__init__``."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


FILES = {_name(path): path for path in sorted(ROOT.rglob("*.py"))}
SERVICE = [name for name in FILES if not name.startswith("sandbox.")]
SANDBOX = [name for name in FILES if name.startswith("sandbox.")]


@cache
def imported(name: str) -> frozenset[str]:
    """Return the dotted names of all that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(FILES[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


@cache
def ours(name: str) -> frozenset[str]:
    """Return the files of ours that a file imports; a folder stands for its ``__init__``."""
    found = set()
    for module in imported(name):
        inner = module.removeprefix("fedora_packages.")
        if inner == module:
            continue
        if inner in FILES:
            found.add(inner)
        elif f"{inner}.__init__" in FILES and not any(other.startswith(f"{module}.") for other in imported(name)):
            found.add(f"{inner}.__init__")
    return frozenset(found - {name})


def _place(order: Sequence[Sequence[str]], name: str) -> int | None:
    places = {entry: number for number, entries in enumerate(order) for entry in entries}
    return places.get(name, places.get("*"))


def _wrong(names: Iterable[str], wrong: Callable[[str], set[str]]) -> dict[str, set[str]]:
    """Return what is wrong by file.  One test is for all files: a test for each would take longer than what it does."""
    return {name: found for name in names if (found := wrong(name))}


def test_a_room_imports_lower_rooms_only():
    def higher(name: str) -> set[str]:
        room = name.split(".")[0]
        rooms = {other.split(".")[0] for other in ours(name)} - {room}
        return {other for other in rooms if _place(ORDER, other) >= _place(ORDER, room)}

    assert _wrong(SERVICE, higher) == {}


def test_the_order_inside_of_a_folder_holds():
    def upward(name: str) -> set[str]:
        room, own, *_ = name.split(".")
        mine = _place(FOLDERS[room], own)
        if mine is None:
            return {own} - {"__init__"}
        inside = {other: other.split(".")[1] for other in ours(name) if other.split(".")[0] == room}
        places = {other: _place(FOLDERS[room], entry) for other, entry in inside.items() if entry != own}
        return {other for other, place in places.items() if place is not None and place > mine}

    assert _wrong([name for name in FILES if name.split(".")[0] in FOLDERS], upward) == {}


def _circles(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield each circle of files that is found first from one of its files."""
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if name in path:
            yield path[path.index(name) :]
        elif name not in done:
            for other in sorted(ours(name)):
                yield from visit(other, (*path, name))
            done.add(name)

    for name in names:
        yield from visit(name, ())


def test_no_files_import_each_other_in_a_circle():
    assert list(_circles(list(FILES))) == []


def test_each_library_has_one_home():
    def strangers(name: str) -> set[str]:
        libraries = {module.split(".")[0] for module in imported(name)} & HOMES.keys()
        return {
            library
            for library in libraries
            if not any(name == home or name.startswith(f"{home}.") for home in HOMES[library])
        }

    assert _wrong(SERVICE, strangers) == {}


def test_the_sandbox_imports_nothing_of_what_it_stands_in_for():
    assert _wrong(SANDBOX, lambda name: {other for other in ours(name) if not other.startswith("sandbox.")}) == {}


def test_the_service_does_not_import_the_sandbox():
    assert _wrong(SERVICE, lambda name: {other for other in ours(name) if other.startswith("sandbox.")}) == {}


#: Files of ``connectors/`` that are no connector, nor parts of one: those have its name before theirs (``koji_history``).
SHARED = {
    "__init__", "active_releases", "base", "bulk", "circuit", "http", "mdapi_relations", "mdapi_servers", "page_links",
    "query", "repositories", "repository_files", "repository_lists", "repository_reader", "repository_store",
    "repository_sweep", "repository_values", "shape", "sweep", "types", "xmlrpc",
}  # fmt: skip


def test_a_connector_imports_no_other_and_no_markup():
    def foreign(name: str) -> set[str]:
        own = name.split(".")[1].partition("_")[0]
        others = {other.split(".")[1] for other in ours(name) if other.startswith("connectors.")}
        others = {other for other in others if other.partition("_")[0] != own}
        return others - SHARED | {module for module in imported(name) if module.split(".")[0] in ("pyramid", "mako")}

    names = {name for name in SERVICE if name.startswith("connectors.")} - {"connectors.__init__"}
    assert _wrong(sorted(names), foreign) == {}


def test_specs_are_read_when_they_are_fetched_and_not_again():
    assert [name for name in SERVICE if "rpm.specfile" in ours(name)] == [
        "connectors.distgit", "connectors.distgit_types",
    ]  # fmt: skip


def test_the_top_level_has_no_more_entries_than_its_rooms():
    entries = {path.name for path in ROOT.iterdir() if path.name != "__pycache__"}
    assert entries == {
        "__init__.py", "settings.py", "errors.py", "service.py", "cache", "messages", "connectors", "rpm", "search",
        "worker", "widgets", "web", "monitoring", "sandbox",
    }  # fmt: skip


#: Modules without a test file of their own, by what tests them.
TESTED_ELSEWHERE: Mapping[str, frozenset[str]] = {
    "connectors/test_http.py and the tests of each connector": frozenset({"connectors.base"}),
    "worker/test_warm.py": frozenset({"monitoring.warmth"}),
    "connectors/test_mdapi.py and connectors/test_mdapi_files.py": frozenset(
        {"connectors.mdapi_relations", "connectors.repository_values"}
    ),
    "connectors/test_bugzilla.py and connectors/test_sweep.py": frozenset(
        {"connectors.bugzilla_bugs", "connectors.koji_history"}
    ),
    "connectors/test_bodhi.py and connectors/test_bodhi_sweep.py": frozenset({"connectors.bodhi_updates"}
    ),
    "connectors/test_distgit.py": frozenset({"connectors.distgit_types", "connectors.distgit_pagure"}),
    "messages/test_event.py and messages/contents/test_table.py, over every row of the table": frozenset(
        f"messages.contents.{name}"
        for name in ("anitya", "base", "bodhi", "bugzilla", "distgit", "faf", "koji", "mdapi")
    ),
    "tests of the whole service, which make it": frozenset({"connectors.active_releases", "service", "worker.daemon"}),
    "functional/, whose sandbox runs them": frozenset(
        f"sandbox.{name}"
        for name in (
            "actions.messages", "actions.publisher", "devserver", "expected", "process", "server", "upstreams.base",
            "upstreams.bodhi_rows", "upstreams.koji_rows", "world.external", "world.history", "world.releases",
        )
    ),
    "search/test_reader.py, test_find.py and worker/test_index_repair.py": frozenset(
        f"search.{name}" for name in ("corruption", "document", "lookup", "reasons")
    ),
    "search/indexing/test_command.py, test_builder.py and test_collect.py": frozenset(
        f"search.indexing.{name}" for name in ("cli", "package_list")
    ),
    "web/api/test_packages.py, test_openapi.py and functional/test_api.py, over every endpoint": frozenset(
        f"web.api.{name}"
        for name in ("changes", "docs", "endpoint", "endpoints", "lists", "schemas", "status", "values")
    ),
    "web/legacy/test_views.py and test_clients.py, over every operation": frozenset(
        f"web.legacy.{name}"
        for name in (
            "bodhi", "bugzilla", "context", "dates", "envelope", "faf", "koji", "operations", "xapian",
        )
    ),
    "web/views/test_errors.py, test_search.py, test_status.py and test_pages.py": frozenset(
        f"web.{name}" for name in ("problems", "routes", "search", "views.metrics", "views.unbuilt")
    ),
    "widgets/test_every_tab.py, test_panels.py, test_lists.py, test_files.py and test_overview.py": frozenset(
        f"widgets.{name}"
        for name in (
            "activity", "base", "bugs", "builds", "changelog", "contents", "context", "controls", "dependencies", "filters",
            "latest", "overview", "panel", "parameters", "problems", "relations", "releases", "reported", "required_by",
            "retirement", "sources", "spec", "tree", "updates", "upstream",
        )
    ),
}  # fmt: skip


def _has_tests(name: str) -> bool:
    folder, _, file = name.rpartition(".")
    return file == "__init__" or (ROOT.parent / "tests" / Path(*folder.split(".")) / f"test_{file}.py").is_file()


def test_each_module_has_its_tests():
    elsewhere = frozenset().union(*TESTED_ELSEWHERE.values())
    assert [name for name in FILES if not _has_tests(name) and name not in elsewhere] == []


def test_what_is_tested_elsewhere_exists():
    elsewhere = frozenset().union(*TESTED_ELSEWHERE.values())
    assert elsewhere - FILES.keys() == set()
