"""Readers: threads that request pages and JSON all the time, and note each response with its duration."""

import http.client
import json
import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from benchmarks.measuring import summary

#: Seconds for a response.
TIMEOUT = 30.0

#: Errors that are kept with their response.
MAX_ERRORS = 50

STAMP = re.compile(rb'class="stamp stamp-([a-z]+)"')
PANEL = b'<section class="panel"'

#: The tabs that take a release.
BY_RELEASE = frozenset({"contents", "changelog", "dependencies", "sources"})


class Phases:
    """The faults in progress; the worst of them names the phase that a response counts for."""

    #: The worst and the mildest; all others are between them.
    ORDER = ("Redis away", "worker away")

    def __init__(self) -> None:
        self._going_on: dict[str, int] = {}

    def begin(self, name: str) -> None:
        self._going_on[name] = 1

    def end(self, name: str) -> None:
        self._going_on.pop(name, None)

    def current(self) -> str:
        found = list(self._going_on)
        if not found:
            return "no faults"
        worst, least = self.ORDER
        if worst in found:
            return worst
        return next((name for name in found if name != least), least)


@dataclass(frozen=True)
class Site:
    """What readers may request: names with their releases, tabs, queries by short name (and whether they take a release)."""

    url: str
    releases: Mapping[str, Sequence[str]]
    tabs: Sequence[str]
    queries: Mapping[str, bool]

    def path(self, dice: random.Random) -> tuple[str, str]:
        """Return ``page`` or ``json``, and a path of that kind."""
        names = list(self.releases)
        name = names[int(len(names) * dice.random() ** 1.5)]
        releases, path = self.releases[name], quote(name, safe="")
        if self.queries and dice.random() < 0.4:
            query = dice.choice(list(self.queries))
            release = f"?release={dice.choice(releases)}" if releases and self.queries[query] else ""
            return "json", f"/api/v1/packages/{path}/{query}{release}"
        tab = dice.choice(self.tabs)
        release = f"?release={dice.choice(releases)}" if tab in BY_RELEASE and releases and dice.random() < 0.3 else ""
        return "page", f"/{path}{release}" if tab == "overview" else f"/{path}/{tab}{release}"


@dataclass
class Notes:
    """The responses: seconds by kind and phase, states, statuses, and errors.

    ``missing`` counts the pages that were not found, by name; whether that is an error depends on the package.
    """

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    states: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    error_count: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, path: str, phase: str, took: float, status: int, body: bytes) -> None:
        """Note a response; status 0 means none, with the reason as its body."""
        wrong, states = _judged(kind, status, body)
        with self._lock:
            self.seconds[kind, phase].append(took)
            self.statuses[f"{kind} {status}"] += 1
            self.states.update(states)
            if kind == "json" and status == 503 and not wrong:
                self.unknown += 1
            if kind == "page" and status == 404:
                self.missing[unquote(urlsplit(path).path.split("/")[1])] += 1
            if wrong:
                self.error_count += 1
                if len(self.errors) < MAX_ERRORS:
                    row = {"at": time.time(), "path": path, "phase": phase, "status": status, "took": round(took, 3)}
                    self.errors.append({**row, "why": wrong, "excerpt": body[:300].decode("utf-8", "replace")})

    def as_dict(self) -> dict[str, Any]:
        """Return the notes, JSON-ready."""
        phases = sorted({phase for _, phase in self.seconds})
        return {
            "times": {
                kind: {phase: summary(self.seconds[kind, phase]) for phase in phases if self.seconds[kind, phase]}
                | {"all": summary([one for (of, _), rows in self.seconds.items() if of == kind for one in rows])}
                for kind in ("page", "json")
            },
            "states": dict(self.states),
            "statuses": dict(self.statuses),
            "json_with_nothing_known": self.unknown,
            "missing": dict(self.missing),
            "errors": self.error_count,
            "error_pages": self.errors,
        }


def _judged(kind: str, status: int, body: bytes) -> tuple[str, list[str]]:
    """Return what is wrong with a response ("" if nothing), and the states in it."""
    if status == 0:
        return "no response", []
    if kind == "json":
        try:
            answer = json.loads(body)
        except ValueError:
            return f"status {status}, invalid JSON", []
        state = [answer["state"]] if isinstance(answer, dict) and isinstance(answer.get("state"), str) else []
        # Before the first fill the JSON has status 503 and a state, as documented.
        return ("" if status < 500 or (status == 503 and state) else f"status {status}"), state
    states = [found.decode() for found in STAMP.findall(body)]
    if status >= 500:
        return f"status {status}", states
    if status in (400, 404) or body.count(PANEL):
        # A release that a package no longer has is rejected; pages not found are in `Notes.missing`.
        return "", states
    return f"status {status}, without a panel", states


class Reader:
    """One reader.  ``pause`` is the seconds between a response and the next request."""

    def __init__(self, site: Site, dice: random.Random, notes: Notes, phase: Callable[[], str], pause: float):
        self._site = site
        self._dice = dice
        self._notes = notes
        self._phase = phase
        self._pause = pause
        self._connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=TIMEOUT)

    def run(self, stop: threading.Event) -> None:
        """Read until ``stop`` is set."""
        while not stop.wait(self._pause):
            kind, path = self._site.path(self._dice)
            phase, begun = self._phase(), time.perf_counter()
            status, body = self._get(path)
            # A fault that began during the request counts as well.
            later = self._phase()
            phase = later if phase == "no faults" else phase
            self._notes.note(kind, path, phase, time.perf_counter() - begun, status, body)

    def _get(self, path: str) -> tuple[int, bytes]:
        try:
            self._connection.request("GET", path)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return 0, repr(error).encode()


@contextmanager
def reading(
    site: Site, seed: int, notes: Notes, phase: Callable[[], str], count: int = 4, pause: float = 0.04
) -> Iterator[None]:
    """Run ``count`` readers during the block."""
    stop = threading.Event()
    readers = [Reader(site, random.Random(seed * 1000 + number), notes, phase, pause) for number in range(count)]
    threads = [threading.Thread(target=reader.run, args=(stop,), daemon=True) for reader in readers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(TIMEOUT)
