"""Bodhi's rows: releases, updates, comments, as its REST service returns them and its messages have them.

Times are strings in UTC without a zone.
"""

import hashlib
from typing import Any

from fedora_packages.sandbox.upstreams.base import utc
from fedora_packages.sandbox.world.models import Bug, Comment, Package, Update
from fedora_packages.sandbox.world.releases import Release
from fedora_packages.sandbox.world.world import View


def release_json(one: Release) -> dict[str, Any]:
    """Return a release as Bodhi returns it."""
    return {
        "name": one.name,
        "long_name": one.long_name,
        "version": one.version,
        "id_prefix": one.id_prefix,
        "branch": one.branch,
        "dist_tag": one.dist_tag,
        "stable_tag": one.stable_tag,
        "testing_tag": one.testing_tag,
        "candidate_tag": one.candidate_tag,
        **one.passing_tags(),
        "mail_template": "fedora_errata_template",
        "state": one.state,
        "composed_by_bodhi": one.composed_by_bodhi,
        "create_automatic_updates": one.automatic_updates,
        "package_manager": "dnf",
        "testing_repository": None if one.branch in ("rawhide", "eln") else "updates-testing",
        "released_on": one.released_on,
        "eol": one.eol,
        "setting_status": None,
    }


def _user(name: str) -> dict[str, Any]:
    number = int.from_bytes(hashlib.sha1(name.encode(), usedforsecurity=False).digest()[:2], "big")
    return {
        "id": 91 if name == "bodhi" else 1000 + number,
        "name": name,
        "email": None if name == "bodhi" else f"{name}@example.com",
        "avatar": f"https://seccdn.libravatar.org/avatar/{number:04x}",
        "openid": f"{name}.id.fedoraproject.org",
        "groups": [] if name == "bodhi" else [{"name": "packager"}],
    }


def comment_json(one: Comment, update_id: int) -> dict[str, Any]:
    """Return a comment as Bodhi returns it in an update."""
    return {
        "id": one.comment_id,
        "text": one.text,
        "karma": one.karma,
        "karma_critpath": 0,
        "timestamp": utc(one.time),
        "user": _user(one.user),
        "user_id": _user(one.user)["id"],
        "update_id": update_id,
        "bug_feedback": [],
        "testcase_feedback": [],
        "author": one.user,
    }


def _bug_json(bug_id: int, bug: Bug | None) -> dict[str, Any]:
    return {
        "bug_id": bug_id,
        "title": bug.summary if bug else None,
        "security": bool(bug and bug.is_security),
        "parent": False,
        "feedback": [],
    }


def nvrs_of(view: View, one: Update) -> list[str]:
    """Return the NVRs of an update's builds."""
    return [build.nvr for build in map(view.find_build, one.builds) if build]


def is_pushed(one: Update) -> bool:
    """Whether an update was pushed; an unpushed one no longer is, an obsolete one still is."""
    return one.status in ("testing", "stable") or (one.status == "obsolete" and one.testing is not None)


def update_json(view: View, package: Package, one: Update) -> dict[str, Any]:
    """Return an update as Bodhi returns it."""
    builds = [build for build in map(view.find_build, one.builds) if build]
    release_of = next((place, found) for place, found in enumerate(view.world.releases) if found.name == one.release)
    return {
        "alias": one.alias,
        "updateid": one.alias,
        "title": " ".join(build.nvr for build in builds),
        "display_name": "",
        "status": one.status,
        "request": one.request,
        "type": one.type,
        "severity": one.severity,
        "suggest": "unspecified",
        "notes": one.notes,
        "karma": one.karma,
        "stable_karma": 3,
        "unstable_karma": -3,
        "stable_days": 7,
        "autokarma": True,
        "autotime": True,
        "require_bugs": True,
        "require_testcases": True,
        "critpath": one.critpath,
        "critpath_groups": "core" if one.critpath else None,
        "locked": one.locked,
        "pushed": is_pushed(one),
        "close_bugs": True,
        "date_submitted": utc(one.submitted),
        "date_modified": utc(one.modified),
        "date_approved": utc(one.approved),
        "date_testing": utc(one.testing),
        "date_stable": utc(one.stable),
        "date_pushed": utc(one.stable or one.testing),
        "test_gating_status": one.gating,
        "from_tag": None,
        "content_type": "rpm",
        "meets_testing_requirements": one.status == "stable" or one.karma >= 2,
        "url": f"https://bodhi.fedoraproject.org/updates/{one.alias}",
        "version_hash": hashlib.sha1(
            f"{one.alias} {one.modified} {one.builds}".encode(), usedforsecurity=False
        ).hexdigest(),
        "release": release_json(release_of[1]),
        "user": _user(one.user),
        "builds": [
            {
                "nvr": build.nvr,
                "epoch": build.evr.epoch,
                "signed": one.status != "pending",
                "type": "rpm",
                "release_id": 1 + release_of[0],
            }
            for build in builds
        ],
        "bugs": [_bug_json(bug_id, view.find_bug(bug_id)) for bug_id in one.bugs],
        "comments": [comment_json(comment, one.update_id) for comment in one.comments],
        "test_cases": [],
    }
