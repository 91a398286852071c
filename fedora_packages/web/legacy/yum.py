"""The old yum connector, on mdapi since 2014: the files of a package as a tree, and its relations.

The five queries of relations were removed in 2014, and are back here.
"""

from collections.abc import Mapping
from typing import Any

from fedora_packages.search.packages import Package
from fedora_packages.web.legacy.context import LegacyContext, NotAvailable
from fedora_packages.web.legacy.decode import LegacyRequest
from fedora_packages.web.legacy.envelope import page

#: The operators of rpm's flags in yum.
OPERATORS = {"EQ": "=", "LT": "<", "GT": ">", "LE": "<=", "GE": ">="}

#: Levels of the tree; the last one has the whole paths of deeper directories.
MAX_DEPTH = 40


def get_file_tree(query: LegacyRequest, context: LegacyContext) -> list[dict[str, Any]]:
    """Return the files of a package in a release as nodes of jsTree."""
    package, branch, value = _value("mdapi.files", query, context)
    if not value["found"]:
        raise NotAvailable(f"{package.name} is not in the repositories of {branch}.")
    return _tree(value["directories"])


def query_relations(kind: str, query: LegacyRequest, context: LegacyContext) -> dict[str, Any]:
    """Return the relations of a kind: ``requires`` (with the packages of these names), ``provides``, ``obsoletes`` or
    ``conflicts``."""
    _, _, value = _value("mdapi.relations", query, context)
    relations = value[kind] if value["found"] else []
    packages = context.index.sources({relation["name"] for relation in relations}) if kind == "requires" else {}
    rows = [_relation(relation, [relation["name"]] if relation["name"] in packages else []) for relation in relations]
    return page(rows, query)


def query_required_by(query: LegacyRequest, context: LegacyContext) -> dict[str, Any]:
    """Return the requirements of other packages on a package, one row for each."""
    _, _, value = _value("mdapi.required_by", query, context)
    return page(requirements(value["packages"] if value["found"] else []), query)


def requirements(packages: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of packages that require another, one for each of their ``relations``."""
    return [
        # mdapi does not always return the binary package.
        {"name": package["name"] or package["source"], "requires": _relation(relation, None)}
        for package in packages
        for relation in package["relations"]
    ]


def _value(of: str, query: LegacyRequest, context: LegacyContext) -> tuple[Package, str, Mapping[str, Any]]:
    """Return the requested package, the branch of ``repo``, and the value of a query about both.

    Raises `NotAvailable` if that release does not have the package.
    """
    package = context.package(query.required("package"))
    name = query.text("repo", "release") or "rawhide"
    branch = context.branch(package, name)
    if branch is None:
        has = ", ".join(package.document.releases) or "no active release"
        raise NotAvailable(f"{package.name} is not in {name[:80]!r}; it is in {has}.")
    (value,) = context.values((of, package.binary or package.name, branch))
    return package, branch, value


def _relation(relation: Mapping[str, Any], providers: list[str] | None) -> dict[str, Any]:
    flags, version = relation["flags"], relation["version"] or ""
    if version:
        # yum always included the epoch.
        version = f"{relation['epoch'] or 0}-{version}" + (f"-{relation['release']}" if relation["release"] else "")
    return {
        "name": relation["name"],
        "flags": flags,
        "ops": OPERATORS.get(flags or ""),
        "version": version,
        "provided_by": providers,
    }


def _tree(directories: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the nodes below the root."""
    root: dict[str, Any] = {"children": []}
    known = {(): root}
    for directory in directories:
        parent = _directory(known, _parts(directory["path"]))
        for name, kind in directory["files"]:
            if kind == "directory":
                _directory(known, _parts(f"{directory['path']}/{name}"))
            else:
                parent["children"].append(_file(directory["path"], name, kind))
    # Clients expect /usr first, which has nearly everything.
    return sorted(root["children"], key=lambda node: node["data"]["title"] != "usr")


def _parts(path: str) -> tuple[str, ...]:
    parts = [part for part in path.split("/") if part]
    deeper = "/".join(parts[MAX_DEPTH:])
    return (*parts[:MAX_DEPTH], *((deeper,) if deeper else ()))


def _directory(known: dict[tuple[str, ...], dict[str, Any]], parts: tuple[str, ...]) -> dict[str, Any]:
    """Return the node of a directory, with its parents."""
    if parts not in known:
        node = {"data": {"title": parts[-1], "icon": "jstree-directory"}, "state": "open", "children": []}
        _directory(known, parts[:-1])["children"].append(node)
        known[parts] = node
    return known[parts]


def _file(path: str, name: str, kind: str) -> dict[str, Any]:
    return {
        "name": name,
        "path": path,
        # Repositories have no sizes, modes and owners.
        "display_size": None,
        "type": kind[0].upper(),
        "modestring": "",
        "linked_to": None,
        "user": None,
        "group": None,
        "data": {"title": name, "icon": "jstree-file"},
        "state": "open",
    }
