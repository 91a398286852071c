"""The sandbox as one HTTP server: every upstream under its own path, and the control addresses."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web

from fedora_packages.sandbox import control
from fedora_packages.sandbox.faults import fail, invalid_response
from fedora_packages.sandbox.state import Sandbox
from fedora_packages.sandbox.upstreams import (
    anitya,
    bodhi,
    bugzilla,
    datagrepper,
    distgit,
    faf,
    koji,
    mdapi,
    metasource,
    mirror,
)
from fedora_packages.sandbox.upstreams.base import NOTES, UPSTREAMS, VIEW

#: The maximum bytes of a request's body, larger than any message, so that oversized messages can be published.
BODY_LIMIT = 64 << 20

#: Seconds between looks at which steps are due.
STEPS_EVERY = 0.05

#: The path below which every upstream answers without its faults, for those who compare with the truth.
FAULTLESS = "/faultless"

#: Upstreams by the first part of the path.
BY_PATH = {name: name for name in UPSTREAMS} | {"kojihub": "koji"}


def app(sandbox: Sandbox) -> web.Application:
    """Return the application that serves a sandbox."""
    application = web.Application(middlewares=[_Faults(sandbox).middleware], client_max_size=BODY_LIMIT)
    application.cleanup_ctx.append(_running_steps(sandbox))
    upstreams = (koji, bodhi, bugzilla, metasource, distgit, faf, anitya, mirror, datagrepper)
    faultless = web.Application(middlewares=[_without_faults(sandbox)])
    for part in upstreams:
        application.add_routes(part.routes(sandbox))
        faultless.add_routes(part.routes(sandbox))
    application.add_routes(control.routes(sandbox))
    application.add_subapp(FAULTLESS, faultless)
    return application


def _without_faults(sandbox: Sandbox) -> Any:
    """Return the middleware that answers from the world as it is, without a note of the request."""

    @web.middleware
    async def middleware(request: web.Request, handler: web.RequestHandler) -> web.StreamResponse:
        request[VIEW], request[NOTES] = sandbox.world.now(), []
        return await handler(request)

    return middleware


def _running_steps(sandbox: Sandbox) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return the context in which steps run when they are due."""

    async def run() -> None:
        while True:
            if not sandbox.steps.is_held:
                sandbox.steps.run(time.time())
            await asyncio.sleep(STEPS_EVERY)

    async def context(_application: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(run())
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    return context


class _Faults:
    """Applies the fault of an upstream to its responses and logs its requests.  The control addresses have no faults."""

    def __init__(self, sandbox: Sandbox):
        self.sandbox = sandbox

    @web.middleware
    async def middleware(self, request: web.Request, handler: web.RequestHandler) -> web.StreamResponse:
        """Answer a request."""
        upstream = BY_PATH.get(request.path.split("/", 2)[1])
        if upstream is None:
            return await handler(request)
        begun = time.perf_counter()
        try:
            return await self._with_its_fault(upstream, request, handler)
        finally:
            self.sandbox.request_seconds[upstream] += time.perf_counter() - begun

    async def _with_its_fault(
        self, upstream: str, request: web.Request, handler: web.RequestHandler
    ) -> web.StreamResponse:
        fault = self.sandbox.faults[upstream]
        self.sandbox.faults[upstream] = fault.after_one()
        world = self.sandbox.world
        request[VIEW] = world.at(time.time() - fault.lag) if fault.lag else world.now()
        request[NOTES] = notes = []
        try:
            if fault.fail is not None:
                await asyncio.sleep(fault.delay)
                return await fail(request, fault.fail)
            answer = await handler(request)
        except web.HTTPException as error:
            if upstream == "mdapi":
                error.headers.update(mdapi.HEADERS)
            await asyncio.sleep(fault.delay)
            raise
        finally:
            asked = f"{request.method} {request.path_qs[:2000]}" + (f" {', '.join(notes)}" if notes else "")
            self.sandbox.note(upstream, asked, request.headers.get("User-Agent", "")[:200])
        await asyncio.sleep(fault.delay)
        return invalid_response(answer, fault.invalid) if fault.invalid and isinstance(answer, web.Response) else answer
