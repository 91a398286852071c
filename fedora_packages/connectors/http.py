"""Requests to an upstream over HTTP, bounded in time, size and number.

No other module imports `requests`.  The connectors decide what a response means.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache as once
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin

import requests
import urllib3
from requests.adapters import HTTPAdapter

from fedora_packages.connectors.circuit import Circuit
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from fedora_packages.messages.text import line
from fedora_packages.settings import ConnectorSettings

#: Statuses that say "try again later": after the retry the upstream is unavailable.
TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})

#: Statuses of a file that does not exist.
NO_FILE = frozenset({404, 410})

#: The headers of a request for a changed file, and where in the response before their values stand.
_CONDITIONS = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}

#: Redirects of a file that are followed.
MAX_REDIRECTS = 5

#: Characters of a content type.
MAX_CONTENT_TYPE = 200

#: One retry, for what fails in passing: a connection that was closed under us, a proxy's hiccup.  The queue repeats a failed
#: refill later, and a page does not wait for more.
TRIES = 2

#: Called after each request with the upstream, the outcome (``answered``, or an `UpstreamError.kind`) and the seconds it took.
OnRequest = Callable[[str, str, float], None]

#: Called with the upstream whose circuit has closed.
OnRecovery = Callable[[str], None]


#: The version of a distribution, whose lookup takes milliseconds.
_version = once(version)


def ignore(*arguments: Any) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Response:
    """The response to a ``request``, as errors describe that.

    At most the allowed number of bytes of the body was read; ``is_cut`` if it has more.
    """

    request: str
    status: int
    content_type: str
    body: bytes
    is_cut: bool = False


def user_agent(role: str, contact: str | None = None) -> str:
    """Return the User-Agent of a process with a role (``web``, ``worker``), whose operators have a URL or mail address."""
    return f"fedora-packages/{_version('fedora_packages')} ({'; '.join(filter(None, (role, contact)))})"


class _Session(requests.Session):
    """A session of reads, with a User-Agent.  It follows no redirect.

    To follow one, requests reads its whole body, and raises a `ValueError` for a location that is an invalid URL.  It does so for
    ``allow_redirects=False`` too.
    """

    def __init__(self, agent: str) -> None:
        super().__init__()
        self.headers["User-Agent"] = agent
        # The .netrc of the account must not add credentials, nor cost a file read per request.
        self.trust_env = False

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: no response is a redirect."""


