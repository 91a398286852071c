"""The pulse: once a second a worker says that it lives, how its parts are, and up to when it has missed nothing.

``/status`` and every page go by it (see `fedora_packages.monitoring.heartbeat`).  It is also how the worker notices that Redis
has lost its newest data: a Redis that has restarted has another run id, and one that fell back does not know the beat before.
"""

import os
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fedora_packages.cache.redis import run_id
from fedora_packages.monitoring.heartbeat import DEAD_AFTER, forget_old_heartbeats, write_heartbeat
from fedora_packages.service import Service
from fedora_packages.worker.buffer import MessageBuffer
from fedora_packages.worker.gaps import Gaps

#: Seconds between two rounds of what need not be done each second.
TIDY_EVERY = 60.0


@dataclass(frozen=True)
class Bus:
    """How the bus is, as its adapter sees it.

    ``endpoints`` are those it listens to, each with whether it is connected; ``seen`` is when its own machinery was last seen
    to move (seconds since 1970), None where nobody looks.
    """

    endpoints: dict[str, bool] = field(default_factory=dict)
    seen: float | None = None

    @property
    def is_connected(self) -> bool:
        return all(self.endpoints.values())


class Pulse:
    """The pulse of one worker."""

    def __init__(
        self, service: Service, bus: str, gaps: Gaps, buffer: MessageBuffer, look_at_bus: Callable[[], Bus] = Bus,
        clock: Callable[[], float] = time.time,
    ):  # fmt: skip
        self._service = service
        self._bus = bus
        self._gaps = gaps
        self._buffer = buffer
        self._look_at_bus = look_at_bus
        self._clock = clock
        self._begun = clock()
        self._beat_at: float | None = None
        self._run: str | None = None
        self._tidied = 0.0
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"

    def beat(self, dead: Sequence[str]) -> None:
        """Write a beat; ``dead`` are the names of threads that have ended.  Raises `CacheUnavailable`."""
        self._look_after_redis()
        bus, now = self._look_at_bus(), self._clock()
        is_moving = bus.seen is None or now - bus.seen < DEAD_AFTER
        self._gaps.connected(bus.is_connected and is_moving)
        parts = {
            "bus": self._bus,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "begun": self._begun,
            "endpoints": bus.endpoints,
            "hub_seen": bus.seen,
            "hub_moves": is_moving,
            "buffer": len(self._buffer),
            "dead": list(dead),
            "gaps": self._gaps.as_dict(),
            "upstreams": {name: found.circuit.as_dict() for name, found in self._service.connectors.items()},
        }
        before = write_heartbeat(self._service.client, self.worker, now, self._until(now, dead), parts)
        if self._beat_at is not None and before != self._beat_at:
            self._gaps.suspect("Redis has lost what was last written", lost_since=True)
        self._beat_at = now
        self._service.metrics.flush()
        if now - self._tidied >= TIDY_EVERY:
            self._tidied = now
            forget_old_heartbeats(self._service.client, now)

    def _until(self, now: float, dead: Sequence[str]) -> float | None:
        """Return up to when every message is known to have been handled."""
        if dead:
            # Some part does nothing any more, and nobody can rely on the rest.
            return None
        oldest, found = self._buffer.oldest(), self._gaps.until(now)
        return found if oldest is None or found is None else min(found, oldest)

    def _look_after_redis(self) -> None:
        run = run_id(self._service.client)
        if self._run is not None and run != self._run:
            self._gaps.suspect("Redis was restarted", lost_since=True)
        self._run = run
