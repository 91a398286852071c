"""Fill in bulk: store what one list of an upstream tells of many packages that were never cached.

It is for thousands of missing values at once: after a first start, and after a raised schema version.  A few are fetched one by
one (`fedora_packages.worker.warm`).

Of the lists only that of Koji's tags has all that a value has.  Bugzilla's open bugs lack the newest change of any bug, and a
page that shifts while it is read would make a package look free of bugs.  Anitya's list lacks versions, dist-git's lacks roles.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fedora_packages.cache.cache import Cache
from fedora_packages.connectors.bulk import Bulk
from fedora_packages.connectors.query import DEFAULT, Query, QueryCall
from fedora_packages.errors import SearchUnavailable
from fedora_packages.search.reader import IndexReader
from fedora_packages.worker.invalidation import BATCH, batched
from fedora_packages.worker.shared_work import SharedWork

#: Missing values that are worth the requests of a list: all tags of Koji are some 650.
MIN_MISSING = 1000

#: Values between two renewals of the lock.
VALUES_PER_RENEWAL = 100


@dataclass(eq=False, repr=False)
class BulkFill:
    """Stores the values of a list, as the work of a `SharedWork`.  Its query does not differ by release."""

    cache: Cache
    index: IndexReader
    bulk: Bulk
    query: Query
    stop: threading.Event
    min_missing: int = MIN_MISSING
    clock: Callable[[], float] = time.time

    @property
    def name(self) -> str:
        """The name of the workers' turn at it."""
        return f"fill:{self.bulk.query}"

    def run(self, turn: SharedWork) -> None:
        """Store all values of packages that have none.  Raises `UpstreamError`, `CacheUnavailable` and `LockError`."""
        try:
            missing = list(self._missing())
        except SearchUnavailable:
            return
        if len(missing) < self.min_missing:
            return
        # A message that comes from now on makes the value of its package too old to be stored.
        opened = {name: self.cache.open(self.query.entry(name)) for name in missing}
        turn.renew()
        began, stored = self.clock(), 0
        for number, (name, value) in enumerate(self.bulk.values()):
            if name in opened:
                source = QueryCall(self.query, name).source()
                stored += self.cache.keep(source, value, opened[name], began, self.clock() - began)
            if number % VALUES_PER_RENEWAL == 0:
                turn.renew()
            if self.stop.is_set():
                return
        turn.advance(None, stored=stored)

    def _missing(self) -> Iterator[str]:
        """Yield the packages of the index that have no value and never had one."""
        for names in batched(self.index.names(), BATCH):
            variants = self.cache.variants([self.query.entry(name) for name in names])
            yield from (name for name, (known, _) in zip(names, variants, strict=True) if DEFAULT not in known)
