"""Bodhi's rows: releases, updates, comments, as its REST service returns them and its messages have them.

Times are strings in UTC without a zone.
"""

import hashlib
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from fedora_packages.sandbox.upstreams.base import utc
from fedora_packages.sandbox.world.models import Bug, Comment, Package, Update
from fedora_packages.sandbox.world.releases import Release
from fedora_packages.sandbox.world.world import View

DAY = 86400


class PushRules(NamedTuple):
    """What an update of a release needs for a push to stable, in the order of Bodhi's fields: karma or days in testing."""

    critpath_mandatory_days_in_testing: int
    mandatory_days_in_testing: int
    critpath_min_karma: int
    min_karma: int


#: The configuration of the sandbox's Bodhi, by ``setting_status``.
RULES: Mapping[str | None, PushRules] = {
    None: PushRules(14, 7, 2, 2),
    "pre_beta": PushRules(3, 3, 1, 1),
    "post_beta": PushRules(7, 7, 2, 1),
}


def push_rules(one: Release) -> PushRules:
    """Return the rules of a release.  Releases of other content than rpms have no days without a ``setting_status``.

    Source: bodhi-server 26.4.0, ``models.py`` (``Release.min_karma`` and the three properties beside it).
    """
    rules = RULES[one.setting_status]
    has_days = one.setting_status is not None or one.id_prefix in ("FEDORA", "FEDORA-EPEL")
    return rules if has_days else rules._replace(mandatory_days_in_testing=0)


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
        "setting_status": one.setting_status,
        **push_rules(one)._asdict(),
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
    }


def listed_comment_json(view: View, package: Package, update: Update, one: Comment) -> dict[str, Any]:
    """Return a comment as Bodhi returns it in a list of comments: with its update, which has less than alone."""
    row = update_json(view, package, update)
    for key in ("comments", "updateid", "content_type", "test_cases"):
        del row[key]
    own = {"author": one.user, "update_alias": update.alias, "update": row}
    return {**comment_json(one, update.update_id), **own}


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


def _days(rules: PushRules, one: Update) -> int:
    return rules.critpath_mandatory_days_in_testing if one.critpath else rules.mandatory_days_in_testing


def meets_requirements(now: float, rules: PushRules, one: Update) -> bool:
    """Whether an update may be pushed to stable: gating, and karma or days in testing.

    Source: bodhi-server 26.4.0, ``models.py`` (``Update.meets_requirements_why``).
    """
    if one.gating not in ("passed", "ignored"):
        return False
    days = _days(rules, one)
    is_long_enough = one.testing is not None and now - one.testing >= days * DAY
    return one.karma >= (rules.critpath_min_karma if one.critpath else rules.min_karma) or not days or is_long_enough


def update_json(view: View, package: Package, one: Update) -> dict[str, Any]:
    """Return an update as Bodhi returns it."""
    builds = [build for build in map(view.find_build, one.builds) if build]
    number, release = next((place, found) for place, found in enumerate(view.releases, 1) if found.name == one.release)
    rules = push_rules(release)
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
        "stable_karma": max(3, rules.critpath_min_karma if one.critpath else rules.min_karma),
        "unstable_karma": -3,
        "stable_days": 0 if release.automatic_updates else _days(rules, one),
        "autokarma": not release.automatic_updates,
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
        "meets_testing_requirements": meets_requirements(min(view.timestamp, time.time()), rules, one),
        "url": f"https://bodhi.fedoraproject.org/updates/{one.alias}",
        "version_hash": hashlib.sha1(
            f"{one.alias} {one.modified} {one.builds}".encode(), usedforsecurity=False
        ).hexdigest(),
        "release": release_json(release),
        "user": _user(one.user),
        "builds": [
            {
                "nvr": build.nvr,
                "epoch": build.evr.epoch,
                "signed": one.signed,
                "type": "rpm",
                "release_id": number,
            }
            for build in builds
        ],
        "bugs": [_bug_json(bug_id, None if bug_id in one.untitled else view.find_bug(bug_id)) for bug_id in one.bugs],
        "comments": [comment_json(comment, one.update_id) for comment in one.comments],
        "test_cases": [],
    }
