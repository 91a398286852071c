"""The old Bodhi connector: the versions of a package in each release, and its updates.

Versions and details are HTML here, and clients parse it: one takes the text of the first link, one searches for ``>3.9.0-``,
others cut at ``<div`` or strip all tags.
"""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fedora_packages.connectors.bodhi_updates import STATUSES
from fedora_packages.rpm.nvr import newer
from fedora_packages.web.legacy import dates
from fedora_packages.web.legacy.context import LegacyContext, branch_of, title_of
from fedora_packages.web.legacy.decode import BadQuery, LegacyRequest
from fedora_packages.web.legacy.envelope import envelope, page

_LINK = Markup('<a href="{}">{}</a>')
_KARMA = Markup('<div class="karma_{}"><a href="{}"><span>{} karma</span></a></div>')


def query_active_releases(query: LegacyRequest, context: LegacyContext) -> dict[str, Any]:
    """Return the stable and testing version in each active release, without pages.

    For an unknown package every release has none: a client uses this to find out whether a package exists.
    """
    package = context.find(query.required("package", "nvr"))
    tags, updates = {}, None
    if package is not None:
        tagged, updates = context.values(("koji.tagged", package.source), ("bodhi.updates", package.source))
        tags = tagged["tags"]
    rows = [_release(release, tags, updates, context) for release in context.releases]
    # Some clients expect Rawhide in the first row.
    rows.sort(key=lambda row: row["release"] != "Rawhide")
    return envelope(rows, len(rows), query)


def query_updates(query: LegacyRequest, context: LegacyContext) -> dict[str, Any]:
    """Return the updates of a package: one row with the newest of each release, or a row for each unless grouped."""
    package = context.find(query.required("package", "nvr"))
    unit = query.text("granularity") or "day"
    if unit not in dates.UNITS:
        raise BadQuery(f"granularity is {unit[:40]!r}; expected one of {', '.join(dates.UNITS)}")
    is_grouped, status, release = query.flag("group_updates", True), query.text("status"), query.text("release")
    if status not in ("", *STATUSES):
        raise BadQuery(f"status is {status[:40]!r}; expected one of {', '.join(STATUSES)}, or nothing")
    if package is None:
        return page([], query)
    source = package.source
    value, active = context.values(("bodhi.updates", source), ("bodhi.releases", "*"))
    releases = {found["name"]: found for found in (active["releases"] if active else ())}
    found = [
        (update, _record(update, nvr, releases, context))
        for update in value["updates"]
        if status in ("", update["status"])
        and _is_of(release, update["release"], releases)
        and (nvr := _nvr(update, source))
    ]
    if not is_grouped:
        return page([_single(source, *pair, context, unit) for pair in found], query)
    # The list is newest first: the first update of each release counts.
    newest: dict[str, tuple[Mapping[str, Any], dict[str, Any]]] = {}
    for pair in found:
        newest.setdefault(pair[1]["release_name"], pair)
    return page([_group(source, list(newest.values()), context, unit)] if newest else [], query)


def update_of_build(nvr: str, value: Mapping[str, Any] | None, context: LegacyContext) -> dict[str, Any]:
    """Return the fields of a build's update for the row of the build; ``value`` is that of bodhi.updates."""
    update = _update_of(nvr, value)
    if update is None:
        link = _LINK.format(context.links.new_update(), "Push to updates >")
        return {"update_details": link if value is not None else ""}
    words = {
        "stable": "Pushed to updates",
        "testing": "Pushed to updates-testing",
        "pending": f"Pending push to {update['request']}",
    }
    link = _LINK.format(context.links.update(update["alias"]), "View update details >")
    return {
        "update": _record(update, nvr, {}, context),
        "update_details": Markup("{}<br />{}").format(words.get(update["status"], ""), link),
    }


def _release(
    release: Mapping[str, Any], tags: Mapping[str, Any], updates: Mapping[str, Any] | None, context: LegacyContext
) -> dict[str, str]:
    stable = tags.get(release["stable_tag"])
    testing = newer(tags.get(release["testing_tag"]), stable)
    stable_version, testing_version = _version(stable, context), _version(testing, context)
    if stable and stable["tag"].endswith("-updates"):
        link = _LINK.format(context.links.updates_of_build(stable["nvr"]), "update")
        stable_version = Markup("{} ({})").format(stable_version, link)
    update = _update_of(testing["nvr"], updates) if testing else None
    if update is not None:
        level = "good" if update["karma"] > 1 else "bad" if update["karma"] < 0 else "meh"
        karma = _KARMA.format(level, context.links.update(update["alias"]), f"{update['karma']:d}")
        testing_version = Markup("{} {}").format(testing_version, karma)
    return {
        "release": "Rawhide" if release["branch"] == "rawhide" else release["title"],
        "stable_version": stable_version,
        "testing_version": testing_version,
    }


