"""What all connectors share: a session that is patient within bounds, and checks of what came back.

The one thing to know: nothing leaves a connector unchecked.  An answer is either what the query's docstring promises or an
`UpstreamError` that says who was asked what, and what came.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache as once
from importlib.metadata import version
from typing import Any, TypeVar

import requests
import urllib3
from requests.adapters import HTTPAdapter

from fedora_packages.errors import UpstreamLied, UpstreamUnavailable
from fedora_packages.settings import ConnectorSettings

T = TypeVar("T")

#: Statuses that mean "not now": asked again within the bounds, then `UpstreamUnavailable`.
NOT_NOW = frozenset({408, 425, 429, 500, 502, 503, 504})

#: One more try for what fails in passing (a connection that was closed under us, a proxy's hiccup); a refill that fails
#: is tried again later by the queue, and a page does not wait for more.
TRIES = 2


class Circuit:
    """Keeps an upstream that is down from being hammered: after some failures in a row it is left alone for a while.

    The pause begins with `FIRST_PAUSE` seconds and doubles with every further failure up to ``longest``; after it one request is
    let through to see, and the next only when that one has had ``patience`` seconds.  ``reason`` is the latest failure,
    ``answered_at`` when upstream last answered, ``failing_since`` the first failure after that (seconds since 1970, or None).
    """

    FAILURES = 5
    FIRST_PAUSE = 1.0

    def __init__(self, longest: float, patience: float, clock: Callable[[], float] = time.monotonic):
        self._longest = longest
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._until = 0.0
        self.reason = ""
        self.answered_at: float | None = None
        self.failing_since: float | None = None

    def resting(self) -> float:
        """Return for how many more seconds nothing should be asked; 0 when something may."""
        with self._lock:
            return max(0.0, self._until - self._clock())

    @property
    def is_open(self) -> bool:
        """Whether upstream is left alone, or one request was let through and has not been answered yet."""
        with self._lock:
            return self._failures >= self.FAILURES

    def enter(self) -> bool:
        """Whether a request may be made now; of those that wait for the end of a pause, one may."""
        with self._lock:
            now = self._clock()
            if now < self._until:
                return False
            if self._failures >= self.FAILURES:
                self._until = now + self._patience
            return True

    def succeeded(self) -> bool:
        """Note that upstream answered; returns whether it was left alone until now."""
        with self._lock:
            was_open = self._failures >= self.FAILURES
            self._failures, self._until = 0, 0.0
            self.answered_at, self.failing_since = time.time(), None
            return was_open

    def as_dict(self) -> dict[str, Any]:
        """Return what there is to tell of it, JSON-ready: ``failures`` in a row, ``rests`` for so many seconds more, and why."""
        resting = self.resting()
        with self._lock:
            return {
                "failures": self._failures,
                "rests": round(resting, 3),
                "reason": self.reason if self._failures else "",
                "answered": self.answered_at,
                "failing_since": self.failing_since,
            }

    def failed(self, reason: str) -> None:
        """Note that upstream did not answer, and what came instead."""
        with self._lock:
            self.reason = reason
            self._failures += 1
            self.failing_since = self.failing_since or time.time()
            if self._failures >= self.FAILURES:
                pause = self.FIRST_PAUSE * 2 ** min(self._failures - self.FAILURES, 10)
                self._until = self._clock() + min(self._longest, pause)


@once
def _version() -> str:
    """Return our version; to look it up takes milliseconds."""
    return version("fedora_packages")


#: Told of each request: of which upstream, how it ended (``answered``, or an `UpstreamError.kind`), and seconds that it took.
Asked = Callable[[str, str, float], None]


def nobody_counts(upstream: str, outcome: str, seconds: float) -> None:
    """Count nothing."""


#: Told which upstream answers again that had been left alone.
Recovered = Callable[[str], None]


def nobody_waits(upstream: str) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class ReleaseTags:
    """An active release as queries see it: its branch and the koji tags that hold its builds (None: it has no such tag)."""

    branch: str
    stable: str | None
    testing: str | None


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read whole unless ``is_cut``: ``body`` is at most the connector's ``max_bytes``."""

    status: int
    content_type: str
    body: bytes
    is_cut: bool = False


