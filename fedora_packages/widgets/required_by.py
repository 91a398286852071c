"""The second panel of the Dependencies tab: the packages that require a binary package in a release."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.parameters import MAX_PAGE, integer
from fedora_packages.widgets.relations import row

ROWS_PER_PAGE = 100

#: The complete repository; mdapi skips it if another repository of the release has hits, or has the package.
COMPLETE = "release"


class RequiredByWidget(Widget):
    """The requirers by source package, each with its requirements."""

    name, title, order, tab = "required_by", "Required by", 165, "dependencies"
    choices = ("release", "package")
    # The parameter ``page`` belongs to the other panel.
    parameters = {"requirers": integer(1, MAX_PAGE)}
    queries = {"requirers": "mdapi.required_by"}

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of packages ([{"name", "page", "source", "rows"}])."""
        requirers = values["requirers"]
        repositories = () if requirers.get("is_complete") else requirers.get("repositories", ())
        pagination = context.paginate(requirers.get("packages", ()), ROWS_PER_PAGE, "requirers")
        names = {name for one in pagination.rows for name in (one["name"], one["source"]) if name}
        sources = context.index.sources(names)
        return {
            "requirers": requirers,
            "pagination": pagination,
            "packages": [_package(one, sources) for one in pagination.rows],
            "by_name": " by its name" if requirers.get("is_by_name_only") else "",
            "only_in": ", ".join(name for name in repositories if name != COMPLETE),
        }


def _package(requirer: Mapping[str, Any], sources: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    name = requirer["name"] or requirer["source"]
    return {
        "name": name,
        "page": name if name in sources else None,
        "source": requirer["source"] or next(iter(sources.get(name, ())), None),
        "is_unknown_binary": requirer["name"] is None,
        # These are names of the shown package itself.
        "rows": [row(relation, None) for relation in requirer["relations"]],
    }
