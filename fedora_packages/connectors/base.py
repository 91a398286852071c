"""What all connectors share: their declaration, their requests, and checks of the responses.

Nothing leaves a connector unchecked.  It returns what the docstring of the query promises, or raises an `UpstreamError` that has
the upstream, the request and the reason.
"""

import copy
import json
from collections.abc import Callable, Mapping, Sequence, Sized
from typing import Any, Self
from urllib.parse import quote

from pydantic import ValidationError

from fedora_packages.connectors import types
from fedora_packages.connectors.http import HTTPClient, Response, ignore
from fedora_packages.connectors.page_links import Site
from fedora_packages.connectors.sweep import declared_sweep
from fedora_packages.settings import ConnectorSettings

#: Returns the active releases as the query ``bodhi.releases`` does, for queries that differ by release.
ListReleases = Callable[[], Sequence[Mapping[str, Any]]]

#: Characters that stay as they are in a segment of a path, beside letters, digits and ``-._~``: those of RFC 3986 that Go's
#: ``net/url`` leaves too.  A router in Go can look up a segment as it was sent: it knows ``gcc-c++`` and no ``gcc-c%2B%2B``.
UNQUOTED = "$&+:=@"


class Connector(HTTPClient):
    """A reader of one upstream: its queries are methods, and all that the service has to know of it stands here.

    ``is_optional``: pages are whole without its values, and wait for them only briefly.
    """

    #: Defaults of its settings: its URL (None: it must be set), seconds of a request, requests at a time in one process, and the
    #: pages for people (None: it has none).
    url: str | None = None
    timeout = 10.0
    concurrency = 4
    site: Site | None = None

    is_optional = False

    #: The setting of another part that has its URL (None: it has one of its own), and whether it stores what it reads.
    url_setting: str | None = None
    has_store = False

    #: What its queries' names begin with (None: its name).  Of connectors of one role, the setting ``connectors.repositories``
    #: chooses the one that answers them.
    role: str | None = None

    #: Seconds between two of its sweeps; None if it declares none.
    sweep_every: float | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        declaration = declared_sweep(cls)
        cls.sweep_every = declaration.every if declaration else None

    def __init__(
        self,
        settings: ConnectorSettings,
        agent: str,
        releases: ListReleases = tuple,
        **options: Any,
    ):
        super().__init__(settings, agent, **options)
        self.releases = releases
        self._on_read: types.OnRead = ignore
        self.site = self.site and type(self.site)(settings.site)

    def observed(self, on_read: types.OnRead) -> Self:
        """Return this connector, with the same connections and circuit, as one that calls ``on_read``."""
        found = copy.copy(self)
        found._on_read = on_read
        return found

    def get(self, *path: str, request: str = "", accept: str = "application/json", **arguments: Any) -> Response:
        """Send a GET to a path, whose segments are quoted here, and return the response; see `HTTPClient.send`.

        ``request`` describes it in errors; by default ``GET`` and the path, unquoted.
        """
        request = request or f"GET /{'/'.join(path)}"
        url = "".join(f"/{quote(part, safe=UNQUOTED)}" for part in path)
        return self.send("GET", url, request=request, headers={"Accept": accept}, **arguments)

    def json(self, *path: str, **arguments: Any) -> Any:
        """Return the JSON of a GET.

        Raises as `get`, and `InvalidResponse` for another status than 200 and for invalid JSON.
        """
        return self.decoded(self.get(*path, **arguments))

    def decoded(self, response: Response, status: int = 200) -> Any:
        """Return the JSON of a response with this status.  Raises `InvalidResponse`."""
        if response.status != status:
            raise self.invalid(response.request, f"HTTP {response.status}", response.body)
        try:
            found = json.loads(response.body)
        except (ValueError, RecursionError) as error:
            kind = response.content_type or "no content type"
            raise self.invalid(response.request, f"invalid JSON ({kind})", response.body) from error
        if found is None:
            raise self.invalid(response.request, "null")
        return found

    def parsed(self, response: Response, kind: type[types.M]) -> types.M:
        """Return the JSON of a response as a model.  Raises as `decoded` and `read`."""
        return self.read(response.request, kind, self.decoded(response))

    def read(self, request: str, kind: type[types.M], answer: Any, *parts: types.Model) -> types.M:
        """Return the content of a response as a model.  Raises `InvalidResponse` with the field and what was expected.

        Invalid rows of its lists are left out and counted, with those of ``parts`` (see `types.read`).
        """
        self._on_read(kind, answer)
        try:
            return types.read(kind, answer, *parts)
        except ValidationError as error:
            reason = f"an invalid value ({types.sentence_of(error.errors(include_url=False)[0])})"
            raise self.invalid(request, reason) from error

    def check_rows(self, request: str, total: int, rows: Sized) -> None:
        """Raise `InvalidResponse` for an empty list although there are rows: that is a failure of the upstream."""
        if total and not rows:
            raise self.invalid(request, f"an empty list in place of {total} rows")
