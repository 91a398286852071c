"""Koji's ``queryHistory``: what events created and revoked in the tables of tagged builds and of package lists.

Source: koji 1.35.3, ``kojihub/kojihub.py`` (``query_history``).
"""

import xmlrpc.client
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fedora_packages.sandbox.upstreams.koji_rows import (
    GENERIC_ERROR,
    package_id,
    paged,
    seconds,
    user_id,
    user_name,
)
from fedora_packages.sandbox.world.events import TABLES, Entry, generated_lists, generated_taggings
from fedora_packages.sandbox.world.models import STATES, Package
from fedora_packages.sandbox.world.releases import Tag
from fedora_packages.sandbox.world.world import View

#: The other tables that the hub has; nothing in the sandbox changes them.
EMPTY_TABLES = (
    "user_perms", "user_groups", "cg_users", "tag_inheritance", "tag_config", "tag_extra", "build_target_config",
    "external_repo_config", "host_config", "host_channels", "tag_external_repos", "group_config", "group_req_listing",
    "group_package_listing",
)  # fmt: skip

#: The options that limit the tables, and the tables that have them.  A table without one is not in the answer.
LIMITS: Mapping[str, tuple[str, ...]] = {
    "tag": (*TABLES, "tag_inheritance", "tag_config", "tag_extra", "tag_external_repos", "group_config", "group_req_listing",
            "group_package_listing"),
    "package": (*TABLES, "group_package_listing"),
    "build": ("tag_listing",),
    "user": ("tag_package_owners", "user_perms", "user_groups", "cg_users"),
    "host": ("host_config", "host_channels"),
    "channel": ("host_channels",),
    "permission": ("user_perms", "tag_config"),
    "cg": ("cg_users",),
    "external_repo": ("external_repo_config", "tag_external_repos"),
    "build_target": ("build_target_config",),
    "group": ("group_config", "group_req_listing", "group_package_listing", "user_groups"),
    "xkey": ("tag_extra",),
}  # fmt: skip

#: The bounds in time, by name: the field of an event, and whether it must be above the bound.
BOUNDS = {
    "after": ("time", True),
    "before": ("time", False),
    "afterEvent": ("number", True),
    "beforeEvent": ("number", False),
}

Test = Callable[[Entry], bool]


def history(
    view: View,
    tables: Any,
    options: Mapping[str, Any],
    find_package: Callable[[Any], Package | None],
    find_tag: Callable[[Any], Tag | None],
) -> dict[str, Any]:
    """Return the rows of each table; unknown options are ignored.  Raises `xmlrpc.client.Fault`."""
    wanted = sorted((*TABLES, *EMPTY_TABLES)) if tables is None else list(tables)
    for table in wanted:
        if table not in TABLES + EMPTY_TABLES:
            raise xmlrpc.client.Fault(GENERIC_ERROR, f"No such history table: {table}")
    wanted = [table for table in wanted if all(table in LIMITS[option] for option in options if option in LIMITS)]
    tests = list(_tests(view, options, find_package, find_tag))
    bounds = {
        name: seconds(options[name]) if "Event" not in name else options[name] for name in BOUNDS if name in options
    }
    # What was before the start is left out where a bound does.
    is_recent = (
        bounds.get("afterEvent", 0) >= view.world.events.last(float("-inf")).number
        or bounds.get("after", 0) >= view.world.started
    )
    found: dict[str, Any] = {}
    for table in wanted:
        entries = _entries(view, table, is_recent) if table in TABLES else iter(())
        rows = [
            _row(view, table, entry) | _marks(entry, bounds)
            for entry in entries
            if all(test(entry) for test in tests) and all(_is_within(entry, name, bounds[name]) for name in bounds)
        ]
        found[table] = paged(rows, options.get("queryOpts"))
    return found


