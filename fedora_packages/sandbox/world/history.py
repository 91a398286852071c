"""The history of a package, generated from its name: builds, tags, updates, bugs, branches.

The same name always gets the same history, counted back from the start of the world.  So it is not stored but generated when
needed.  Versions, bugs and updates of a world's file are kept exactly.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from fedora_packages.sandbox.world import external, ids
from fedora_packages.sandbox.world.models import (
    CRITICAL_PATH,
    EVR,
    Branch,
    Bug,
    Build,
    Comment,
    Origin,
    Package,
    Source,
    Update,
    bumped,
    lowered,
    parse_evr,
)
from fedora_packages.sandbox.world.releases import Release

DAY = 86400

#: The maximum number of builds of one release.
LADDER = 6

BUG_SUMMARIES = (
    "{name} crashes when the screen is locked",
    "{name} uses a whole core when idle",
    "{name}: please build for EPEL",
    "[abrt] {name}: raise(): killed by SIGABRT",
    "{name} does not start after the update",
    "SELinux is preventing {name} from read access on a file",
    "{name}: FTBFS in Fedora rawhide",
    "{name}: wrong paths in the documentation",
    "New version of {name} is available",
)

#: Keywords of bugs by summary.
BUG_KEYWORDS = {
    "{name}: please build for EPEL": ("FutureFeature",),
    "New version of {name} is available": ("FutureFeature", "Triaged"),
}

#: Bugs that others block, by summary: the tracker of packages that fail to build.
BUG_BLOCKS = {"{name}: FTBFS in Fedora rawhide": (2_290_002,)}

SECURITY_SUMMARY = "CVE-{cve} {name}: out-of-bounds read in the parser [fedora-all]"

OPEN_STATUSES = ("NEW", "NEW", "NEW", "ASSIGNED", "POST", "MODIFIED", "ON_QA", "VERIFIED", "RELEASE_PENDING")

NOTES = (
    "Rebuilt with fixes from upstream.",
    "Update to the newest release; see upstream's announcement for what is new.",
    "Fixes a crash at start and two wrong paths.",
    "New upstream release.",
)
PRAISE = ("Works here.", "No regressions noted.", "LGTM! =)", "Works fine on two machines.")
COMPLAINTS = ("Does not start after the update.", "The old bug is still there.")
TESTERS = ("frantisekz", "besser82", "geraldosimiao", "nielsenb", "bojan", "derekenz")


def commit_hash(*what: object) -> str:
    """Return a made-up commit hash of 40 hexadecimal digits."""
    return hashlib.sha1(repr(what).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Step:
    """A planned build: its EVR, its state, and its start in days before that of the world."""

    release: Release
    evr: EVR
    state: str
    days: float


def generate(number: int, origin: Origin, releases: Sequence[Release], now: int) -> Package:
    """Return a package by number, as it is when the world starts at ``now`` (UTC seconds)."""
    name = origin.source.name
    dice = random.Random(f"past of {name}")
    age = dice.randint(400, 3500)
    held = [release for release in releases if release.branch in origin.evrs and release.holds_packages]
    steps = [step for release in held for step in _ladder(release, origin, dice)]
    builds = tuple(_builds(number, origin, steps, now, dice))
    bugs = tuple(_bugs(number, origin, held, now, dice))
    updates = tuple(_updates(number, origin, held, builds, bugs, now, dice))
    tags = {release.branch: _tags(release, builds, updates) for release in held}
    joined = {tag: tuple(held_builds) for by_tag in tags.values() for tag, held_builds in by_tag.items() if held_builds}
    return Package(
        number=number,
        name=name,
        owner=origin.owner,
        admins=origin.admins,
        committers=origin.committers,
        groups=origin.groups,
        created=now - age * DAY,
        modified=now - dice.randint(1, 300) * DAY,
        branches=_branches(origin, releases, now, age),
        builds=builds,
        tags=joined,
        blocked=frozenset(release.base_tag for release in releases if origin.dead and release.branch == "rawhide"),
        updates=updates,
        bugs=bugs,
        published={
            repository: joined[tag][0] for release in held for repository, tag in release.repositories if tag in joined
        },
        problems=tuple(external.problems(number, origin, bugs, now)),
        project=external.project(number, origin, now),
    )


def _ladder(release: Release, origin: Origin, dice: random.Random) -> Iterator[Step]:
    """Yield the builds of a release, the oldest first; the release has the last or the last but one."""
    evr = origin.evrs[release.branch]
    # The file's updates can have builds other than the release's own.
    updated = [
        parse_evr(update["version"] + release.dist)
        for update in origin.updates
        if update["release"] == release.branch and "version" in update
    ]
    rungs: list[tuple[EVR, str]] = [(evr, "complete")]
    if release.branch != "rawhide" and dice.random() < 0.25 and not updated:
        rungs.append((bumped(evr, release.dist), "complete"))
    if dice.random() < 0.15 and not updated:
        rungs.append((bumped(rungs[-1][0], release.dist), dice.choice(("failed", "failed", "canceled"))))
    # A build of an update of the file was not in the release on its first day.
    wanted = max(
        dice.randint(1, LADDER), 2 if any(update["release"] == release.branch for update in origin.updates) else 1
    )
    below: EVR | None = evr
    while len(rungs) < wanted and (below := lowered(below, release.dist)):
        state = dice.choice(("failed", "canceled")) if len(rungs) > 1 and dice.random() < 0.1 else "complete"
        rungs.insert(0, (below, state))
    known = {rung for rung, _ in rungs}
    rungs += [(extra, "complete") for extra in dict.fromkeys(updated) if extra not in known]
    days = dice.uniform(2, 40)
    dates = []
    for _ in rungs:
        dates.append(days)
        days += dice.uniform(3, 60)
    for (rung, state), began in zip(rungs, reversed(dates), strict=True):
        yield Step(release, rung, state, began)


def _builds(number: int, origin: Origin, steps: list[Step], now: int, dice: random.Random) -> Iterator[Build]:
    owners = [name for name in (origin.owner, *origin.admins, *origin.committers) if name != "orphan"] or ["releng"]
    if origin.dead and origin.last_evr and not steps:
        # A package retired everywhere has been built once.
        yield _build(number, 0, origin, Step(_GONE, origin.last_evr, "complete", 700), now, owners[0], 340)
        return
    ordered = sorted(steps, key=lambda step: -step.days)[-ids.BUILDS + 8 :]
    for place, step in enumerate(ordered):
        yield _build(number, place, origin, step, now, dice.choice(owners), dice.randint(90, 5000))


def _build(number: int, place: int, origin: Origin, step: Step, now: int, owner: str, seconds: int) -> Build:
    build_id = ids.build_id(number, place)
    started = now - step.days * DAY + (build_id % 997) / 1000
    return Build(
        build_id=build_id,
        task_id=ids.task_id(build_id),
        evr=step.evr,
        state=step.state,
        branch=step.release.branch,
        owner=owner,
        started=started,
        finished=started + seconds,
        commit=commit_hash(origin.source.name, step.evr),
        source=origin.source,
    )


#: The release of the builds of packages that no release has any more.
_GONE = Release(
    name="F40", long_name="Fedora 40", version="40", branch="f40", dist=".fc40", dist_tag="f40", state="archived",
    stable_tag="f40-updates", testing_tag="f40-updates-testing", candidate_tag="f40-updates-candidate", base_tag="f40",
)  # fmt: skip


def _updates(
    number: int,
    origin: Origin,
    held: Sequence[Release],
    builds: tuple[Build, ...],
    bugs: tuple[Bug, ...],
    now: int,
    dice: random.Random,
) -> Iterator[Update]:
    places = iter(range(ids.UPDATES))
    for release in held:
        complete = [build for build in builds if build.branch == release.branch and build.state == "complete"]
        current = origin.evrs[release.branch]
        recorded = {
            str(update.get("version", "")): update for update in origin.updates if update["release"] == release.branch
        }
        # A build of a Fedora release's first day was never an update.
        for build in complete[0 if release.stable_tag == release.base_tag else 1 :]:
            stem = str(build.evr).removesuffix(release.dist)
            given = recorded.get(stem) or (recorded.get("") if build.evr == current else None)
            if given is None and release.state == "frozen" and dice.random() < 0.5:
                continue
            status = given["status"] if given else _status(build, complete, current, dice)
            yield _update(ids.update_id(number, next(places)), release, build, status, given, bugs, now, dice)


def _status(build: Build, complete: list[Build], current: EVR, dice: random.Random) -> str:
    after = [other.evr for other in complete[complete.index(build) :]]
    if build.evr == current:
        return "stable"
    if current in after:
        return dice.choice(("stable", "stable", "stable", "obsolete", "unpushed"))
    return dice.choice(("testing", "testing", "pending"))


def _update(
    number: int,
    release: Release,
    build: Build,
    status: str,
    given: Mapping[str, Any] | None,
    bugs: tuple[Bug, ...],
    now: int,
    dice: random.Random,
) -> Update:
    given = given or {}
    submitted = int(build.finished or build.started) + dice.randint(600, 40000)
    testing = (
        submitted + dice.randint(20000, 90000) if status in ("testing", "stable", "unpushed", "obsolete") else None
    )
    stable = (testing or submitted) + dice.randint(3, 10) * DAY if status == "stable" else None
    if release.automatic_updates:
        testing, stable = None, submitted + 60
    fixed = [bug for bug in bugs if bug.version == release.bug_version and bug.product == release.bug_product]
    wanted = fixed if given.get("bugs") else fixed[: dice.randint(0, 1)] if status == "stable" and not given else []
    is_secure = any(bug.is_security for bug in wanted)
    year = datetime.fromtimestamp(submitted, UTC).year
    comments = tuple(_comments(number, status, submitted, testing, given.get("karma"), build.owner, now, dice))
    usual = dice.choice(("bugfix", "bugfix", "enhancement", "unspecified"))
    usual_severity = dice.choice(("unspecified", "low", "medium"))
    return Update(
        update_id=number,
        alias=ids.alias(release.id_prefix, year, number),
        release=release.name,
        builds=(build.build_id,),
        status=status,
        request=given.get("request", _request(number, status)),
        type=given.get("type", "security" if is_secure else usual),
        severity=given.get("severity", "high" if is_secure else usual_severity),
        notes=given.get("notes", dice.choice(NOTES)),
        user=build.owner,
        submitted=_past(submitted, now),
        # Only an edit is a modification.
        modified=_past(submitted + 1800, now) if number % 3 == 0 else None,
        approved=_past(stable - 3600, now) if stable and testing else None,
        testing=_past(testing, now),
        stable=_past(stable, now),
        comments=comments,
        bugs=tuple(bug.bug_id for bug in wanted),
        gating=dice.choice(("passed", "passed", "ignored", "failed")) if status != "stable" else "passed",
        critpath=build.name in CRITICAL_PATH,
        signed=status != "pending",
    )


def _request(number: int, status: str) -> str | None:
    """Return the request of an update: testing for a new one, stable for some in testing, unpush for a few."""
    if status == "testing":
        return (None, None, "stable", None, "unpush")[number % 5]
    return "testing" if status == "pending" else None


def _past(time: int | None, now: int) -> int | None:
    return None if time is None else min(time, now - 60)


def _comments(
    number: int,
    status: str,
    submitted: int,
    testing: int | None,
    karma: int | None,
    owner: str,
    now: int,
    dice: random.Random,
) -> Iterator[Comment]:
    first = number * 16
    yield Comment(
        first, "bodhi", f"This update has been submitted for testing by {owner}.", 0, _past(submitted, now) or 0
    )
    if testing:
        yield Comment(first + 1, "bodhi", "This update has been pushed to testing.", 0, _past(testing, now) or 0)
    given = karma if karma is not None else dice.choice((0, 0, 1, 2)) if status in ("testing", "stable") else 0
    texts = PRAISE if given > 0 else COMPLAINTS
    for place in range(min(abs(given), 10)):
        time = _past((testing or submitted) + 3600 * (place + 1), now) or 0
        user = TESTERS[place % len(TESTERS)]
        yield Comment(first + 2 + place, user, texts[place % len(texts)], 1 if given > 0 else -1, time)


def _bugs(number: int, origin: Origin, held: Sequence[Release], now: int, dice: random.Random) -> Iterator[Bug]:
    name = origin.source.name
    assigned = f"{origin.owner}@fedoraproject.org" if origin.owner != "orphan" else "extras-orphan@fedoraproject.org"
    places = iter(range(ids.BUGS))
    base = Bug(
        bug_id=0, component=name, product="Fedora", version="rawhide", summary="", status="NEW", resolution="",
        severity="unspecified", priority="unspecified", assigned_to=assigned, creator="tester@example.com",
        created=0, changed=0,
    )  # fmt: skip
    for entry in origin.bugs[: ids.BUGS]:
        yield replace(
            _dated(base, ids.bug_id(number, next(places)), now, dice),
            summary=entry["summary"],
            status=entry["status"],
            resolution="ERRATA" if entry["status"] == "CLOSED" else "",
            version=entry["version"],
            product=entry["product"],
            severity=entry["severity"],
            alias=entry["alias"],
            keywords=entry["keywords"],
            blocks=entry["blocks"],
        )
    if not held:
        return
    for _ in range(dice.choice((0, 0, 1, 2, 3, 5)) if len(origin.bugs) < 4 else 0):
        release = dice.choice(held)
        bug = _dated(base, ids.bug_id(number, next(places)), now, dice)
        status = dice.choice(OPEN_STATUSES) if dice.random() < 0.7 else "CLOSED"
        secret = dice.random() < 0.08
        cve = f"2026-{10000 + bug.bug_id % 50000}"
        pattern = SECURITY_SUMMARY if secret else dice.choice(BUG_SUMMARIES)
        yield replace(
            bug,
            product=release.bug_product,
            version=release.bug_version,
            summary=pattern.format(cve=cve, name=name),
            status=status,
            resolution=dice.choice(("ERRATA", "NOTABUG", "WONTFIX")) if status == "CLOSED" else "",
            severity="high" if secret else dice.choice(("unspecified", "low", "medium")),
            alias=(f"CVE-{cve}",) if secret and dice.random() < 0.5 else (),
            keywords=("Security", "SecurityTracking") if secret else BUG_KEYWORDS.get(pattern, ()),
            blocks=(2_290_001,) if dice.random() < 0.15 else BUG_BLOCKS.get(pattern, ()),
        )


def _dated(bug: Bug, bug_id: int, now: int, dice: random.Random) -> Bug:
    created = now - int(dice.uniform(1, 500) * DAY)
    return replace(bug, bug_id=bug_id, created=created, changed=created + int((now - created) * dice.random()))


def _tags(release: Release, builds: tuple[Build, ...], updates: tuple[Update, ...]) -> Mapping[str, list[int]]:
    """Return the build ids by the release's tags, the one tagged last first."""
    status = {
        build_id: update.status for update in updates if update.release == release.name for build_id in update.builds
    }
    tags: dict[str, list[int]] = {
        release.base_tag: [],
        release.stable_tag: [],
        release.testing_tag: [],
        release.candidate_tag: [],
    }
    of_release = [build for build in builds if build.branch == release.branch and build.state == "complete"]
    for place, build in enumerate(of_release):
        known = status.get(build.build_id)
        if known in ("pending", "unpushed"):
            tag = release.candidate_tag
        elif known == "testing":
            tag = release.testing_tag
        elif known == "obsolete":
            continue
        else:
            tag = release.base_tag if place == 0 or known is None else release.stable_tag
        tags[tag].insert(0, build.build_id)
    return tags


