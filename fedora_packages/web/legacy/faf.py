"""The old FAF connector: the reported crashes of a package."""

from collections.abc import Mapping
from typing import Any

from fedora_packages.web.legacy import dates
from fedora_packages.web.legacy.context import LegacyContext
from fedora_packages.web.legacy.decode import LegacyRequest
from fedora_packages.web.legacy.envelope import page


def query_problems(query: LegacyRequest, context: LegacyContext) -> dict[str, Any]:
    """Return the problems of a package in FAF's order, most reports first."""
    package = context.package(query.required("package_name", "package", "p"))
    (value,) = context.values(("faf.problems", package.source))
    return page([record(problem, package.source) for problem in value["problems"]], query)


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
