"""A site over all of Fedora's packages, for the benchmarks that need so many."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import packages_of, quick_index, wait_until
from fedora_packages.cache import keys
from fedora_packages.sandbox.devserver import DevServer, service_environment
from tests.functional.site import Site

#: Of the settings all but these are as they are for Fedora.  The audit would read upstreams while they are measured.
SETTINGS = {"FEDORA_PACKAGES_WORKER_AUDIT_RATE": "0", "FEDORA_PACKAGES_WORKER_WARM_RATE": "0"}


@dataclass
class Fedora:
    """The site, and the names of the packages that it knows, in the order of the file."""

    site: Site
    names: Sequence[str]

    def fill(self, query: str, packages: Sequence[str], limit: float = 600.0) -> None:
        """Have the worker fetch entries of a query, and wait until all of them are fresh."""
        service = self.site.service
        found = service.queries[query]
        for package in packages:
            service.queue_refill(found.entry(package))
        wait_until(lambda: not service.queue.depth(found.upstream), limit, what=f"{query} is filled")

    def outcomes(self) -> int:
        """Return how many messages the worker has dealt with."""
        return sum(map(int, self.site.service.client.hvals(keys.OUTCOMES)))


@contextmanager
def fedora(
    folder: Path,
    world: Path,
    say: Callable[[str], None],
    endpoints: Sequence[str] = (),
    with_index: bool = True,
    **settings: str,
) -> Iterator[Fedora]:
    """Start Redis, a sandbox of a world file and a worker, and stop them at the end.

    ``endpoints`` are more that the worker is to listen to, ``settings`` are environment variables without their prefix.  Without
    an index there is no worker either.
    """
    devserver = DevServer(folder.absolute())
    devserver.environ |= SETTINGS
    try:
        redis_url = devserver.redis("--save", "", "--appendonly", "yes")
        say("loading all of Fedora's packages …")
        sandbox = devserver.sandbox("--world", str(world))
        devserver.environ |= service_environment(redis_url, sandbox, devserver.folder / "index")
        devserver.environ["FEDORA_PACKAGES_WORKER_ENDPOINTS"] = ",".join((sandbox["endpoint"], *endpoints))
        devserver.environ |= {f"FEDORA_PACKAGES_{name}": value for name, value in settings.items()}
        site = Site(devserver, sandbox, redis_url)
        if with_index:
            names = quick_index(world, devserver.folder / "index")
            site.start_worker()
        else:
            names = [package["name"] for package in packages_of(world)]
        yield Fedora(site, names)
    finally:
        devserver.stop_all()
