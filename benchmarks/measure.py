"""Measure the structure of a source tree: folders, imports, settings, patches in tests, lines.

    python -m benchmarks.measure [DIRECTORY] [--since COMMIT] [--all]

prints one measure a line.  DIRECTORY is a checkout of this project, of any age; by default the one of this file.  The script
needs only the standard library, and reads the source without importing it.  Measures of the service leave ``sandbox/`` out.
"""

import argparse
import ast
import io
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import combinations
from pathlib import Path

PACKAGE = "fedora_packages"

#: The entries of the package from the bottom up; each may import the rows above its own, and itself.
ORDER = (
    "errors",
    "settings rpm cache",
    "messages",
    "connectors",
    "search",
    "monitoring widgets",
    "service",
    "web worker",
    "__init__",
)

#: The order of the files inside a folder, lowest first.  Files of one group may import each other.
FOLDERS = {
    "messages": "text body < contents/* < contents/table < event < timeline",
    "connectors": "types circuit page_links query shape sweep < bulk < http < base xmlrpc < active_releases < * < __init__",
    "search": "* < indexing/*",
    "widgets": "parameters < controls < context < base < panel < *",
    "cache": "keys < redis < values < fill_types < dogpile < cache queue changefeed",
    "worker": "buffer sequence held invalidation shared_work < batch index_updater < handler"
    " < replay refill audit bulk_audit scheduled_query sweep probe index_repair < warm bulk_fill"
    " < gaps < reporter < worker < hub preflight < daemon",
    "monitoring": "metrics heartbeat differences probe warmth < checks < health < alerts",
    "web": "routes formats links linkify highlight rate_limit loader < request headers identifiers live_lookups hits"
    " < resolve search legacy/* < problems < api/* < views/*",
    "sandbox": "world/* < archive bus < upstreams/* < expected < actions/* < faults state < control < server"
    " < process cli devserver",
}

#: The longest subject that a commit should have.
MAX_SUBJECT = 70


#: The parts of a syntax tree that can have a docstring.
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted name below the package (``cache.keys``, ``cache.__init__``), path and syntax tree."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def entry(self) -> str:
        """The entry of the package that the module is in."""
        return self.name.partition(".")[0]