def _entries(view: View, table: str, is_recent: bool) -> Iterator[Entry]:
    """Yield the entries of a table: those of the generated history that nothing has revoked, and those of the log."""
    logged = list(view.world.events.entries(table, view.timestamp))
    if not is_recent:
        known = {(entry.package, entry.tag, entry.item) for entry in logged}
        for package in view.packages():
            first = view.world.package(package.name, float("-inf"))
            listing = view.world.listing(package.name, float("-inf"))
            if first is None or listing is None:
                continue
            entries = generated_taggings(first) if table == "tag_listing" else generated_lists(first, listing, table)
            yield from (entry for entry in entries if (entry.package, entry.tag, entry.item) not in known)
    yield from logged


def _tests(
    view: View,
    options: Mapping[str, Any],
    find_package: Callable[[Any], Package | None],
    find_tag: Callable[[Any], Tag | None],
) -> Iterator[Test]:
    if "tag" in options:
        tag = find_tag(options["tag"])
        if tag is None:
            raise xmlrpc.client.Fault(GENERIC_ERROR, f"No such entry in table tag: {options['tag']}")
        yield lambda entry: entry.tag == tag.name
    if "package" in options:
        package = find_package(options["package"])
        if package is None:
            raise xmlrpc.client.Fault(GENERIC_ERROR, f"No such entry in table package: {options['package']}")
        yield lambda entry: entry.package == package.name
    if "build" in options:
        info = options["build"]
        build = view.find_build(info) if isinstance(info, int) else view.find_nvr(str(info))
        if build is None:
            raise xmlrpc.client.Fault(GENERIC_ERROR, f"No such build: {info!r}")
        yield lambda entry: entry.item == build.build_id
    for option in ("user", "editor"):
        if option in options:
            name = user_name(view, options[option])
            if name is None:
                raise xmlrpc.client.Fault(GENERIC_ERROR, f"No such user: {options[option]!r}")
            if option == "user":
                yield lambda entry, name=name: entry.item == name
            else:
                yield lambda entry, name=name: name in (entry.creator, entry.revoker)
    if options.get("active") is not None:
        yield lambda entry: (entry.revoked is None) is bool(options["active"])


def _is_within(entry: Entry, name: str, bound: Any) -> bool:
    return any(_holds(event, name, bound) for event in (entry.created, entry.revoked))


def _holds(event: Any, name: str, bound: Any) -> bool | None:
    """Whether an event is within a bound; None without an event."""
    field, is_above = BOUNDS[name]
    if event is None:
        return None
    value = getattr(event, field)
    return value > bound if is_above else value < bound


def _marks(entry: Entry, bounds: Mapping[str, Any]) -> dict[str, bool | None]:
    """Return which event of an entry is within each bound: ``_created_after_event``, ``_revoked_after_event``."""
    return {
        f"_{verb}_{name.replace('Event', '_event')}": _holds(event, name, bound)
        for name, bound in bounds.items()
        for verb, event in (("created", entry.created), ("revoked", entry.revoked))
    }


def _row(view: View, table: str, entry: Entry) -> dict[str, Any]:
    """Return an entry as the hub does: with the names of what its columns refer to."""
    tag = view.world.tags[entry.tag]
    row = {
        "active": True if entry.revoked is None else None,
        "create_event": entry.created.number,
        "create_ts": float(entry.created.time),
        "creator_id": user_id(entry.creator),
        "creator_name": entry.creator,
        "revoke_event": entry.revoked.number if entry.revoked else None,
        "revoke_ts": float(entry.revoked.time) if entry.revoked else None,
        "revoker_id": user_id(entry.revoker) if entry.revoker else None,
        "revoker_name": entry.revoker,
        "tag_id": tag.tag_id,
        "tag.name": tag.name,
    }
    if table == "tag_listing":
        build = view.find_build(entry.item)
        assert build is not None, "a package keeps its builds that are in the log"
        return row | {
            "build_id": build.build_id,
            "build.state": STATES[build.state],
            "epoch": build.evr.epoch or None,
            "name": build.name,
            "release": build.evr.release,
            "version": build.evr.version,
        }
    row |= {"package_id": package_id(view.world.catalog.numbers[entry.package]), "package.name": entry.package}
    if table == "tag_packages":
        return row | {"blocked": entry.item, "extra_arches": None}
    return row | {"owner": user_id(entry.item), "owner.name": entry.item}
