"""A sandbox in a thread of the test's own process, with methods to use it."""

import asyncio
import copy
import json
import threading
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from aiohttp import web

from fedora_packages.sandbox.bus import Bus
from fedora_packages.sandbox.process import listen
from fedora_packages.sandbox.server import app
from fedora_packages.sandbox.state import Sandbox
from fedora_packages.sandbox.world.load import Catalog, load
from fedora_packages.sandbox.world.world import World


@dataclass
class Answer:
    """An HTTP response."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@cache
def _read_once() -> Catalog:
    return load(None, int(time.time()))


def small_world() -> Catalog:
    """Return a copy of the small world's catalog; its file is read once."""
    catalog = copy.copy(_read_once())
    catalog.names = list(catalog.names)
    catalog.numbers = dict(catalog.numbers)
    catalog.ordered = list(catalog.ordered)
    catalog.builders = dict(catalog.builders)
    catalog.related = {
        kind: {capability: list(numbers) for capability, numbers in table.items()}
        for kind, table in catalog.related.items()
    }
    return catalog


class Running:
    """A sandbox behind a real port, as a context manager."""

    def __init__(self) -> None:
        now = int(time.time())
        self.bus = Bus()
        self.sandbox = Sandbox(World(small_world(), now), self.bus)
        self.url = ""

    def __enter__(self) -> "Running":
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    async def _start(self) -> str:
        self._runner = web.AppRunner(app(self.sandbox), access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        return await listen(self._runner, "127.0.0.1", 0)

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self.bus.close()

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        method: str | None = None,
        timeout: float = 10,
        accept: str = "application/json",
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """Return the response to a request; lists in ``query`` are repeated parameters."""
        address = f"{self.url}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        request = Request(address, body, {"Accept": accept, **(headers or {})}, method=method)
        try:
            with urlopen(request, timeout=timeout) as response:
                return Answer(response.status, response.headers, response.read())
        except HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a response that must have status 200."""
        answer = self.ask(path, **query)
        assert answer.status == 200, f"{path}: {answer.status} {answer.body[:200]!r}"
        return answer.json

    def post(self, path: str, **body: Any) -> Any:
        """Post JSON and return the JSON of a response that must have status 200."""
        answer = self.ask(path, json.dumps(body).encode())
        assert answer.status == 200, f"{path}: {answer.status} {answer.body[:200]!r}"
        return answer.json

    def trigger(self, what: str, package: str, **details: Any) -> dict[str, Any]:
        """Trigger an action; returns ``{"messages", "facts"}``."""
        return self.post("/control/trigger", what=what, package=package, **details)

    def fault(self, upstream: str, **changes: Any) -> dict[str, Any]:
        """Set a fault of an upstream; returns the current one."""
        return self.post(f"/control/upstreams/{upstream}", **changes)

    def refused(self, what: str, package: str, **details: Any) -> str:
        """Trigger an action that is not possible; returns the error."""
        answer = self.ask("/control/trigger", json.dumps({"what": what, "package": package, **details}).encode())
        assert answer.status == 400
        return answer.json["error"]

    def envelopes(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the envelopes of the messages that an action sent, in order."""
        kept = {one.msg_id: one.envelope for one in self.bus.archive}
        return [kept[message["msg_id"]] for message in answer["messages"]]

    def topics(self, answer: dict[str, Any]) -> list[str]:
        """Return the topics of the messages that an action sent, without prefix and environment."""
        return [message["topic"].removeprefix("org.fedoraproject.dev.") for message in answer["messages"]]

    def expected(self, package: str) -> dict[str, Any]:
        """Return the expected state of a package."""
        return self.get(f"/control/packages/{package}")

    def koji(self, method: str, *positional: Any, **named: Any) -> Any:
        """Call koji's hub; raises `xmlrpc.client.Fault`."""
        params = (*positional, {**named, "__starstar": True}) if named else positional
        answer = self.ask("/kojihub", xmlrpc.client.dumps(params, method, allow_none=True).encode())
        assert answer.status == 200
        (result,), _ = xmlrpc.client.loads(answer.body, use_builtin_types=True)
        return result
