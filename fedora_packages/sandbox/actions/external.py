"""Actions from outside of Fedora: programs crash on users' machines, upstream projects publish and withdraw versions."""

import re
import time
from dataclasses import replace

from fedora_packages.sandbox.actions import messages
from fedora_packages.sandbox.actions.publisher import NotPossible, Options, Publisher
from fedora_packages.sandbox.world import ids
from fedora_packages.sandbox.world.external import DAY, FUNCTIONS
from fedora_packages.sandbox.world.models import Package, Problem, Project, newer_version

#: The maximum number of problems of a package, and of versions of a project, besides the newest.
MAX_PROBLEMS, MAX_VERSIONS = 300, 300

#: The maximum number of crashes that one action reports.
MAX_CRASHES = 10**7

#: Unlike rpm's, the version of an upstream project can have a dash.
VERSION = re.compile(r"[A-Za-z0-9._+~^-]{1,64}")

TYPES = ("core", "java", "kerneloops", "python", "ruby")


class External:
    """The actions ``crash`` and ``upstream-…``."""

    def __init__(self, publisher: Publisher):
        self.publisher = publisher

    def crash(self, package: Package, options: Options) -> None:
        """Report a new problem, or the problem ``id`` again.

        Options: id, count (of crashes; default: 12), function, type.  FAF publishes a message when a count reaches a power of
        ten.
        """
        number, count = options.integer("id", None), options.integer("count", 12)
        assert count is not None, "it has a default"
        if not 0 < count <= MAX_CRASHES:
            raise NotPossible(f"'count' must be an integer from 1 to {MAX_CRASHES}, not {count}")
        kind = options.choice("type", TYPES, "core")
        function = options.string("function", FUNCTIONS["core"][0])
        today = int(time.time()) // DAY
        if number is None:
            before = Problem(self.publisher.world.new_id("problem"), package.name, function, kind, "NEW", (), days=())
            others = package.problems[-MAX_PROBLEMS:]
        else:
            before = self._known(package, number)
            others = tuple(problem for problem in package.problems if problem is not before)
        days = dict(before.days)
        days[today] = days.get(today, 0) + count
        after = replace(before, days=tuple(sorted(days.items())))
        self.publisher.put(replace(package, problems=(*others, after)))
        for message in messages.crashes(before, after):
            self.publisher.publish(message)

    def _known(self, package: Package, number: int) -> Problem:
        for problem in package.problems:
            if problem.problem_id == number:
                return problem
        known = ", ".join(str(problem.problem_id) for problem in package.problems) or "none"
        raise NotPossible(f"{package.name} has no problem {number}; there are {known}")

    def release(self, package: Package, options: Options) -> None:
        """Publish an upstream version, which Anitya finds.  Options: version, unstable (a prerelease)."""
        before = self._project(package)
        version = options.string("version", _next_version(before))
        if not VERSION.fullmatch(version):
            raise NotPossible(f"invalid version {version!r}; use letters, digits and ._+~^-")
        if version in before.versions:
            raise NotPossible(f"the project of {package.name} already has a version {version!r}")
        unstable = before.unstable | {version} if options.flag("unstable") else before.unstable
        found = (version, *before.versions[:MAX_VERSIONS])
        after = replace(before, versions=found, unstable=unstable, updated=int(time.time()))
        package = self.publisher.put(replace(package, project=after))
        for message in messages.versions_found(package, before, after, [version]):
            self.publisher.publish(message)

    def withdraw(self, package: Package, options: Options) -> None:
        """Remove a version (default: the newest) from a project; the message names only the project.  Options: version, agent."""
        before = self._project(package)
        version = options.string("version", next(iter(before.versions), None))
        if version not in before.versions:
            raise NotPossible(f"the project of {package.name} has no version {version!r}")
        left = tuple(one for one in before.versions if one != version)
        self.publisher.put(replace(package, project=replace(before, versions=left, updated=int(time.time()))))
        self.publisher.publish(messages.versions_removed(before, [version], options.account("agent", "pingou")))

    def map(self, package: Package, options: Options) -> None:
        """Map a package to its upstream project.  Options: agent."""
        if package.project and package.project.is_mapped:
            raise NotPossible(f"{package.name} is already mapped to project {package.project.project_id}")
        project = package.project or self._new_project(package)
        package = self.publisher.put(replace(package, project=replace(project, is_mapped=True)))
        self.publisher.publish(messages.mapped(package, options.account("agent", "pingou")))

    def unmap(self, package: Package, options: Options) -> None:
        """Unmap a package from its project; Anitya's message names only the project.  Options: agent."""
        before = self._project(package)
        self.publisher.put(replace(package, project=replace(before, is_mapped=False)))
        self.publisher.publish(messages.unmapped(before, options.account("agent", "pingou")))

    def _project(self, package: Package) -> Project:
        if package.project is None or not package.project.is_mapped:
            raise NotPossible(f"{package.name} is not mapped to an upstream project; map it with upstream-map")
        return package.project

    def _new_project(self, package: Package) -> Project:
        source = next(iter(package.branches.values())).source
        evr = next(iter(package.branches.values())).evr
        now = int(time.time())
        return Project(
            ids.project_id(package.number), package.name, source.url or f"https://example.com/{package.name}", "custom",
            versions=(evr.version,), unstable=frozenset(), created=now, updated=now, is_mapped=False,
        )  # fmt: skip


def _next_version(project: Project) -> str:
    """Return the version after the newest released one."""
    version = next(iter((*project.stable, *project.versions)), "0")
    while version in project.versions or version == "0":
        version = newer_version(version)
    return version
