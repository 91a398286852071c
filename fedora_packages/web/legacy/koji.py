"""The old Koji connector: builds, and the changelog of a package."""

import re
from collections.abc import Mapping
from typing import Any

from fedora_packages.messages.contents.koji import BUILD_STATES
from fedora_packages.search.packages import Package
from fedora_packages.web.legacy import bodhi, dates
from fedora_packages.web.legacy.context import LegacyContext, NotAvailable
from fedora_packages.web.legacy.decode import BadQuery, LegacyRequest
from fedora_packages.web.legacy.envelope import page
from fedora_packages.widgets.release_names import names_of

#: The author of a changelog entry.
_AUTHOR = re.compile(r"(?P<name>.*?)\s*<(?P<email>[^<>]*)>")

#: The columns that sort builds.
SORTED_BY = ("build_id", "nvr", "owner_name", "state")


def query_builds(query: LegacyRequest, context: LegacyContext) -> dict[str, Any]:
    """Return the builds of a package, newest first, in Koji's format with state and times in words."""
    package = context.find(query.required("package", "p"))
    states, owner = _states(query), query.text("user", "u", "username", "name")
    if package is None:
        return page([], query)
    calls = [("koji.builds", package.source)]
    if query.flag("query_updates", False):
        calls.append(("bodhi.updates", package.source))
    value, *updates = context.values(*calls)
    rows = [
        _build(build, package.source, context.now)
        for build in value["builds"]
        if (not states or build["state"] in states) and owner in ("", build["owner"])
    ]
    if updates:
        rows = [{**row, **bodhi.update_of_build(row["nvr"], *updates, context)} for row in rows]
    if query.sort_col in SORTED_BY:
        rows.sort(key=lambda row: (row[query.sort_col] is not None, row[query.sort_col]), reverse=not query.ascending)
    return page(rows, query)


def query_changelogs(query: LegacyRequest, context: LegacyContext) -> dict[str, Any]:
    """Return the changelog of a package, newest first; a build can name the package."""
    name = query.text("package_name", "package")
    build_id = query.number("build_id")
    if not name and build_id is None:
        raise BadQuery("the filters need package_name or build_id")
    built = context.package_of_build(build_id) if not name else None
    package = context.package(name or (built[0] if built else ""))
    release = query.text("release")
    branch = context.branch(package, release or _default_release(package, built, context))
    if branch is None:
        raise NotAvailable(f"{package.name} is not in {release or 'any release'}.")
    (value,) = context.values(("mdapi.changelog", package.binary or package.name, branch))
    return page([_change(entry) for entry in value.get("entries", ())], query)


def _default_release(package: Package, built: tuple[str, str] | None, context: LegacyContext) -> str:
    """Return the branch of a build by its dist tag, if that release has the package, else Rawhide or the package's own."""
    releases = package.document.releases
    if built is not None:
        branch = names_of({"releases": context.releases}).of_build({"release": built[1]})
        if branch in releases:
            return branch
    return "rawhide" if "rawhide" in releases else package.branch or "rawhide"


def _states(query: LegacyRequest) -> frozenset[str]:
    """Return the requested states, by Koji's numbers; none means all."""
    text = query.text("state", "s")
    numbers = [part.strip() for part in text.split(",")] if text else []
    if not all(re.fullmatch("[0-9]", number) and int(number) < len(BUILD_STATES) for number in numbers):
        raise BadQuery(f"state is {text[:80]!r}; expected numbers from 0 to {len(BUILD_STATES) - 1}")
    return frozenset(BUILD_STATES[int(number)] for number in numbers)


def _build(build: Mapping[str, Any], package: str, now: float) -> dict[str, Any]:
    same = ("build_id", "nvr", "package_id", "version", "release", "epoch", "task_id", "volume_id")
    return {
        **{name: build[name] for name in same},
        "name": package,
        "package_name": package,
        "state": BUILD_STATES.index(build["state"]),
        "state_str": build["state"],
        "owner_name": build["owner"],
        "owner_id": build["owner_id"],
        "creation_event_id": build["creation_event"],
        "volume_name": build["volume"],
        **{
            f"{name}_{form}": value
            for name, field in (("creation", "created"), ("start", "started"), ("completion", "finished"))
            for form, value in (
                ("time", dates.timestamp(build[field])),
                ("ts", None if build[field] is None else float(build[field])),
            )
        },
        "completion_time_display": _in_words(build, now),
    }


def _in_words(build: Mapping[str, Any], now: float) -> dict[str, str]:
    # Strings only: one client rejects the whole response for any other type.
    started, finished = build["started"] or build["created"], build["finished"]
    elapsed = dates.span(started, finished or now, "minute") if started else ""
    if finished is None:
        return {"when": "In progress...", "time": "", "elapsed": elapsed}
    return {"when": dates.ago(finished, now, "minute"), "time": dates.clock(finished), "elapsed": elapsed}


def _change(entry: Mapping[str, Any]) -> dict[str, Any]:
    found = _AUTHOR.fullmatch(entry["author"].strip())
    return {
        "author": found["name"] if found else entry["author"],
        "email": found["email"] if found else "",
        "version": entry["evr"] or "",
        "changelog": entry["text"],
        "text": entry["text"],
        "date": entry["date"],
        "display_date": dates.day(entry["date"]),
    }
