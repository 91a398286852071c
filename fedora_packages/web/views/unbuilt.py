"""New packages: in dist-git, but without a build, and so without a page.

Only cached values count: the worker keeps those that messages about a new package announce (see
`fedora_packages.worker.handler`). An unknown name must not cause requests to upstreams.
"""

from pyramid.request import Request

from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors.query import QueryCall
from fedora_packages.errors import CacheUnavailable
from fedora_packages.messages.contents.table import family_of
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.widgets.parameters import NO_BRANCH

#: The sentence about such a package after "does not exist".
UNBUILT = "It is in dist-git, but has no build yet. Its page appears when the first build starts."


def is_unbuilt(request: Request, name: str) -> bool:
    """Whether the cache has a package in dist-git without a build.  One round trip; False without Redis."""
    if not is_package_name(name):
        return False
    names = (("distgit.maintainers", None), ("distgit.spec", NO_BRANCH), ("koji.builds", None))
    calls = [QueryCall(request.queries[query], name, release) for query, release in names]
    try:
        *sources, builds = request.cache.read([(call.entry, call.variant) for call in calls])
    except CacheUnavailable:
        return False
    has_build = builds.because is not None or (builds.is_known and builds.value["total"])
    return any(map(_is_in_distgit, sources)) and not has_build


def _is_in_distgit(cached: CachedValue) -> bool:
    """Whether dist-git has the subject of a cached value, according to the value or to a message."""
    if cached.is_known:
        return cached.value["found"]
    event = cached.because and cached.because["event"]
    return bool(event) and family_of(event["topic"]).proves_repository
