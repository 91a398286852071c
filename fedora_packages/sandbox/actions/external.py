"""Actions from outside of Fedora: programs crash on users' machines, upstream projects publish and withdraw versions.

Anitya publishes a change before it commits it, and corrects the latest version of a project in silence.

Source: anitya 2.3.0, ``lib/utilities.py`` (``check_project_release``, ``edit_project``, ``map_project``), ``admin.py``
(``delete_project_version``, ``delete_project_versions``, ``delete_project_mapping``).
"""

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

#: The share of the delay of steps after which Anitya commits what it has published.
COMMIT = 0.1

#: The value of an option that clears a field.
NONE = "none"

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
        package, before = self._project(package)
        version = options.string("version", _next_version(before))
        if not VERSION.fullmatch(version):
            raise NotPossible(f"invalid version {version!r}; use letters, digits and ._+~^-")
        if version in before.found:
            raise NotPossible(f"the project of {package.name} already has a version {version!r}")
        unstable = before.unstable | {version} if options.flag("unstable") else before.unstable
        found = (version, *before.found[:MAX_VERSIONS])
        after = _checked(replace(before, found=found, unstable=unstable, updated=int(time.time())))
        for message in messages.versions_found(package, before, after, [version]):
            self.publisher.publish(message)
        self._commit(package, after)

    def withdraw(self, package: Package, options: Options) -> None:
        """Remove a version (default: the newest) from a project; the message names only the project.

        Options: version, all (the versions), agent.
        """
        package, before = self._project(package)
        agent = options.account("agent", "pingou")
        if options.flag("all"):
            after = replace(before, found=(), latest=None, updated=int(time.time()))
            self.publisher.publish(messages.versions_removed(before, agent))
            self._commit(package, after)
            return
        version = options.string("version", next(iter(before.versions), None))
        if version not in before.versions:
            raise NotPossible(f"the project of {package.name} has no version {version!r}")
        left = tuple(one for one in before.found if one != version)
        after = replace(before, found=left, updated=int(time.time()))
        if version == before.versions[0]:
            after = replace(after, latest=next(iter(after.versions), None))
        self.publisher.publish(messages.version_removed(before, version, agent))
        self._commit(package, after)

    def edit(self, package: Package, options: Options) -> None:
        """Edit a project.  Anitya corrects the latest version at its next check, in silence.

        Options: filter (versions with this text are in no list; ``none``: all are), homepage, agent.
        """
        package, before = self._project(package)
        text, homepage = options.string("filter", None), options.string("homepage", before.homepage)
        wanted = before.filter if text is None else "" if text == NONE else text
        changes = {
            name: {"old": old or None, "new": new or None}
            for name, old, new in (("homepage", before.homepage, homepage), ("version_filter", before.filter, wanted))
            if old != new
        }
        if not changes:
            raise NotPossible(f"no field of the project of {package.name} would change; give another value")
        after = replace(before, filter=wanted, homepage=homepage, updated=int(time.time()))
        self.publisher.publish(messages.project_edited(after, changes, options.account("agent", "pingou")))
        self._commit(package, after)
        self.publisher.steps.add("check", package.name, lambda: self._check(package.name))

    def map(self, package: Package, options: Options) -> None:
        """Map a package to its upstream project.  Options: agent."""
        package = self._committed(package)
        if package.project and package.project.is_mapped:
            raise NotPossible(f"{package.name} is already mapped to project {package.project.project_id}")
        project = replace(package.project or self._new_project(package), is_mapped=True)
        self.publisher.publish(messages.mapped(replace(package, project=project), options.account("agent", "pingou")))
        self._commit(package, project)

    def unmap(self, package: Package, options: Options) -> None:
        """Unmap a package from its project; Anitya's message names only the project.  Options: agent."""
        package, before = self._project(package)
        self.publisher.publish(messages.unmapped(before, options.account("agent", "pingou")))
        self._commit(package, replace(before, is_mapped=False))

    def _commit(self, package: Package, after: Project) -> None:
        """Store a project soon: Anitya publishes before it commits."""
        name = package.name
        self.publisher.steps.add("commit", name, lambda: self._store(name, after), share=COMMIT)

    def _store(self, name: str, project: Project) -> None:
        self.publisher.put(replace(self.publisher.known(name), project=project))

    def _check(self, name: str) -> None:
        """Let Anitya look for new versions, find none, and note the newest one that it lists."""
        project = self.publisher.known(name).project
        if project is not None and _checked(project) != project:
            self._store(name, _checked(project))

    def _committed(self, package: Package) -> Package:
        """Return a package whose project has no change that waits."""
        self.publisher.steps.run_of("commit", package.name)
        return self.publisher.known(package.name)

    def _project(self, package: Package) -> tuple[Package, Project]:
        package = self._committed(package)
        if package.project is None or not package.project.is_mapped:
            raise NotPossible(f"{package.name} is not mapped to an upstream project; map it with upstream-map")
        return package, package.project

    def _new_project(self, package: Package) -> Project:
        source = next(iter(package.branches.values())).source
        evr = next(iter(package.branches.values())).evr
        now = int(time.time())
        return Project(
            ids.project_id(package.number), package.name, source.url or f"https://example.com/{package.name}", "custom",
            found=(evr.version,), unstable=frozenset(), created=now, updated=now, is_mapped=False, latest=evr.version,
        )  # fmt: skip


def _checked(project: Project) -> Project:
    """Return a project after a check; one that lists no version keeps its latest."""
    return replace(project, latest=next(iter(project.versions), project.latest))


def _next_version(project: Project) -> str:
    """Return the version after the newest released one."""
    version = next(iter((*project.stable, *project.versions)), "0")
    while version in project.found or version == "0":
        version = newer_version(version)
    return version
