"""The Dependencies tab: what a binary package requires, provides and so on, in a release."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.connectors.mdapi import RELATIONS
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Switch
from fedora_packages.widgets.parameters import Parser, binary_of, one_of, page_number, release_of
from fedora_packages.widgets.relations import providers_of, row

#: Relations of one kind on a page: while all kinds are shown, and when one is.
ROWS_OF_EACH = 100
ROWS = 500


class DependenciesWidget(Widget):
    """A list for each kind of relation."""

    name, title, order, tab = "dependencies", "Dependencies", 160, "dependencies"
    queries = {"relations": "mdapi.relations"}

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a release, a binary of the same source, one kind of relation and a page."""
        return {
            "release": release_of(package),
            "package": binary_of(package),
            "kind": one_of(*RELATIONS),
            "page": page_number,
        }

    def switches(self, page: PanelContext) -> list[Switch]:
        """Return the choices of a release, a binary and a kind."""
        return [
            page.release_switch(),
            page.binary_switch(),
            page.switch("kind", "Kind", [(kind, kind) for kind in RELATIONS], every="all"),
        ]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the kinds with their rows: [{"kind", "total", "rows", "address"}]; one of them, page by page, if asked for."""
        relations, only = values["relations"], page.values.get("kind")
        lists = [(kind, relations[kind]) for kind in RELATIONS if relations["found"] and only in (None, kind)]
        found = page.slice(lists[0][1], ROWS) if only and lists else None
        shown = [(kind, rows, found.rows if found else rows[:ROWS_OF_EACH]) for kind, rows in lists]
        providers = providers_of(page, [relation for _, _, rows in shown for relation in rows])
        return {
            "is_found": relations["found"],
            "slice": found,
            "lists": [
                {
                    "kind": kind,
                    "total": len(rows),
                    "rows": [_shown(kind, row(relation, providers)) for relation in part],
                    "address": page.address(kind=kind) if len(part) < len(rows) and not found else None,
                }
                for kind, rows, part in shown
                if rows or only
            ],
            "binary": page.binary,
            "is_other": page.binary != page.package.name and page.package.name not in page.package.siblings,
            "release": page.release,
        }


def _shown(kind: str, relation: dict[str, Any]) -> dict[str, Any]:
    # Who provides it is the package that is shown: there is nothing to search for.
    return {**relation, "search": None, "package": None, "others": 0} if kind == "provides" else relation
