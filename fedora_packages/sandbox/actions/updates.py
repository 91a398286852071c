"""Actions on updates: create, edit, push to testing and stable, comment, withdraw.

As in Fedora, Koji's tags move before Bodhi publishes the move, and much follows the message in silence: the end of a push, older
updates that become obsolete, titles of bugs, signatures.

Source: bodhi-server 26.4.0, ``tasks/composer.py`` (``ComposerThread.work``), ``tasks/work_on_bugs.py``, ``consumers/signed.py``,
``models.py`` (``Update.new``, ``edit``, ``set_request``, ``obsolete_older_updates``).
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from fedora_packages.sandbox.actions import messages
from fedora_packages.sandbox.actions.builds import Builds
from fedora_packages.sandbox.actions.publisher import NotPossible, Options, Publisher
from fedora_packages.sandbox.upstreams.bodhi import GATING, REQUESTS, SEVERITIES, STATUSES, TYPES
from fedora_packages.sandbox.upstreams.bodhi_rows import update_json
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
        """Create an update of the newest candidate build, move one (``to``), edit it, or comment on it (``comment``, ``karma``).

        Other options: release, alias (of the update), request, type, severity, notes, bugs (numbers with commas), gating (which
        changes in silence), user.
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
            "bugs": options.numbers("bugs"),
            "user": options.account("user", self.publisher.agent(package)),
        }
        gating = options.choice("gating", GATING, None)
        if gating is not None:
            self.replaced(package, replace(self._chosen(package, alias, release_name, None), gating=gating))
            return
        if options.flag("edit"):
            given = {
                name: details[name] for name in ("type", "severity", "notes", "bugs") if options.string(name, None)
            }
            self.edit(package, self._chosen(package, alias, release_name, None), given, details["user"])
            return
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
            untitled=frozenset(details["bugs"]),
            **details,
        )
        package = self.obsolete_older(package, update)
        package = self.publisher.put(replace(package, updates=(*package.updates[-MAX_UPDATES:], update)))
        view = self.publisher.world.now()
        self.publisher.publish(messages.update_builds_complete(view, package, update, user))
        self.publisher.publish(messages.update_message("request.testing", view, package, update, user))
        self.work_on_bugs(package, update)
        self.publisher.steps.add("sign", update.alias, lambda: self._change(package.name, update.alias, signed=True))
        return self.publisher.known(package.name)

    def edit(self, package: Package, update: Update, changes: Mapping[str, Any], user: str) -> None:
        """Edit an update; of new bugs, Bodhi asks Bugzilla later."""
        if update.locked:
            raise NotPossible(f"{update.alias} is locked: a push of it is under way")
        new = frozenset(changes.get("bugs", ())) - set(update.bugs)
        update = replace(
            self.commented(update, "bodhi", f"{user} edited this update."),
            modified=max(int(time.time()), (update.modified or 0) + 1),
            untitled=update.untitled | new,
            **changes,
        )
        package = self.replaced(package, update)
        self.publisher.publish(messages.update_edited(self.publisher.world.now(), package, update, new, user))
        self.work_on_bugs(package, update)

    def work_on_bugs(self, package: Package, update: Update) -> None:
        """Let Bodhi ask Bugzilla of an update's bugs: titles, and the type of an update for a security bug, have no message."""
        if not update.untitled:
            return

        def work() -> None:
            view = self.publisher.world.now()
            is_secure = any(bug.is_security for bug in map(view.find_bug, sorted(update.untitled)) if bug)
            self._change(
                package.name, update.alias, untitled=frozenset(), **({"type": "security"} if is_secure else {})
            )

        self.publisher.steps.add("work on bugs", update.alias, work)

    def _change(self, name: str, alias: str, **changes: Any) -> None:
        """Change fields of an update, if it still exists, in silence."""
        package = self.publisher.known(name)
        for update in package.updates:
            if update.alias == alias:
                self.replaced(package, replace(update, **changes))

    def obsolete_older(self, package: Package, newer: Update) -> Package:
        """Obsolete the older updates of the release that are on their way, unless one is being pushed or goes to stable.

        Bodhi does so for a new update and after a push, and publishes no message of it.
        """
        for update in self._in(package, newer.release, BEFORE["obsolete"]):
            is_going = update.request == "stable" and newer.request != "stable"
            if (
                update.alias != newer.alias
                and max(update.builds) < max(newer.builds)
                and not update.locked
                and not is_going
            ):
                package = self.move(package, update, "obsolete", announce=False)
        return package

    def _candidate(self, package: Package, release: Release) -> Build | None:
        taken = {build_id for update in package.updates for build_id in update.builds}
        for build_id in package.tags.get(release.candidate_tag, ()):
            if build_id not in taken:
                return package.build(build_id)
        return None

    def replaced(self, package: Package, update: Update) -> Package:
        """Store an update in place of what it was."""
        updates = tuple(update if one.alias == update.alias else one for one in package.updates)
        return self.publisher.put(replace(package, updates=updates))

    def move(self, package: Package, update: Update, to: str, announce: bool = True) -> Package:
        """Move an update: Koji's tags first, then Bodhi's message unless ``announce`` is false.  An earlier push ends before."""
        if update.locked:
            self._end_push(package.name, update.alias, update.status)
            package = self.publisher.known(package.name)
            update = next(one for one in package.updates if one.alias == update.alias)
        release = self.publisher.release(update.release)
        arrive = {"testing": release.testing_tag, "stable": release.stable_tag, "unpushed": release.candidate_tag}.get(
            to
        )
        package = self.retag(package, update, arrive, {release.candidate_tag, release.testing_tag})
        if to in ("testing", "stable"):
            return self._push(package, update, to)
        text = {"unpushed": "This update has been unpushed.", "obsolete": "This update has been obsoleted."}[to]
        update = replace(self.commented(update, "bodhi", text), status=to, request=None)
        package = self.replaced(package, update)
        if announce:
            topic = {"unpushed": "request.unpush", "obsolete": "request.obsolete"}[to]
            self.publisher.publish(messages.update_message(topic, self.publisher.world.now(), package, update, "bodhi"))
        return package

    def retag(
        self, package: Package, update: Update, arrive: str | None, leave: Collection[str], user: str = "bodhi"
    ) -> Package:
        """Tag the builds of an update, and untag them where they have no place any more."""
        for build_id in update.builds:
            build = package.build(build_id)
            if build is None:
                continue
            if arrive and build_id not in package.tags.get(arrive, ()):
                package = self.publisher.add_tag(package, build, arrive, user)
            for tag in sorted({*leave} - {arrive}):
                if build_id in package.tags.get(tag, ()):
                    package = self.publisher.remove_tag(package, build, tag, user)
        return package

    def _push(self, package: Package, update: Update, to: str) -> Package:
        """Push an update: it is locked and has its request until the end of the push, which has no message."""
        now = int(time.time())
        dates = {"testing": now} if to == "testing" else {"stable": now}
        update = replace(update, status=to, request=to, locked=True, signed=True, gating="passed", **dates)
        package = self.replaced(package, update)
        view = self.publisher.world.now()
        self.publisher.publish(messages.update_message(f"complete.{to}", view, package, update, "bodhi"))
        name, alias = package.name, update.alias
        self.publisher.steps.add("mails of push", alias, lambda: self._announce_push(name, alias, to), share=0.5)
        self.publisher.steps.add("end of push", alias, lambda: self._end_push(name, alias, to))
        return self.publisher.known(name)

    def _announce_push(self, name: str, alias: str, status: str) -> None:
        """Comment on a pushed update in silence, and mail that it is stable, while it is still locked."""
        package, update = self.find(name, alias, status)
        if update is None or not update.locked:
            return
        update = self.commented(update, "bodhi", f"This update has been pushed to {status}.")
        package = self.replaced(package, update)
        if status == "stable":
            self.publisher.publish(messages.errata(update_json(self.publisher.world.now(), package, update), package))

    def _end_push(self, name: str, alias: str, status: str) -> None:
        """End a push in silence, unless it has ended: unlock the update, clear its request, obsolete older ones."""
        package, update = self.find(name, alias, status)
        if update is not None and update.locked:
            package = self.replaced(package, replace(update, request=None, locked=False))
            self.obsolete_older(package, update)

    def find(self, name: str, alias: str, status: str) -> tuple[Package, Update | None]:
        """Return a package, and its update by alias if it still has a status."""
        package = self.publisher.known(name)
        return package, next((one for one in package.updates if (one.alias, one.status) == (alias, status)), None)

    def request(self, package: Package, update: Update, request: str, agent: str) -> None:
        """Request a move of an update at the next push."""
        if update.locked:
            raise NotPossible(f"{update.alias} is locked: a push of it is under way")
        wanted = None if request == "revoke" else request
        update = replace(update, request=wanted)
        package = self.replaced(package, update)
        self.publisher.publish(
            messages.update_message(f"request.{request}", self.publisher.world.now(), package, update, agent)
        )

    def comment(self, package: Package, update: Update, text: str, karma: int, user: str) -> None:
        """Comment on an update, with karma of -1, 0 or 1."""
        if karma not in (-1, 0, 1):
            raise NotPossible(f"'karma' must be -1, 0 or 1, not {karma}")
        update = self.commented(update, user, text, karma)
        package = self.replaced(package, update)
        view = self.publisher.world.now()
        self.publisher.publish(messages.update_comment(view, package, update, update.comments[-1]))

    def commented(self, update: Update, user: str, text: str, karma: int = 0) -> Update:
        """Return an update with one more comment."""
        number = update.comments[-1].comment_id + 1 if update.comments else update.update_id * 16
        comment = Comment(number, user, text, karma, int(time.time()))
        return replace(update, comments=(*update.comments[-MAX_COMMENTS:], comment))
