"""A bound on what messages can cause that anybody can send: each package is touched once in a while, however many come.

The first message about a package passes.  What comes in the next `PAUSE` seconds is held back, as one event, and handled after
them.  So nothing is lost, also if the messages before were forged and the held one was not.  It is in Redis before the message
is noted as handled::

    fp:{worker}:touched:<package>    string: expires when the package may be touched again
    fp:{worker}:held                 hash: package -> the newest event that was held back (JSON)
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fedora_packages.cache import keys
from fedora_packages.cache.redis import Redis, pipeline, redis_errors, run_script
from fedora_packages.messages.event import Event

#: Seconds in which such messages touch a package once.
PAUSE = 10.0

#: Packages whose held events are handled in one step, about.
STEP = 1000


class HeldEvents:
    """The events that are held back.  All methods raise `CacheUnavailable`."""

    def __init__(self, client: Redis, pause: float = PAUSE):
        self._client = client
        self._pause = pause

    def hold(self, events: Mapping[str, Event]) -> set[str]:
        """Return the packages that were touched just before, and hold their events back; ``events`` are by package."""
        held = events.keys() - self._passing(events)
        if held:
            rows = {name: _dumped(events[name]) for name in held}
            with redis_errors():
                self._client.hset(keys.HELD, mapping=rows)
        return held

    def due(self) -> dict[str, Event]:
        """Return some events that may be handled now, by package."""
        with redis_errors():
            _, rows = self._client.hscan(keys.HELD, count=STEP)
        events = {name.decode(): _loaded(name.decode(), row) for name, row in rows.items()}
        return {name: events[name] for name in self._passing(events)}

    def forget(self, events: Mapping[str, Event]) -> None:
        """Forget events that are handled now, unless newer ones were held back meanwhile."""
        arguments = [part for name, event in events.items() for part in (name, _dumped(event))]
        run_script(self._client, "held_done", [keys.HELD], *arguments)

    def _passing(self, names: Iterable[str]) -> set[str]:
        """Return the packages that were not touched lately, and note that they are now."""
        names = list(names)
        with pipeline(self._client) as pipe:
            for name in names:
                pipe.set(keys.touched(name), 1, nx=True, px=max(1, int(1000 * self._pause)))
            return {name for name, is_set in zip(names, pipe.execute(), strict=True) if is_set}


def _dumped(event: Event) -> str:
    return json.dumps({"prefix": event.prefix, **event.cause()}, sort_keys=True)


def _loaded(package: str, row: Any) -> Event:
    fields = json.loads(row)
    # Its family believes no more than the package.
    return Event(fields["prefix"], fields["topic"], fields["id"], fields["sent"], {"package": package, "branch": None})
