"""The old yum connector, which has asked mdapi since 2014: files as a tree, and what packages require and provide.

The five queries of relations were taken away in 2014, and are here again.
"""

from collections.abc import Mapping
from typing import Any

from fedora_packages.search.packages import Package
from fedora_packages.web.legacy.context import Look, NotKnown
from fedora_packages.web.legacy.decode import Asked
from fedora_packages.web.legacy.rows import Rows, needed

#: rpm's flags as yum wrote them.
OPERATORS = {"EQ": "=", "LT": "<", "GT": ">", "LE": "<=", "GE": ">="}

#: How deep a tree goes; what is in deeper directories is shown in the last, by its whole path.
DEEPEST = 40


def get_file_tree(asked: Asked, look: Look) -> list[dict[str, Any]]:
    """Return the files of a package in a release as jsTree's nodes: the names in ``/``."""
    package = needed(asked, look, "package")
    if package is None:
        raise NotKnown(f"There is no package called {asked.text('package')[:80]!r}.")
    branch = _branch(asked, package, look)
    (value,) = look.values(("mdapi.files", package.binary or package.name, branch))
    if not value["found"]:
        raise NotKnown(f"{package.name} is not in the repositories of {branch}.")
    return _tree(value["directories"])


def query_requires(asked: Asked, look: Look) -> Rows:
    """Return what a package requires, and which packages are called so."""
    return _relations(asked, look, "requires")


def query_provides(asked: Asked, look: Look) -> Rows:
    """Return what a package provides."""
    return _relations(asked, look, "provides")


def query_obsoletes(asked: Asked, look: Look) -> Rows:
    """Return what a package obsoletes."""
    return _relations(asked, look, "obsoletes")


def query_conflicts(asked: Asked, look: Look) -> Rows:
    """Return what a package conflicts with."""
    return _relations(asked, look, "conflicts")


def query_required_by(asked: Asked, look: Look) -> Rows:
    """Return which packages require a package, and what of it: a row for each requirement."""
    package, branch = _asked_for(asked, look)
    if package is None:
        return Rows([])
    (value,) = look.values(("mdapi.required_by", package.binary or package.name, branch))
    return Rows(requirements(value["packages"] if value["found"] else []))


def requirements(packages: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of packages that require another, each with ``relations`` that say what."""
    return [
        # mdapi does not always tell which binary it is.
        {"name": package["name"] or package["source"], "requires": _relation(relation, None)}
        for package in packages
        for relation in package["relations"]
    ]


def _relations(asked: Asked, look: Look, kind: str) -> Rows:
    package, branch = _asked_for(asked, look)
    if package is None:
        return Rows([])
    (value,) = look.values(("mdapi.relations", package.binary or package.name, branch))
    relations = value[kind] if value["found"] else []
    packages = look.index.sources({relation["name"] for relation in relations}) if kind == "requires" else {}
    return Rows(
        [_relation(relation, [relation["name"]] if relation["name"] in packages else []) for relation in relations]
    )


def _asked_for(asked: Asked, look: Look) -> tuple[Package | None, str]:
    """Return the package and the branch that a query is about; None and "" if there is no such package."""
    package = needed(asked, look, "package")
    return package, "" if package is None else _branch(asked, package, look)


def _branch(asked: Asked, package: Package, look: Look) -> str:
    """Return the branch that ``repo`` names.  Raises `NotKnown` where the package is not in it."""
    name = asked.text("repo", "release") or "rawhide"
    branch = look.branch(package, name)
    if branch is None:
        has = ", ".join(package.document.releases) or "no active release"
        raise NotKnown(f"{package.name} is not in {name[:80]!r}; it is in {has}.")
    return branch


def _relation(relation: Mapping[str, Any], providers: list[str] | None) -> dict[str, Any]:
    flags, version = relation["flags"], relation["version"] or ""
    if version:
        # yum always named the epoch.
        version = f"{relation['epoch'] or 0}-{version}" + (f"-{relation['release']}" if relation["release"] else "")
    return {
        "name": relation["name"],
        "flags": flags,
        "ops": OPERATORS.get(flags or ""),
        "version": version,
        "provided_by": providers,
    }


def _tree(directories: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the nodes of the root, with all that is in them."""
    root: dict[str, Any] = {"children": []}
    known = {(): root}
    for directory in directories:
        parent = _directory(known, _parts(directory["path"]))
        for name, kind in directory["files"]:
            if kind == "directory":
                _directory(known, _parts(f"{directory['path']}/{name}"))
            else:
                parent["children"].append(_file(directory["path"], name, kind))
    # Nearly everything is in /usr, which clients expect to come first.
    return sorted(root["children"], key=lambda node: node["data"]["title"] != "usr")


def _parts(path: str) -> tuple[str, ...]:
    parts = [part for part in path.split("/") if part]
    deeper = "/".join(parts[DEEPEST:])
    return (*parts[:DEEPEST], *((deeper,) if deeper else ()))


def _directory(known: dict[tuple[str, ...], dict[str, Any]], parts: tuple[str, ...]) -> dict[str, Any]:
    """Return the node of a directory, made with those above it if need be."""
    if parts not in known:
        node = {"data": {"title": parts[-1], "icon": "jstree-directory"}, "state": "open", "children": []}
        _directory(known, parts[:-1])["children"].append(node)
        known[parts] = node
    return known[parts]


def _file(path: str, name: str, kind: str) -> dict[str, Any]:
    return {
        "name": name,
        "path": path,
        # Repositories say neither sizes, nor modes, nor owners.
        "display_size": None,
        "type": kind[0].upper(),
        "modestring": "",
        "linked_to": None,
        "user": None,
        "group": None,
        "data": {"title": name, "icon": "jstree-file"},
        "state": "open",
    }
