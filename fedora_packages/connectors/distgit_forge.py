"""Which software serves dist-git: Pagure or Forgejo.

dist-git moves from the one to the other under the same host name, on a day that is not known before.  So each process asks which
of them it is (`Forge`): before the first read, from time to time, and when answers stop making sense.  The worker also does so on
the schedule of the query ``distgit.forge``.  Its value tells where the links of pages lead (`KnownForge`).
"""

import contextlib
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from fedora_packages.cache.cache import Cache
from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.distgit_types import Maintainers
from fedora_packages.connectors.http import Response, ignore
from fedora_packages.connectors.query import Query, QueryCall
from fedora_packages.connectors.types import Model, NotFound, Text
from fedora_packages.errors import CacheUnavailable, InvalidResponse, UpstreamError
from fedora_packages.messages import text

T = TypeVar("T")

#: Bytes of the largest spec file or patch that is read; the largest in Fedora have a fifth of that.
FILE_LIMIT = 10 << 20

#: Seconds between two questions which of the two it is, if all is well.
EVERY = 60.0

#: Seconds between two such questions while answers make no sense.
PAUSE = 2.0

#: Seconds for which a process does not look again what the cache says.
LOOK_EVERY = 5.0

#: A version of either; Forgejo's is ``15.0.2+gitea-1.22.0``.
VERSION = re.compile(r"[0-9]+\.[0-9]")


class Kind(StrEnum):
    """The software that serves dist-git."""

    PAGURE = "pagure"
    FORGEJO = "forgejo"


#: The path of the version of each.  The other one has no such path.
VERSION_PATHS = {Kind.PAGURE: ("api", "0", "version"), Kind.FORGEJO: ("api", "v1", "version")}


class _Version(Model):
    version: Text(100)


class Server(ABC):
    """Reads dist-git for one value.  All methods raise `UpstreamError`.

    ``missed_at`` is when it last said that there is none (by `time.monotonic`): a fact only if dist-git is still of this kind.
    """

    @abstractmethod
    def head(self, package: str, branch: str) -> str | None:
        """Return the commit at the head of a branch, or None if it is unknown or there is no such branch."""

    @abstractmethod
    def heads(self, package: str, wanted: Collection[str]) -> dict[str, str | None] | None:
        """Return the branches of a package, at least those that are ``wanted``, each with its head (None: unknown).

        None for an unknown package.
        """

    @abstractmethod
    def file(self, package: str, branch: str, path: str, head: str | None = None) -> str | None:
        """Return the content of a file on a branch, cleaned, or None if it does not exist.

        ``head`` is the head of the branch, if it is known.
        """

    @abstractmethod
    def patch_names(self, package: str, branch: str, named: Sequence[str]) -> list[str]:
        """Return the names of the patches on a branch, of which the spec file names some."""

    @abstractmethod
    def commit(self, package: str, head: str) -> tuple[int | None, str | None]:
        """Return when a commit was made (seconds since 1970) and by whom; None where that is unknown."""

    @abstractmethod
    def maintainers(self, package: str) -> Maintainers | NotFound:
        """Return the maintainers of a package.  Raises `NotPublic` too."""

    def __init__(self, connector: Connector):
        self.connector = connector
        self.missed_at: float | None = None

    def missed(self) -> None:
        """Note that the server said that there is none."""
        self.missed_at = time.monotonic()

    def content(self, answer: Response) -> str:
        """Return the content of a file in an answer, cleaned.  Raises `InvalidResponse`."""
        kind, size = answer.content_type or "no content type", len(answer.body)
        if answer.status != 200 or kind.startswith(("text/html", "application/json")):
            reason = f"HTTP {answer.status}: expected a file, got {kind}"
        elif b"\0" in answer.body:
            # No text file has a NUL.
            reason = "a binary file"
        elif size > FILE_LIMIT:
            reason = f"a file of {size} bytes"
        else:
            # The encoding is unknown.  Pages lose nothing that they could show.
            return text.lines(answer.body.decode("utf-8", "replace"))
        raise self.connector.invalid(answer.request, reason, answer.body)


