"""The immutable records of a sandbox world.

A change creates a new `Package` in place of the old one.  So the world can be shown as it was a minute ago, which is how an
upstream lags behind its own messages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

#: The kinds of relation between packages, in mdapi's order.
RELATIONS = ("conflicts", "obsoletes", "provides", "requires", "enhances", "recommends", "suggests", "supplements")

#: Koji's build states by name.
STATES = {"building": 0, "complete": 1, "deleted": 2, "failed": 3, "canceled": 4}

#: The part of a release that names the distribution.
DIST = re.compile(r"\.(?:fc|eln|el)\d+")

#: Packages in Bodhi's critical path, whose updates need more tests.
CRITICAL_PATH = frozenset(
    {"bash", "coreutils", "dbus", "filesystem", "glib2", "glibc", "kernel", "openssl", "setup", "systemd", "util-linux"}
)

OPERATORS = {"=": "EQ", "==": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE"}


class EVR(NamedTuple):
    """Epoch, version and release; the release ends in the dist tag."""

    epoch: int
    version: str
    release: str

    def __str__(self) -> str:
        return f"{self.epoch}:{self.version}-{self.release}" if self.epoch else f"{self.version}-{self.release}"


def parse_evr(text: str) -> EVR:
    """Return ``[EPOCH:]VERSION-RELEASE`` in parts.  Raises `ValueError`."""
    epoch, _, rest = text.rpartition(":")
    version, _, release = rest.rpartition("-")
    if not version or not release or (epoch and not epoch.isdecimal()):
        raise ValueError(f"invalid EVR {text!r}; use [EPOCH:]VERSION-RELEASE")
    return EVR(int(epoch or 0), version, release)


def bumped(evr: EVR, dist: str) -> EVR:
    """Return the EVR of the next build of the same version, with a higher number before the dist tag."""
    stem = evr.release.removesuffix(dist)
    if stem.isdecimal():
        return evr._replace(release=f"{int(stem) + 1}{dist}")
    head, _, last = stem.rpartition(".")
    last = str(int(last) + 1) if head and last.isdecimal() else f"{last}.1"
    return evr._replace(release=f"{head}.{last}{dist}" if head else f"{last}{dist}")


def lowered(evr: EVR, dist: str) -> EVR | None:
    """Return a plausible EVR of a build before this one, or None."""
    stem = evr.release.removesuffix(dist)
    if stem.isdecimal() and int(stem) > 1:
        return evr._replace(release=f"{int(stem) - 1}{dist}")
    numbers = list(re.finditer(r"\d+", evr.version))
    for number in reversed(numbers):
        if 0 < int(number[0]) < 1900:
            version = f"{evr.version[: number.start()]}{int(number[0]) - 1}{evr.version[number.end() :]}"
            return evr._replace(version=version, release=f"{1 + len(evr.version) % 3}{dist}")
    return None


def newer_version(version: str) -> str:
    """Return a plausible next upstream version, with a higher last number."""
    numbers = list(re.finditer(r"\d+", version))
    if not numbers:
        return f"{version}.1"
    last = numbers[-1]
    return f"{version[: last.start()]}{int(last[0]) + 1}{version[last.end() :]}"


def relation(text: str) -> dict[str, str | None]:
    """Return one relation in rpm's syntax as mdapi shows it: name, epoch, version, release, flags."""
    words = text.split()
    if len(words) != 3 or words[1] not in OPERATORS or text.startswith("("):
        return {"name": text.strip(), "epoch": None, "version": None, "release": None, "flags": None}
    epoch, _, rest = words[2].rpartition(":")
    version, dash, release = rest.partition("-")
    return {
        "name": words[0],
        "epoch": epoch or "0",
        "version": version,
        "release": release if dash else None,
        "flags": OPERATORS[words[1]],
    }


def file_type(text: str) -> tuple[str, str]:
    """Return path and type (``f`` file, ``d`` directory, ``g`` ghost) of a file as spec files have it: ``%ghost /var/log/x``."""
    if text.startswith("%ghost "):
        return text.removeprefix("%ghost ").rstrip("/"), "g"
    return text.rstrip("/"), "d" if text.endswith("/") else "f"


