"""The recent activity on the overview: the timeline of a package."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fedora_packages.errors import CacheUnavailable
from fedora_packages.messages.contents.base import Part
from fedora_packages.messages.contents.table import sentence
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext

MAX_ITEMS = 20


@dataclass
class Activity:
    """A sentence and its messages, newest first: dist-git publishes two for each push."""

    parts: tuple[Part, ...]
    events: list[Mapping[str, Any]]


class ActivityWidget(Widget):
    """The messages about a package as sentences, newest first."""

    name, title, order, tab = "activity", "Recent activity", 50, "overview"

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the activities; None with the error if they are unavailable."""
        try:
            events = context.timeline(context.package.source)
        except CacheUnavailable as error:
            return {"activities": None, "error": str(error)}
        sentences = (
            (event, sentence(event, context.package.source, context.links)) for event in events if _is_shown(event)
        )
        return {"activities": activities(sentences)[:MAX_ITEMS], "error": None}


def activities(sentences: Iterable[tuple[Mapping[str, Any], tuple[Part, ...]]]) -> list[Activity]:
    """Return the activities of events (newest first), one for consecutive events with the same sentence."""
    found: list[Activity] = []
    for event, parts in sentences:
        if found and (found[-1].parts == parts or _is_same_push(found[-1].events[-1], event)):
            found[-1].events.append(event)
            # The message of a commit has a summary, that of the branch has none.
            if "summary" in event["details"]:
                found[-1].parts = parts
        else:
            found.append(Activity(parts, [event]))
    return found


def _is_shown(event: Mapping[str, Any]) -> bool:
    """Whether an event is about something on pages: mdapi announces source repositories and Koji's own too."""
    return event["details"].get("kind") != "repository" or "release" in event["details"]


def _is_same_push(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    details = [event["details"] for event in (one, other) if event["details"].get("kind") == "push"]
    commits = {push.get("commit") for push in details}
    return len(details) == 2 and len(commits) == 1 and None not in commits and one["topic"] != other["topic"]
