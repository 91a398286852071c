"""The old faf connector: the crashes that were reported of a package."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.web.legacy import dates
from fedora_packages.web.legacy.context import Look
from fedora_packages.web.legacy.decode import Asked
from fedora_packages.web.legacy.rows import Rows, needed


def query_problems(asked: Asked, look: Look) -> Rows:
    """Return the problems of a package, in FAF's order: most reported first."""
    package = needed(asked, look, "package_name", "package", "p")
    if package is None:
        return Rows([])
    (value,) = look.values(("faf.problems", package.source))
    return Rows([record(problem, package.source) for problem in value["problems"]])


def record(problem: Mapping[str, Any], package: str) -> dict[str, Any]:
    """Return a problem of a package as FAF writes one."""
    return {
        "id": problem["id"],
        "status": problem["status"],
        "type": problem["type"],
        "crash_function": problem["function"],
        "count": problem["count"],
        "first_occurrence": dates.timestamp(problem["first"]),
        "last_occurrence": dates.timestamp(problem["last"]),
        "components": [package],
        "bugs": problem["bugs"],
    }
