"""The probe of all upstreams: ask each for the samples of its queries, as work that the workers share.

It is due when a worker starts, because that can have another version and other settings, and once a day.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fedora_packages.cache.redis import Redis
from fedora_packages.connectors.query import Query
from fedora_packages.monitoring.probe import Probe, probe, store
from fedora_packages.worker.shared_work import SharedWork

log = logging.getLogger(__name__)

#: The name of the workers' turn at it, and the seconds between two.
NAME = "probe"
EVERY = 86400.0


@dataclass(eq=False, repr=False)
class Prober:
    """Probes all queries and keeps the results, as the work of a `SharedWork`."""

    client: Redis
    queries: Mapping[str, Query]
    stop: threading.Event
    probe: Callable[[Query], Probe] = probe

    def run(self, turn: SharedWork) -> None:
        """Probe one query after another.  Raises `CacheUnavailable` and `LockError`."""
        for query in self.queries.values():
            if self.stop.is_set():
                return
            result = self.probe(query)
            for finding in result.findings:
                log.warning("probe of %s about %s: %s", query.name, result.sample, finding)
            if result.unavailable:
                log.info("probe of %s about %s: %s", query.name, result.sample, result.unavailable)
            turn.renew()
            store(self.client, result)
