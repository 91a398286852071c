"""Ids that lead back to their package, so that builds, updates and bugs are found by id without an index.

Package number N (its position in the world's file) owns a block of ids of each kind.  Actions use ids above all blocks, which the
world stores.
"""

from collections.abc import Callable

#: The number of ids in a package's block.
BUILDS, BUGS, UPDATES, PROBLEMS = 64, 16, 64, 8

FIRST_BUILD = 2_600_000
FIRST_TASK = 121_000_000
FIRST_BUG = 2_300_000
FIRST_PACKAGE = 100
FIRST_PROBLEM = 400_000
FIRST_PROJECT = 2000

#: An alias ends in ten hexadecimal digits that look random: the update's number times this, modulo 2**40.
SCRAMBLE = 0x9E3779B97F4A7C15 % (1 << 40) | 1
MODULUS = 1 << 40
UNSCRAMBLE = pow(SCRAMBLE, -1, MODULUS)


def build_id(package: int, number: int) -> int:
    """Return the id of a package's build by number, counted from its oldest."""
    return FIRST_BUILD + package * BUILDS + number


def task_id(build: int) -> int:
    """Return the id of a build's task."""
    return FIRST_TASK + (build - FIRST_BUILD) * 3


def bug_id(package: int, number: int) -> int:
    """Return the id of a package's bug by number."""
    return FIRST_BUG + package * BUGS + number


def update_id(package: int, number: int) -> int:
    """Return Bodhi's internal number of a package's update."""
    return 1 + package * UPDATES + number


def problem_id(package: int, number: int) -> int:
    """Return the id of a package's problem by number."""
    return FIRST_PROBLEM + package * PROBLEMS + number


def project_id(package: int) -> int:
    """Return the id of a package's upstream project."""
    return FIRST_PROJECT + package


def alias(prefix: str, year: int, update: int) -> str:
    """Return the alias of an update: ``FEDORA-2026-0123456789``."""
    return f"{prefix}-{year}-{update * SCRAMBLE % MODULUS:010x}"


def update_of(text: str) -> int | None:
    """Return the internal number of an update by alias, or None for an invalid alias."""
    digits = text.rpartition("-")[2]
    try:
        return int(digits, 16) * UNSCRAMBLE % MODULUS if len(digits) == 10 else None
    except ValueError:
        return None


def owner_of(kind: str) -> Callable[[int], int]:
    """Return the function from an id to the number of the package that owns its block, which can be beyond the last package."""
    first, size = {"build": (FIRST_BUILD, BUILDS), "bug": (FIRST_BUG, BUGS), "update": (1, UPDATES)}[kind]
    return lambda number: (number - first) // size
