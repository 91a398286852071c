"""All that a run of the chaos will do, drawn from one seed before it begins.

Steps change the processes and the upstreams at set times; actions change packages, in order.  Both are the same for the same
seed and world.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

UPSTREAMS = ("koji", "bodhi", "bugzilla", "mdapi", "distgit", "faf", "anitya")

#: How an upstream can fail, by name.
FAILURES: Mapping[str, Any] = {"503": 503, "reset": "reset", "hang": "hang"}
INVALID = ("html", "truncated", "types", "empty", "huge")
KINDS = (*FAILURES, "slow", "invalid", "lagging")

#: The actions, and how many of each in 100.
CHANCES = {
    "build": 22, "update": 18, "comment": 11, "bug": 8, "bug change": 8, "push": 9, "tag": 3, "untag": 3, "repo": 5,
    "maintainer": 3, "branch": 1, "retire": 1, "new-package": 1, "crash": 2, "upstream-release": 2, "upstream-withdraw": 1,
    "upstream-map": 1, "upstream-unmap": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """Something that is done ``at`` so many seconds after the beginning."""

    at: float
    what: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"at": round(self.at, 3), "what": self.what, **self.details}


@dataclass(frozen=True)
class Packages:
    """What actions can change: living branches by package, Koji's tags that pages show."""

    branches: Mapping[str, Sequence[str]]
    tags: Sequence[str]


def steps(dice: random.Random, seconds: float, kills: int, restarts: int) -> list[Step]:
    """Return the steps of a run, in order.  All is well at the end of it, and everything runs."""
    found = [*_kills(dice, seconds, kills), *_restarts(dice, seconds, restarts), *_faults(dice, seconds)]
    return sorted(found, key=lambda step: step.at)


def _slots(seconds: float, count: int) -> Iterator[tuple[float, float]]:
    """Yield the begin of each slot and its length; the first tenth and the last hundredth of a run are quiet."""
    width = 0.89 * seconds / max(count, 1)
    for number in range(count):
        yield 0.1 * seconds + number * width, width


def _kills(dice: random.Random, seconds: float, count: int) -> Iterator[Step]:
    for begin, width in _slots(seconds, count):
        at, away = begin + dice.uniform(0, 0.5) * width, min(dice.uniform(0.1, 5.0), 0.45 * width)
        yield Step(at, "kill worker")
        yield Step(at + away, "start worker")


def _restarts(dice: random.Random, seconds: float, count: int) -> Iterator[Step]:
    signals = [("SIGKILL", "SIGTERM")[number % 2] for number in range(count)]
    dice.shuffle(signals)
    for by, (begin, width) in zip(signals, _slots(seconds, count), strict=True):
        at, away = begin + dice.uniform(0, 0.8) * width, min(dice.uniform(0.0, 4.0), 0.15 * width)
        yield Step(at, "stop redis", {"by": by})
        yield Step(at + away, "start redis")


def _faults(dice: random.Random, seconds: float) -> Iterator[Step]:
    """Have each upstream in turn be unwell in each way, and the archive once."""
    wanted = []
    for _ in KINDS:
        turn = list(UPSTREAMS)
        dice.shuffle(turn)
        wanted.append(turn)
    order = {upstream: dice.sample(KINDS, len(KINDS)) for upstream in UPSTREAMS}
    episodes = [(upstream, order[upstream][number]) for number, turn in enumerate(wanted) for upstream in turn]
    episodes.insert(dice.randrange(len(episodes) // 3, len(episodes)), ("datagrepper", "503"))
    for (upstream, kind), (begin, width) in zip(episodes, _slots(seconds, len(episodes)), strict=True):
        at = begin + dice.uniform(0, 0.2) * width
        yield Step(at, "fault", {"upstream": upstream, "kind": kind, "fault": _fault(dice, kind)})
        yield Step(at + dice.uniform(0.4, 0.75) * width, "reset", {"upstream": upstream})


def _fault(dice: random.Random, kind: str) -> dict[str, Any]:
    if kind == "slow":
        return {"delay": round(dice.uniform(0.3, 4.0), 2)}
    if kind == "invalid":
        return {"invalid": dice.choice(INVALID)}
    if kind == "lagging":
        return {"lag": round(dice.uniform(1.0, 12.0), 2)}
    return {"fail": FAILURES[kind]}


def actions(dice: random.Random, packages: Packages) -> Iterator[dict[str, Any]]:
    """Yield actions without end, as the sandbox's control address takes them.

    A ``bug change`` names no bug, since an id is known only after the action that files it: ``nth`` picks one of those filed so
    far.
    """
    names, number = list(packages.branches), 0
    while True:
        number += 1
        # Few packages have most of the traffic, as in life.
        name = names[int(len(names) * dice.random() ** 2)]
        what = dice.choices(list(CHANCES), list(CHANCES.values()))[0]
        branch = dice.choice(packages.branches[name])
        yield {"what": what, "package": name, **_details(dice, what, branch, packages, number)}


def _details(
    dice: random.Random, what: str, branch: str, packages: Packages, number: int
) -> dict[str, Any]:  # fmt: skip
    if what == "build":
        state = dice.choice((None, None, "building", "complete", "failed", "canceled"))
        return {"release": branch, **({"state": state} if state else {})}
    if what == "update":
        to = dice.choice((*("pending", "testing", "stable") * 3, "unpushed", "obsolete"))
        return {"release": branch, "to": to}
    if what == "comment":
        return {"release": branch, "comment": f"Works for me ({number}).", "karma": dice.choice((-1, 0, 1, 1))}
    if what == "bug":
        return {"summary": f"It does something odd ({number})", "security": dice.random() < 0.1}
    if what == "bug change":
        return {"nth": dice.randrange(1 << 30), **_bug_change(dice, packages)}
    if what == "push":
        return {"branch": branch}
    if what in ("tag", "untag"):
        return {"tag": dice.choice(packages.tags)}
    if what == "repo":
        return {"release": branch}
    if what == "maintainer":
        return {"user": f"newcomer{number}", "access": dice.choice(("admin", "commit"))}
    if what == "retire":
        return {"branch": branch, "reason": f"Nobody uses it ({number})"}
    if what == "new-package":
        return {"package": f"brandnew-{number}"}
    return {}


def _bug_change(dice: random.Random, packages: Packages) -> dict[str, Any]:
    what = dice.choice(("status", "status", "severity", "component"))
    if what == "status":
        return {"status": dice.choice(("ASSIGNED", "POST", "MODIFIED", "CLOSED", "CLOSED"))}
    if what == "severity":
        return {"severity": dice.choice(("low", "medium", "high", "urgent"))}
    return {"component": dice.choice(list(packages.branches))}
