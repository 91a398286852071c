"""Rows of Koji's database as its calls return them: builds, tags, entries of package lists, users.

Times are strings; only ``listBuilds`` and ``getBuild`` have floats besides.
"""

import xmlrpc.client
from datetime import UTC, datetime
from typing import Any

from fedora_packages.sandbox.world.ids import FIRST_PACKAGE
from fedora_packages.sandbox.world.models import STATES, Build, Listing, Package
from fedora_packages.sandbox.world.releases import Tag
from fedora_packages.sandbox.world.world import View

GENERIC_ERROR = 1000

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


def _stem(package: Package, build: Build) -> dict[str, Any]:
    return {
        "build_id": build.build_id,
        "completion_time": time_text(build.finished),
        "creation_event_id": 50_000_000 + build.build_id,
        "creation_time": time_text(build.started),
        "draft": False,
        "epoch": build.evr.epoch or None,
        "name": package.name,
        "nvr": build.nvr,
        "owner_id": user_id(build.owner),
        "owner_name": build.owner,
        "package_id": package_id(package.number),
        "package_name": package.name,
        "promoter_id": None,
        "promoter_name": None,
        "promotion_time": None,
        "release": build.evr.release,
        "start_time": time_text(build.started),
        "state": STATES[build.state],
        "task_id": build.task_id,
        "version": build.evr.version,
        "volume_id": 0,
        "volume_name": "DEFAULT",
    }


def build_row(package: Package, build: Build) -> dict[str, Any]:
    """Return a build as ``listBuilds`` does."""
    source = source_url(build)
    return _stem(package, build) | {
        "completion_ts": build.finished,
        "creation_ts": float(build.started),
        "extra": {"source": {"original_url": source}},
        "promotion_ts": None,
        "source": source,
        "start_ts": float(build.started),
    }


def tagged_row(package: Package, build: Build, tag: Tag, extra: bool) -> dict[str, Any]:
    """Return a build as ``listTagged`` does: no ``*_ts``, no ``source``, and its own tag."""
    row = _stem(package, build) | {
        "id": build.build_id,
        "tag_id": tag.tag_id,
        "tag_name": tag.name,
        "create_event": 50_000_000 + build.build_id + 1,
    }
    return row | ({"extra": {"source": {"original_url": source_url(build)}}} if extra else {})


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
