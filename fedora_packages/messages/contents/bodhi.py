"""Bodhi's messages: updates, their comments and pushes, and the older ones of masher and buildroot overrides."""

from collections.abc import Iterator, Mapping
from typing import Any

from fedora_packages.messages.body import dig, matches, objects, strings, words
from fedora_packages.messages.contents.base import (
    MAX_BUILDS,
    MAX_ID,
    Links,
    Part,
    Sentence,
    account,
    by,
    integer,
    line,
)
from fedora_packages.rpm.nvr import name_of

#: What happened to an update, by topic, and whether the sentence names the account; the first match counts.
UPDATE_VERBS = (
    ("bodhi.update.request.testing", "was submitted to testing", True),
    ("bodhi.update.request.stable", "was submitted to stable", True),
    ("bodhi.update.request.unpush", "was unpushed", True),
    ("bodhi.update.request.obsolete", "was obsoleted", True),
    ("bodhi.update.request.revoke", "had its request revoked", True),
    ("bodhi.update.complete.testing", "was pushed to testing", False),
    ("bodhi.update.complete.stable", "was pushed to stable", False),
    ("bodhi.update.karma*", "reached its karma threshold", False),
    ("bodhi.update.requirements_met.stable", "can be pushed to stable", False),
    ("bodhi.update.status.testing.*", "is ready for testing", False),
    ("bodhi.update.edit", "was edited", True),
    ("bodhi.update.eject", "was ejected from a push", False),
    ("bodhi.errata.publish", "was announced", False),
    ("*", "changed", False),
)


def update_packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the source packages of an update; before 2015 it listed no builds, and its title was its NVRs."""
    update = update_of(body) or {}
    artifacts = objects(dig(body, "artifact", "builds"))
    nvrs = [build.get("nvr") for build in (*objects(update.get("builds")), *artifacts)]
    nvrs += [*strings(body.get("new_builds")), *strings(body.get("removed_builds"))]
    components = [build.get("component") for build in artifacts]
    if not nvrs and not components:
        nvrs = words(update.get("title") or dig(body, "comment", "update_title"))
    yield from map(name_of, nvrs)
    yield from components


def mash_packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the source packages of the updates in a push."""
    yield from (name_of(nvr) for title in strings(body.get("updates")) for nvr in words(title))


def override_packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the source package of a buildroot override, whose NVR has had three places."""
    override = body.get("override")
    build = dig(override, "build")
    yield name_of(dig(override, "nvr") or dig(build, "nvr") or build)


def update_of(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the update in a message, which can be incomplete; None if there is none."""
    for path in (("update",), ("comment", "update")):
        update = dig(body, *path)
        if isinstance(update, Mapping):
            return update
    return None


def update_details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"alias", "release", "status", "request", "karma", "who", "said", "builds"}``.

    ``said`` is the karma that a comment gave, ``builds`` the NVRs of this package, at most `MAX_BUILDS`.
    """
    update = update_of(body) or {}
    comment = dig(body, "comment")
    builds = (line(build.get("nvr")) for build in objects(update.get("builds")))
    return {
        "alias": line(update.get("alias")) or line(update.get("updateid")),
        "release": line(dig(update, "release", "name")),
        "status": line(update.get("status")),
        "request": line(update.get("request")),
        "karma": integer(update.get("karma"), -MAX_ID),
        "who": account(body.get("agent")) or account(dig(comment, "user")) or account(dig(comment, "author")),
        "said": integer(dig(comment, "karma"), -MAX_ID),
        "builds": [nvr for nvr in builds if nvr and name_of(nvr) == package][:MAX_BUILDS] or None,
    }


def update_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "Update FEDORA-2026-1 (F45) was pushed to stable: guake-1-1"."""
    is_comment = topic == "bodhi.update.comment"
    verb, names_account = next((verb, named) for pattern, verb, named in UPDATE_VERBS if matches(topic, (pattern,)))
    if "alias" not in details:
        return "An update got a comment" if is_comment else f"An update {verb}"
    start = "Update "
    if is_comment:
        karma = f" and gave it karma {details['said']:+d}" if details.get("said") else ""
        end = f" got a comment{karma.replace('gave it ', '')}"
        if "who" in details:
            start, end = f"{details['who']} commented on update ", karma
    else:
        karma = f" ({details['karma']})" if "karma" in details and topic.startswith("bodhi.update.karma") else ""
        end = f" {verb}{karma}{by(details) if names_account else ''}"
    alias = Part(details["alias"], links.update(details["alias"]))
    release = f" ({details['release']})" if "release" in details else ""
    builds = f": {', '.join(details['builds'])}" if "builds" in details else ""
    return start, alias, f"{release}{end}{builds}"
