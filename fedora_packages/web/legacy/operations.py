"""Every operation of the old API by connector, with the endpoint that has the same data today."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fedora_packages.web.legacy import bodhi, bugzilla, faf, koji, xapian, yum
from fedora_packages.web.legacy.context import LegacyContext
from fedora_packages.web.legacy.decode import LegacyRequest

QUERY, METHOD = "query", "method"

#: The segment before the path of a query; methods have their own names there.  The last two used to pass an upstream's own
#: calls on; now they take the same names as the others.
QUERYING, MODEL, CALLING = "query", "query_model", ("call", "request_data")


@dataclass(frozen=True)
class Operation:
    """One operation.

    ``answer`` returns the envelope of a query, anything for a method.  ``filters`` are the names of its filters, the package
    first; ``successor`` is the last segment of the endpoint with the same data in the JSON API.
    """

    kind: str
    answer: Callable[[LegacyRequest, LegacyContext], Any]
    successor: str
    filters: tuple[str, ...]
    #: Whether its response and its errors have no envelope.
    is_bare: bool = False


_RELATED = ("package", "repo", "arch", "version")

CONNECTORS: Mapping[str, Mapping[str, Operation]] = {
    "xapian": {"search_packages": Operation(QUERY, xapian.search_packages, "search", ("search",))},
    "bodhi": {
        "query_active_releases": Operation(QUERY, bodhi.query_active_releases, "releases", ("package", "nvr")),
        "query_updates": Operation(
            QUERY,
            bodhi.query_updates,
            "updates",
            ("package", "nvr", "release", "status", "group_updates", "granularity"),
        ),
    },
    "koji": {
        "query_builds": Operation(
            QUERY,
            koji.query_builds,
            "builds",
            ("package", "p", "state", "s", "user", "u", "username", "name", "query_updates"),
        ),
        "query_changelogs": Operation(
            QUERY, koji.query_changelogs, "changelog", ("package_name", "package", "build_id", "release")
        ),
    },
    "bugzilla": {
        "query_bugs": Operation(QUERY, bugzilla.query_bugs, "bugs", ("package", "version", "collection")),
        "get_bug_stats": Operation(METHOD, bugzilla.get_bug_stats, "counts", ("package",)),
    },
    "faf": {"query_problems": Operation(QUERY, faf.query_problems, "problems", ("package_name", "package", "p"))},
    "yum": {
        "get_file_tree": Operation(METHOD, yum.get_file_tree, "files", ("package", "repo"), is_bare=True),
        "query_requires": Operation(QUERY, partial(yum.query_relations, "requires"), "relations", _RELATED),
        "query_required_by": Operation(QUERY, yum.query_required_by, "required_by", _RELATED),
        "query_provides": Operation(QUERY, partial(yum.query_relations, "provides"), "relations", _RELATED),
        "query_obsoletes": Operation(QUERY, partial(yum.query_relations, "obsoletes"), "relations", _RELATED),
        "query_conflicts": Operation(QUERY, partial(yum.query_relations, "conflicts"), "relations", _RELATED),
    },
}