class Tree:
    """A checkout of the project."""

    def __init__(self, root: Path):
        self.root = root
        self.package = root / PACKAGE

    @cached_property
    def modules(self) -> dict[str, Module]:
        """All modules of the package by name, sandbox included."""
        found = (_module(path, self.package) for path in sorted(self.package.rglob("*.py")))
        return {module.name: module for module in found}

    @cached_property
    def service(self) -> list[Module]:
        """The modules of the service: all but the sandbox."""
        return [module for module in self.modules.values() if module.entry != "sandbox"]

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """The modules that each module imports, wherever in it and for whatever purpose."""
        return {name: set(self._imported(module)) - {name} for name, module in self.modules.items()}

    def _imported(self, module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                yield from filter(None, (self._resolved(alias.name) for alias in node.names))
            elif isinstance(node, ast.ImportFrom):
                base = _base_of(module, node)
                for alias in node.names:
                    target = self._resolved(f"{base}.{alias.name}") or self._resolved(base)
                    if target:
                        yield target

    def _resolved(self, dotted: str) -> str | None:
        """Return the name of the module with a dotted name, None if it is not a module of the package."""
        if dotted != PACKAGE and not dotted.startswith(f"{PACKAGE}."):
            return None
        name = dotted[len(PACKAGE) + 1 :]
        init = f"{name}.__init__" if name else "__init__"
        return next((known for known in (name, init) if known in self.modules), None)

    # The measures.

    def entries(self) -> int:
        """Return the number of files and folders directly in the package."""
        tracked = {path.relative_to(self.package).parts[0] for path in self._tracked()}
        return len(tracked)

    def _tracked(self) -> Iterator[Path]:
        return (path for path in self.package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)

    def circles(self) -> list[list[str]]:
        """Return the groups of modules that import each other, directly or through others; each once."""
        return [sorted(group) for group in _strong_components(self.imports) if len(group) > 1]

    def against_order(self) -> tuple[list[str], list[str]]:
        """Return the imports against `ORDER` or `FOLDERS`, and the names that are in neither."""
        rank = {entry: number for number, row in enumerate(ORDER) for entry in row.split()}
        wrong, unknown = [], set()
        for module in self.modules.values():
            for target in sorted(self.imports[module.name]):
                entry = target.partition(".")[0]
                if module.entry == entry:
                    order = _ranks(entry, module.name, target)
                    unknown |= {
                        name for name, number in zip((module.name, target), order, strict=True) if number is None
                    }
                    is_wrong = None not in order and order[0] < order[1]
                elif "sandbox" in (module.entry, entry):
                    is_wrong = True
                else:
                    unknown |= {name for name in (module.entry, entry) if name not in rank}
                    is_wrong = module.entry in rank and entry in rank and rank[module.entry] <= rank[entry]
                if is_wrong:
                    wrong.append(f"{module.name} -> {target}")
        return wrong, sorted(unknown)

    def pairs(self) -> int:
        """Return the number of pairs of entries of which one imports the other."""
        linked = {
            frozenset((module.entry, target.partition(".")[0]))
            for module in self.service
            for target in self.imports[module.name]
        }
        entries = sorted({module.entry for module in self.service})
        return sum(frozenset(pair) in linked for pair in combinations(entries, 2))

    def key_modules(self) -> list[str]:
        """Return the modules with a string that starts with ``fp:``, with a prefix, or with another key."""
        return [module.name for module in self.service if any(_is_key(node) for node in _literals(module.tree))]

    def importers(self, library: str) -> list[str]:
        """Return the modules that import a library."""
        return [module.name for module in self.service if library in _libraries(module.tree)]

    def settings(self) -> int | None:
        """Return the number of ini keys, those of each upstream counted; None if settings.py has another form."""
        if "settings" not in self.modules:
            return None
        fields = {
            node.name: [part.target.id for part in node.body if isinstance(part, ast.AnnAssign)]
            for node in self.modules["settings"].tree.body
            if isinstance(node, ast.ClassDef) and node.name.endswith("Settings") and node.name != "Settings"
        }
        upstreams = [
            found for module in self.service if module.entry == "connectors" for found in _upstreams(module.tree)
        ]
        if "ConnectorSettings" not in fields or not upstreams:
            return None
        of_upstreams = fields.pop("ConnectorSettings")
        # Not every upstream has pages for people, or lists its changes.
        declared = {name: sum(name in upstream for upstream in upstreams) for name in ("site", "sweep")}
        each = sum(declared.get(name, len(upstreams)) for name in of_upstreams)
        return each + sum(map(len, fields.values()))

    def patches(self) -> tuple[int, int]:
        """Return the number of calls of ``monkeypatch.setattr`` in tests, and of those on names of the project."""
        calls = own = 0
        for path in sorted((self.root / "tests").rglob("*.py")):
            source = path.read_text("utf-8")
            if "setattr" not in source:
                continue
            tree = ast.parse(source)
            names = _imported_names(tree)
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "monkeypatch.setattr":
                    calls += 1
                    own += not _is_foreign(node.args[0], *names)
        return calls, own

    def code_lines(self) -> int:
        """Return the number of lines of the service with a token that is neither comment nor docstring."""
        return sum(code_lines(module.path.read_text("utf-8")) for module in self.service)

    def readme_lines(self) -> int:
        """Return the number of lines of README.rst."""
        return len((self.root / "README.rst").read_text("utf-8").splitlines())

    def subjects(self, since: str | None = None) -> list[str] | None:
        """Return the subjects of all commits, or of those after one; None without a repository."""
        revisions = f"{since}..HEAD" if since else "HEAD"
        git = ["git", "-C", str(self.root), "log", "--format=%s", revisions]
        ran = subprocess.run(git, capture_output=True, text=True, check=False)
        return ran.stdout.splitlines() if ran.returncode == 0 else None


def code_lines(source: str) -> int:
    """Return the number of lines of a source with a token that is neither comment nor docstring."""
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            docstrings |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    passed = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in passed and not (token.type == tokenize.STRING and token.start[0] in docstrings):
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines)


def _module(path: Path, package: Path) -> Module:
    name = ".".join(path.relative_to(package).with_suffix("").parts)
    return Module(name, path, ast.parse(path.read_text("utf-8")))


def _base_of(module: Module, node: ast.ImportFrom) -> str:
    """Return the dotted name of what a module imports from."""
    if not node.level:
        return node.module or ""
    parts = [PACKAGE, *module.name.split(".")]
    return ".".join([*parts[: len(parts) - node.level], *([node.module] if node.module else [])])


def _ranks(folder: str, *names: str) -> list[int | None]:
    """Return the positions of modules in the order of their folder; None for one that it does not name."""
    groups = [group.split() for group in FOLDERS.get(folder, "").split(" < ")]
    return [_rank(groups, name.partition(".")[2].replace(".", "/") or "__init__") for name in names]


def _rank(groups: list[list[str]], name: str) -> int | None:
    """Return the group of a name: that of its exact mention, else that of the longest pattern that matches."""
    patterns = [(pattern, number) for number, group in enumerate(groups) for pattern in group]
    exact = [number for pattern, number in patterns if pattern == name]
    matching = [(len(pattern), number) for pattern, number in patterns if _matches(pattern, name)]
    return exact[0] if exact else max(matching)[1] if matching else None


def _matches(pattern: str, name: str) -> bool:
    # A lone star names the files of the folder itself, "api/*" all below that folder.
    return fnmatchcase(name, pattern) and ("/" not in name or "/" in pattern)


