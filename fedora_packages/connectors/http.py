"""One bounded request to an upstream over HTTP: its time, its size, its retries and its circuit.

The only module that imports `requests`.  What an answer means is for the connectors to say.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import cache as once
from importlib.metadata import version
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from fedora_packages.connectors.circuit import Circuit
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from fedora_packages.settings import ConnectorSettings

#: Statuses that mean "not now": asked again within the bounds, then `UpstreamUnavailable`.
NOT_NOW = frozenset({408, 425, 429, 500, 502, 503, 504})

#: Statuses of a file that does not exist.
NO_FILE = frozenset({404, 410})

#: One more try for what fails in passing (a connection that was closed under us, a proxy's hiccup); a refill that fails
#: is tried again later by the queue, and a page does not wait for more.
TRIES = 2

#: Called after each request with the upstream, the outcome (``answered``, or an `UpstreamError.kind`) and the seconds it took.
OnRequest = Callable[[str, str, float], None]

#: Called with the upstream whose circuit has closed.
OnRecovery = Callable[[str], None]


@once
def _version() -> str:
    """Return our version; to look it up takes milliseconds."""
    return version("fedora_packages")


def ignore(*arguments: Any) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read whole unless ``is_cut``: ``body`` is at most the connector's ``max_bytes``."""

    status: int
    content_type: str
    body: bytes
    is_cut: bool = False


class HTTPClient:
    """Sends the requests of one connector.  ``agent`` is told to the upstream as who asks (``"web"``, ``"worker"``)."""

    def __init__(
        self,
        name: str,
        settings: ConnectorSettings,
        agent: str,
        on_request: OnRequest = ignore,
        on_recovery: OnRecovery = ignore,
        max_bytes: int = 32 << 20,
        reset_pause: float = 30.0,
    ):
        self.name = name
        self.settings = settings
        self.circuit = Circuit(reset_pause, settings.timeout)
        self._on_request = on_request
        self._on_recovery = on_recovery
        self._max_bytes = max_bytes
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
        accept: Callable[[Answer, str], None] = lambda answer, asked: None,
        most: int | None = None,
    ) -> Answer:
        """Return the upstream's answer to a request below its address.

        ``asked`` says in an error what was wanted (``"listBuilds of 'guake'"``); ``accept`` may raise
        `UpstreamUnavailable` for an answer that says "not now" in a way of its own.  ``most``: of a body that is longer than so
        many bytes the rest is not read (``is_cut``), for answers that may honestly be too large.  The whole of it, retries
        included, takes at most the setting ``timeout`` (an upstream that drips its *headers* can stretch that), after at most as
        long for a turn: this process asks no more than ``concurrency`` questions at a time.
        Raises `UpstreamUnavailable` (no answer in time, "not now", or not asked because it has not answered for a
        while), `InvalidResponse` (over ``max_bytes``).
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
        except InvalidResponse as error:
            # It did answer; that what it said cannot be used is no reason to leave it alone.
            outcome = error.kind
            self._answered()
            raise
        finally:
            self._on_request(self.name, outcome, time.perf_counter() - ticks)
        self._answered()
        return answer

    def _answered(self) -> None:
        if self.circuit.succeeded():
            self._on_recovery(self.name)

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
                if len(body) > self._max_bytes:
                    raise InvalidResponse(self.name, asked, f"more than {self._max_bytes} bytes")
                if time.monotonic() > deadline:
                    raise requests.Timeout(f"{len(body)} bytes had come")
            return Answer(response.status_code, response.headers.get("Content-Type", ""), bytes(body))


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


def stream(upstream: str, url: str, timeout: float) -> Generator[bytes, None, None] | None:
    """Return a file's content piece by piece, as the server stores it, or None if the file does not exist.

    ``timeout`` bounds each pause in seconds, not the whole: the caller bounds that.  Raises `UpstreamUnavailable`, also while the
    pieces come.
    """
    session = requests.Session()
    # Anonymous reads, as above.
    session.trust_env = False
    session.max_redirects = 5
    try:
        # A checksum is of the file, not of what the server compresses on its way.
        response = session.get(
            url, stream=True, timeout=(min(timeout, 10.0), timeout), headers={"Accept-Encoding": "identity"}
        )
    except requests.RequestException as error:
        session.close()
        raise _disconnected(upstream, url, error) from error
    if response.status_code == 200:
        return _pieces(upstream, url, session, response)
    response.close()
    session.close()
    if response.status_code in NO_FILE:
        return None
    raise UpstreamUnavailable(upstream, url, f"HTTP {response.status_code}")


def _pieces(
    upstream: str, url: str, session: requests.Session, response: requests.Response
) -> Generator[bytes, None, None]:
    with session, response:
        try:
            while piece := response.raw.read1(64 << 10, decode_content=False):
                yield piece
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _disconnected(upstream, url, error) from error


def _disconnected(upstream: str, url: str, error: Exception) -> UpstreamUnavailable:
    return UpstreamUnavailable(upstream, url, f"the connection failed ({type(error).__name__})")
