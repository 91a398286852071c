"""The parts of a worker, made from a service as `Worker` makes them; a test gives what it wants otherwise."""

from functools import partial

from fedora_packages.worker.handler import Handler
from fedora_packages.worker.invalidation import invalidate_and_queue


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
        "invalidate_and_queue": partial(invalidate_and_queue, service),
    }
    return Handler(**{**defaults, **arguments})
