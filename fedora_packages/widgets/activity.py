"""The overview's list of what happened lately: the package's timeline."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fedora_packages.errors import CacheUnavailable
from fedora_packages.messages.families.base import Part
from fedora_packages.messages.families.table import sentence
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext

EVENTS_SHOWN = 20


@dataclass
class Happening:
    """Something that happened, when it was last told, and the messages that told it: dist-git tells each push twice."""

    parts: tuple[Part, ...]
    sent: float
    events: list[Mapping[str, Any]]


class ActivityWidget(Widget):
    """What the messages about the package told, newest first."""

    name, title, order, tab = "activity", "What happened lately", 50, "overview"

    def context(self, page: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what happened, or None and why it is not known."""
        try:
            events = page.timeline(page.package.source)
        except CacheUnavailable as error:
            return {"happenings": None, "problem": str(error)}
        told = ((event, sentence(event, page.package.source, page.links)) for event in events if _is_shown(event))
        return {"happenings": happenings(told)[:EVENTS_SHOWN], "problem": None}


def happenings(told: Iterable[tuple[Mapping[str, Any], tuple[Part, ...]]]) -> list[Happening]:
    """Return what some events (newest first) told, once where several in a row told the same."""
    found: list[Happening] = []
    for event, parts in told:
        if found and (found[-1].parts == parts or _is_same_push(found[-1].events[-1], event)):
            found[-1].events.append(event)
            # Of a push each commit has a summary, and the branch as a whole has none.
            if "summary" in event["details"]:
                found[-1].parts = parts
        else:
            found.append(Happening(parts, event["sent"], [event]))
    return found


def _is_shown(event: Mapping[str, Any]) -> bool:
    """Whether an event is about something that pages show: mdapi tells of repositories of sources and koji's own too."""
    return event["details"].get("kind") != "repository" or "release" in event["details"]


def _is_same_push(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    told = [event["details"] for event in (one, other) if event["details"].get("kind") == "push"]
    commits = {facts.get("commit") for facts in told}
    return len(told) == 2 and len(commits) == 1 and None not in commits and one["topic"] != other["topic"]
