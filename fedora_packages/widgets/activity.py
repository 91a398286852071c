"""The overview's list of what happened lately: the package's timeline."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from fedora_packages import timeline
from fedora_packages.errors import CacheUnavailable
from fedora_packages.widgets.base import Page, Widget

EVENTS_SHOWN = 15

#: What a message tells, by topic; the first that fits.
TOLD = (
    ("buildsys.build.state.change", "A build changed its state"),
    ("buildsys.tag", "A build was tagged"),
    ("buildsys.untag", "A build lost a tag"),
    ("buildsys.package.list.change", "A koji tag's list of packages changed"),
    ("bodhi.update.comment", "Somebody commented on an update"),
    ("bodhi.update.karma*", "An update reached its karma"),
    ("bodhi.update.request.*", "An update was asked to move on"),
    ("bodhi.update.complete.*", "An update was pushed"),
    ("bodhi.update.eject", "An update was taken out of a push"),
    ("bodhi.*", "An update changed"),
    ("bugzilla.bug.new", "A bug was reported"),
    ("bugzilla.bug.*", "A bug changed"),
    ("mdapi.repo.update", "A repository was refreshed"),
    ("*git.lookaside.new", "New sources were uploaded"),
    ("*git.branch*", "A branch was created"),
    ("*git.receive*", "Commits were pushed"),
    ("faf.*", "A program has crashed on users' machines, more often than before"),
    ("anitya.project.version.update*", "Upstream has published a version"),
    ("anitya.project.map.*", "The mapping to an upstream project changed"),
    ("anitya.*", "The upstream project changed"),
    ("hotness.*", "The-new-hotness, which files bugs about new versions, looked at one of upstream's"),
    ("pagure.project.*", "The project or its maintainers changed"),
)


class ActivityWidget(Widget):
    """The messages about the package that were handled, newest first."""

    name, title, order, tab = "activity", "What happened lately", 50, "overview"

    def context(self, page: Page, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the events, or None and why they are not known."""
        try:
            events = timeline.read(page.service.client, page.package.source)[:EVENTS_SHOWN]
        except CacheUnavailable as error:
            return {"events": None, "problem": str(error)}
        return {"events": [{**event, "told": told(event["topic"])} for event in events], "problem": None}


def told(topic: str) -> str:
    """Return what a message of this topic tells, in words."""
    return next((words for pattern, words in TOLD if fnmatchcase(topic, pattern)), "Something changed")
