"""The active releases, from the cache."""

from typing import Any

from fedora_packages.cache.cache import Cache
from fedora_packages.cache.fill_types import Policy
from fedora_packages.connectors.query import Queries, QueryCall
from fedora_packages.errors import FillInProgress, UpstreamError, UpstreamUnavailable

#: The query that returns the active releases.
RELEASES = "bodhi.releases"


class ActiveReleases:
    """The active releases as the cache has them, however old; only without any are they fetched."""

    def __init__(self, cache: Cache, queries: Queries):
        self._cache = cache
        self._queries = queries

    def __call__(self) -> list[dict[str, Any]]:
        """Return the active releases in display order, as ``bodhi.releases`` does.  Raises `UpstreamError` if there are none."""
        source = QueryCall(self._queries[RELEASES]).source()
        (cached,) = self._cache.read([source.pair])
        if not cached.is_known:
            try:
                cached = self._cache.fill(source, Policy.MISS).after
            except FillInProgress as error:
                raise UpstreamUnavailable(
                    source.upstream, RELEASES, "another process is still fetching them"
                ) from error
        return cached.value["releases"]

    def required(self) -> list[dict[str, Any]]:
        """Return the active releases for a query that needs them.  Raises `UpstreamUnavailable` if there are none."""
        try:
            return self()
        except UpstreamError as error:
            raise UpstreamUnavailable(
                "koji", "listTagged", f"the active releases are unknown ({error})", title="Koji"
            ) from error
