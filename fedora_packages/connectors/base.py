"""What all connectors share: a session that is patient within bounds, and checks of what came back.

The one thing to know: nothing leaves a connector unchecked.  An answer is either what the query's docstring promises or an
`UpstreamError` that says who was asked what, and what came.
"""

import json
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from fedora_packages.connectors import types
from fedora_packages.connectors.circuit import Circuit
from fedora_packages.connectors.http import Answer, HTTPClient, OnRecovery, OnRequest, ignore
from fedora_packages.connectors.site import Site
from fedora_packages.errors import InvalidResponse
from fedora_packages.settings import ConnectorSettings


@dataclass(frozen=True)
class ReleaseTags:
    """An active release as queries see it: its branch and the koji tags that hold its builds (None: it has no such tag)."""

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
        self.http = HTTPClient(self.name, settings, agent, on_request, on_recovery, self.max_bytes, pause)

    @property
    def circuit(self) -> Circuit:
        """The circuit of this upstream, in this process."""
        return self.http.circuit

    def request(self, method: str, path: str, *, asked: str, **arguments: Any) -> Answer:
        """Return the upstream's answer to a request below its address; see `HTTPClient.request`."""
        return self.http.request(method, path, asked=asked, **arguments)

    def json(self, path: str, *, asked: str, **arguments: Any) -> Any:
        """Return the JSON of a GET.

        Raises as `request`, and `InvalidResponse` for another status or for what is no JSON.
        """
        answer = self.request("GET", path, asked=asked, headers={"Accept": "application/json"}, **arguments)
        return self.decoded(answer, asked)

    def decoded(self, answer: Answer, asked: str, status: int = 200) -> Any:
        """Return the JSON of an answer that has this status, as `json` does."""
        if answer.status != status:
            raise InvalidResponse(self.name, asked, f"it answered {answer.status}", answer.body)
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise InvalidResponse(
                self.name, asked, f"{answer.content_type or 'something'} that is no JSON", answer.body
            ) from error
        if found is None:
            raise InvalidResponse(self.name, asked, "null")
        return found

    def read(self, asked: str, kind: type[types.M], answer: Any, *parts: types.Model) -> types.M:
        """Return an answer as a model.  Raises `InvalidResponse`, which names the field and what was expected.

        Invalid rows of its lists are left out and counted, with those of ``parts`` (see `types.read`).
        """
        try:
            return types.read(kind, answer, *parts)
        except ValidationError as error:
            raise InvalidResponse(self.name, asked, types.sentence_of(error.errors(include_url=False)[0])) from error

    def check_rows(self, asked: str, total: int, rows: Sized) -> None:
        """Raise `InvalidResponse` for an empty list although there are rows: that is a failure of the upstream."""
        if total and not rows:
            raise InvalidResponse(self.name, asked, f"expected rows of {total}, got an empty list")
