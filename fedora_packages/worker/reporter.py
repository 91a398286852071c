"""The heartbeat reporter: once a second it writes that the worker is alive, the state of its parts, and how far it has caught up.

``/status`` and every page depend on it (see `fedora_packages.monitoring.heartbeat`).  It is also how the worker notices that
Redis has lost its newest data: a Redis that has restarted has another run id, and one that fell back does not have the last
heartbeat.
"""

import os
import socket
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fedora_packages.cache.redis import Redis, run_id
from fedora_packages.connectors.circuit import Circuit
from fedora_packages.monitoring.heartbeat import DEAD_AFTER, forget_old_heartbeats, write_heartbeat
from fedora_packages.monitoring.metrics import Metrics
from fedora_packages.worker.buffer import MessageBuffer
from fedora_packages.worker.gaps import Gaps

#: Seconds between two removals of old heartbeats.
CLEANUP_EVERY = 60.0


@dataclass(frozen=True)
class Bus:
    """The state of the bus, as its adapter sees it.

    ``endpoints``: those it listens to, each with whether it is connected.  ``seen``: when its reactor last ran (seconds since
    1970); None if that is not observed.
    """

    endpoints: dict[str, bool] = field(default_factory=dict)
    seen: float | None = None

    @property
    def is_connected(self) -> bool:
        return all(self.endpoints.values())


@dataclass(eq=False, repr=False)
class HeartbeatReporter:
    """Writes the heartbeats of one worker.

    ``bus`` is the name of the bus, ``state_of_bus`` returns its state, ``audit_rate`` is that of its audit.  ``circuits`` are
    those of the upstreams by name.
    """

    client: Redis
    metrics: Metrics
    circuits: Mapping[str, Circuit]
    bus: str
    gaps: Gaps
    buffer: MessageBuffer
    state_of_bus: Callable[[], Bus] = Bus
    clock: Callable[[], float] = time.time
    audit_rate: float = 0.0

    def __post_init__(self) -> None:
        self._begun = self.clock()
        self._reported_at: float | None = None
        self._run: str | None = None
        self._cleaned_up_at = 0.0
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"

    def report(self, dead: Sequence[str]) -> None:
        """Write a heartbeat; ``dead`` are the names of threads that have ended.  Raises `CacheUnavailable`."""
        self._check_run()
        bus, now = self.state_of_bus(), self.clock()
        is_moving = bus.seen is None or now - bus.seen < DEAD_AFTER
        self.gaps.connected(bus.is_connected and is_moving)
        parts = {
            "bus": self.bus,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "begun": self._begun,
            "endpoints": bus.endpoints,
            "hub_seen": bus.seen,
            "hub_moves": is_moving,
            "buffer": len(self.buffer),
            "audit_rate": self.audit_rate,
            "dead": list(dead),
            "gaps": self.gaps.as_dict(),
            "upstreams": {name: circuit.as_dict() for name, circuit in self.circuits.items()},
        }
        before = write_heartbeat(self.client, self.worker, now, self._caught_up_to(now, dead), parts)
        if self._reported_at is not None and before != self._reported_at:
            self.gaps.suspect("Redis has lost its newest data", lost_since=True)
        self._reported_at = now
        self.metrics.flush()
        if now - self._cleaned_up_at >= CLEANUP_EVERY:
            self._cleaned_up_at = now
            forget_old_heartbeats(self.client, now)

    def _caught_up_to(self, now: float, dead: Sequence[str]) -> float | None:
        """Return up to when every message is known to be handled."""
        if dead:
            # With a thread gone, nothing is certain.
            return None
        oldest, caught_up_to = self.buffer.oldest(), self.gaps.caught_up_to(now)
        return caught_up_to if oldest is None or caught_up_to is None else min(caught_up_to, oldest)

    def _check_run(self) -> None:
        run = run_id(self.client)
        if self._run is not None and run != self._run:
            self.gaps.suspect("Redis was restarted", lost_since=True)
        self._run = run
