"""The old FAF connector: the reported crashes of a package."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.web.legacy import dates
from fedora_packages.web.legacy.context import LegacyContext
from fedora_packages.web.legacy.decode import LegacyRequest
from fedora_packages.web.legacy.rows import Rows, required_package


def query_problems(query: LegacyRequest, context: LegacyContext) -> Rows:
    """Return the problems of a package in FAF's order, most reports first."""
    package = required_package(query, context, "package_name", "package", "p")
    if package is None:
        return Rows([])
    (value,) = context.values(("faf.problems", package.source))
    return Rows([record(problem, package.source) for problem in value["problems"]])


def record(problem: Mapping[str, Any], package: str) -> dict[str, Any]:
    """Return a problem of a package in FAF's format."""
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
