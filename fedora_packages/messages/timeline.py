"""A package's timeline: the events about it that a worker has handled, newest first, in one capped Redis stream.

The worker writes it, the web reads it.  A message that came twice is in the stream twice and in the reading once.
"""

import json
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, redis_errors
from fedora_packages.messages.event import Event, matches
from fedora_packages.messages.families.table import gist, validated

#: Topics of messages that change nothing shown elsewhere, and are worth a line of their own here.
ALSO_TOLD = ("hotness.update.*",)

#: How many events are kept of a package, about.
KEPT = 100


def tells(event: Event) -> bool:
    """Whether an event belongs here although no query listens to it."""
    return matches(event.topic, ALSO_TOLD)


def note(pipe: Any, package: str, event: Event) -> None:
    """Add to a pipeline that ``event`` was about ``package``, with its gist."""
    entry = {**event.cause(), "gist": gist(event, package)}
    pipe.xadd(keys.timeline(package), {"event": json.dumps(entry)}, maxlen=KEPT, approximate=True)


def read(client: Redis, package: str) -> list[dict[str, Any]]:
    """Return the events about a package, newest first: ``[{"id", "topic", "sent", "gist"}]``, at most `KEPT`.

    ``gist`` is what `gist` gives; ``{}`` of an event that was noted before gists were kept.
    """
    with redis_errors():
        rows = client.xrevrange(keys.timeline(package), count=2 * KEPT)
    events = {entry["id"]: entry for entry in (json.loads(fields[b"event"]) for _, fields in rows)}
    newest = sorted(events.values(), key=lambda entry: entry["sent"], reverse=True)[:KEPT]
    return [{**entry, "gist": validated(entry.get("gist"))} for entry in newest]
