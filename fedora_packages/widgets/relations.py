"""What panels about relations between packages share: a relation as a row, and where its name leads.

The one thing to know: which package provides a capability is told by the search index, for all releases together.  What that does
not know leads to a search.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.widgets.context import PanelContext

#: rpm's flags as people write them.
OPERATORS = {"EQ": "=", "LT": "<", "GT": ">", "LE": "≤", "GE": "≥"}

#: What rpm makes of a package's own name: ``glibc(x86-64)``, ``config(glibc)``.
_OF_ITSELF = re.compile(
    r"(?P<name>[^()]+)\((?:x86-(?:64|32)|aarch-64|ppc-64|s390-64|riscv-64)\)|config\((?P<config>[^()]+)\)"
)

#: Characters of a capability that are searched for.
SEARCHED = 100


def row(relation: Mapping[str, Any], providers: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return a relation as templates show it: its ``name``, ``operator`` and ``version``, and where the name leads.

    ``package`` is the package that provides it, or None, and ``others`` is how many more do.  ``search`` is what to search for
    to find them, or None where nothing has to be found or could be: for requirements on rpm itself, and for conditions such as
    ``(a and b)``.
    """
    found = providers.get(relation["name"], ())
    return {
        "name": relation["name"],
        "operator": OPERATORS.get(relation["flags"] or "", ""),
        "version": _version(relation) if relation["flags"] else "",
        "package": next(iter(found), None),
        "others": max(len(found) - 1, 0),
        "search": searched(relation["name"]) if len(found) != 1 else None,
    }


def providers_of(page: PanelContext, relations: Iterable[Mapping[str, Any]]) -> dict[str, Sequence[str]]:
    """Return the packages that provide what relations name, by that name, the most important first."""
    names = {relation["name"] for relation in relations}
    index = page.index
    # A name may be a source's that has no binary of the name, and rpm makes capabilities of a package's own configuration.
    owners = {name: owner for name in names if (owner := owner_of(name))}
    known = index.sources(owners.values())
    return {**{name: (owner,) for name, owner in owners.items() if owner in known}, **index.providers(names)}


def owner_of(capability: str) -> str | None:
    """Return the only package that can have this capability's name, or None where the name does not tell."""
    found = _OF_ITSELF.fullmatch(capability)
    name = (found["name"] or found["config"]) if found else capability
    return name if is_package_name(name) else None


def searched(capability: str) -> str | None:
    """Return what to search for to find who provides a capability, or None."""
    return None if capability.startswith(("(", "rpmlib(")) else capability[:SEARCHED].strip() or None


def _version(relation: Mapping[str, Any]) -> str:
    version = relation["version"] or ""
    if relation["release"]:
        version += f"-{relation['release']}"
    if relation["epoch"] not in (None, "", "0"):
        version = f"{relation['epoch']}:{version}"
    return version
