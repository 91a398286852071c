"""The Dependencies tab: the requirements, capabilities and other relations of a binary package in a release."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.connectors.repository_values import RELATIONS
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import EVERY, Filter
from fedora_packages.widgets.parameters import one_of, page_number
from fedora_packages.widgets.relations import providers_of, row

#: Relations of one kind on a page: with all kinds, and alone.
ROWS_PER_KIND = 100
ROWS_PER_PAGE = 500


class DependenciesWidget(Widget):
    """A list for each kind of relation."""

    name, title, order, tab = "dependencies", "Dependencies", 160, "dependencies"
    choices = ("release", "package")
    parameters = {"kind": one_of(*RELATIONS), "page": page_number}
    queries = {"relations": "mdapi.relations"}

    def filters(self, context: PanelContext) -> list[Filter]:
        """Return the filters of the release, the binary package and the kind."""
        labels = {None: EVERY, **{kind: kind for kind in RELATIONS}}
        return [*super().filters(context), context.filter("kind", "Kind", labels, context.values.get("kind"))]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the kinds with their rows ([{"kind", "total", "rows", "url"}]), or a page of the requested kind."""
        relations, only = values["relations"], context.values.get("kind")
        lists = [(kind, relations[kind]) for kind in RELATIONS if relations["found"] and only in (None, kind)]
        pagination = context.paginate(lists[0][1], ROWS_PER_PAGE) if only and lists else None
        shown = [(kind, rows, pagination.rows if pagination else rows[:ROWS_PER_KIND]) for kind, rows in lists]
        providers = providers_of(context, [relation for _, _, rows in shown for relation in rows])
        return {
            "is_found": relations["found"],
            "pagination": pagination,
            "lists": [
                {
                    "kind": kind,
                    "total": len(rows),
                    "rows": [row(relation, None if kind == "provides" else providers) for relation in part],
                    "url": context.url(kind=kind) if len(part) < len(rows) and not pagination else None,
                }
                for kind, rows, part in shown
                if rows or only
            ],
        }
