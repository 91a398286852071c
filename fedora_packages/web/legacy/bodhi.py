"""The old bodhi connector: what each release has of a package, and the package's updates.

The one thing to know: versions and details are HTML here, and clients read it: one takes the text of the first link, one looks
for ``>3.9.0-``, others cut at ``<div`` or strip all tags.
"""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fedora_packages.connectors.bodhi import STATUSES
from fedora_packages.search.packages import Package
from fedora_packages.web.legacy import dates
from fedora_packages.web.legacy.context import Look, branch_of, title_of
from fedora_packages.web.legacy.decode import Asked, BadQuery
from fedora_packages.web.legacy.rows import Rows, needed

#: What is said of a version that there is not.
NONE = "None"

_LINK = Markup('<a href="{}">{}</a>')
_KARMA = Markup('<div class="karma_{}"><a href="{}"><span>{} karma</span></a></div>')


def query_active_releases(asked: Asked, look: Look) -> Rows:
    """Return the version that each active release has, and the one in testing: all of them, whatever page is asked for.

    Of a package that there is not every release has none: a client asks this to learn whether there is one.
    """
    package = needed(asked, look, "package", "nvr")
    tags, updates = {}, None
    if package is not None:
        tagged, updates = look.values(("koji.tagged", package.source), ("bodhi.updates", package.source))
        tags = tagged["tags"]
    rows = [_release(release, tags, updates, look) for release in look.releases]
    # Some read the first row for rawhide.
    rows.sort(key=lambda row: row["release"] != "Rawhide")
    return Rows(rows, len(rows))


def query_updates(asked: Asked, look: Look) -> Rows:
    """Return the updates of a package: one row with the newest of each release, or a row for each if they are not grouped."""
    package = needed(asked, look, "package", "nvr")
    unit = asked.text("granularity") or "day"
    if unit not in dates.UNITS:
        raise BadQuery(f"granularity is {unit[:40]!r}; expected one of {', '.join(dates.UNITS)}")
    is_grouped, status, release = asked.flag("group_updates", True), _status(asked), asked.text("release")
    if package is None:
        return Rows([])
    value, active = look.values(("bodhi.updates", package.source), ("bodhi.releases", "*"))
    releases = {found["name"]: found for found in (active["releases"] if active else ())}
    found = [
        (update, _record(update, nvr, releases, look))
        for update in value["updates"]
        if status in ("", update["status"])
        and _is_of(release, update["release"], releases)
        and (nvr := _nvr(update, package))
    ]
    if not is_grouped:
        return Rows([_single(package.source, *pair, look, unit) for pair in found])
    # The list is newest first: of each release the first counts.
    newest: dict[str, tuple[Mapping[str, Any], dict[str, Any]]] = {}
    for pair in found:
        newest.setdefault(pair[1]["release_name"], pair)
    return Rows([_group(package.source, list(newest.values()), look, unit)] if newest else [])


def update_of_build(nvr: str, value: Mapping[str, Any] | None, look: Look) -> dict[str, Any]:
    """Return what is known of the update that has a build, for a row about the build; ``value`` is that of bodhi.updates."""
    update = next((found for found in (value or {}).get("updates", ()) if nvr in found["builds"]), None)
    if update is None:
        link = _LINK.format(look.links.new_update(), "Push to updates >")
        return {"update_details": link if value is not None else ""}
    words = {
        "stable": "Pushed to updates",
        "testing": "Pushed to updates-testing",
        "pending": f"Pending push to {update['request']}",
    }
    link = _LINK.format(look.links.update(update["alias"]), "View update details >")
    return {
        "update": _record(update, nvr, {}, look),
        "update_details": Markup("{}<br />{}").format(words.get(update["status"], ""), link),
    }


def _release(
    release: Mapping[str, Any], tags: Mapping[str, Any], updates: Mapping[str, Any] | None, look: Look
) -> dict[str, str]:
    stable, testing = tags.get(release["stable_tag"]), tags.get(release["testing_tag"])
    return {
        "release": "Rawhide" if release["branch"] == "rawhide" else release["title"],
        "stable_version": NONE if stable is None else _stable(stable, look),
        "testing_version": NONE if testing is None else _testing(testing, updates, look),
    }


def _version(build: Mapping[str, Any], look: Look) -> Markup:
    return _LINK.format(look.links.build(build["build_id"]), f"{build['version']}-{build['release']}")


def _stable(build: Mapping[str, Any], look: Look) -> Markup:
    version = _version(build, look)
    if not build["tag"].endswith("-updates"):
        return version
    return Markup("{} ({})").format(version, _LINK.format(look.links.updates_of_build(build["nvr"]), "update"))


def _testing(build: Mapping[str, Any], updates: Mapping[str, Any] | None, look: Look) -> Markup:
    version = _version(build, look)
    update = next((found for found in (updates or {}).get("updates", ()) if build["nvr"] in found["builds"]), None)
    if update is None:
        return version
    level = "good" if update["karma"] > 1 else "bad" if update["karma"] < 0 else "meh"
    return Markup("{} {}").format(
        version, _KARMA.format(level, look.links.update(update["alias"]), f"{update['karma']:d}")
    )


