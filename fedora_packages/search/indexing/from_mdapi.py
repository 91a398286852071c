"""Staging from mdapi: every package that koji lists, asked about in each release that lists it.

The one thing to know: that is some hundred thousand questions.  A release that mdapi does not serve (ELN is one) has no files,
changelogs and dependencies to show, and is left out.
"""

import logging
from collections.abc import Collection

from fedora_packages.connectors.query import Queries
from fedora_packages.errors import InvalidResponse
from fedora_packages.search.indexing.context import Means, Staged
from fedora_packages.search.indexing.describe import describe, serves
from fedora_packages.search.indexing.merge import Described
from fedora_packages.search.indexing.package_list import listing, releases
from fedora_packages.search.indexing.staging import Staging

log = logging.getLogger(__name__)


def stage(staging: Staging, means: Means) -> Staged:
    """Stage what koji, mdapi and dist-git say, and return what that was.  Raises `UpstreamError`."""
    queries = Queries(means.connectors.values())
    active = releases(means.connectors, means.patience)

    def served(names: Collection[str]) -> list[str]:
        name = next(iter(names))
        branches = [
            release["branch"]
            for release in active
            if means.patience(lambda branch=release["branch"]: serves(branch, name, queries))
        ]
        if not branches:
            raise InvalidResponse("mdapi", "the releases", "it serves none of the active ones")
        return branches

    listed = listing(means.connectors, means.patience, active, served)
    wanted = {name: listed.where(name) for name in listed.branches}

    def describe_one(name: str) -> Described | None:
        if name in listed.elsewhere:
            return listed.known_of(name)
        return describe(name, listed.branches[name], queries, listed.owners, is_listed=True)

    staging.arrange([])
    described, failed = means.describe(staging, wanted, describe_one)
    branches = frozenset(branch for its in listed.branches.values() for branch in its)
    in_order = tuple(release["branch"] for release in active if release["branch"] in branches)
    return Staged(in_order, listed.owners, described, failed, means.kept(listed), listed.left_out)