@lru_cache(maxsize=8)
def _crowd(folder: str, count: int) -> tuple[str, ...]:
    """Return the paths of ``count`` files below a folder: a quarter in one folder, the others in many small ones."""
    few = [f"{folder}drivers/bus{n // 400}/chip{n // 40}/register{n}.h" for n in range(count - count // 4)]
    return (*few, *(f"{folder}include/linux/header{n}.h" for n in range(count // 4)))


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of a changelog: UTC seconds, ``Name <mail>``, VERSION-RELEASE without dist tag or ``""``, text."""

    date: int
    author: str
    evr: str
    text: str


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary package without its version.  ``relations`` are in rpm's syntax, by kind.

    ``version``, ``release``, ``epoch`` and ``url`` are set only where they differ from its source's.
    """

    name: str
    summary: str
    description: str
    arch: str
    relations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    version: str | None = None
    release: str | None = None
    epoch: int | None = None
    url: str | None = None
    crowd: tuple[str, int] | None = None

    @property
    def all_files(self) -> tuple[str, ...]:
        """Its files, with those of its ``crowd``: a folder and a number of generated files below it."""
        return self.files if self.crowd is None else (*self.files, *_crowd(*self.crowd))

    def evr(self, source: EVR) -> EVR:
        """Return its EVR in a build whose source has the EVR ``source``."""
        epoch = source.epoch if self.epoch is None else self.epoch
        dist = DIST.search(source.release)
        release = DIST.sub(dist[0] if dist else "", self.release) if self.release else source.release
        return EVR(epoch, self.version or source.version, release)


@dataclass(frozen=True, slots=True)
class Source:
    """The contents of a source package.  ``binaries`` are in the order of the spec file.

    ``recorded``: every build has exactly this changelog; otherwise an older build has the older part of it.
    ``autospec``: release and changelog come from the commits; the spec file has neither.
    """

    name: str
    summary: str
    description: str
    license: str
    url: str
    arch: str
    binaries: tuple[Binary, ...]
    buildrequires: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    changelog: tuple[Change, ...] = ()
    recorded: bool = False
    autospec: bool = False


@dataclass(frozen=True, slots=True)
class Build:
    """A build in Koji; times are UTC seconds, ``finished`` is None while it builds.

    ``type`` is what it holds: ``rpm``, ``image`` or ``module`` (a module also holds rpms).  A draft has ``,draft_ID`` at the
    end of its release until ``promoter`` promotes it.
    """

    build_id: int
    task_id: int
    evr: EVR
    state: str
    branch: str
    owner: str
    started: float
    finished: float | None
    commit: str
    source: Source
    type: str = "rpm"
    draft: bool = False
    promoted: float | None = None
    promoter: str | None = None

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def nvr(self) -> str:
        return f"{self.source.name}-{self.evr.version}-{self.evr.release}"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an update."""

    comment_id: int
    user: str
    text: str
    karma: int
    time: int


@dataclass(frozen=True, slots=True)
class Update:
    """An update in Bodhi; times are UTC seconds or None.  ``release`` is Bodhi's name (``F44``).

    ``locked``: a push of it is under way.  ``untitled``: bugs of which Bodhi has not asked Bugzilla yet.  ``signed``: whether its
    builds are.
    """

    update_id: int
    alias: str
    release: str
    builds: tuple[int, ...]
    status: str
    request: str | None
    type: str
    severity: str
    notes: str
    user: str
    submitted: int
    modified: int | None = None
    approved: int | None = None
    testing: int | None = None
    stable: int | None = None
    comments: tuple[Comment, ...] = ()
    bugs: tuple[int, ...] = ()
    gating: str = "passed"
    critpath: bool = False
    locked: bool = False
    untitled: frozenset[int] = frozenset()
    signed: bool = False

    @property
    def karma(self) -> int:
        return sum(comment.karma for comment in self.comments)


class BugChange(NamedTuple):
    """One change of a bug: when (UTC seconds), by whom, and its fields, each with what it was and what it is."""

    time: int
    user: str
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug; times are UTC seconds."""

    bug_id: int
    component: str
    product: str
    version: str
    summary: str
    status: str
    resolution: str
    severity: str
    priority: str
    assigned_to: str
    creator: str
    created: int
    changed: int
    keywords: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()
    blocks: tuple[int, ...] = ()
    depends_on: tuple[int, ...] = ()
    is_private: bool = False
    changes: tuple[BugChange, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.status != "CLOSED"

    @property
    def is_security(self) -> bool:
        return "Security" in self.keywords or any(name.startswith("CVE") for name in self.alias)


@dataclass(frozen=True, slots=True)
class Report:
    """The crashes of one program in one way, as FAF counts them: how many on which day since 1970 (UTC)."""

    report_id: int
    days: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        return sum(count for _, count in self.days)


@dataclass(frozen=True, slots=True)
class Problem:
    """Crashes of one cause.  ``days`` are pairs of a day since 1970 (UTC) and the number of crashes, the oldest first."""

    problem_id: int
    component: str
    function: str
    type: str
    status: str
    bugs: tuple[int, ...]
    days: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        return sum(count for _, count in self.days)

    @property
    def reports(self) -> tuple[Report, ...]:
        """Its reports: two that share the days, or one for a single day."""
        parts = (self.days[0::2], self.days[1::2])
        return tuple(Report(2 * self.problem_id + place, part) for place, part in enumerate(parts) if part)


@dataclass(frozen=True, slots=True)
class Project:
    """An upstream project; ``found`` are all its versions, newest first, times UTC seconds.  ``is_mapped``: to its package.

    ``latest`` is what Anitya has noted as the newest version, which can be behind.  ``prefix`` stands before each version in
    Anitya's database, and in no list.  Versions with ``filter`` in them are in no list.
    """

    project_id: int
    name: str
    homepage: str
    backend: str
    found: tuple[str, ...]
    unstable: frozenset[str]
    created: int
    updated: int
    is_mapped: bool = True
    latest: str | None = None
    prefix: str = ""
    filter: str = ""

    @property
    def versions(self) -> tuple[str, ...]:
        """The listed versions, newest first."""
        return tuple(version for version in self.found if not self.filter or self.filter not in version)

    @property
    def stable(self) -> tuple[str, ...]:
        return tuple(version for version in self.versions if version not in self.unstable)


@dataclass(frozen=True, slots=True)
class Branch:
    """The head of a dist-git branch.

    ``dead`` is the text of ``dead.package`` in a retired branch; ``agent`` is the account that pushed it, or "" for the owner.
    """

    evr: EVR
    source: Source
    commit: str
    pushed: int
    dead: str | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """A source package at one time.

    ``tags``: Koji tag -> build ids, the one tagged last first.  ``blocked``: tags in which Koji blocks it.
    ``published``: mdapi repository -> id of the build that it shows.  ``builds`` and ``updates`` are oldest first.
    """

    number: int
    name: str
    owner: str
    admins: tuple[str, ...]
    committers: tuple[str, ...]
    groups: tuple[str, ...]
    created: int
    modified: int
    branches: Mapping[str, Branch]
    builds: tuple[Build, ...]
    tags: Mapping[str, tuple[int, ...]]
    blocked: frozenset[str]
    updates: tuple[Update, ...]
    bugs: tuple[Bug, ...]
    published: Mapping[str, int]
    problems: tuple[Problem, ...] = ()
    project: Project | None = None

    def build(self, build_id: int) -> Build | None:
        """Return one of its builds."""
        return next((build for build in self.builds if build.build_id == build_id), None)

    def build_of(self, nvr: str) -> Build | None:
        """Return one of its builds by NVR."""
        return next((build for build in self.builds if build.nvr == nvr), None)

    def shown(self, repository: str) -> Build | None:
        """Return its build in a repository of mdapi."""
        build_id = self.published.get(repository)
        return None if build_id is None else self.build(build_id)


@dataclass(frozen=True, slots=True)
class Listing:
    """The part of a package for lists of all packages: owner, maintainers, the Koji tags that list it, those that block it."""

    owner: str
    maintainers: tuple[str, ...]
    tags: frozenset[str]
    blocked: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outline:
    """The part of a package in a world's file that is known without parsing its line; ``branches`` are those that have it."""

    owner: str
    admins: tuple[str, ...]
    committers: tuple[str, ...]
    branches: frozenset[str]
    dead: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """A package in a world's file; the rest of it is generated.

    ``evrs``: branch -> EVR, for the releases that have it.  ``bugs`` and ``updates`` are as the file has them.
    """

    source: Source
    evrs: Mapping[str, EVR]
    owner: str
    admins: tuple[str, ...] = ()
    committers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    dead: str | None = None
    last_evr: EVR | None = None
    bugs: tuple[Mapping[str, Any], ...] = ()
    updates: tuple[Mapping[str, Any], ...] = ()
