"""Compare a package's version with its upstream's, which is written by other rules.

Fedora marks a pre-release by a tilde and a snapshot after a release by a caret.  Before rpm had tildes it marked both by an RPM
release that begins with ``0.`` (docs.fedoraproject.org, Versioning Guidelines).  Upstreams write ``4.0.0rc1``, ``5.0.0-M1``,
``1.0.post1``, ``9.9p2``, ``5.4.2.Final`` or ``release-38`` (PEP 440, Maven, custom).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from itertools import zip_longest

#: Characters of a version that are looked at.
MAX_VERSION = 128


class Phase(IntEnum):
    """What a version is to the release that its numbers name, in order."""

    BEFORE = 0  # a snapshot before the release; its place among the pre-releases is unknown
    DEV = 1
    ALPHA = 2
    BETA = 3
    MILESTONE = 4
    CANDIDATE = 5
    RELEASE = 6
    PATCH = 7  # counted by a number
    LETTER = 8  # counted by a letter
    AFTER = 9  # a snapshot after the release
    UNKNOWN = 10


#: Words in versions, and the phase that each stands for.
WORDS = {
    "dev": Phase.DEV, "devel": Phase.DEV, "alpha": Phase.ALPHA, "beta": Phase.BETA, "m": Phase.MILESTONE,
    "milestone": Phase.MILESTONE, "pre": Phase.CANDIDATE, "preview": Phase.CANDIDATE, "rc": Phase.CANDIDATE,
    "cr": Phase.CANDIDATE, "candidate": Phase.CANDIDATE, "snapshot": Phase.BEFORE, "nightly": Phase.BEFORE, "git": Phase.BEFORE,
    "final": Phase.RELEASE, "ga": Phase.RELEASE, "release": Phase.RELEASE, "stable": Phase.RELEASE, "post": Phase.PATCH,
    "p": Phase.PATCH, "pl": Phase.PATCH, "patch": Phase.PATCH, "sp": Phase.PATCH,
}  # fmt: skip

#: Phases that one letter stands for in a pre-release.
LETTERS = {"a": Phase.ALPHA, "b": Phase.BETA, "c": Phase.CANDIDATE}

_DIST_TAG = re.compile(r"\.(?:fc|el|eln)[0-9].*$")


@dataclass(frozen=True)
class _Version:
    """A version: the numbers of its release as strings, its phase with a number, and what follows that is not understood."""

    numbers: tuple[str, ...]
    phase: Phase = Phase.RELEASE
    count: int = 0
    rest: str = ""


def compare(version: str, release: str, upstream: str, stable: Collection[str] = (), project: str = "") -> str | None:
    """Return how a package's version and RPM release stand to upstream's version: ``behind``, ``same`` or ``ahead``.

    ``stable`` are upstream's versions that are no pre-releases; ``3.5a`` is one unless it is among them.  ``project`` is the
    project's name, which can precede a version.  None without an order.
    """
    theirs = _of_upstream(upstream, stable, project)
    # Some packages have an upstream's pre-release as it is, without a tilde.
    ours = _parsed(version, is_prerelease=theirs.phase < Phase.RELEASE and version not in stable)
    if ours.phase is Phase.RELEASE and not ours.rest and release.startswith("0."):
        ours = _of_old_guideline(ours.numbers, release)
    elif version == upstream:
        return "same"
    if not ours.numbers or not theirs.numbers:
        return None
    order = _order_of_numbers(ours.numbers, theirs.numbers)
    if order == 0:
        order = _order_of_phases(ours, theirs)
    return None if order is None else ("behind", "same", "ahead")[order + 1]


def _of_old_guideline(numbers: tuple[str, ...], release: str) -> _Version:
    """Return the pre-release that an RPM release marks: 0.3.rc1 or 0.rc1.3.  A snapshot has its date there."""
    words = re.findall(r"[A-Za-z]+\.?[0-9]*", _DIST_TAG.sub("", release)[:MAX_VERSION])
    marked = [_suffix(word) for word in words]
    phase, count, _ = next((one for one in marked if Phase.BEFORE < one[0] < Phase.RELEASE), (Phase.BEFORE, 0, ""))
    return _Version(numbers, phase, count)


def _of_upstream(version: str, stable: Collection[str], project: str) -> _Version:
    bare = version[:MAX_VERSION]
    if project and bare.lower().startswith(project.lower()):
        bare = bare[len(project) :]
    start = re.search(r"[0-9]", bare)
    return _parsed(bare[start.start() :] if start else "", is_prerelease=version not in stable)


def _parsed(version: str, is_prerelease: bool) -> _Version:
    """Return the parts of a version; ``1.0a`` is the alpha if ``is_prerelease``, else the release after 1.0."""
    # What follows a plus sign has no place in the order (semver.org, 10).
    version = version[:MAX_VERSION].partition("+")[0]
    match = re.match(r"[0-9]+(?:[-._][0-9]+)*", version)
    if match is None:
        return _Version(())
    numbers, rest = tuple(re.findall(r"[0-9]+", match[0])), version[match.end() :]
    if not rest:
        return _Version(numbers)
    if rest[0] == "^":
        phase, count, more = _suffix(rest[1:])
        is_patch = phase is Phase.PATCH and not more
        return _Version(numbers, phase, count) if is_patch else _Version(numbers, Phase.AFTER)
    if rest[0] == "~":
        phase, count, more = _suffix(rest[1:])
        is_known = phase < Phase.RELEASE and not more
        return _Version(numbers, phase, count) if is_known else _Version(numbers, Phase.BEFORE)
    letter = re.fullmatch(r"([a-z]|[a-z]{2}|[A-Z])([0-9]*)", rest)
    is_word = letter and (
        letter[1] == "p" or (len(letter[1]) > 1 and letter[1] in WORDS) or (rest[0] == "M" and letter[2])
    )
    if letter and not is_word and not (is_prerelease and rest[0] in LETTERS):
        count = int(letter[1], 36) * 1000 + int(letter[2][:3] or 0)
        return _Version(numbers, Phase.LETTER, count)
    return _Version(numbers, *_suffix(rest))


def _suffix(suffix: str) -> tuple[Phase, int, str]:
    """Return the phase, its number, and what follows, of what follows the numbers of a version."""
    match = re.match(r"[-._]*([A-Za-z]+)[-._]?([0-9]*)", suffix)
    if match is None:
        return Phase.UNKNOWN, 0, suffix
    word, count = match[1].lower(), int(match[2][:9] or 0)
    phase = WORDS.get(word, LETTERS.get(word, Phase.UNKNOWN))
    rest = suffix[match.end() :]
    return (phase, count, rest) if phase is not Phase.UNKNOWN else (phase, 0, suffix)


def _order_of_numbers(ours: tuple[str, ...], theirs: tuple[str, ...]) -> int | None:
    """Return -1, 0 or 1; None if a date would be compared with a number, or a decimal fraction with an integer."""
    for place, (one, other) in enumerate(zip_longest(ours, theirs, fillvalue="0")):
        if int(one) == int(other):
            continue
        if place == 0 and _is_date(one) != _is_date(other):
            return None
        # 1.04 is before 1.3 to some projects, and after it to others.
        is_padded = len(one) != len(other) and "0" in (one[0], other[0]) and "0" not in (one, other)
        if place and is_padded and not _is_date(ours[0]):
            return None
        return -1 if int(one) < int(other) else 1
    return 0


def _is_date(number: str) -> bool:
    """Whether a number begins like a date: with a year."""
    return len(number) in (4, 6, 8) and "1990" <= number[:4] <= "2099"


def _order_of_phases(ours: _Version, theirs: _Version) -> int | None:
    """Return -1, 0 or 1 for two versions with the same numbers; None if their phases cannot be compared."""
    if (ours.phase, ours.count, ours.rest) == (theirs.phase, theirs.count, theirs.rest):
        return None if ours.phase in (Phase.BEFORE, Phase.AFTER) else 0
    if Phase.UNKNOWN in (ours.phase, theirs.phase):
        return None
    if ours.phase == theirs.phase:
        if ours.count == theirs.count:
            return None
        return -1 if ours.count < theirs.count else 1
    sides = [_side(version.phase) for version in (ours, theirs)]
    if sides[0] != sides[1]:
        return -1 if sides[0] < sides[1] else 1
    if Phase.BEFORE in (ours.phase, theirs.phase) or sides[0] > 0:
        return None
    return -1 if ours.phase < theirs.phase else 1


def _side(phase: Phase) -> int:
    """Return -1 for a version before the release, 0 for the release, 1 for one after it."""
    return (phase > Phase.RELEASE) - (phase < Phase.RELEASE)
