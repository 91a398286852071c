"""Actions on builds: run them, tag and untag them."""

import time
from collections.abc import Collection
from dataclasses import replace

from fedora_packages.sandbox.actions import messages
from fedora_packages.sandbox.actions.publisher import NotPossible, Options, Publisher, living_branch
from fedora_packages.sandbox.world import ids
from fedora_packages.sandbox.world.models import EVR, Branch, Build, Change, Package, bumped
from fedora_packages.sandbox.world.releases import Release

STEPS = ("building", "complete", "failed", "canceled")

#: Of a build: what it holds.  Images and modules have a release without the name of a distribution.
TYPES = ("rpm", "image", "module")

#: The maximum number of builds of a package, and of changelog entries of a source, besides the newest.
MAX_BUILDS, MAX_CHANGES = 2000, 60

#: What stands before the id at the end of a draft's release.
DRAFT = ",draft_"

#: The value of the option ``tag`` for a build without a tag.
NO_TAG = "none"


class Builds:
    """The actions ``build``, ``tag`` and ``untag``."""

    def __init__(self, publisher: Publisher):
        self.publisher = publisher

    def run(self, package: Package, options: Options) -> None:
        """Run a build, or only one step of it (``state``).

        Other options: release, version, owner, tag (of the complete build; ``none`` as in a mass rebuild, which is tagged weeks
        later), type (``rpm``, ``image``, ``module``), draft.  Drafts, images and modules are tagged only if ``tag`` is given.
        """
        release = self.publisher.release(options.string("release", "rawhide"))
        step = options.choice("state", STEPS, None)
        automatic = release.branch in ("rawhide", "eln")
        kind, draft = options.choice("type", TYPES, "rpm"), options.flag("draft")
        is_ordinary = kind == "rpm" and not draft
        usual = release.stable_tag if automatic else release.candidate_tag
        tag = options.string("tag", usual if is_ordinary else NO_TAG)
        if tag != NO_TAG and tag not in self.publisher.world.tags:
            raise NotPossible(
                f"unknown Koji tag {tag!r}; use one of {', '.join(self.publisher.world.tags)}, or {NO_TAG}"
            )
        version, owner = options.version(None), options.account("owner", self.publisher.agent(package))
        running = [one for one in package.builds if one.branch == release.branch and one.state == "building"]
        if step in (None, "building") or not running:
            package, build = self.start(package, release, version, owner, kind, draft)
        else:
            build = running[-1]
        if step != "building":
            package, build = self.finish(package, build, step or "complete")
        if build.state == "complete" and tag != NO_TAG:
            self.publisher.add_tag(package, build, tag, build.owner)

    def start(
        self,
        package: Package,
        release: Release,
        version: str | None,
        owner: str,
        kind: str = "rpm",
        draft: bool = False,
    ) -> tuple[Package, Build]:
        """Start a build of the release's branch, with a higher release field than any build there."""
        branch = living_branch(package, release.branch)
        evr = self._next_evr(package, branch, release, version)
        build_id = self.publisher.world.new_id("build")
        if kind != "rpm":
            evr = evr._replace(epoch=0, release=f"{time.strftime('%Y%m%d')}.{build_id}")
        if draft:
            evr = evr._replace(release=f"{evr.release}{DRAFT}{build_id}")
        # The hub's database has microseconds.
        now = round(time.time(), 6)
        stem = f"{evr.version}-{evr.release.removesuffix(release.dist)}"
        change = Change(int(now), f"{owner.title()} <{owner}@fedoraproject.org>", stem, "- Rebuilt by the sandbox")
        known = branch.source.changelog
        if not known or known[0].evr != stem:
            known = (change, *known[:MAX_CHANGES])
        build = Build(
            build_id=build_id,
            task_id=ids.task_id(build_id),
            evr=evr,
            state="building",
            branch=release.branch,
            owner=owner,
            started=now,
            finished=None,
            commit=branch.commit,
            source=replace(branch.source, changelog=known),
            type=kind,
            draft=draft,
        )
        package = self.publisher.put(replace(package, builds=(*package.builds[-MAX_BUILDS:], build)))
        self.publisher.publish(messages.build_state(build, None))
        return package, build

    def _next_evr(self, package: Package, branch: Branch, release: Release, version: str | None) -> EVR:
        there = {build.evr for build in package.builds if build.branch == release.branch}
        evr = branch.evr if version is None else EVR(branch.evr.epoch, version, f"1{release.dist}")
        while evr in there or package.build_of(f"{package.name}-{evr.version}-{evr.release}"):
            evr = bumped(evr, release.dist)
        return evr

    def finish(self, package: Package, build: Build, state: str) -> tuple[Package, Build]:
        """End a running build in a state."""
        done = replace(build, state=state, finished=max(time.time(), build.started + 1))
        package = self.publisher.put(
            replace(package, builds=tuple(done if one is build else one for one in package.builds))
        )
        self.publisher.publish(messages.build_state(done, build.state))
        return package, done

    def promote(self, package: Package, options: Options) -> None:
        """Promote a draft to a build; no message is published.  Options: build (id or NVR; default: the newest), user."""
        wanted = options.string("build", None)
        drafts = [
            build
            for build in package.builds
            if build.draft and build.state == "complete" and wanted in (None, build.nvr, str(build.build_id))
        ]
        if not drafts:
            raise NotPossible(f"{package.name} has no such complete draft; make one with build draft=true")
        draft = drafts[-1]
        evr = draft.evr._replace(release=draft.evr.release.partition(DRAFT)[0])
        build = replace(
            draft, evr=evr, draft=False, promoted=round(time.time(), 6), promoter=options.account("user", draft.owner)
        )
        if package.build_of(build.nvr):
            raise NotPossible(f"{build.nvr} exists already")
        self.publisher.put(replace(package, builds=tuple(build if one is draft else one for one in package.builds)))

    def tag(self, package: Package, options: Options) -> None:
        """Tag a build.  Options: tag, build (id or NVR; default: the newest complete one of the tag's release), user."""
        tag = self.koji_tag(options)
        branches = {release.branch for release in self.publisher.world.releases if release.owns(tag)}
        self.publisher.add_tag(
            package, self._chosen(package, options, None, branches), tag, options.account("user", "bodhi")
        )

    def untag(self, package: Package, options: Options) -> None:
        """Untag a build.  Options as for ``tag``; default: the build that was tagged last."""
        tag = self.koji_tag(options)
        build = self._chosen(package, options, tag)
        if build.build_id not in package.tags.get(tag, ()):
            raise NotPossible(f"{build.nvr} is not tagged {tag}")
        self.publisher.remove_tag(package, build, tag, options.account("user", "bodhi"))

    def koji_tag(self, options: Options) -> str:
        """Return the Koji tag of the option ``tag``.  Raises `NotPossible`."""
        tag = options.string("tag", None)
        if tag not in self.publisher.world.tags:
            raise NotPossible(f"unknown Koji tag {tag!r}; use one of {', '.join(self.publisher.world.tags)}")
        return tag

    def _chosen(
        self, package: Package, options: Options, tag: str | None, branches: Collection[str] = frozenset()
    ) -> Build:
        """Return the build of the option, else the newest complete one: with a tag, or of some branches."""
        wanted = options.string("build", None)
        complete = [build for build in package.builds if build.state == "complete"]
        if wanted is not None:
            complete = [build for build in package.builds if wanted in (build.nvr, str(build.build_id))]
        elif tag is not None:
            held = package.tags.get(tag, ())
            complete = [build for build in complete if held and build.build_id == held[0]]
        elif branches:
            complete = [build for build in complete if build.branch in branches]
        if not complete:
            raise NotPossible(f"{package.name} has no such build" + (f" tagged {tag}" if tag else ""))
        return complete[-1]