class HTTPClient:
    """Sends the requests of one upstream.  ``agent`` is their User-Agent; see `user_agent`.

    ``on_request`` is called after each request, ``on_recovery`` when the circuit closes.
    """

    #: What settings, queries and Redis keys call the upstream, and what people do.
    name: str
    title: str

    #: The scheme of the header ``Authorization`` by which the upstream takes an API key; None if it takes none.
    authorization: str | None = None

    #: Bytes of the largest response that is read, and seconds that a circuit stays open at most.
    max_bytes = 32 << 20
    reset_pause = 30.0

    def __init__(
        self,
        settings: ConnectorSettings,
        agent: str,
        on_request: OnRequest = ignore,
        on_recovery: OnRecovery = ignore,
        reset_pause: float = reset_pause,
    ):
        self.settings = settings
        self.circuit = Circuit(min(self.reset_pause, reset_pause), settings.timeout)
        self._on_request = on_request
        self._on_recovery = on_recovery
        self._turns = threading.BoundedSemaphore(settings.concurrency)
        self._agent = agent
        self._local = threading.local()

    @property
    def session(self) -> requests.Session:
        """The thread's own session: `requests` does not promise that threads can share one."""
        if not hasattr(self._local, "session"):
            session = _Session(self._agent)
            if self.settings.api_key:
                session.headers["Authorization"] = f"{self.authorization} {self.settings.api_key}"
            adapter = HTTPAdapter(pool_connections=1, pool_maxsize=2, max_retries=0)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            self._local.session = session
        return self._local.session

    def send(
        self,
        method: str,
        path: str,
        *,
        request: str = "",
        refuse: Callable[[Response], None] = ignore,
        max_bytes: int | None = None,
        params: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request to a path below the upstream's URL, and return the response.

        ``request`` describes it in errors; by default ``METHOD PATH``.  ``refuse`` gets the response, and may raise
        `UpstreamUnavailable` if that says "try again later" in its own way.  Of a body with more than ``max_bytes`` bytes the
        rest is not read.  Without that argument the upstream's own bound holds, and a larger body is an error.  ``params``,
        ``data`` and ``headers`` are those of requests.

        The request, with its retry, takes at most the setting ``timeout`` (an upstream that drips its *headers* can stretch
        that). Before that it waits as long at most until fewer than ``concurrency`` requests are under way.

        Raises `UpstreamUnavailable` (no response in time, a temporary error, or an open circuit) and `InvalidResponse` (too
        large).
        """
        request = request or f"{method} {path}"
        if not self._turns.acquire(timeout=self.settings.timeout):
            raise self.unavailable(request, f"no free connection within {self.settings.timeout:g} s")
        try:
            if not self.circuit.enter():
                raise self.unavailable(request, f"circuit open after {self.circuit.reason}")
            url = self.settings.url + path
            arguments = {"method": method, "url": url, "params": params, "data": data, "headers": headers}
            with self._counted():
                response = self._retried(request, max_bytes, arguments)
                refuse(response)
                return response
        finally:
            self._turns.release()

    def unavailable(self, request: str, reason: str, excerpt: bytes = b"") -> UpstreamUnavailable:
        """Return the error that this upstream does not respond."""
        return UpstreamUnavailable(self.name, request, reason, self._without_key(excerpt), self.title)

    def invalid(self, request: str, reason: str, excerpt: bytes = b"") -> InvalidResponse:
        """Return the error that this upstream returned something invalid."""
        return InvalidResponse(self.name, request, reason, self._without_key(excerpt), self.title)

    def _without_key(self, excerpt: bytes) -> bytes:
        """Return a part of a response without our API key: Bugzilla repeats one that it refuses."""
        return excerpt.replace(self.settings.api_key.encode(), b"...") if self.settings.api_key else excerpt

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count how a request ends."""
        outcome, ticks = "answered", time.perf_counter()
        try:
            yield
        except UpstreamUnavailable as error:
            outcome = error.kind
            self.circuit.failed(error.reason)
            raise
        except InvalidResponse as error:
            # An upstream that responds is up, whatever it returns.
            outcome = error.kind
            self._succeeded()
            raise
        else:
            self._succeeded()
        finally:
            self._on_request(self.name, outcome, time.perf_counter() - ticks)

    def _succeeded(self) -> None:
        if self.circuit.succeeded():
            self._on_recovery(self.name)

    def _retried(self, request: str, max_bytes: int | None, arguments: Mapping[str, Any]) -> Response:
        deadline = time.monotonic() + self.settings.timeout
        for is_last in (False,) * (TRIES - 1) + (True,):
            try:
                response = self._once(request, max_bytes, arguments, deadline)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                # A body that stops is a broken connection; what counts is that the time is over.
                is_late = time.monotonic() >= deadline or isinstance(error, requests.Timeout)
                if is_last or is_late:
                    reason = f"no response within {self.settings.timeout:g} s" if is_late else _reason(error)
                    raise self.unavailable(request, reason) from error
                continue
            if response.status not in TEMPORARY:
                return response
            if is_last or time.monotonic() >= deadline:
                raise self.unavailable(request, f"HTTP {response.status} (temporary)", response.body)
        raise AssertionError("unreachable: the last try returns or raises")

    def _once(self, request: str, max_bytes: int | None, arguments: Mapping[str, Any], deadline: float) -> Response:
        left = max(deadline - time.monotonic(), 0.05)
        bound = self.max_bytes if max_bytes is None else max_bytes
        with self.session.request(**arguments, timeout=(min(left, 5.0), left), stream=True) as response:
            if response.is_redirect:
                raise self.invalid(request, *_redirect(response))
            status, body = response.status_code, bytearray()
            # Errors name it.
            content_type = line(response.headers.get("Content-Type", ""))[:MAX_CONTENT_TYPE]
            # The timeout of requests bounds each read, not the whole, and its iterator waits for a full chunk: an upstream that
            # drips would hold us for ever.
            for chunk in _chunks(response, decode_content=True):
                body += chunk
                if len(body) > bound and max_bytes is None:
                    raise self.invalid(request, f"more than {bound} bytes")
                if len(body) > bound:
                    break
                if time.monotonic() > deadline:
                    raise requests.Timeout(f"{len(body)} bytes received")
            return Response(request, status, content_type, bytes(body[:bound]), is_cut=len(body) > bound)


def _chunks(response: requests.Response, decode_content: bool) -> Iterator[bytes]:
    """Yield the body in chunks, each as soon as it arrives."""
    while chunk := response.raw.read1(64 << 10, decode_content=decode_content):
        yield chunk


def _reason(error: Exception) -> str:
    if isinstance(error, (requests.ConnectionError, urllib3.exceptions.HTTPError)):
        return "no connection (refused, reset or not resolved)"
    return f"connection failed ({type(error).__name__})"


def _redirect(response: requests.Response) -> tuple[str, bytes]:
    """Return the reason and the excerpt of the error that a response is a redirect."""
    return f"HTTP {response.status_code}: a redirect", response.headers["Location"].encode()


@dataclass(frozen=True)
class File:
    """A file of a server: its content piece by piece, as the server stores it, or None if it has not changed.

    ``conditions`` are the headers by which a later request gets a changed file only.
    """

    pieces: Generator[bytes, None, None] | None
    conditions: Mapping[str, str]


def stream(
    upstream: str, url: str, timeout: float, agent: str, conditions: Mapping[str, str] | None = None
) -> File | None:
    """Return a file, or None if it does not exist.

    ``agent`` is the User-Agent.  ``timeout`` bounds each pause in seconds, not the whole: the caller bounds that.  ``conditions``
    are those of an earlier copy.  Raises `UpstreamUnavailable`, also while the pieces come, and `InvalidResponse` for a redirect
    to an invalid URL.
    """
    session = _Session(agent)
    target, redirect = url, None
    try:
        for _ in range(1 + MAX_REDIRECTS):
            # A checksum is of the file, not of what the server compresses on its way.
            headers = {"Accept": "*/*", "Accept-Encoding": "identity", **(conditions or {})}
            response = session.get(target, stream=True, timeout=(min(timeout, 10.0), timeout), headers=headers)
            if not response.is_redirect:
                break
            response.close()
            redirect, location = _redirect(response), response.headers["Location"]
            target = location and urljoin(target, location)
    except (requests.RequestException, ValueError) as error:
        session.close()
        if redirect is not None and isinstance(error, ValueError):
            raise InvalidResponse(upstream, url, *redirect) from error
        raise _disconnected(upstream, url, error) from error
    if response.status_code == 200:
        found = {name: response.headers.get(header, "") for name, header in _CONDITIONS.items()}
        return File(_pieces(upstream, url, session, response), {name: value for name, value in found.items() if value})
    response.close()
    session.close()
    if response.status_code == 304 and conditions:
        return File(None, conditions)
    if response.status_code in NO_FILE:
        return None
    raise UpstreamUnavailable(upstream, url, f"HTTP {response.status_code}")


def _pieces(
    upstream: str, url: str, session: requests.Session, response: requests.Response
) -> Generator[bytes, None, None]:
    with session, response:
        try:
            yield from _chunks(response, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _disconnected(upstream, url, error) from error


def _disconnected(upstream: str, url: str, error: Exception) -> UpstreamUnavailable:
    return UpstreamUnavailable(upstream, url, f"connection failed ({type(error).__name__})")
