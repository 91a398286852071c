"""The gist of an event: the few facts of a message that a timeline keeps, so that it can say what happened.

The one thing to know: a message is hostile, and what is kept of it stays for long.  Each fact is of one type and bounded; one
that is missing, or of another type, is left out, and whoever tells of it says less.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fedora_packages.messages.event import (
    PUSH_TOPICS,
    Event,
    changed_paths,
    dig,
    koji_tag,
    matches,
    name_of,
    named,
    objects,
    repository_release,
    texts,
    update_of,
)

#: Characters of a fact that is a name of something, and of one that somebody has written.
NAME_KEPT, TEXT_KEPT = 128, 200

#: Builds of one update that are kept, and numbers that are believed to be ids.
BUILDS_KEPT = 5
HIGHEST_ID = 1 << 53

#: Bytes of a gist, written as JSON; a larger one is not kept.
GIST_KEPT = 4096

#: ``koji.BUILD_STATES`` in lower case, by number.
BUILD_STATES = ("building", "complete", "deleted", "failed", "canceled")


def gist(event: Event, package: str) -> dict[str, Any]:
    """Return the facts of an event about a source package that are worth keeping, JSON-ready and small.

    ``kind`` says what the others are; all of these may be missing::

        {"kind": "build", "nvr", "build_id", "state", "who"}                # state: one of BUILD_STATES
        {"kind": "tag", "nvr", "build_id", "tag", "who"}                    # of buildsys.untag too
        {"kind": "list", "tag", "action", "who"}                            # a koji tag's list of packages
        {"kind": "update", "alias", "release", "status", "request", "karma", "who", "said", "builds"}
                                                                            # said: the karma that a comment gave
        {"kind": "bug", "id", "summary", "status", "who"}
        {"kind": "push", "branch", "commit", "summary", "who", "commits", "retires"}
        {"kind": "file", "file", "who"}                                     # uploaded sources
        {"kind": "project", "account", "group", "access", "who"}
        {"kind": "repository", "repository", "release"}
        {"kind": "upstream", "version"}                                     # what Anitya has found
        {"kind": "crash", "count"}                                          # how often FAF was told of a problem
        {"kind": "hotness", "id", "reason"}                                 # the bug about a new version, or why there is none

    ``{}`` where nothing is known to be worth it.
    """
    found = next((facts for topics, facts in _KINDS if matches(event.topic, topics)), None)
    told = {key: value for key, value in found(event, package).items() if value is not None} if found else {}
    return told if len(json.dumps(told)) <= GIST_KEPT else {}


def _text(value: Any, limit: int = NAME_KEPT) -> str | None:
    """Return the first line of a text without what no screen shows, cut with a mark; None for anything else."""
    if not isinstance(value, str):
        return None
    line = "".join(letter for letter in value[: 4 * limit].strip().partition("\n")[0] if letter.isprintable()).strip()
    return (line if len(line) <= limit else f"{line[: limit - 1]}…") or None


def _number(value: Any, least: int = 0) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and least <= value < HIGHEST_ID else None


def _who(value: Any) -> str | None:
    """Return an account: a name, or an object with one."""
    return _text(named(value))


def _nvr(body: Mapping[str, Any]) -> str | None:
    parts = [_text(body.get(key)) for key in ("name", "version", "release")]
    return "-".join(part for part in parts if part) if all(parts) else None


def _build(event: Event, package: str) -> dict[str, Any]:
    state = _number(event.body.get("new"))
    return {
        "kind": "build",
        "nvr": _nvr(event.body),
        "build_id": _number(event.body.get("build_id"), 1),
        "state": BUILD_STATES[state] if state is not None and state < len(BUILD_STATES) else None,
        "who": _who(event.body.get("owner")),
    }


def _tag(event: Event, package: str) -> dict[str, Any]:
    return {
        "kind": "tag",
        "nvr": _nvr(event.body),
        "build_id": _number(event.body.get("build_id"), 1),
        "tag": _text(koji_tag(event)),
        "who": _who(event.body.get("user")),
    }


def _list(event: Event, package: str) -> dict[str, Any]:
    body = event.body
    return {
        "kind": "list",
        "tag": _text(koji_tag(event)),
        "action": _text(body.get("action")),
        "who": _who(body.get("user")),
    }


def _update(event: Event, package: str) -> dict[str, Any]:
    update = update_of(event) or {}
    comment = dig(event.body, "comment")
    builds = (_text(build.get("nvr")) for build in objects(update.get("builds")))
    return {
        "kind": "update",
        "alias": _text(update.get("alias")) or _text(update.get("updateid")),
        "release": _text(dig(update, "release", "name")),
        "status": _text(update.get("status")),
        "request": _text(update.get("request")),
        "karma": _number(update.get("karma"), -HIGHEST_ID),
        "who": _who(event.body.get("agent")) or _who(dig(comment, "user")) or _who(dig(comment, "author")),
        "said": _number(dig(comment, "karma"), -HIGHEST_ID),
        "builds": [nvr for nvr in builds if nvr and name_of(nvr) == package][:BUILDS_KEPT] or None,
    }


def _bug(event: Event, package: str) -> dict[str, Any]:
    bug = event.body.get("bug")
    return {
        "kind": "bug",
        "id": _number(dig(bug, "id"), 1),
        "summary": _text(dig(bug, "summary"), TEXT_KEPT),
        "status": _text(named(dig(bug, "status"))),
    }


def _push(event: Event, package: str) -> dict[str, Any]:
    """dist-git's hook tells of each commit, Pagure of each branch that was pushed to; long ago the branch was in the topic."""
    body, commit = event.body, dig(event.body, "commit")
    branch = _text(body.get("branch")) or _text(dig(commit, "branch"))
    paths = changed_paths(event) or ()
    removed = dig(body, "changed_files", "dead.package") == "D"
    return {
        "kind": "push",
        "branch": branch and branch.removeprefix("refs/heads/"),
        "commit": _text(body.get("end_commit")) or _text(body.get("rev")) or _text(dig(commit, "rev")),
        "summary": _text(dig(commit, "summary"), TEXT_KEPT),
        "who": _who(body.get("agent")) or _text(dig(commit, "username")) or _text(dig(commit, "name")),
        "commits": _number(body.get("total_commits"), 1),
        "retires": True if "dead.package" in paths and not removed else None,
    }


