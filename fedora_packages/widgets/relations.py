"""Relations between packages as rows with links.

The search index knows which package provides a capability, for all releases together.  Other names link to a search.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fedora_packages.rpm.nvr import evr, is_package_name
from fedora_packages.widgets.context import PanelContext

#: The operators of rpm's flags.
OPERATORS = {"EQ": "=", "LT": "<", "GT": ">", "LE": "≤", "GE": "≥"}

#: Capabilities that rpm makes of a package's own name: ``glibc(x86-64)``, ``config(glibc)``.
_OF_ITSELF = re.compile(
    r"(?P<name>[^()]+)\((?:x86-(?:64|32)|aarch-64|ppc-64|s390-64|riscv-64)\)|config\((?P<config>[^()]+)\)"
)

#: Characters of a capability in the link to its search.
MAX_SEARCH = 100


def row(relation: Mapping[str, Any], providers: Mapping[str, Sequence[str]] | None) -> dict[str, Any]:
    """Return a relation for templates: ``name``, ``operator``, ``version``, and the links of the name.

    ``package`` is the first package that provides it, or None, ``others`` the number of further ones.  ``search`` is the text
    that finds them; None for one provider, requirements on rpm itself, and conditions such as ``(a and b)``.
    Without ``providers`` there are no links: the shown package itself provides it.
    """
    names = providers.get(relation["name"], ()) if providers else ()
    return {
        "name": relation["name"],
        "operator": OPERATORS.get(relation["flags"] or "", ""),
        "version": evr({**relation, "version": relation["version"] or ""}) if relation["flags"] else "",
        "package": next(iter(names), None),
        "others": max(len(names) - 1, 0),
        "search": search_text(relation["name"]) if providers is not None and len(names) != 1 else None,
    }


def providers_of(context: PanelContext, relations: Iterable[Mapping[str, Any]]) -> dict[str, Sequence[str]]:
    """Return the packages that provide the capabilities of relations, by capability, the most important first."""
    names = {relation["name"] for relation in relations}
    index = context.index
    # A capability may be the name of a source package without a binary package of that name, or rpm's own for a configuration.
    owners = {name: owner for name in names if (owner := owner_of(name))}
    sources = index.sources(owners.values())
    return {**{name: (owner,) for name, owner in owners.items() if owner in sources}, **index.providers(names)}


def owner_of(capability: str) -> str | None:
    """Return the only package that can provide a capability, judging by its name, or None."""
    match = _OF_ITSELF.fullmatch(capability)
    name = (match["name"] or match["config"]) if match else capability
    return name if is_package_name(name) else None


def search_text(capability: str) -> str | None:
    """Return the text that finds the providers of a capability, or None."""
    return None if capability.startswith(("(", "rpmlib(")) else capability[:MAX_SEARCH].strip() or None