class Connector:
    """A reader of one upstream.  Subclasses give ``name`` and queries.

    ``is_optional``: pages are whole without what this upstream says, and wait for it but a moment.
    """

    name: str
    is_optional = False

    def __init__(
        self,
        settings: ConnectorSettings,
        agent: str,
        releases: Callable[[], tuple[ReleaseTags, ...]] = tuple,
        asked: Asked = nobody_counts,
        recovered: Recovered = nobody_waits,
    ):
        self.settings = settings
        self.releases = releases
        self._asked = asked
        self._recovered = recovered
        self.circuit = Circuit(settings.rest, settings.timeout)
        self._turns = threading.BoundedSemaphore(settings.concurrency)
        self._agent = f"fedora-packages/{_version()} ({agent})"
        self._local = threading.local()

    @property
    def session(self) -> requests.Session:
        """The thread's own session: requests does not promise that one can be shared."""
        if not hasattr(self._local, "session"):
            session = requests.Session()
            session.headers["User-Agent"] = self._agent
            # Anonymous reads: a .netrc of whoever runs us must not add credentials, nor cost a file read a request.
            session.trust_env = False
            adapter = HTTPAdapter(pool_connections=1, pool_maxsize=2, max_retries=0)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            self._local.session = session
        return self._local.session

    def request(
        self,
        method: str,
        path: str,
        *,
        asked: str,
        params: Mapping[str, Any] | list[tuple[str, str]] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: "Callable[[Answer, str], None]" = lambda answer, asked: None,
        most: int | None = None,
    ) -> Answer:
        """Return the upstream's answer to a request below its address.

        ``asked`` says in an error what was wanted (``"listBuilds of 'guake'"``); ``accept`` may raise
        `UpstreamUnavailable` for an answer that says "not now" in a way of its own.  ``most``: of a body that is longer than so
        many bytes the rest is not read (``is_cut``), for answers that may honestly be too large.  The whole of it, retries
        included, takes at most the setting ``timeout`` (an upstream that drips its *headers* can stretch that), after at most as
        long for a turn: this process asks no more than ``concurrency`` questions at a time.
        Raises `UpstreamUnavailable` (no answer in time, "not now", or not asked because it has not answered for a
        while), `UpstreamLied` (over ``max_bytes``).
        """
        if not self._turns.acquire(timeout=self.settings.timeout):
            raise UpstreamUnavailable(self.name, asked, f"no turn within {self.settings.timeout:g} s")
        try:
            sent = {
                "method": method,
                "url": self.settings.url + path,
                "params": params,
                "data": data,
                "headers": headers,
            }
            return self._in_turn(sent, asked, accept, most)
        finally:
            self._turns.release()

    def _in_turn(
        self, sent: Mapping[str, Any], asked: str, accept: Callable[[Answer, str], None], most: int | None
    ) -> Answer:
        if not self.circuit.enter():
            raise UpstreamUnavailable(self.name, asked, f"left alone for a moment, after {self.circuit.reason}")
        outcome, ticks = "answered", time.perf_counter()
        try:
            answer = self._patiently(sent, asked, most)
            accept(answer, asked)
        except UpstreamUnavailable as error:
            outcome = error.kind
            self.circuit.failed(error.came)
            raise
        except UpstreamLied as error:
            # It did answer; that what it said cannot be used is no reason to leave it alone.
            outcome = error.kind
            self._answered()
            raise
        finally:
            self._asked(self.name, outcome, time.perf_counter() - ticks)
        self._answered()
        return answer

    def _answered(self) -> None:
        if self.circuit.succeeded():
            self._recovered(self.name)

    def _patiently(self, sent: Mapping[str, Any], asked: str, most: int | None) -> Answer:
        deadline = time.monotonic() + self.settings.timeout
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                answer = self._once(sent, deadline, asked, most)
            except requests.RequestException as error:
                # A body that stops coming is a broken connection to requests; what counts is that the time is over.
                is_late = time.monotonic() >= deadline or isinstance(error, requests.Timeout)
                if last or is_late:
                    came = f"no answer within {self.settings.timeout:g} s" if is_late else _in_words(error)
                    raise UpstreamUnavailable(self.name, asked, came) from error
                continue
            if answer.status not in NOT_NOW:
                return answer
            if last or time.monotonic() >= deadline:
                raise UpstreamUnavailable(self.name, asked, f"it said {answer.status}, not now", answer.body)
        raise AssertionError("unreachable: the last try returns or raises")

    def json(self, path: str, *, asked: str, **arguments: Any) -> Any:
        """Return the JSON of a GET.

        Raises as `request`, and `UpstreamLied` for another status or for what is no JSON.
        """
        answer = self.request("GET", path, asked=asked, headers={"Accept": "application/json"}, **arguments)
        return self.decoded(answer, asked)

    def decoded(self, answer: Answer, asked: str, status: int = 200) -> Any:
        """Return the JSON of an answer that has this status, as `json` does."""
        if answer.status != status:
            raise UpstreamLied(self.name, asked, f"it answered {answer.status}", answer.body)
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise UpstreamLied(
                self.name, asked, f"{answer.content_type or 'something'} that is no JSON", answer.body
            ) from error
        if found is None:
            raise UpstreamLied(self.name, asked, "null")
        return found

    def check(self, asked: str, build: Callable[[], T]) -> T:
        """Return what ``build`` makes of an answer; whatever it trips over in the answer is an `UpstreamLied`.

        The types of an answer are only known by using it; `KeyError`, `TypeError` and their like there mean that upstream
        did not keep its contract.
        """
        try:
            return build()
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
            raise UpstreamLied(
                self.name, asked, f"an answer of another shape ({type(error).__name__}: {str(error)[:120]})"
            ) from error

    def _once(self, sent: Mapping[str, Any], deadline: float, asked: str, most: int | None) -> Answer:
        left = max(deadline - time.monotonic(), 0.05)
        with self.session.request(
            **sent, timeout=(min(left, 5.0), left), stream=True, allow_redirects=False
        ) as response:
            body = bytearray()
            # requests' timeout bounds each read, not the whole, and its iterator waits for a full chunk: an upstream that
            # drips would hold us for ever.
            for chunk in _as_it_comes(response):
                body += chunk
                if most is not None and len(body) > most:
                    content_type = response.headers.get("Content-Type", "")
                    return Answer(response.status_code, content_type, bytes(body[:most]), is_cut=True)
                if len(body) > self.settings.max_bytes:
                    raise UpstreamLied(self.name, asked, f"more than {self.settings.max_bytes} bytes")
                if time.monotonic() > deadline:
                    raise requests.Timeout(f"{len(body)} bytes had come")
            return Answer(response.status_code, response.headers.get("Content-Type", ""), bytes(body))


