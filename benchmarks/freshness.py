"""Measure the time from a message to a fresh page: sent to invalidated, and sent to fresh without the upstream's own time.

Starts a service of its own against the sandbox, reports 500 bugs at 50 a second, and reads from each entry when it was
invalidated and when its refill sent its request.  The clock starts before the action is triggered, so that the work of the
sandbox and of the bus is included.

    python -m benchmarks.freshness [--messages 500] [--rate 50]
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path

import requests

from tests.functional.site import Site, start

QUERY = "bugzilla.bugs"

#: Seconds after a message at which its entry is read: it is fresh by then, and no other message about it has come.
READ_AFTER = 1.5


def packages_of(site: Site) -> list[str]:
    """Return the packages to report bugs about: all of them, so that no two messages about one are close."""
    documents = (site.service.index.source(name) for name in site.control("packages?limit=1000")["packages"])
    return [document.name for document in documents if document and not document.retired]


def warm(site: Site, packages: list[str]) -> None:
    for name in packages:
        site.get(f"/{name}/bugs").raise_for_status()


def measure(site: Site, packages: list[str], messages: int, rate: float) -> list[dict[str, float]]:
    """Return for each message the milliseconds until its entry was invalidated, and until its refill sent its request."""
    found: list[dict[str, float]] = []
    timers: list[threading.Timer] = []

    def read(package: str, sent: float, identity: str) -> None:
        query = site.service.queries[QUERY]
        why = json.loads(site.service.client.hget(query.entry(package).key, "why"))
        stamp = site.read(QUERY, package).stamp
        if stamp and stamp.event and stamp.event["id"] == identity == why["event"]["id"]:
            found.append({"invalidated": 1000 * (why["at"] - sent), "fresh": 1000 * (stamp.fetched - sent)})

    session, begun = requests.Session(), time.monotonic()
    for number in range(messages):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        package, sent = packages[number % len(packages)], time.time()
        body = {"what": "bug", "package": package}
        answer = session.post(f"{site.sandbox['url']}/control/trigger", json=body, timeout=30).json()
        timer = threading.Timer(READ_AFTER, read, (package, sent, answer["messages"][-1]["msg_id"]))
        timer.start()
        timers.append(timer)
    for timer in timers:
        timer.join()
    return found


def percentiles(values: list[float]) -> str:
    cuts = statistics.quantiles(values, n=100)
    return f"p50 {cuts[49]:7.1f} ms   p99 {cuts[98]:7.1f} ms   max {max(values):7.1f} ms"


def main() -> None:
    """Run the benchmark and print its results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--rate", type=float, default=50.0, help="messages per second")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = start(Path(folder) / "site")
        # An entry that the audit has checked has a later stamp.
        site.devserver.environ["FEDORA_PACKAGES_WORKER_AUDIT_RATE"] = "0"
        site.devserver.environ["FEDORA_PACKAGES_WORKER_WARM_RATE"] = "0"
        try:
            site.build_index()
            site.start_worker()
            site.start_web()
            packages = packages_of(site)
            warm(site, packages)
            found = measure(site, packages, given.messages, given.rate)
        finally:
            site.devserver.stop_all()
    print(f"{given.messages} messages at {given.rate:g}/s over {len(packages)} packages; fresh when read: {len(found)}")
    print(f"sent to invalidated:                       {percentiles([row['invalidated'] for row in found])}")
    print(f"sent to fresh, beyond upstream's own time: {percentiles([row['fresh'] for row in found])}")


if __name__ == "__main__":
    main()