def _version(build: Mapping[str, Any] | None, context: LegacyContext) -> str:
    """Return the link to a build, named by its version; the word None for none."""
    if build is None:
        return "None"
    return _LINK.format(context.links.build(build["build_id"]), f"{build['version']}-{build['release']}")


def _update_of(nvr: str, value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the update of a build in a value of bodhi.updates, which may be unknown."""
    updates = value["updates"] if value else ()
    return next((update for update in updates if nvr in update["builds"]), None)


def _is_of(requested: str, name: str | None, releases: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the release with the Bodhi name ``name`` is the requested one, by any of its names."""
    if not requested or name is None:
        return not requested
    known = releases.get(name)
    names = {branch_of(name), *((known["branch"], known["title"].lower()) if known else ())}
    return branch_of(requested) in names or requested.lower() in names


def _nvr(update: Mapping[str, Any], source: str) -> str | None:
    """Return the build of a source package in an update."""
    return next((nvr for nvr in update["builds"] if nvr.rpartition("-")[0].rpartition("-")[0] == source), None)


def _record(
    update: Mapping[str, Any], nvr: str, releases: Mapping[str, Mapping[str, Any]], context: LegacyContext
) -> dict[str, Any]:
    """Return an update with Bodhi's field names, the title of its release and the version of ``nvr``."""
    name = update["release"] or ""
    title = releases[name]["title"] if name in releases else title_of(name)
    return {
        "alias": update["alias"],
        "updateid": update["alias"],
        "title": nvr,
        "release_name": title,
        "release": {"name": name, "long_name": title},
        "version": "-".join(nvr.rsplit("-", 2)[1:]),
        **{key: update[key] for key in ("status", "request", "type", "severity", "karma", "critpath", "submitter")},
        "date_submitted": dates.timestamp(update["submitted"]),
        "date_modified": dates.timestamp(update["modified"]),
        "date_pushed": dates.timestamp(update["pushed"]),
        "test_gating_status": update["gating"],
        "builds": [{"nvr": built} for built in update["builds"]],
        "bugs": [
            {"bug_id": bug["id"], "bz_id": bug["id"], "title": bug["title"], "security": bug["security"]}
            for bug in update["bugs"]
        ],
        "url": context.links.update(update["alias"]),
    }


def _group(
    name: str, updates: list[tuple[Mapping[str, Any], dict[str, Any]]], context: LegacyContext, unit: str
) -> dict[str, Any]:
    """Return the row of a package: the fields of its first update, and all updates.  It has exactly seventeen keys."""
    update, record = updates[0]
    pushed = dates.day(update["pushed"])
    return {
        **_shared(name, update, record["title"], context, unit),
        "package_name": name,
        "title": record["title"],
        "request_id": name + record["version"].replace(".", ""),
        "status": record["status"],
        "versions": [other["version"] for _, other in updates],
        "releases": [other["release_name"] for _, other in updates],
        "dist_updates": [other for _, other in updates],
        "details": _details(update, context, Markup("<br />{}").format(pushed) if pushed else Markup("In process...")),
    }


def _single(
    name: str, update: Mapping[str, Any], record: dict[str, Any], context: LegacyContext, unit: str
) -> dict[str, Any]:
    """Return the row of one update: Bodhi's fields, and the fields of a group's row."""
    pushed = dates.day(update["pushed"])
    alias = _LINK.format(context.links.update(update["alias"]), update["alias"])
    return {
        **record,
        **_shared(name, update, record["title"], context, unit),
        "request_id": update["alias"],
        "versions": record["version"].rpartition("-")[0],
        "releases": record["release_name"],
        "details": _details(update, context, Markup("{}<br />{}").format(alias, pushed or "In process...")),
    }


def _shared(name: str, update: Mapping[str, Any], nvr: str, context: LegacyContext, unit: str) -> dict[str, str]:
    """Return the fields that the rows of a group and of one update share."""
    karma = update["karma"]
    return {
        "name": name,
        "nvr": nvr,
        "id": nvr,
        "date_pushed": dates.day(update["pushed"]),
        # Without a login there are no actions.
        "actions": "",
        "date_submitted_display": dates.ago(update["submitted"], context.now, unit),
        "date_pushed_display": dates.ago(update["pushed"], context.now, unit),
        "karma_str": f"{karma:+d}" if karma else " 0",
        "karma_level": "good" if karma > 0 else "bad" if karma < 0 else "meh",
    }


def _details(update: Mapping[str, Any], context: LegacyContext, stable: Markup) -> Markup:
    """Return the HTML about an update's status; ``stable`` is that of a stable one."""
    if update["status"] == "stable":
        return stable
    if update["status"] == "pending" and update["request"]:
        link = _LINK.format(context.links.update(update["alias"]), "View update details >")
        return Markup("Pending push to {}<br />{}").format(update["request"], link)
    return Markup()
