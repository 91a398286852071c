"""What server and control addresses share: a world, a bus, the faults of the upstreams, and the log of requests."""

import time
from collections import deque
from dataclasses import asdict, dataclass, field

from fedora_packages.sandbox.actions.actions import Actions
from fedora_packages.sandbox.actions.steps import Steps
from fedora_packages.sandbox.bus import Bus
from fedora_packages.sandbox.faults import NO_FAULT, Fault
from fedora_packages.sandbox.upstreams.base import UPSTREAMS
from fedora_packages.sandbox.world.world import World

#: The maximum number of requests in the log.
MAX_REQUESTS = 10_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request to an upstream: a growing number, UTC seconds, and the request (``asked``) in one line."""

    serial: int
    time: float
    upstream: str
    asked: str
    user_agent: str


@dataclass
class Sandbox:
    """A world, a bus, the actions on both and their later steps, the faults of the upstreams, and the log of requests."""

    world: World
    bus: Bus
    steps: Steps = field(default_factory=Steps)
    actions: Actions = field(init=False)
    faults: dict[str, Fault] = field(default_factory=lambda: dict.fromkeys(UPSTREAMS, NO_FAULT))
    requests: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=MAX_REQUESTS))
    request_counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(UPSTREAMS, 0))
    request_seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(UPSTREAMS, 0.0))

    def __post_init__(self) -> None:
        self.actions = Actions(self.world, self.bus.publish, self.steps)

    def note(self, upstream: str, asked: str, user_agent: str) -> None:
        """Log a request."""
        serial = self.requests[-1].serial + 1 if self.requests else 1
        self.requests.append(LoggedRequest(serial, time.time(), upstream, asked, user_agent))
        self.request_counts[upstream] += 1

    def log(self, since: int) -> list[dict[str, object]]:
        """Return the requests with a serial above ``since``, the oldest first."""
        return [asdict(one) for one in self.requests if one.serial > since]
