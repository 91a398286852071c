"""The table of releases on the overview: the stable and testing builds of each, and its pending updates."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fedora_packages.rpm.nvr import evr, name_of, newer
from fedora_packages.search.packages import Package
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.published import is_published, published_order
from fedora_packages.widgets.retirement import is_meant_for_epel

#: Pending updates that the row of a release shows.
MAX_PENDING = 5

#: Characters of the reason for a retirement.
MAX_REASON = 80

#: Families of releases that have a row only if they have the package.
OPTIONAL_FAMILIES = ("eln",)

#: The branches that are never released.
NEVER_RELEASED = ("rawhide", "eln")


class ReleasesWidget(Widget):
    """One row for each active release, in reading order."""

    name, title, order, tab = "releases", "Releases", 20, "overview"
    queries = {
        "releases": "bodhi.releases",
        "tagged": "koji.tagged",
        "updates": "bodhi.updates",
        "retirement": "distgit.retirement",
        "about": "mdapi.package",
        "builds": "koji.builds",
    }

    def external_links(self, context: PanelContext) -> list[tuple[str, str]]:
        """Return a link to the updates in Bodhi."""
        return [("Updates in Bodhi", context.links.updates(context.package.source))]

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row for each release: its stable and testing build (see `_tagged` and `_published`) with their updates, and
        its other pending updates.

        Only of the shown release the page has read what its repositories have.
        """
        updates = values["updates"]["updates"] if values["updates"] else []
        tags = values["tagged"]["tags"] if values["tagged"] else None
        builds = values["builds"]["builds"] if values["builds"] else ()
        retired = values["retirement"].get("retired", {}) if values["retirement"] else {}
        rows = []
        for release in values["releases"]["releases"]:
            row = _row(context.package.source, release, tags, updates)
            about = values["about"] if release["branch"] == context.release else None
            slots = {name: _published(row[name], about, builds, name == "testing") for name in ("stable", "testing")}
            rows.append({**row, **slots, **_retirement(context.package, retired.get(release["branch"]))})
        return {
            "rows": [
                row for row in rows if row["release"]["family"] not in OPTIONAL_FAMILIES or row["stable"]["build"]
            ],
            "are_updates_known": values["updates"] is not None,
            "in_testing": sum(update["status"] == "testing" for update in updates),
        }


def _tagged(tag: str | None, tags: Mapping[str, Any] | None, updates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the build under a tag (None: no build, or no tag), whether it is known, and its update.

    It is unknown for the tag of a release that has just become active, until Koji returns it.
    """
    build = tags.get(tag) if tags else None
    own = next((update for update in updates if build and build["nvr"] in update["builds"]), None)
    return {"build": build, "is_known": tags is not None and (tag is None or tag in tags), "update": own}


def _row(
    source: str,
    release: Mapping[str, Any],
    tags: Mapping[str, Any] | None,
    updates: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    here = [update for update in updates if update["release"] == release["name"]]
    stable, testing = _tagged(release["stable_tag"], tags, here), _tagged(release["testing_tag"], tags, here)
    if newer(testing["build"], stable["build"]) is None:
        testing = {**testing, "build": None, "update": None}
    shown = [tagged["update"]["alias"] for tagged in (stable, testing) if tagged["update"]]
    pending = [update for update in here if update["status"] in ("pending", "testing") and update["alias"] not in shown]
    return {
        "release": release,
        # Rawhide and ELN are always pending; the state of others tells that they are not released yet.
        "state": "" if release["state"] == "current" or release["branch"] in NEVER_RELEASED else release["state"],
        "stable": stable,
        "testing": testing,
        "pending": [{**update, "label": _label(source, update)} for update in pending[:MAX_PENDING]],
        "more_pending": max(0, len(pending) - MAX_PENDING),
    }


def _published(
    tagged: Mapping[str, Any], about: Mapping[str, Any] | None, builds: Iterable[Mapping[str, Any]], is_testing: bool
) -> dict[str, Any]:
    """Return a tagged build with whether its repository has it (None: unknown), and the EVR there if that is newer."""
    order = published_order(tagged["build"], about, builds, is_testing)
    return {**tagged, "is_published": is_published(order), "newer": evr(about) if about and order == 1 else None}


def _retirement(package: Package, why: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return whether the package is retired in a release, and the first line of the reason."""
    if why is None:
        return {"is_retired": False, "reason": ""}
    line = next(iter(why["reason"].splitlines()), "")
    shown = line if len(line) <= MAX_REASON else f"{line[:MAX_REASON]} […]"
    return {"is_retired": not is_meant_for_epel(package, why["reason"]), "reason": shown}


def _label(source: str, update: Mapping[str, Any]) -> str:
    """Return the EVR of the package in an update, or else its alias."""
    own = next((nvr for nvr in update["builds"] if name_of(nvr) == source), None)
    if own is None:
        return update["alias"]
    return evr({"epoch": update["epochs"].get(own), "version": own.removeprefix(f"{source}-"), "release": ""})
