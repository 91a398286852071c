"""The parts of the service, wired: what web, worker and commands share.

`build` makes them from settings; nothing connects before it is used.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fedora_packages import connectors
from fedora_packages.cache.fill import Policy
from fedora_packages.cache.protocol import Cache
from fedora_packages.cache.queue import Queue
from fedora_packages.cache.redis import Redis, connect
from fedora_packages.cache.values import Entry
from fedora_packages.connectors import Connector, ReleaseTags
from fedora_packages.connectors.query import Queries, QueryCall
from fedora_packages.errors import CacheUnavailable, FillInProgress, UpstreamError, UpstreamUnavailable
from fedora_packages.monitoring.metrics import MetricName, Metrics
from fedora_packages.search import corruption
from fedora_packages.search.reader import IndexReader
from fedora_packages.settings import Settings

log = logging.getLogger(__name__)

#: The query that says which releases there are.
RELEASES = "bodhi.releases"

#: Seconds that one command of Redis may take.  A page must be answered although Redis hangs; the worker can be patient.
REDIS_TIMEOUT = {"web": 0.5, "worker": 5.0}


@dataclass(frozen=True)
class Service:
    """The parts of one process.  ``connectors`` are those with queries; ``datagrepper`` is the archive of the bus."""

    settings: Settings
    client: Redis
    connectors: Mapping[str, Connector]
    datagrepper: Connector
    queries: Queries
    cache: Cache
    queue: Queue
    index: IndexReader
    metrics: Metrics

    def releases(self) -> list[dict[str, Any]]:
        """Return the active releases in the order people read them, as ``bodhi.releases`` gives them.

        From the cache, however old; asked for only if nothing was ever known.  Raises `UpstreamError` if nothing is known.
        """
        source = QueryCall(self.queries[RELEASES]).source()
        (cached,) = self.cache.read([source.pair])
        if not cached.is_known:
            try:
                cached = self.cache.fill(source, Policy.MISS).after
            except FillInProgress as error:
                raise UpstreamUnavailable(
                    source.upstream, "the releases", "another process is still waiting"
                ) from error
        return cached.value["releases"]

    def queue_refill(self, entry: Entry, first: bool = False) -> None:
        """Have a worker fetch an entry; ``first`` where somebody is looking at it."""
        self.queue.add(self.queries[entry.query].upstream, entry.query, entry.package, first=first)


def build(settings: Settings, by: str) -> Service:
    """Return the service's parts; ``by`` is who uses them and what stamps and upstreams are told: ``web`` or ``worker``."""
    client = connect(settings.cache.url, REDIS_TIMEOUT.get(by, 5.0))
    metrics = Metrics(client)
    found = connectors.load(
        settings, by, lambda: _tags(service), metrics.observe_request, lambda upstream: _hurry(service, upstream)
    )
    archive = found.pop("datagrepper")
    queries = Queries(found.values(), lambda query, count: metrics.count(MetricName.INVALID_ROWS, query, count))
    cache = Cache(
        client,
        by,
        settings.cache.wait,
        on_conflict=lambda entry: service.queue_refill(entry),
        external_id=lambda query, value: queries[query].external_id(value),
    )
    index = IndexReader(settings.search.index, on_corruption=partial(corruption.note, client))
    service = Service(settings, client, found, archive, queries, cache, Queue(client), index, metrics)
    return service


def _hurry(service: Service, upstream: str) -> None:
    """Have what failed because of an upstream tried again now that it answers: whose circuit closes first tells all workers."""
    try:
        made = service.queue.retry_now(upstream)
    except CacheUnavailable as error:
        log.error("what waits for %s, which answers again, waits for its time: %s", upstream, error)
    else:
        log.info("%s answers again: %d jobs that had failed are due", upstream, made)


def _tags(service: Service) -> tuple[ReleaseTags, ...]:
    try:
        releases = service.releases()
    except UpstreamError as error:
        raise UpstreamUnavailable("koji", "the tags of the releases", f"they are not known: {error}") from error
    return tuple(ReleaseTags(release["branch"], release["stable_tag"], release["testing_tag"]) for release in releases)
