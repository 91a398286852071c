"""Actions on updates: create, push to testing and stable, comment, withdraw.

As in Fedora, Koji's tags move before Bodhi publishes the move.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fedora_packages.sandbox.actions import messages
from fedora_packages.sandbox.actions.builds import Builds
from fedora_packages.sandbox.actions.publisher import NotPossible, Options, Publisher
from fedora_packages.sandbox.upstreams.bodhi import REQUESTS, SEVERITIES, STATUSES, TYPES
from fedora_packages.sandbox.world import ids
from fedora_packages.sandbox.world.models import CRITICAL_PATH, Build, Comment, Package, Update
from fedora_packages.sandbox.world.releases import Release

#: The statuses from which an update can go to another.
BEFORE: Mapping[str, tuple[str, ...]] = {
    "testing": ("pending",),
    "stable": ("testing", "pending"),
    "unpushed": ("testing", "pending"),
    "obsolete": ("testing", "pending"),
}


#: The maximum number of updates of a package, and of comments on an update, besides the newest.
MAX_UPDATES, MAX_COMMENTS = 1000, 200


class Updates:
    """The action ``update``."""

    def __init__(self, publisher: Publisher, builds: Builds):
        self.publisher = publisher
        self.builds = builds

    def run(self, package: Package, options: Options) -> None:
        """Create an update of the newest candidate build, move an update (``to``), or comment on it (``comment``, ``karma``).

        Other options: release, alias (of the update), request, type, severity, notes, user.
        """
        to = options.choice("to", STATUSES, None)
        request = options.choice("request", REQUESTS, None)
        comment, karma = options.string("comment", None), options.integer("karma", None)
        alias = options.string("alias", None)
        release_name = options.string("release", None)
        details = {
            "type": options.choice("type", TYPES, "bugfix"),
            "severity": options.choice("severity", SEVERITIES, "unspecified"),
            "notes": options.string("notes", "New in the sandbox."),
            "user": options.account("user", self.publisher.agent(package)),
        }
        if comment is not None or karma is not None:
            user = options.account("user", "tester")
            self.comment(
                package, self._chosen(package, alias, release_name, None), comment or "Works for me.", karma or 0, user
            )
            return
        if request is not None:
            self.request(package, self._chosen(package, alias, release_name, None), request, details["user"])
            return
        if to in (None, "pending") and alias is None:
            self.create(package, self._release(package, release_name), details)
            return
        if to is None or to == "pending":
            raise NotPossible(
                "an existing update cannot become pending again; use to=testing, to=stable, to=unpushed or to=obsolete"
            )
        if alias is None and to == "testing" and not self._in(package, release_name, BEFORE["testing"]):
            package = self.create(package, self._release(package, release_name), details)
        self.move(package, self._chosen(package, alias, release_name, BEFORE[to]), to)

    def _release(self, package: Package, name: str | None) -> Release:
        """Return the release of a new update: the given one, else the newest current one that has the package."""
        if name is not None:
            return self.publisher.release(name)
        for release in self.publisher.world.releases:
            if release.state == "current" and release.holds_packages and release.branch in package.branches:
                return release
        raise NotPossible(f"no current release has {package.name}; choose one with release=…")

    def _in(self, package: Package, release: str | None, statuses: tuple[str, ...] | None) -> list[Update]:
        wanted = self.publisher.release(release).name if release else None
        return [
            update
            for update in package.updates
            if (wanted is None or update.release == wanted) and (statuses is None or update.status in statuses)
        ]

    def _chosen(
        self, package: Package, alias: str | None, release: str | None, statuses: tuple[str, ...] | None
    ) -> Update:
        """Return an update by alias, else the one submitted last."""
        if alias is not None:
            found = [update for update in package.updates if update.alias == alias]
        else:
            found = self._in(package, release, statuses)
        if not found:
            which = f"update {alias}" if alias else f"update that is {' or '.join(statuses)}" if statuses else "update"
            raise NotPossible(f"{package.name} has no {which}" + (f" in {release}" if release else ""))
        if statuses and found[-1].status not in statuses:
            raise NotPossible(f"{found[-1].alias} is {found[-1].status}, not {' or '.join(statuses)}")
        return max(found, key=lambda update: (update.submitted, update.update_id))

    def create(self, package: Package, release: Release, details: Mapping[str, Any]) -> Package:
        """Create an update of the newest candidate build without one, or else of a new build."""
        if release.automatic_updates:
            raise NotPossible(f"{release.branch} creates its updates by itself; trigger a build there")
        build = self._candidate(package, release)
        if build is None:
            self.builds.run(package, Options({"release": release.branch}))
            package = self.publisher.known(package.name)
            build = self._candidate(package, release)
        assert build is not None, "a build that is complete is a candidate"
        package = self._obsolete_older(package, release)
        number = self.publisher.world.new_id("update")
        now = int(time.time())
        user = details["user"]
        update = Update(
            update_id=number,
            alias=ids.alias(release.id_prefix, time.gmtime(now).tm_year, number),
            release=release.name,
            builds=(build.build_id,),
            status="pending",
            request="testing",
            submitted=now,
            comments=(Comment(number * 16, "bodhi", f"This update has been submitted for testing by {user}.", 0, now),),
            gating="waiting",
            critpath=package.name in CRITICAL_PATH,
            **details,
        )
        package = self.publisher.put(replace(package, updates=(*package.updates[-MAX_UPDATES:], update)))
        view = self.publisher.world.now()
        self.publisher.publish(messages.update_builds_complete(view, package, update, user))
        self.publisher.publish(messages.update_message("request.testing", view, package, update, user))
        return package

    def _obsolete_older(self, package: Package, release: Release) -> Package:
        """Obsolete the updates that are not stable yet.  Bodhi does so for a newer update, and publishes no message of it."""
        for update in self._in(package, release.branch, BEFORE["obsolete"]):
            package = self.move(package, update, "obsolete", announce=False)
        return package

    def _candidate(self, package: Package, release: Release) -> Build | None:
        taken = {build_id for update in package.updates for build_id in update.builds}
        for build_id in package.tags.get(release.candidate_tag, ()):
            if build_id not in taken:
                return package.build(build_id)
        return None

    def _replaced(self, package: Package, update: Update) -> Package:
        updates = tuple(update if one.alias == update.alias else one for one in package.updates)
        return self.publisher.put(replace(package, updates=updates))

    def move(self, package: Package, update: Update, to: str, announce: bool = True) -> Package:
        """Move an update: Koji's tags first, then Bodhi's message unless ``announce`` is false."""
        release = self.publisher.release(update.release)
        arrive = {"testing": release.testing_tag, "stable": release.stable_tag, "unpushed": release.candidate_tag}.get(
            to
        )
        leave = {release.candidate_tag, release.testing_tag} - {arrive}
        for build_id in update.builds:
            build = package.build(build_id)
            if build is None:
                continue
            if arrive and build_id not in package.tags.get(arrive, ()):
                package = self.publisher.add_tag(package, build, arrive, "bodhi")
            for tag in sorted(leave):
                if build_id in package.tags.get(tag, ()):
                    package = self.publisher.remove_tag(package, build, tag, "bodhi")
        now = int(time.time())
        text = {
            "testing": "This update has been pushed to testing.",
            "stable": "This update has been pushed to stable.",
            "unpushed": "This update has been unpushed.",
            "obsolete": "This update has been obsoleted.",
        }[to]
        update = replace(
            update,
            status=to,
            request=None,
            modified=now,
            testing=now if to == "testing" else update.testing,
            stable=now if to == "stable" else update.stable,
            comments=(*update.comments[-MAX_COMMENTS:], self._next_comment(update, "bodhi", text, 0)),
            gating="passed",
        )
        package = self._replaced(package, update)
        if not announce:
            return package
        topic = {"unpushed": "request.unpush", "obsolete": "request.obsolete"}.get(to, f"complete.{to}")
        self.publisher.publish(messages.update_message(topic, self.publisher.world.now(), package, update, "bodhi"))
        return package

    def request(self, package: Package, update: Update, request: str, agent: str) -> None:
        """Request a move of an update at the next push."""
        wanted = None if request == "revoke" else request
        update = replace(update, request=wanted, modified=int(time.time()))
        package = self._replaced(package, update)
        self.publisher.publish(
            messages.update_message(f"request.{request}", self.publisher.world.now(), package, update, agent)
        )

    def comment(self, package: Package, update: Update, text: str, karma: int, user: str) -> None:
        """Comment on an update, with karma of -1, 0 or 1."""
        if karma not in (-1, 0, 1):
            raise NotPossible(f"'karma' must be -1, 0 or 1, not {karma}")
        comment = self._next_comment(update, user, text, karma)
        update = replace(update, comments=(*update.comments[-MAX_COMMENTS:], comment))
        package = self._replaced(package, update)
        self.publisher.publish(messages.update_comment(self.publisher.world.now(), package, update, comment))

    def _next_comment(self, update: Update, user: str, text: str, karma: int) -> Comment:
        number = update.comments[-1].comment_id + 1 if update.comments else update.update_id * 16
        return Comment(number, user, text, karma, int(time.time()))
