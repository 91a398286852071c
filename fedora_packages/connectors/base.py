"""What all connectors share: their declaration, their requests, and checks of the responses.

Nothing leaves a connector unchecked.  It returns what the docstring of the query promises, or raises an `UpstreamError` that has
the upstream, the request and the reason.
"""

import json
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from fedora_packages.connectors import types
from fedora_packages.connectors.circuit import Circuit
from fedora_packages.connectors.http import HTTPClient, OnRecovery, OnRequest, Response, ignore
from fedora_packages.connectors.site_links import Site
from fedora_packages.errors import InvalidResponse
from fedora_packages.settings import ConnectorSettings


@dataclass(frozen=True)
class ReleaseTags:
    """An active release, as queries use it: its branch and the Koji tags of its builds (None if it has no such tag)."""

    branch: str
    stable: str | None
    testing: str | None


class Connector:
    """A reader of one upstream: its queries are methods, and all that the service has to know of it stands here.

    ``name`` is what settings, queries and Redis keys call it, ``title`` what people do.  ``is_optional``: pages are whole without
    its values, and wait for them only briefly.
    """

    name: str
    title: str

    #: Defaults of its settings: its URL (None: it must be set), seconds of a request, requests at a time in one process, and the
    #: pages for people (None: it has none).
    url: str | None = None
    timeout = 10.0
    concurrency = 4
    site: Site | None = None

    #: Bytes of the largest response that is read, and seconds that a circuit stays open at most.
    max_bytes = 32 << 20
    reset_pause = 30.0

    is_optional = False

    def __init__(
        self,
        settings: ConnectorSettings,
        agent: str,
        releases: Callable[[], tuple[ReleaseTags, ...]] = tuple,
        on_request: OnRequest = ignore,
        on_recovery: OnRecovery = ignore,
        reset_pause: float = reset_pause,
    ):
        self.settings = settings
        self.releases = releases
        self.site = None if self.site is None else type(self.site)(settings.site)
        pause = min(self.reset_pause, reset_pause)
        self.http = HTTPClient(self.name, settings, agent, on_request, on_recovery, self.max_bytes, pause, self.title)

    @property
    def circuit(self) -> Circuit:
        """The circuit of this upstream, in this process."""
        return self.http.circuit

    def send(self, method: str, path: str, **arguments: Any) -> Response:
        """Send a request to a path below the upstream's URL, and return the response; see `HTTPClient.send`."""
        return self.http.send(method, path, **arguments)

    def invalid(self, request: str, reason: str, excerpt: bytes = b"") -> InvalidResponse:
        """Return the error that this upstream returned something invalid: ``reason``, to ``request``."""
        return self.http.invalid(request, reason, excerpt)

    def json(self, path: str, *, request: str, **arguments: Any) -> Any:
        """Return the JSON of a GET.

        Raises as `send`, and `InvalidResponse` for another status than 200 and for invalid JSON.
        """
        response = self.send("GET", path, request=request, headers={"Accept": "application/json"}, **arguments)
        return self.decoded(response, request)

    def decoded(self, response: Response, request: str, status: int = 200) -> Any:
        """Return the JSON of a response with this status.  Raises `InvalidResponse`."""
        if response.status != status:
            raise self.invalid(request, f"HTTP {response.status}", response.body)
        try:
            found = json.loads(response.body)
        except (ValueError, RecursionError) as error:
            kind = response.content_type or "no content type"
            raise self.invalid(request, f"invalid JSON ({kind})", response.body) from error
        if found is None:
            raise self.invalid(request, "null")
        return found

    def read(self, request: str, kind: type[types.M], answer: Any, *parts: types.Model) -> types.M:
        """Return the content of a response as a model.  Raises `InvalidResponse` with the field and what was expected.

        Invalid rows of its lists are left out and counted, with those of ``parts`` (see `types.read`).
        """
        try:
            return types.read(kind, answer, *parts)
        except ValidationError as error:
            reason = f"an invalid value ({types.sentence_of(error.errors(include_url=False)[0])})"
            raise self.invalid(request, reason) from error

    def check_rows(self, request: str, total: int, rows: Sized) -> None:
        """Raise `InvalidResponse` for an empty list although there are rows: that is a failure of the upstream."""
        if total and not rows:
            raise self.invalid(request, f"an empty list in place of {total} rows")
