"""Data from outside of Fedora: crashes on users' machines, and versions that upstream projects publish.

A random generator makes it from the package's name, like the rest of its history (see `history.generate`).
"""

import random
from collections.abc import Iterator, Sequence

from fedora_packages.sandbox.world import ids
from fedora_packages.sandbox.world.models import EVR, Bug, Origin, Problem, Project, lowered, newer_version

DAY = 86400

#: Functions in which programs crash, by type of problem.
FUNCTIONS = {
    "core": ("raise", "g_log", "??", "malloc_consolidate", "g_type_check_instance_cast", "std::terminate"),
    "python": ("__getattr__", "main", "wait_for", "readline", "_on_activate"),
    "kerneloops": ("dev_watchdog", "refcount_warn_saturate", "drm_atomic_helper_commit"),
}

#: The maximum number of days on which a problem is counted.
DAYS = 24

#: Anitya's backends of most projects.
BACKENDS = ("GitHub", "GitLab", "custom", "PyPI", "GNOME", "Sourceforge")

#: Those where a version is a tag, which often has a prefix.
FORGES, PREFIXES = ("GitHub", "GitLab"), ("v", "", "release-", "v")

#: FAF's status of a problem that is fixed.
FIXED = "FIXED"


def problems(number: int, origin: Origin, bugs: Sequence[Bug], now: int) -> Iterator[Problem]:
    """Yield the problems of a package, given by its number, that users' machines have reported."""
    source = origin.source
    dice = random.Random(f"crashes of {source.name}")
    crashes = any(file.startswith(("/usr/bin/", "/usr/lib")) for binary in source.binaries for file in binary.files)
    kind = "kerneloops" if source.name == "kernel" else "python" if source.arch == "noarch" else "core"
    today = now // DAY
    for place in range(dice.choice((0, 0, 1, 2, 4)) if crashes else 0):
        last = today - dice.choice((dice.randint(0, 13), dice.randint(14, 27), dice.randint(40, 300)))
        gaps = [0, *(dice.randint(1, 20) for _ in range(dice.randint(0, DAYS - 1)))]
        days = [last - sum(gaps[: count + 1]) for count in range(len(gaps))]
        bug = dice.choice(bugs) if bugs and dice.random() < 0.4 else None
        yield Problem(
            problem_id=ids.problem_id(number, place),
            component=source.name,
            function=dice.choice(FUNCTIONS[kind]),
            type=kind,
            status=("NEW" if bug is None else bug.status if bug.is_open else FIXED),
            bugs=() if bug is None else (bug.bug_id,),
            days=tuple((day, dice.choice((1, 1, 2, 3, 9))) for day in reversed(days)),
        )


def project(number: int, origin: Origin, now: int) -> Project | None:
    """Return the upstream project of a package, or None for the few that are not mapped."""
    source, held = origin.source, origin.evrs.get("rawhide") or origin.last_evr
    dice = random.Random(f"upstream of {source.name}")
    if held is None or dice.random() < 0.12:
        return None
    # Fedora's 257~rc1 is 257-rc1 upstream; a snapshot has no upstream version.
    versions = [held.version.partition("^")[0]]
    below: EVR | None = held
    while len(versions) < 6 and (below := lowered(below, "")):
        version = below.version.partition("^")[0]
        if version not in versions:
            versions.append(version)
    for _ in range(dice.choice((0, 0, 0, 1, 2))):
        versions.insert(0, newer_version(versions[0]))
    early = f"{newer_version(versions[0])}-rc1" if dice.random() < 0.1 else None
    names = [one.replace("~", "-") for one in ([early] if early else []) + versions]
    backend = dice.choice(BACKENDS)
    return Project(
        project_id=ids.project_id(number),
        name=source.name.removeprefix("python-").removeprefix("rust-"),
        homepage=source.url or f"https://example.com/{source.name}",
        backend=backend,
        found=tuple(names),
        latest=names[0],
        prefix=PREFIXES[number % len(PREFIXES)] if backend in FORGES else "",
        unstable=frozenset(name for name in names if "-rc" in name or "beta" in name),
        created=now - dice.randint(500, 3000) * DAY,
        updated=now - dice.randint(1, 90) * DAY,
    )
