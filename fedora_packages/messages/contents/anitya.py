"""Anitya's messages: upstream projects, their versions and mappings; and those of the-new-hotness, which acts on them."""

from collections.abc import Iterator, Mapping
from typing import Any

from fedora_packages.messages.body import dig, is_fedora, matches, objects, strings
from fedora_packages.messages.contents.base import Links, Part, Sentence, integer, line

#: Topics of messages that name a project and no package.
_UNNAMED = ("anitya.project.version.remove*", "anitya.project.edit", "anitya.project.remove")


def packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the source packages that a project is mapped to in Fedora."""
    message = body.get("message")
    for package in objects(dig(message, "packages") if "message" in body else None) + objects(body.get("packages")):
        if is_fedora(package.get("distro")):
            yield package.get("package_name")
    if topic.startswith("anitya.project.map.") and is_fedora(dig(body, "distro", "name")):
        yield dig(message, "new")
        yield dig(message, "prev")


def external_ids(topic: str, body: Mapping[str, Any]) -> Iterator[int]:
    """Yield the id of the project of a message that names no package."""
    project = dig(body, "project", "id")
    if topic == "anitya.project.map.update":
        # A mapping moved to another distribution, the only one in the message: perhaps it was Fedora's before.
        has_moved = "distribution" in strings(dig(body, "message", "edited"))
        is_unnamed = has_moved and not is_fedora(dig(body, "distro", "name"))
    elif topic == "anitya.project.map.remove":
        is_unnamed = is_fedora(dig(body, "message", "distro"))
    else:
        is_unnamed = matches(topic, _UNNAMED)
    # A number that no database gives as an id could not be told from another in a list of them.
    if is_unnamed and isinstance(project, int) and not isinstance(project, bool) and 0 < project < 1 << 31:
        yield project


def version_details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"version"}``: the version that Anitya has found."""
    message = dig(body, "message")
    versions = [body.get("upstream_version"), dig(message, "upstream_version")]
    versions += strings(dig(message, "upstream_versions"))[:1]
    return {"version": next((version for version in map(line, versions) if version), None)}


def version_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "Upstream released version 2.0"."""
    return f"Upstream released version {details['version']}" if "version" in details else "Upstream released a version"


def project_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "The upstream project changed"."""
    is_mapping = topic.startswith("anitya.project.map.")
    return "The mapping to an upstream project changed" if is_mapping else "The upstream project changed"


def hotness_packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the source package of a message of the-new-hotness, which carries the message that caused it."""
    if isinstance(body.get("package"), str):
        yield body["package"]
        return
    trigger = dig(body, "trigger", "msg")
    if isinstance(trigger, Mapping):
        yield trigger.get("name")
        yield from packages(str(dig(body, "trigger", "topic")).partition("anitya.")[2] or topic, trigger)


def hotness_details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"id", "reason"}``: the bug about a new version, or why there is none."""
    return {"id": integer(dig(body, "bug", "bug_id"), 1), "reason": line(body.get("reason"))}


def hotness_sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "The-new-hotness filed bug 5"."""
    if "id" in details:
        verb = "filed" if topic == "hotness.update.bug.file" else "commented on"
        return f"The-new-hotness {verb} bug ", Part(str(details["id"]), links.bug(details["id"]))
    if topic == "hotness.update.drop":
        reason = f" ({details['reason']})" if "reason" in details else ""
        return f"The-new-hotness filed no bug for a new version{reason}"
    return "The-new-hotness processed a new version"
