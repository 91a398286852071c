"""What panels about relations between packages share: a relation as a row, and where its name leads.

The one thing to know: which package provides a capability is told by mdapi alone, a capability a request.  So a capability leads
to its package only where rpm makes its name out of the package's; else it leads to a search, which may find it.
"""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from fedora_packages.nvr import is_package_name
from fedora_packages.widgets.base import Page

#: rpm's flags as people write them.
OPERATORS = {"EQ": "=", "LT": "<", "GT": ">", "LE": "≤", "GE": "≥"}

#: What rpm makes of a package's own name: ``glibc(x86-64)``, ``config(glibc)``.
_OF_ITSELF = re.compile(
    r"(?P<name>[^()]+)\((?:x86-(?:64|32)|aarch-64|ppc-64|s390-64|riscv-64)\)|config\((?P<config>[^()]+)\)"
)

#: What is in the names of libraries, modules and commands that a search can use.
_TELLING = (
    re.compile(r"(?P<word>[^()/]+?)\.so(?:[.()].*)?"),
    re.compile(r"[A-Za-z0-9_.-]+\((?P<word>[^()]+)\).*"),
    re.compile(r"/.*/(?P<word>[^/]+)"),
    re.compile(r"(?P<word>[^()/]+)"),
)

#: Characters of a capability that are searched for.
SEARCHED = 100


def row(relation: Mapping[str, Any], known: Container[str]) -> dict[str, Any]:
    """Return a relation as templates show it: its ``name``, ``operator`` and ``version``, and where the name leads.

    ``package`` is the package of that name, or None; ``search`` what to search for instead, or None where that would find
    nothing: of requirements on rpm itself, and of conditions such as ``(a and b)``.
    """
    package = owner(relation["name"])
    package = package if package in known else None
    return {
        "name": relation["name"],
        "operator": OPERATORS.get(relation["flags"] or "", ""),
        "version": _version(relation) if relation["flags"] else "",
        "package": package,
        "search": None if package else searched(relation["name"]),
    }


def known_of(page: Page, relations: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the packages among what relations name that have a page of their own."""
    names = {name for relation in relations if (name := owner(relation["name"]))}
    return frozenset(page.service.index.sources(names))


def owner(capability: str) -> str | None:
    """Return the only package that can have this capability's name, or None where the name does not tell."""
    found = _OF_ITSELF.fullmatch(capability)
    name = (found["name"] or found["config"]) if found else capability
    return name if is_package_name(name) else None


def searched(capability: str) -> str | None:
    """Return what to search for to find who provides a capability, or None."""
    if capability.startswith(("(", "rpmlib(")):
        return None
    words = (found["word"] for form in _TELLING if (found := form.fullmatch(capability)))
    return (owner(capability) or next(words, capability))[:SEARCHED].strip() or None


def _version(relation: Mapping[str, Any]) -> str:
    version = relation["version"] or ""
    if relation["release"]:
        version += f"-{relation['release']}"
    if relation["epoch"] not in (None, "", "0"):
        version = f"{relation['epoch']}:{version}"
    return version
