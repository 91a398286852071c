"""Koji's messages: builds, koji tags, lists of packages, signatures.

Secondary hubs (``s390``, ``ppc``) publish on the same topics.  Their messages name no package.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fedora_packages.messages.body import dig
from fedora_packages.messages.contents.base import Links, Part, Sentence, account, by, integer, line

#: What happened to a build, by its new state; the states are in the order of their numbers.
BUILD_VERBS = {
    "building": "was started",
    "complete": "completed",
    "deleted": "was deleted",
    "failed": "failed",
    "canceled": "was canceled",
}

#: ``koji.BUILD_STATES`` in lower case, by number.
BUILD_STATES = tuple(BUILD_VERBS)

#: What happened to a package in a koji tag, by the action of the message.
LIST_VERBS = {
    "add": "was added to",
    "block": "was blocked in",
    "unblock": "was unblocked in",
    "remove": "was removed from",
}


def packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the source package of a build, a tag or a list of packages."""
    if dig(body, "instance") in ("primary", None):
        yield body.get("package") if topic == "buildsys.package.list.change" else body.get("name")


def signed_build(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the source package of a signed package."""
    yield dig(body, "build", "name")


def signed_package(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the binary package that was signed."""
    yield dig(body, "info", "name")


def koji_tag(body: Mapping[str, Any]) -> str | None:
    """Return the koji tag of a message about one."""
    tag = dig(body, "tag")
    return tag if isinstance(tag, str) else None


def build_details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"nvr", "build_id", "state", "who"}``; ``state`` is one of `BUILD_STATES`."""
    state = integer(body.get("new"))
    return {
        "nvr": _nvr(body),
        "build_id": integer(body.get("build_id"), 1),
        "state": BUILD_STATES[state] if state is not None and state < len(BUILD_STATES) else None,
        "who": account(body.get("owner")),
    }


def build_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "Build guake-1-1 failed"."""
    if "nvr" not in details or "state" not in details:
        return "The state of a build changed"
    # The owner requested the build; it fails or completes by itself.
    who = by(details) if details["state"] == "building" else ""
    return "Build ", _build(details, links), f" {BUILD_VERBS.get(details['state'], 'changed')}{who}"


def tag_details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"nvr", "build_id", "tag", "who"}``."""
    return {
        "nvr": _nvr(body),
        "build_id": integer(body.get("build_id"), 1),
        "tag": line(koji_tag(body)),
        "who": account(body.get("user")),
    }


def tag_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "guake-1-1 was tagged f45 by bodhi"."""
    verb = "was untagged from" if topic == "buildsys.untag" else "was tagged"
    if "nvr" not in details or "tag" not in details:
        return f"A build {verb.removesuffix(' from')}"
    return _build(details, links), f" {verb} {details['tag']}{by(details)}"


def list_details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"tag", "action", "who"}``."""
    return {"tag": line(koji_tag(body)), "action": line(body.get("action")), "who": account(body.get("user"))}


def list_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "The package was blocked in the Koji tag f46"."""
    if "tag" not in details:
        return "The package list of a Koji tag changed"
    verb = LIST_VERBS.get(details.get("action", ""), "changed in")
    return f"The package {verb} the Koji tag {details['tag']}{by(details)}"


def _nvr(body: Mapping[str, Any]) -> str | None:
    parts = [line(body.get(key)) for key in ("name", "version", "release")]
    return "-".join(part for part in parts if part) if all(parts) else None


def _build(details: Mapping[str, Any], links: Links) -> Part:
    return Part(details["nvr"], links.build(details["build_id"]) if "build_id" in details else None)
