"""The parts of a worker, made from a service as `Worker` makes them; a test gives what it wants otherwise."""

from functools import partial

from fedora_packages.messages.families.table import archive_requests
from fedora_packages.worker.gaps import Gaps
from fedora_packages.worker.handler import Handler
from fedora_packages.worker.invalidation import invalidate_and_queue, invalidate_older_than
from fedora_packages.worker.replay import Replay


def make_handler(service, **arguments):
    """Return a handler of messages of fedmsg."""
    defaults = {
        "client": service.client,
        "cache": service.cache,
        "index": service.index,
        "queries": service.queries,
        "metrics": service.metrics,
        "bus": "fedmsg",
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
        "retry": 0.05,
    }
    return Gaps(**{**defaults, **arguments})