def _branches(origin: Origin, releases: Sequence[Release], now: int, age: int) -> Mapping[str, Branch]:
    name, source = origin.source.name, origin.source
    found: dict[str, Branch] = {}
    newest = origin.evrs.get("rawhide") or origin.last_evr or next(iter(origin.evrs.values()), None)
    if newest is None:
        return found
    for release in releases:
        evr = origin.evrs.get(release.branch)
        if evr is None and (release.branch == "rawhide" or (release.branch == "f42" and age > 700 and not origin.dead)):
            # Rawhide is every repository's default branch; old branches are never deleted.
            evr = newest
        if evr is None:
            continue
        dead = origin.dead if release.branch not in origin.evrs else None
        if release.branch == "rawhide" and release.branch not in origin.evrs and not dead:
            dead = "EPEL only package\n"
        found[release.branch] = Branch(evr, source, commit_hash(name, release.branch, evr), now - 9 * DAY, dead)
    return found


def past_changes(source: Source, evrs: Sequence[EVR], dist: str, now: int) -> Iterator[tuple[int, str, str]]:
    """Yield (date, VERSION-RELEASE, text) of a made-up changelog for EVRs, the newest first."""
    dice = random.Random(f"changelog of {source.name}")
    noon = now - now % DAY + DAY // 2
    days = dice.randint(3, 40)
    for place, evr in enumerate(evrs):
        older = evrs[place + 1] if place + 1 < len(evrs) else None
        same = older is not None and older.version == evr.version
        text = (
            dice.choice(("- Rebuilt", "- Fix the build with the new compiler", "- Own the data folder"))
            if same
            else f"- Update to {evr.version}"
        )
        yield noon - days * DAY, f"{evr.version}-{evr.release.removesuffix(dist)}", text
        days += dice.randint(10, 90)
