"""The whole service as a test sees it: real processes, asked over HTTP, and the cache they share."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import requests

from fedora_packages import service as services
from fedora_packages import settings
from fedora_packages.cache.values import CachedValue
from fedora_packages.connectors import declared
from fedora_packages.sandbox.devserver import DevServer, Part, free_port, module, service_environment
from fedora_packages.service import Service

ROOT = Path(__file__).parents[2]

#: Times for tests: what takes minutes elsewhere takes a second or two here.
IMPATIENT = {
    "FEDORA_PACKAGES_CACHE_WAIT": "1",
    "FEDORA_PACKAGES_WORKER_PACE": "fast",
    # Tests count requests, and say themselves what the cache has.
    "FEDORA_PACKAGES_WORKER_WARM_RATE": "0",
    **{f"FEDORA_PACKAGES_CONNECTORS_{kind.name.upper()}_TIMEOUT": "4" for kind in declared()},
}


@dataclass
class Site:
    """Redis, sandbox, index, worker and web."""

    devserver: DevServer
    sandbox: dict[str, str]
    redis_url: str
    worker: Part | None = None
    url: str = ""
    session: requests.Session = field(default_factory=requests.Session)
    faulty: set[str] = field(default_factory=set)

    def close(self) -> None:
        """End the processes and every connection to them: one that is left to chance is a warning, now and then."""
        self.session.close()
        if "service" in vars(self):
            self.service.client.close()
        self.devserver.stop_all()

    # The sandbox.

    def control(self, path: str, **body: Any) -> dict[str, Any]:
        """Ask the sandbox's control address; with a body, as a POST."""
        method = "POST" if body else "GET"
        answer = self.session.request(method, f"{self.sandbox['url']}/control/{path}", json=body or None, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def trigger(self, what: str, package: str, **details: Any) -> tuple[list[dict[str, str]], dict[str, Any]]:
        """Trigger an action; returns its messages and the package's state afterwards."""
        answer = self.control("trigger", what=what, package=package, **details)
        return answer["messages"], answer["facts"]

    def fault(self, upstream: str, **fault: Any) -> None:
        self.faulty.add(upstream)
        self.control(f"upstreams/{upstream}", **fault)

    def reset_faults(self) -> None:
        """Reset the faults of every upstream."""
        while self.faulty:
            self.control(f"upstreams/{self.faulty.pop()}", reset=True)

    def serial(self) -> int:
        """Return the number of the newest request that any upstream was asked."""
        rows = self.control("requests?since=0")["requests"]
        return rows[-1]["serial"] if rows else 0

    def asked(self, since: int) -> list[dict[str, Any]]:
        """Return the requests that upstreams were asked since a serial number."""
        return self.control(f"requests?since={since}")["requests"]

    # The cache.

    @cached_property
    def service(self) -> Service:
        """The service's parts, as another process would have them."""
        ini = str(ROOT / "development.ini")
        return services.build(settings.load(ini, declared(), self.devserver.environ), "test")

    def read(self, query: str, package: str = "*", variant: str = "") -> CachedValue:
        """Read the cache, and nothing but the cache."""
        service = self.service
        (cached,) = service.cache.read([(service.queries[query].entry(package), variant)])
        return cached

    def is_fresh_because_of(self, messages: list[dict[str, str]], query: str, package: str, variant: str = "") -> bool:
        """Whether an entry is fresh, by the worker, because of one of some messages."""
        cached = self.read(query, package, variant)
        cause = cached.stamp.event if cached.stamp else None
        ids = {message["msg_id"] for message in messages}
        return cached.is_fresh and cached.stamp.by == "worker" and cause is not None and cause["id"] in ids

    # The processes.

    def start_worker(self) -> None:
        self.worker = self.devserver.worker("development.ini")

    def build_index(self) -> None:
        import subprocess

        subprocess.run(
            module("fedora_packages.search.indexing.command", "development.ini"),
            env=self.devserver.environ, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def start_web(self) -> None:
        self.url = self.devserver.web("development.ini", free_port())

    # The web.

    def get(self, path: str) -> requests.Response:
        # Not through the session, which threads may not share.
        return requests.get(self.url + path, timeout=30)

    def api(self, path: str) -> dict[str, Any]:
        answer = self.get(f"/api/v1/{path}")
        return json.loads(answer.text)


def start(folder: Path, *options: str) -> Site:
    """Start Redis and a sandbox, and make the settings that lead to them.  Index, worker and web are for the caller."""
    devserver = DevServer(folder)
    devserver.environ |= IMPATIENT
    redis_url = devserver.redis("--save", "", "--appendonly", "no")
    sandbox = devserver.sandbox(*options)
    devserver.environ |= service_environment(redis_url, sandbox, folder / "index")
    return Site(devserver, sandbox, redis_url)
