"""Rows of Koji's database as its calls return them: builds, tags, entries of package lists, users.

Times are strings; only ``listBuilds`` and ``getBuild`` have floats besides.
"""

import xmlrpc.client
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from fedora_packages.sandbox.world.ids import FIRST_PACKAGE
from fedora_packages.sandbox.world.models import STATES, Build, Listing, Package
from fedora_packages.sandbox.world.releases import Tag
from fedora_packages.sandbox.world.world import View

GENERIC_ERROR, OTHER_ERROR = 1000, 1

#: The columns of ``listBuilds``, in the order of lists (``asList``).
BUILD_COLUMNS = (
    "build_id", "completion_time", "completion_ts", "creation_event_id", "creation_time", "creation_ts", "draft", "epoch",
    "extra", "name", "nvr", "owner_id", "owner_name", "package_id", "package_name", "promoter_id", "promoter_name",
    "promotion_time", "promotion_ts", "release", "source", "start_time", "start_ts", "state", "task_id", "version", "volume_id",
    "volume_name",
)  # fmt: skip

#: The base of users' ids, each a number made of the letters of the name.
FIRST_USER = 1000


def package_id(number: int) -> int:
    """Return Koji's id of a package by number."""
    return FIRST_PACKAGE + number


def user_id(name: str) -> int:
    """Return Koji's id of a user."""
    return FIRST_USER + int.from_bytes(name.encode()[:7].ljust(7, b"\0"), "big") % 9_000_000


def user_name(view: View, info: Any) -> str | None:
    """Return a user's name by name or id, or None."""
    if isinstance(info, dict):
        info = info.get("name", info.get("id"))
    if isinstance(info, bool) or not isinstance(info, str | int):
        raise xmlrpc.client.Fault(GENERIC_ERROR, f"Invalid type for user lookup: {type(info).__name__}")
    wanted = info.partition("@")[0] if isinstance(info, str) else info
    for package in view.packages():
        for name in (package.owner, *package.admins, *package.committers, *(build.owner for build in package.builds)):
            if wanted in (name, user_id(name)):
                return name
    return None


def owner_json(name: str) -> dict[str, Any]:
    """Return the owner of a package as in the hub's rows."""
    return {"owner_id": user_id(name), "owner_name": name}


def time_text(seconds: float | None) -> str | None:
    """Return a timestamp as the hub writes it: ISO with a space and a zone, and a fraction unless it is zero."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(" ")


def source_url(build: Build) -> str:
    """Return the URL of a build's source."""
    return f"git+https://src.fedoraproject.org/rpms/{build.name}.git#{build.commit}"


def types_of(build: Build) -> tuple[str, ...]:
    """Return the hub's types of a build."""
    return ("module", "rpm") if build.type == "module" else (build.type,)


def _extra(build: Build) -> dict[str, Any]:
    extra: dict[str, Any] = {"source": {"original_url": source_url(build)}}
    return extra if build.type == "rpm" else extra | {"typeinfo": {build.type: {}}}


def _stem(view: View, package: Package, build: Build) -> dict[str, Any]:
    return {
        "build_id": build.build_id,
        "completion_time": time_text(build.finished),
        "creation_event_id": view.world.events.of_build(build.build_id),
        "creation_time": time_text(build.started),
        "draft": build.draft,
        "epoch": build.evr.epoch or None,
        "name": package.name,
        "nvr": build.nvr,
        "owner_id": user_id(build.owner),
        "owner_name": build.owner,
        "package_id": package_id(package.number),
        "package_name": package.name,
        "promoter_id": user_id(build.promoter) if build.promoter else None,
        "promoter_name": build.promoter,
        "promotion_time": time_text(build.promoted),
        "release": build.evr.release,
        "start_time": time_text(build.started),
        "state": STATES[build.state],
        "task_id": build.task_id,
        "version": build.evr.version,
        "volume_id": 0,
        "volume_name": "DEFAULT",
    }


def build_row(view: View, package: Package, build: Build) -> dict[str, Any]:
    """Return a build as ``listBuilds`` does."""
    source = source_url(build)
    return _stem(view, package, build) | {
        "completion_ts": build.finished,
        "creation_ts": float(build.started),
        "extra": _extra(build),
        "promotion_ts": build.promoted,
        "source": source,
        "start_ts": float(build.started),
    }


def tagged_row(view: View, package: Package, build: Build, tag: Tag, extra: bool) -> dict[str, Any]:
    """Return a build as ``listTagged`` does: no ``*_ts``, no ``source``, and its own tag."""
    row = _stem(view, package, build) | {
        "id": build.build_id,
        "tag_id": tag.tag_id,
        "tag_name": tag.name,
        "create_event": view.world.events.of_tagging(package.name, tag.name, build.build_id),
    }
    return row | ({"extra": _extra(build)} if extra else {})


def tag_row(tag: Tag) -> dict[str, Any]:
    """Return a tag as ``listTags`` does."""
    return {
        "arches": "x86_64 aarch64 ppc64le s390x" if not tag.parents else None,
        "id": tag.tag_id,
        "locked": False,
        "maven_include_all": False,
        "maven_support": False,
        "name": tag.name,
        "perm": None,
        "perm_id": None,
    }


def listed_row(number: int, name: str, listing: Listing, tag: Tag, with_owners: bool) -> dict[str, Any]:
    """Return an entry of a tag's package list; ``number`` is Koji's id of the package."""
    row = {
        "package_id": number,
        "package_name": name,
        "tag_id": tag.tag_id,
        "tag_name": tag.name,
        "extra_arches": None,
        "blocked": tag.name in listing.blocked,
    }
    return row | (owner_json(listing.owner) if with_owners else {})


def seconds(value: Any) -> float | None:
    """Return a timestamp from epoch seconds, or from a string, which is in UTC unless it has a zone."""
    if isinstance(value, str):
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    return None if value is None else float(value)


def paged(rows: list[dict[str, Any]], options: Mapping[str, Any] | None, columns: Collection[str] = ()) -> Any:
    """Return rows by ``queryOpts``: their number, or ordered and cut; as lists, their columns are in alphabetical order."""
    options = options or {}
    if not options.get("countOnly"):
        for key in reversed([key for key in (options.get("order") or "").split(",") if key]):
            _order(rows, key, columns)
    start, limit = options.get("offset") or 0, options.get("limit") or None
    rows = rows[start : None if limit is None else start + limit]
    if options.get("countOnly"):
        return len(rows)
    return [[row[name] for name in sorted(row)] for row in rows] if options.get("asList") else rows


def _order(rows: list[dict[str, Any]], key: str, columns: Collection[str]) -> None:
    name = key.removeprefix("-")
    if name not in (columns or (rows[0] if rows else (name,))):
        raise xmlrpc.client.Fault(OTHER_ERROR, f"Invalid order: {name}")
    # As in the database, rows without a value are last, or first in reverse order.
    rows.sort(key=lambda row: (row[name] is None, 0 if row[name] is None else row[name]), reverse=key.startswith("-"))