def _file(event: Event, package: str) -> dict[str, Any]:
    return {"kind": "file", "file": _text(event.body.get("filename")), "who": _who(event.body.get("agent"))}


def _project(event: Event, package: str) -> dict[str, Any]:
    body = event.body
    account = body.get("new_user") or body.get("removed_user") or body.get("user")
    group = body.get("new_group") or next(iter(texts(body.get("removed_groups"))), None)
    return {
        "kind": "project",
        "account": _who(account),
        "group": _who(group),
        "access": _text(body.get("access") or body.get("new_access")),
        "who": _who(body.get("agent")),
    }


def _repository(event: Event, package: str) -> dict[str, Any]:
    return {
        "kind": "repository",
        "repository": _text(event.body.get("name")),
        "release": _text(repository_release(event)),
    }


def _upstream(event: Event, package: str) -> dict[str, Any]:
    message = dig(event.body, "message")
    found = [event.body.get("upstream_version"), dig(message, "upstream_version")]
    found += texts(dig(message, "upstream_versions"))[:1]
    return {"kind": "upstream", "version": next((text for text in map(_text, found) if text), None)}


def _crash(event: Event, package: str) -> dict[str, Any]:
    return {"kind": "crash", "count": _number(event.body.get("count"), 1)}


def _hotness(event: Event, package: str) -> dict[str, Any]:
    number = _number(dig(event.body, "bug", "bug_id"), 1)
    return {"kind": "hotness", "id": number, "reason": _text(event.body.get("reason"))}


#: (topics, what makes the facts of such an event).  The first that fits.
_KINDS: tuple[tuple[tuple[str, ...], Callable[[Event, str], Mapping[str, Any]]], ...] = (
    (("buildsys.build.state.change",), _build),
    (("buildsys.tag", "buildsys.untag"), _tag),
    (("buildsys.package.list.change",), _list),
    (("bodhi.update.*", "bodhi.errata.publish"), _update),
    (("bugzilla.bug.new", "bugzilla.bug.update"), _bug),
    (("mdapi.repo.update",), _repository),
    (PUSH_TOPICS, _push),
    (("git.lookaside.new",), _file),
    (("pagure.project.*",), _project),
    (("anitya.project.version.update*",), _upstream),
    (("hotness.update.*",), _hotness),
    (("faf.report.threshold*", "faf.problem.threshold*"), _crash),
)


def validated(told: Any) -> Mapping[str, Any]:
    """Return a gist as it was stored, without what is of another type than `gist` gives: who can write to Redis may be wrong."""
    if not isinstance(told, Mapping):
        return {}
    return dict(_valid(told))


def _valid(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in told.items():
        if key in ("build_id", "id", "commits", "count", "karma", "said"):
            kept: Any = _number(value, -HIGHEST_ID)
        elif key == "builds":
            kept = [text for text in map(_text, value) if text][:BUILDS_KEPT] if isinstance(value, list) else None
        elif key == "retires":
            kept = value is True or None
        else:
            kept = _text(value, TEXT_KEPT)
        if kept is not None:
            yield key, kept
