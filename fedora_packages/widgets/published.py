"""What the repositories of a release have, beside what Koji has tagged for it: composes follow builds by hours or days."""

from collections.abc import Iterable, Mapping
from typing import Any

from fedora_packages.rpm.nvr import compare_evr


def is_in_testing(about: Mapping[str, Any]) -> bool:
    """Whether a package of ``mdapi.package`` comes from a testing repository, which mdapi searches first."""
    return "testing" in about["repository"]


def published_order(
    build: Mapping[str, Any] | None,
    about: Mapping[str, Any] | None,
    builds: Iterable[Mapping[str, Any]] = (),
    is_testing: bool = False,
) -> int | None:
    """Return -1 if the repositories of a release have an older version than a build that Koji has tagged for it, 0 for the same,
    1 for a newer one.

    ``about`` is what ``mdapi.package`` has for the release, ``builds`` are those of ``koji.builds``; ``is_testing`` for a build
    in testing.  None if it is unknown.  That includes a binary package with a version of its own, and a build that is stable if
    mdapi found the package in testing.
    """
    if not build or not about or not about["found"] or (is_in_testing(about) and not is_testing):
        return None
    version = (about["version"], about["release"])
    has_version_of_source = about["name"] == about["source"] or any(
        (other["version"], other["release"]) == version for other in (build, *builds)
    )
    return compare_evr(about, build) if has_version_of_source else None


def is_published(order: int | None) -> bool | None:
    """Return whether the repositories have a build itself (True) or an older one (False), by its `published_order`."""
    return None if order is None or order > 0 else order == 0
