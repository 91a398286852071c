"""The sandbox as one HTTP server: every upstream under its own path, the control addresses, and the log of requests."""

import asyncio
import time
from collections import deque
from dataclasses import asdict, dataclass, field

from aiohttp import web

from fedora_packages.sandbox import control
from fedora_packages.sandbox.actions.actions import Happenings
from fedora_packages.sandbox.bus import Bus
from fedora_packages.sandbox.faults import WELL, Mood, fail, lied
from fedora_packages.sandbox.upstreams import anitya, bodhi, bugzilla, datagrepper, distgit, faf, koji, mdapi, mirror
from fedora_packages.sandbox.upstreams.base import ASKED, LOOK, UPSTREAMS
from fedora_packages.sandbox.world.world import World

#: How many requests the log keeps.
REQUESTS_KEPT = 10_000

#: Bytes of a request's body: more than any message has, so that messages that are too large can be published.
BODY_LIMIT = 64 << 20

#: Upstreams by the first part of the path.
BY_PATH = {name: name for name in UPSTREAMS} | {"kojihub": "koji"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that an upstream got: a number that grows, UTC seconds, and what was asked."""

    serial: int
    time: float
    upstream: str
    asked: str
    user_agent: str


@dataclass
class Sandbox:
    """A world, a bus, and how the upstreams feel today."""

    world: World
    bus: Bus
    happenings: Happenings = field(init=False)
    moods: dict[str, Mood] = field(default_factory=lambda: dict.fromkeys(UPSTREAMS, WELL))
    requests: deque[Asked] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))
    request_counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(UPSTREAMS, 0))
    request_seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(UPSTREAMS, 0.0))

    def __post_init__(self) -> None:
        self.happenings = Happenings(self.world, self.bus.publish)

    def app(self) -> web.Application:
        """Return the application that serves it."""
        app = web.Application(middlewares=[self._upstream], client_max_size=BODY_LIMIT)
        for part in (koji, bodhi, bugzilla, mdapi, distgit, faf, anitya, mirror, datagrepper, control):
            app.add_routes(part.routes(self))
        return app

    @web.middleware
    async def _upstream(self, request: web.Request, handler: web.RequestHandler) -> web.StreamResponse:
        """Let an upstream answer in its mood; the control addresses have none."""
        upstream = BY_PATH.get(request.path.split("/", 2)[1])
        if upstream is None:
            return await handler(request)
        begun = time.perf_counter()
        try:
            return await self._in_its_mood(upstream, request, handler)
        finally:
            self.request_seconds[upstream] += time.perf_counter() - begun

    async def _in_its_mood(
        self, upstream: str, request: web.Request, handler: web.RequestHandler
    ) -> web.StreamResponse:
        mood = self.moods[upstream]
        self.moods[upstream] = mood.after_one()
        request[LOOK] = self.world.at(time.time() - mood.lag) if mood.lag else self.world.now()
        request[ASKED] = words = []
        try:
            if mood.fail is not None:
                await asyncio.sleep(mood.delay)
                return await fail(request, mood.fail)
            answer = await handler(request)
        except web.HTTPException as error:
            if upstream == "mdapi":
                error.headers.update(mdapi.HEADERS)
            await asyncio.sleep(mood.delay)
            raise
        finally:
            self._note(upstream, request, words)
        await asyncio.sleep(mood.delay)
        return lied(answer, mood.lie) if mood.lie and isinstance(answer, web.Response) else answer

    def _note(self, upstream: str, request: web.Request, words: list[str]) -> None:
        serial = self.requests[-1].serial + 1 if self.requests else 1
        what = f"{request.method} {request.path_qs[:2000]}" + (f" {', '.join(words)}" if words else "")
        agent = request.headers.get("User-Agent", "")[:200]
        self.requests.append(Asked(serial, time.time(), upstream, what, agent))
        self.request_counts[upstream] += 1

    def log(self, since: int) -> list[dict[str, object]]:
        """Return the requests with a serial above ``since``, the oldest first."""
        return [asdict(one) for one in self.requests if one.serial > since]
