"""The parts of the service, made from the settings.

`build` makes them; web and worker unpack them where their process starts.  Nothing connects before it is used.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from fedora_packages import connectors
from fedora_packages.cache.cache import Cache
from fedora_packages.cache.queue import Queue
from fedora_packages.cache.redis import Redis, connect
from fedora_packages.cache.values import Entry
from fedora_packages.connectors import Connector
from fedora_packages.connectors.active_releases import ActiveReleases
from fedora_packages.connectors.distgit_forge import KnownForge
from fedora_packages.connectors.query import Queries
from fedora_packages.errors import CacheUnavailable
from fedora_packages.monitoring.metrics import MetricName, Metrics
from fedora_packages.search import corruption
from fedora_packages.search.reader import IndexReader
from fedora_packages.settings import Settings

log = logging.getLogger(__name__)

#: Seconds that one command of Redis may take.  A page must be served although Redis hangs; a worker can wait.
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
    releases: ActiveReleases

    def queue_refill(self, entry: Entry) -> None:
        """Queue a refill of an entry."""
        self.queue.add(self.queries[entry.query].upstream, entry.query, entry.package)


def build(settings: Settings, by: str) -> Service:
    """Return the parts; ``by`` (``web`` or ``worker``) goes into stamps and into the User-Agent."""
    client = connect(settings.cache.url, REDIS_TIMEOUT.get(by, 5.0))
    metrics, queue = Metrics(client), Queue(client)
    found = connectors.load(
        settings,
        by,
        lambda: releases.required(),
        on_request=metrics.observe_request,
        on_recovery=partial(_retry_now, queue),
    )
    queries = Queries(found.values(), lambda query, count: metrics.count(MetricName.INVALID_ROWS, query, count))
    cache = Cache(
        client,
        by,
        settings.cache.wait,
        queue_refill=lambda entry: service.queue_refill(entry),
        external_id=lambda query, value: queries[query].external_id(value),
    )
    releases = ActiveReleases(cache, queries)
    found["distgit"].site.kind = KnownForge(cache, queries["distgit.forge"])
    service = Service(
        settings,
        client,
        {name: found[name] for name in dict.fromkeys(query.upstream for query in queries.values())},
        found["datagrepper"],
        queries,
        cache,
        queue,
        IndexReader(settings.search.index, on_corruption=partial(corruption.note, client)),
        metrics,
        releases,
    )
    return service


def _retry_now(queue: Queue, upstream: str) -> None:
    """Requeue the jobs that failed while the upstream was down.  Called when its circuit closes."""
    try:
        count = queue.retry_now(upstream)
    except CacheUnavailable as error:
        log.error(
            "cannot requeue jobs of %s after its recovery: Redis unavailable (%s); they run at their retry time",
            upstream,
            error,
        )
    else:
        log.info("%s has recovered: %d failed jobs requeued", upstream, count)
