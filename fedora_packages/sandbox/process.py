"""A sandbox as a process: load the world, open the bus, listen, end cleanly."""

import asyncio
import contextlib
import errno
import gc
import json
import logging
import os
import signal
import time
from pathlib import Path

from aiohttp import web

from fedora_packages.sandbox.actions.steps import Steps
from fedora_packages.sandbox.actions.traffic import run_traffic
from fedora_packages.sandbox.bus import Bus, BusError
from fedora_packages.sandbox.server import app
from fedora_packages.sandbox.state import Sandbox
from fedora_packages.sandbox.world.load import WorldError, load
from fedora_packages.sandbox.world.world import World


class ServeError(Exception):
    """The sandbox cannot start; the message is one line with the reason."""


def serve(
    *,
    host: str,
    port: int,
    endpoint: str | None,
    world: Path | None,
    traffic: float,
    seed: int,
    address_file: Path | None,
    step_delay: float,
) -> None:
    """Serve until SIGTERM or SIGINT.  Raises `ServeError`."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    now = int(time.time())
    try:
        loaded = World(load(world, now), now)
        # The world lives as long as the process.  Collecting garbage in all of Fedora stopped every upstream, again and again.
        gc.collect()
        gc.freeze()
        bus = Bus(endpoint)
    except (WorldError, BusError) as error:
        raise ServeError(str(error)) from error
    try:
        asyncio.run(_serve(Sandbox(loaded, bus, Steps(step_delay)), host, port, traffic, seed, address_file))
    finally:
        bus.close()


async def _serve(sandbox: Sandbox, host: str, port: int, traffic: float, seed: int, address_file: Path | None) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    runner = web.AppRunner(app(sandbox), access_log=None, handle_signals=False, shutdown_timeout=0.2)
    await runner.setup()
    try:
        url = await listen(runner, host, port)
        with announced(address_file, {"url": url, "endpoint": sandbox.bus.endpoint, "pid": os.getpid()}):
            print(f"sandbox: {url}  bus: {sandbox.bus.endpoint}", flush=True)
            chores = [loop.create_task(run_traffic(sandbox.actions, traffic, seed))] if traffic else []
            waiting = loop.create_task(stopping.wait())
            await asyncio.wait([waiting, *chores], return_when=asyncio.FIRST_COMPLETED)
            for task in (waiting, *chores):
                task.cancel()
            # A task ends by itself only with an error; await it to raise that.
            for task in chores:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
    finally:
        await runner.cleanup()


async def listen(runner: web.AppRunner, host: str, port: int) -> str:
    """Listen and return the URL.  Raises `ServeError`."""
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServeError(
                f"port {port} of {host} is in use; stop the process that listens there, or choose another --port"
            ) from error
        raise ServeError(f"cannot listen on port {port} of {host}: {error.strerror or error}") from error
    bound = runner.addresses[0]
    shown = "127.0.0.1" if host in ("0.0.0.0", "") else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{bound[1]}"


@contextlib.contextmanager
def announced(path: Path | None, addresses: dict[str, object]):
    """Keep the addresses in a file, written in one step, while the sandbox runs."""
    if path is None:
        yield
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(addresses) + "\n", "utf-8")
        draft.replace(path)
    except OSError as error:
        raise ServeError(f"cannot write {path}: {error.strerror}") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
