"""The Dependencies tab's second panel: which packages require a binary package, in a release."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.controls import Slice, Switch
from fedora_packages.widgets.parameters import LAST_PAGE, Parser, binary_of, release_of, whole
from fedora_packages.widgets.relations import row

ROWS = 100

#: The repository that has all that there is, unless there are hits in another.
COMPLETE = "release"


class RequiredByWidget(Widget):
    """The requirers by source package, each with what it requires."""

    name, title, order, tab = "required_by", "Required by", 165, "dependencies"
    queries = {"requirers": "mdapi.required_by"}

    def parameters(self, package: Package) -> dict[str, Parser]:
        """Take a release, a binary of the same source and a page of its own: the tab's is of another list."""
        return {"release": release_of(package), "package": binary_of(package), "requirers": whole(1, LAST_PAGE)}

    def switches(self, page: PanelContext) -> list[Switch]:
        """Return the choices of a release and a binary."""
        return [page.release_switch(), page.binary_switch()]

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of packages: [{"name", "page", "source", "rows"}]; ``slice``: None if there is no such binary."""
        requirers = values["requirers"]
        found = _slice(page, requirers.get("packages", ())) if requirers["found"] else None
        shown = found.rows if found else ()
        known = frozenset(page.index.sources({name for one in shown for name in (one["name"], one["source"]) if name}))
        hidden = [name for name in requirers.get("repositories", ()) if name != COMPLETE]
        return {
            "slice": found,
            "packages": [_package(one, known) for one in shown],
            "asked": requirers.get("asked", ()),
            "unasked": requirers.get("unasked", 0),
            "is_cut": requirers.get("is_cut", False),
            "only_in": ", ".join(hidden),
            "binary": page.binary,
            "release": page.release,
        }


def _slice(page: PanelContext, packages: Any) -> Slice:
    number, pages = page.values.get("requirers", 1), max(1, -(-len(packages) // ROWS))
    rows = packages[(number - 1) * ROWS : number * ROWS]
    return Slice(rows, number, pages, len(packages), lambda **to: page.address(requirers=to["page"]))


def _package(requirer: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    name = requirer["name"] or requirer["source"]
    return {
        "name": name,
        "page": name if name in known else None,
        "source": requirer["source"],
        "is_some_binary": requirer["name"] is None,
        # Their names are this package's own: there is nowhere to go.
        "rows": [{**row(relation, {}), "search": None} for relation in requirer["relations"]],
    }
