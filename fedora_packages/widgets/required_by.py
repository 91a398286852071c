"""The second panel of the Dependencies tab: the packages that require a binary package in a release."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Pagination
from fedora_packages.widgets.parameters import MAX_PAGE, integer
from fedora_packages.widgets.relations import row

ROWS_PER_PAGE = 100

#: The complete repository; mdapi skips it if another repository of the release has hits.
COMPLETE = "release"


class RequiredByWidget(Widget):
    """The requirers by source package, each with its requirements."""

    name, title, order, tab = "required_by", "Required by", 165, "dependencies"
    choices = ("release", "package")
    # The parameter ``page`` belongs to the other panel.
    parameters = {"requirers": integer(1, MAX_PAGE)}
    queries = {"requirers": "mdapi.required_by"}

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of packages ([{"name", "page", "source", "rows"}]); ``pagination`` is None for an unknown package."""
        requirers = values["requirers"]
        pagination = _paginate(context, requirers.get("packages", ())) if requirers["found"] else None
        rows = pagination.rows if pagination else ()
        sources = frozenset(
            context.index.sources({name for one in rows for name in (one["name"], one["source"]) if name})
        )
        repositories = [name for name in requirers.get("repositories", ()) if name != COMPLETE]
        return {
            "pagination": pagination,
            "packages": [_package(one, sources) for one in rows],
            "asked": requirers.get("asked", ()),
            "unasked": requirers.get("unasked", 0),
            "is_cut": requirers.get("is_cut", False),
            "only_in": ", ".join(repositories),
            "binary": context.binary,
            "release": context.release,
        }


def _paginate(context: PanelContext, packages: Any) -> Pagination:
    number, pages = context.values.get("requirers", 1), max(1, -(-len(packages) // ROWS_PER_PAGE))
    rows = packages[(number - 1) * ROWS_PER_PAGE : number * ROWS_PER_PAGE]
    return Pagination(rows, number, pages, len(packages), lambda **to: context.url(requirers=to["page"]))


def _package(requirer: Mapping[str, Any], sources: frozenset[str]) -> dict[str, Any]:
    name = requirer["name"] or requirer["source"]
    return {
        "name": name,
        "page": name if name in sources else None,
        "source": requirer["source"],
        "is_unknown_binary": requirer["name"] is None,
        # These are names of the shown package itself.
        "rows": [{**row(relation, {}), "search": None} for relation in requirer["relations"]],
    }
