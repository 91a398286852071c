"""The parts of a worker, made from a service as `Worker` makes them, and what tests of them share."""

from functools import partial

from fedora_packages.messages.contents.table import archive_requests
from fedora_packages.settings import Pace
from fedora_packages.worker.gaps import Gaps
from fedora_packages.worker.handler import Handler
from fedora_packages.worker.invalidation import invalidate_and_queue, invalidate_older_than
from fedora_packages.worker.replay import Replay

#: A release, as Bodhi returns it.
RELEASE = {
    "name": "F45", "long_name": "Fedora 45", "version": "45", "id_prefix": "FEDORA", "branch": "f45", "dist_tag": "f45",
    "state": "current", "stable_tag": "f45-updates", "testing_tag": "f45-updates-testing",
}  # fmt: skip


def releases(*rows):
    """Return Bodhi's page of some releases."""
    return {"releases": list(rows), "pages": 1}


def read(service, query, package="*", variant=""):
    """Return what the cache has of a query."""
    (cached,) = service.cache.read([(service.queries[query].entry(package), variant)])
    return cached


def make_handler(service, **arguments):
    """Return a handler of messages of fedmsg."""
    defaults = {
        "client": service.client,
        "cache": service.cache,
        "index": service.index,
        "queries": service.queries,
        "metrics": service.metrics,
        "prefixes": service.settings.worker.topic_prefix,
        "invalidate_and_queue": partial(invalidate_and_queue, service.cache, service.queue),
    }
    return Handler(**{**defaults, **arguments})


def make_replay(service, handle, **arguments):
    """Return a replay of the messages that the service's queries listen to."""
    topics = (topic for query in service.queries.values() for topic in query.topics)
    defaults = {
        "client": service.client,
        "archive": service.datagrepper,
        "requests": archive_requests(topics),
        "bus": "fedmsg",
        "handle": handle,
    }
    return Replay(**{**defaults, **arguments})


def make_gaps(service, replay, stop, **arguments):
    """Return the gaps of a worker with this replay, None without an archive."""
    defaults = {
        "replay": replay,
        "invalidate_older_than": partial(invalidate_older_than, service.cache, service.queue, service.queries.values()),
        "stop": stop,
        "pace": Pace(retry=0.05),
    }
    return Gaps(**{**defaults, **arguments})
