"""The actions on a package, and the messages that each publishes.

An action changes the world first and publishes then, so a reader of the message finds the change, unless the upstream lags.
`Actions.trigger` is the entrance.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fedora_packages.sandbox.actions import messages
from fedora_packages.sandbox.actions.automatic_updates import AutomaticUpdates
from fedora_packages.sandbox.actions.bugs import Bugs
from fedora_packages.sandbox.actions.builds import MAX_CHANGES, Builds
from fedora_packages.sandbox.actions.external import External
from fedora_packages.sandbox.actions.publisher import NotPossible, Options, Publisher, living_branch
from fedora_packages.sandbox.actions.releases import Releases
from fedora_packages.sandbox.actions.steps import Steps
from fedora_packages.sandbox.actions.updates import Updates
from fedora_packages.sandbox.expected import expected_summary
from fedora_packages.sandbox.upstreams.bodhi_rows import release_json
from fedora_packages.sandbox.world.history import commit_hash
from fedora_packages.sandbox.world.models import (
    EVR,
    Binary,
    Branch,
    Change,
    Package,
    Source,
    newer_version,
    parse_evr,
)
from fedora_packages.sandbox.world.releases import Release
from fedora_packages.sandbox.world.specs import tarball
from fedora_packages.sandbox.world.world import World

#: The maximum number of patches of a source, besides the newest.
MAX_PATCHES = 60

#: The actions by name, and the options of each.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "build": ("release", "state", "version", "owner", "tag", "type", "draft"),
    "tag": ("tag", "build", "user"),
    "untag": ("tag", "build", "user"),
    "promote": ("build", "user"),
    "update": (
        "to", "release", "alias", "comment", "karma", "request", "type", "severity", "notes", "bugs", "edit", "gating", "user",
    ),
    "automatic-update": ("release", "version", "owner", "bugs", "gating", "approved"),
    "bug": (
        "id", "summary", "status", "resolution", "severity", "version", "component", "security", "alias", "blocks", "private",
        "user",
    ),
    "push": ("branch", "version", "text", "agent"),
    "repo": ("release",),
    "release": ("state", "status", "released", "eol"),
    "maintainer": ("user", "access", "agent"),
    "branch": ("branch", "agent"),
    "retire": ("branch", "reason", "agent"),
    "new-package": ("summary", "owner", "version"),
    "crash": ("id", "count", "function", "type"),
    "upstream-release": ("version", "unstable"),
    "upstream-withdraw": ("version", "all", "agent"),
    "upstream-edit": ("filter", "homepage", "agent"),
    "upstream-map": ("agent",),
    "upstream-unmap": ("agent",),
}  # fmt: skip


class Actions(Publisher):
    """The actions on the packages of a world."""

    def __init__(self, world: World, publish: Callable[[str, Any], dict[str, str]], steps: Steps | None = None):
        super().__init__(world, publish, steps)
        self.builds = Builds(self)
        self.updates = Updates(self, self.builds)
        self.automatic_updates = AutomaticUpdates(self, self.builds, self.updates)
        self.releases = Releases(self, self.updates)
        self.bugs = Bugs(self)
        self.external = External(self)

    def trigger(self, action: str, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run an action on a package.  Raises `NotPossible`.

        Returns ``{"messages": [{"msg_id", "topic"}], "facts": the state of the package, or of the release, afterwards}``.
        """
        sent = self.run(action, name, options)
        if action == "release":
            facts = release_json(self.release(name))
        else:
            facts = expected_summary(self.world.now(), self.known(name.split(",")[0]))
        return {"messages": sent, "facts": facts}

    def run(self, action: str, name: str, options: Mapping[str, Any]) -> list[dict[str, str]]:
        """Run an action and return only its messages.  The facts would take most of the time of thousands of actions."""
        if action not in OPTIONS:
            raise NotPossible(f"unknown action {action!r}; use one of {', '.join(OPTIONS)}")
        for option in options:
            if option not in OPTIONS[action]:
                raise NotPossible(f"{action!r} has no option {option!r}; use {', '.join(OPTIONS[action])}")
        if not isinstance(name, str) or not name:
            raise NotPossible("no package given; name one in 'package'")
        self.sent.clear()
        self._run(action, name, Options(options))
        return list(self.sent)

    def _run(self, action: str, name: str, options: Options) -> None:
        if action == "new-package":
            self.new_package(name, options)
        elif action == "release":
            self.releases.run(name, options)
        elif action == "repo":
            self.repo([self.known(part) for part in name.split(",") if part], options)
        else:
            run: Callable[[Package, Options], None] = {
                "build": self.builds.run,
                "promote": self.builds.promote,
                "tag": self.builds.tag,
                "untag": self.builds.untag,
                "update": self.updates.run,
                "automatic-update": self.automatic_updates.run,
                "bug": self.bugs.run,
                "push": self.push,
                "maintainer": self.maintainer,
                "branch": self.branch,
                "retire": self.retire,
                "crash": self.external.crash,
                "upstream-release": self.external.release,
                "upstream-withdraw": self.external.withdraw,
                "upstream-edit": self.external.edit,
                "upstream-map": self.external.map,
                "upstream-unmap": self.external.unmap,
            }[action]
            run(self.known(name), options)

    # Dist-git

    def push(self, package: Package, options: Options) -> None:
        """Push a commit: a new version, a changelog line and one more patch.  Options: branch, version, text, agent."""
        name = options.string("branch", "rawhide")
        branch = living_branch(package, name)
        version = options.version(newer_version(branch.evr.version))
        agent = options.account("agent", self.agent(package))
        text = options.string("text", f"Update to {version}")
        dist = branch.evr.release[branch.evr.release.rfind(".") :]
        patch = f"{package.name}-fix-{version}.patch"
        change = Change(int(time.time()), f"{agent.title()} <{agent}@fedoraproject.org>", f"{version}-1", f"- {text}")
        older = tuple(one for one in branch.source.patches if one != patch)
        source = replace(
            branch.source,
            patches=(*older[-MAX_PATCHES:], patch),
            changelog=(change, *branch.source.changelog[:MAX_CHANGES]),
        )
        evr = EVR(branch.evr.epoch, version, f"1{dist}")
        pushed = Branch(evr, source, commit_hash(package.name, name, evr, time.time()), int(time.time()))
        package = self.put(replace(package, modified=int(time.time()), branches={**package.branches, name: pushed}))
        files = {f"{package.name}.spec": "M", "sources": "M", patch: "A"}
        self.publish(messages.lookaside(package, tarball(pushed), agent))
        self._publish_push(package, name, branch, files, text, agent)

    @property
    def is_forgejo(self) -> bool:
        """Whether dist-git publishes what Forgejo publishes."""
        return self.world.software["distgit"] == "forgejo"

    def _publish_push(self, package: Package, *details: Any) -> None:
        if self.is_forgejo:
            self.publish(messages.forgejo_push(package, *details))
        else:
            for message in messages.push(package, *details):
                self.publish(message)

    def branch(self, package: Package, options: Options) -> None:
        """Create a branch from Rawhide's.  Options: branch, agent."""
        wanted = options.string("branch", None)
        release = self.release(wanted) if wanted else self._missing_release(package)
        if release.branch in package.branches:
            raise NotPossible(f"{package.name} already has a branch {release.branch!r}")
        start = package.branches.get("rawhide") or next(iter(package.branches.values()))
        evr = start.evr._replace(release=re.sub(r"\.[a-z]+\d+$", release.dist, start.evr.release))
        made = Branch(evr, start.source, commit_hash(package.name, release.branch, time.time()), int(time.time()))
        package = self.put(replace(package, branches={**package.branches, release.branch: made}))
        made_by = messages.forgejo_branch if self.is_forgejo else messages.branch_made
        self.publish(made_by(package, release.branch, options.account("agent", "releng")))
        self.publish(messages.package_list(package, release.base_tag, "add"))

    def _missing_release(self, package: Package) -> Release:
        for release in self.world.releases:
            if release.holds_packages and release.state != "archived" and release.branch not in package.branches:
                return release
        raise NotPossible(f"{package.name} already has every branch")

    def retire(self, package: Package, options: Options) -> None:
        """Retire a branch and block the package in its release.  Options: branch, reason, agent."""
        name = options.string("branch", "rawhide")
        branch = living_branch(package, name)
        release = self.release(name)
        reason, agent = options.string("reason", "Unmaintained"), options.account("agent", self.agent(package))
        commit = commit_hash(package.name, name, "dead", time.time())
        dead = replace(branch, dead=reason, commit=commit, pushed=int(time.time()), agent=agent)
        package = self.put(
            replace(
                package,
                modified=int(time.time()),
                branches={**package.branches, name: dead},
                blocked=package.blocked | {release.base_tag},
            )
        )
        self.note_pending(package, release.base_tag)
        files = {f"{package.name}.spec": "D", "sources": "D", "dead.package": "A"}
        self._publish_push(package, name, branch, files, reason, agent)
        self.publish(messages.package_list(package, release.base_tag, "block"))

    def maintainer(self, package: Package, options: Options) -> None:
        """Give a user access to the package.  Options: user, access (admin or commit), agent."""
        user, access = options.account("user", "newcomer"), options.choice("access", ("admin", "commit"), "commit")
        if user in (package.owner, *package.admins, *package.committers):
            raise NotPossible(f"{user} already maintains {package.name}")
        if access == "admin":
            package = replace(package, admins=(*package.admins, user))
        else:
            package = replace(package, committers=(*package.committers, user))
        package = self.put(replace(package, modified=int(time.time())))
        if not self.is_forgejo:
            self.publish(messages.user_added(package, user, access, options.account("agent", self.agent(package))))

    def new_package(self, name: str, options: Options) -> None:
        """Add a package, without a build, to dist-git and Koji.  Options: summary, owner, version."""
        summary, owner = options.string("summary", f"A new package named {name}"), options.account("owner", "pingou")
        version = options.version("1.0")
        main = Binary(
            name, summary, f"{summary}.", "noarch", {"requires": ("python(abi) = 3.14",)}, (f"/usr/bin/{name}",)
        )
        source = Source(name, summary, f"{summary}.", "MIT", f"https://example.com/{name}", "noarch", (main,))
        try:
            number = self.world.add(source)
        except ValueError as error:
            raise NotPossible(str(error)) from error
        release = self.release("rawhide")
        evr = parse_evr(f"{version}-1{release.dist}")
        now = int(time.time())
        head = Branch(evr, source, commit_hash(name, evr, now), now)
        package = self.put(
            Package(
                number=number, name=name, owner=owner, admins=(), committers=(), groups=(), created=now, modified=now,
                branches={"rawhide": head}, builds=(), tags={}, blocked=frozenset(), updates=(), bugs=(), published={},
            )
        )  # fmt: skip
        if not self.is_forgejo:
            self.publish(messages.project_new(package, owner))
        self.publish(messages.package_list(package, release.base_tag, "add"))
        files = {f"{name}.spec": "A", "sources": "A"}
        self._publish_push(package, "rawhide", None, files, "Initial import", owner)

    # Repositories

    def repo(self, packages: list[Package], options: Options) -> None:
        """Renew the repositories of a release: mdapi and the mirror then show the builds that Koji has tagged.  Options: release.

        A named package without a new build is built and tagged first.
        """
        release = self.release(options.string("release", "rawhide"))
        if not release.repositories:
            raise NotPossible(f"mdapi has no repository of {release.branch}")
        named = {package.name for package in packages}
        for package in packages:
            if not any(package.name in self.pending.get(repository, ()) for repository, _ in release.repositories):
                package, build = self.builds.start(package, release, None, self.agent(package))
                package, build = self.builds.finish(package, build, "complete")
                self.add_tag(package, build, _first_searched(release, package), "bodhi")
        for repository, tag in release.repositories:
            touched = sorted(self.pending.pop(repository, set()) | named)
            self._renew(release, repository, tag, touched)

    def _renew(self, release: Release, repository: str, tag: str, names: list[str]) -> None:
        view = self.world.now()
        changed: list[str] = []
        for name in names:
            package = self.known(name)
            tagged = view.tagged(package, tag, inherit=False)
            published = dict(package.published)
            before = published.pop(repository, None)
            if tagged:
                published[repository] = tagged[0][1].build_id
            if published.get(repository) == before:
                continue
            sources = [
                build.source for build in (tagged[0][1] if tagged else None, package.build(before or 0)) if build
            ]
            package = self.put(replace(package, published=published))
            changed += [binary.name for source in sources for binary in source.binaries]
            # A package that enters or leaves a repository does so with all its requirements.
            most = 3 if tagged and before else None
            changed += [
                _stem(text) for source in sources for binary in source.binaries for text in _required(binary, most)
            ]
        # MetaSource publishes nothing.
        if changed and self.world.software["mdapi"] == "classic":
            for part in messages.REPOSITORY_FILES:
                self.publish(messages.repository(repository, part, dict.fromkeys(changed)))
        # mdapi's second name of a repository has none of its own on the mirror.
        if changed and repository.startswith(release.branch):
            self.publish(messages.synced(repository, release))


def _first_searched(release: Release, package: Package) -> str:
    """Return the Koji tag whose builds of a package mdapi shows in a release: that of the last repository that has it."""
    tags = [tag for repository, tag in release.repositories if repository in package.published]
    return tags[-1] if tags else release.stable_tag


def _required(binary: Binary, most: int | None) -> tuple[str, ...]:
    """Return capabilities that a binary requires; the messages name them too."""
    return binary.relations.get("requires", ())[:most]


def _stem(text: str) -> str:
    return text.split(" ", 1)[0].partition("(")[0] or text