def _strong_components(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Return the strongly connected components of a graph (Tarjan's algorithm, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []
    for start in graph:
        if start in index:
            continue
        work: list[tuple[str, Iterator[str]]] = [(start, iter(sorted(graph[start])))]
        index[start] = low[start] = len(index)
        stack.append(start)
        while work:
            node, targets = work[-1]
            target = next(targets, None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node)
                    found.append(set(stack[cut:]))
                    del stack[cut:]
            elif target not in index:
                index[target] = low[target] = len(index)
                stack.append(target)
                work.append((target, iter(sorted(graph[target]))))
            elif target in stack:
                low[node] = min(low[node], index[target])
    return found


def _literals(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the strings of a module that are not docstrings."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in bare:
            yield node


def _is_key(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value.startswith("fp:")
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return (
        len(parts) > 1
        and isinstance(parts[0], ast.FormattedValue)
        and ast.unparse(parts[0].value).split(".")[-1].upper().endswith(("PREFIX", "KEY"))
        and isinstance(parts[1], ast.Constant)
        and str(parts[1].value).startswith((":", "|"))
    )


def _libraries(tree: ast.Module) -> set[str]:
    """Return the top-level packages that a module imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def _upstreams(tree: ast.Module) -> Iterator[set[str]]:
    """Yield what each connector class declares: the names that it assigns, and ``sweep``.

    A connector is a class with a ``name`` whose base is a Connector.
    """
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Connector") for base in node.bases):
            names = {target.id for part in node.body for target in _targets(part) if isinstance(target, ast.Name)}
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            if any(ast.unparse(each).startswith("sweep(") for method in methods for each in method.decorator_list):
                names.add("sweep")
            if "name" in names:
                yield names


def _targets(part: ast.stmt) -> list[ast.expr]:
    """Return what a statement assigns a value to."""
    if isinstance(part, ast.Assign):
        return part.targets
    return [part.target] if isinstance(part, ast.AnnAssign) and part.value is not None else []


def _imported_names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return the names that a test imports from this project, and from others or the standard library."""
    own: set[str] = set()
    foreign: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                (own if _is_own(alias.name) else foreign).add((alias.asname or alias.name).partition(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = own if node.level or _is_own(node.module) else foreign
            names |= {alias.asname or alias.name for alias in node.names}
    return own, foreign


def _is_own(dotted: str) -> bool:
    return dotted.partition(".")[0] in (PACKAGE, "tests", "benchmarks")


def _is_foreign(target: ast.expr, own: set[str], foreign: set[str]) -> bool:
    """Whether the target of a patch belongs to another project: ``os``, ``command.sys``, ``client.connection_pool``."""
    if isinstance(target, ast.Constant):
        return not _is_own(str(target.value))
    root, *parts = ast.unparse(target).split(".")
    is_module = root in own and any(part in sys.stdlib_module_names for part in parts)
    return root in foreign or is_module or "connection_pool" in parts or root == "connection"


def measures(tree: Tree, since: str | None = None, most: int | None = 6) -> list[tuple[str, str]]:
    """Return the measures of a tree as (name, value), with ``most`` names where a value counts names."""
    wrong, unknown = tree.against_order()
    circles, (calls, own) = tree.circles(), tree.patches()
    rows = [
        (f"entries of {PACKAGE}/", str(tree.entries())),
        ("circles of files", _listed((" <-> ".join(circle) for circle in circles), most)),
        (
            "imports against the order",
            _listed(wrong, most) + (f"; {len(unknown)} names not in the order" if unknown else ""),
        ),
        ("pairs of entries of which one imports the other", str(tree.pairs())),
        ("modules that build or parse a Redis key", _listed(tree.key_modules(), most)),
        ("modules that import redis", _listed(tree.importers("redis"), most)),
        ("modules that import requests", _listed(tree.importers("requests"), most)),
        ("settings", str(tree.settings() or "unknown")),
        ("monkeypatch.setattr in tests", f"{calls}, of those on our own names {own}"),
        ("code lines", str(tree.code_lines())),
        ("lines of README.rst", str(tree.readme_lines())),
    ]
    subjects = tree.subjects(since)
    if subjects is not None:
        long = sum(len(subject) > MAX_SUBJECT for subject in subjects)
        several = sum(";" in subject for subject in subjects)
        rows.append(
            (f"commit subjects longer than {MAX_SUBJECT}", f"{long} of {len(subjects)}; with a semicolon {several}")
        )
    return rows


def _listed(names: Iterable[str], most: int | None) -> str:
    """Return the number of names and the first of them; without ``most`` all of them."""
    rows = list(names)
    shown = ", ".join(rows[:most]) + (" …" if most is not None and len(rows) > most else "")
    return f"{len(rows)} ({shown})" if rows else "0"


def main(arguments: list[str] | None = None, write: Callable[[str], object] = print) -> None:
    """Print the measures of a tree."""
    parser = argparse.ArgumentParser(prog="benchmarks.measure", description=__doc__.splitlines()[0])
    parser.add_argument(
        "directory", nargs="?", type=Path, default=Path(__file__).parents[1], help="a checkout of the project"
    )
    parser.add_argument("--since", metavar="COMMIT", help="count only the subjects of later commits")
    parser.add_argument("--all", action="store_true", help="list all names behind a count")
    given = parser.parse_args(arguments)
    if not (given.directory / PACKAGE).is_dir():
        parser.error(f"{given.directory} has no folder {PACKAGE}")
    for name, value in measures(Tree(given.directory), given.since, None if given.all else 6):
        write(f"{name + ':':52}{value}")


if __name__ == "__main__":
    main()
