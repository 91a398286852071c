"""Bugzilla's messages: new bugs, and changes of bugs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fedora_packages.messages.body import dig, named, objects
from fedora_packages.messages.contents.base import MAX_TEXT, Links, Part, Sentence, integer, line

#: Components of Fedora in Bugzilla that are not packages.
_NO_PACKAGES = re.compile(r"distribution|LiveCD.*|Package Review")


def packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the component of a bug; of one that moved, also the component before."""
    components = [*components_of(body)]
    for change in objects(dig(body, "event", "changes")):
        if change.get("field") == "component":
            components += [change.get("removed"), change.get("added")]
    yield from (name for name in components if isinstance(name, str) and not _NO_PACKAGES.fullmatch(name))


def components_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the components of the bug in a message, which gives a name, an object with one, or a list of either."""
    component = dig(body, "bug", "component")
    found = map(named, component if isinstance(component, list) else [component])
    return tuple(name for name in found if isinstance(name, str))


def bug_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{"id", "status", "components", "changed", "timestamp"}`` of the bug in a message.

    ``components`` is empty if the message does not say, ``changed`` is the set of the fields that have changed, ``timestamp`` the
    bug's last change in integer seconds since 1970.  Every other value can be None.
    """
    number, status = dig(body, "bug", "id"), named(dig(body, "bug", "status"))
    timestamp = dig(body, "bug", "last_change_time")
    return {
        "timestamp": int(timestamp) if isinstance(timestamp, int | float) and 0 < timestamp < 1e11 else None,
        "id": number if isinstance(number, int) else None,
        "status": status if isinstance(status, str) else None,
        "components": components_of(body),
        "changed": frozenset(
            field for change in objects(dig(body, "event", "changes")) if isinstance(field := change.get("field"), str)
        ),
    }


def details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"id", "summary", "status"}``."""
    bug = body.get("bug")
    return {
        "id": integer(dig(bug, "id"), 1),
        "summary": line(dig(bug, "summary"), MAX_TEXT),
        "status": line(named(dig(bug, "status"))),
    }


def sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "Bug 5 was reported: It hangs"."""
    is_new = topic == "bugzilla.bug.new"
    if "id" not in details:
        return "A bug was reported" if is_new else "A bug changed"
    status = f" (status {details['status']})" if "status" in details else ""
    summary = f": {details['summary']}" if "summary" in details else ""
    bug = Part(str(details["id"]), links.bug(details["id"]))
    return "Bug ", bug, f"{' was reported' if is_new else f' changed{status}'}{summary}"