def text(value: Any, limit: int = 4000) -> str:
    """Return a text from an answer, at most ``limit`` characters of it; raises TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    # A lone surrogate is legal in JSON and in Python, and nowhere else: it could be neither stored nor shown.
    return value[:limit].encode("utf-8", "replace").decode("utf-8")


def optional_text(value: Any, limit: int = 4000) -> str | None:
    """Return a text from an answer, or None for null."""
    return None if value is None else text(value, limit)


def integer(value: Any) -> int:
    """Return a whole number from an answer; raises TypeError for anything else (true and false too)."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"a whole number was expected, not {value!r:.40}")
    return value


def boolean(value: Any) -> bool:
    """Return a truth value from an answer; raises TypeError for anything else."""
    if not isinstance(value, bool):
        raise TypeError(f"true or false was expected, not {value!r:.40}")
    return value


def items(value: Any) -> list[Any]:
    """Return a list from an answer; raises TypeError for anything else (a text would iterate too)."""
    if not isinstance(value, list):
        raise TypeError(f"a list was expected, not {type(value).__name__}")
    return value


def _as_it_comes(response: requests.Response) -> Iterator[bytes]:
    """Yield the body in pieces, each as soon as it is there."""
    try:
        while chunk := response.raw.read1(64 << 10, decode_content=True):
            yield chunk
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError(error) from error


def _in_words(error: requests.RequestException) -> str:
    if isinstance(error, requests.ConnectionError):
        return "no connection (refused, reset or not resolved)"
    return f"the connection failed ({type(error).__name__})"
