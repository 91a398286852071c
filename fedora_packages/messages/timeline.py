"""A package's timeline: the events about it that a worker has handled, newest first, in one bounded Redis stream.

The worker writes it, the web reads it.  A message that came twice is in the stream twice, and `read` returns it once.
"""

import json
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.messages.contents.table import validated
from fedora_packages.messages.event import Event

#: Events kept of a package, approximately.
MAX_EVENTS = 100


def note(pipe: Any, package: str, event: Event) -> None:
    """Add an event, with its details, to the timeline of a source package; ``pipe`` is a pipeline."""
    entry = {**event.cause(), "details": event.details(package)}
    pipe.xadd(keys.timeline(package), {"event": json.dumps(entry)}, maxlen=MAX_EVENTS, approximate=True)


def read(client: Redis, package: str) -> list[dict[str, Any]]:
    """Return the events about a package, newest first: ``[{"id", "topic", "sent", "details"}]``, at most `MAX_EVENTS`.

    ``details`` are those of `Event.details`; ``{}`` for an event that was stored without any.  Raises `CacheUnavailable`.
    """
    with redis_errors():
        rows = client.xrevrange(keys.timeline(package), count=2 * MAX_EVENTS)
    events = {entry["id"]: entry for entry in (json.loads(fields[b"event"]) for _, fields in rows)}
    newest = sorted(events.values(), key=lambda entry: entry["sent"], reverse=True)[:MAX_EVENTS]
    return [
        # Workers of an earlier release called the details "gist".  Streams keep those until as many newer events have come.
        {"id": event["id"], "topic": event["topic"], "sent": event["sent"],
         "details": validated(event.get("details", event.get("gist")))}
        for event in newest
    ]  # fmt: skip
