"""Automatic updates: those that Bodhi creates of each build of Rawhide and ELN, which it does not compose, and moves to stable.

The way to stable has no message of its own: Koji's tags are its signs, and come before Bodhi's changes.

Source: bodhi-server 26.4.0, ``consumers/automatic_updates.py``, ``consumers/signed.py``, ``tasks/approve_testing.py``
(``autopush_update``).
"""

import time
from dataclasses import replace

from fedora_packages.sandbox.actions import messages
from fedora_packages.sandbox.actions.builds import Builds
from fedora_packages.sandbox.actions.publisher import NotPossible, Options, Publisher
from fedora_packages.sandbox.actions.updates import MAX_UPDATES, Updates
from fedora_packages.sandbox.upstreams.bodhi_rows import update_json
from fedora_packages.sandbox.world import ids
from fedora_packages.sandbox.world.models import CRITICAL_PATH, Build, Package, Update
from fedora_packages.sandbox.world.releases import Release

#: Accounts that tag: Koji's for a build that is complete, and the one that signs.
TAGGER, SIGNER = "releng", "robosignatory"


class AutomaticUpdates:
    """The action ``automatic-update``."""

    def __init__(self, publisher: Publisher, builds: Builds, updates: Updates):
        self.publisher = publisher
        self.builds = builds
        self.updates = updates

    def run(self, package: Package, options: Options) -> None:
        """Run a build, of which Bodhi creates an update and moves it to testing and to stable.

        Options: release (rawhide, eln), version, owner, bugs (numbers with commas), gating (``failed``: it stays in testing),
        approved (it was approved before, so that no message says that it can go to stable).
        """
        release = self.publisher.release(options.string("release", "rawhide"))
        if not release.automatic_updates:
            raise NotPossible(f"{release.branch} has no automatic updates; use update")
        passes = options.choice("gating", ("passed", "failed"), "passed") == "passed"
        is_approved = options.flag("approved")
        owner = options.account("owner", self.publisher.agent(package))
        bugs = options.numbers("bugs")
        package, build = self.builds.start(package, release, options.version(None), owner)
        package, build = self.builds.finish(package, build, "complete")
        package = self.publisher.add_tag(package, build, release.candidate_tag, TAGGER)
        update = self._create(package, build, release, bugs)
        name, alias = package.name, update.alias
        self.publisher.steps.add(
            "sign", alias, lambda: self._sign(name, alias, release, passes, is_approved), share=0.5
        )

    def _create(self, package: Package, build: Build, release: Release, bugs: tuple[int, ...]) -> Update:
        """Create the update of a build, without a request."""
        now, number = int(time.time()), self.publisher.world.new_id("update")
        update = Update(
            update_id=number,
            alias=ids.alias(release.id_prefix, time.gmtime(now).tm_year, number),
            release=release.name,
            builds=(build.build_id,),
            status="pending",
            request=None,
            type="unspecified",
            severity="unspecified",
            notes=f"Automatic update for {build.nvr}.",
            user=build.owner,
            submitted=now,
            bugs=bugs,
            untitled=frozenset(bugs),
            gating="waiting",
            critpath=package.name in CRITICAL_PATH,
        )
        update = self.updates.commented(update, "bodhi", "This update was automatically created")
        package = self.publisher.add_tag(package, build, release.passing_tags()["pending_signing_tag"], "bodhi")
        package = self.updates.obsolete_older(package, update)
        package = self.publisher.put(replace(package, updates=(*package.updates[-MAX_UPDATES:], update)))
        view = self.publisher.world.now()
        self.publisher.publish(messages.update_builds_complete(view, package, update, "bodhi"))
        self.updates.work_on_bugs(package, update)
        return update

    def _sign(self, name: str, alias: str, release: Release, passes: bool, is_approved: bool) -> None:
        """Move an update to testing when its builds are signed: after Koji's tags, in silence."""
        package, update = self.updates.find(name, alias, "pending")
        if update is None:
            return
        tags = release.passing_tags()
        package = self.updates.retag(
            package, update, tags["pending_testing_tag"], {tags["pending_signing_tag"]}, SIGNER
        )
        package = self.updates.retag(package, update, release.testing_tag, {tags["pending_testing_tag"]})
        gating = "passed" if passes else "failed"
        update = replace(update, status="testing", request=None, testing=int(time.time()), signed=True, gating=gating)
        self.updates.replaced(package, update)
        if passes:
            self.publisher.steps.add("push", alias, lambda: self._push(name, alias, release, is_approved), share=0.5)

    def _push(self, name: str, alias: str, release: Release, is_approved: bool) -> None:
        """Move an update to stable: the stable tag, then Bodhi's change in silence, then the other tags.

        That it can go to stable is published unless it was before, with the update as it was in testing.
        """
        package, update = self.updates.find(name, alias, "testing")
        if update is None:
            return
        before = update_json(self.publisher.world.now(), package, update)
        package = self.updates.retag(package, update, release.stable_tag, ())
        now = int(time.time())
        update = replace(update, status="stable", request=None, approved=now, stable=now)
        update = self.updates.commented(update, "bodhi", "This update has been submitted for stable by bodhi")
        package = self.updates.replaced(package, update)
        if not is_approved:
            self.publisher.publish(messages.requirements_met(before))
        tags = release.passing_tags()
        others = {release.testing_tag, release.candidate_tag, tags["pending_testing_tag"], tags["pending_signing_tag"]}
        self.updates.retag(package, update, None, others - {release.stable_tag})
