"""New packages: those that are in dist-git and have no page yet, since nothing was built of them.

Only what is cached counts: of messages about a package that is about to be known the worker keeps what they say (see
`fedora_packages.worker.handler`).  A name that is none's must not make anybody ask an upstream.
"""

from fedora_packages.cache.values import CachedValue
from fedora_packages.errors import CacheUnavailable
from fedora_packages.messages.families.table import family_of
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.service import Service
from fedora_packages.widgets.parameters import NO_BRANCH

#: What is said of one, after that there is no such package.
UNBUILT = "It is in dist-git already, but no build of it is known: its page is there as soon as one begins."


def is_unbuilt(service: Service, name: str) -> bool:
    """Whether the cache says that a package is in dist-git, and has heard of no build.  One round trip; False without Redis."""
    if not is_package_name(name):
        return False
    wanted = (("distgit.maintainers", None), ("distgit.spec", NO_BRANCH), ("koji.builds", None))
    queries = [(service.queries[query], release) for query, release in wanted]
    try:
        *sources, builds = service.cache.read(
            [(query.entry(name), query.variant(release)) for query, release in queries]
        )
    except CacheUnavailable:
        return False
    return any(map(_is_there, sources)) and builds.because is None and not (builds.is_known and builds.value["total"])


def _is_there(cached: CachedValue) -> bool:
    """Whether dist-git has said that it has what a reading is of, or a message has."""
    if cached.is_known:
        return cached.value["found"]
    event = cached.because and cached.because["event"]
    return bool(event) and family_of(event["topic"]).proves_repository