def _status(asked: Asked) -> str:
    status = asked.text("status")
    if status not in ("", *STATUSES):
        raise BadQuery(f"status is {status[:40]!r}; expected one of {', '.join(STATUSES)}, or nothing")
    return status


def _is_of(asked: str, name: str | None, releases: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether an update of the release that bodhi calls ``name`` is of the one that is asked for, in whatever words."""
    if not asked or name is None:
        return not asked
    known = releases.get(name)
    called = {branch_of(name), *((known["branch"], known["title"].lower()) if known else ())}
    return branch_of(asked) in called or asked.lower() in called


def _nvr(update: Mapping[str, Any], package: Package) -> str | None:
    """Return the build of the package that an update has."""
    return next((nvr for nvr in update["builds"] if nvr.rpartition("-")[0].rpartition("-")[0] == package.source), None)


def _record(
    update: Mapping[str, Any], nvr: str, releases: Mapping[str, Mapping[str, Any]], look: Look
) -> dict[str, Any]:
    """Return an update as bodhi calls its parts, with the title of its release and the version that ``nvr`` has."""
    name = update["release"] or ""
    title = releases[name]["title"] if name in releases else title_of(name)
    return {
        "alias": update["alias"],
        "updateid": update["alias"],
        "title": nvr,
        "release_name": title,
        "release": {"name": name, "long_name": title},
        "version": "-".join(nvr.rsplit("-", 2)[1:]),
        "status": update["status"],
        "request": update["request"],
        "type": update["type"],
        "severity": update["severity"],
        "karma": update["karma"],
        "critpath": update["critpath"],
        "submitter": update["submitter"],
        "date_submitted": dates.timestamp(update["submitted"]),
        "date_modified": dates.timestamp(update["modified"]),
        "date_pushed": dates.timestamp(update["pushed"]),
        "test_gating_status": update["gating"],
        "builds": [{"nvr": built} for built in update["builds"]],
        "bugs": [
            {"bug_id": bug["id"], "bz_id": bug["id"], "title": bug["title"], "security": bug["security"]}
            for bug in update["bugs"]
        ],
        "url": look.links.update(update["alias"]),
    }


def _group(name: str, updates: list[tuple[Mapping[str, Any], dict[str, Any]]], look: Look, unit: str) -> dict[str, Any]:
    """Return a package's row: what is said of the first of its updates, and all of them.  It has exactly seventeen keys."""
    update, record = updates[0]
    pushed = dates.day(update["pushed"])
    return {
        "name": name,
        "package_name": name,
        "title": record["title"],
        "nvr": record["title"],
        "id": record["title"],
        "request_id": name + record["version"].replace(".", ""),
        "status": record["status"],
        "versions": [other["version"] for _, other in updates],
        "releases": [other["release_name"] for _, other in updates],
        "dist_updates": [other for _, other in updates],
        **_in_words(update, look, unit),
        "date_pushed": pushed,
        "details": _details(update, look, Markup("<br />{}").format(pushed) if pushed else Markup("In process...")),
    }


def _single(name: str, update: Mapping[str, Any], record: dict[str, Any], look: Look, unit: str) -> dict[str, Any]:
    """Return the row of one update: bodhi's record with what the row of a group has, where that is about one."""
    pushed = dates.day(update["pushed"])
    alias = _LINK.format(look.links.update(update["alias"]), update["alias"])
    return {
        **record,
        "name": name,
        "nvr": record["title"],
        "id": record["title"],
        "request_id": update["alias"],
        "versions": record["version"].rpartition("-")[0],
        "releases": record["release_name"],
        **_in_words(update, look, unit),
        "date_pushed": pushed,
        "details": _details(update, look, Markup("{}<br />{}").format(alias, pushed or "In process...")),
    }


def _in_words(update: Mapping[str, Any], look: Look, unit: str) -> dict[str, str]:
    karma = update["karma"]
    return {
        # Nobody is logged in, so that there is nothing to press.
        "actions": "",
        "date_submitted_display": dates.ago(update["submitted"], look.now, unit),
        "date_pushed_display": dates.ago(update["pushed"], look.now, unit),
        "karma_str": f"{karma:+d}" if karma else " 0",
        "karma_level": "good" if karma > 0 else "bad" if karma < 0 else "meh",
    }


def _details(update: Mapping[str, Any], look: Look, stable: Markup) -> Markup:
    """Return what is said of an update's status; ``stable`` is what is said of a stable one."""
    if update["status"] == "stable":
        return stable
    if update["status"] == "pending" and update["request"]:
        link = _LINK.format(look.links.update(update["alias"]), "View update details >")
        return Markup("Pending push to {}<br />{}").format(update["request"], link)
    return Markup()