class Forge:
    """Knows which software serves dist-git, and asks again.  Threads share it.

    ``on_change`` is called when dist-git has become the other one, or answers again after it was neither.
    """

    def __init__(
        self,
        servers: Mapping[Kind, Callable[[Connector], Server]],
        on_change: Callable[[], None] = ignore,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._servers = servers
        self._on_change = on_change
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Kind | None = None
        self._error: UpstreamError | None = None
        self._asked_at = float("-inf")

    def read(self, connector: Connector, read: Callable[[Server], T]) -> T:
        """Return what ``read`` returns of the server that dist-git has.

        "There is none" counts only if dist-git answers after it that it is still of that kind.  If it has become the other one
        meanwhile, that is read.  Raises `UpstreamError`.
        """
        for _ in Kind:
            kind = self._current(connector)
            server = self._servers[kind](connector)
            try:
                value = read(server)
            except InvalidResponse:
                if not self._is_other(connector, kind):
                    raise
            else:
                if server.missed_at is None or self.ask(connector, server.missed_at) is kind:
                    return value
        raise connector.invalid("GET /", "the answers of another software twice")

    def ask(self, connector: Connector, since: float) -> Kind:
        """Return what dist-git is, as it has said since a time (of the clock); a request asks it only if nothing was said since.

        What was known stays known if it is neither, or does not respond; that raises `UpstreamError`.
        """
        with self._lock:
            if self._asked_at > since:
                if self._error is not None:
                    raise self._error
                return self._known
            self._asked_at = self._clock()
            try:
                found = self._ask(connector)
            except UpstreamError as error:
                self._error = error
                raise
            # Of one that did not respond, the circuit says when it does again.
            has_changed = isinstance(self._error, InvalidResponse) or self._known not in (None, found)
            self._known, self._error = found, None
        if has_changed:
            self._on_change()
        return found

    def _is_other(self, connector: Connector, kind: Kind) -> bool:
        """Whether dist-git has become another software, now that an answer makes no sense."""
        try:
            return self.ask(connector, self._clock() - PAUSE) is not kind
        except UpstreamError:
            return False

    def _current(self, connector: Connector) -> Kind:
        now = self._clock()
        if self._known is None:
            return self.ask(connector, now - PAUSE)
        if now - self._asked_at >= EVERY:
            # What it was is tried otherwise: its answers tell.
            with contextlib.suppress(InvalidResponse):
                return self.ask(connector, now - EVERY)
        return self._known

    def _ask(self, connector: Connector) -> Kind:
        kinds = sorted(Kind, key=lambda kind: kind is not (self._known or Kind.PAGURE))
        failures = []
        for kind in kinds:
            try:
                _check_version(connector, kind)
                return kind
            except InvalidResponse as error:
                failures.append(error)
        request = " and ".join(error.request for error in failures)
        reason = f"{' and '.join(error.reason for error in failures)}, as neither Pagure nor Forgejo"
        raise connector.invalid(request, reason, failures[0].excerpt.encode())


def _check_version(connector: Connector, kind: Kind) -> None:
    """Raise `InvalidResponse` if the answer is not the version of this software, and `UpstreamUnavailable` without an answer."""
    answer = connector.get(*VERSION_PATHS[kind])
    version = connector.parsed(answer, _Version).version
    if not VERSION.match(version):
        raise connector.invalid(answer.request, "a version without a number", answer.body)


class KnownForge:
    """Which software serves dist-git, as the cache has it, however old; Pagure if it has nothing.  It asks no upstream."""

    def __init__(self, cache: Cache, query: Query, clock: Callable[[], float] = time.monotonic):
        self._cache = cache
        self._pair = QueryCall(query).source().pair
        self._clock = clock
        self._kind = Kind.PAGURE
        self._looked_at = float("-inf")

    def __call__(self) -> Kind:
        """Return it, from a read of the cache in the last `LOOK_EVERY` seconds."""
        now = self._clock()
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            try:
                (cached,) = self._cache.read([self._pair])
            except CacheUnavailable:
                return self._kind
            if cached.is_known and cached.value["kind"] in list(Kind):
                self._kind = Kind(cached.value["kind"])
        return self._kind
