"""The errors of this package, and what the reader of a message can do about each.

::

    FedoraPackagesError
     ├── SettingsError            a setting is missing or invalid: correct the ini file or the environment
     ├── InvalidNVR               (also a ValueError) a string is not a name-version-release: skip it
     ├── InvalidArgument          (also a ValueError) a query does not take these arguments
     ├── MessageNotUnderstood     a message of the bus has no known shape: log its id, count it, skip it
     ├── UpstreamError            an upstream returned nothing that can be used
     │    ├── UpstreamUnavailable    it did not respond: down, slow, refused, or its circuit is open; try later
     │    ├── InvalidResponse        it returned something other than it promises: HTML, half a response, other types
     │    └── NotServed              it does not serve this, and another try would not help
     │         ├── ReleaseNotServed     it does not have an active release, not yet or not any more
     │         └── NotPublic            it shows this to its accounts only
     ├── CacheUnavailable         Redis does not respond: fetch from the upstream, store nothing
     ├── FillInProgress           another process fills this entry, and did not finish in time
     ├── SearchUnavailable        the search index is missing or corrupt: build a new one
     └── IndexLocked              another process writes the search index: stop it

A message says what failed, where, and with which value.  It has no period at its end: logs and pages continue it.
"""

#: The exit status of a command that Ctrl-C has ended, by the convention of shells.
INTERRUPTED = 130


class FedoraPackagesError(Exception):
    """The base of all errors that this package raises."""

    @property
    def sentence(self) -> str:
        """The message, for people."""
        return str(self)


class SettingsError(FedoraPackagesError):
    """A setting is missing or invalid.  The message names the key and what was expected.

    The start of a process raises it, before any request or message.
    """


class InvalidNVR(FedoraPackagesError, ValueError):
    """A string is not a name-version-release.  Skip the item that has it."""


class InvalidArgument(FedoraPackagesError, ValueError):
    """A query does not take these arguments.  The message names those that it takes."""


class MessageNotUnderstood(FedoraPackagesError):
    """A message of the bus has no known shape.  Log its id, count it and skip it: another try would not help."""


class UpstreamError(FedoraPackagesError):
    """An upstream returned nothing that can be used.

    ``upstream`` is its name (``"distgit"``) and ``title`` what people call it (``"dist-git"``; the name if not given).
    ``request`` is what was sent (``"listBuilds('guake')"``), ``reason`` why that failed (``"HTTP 503 (temporary)"``),
    ``excerpt`` how the response began, for the log only.  ``kind`` is the error in one word, for the cache, metrics and pages.
    """

    kind = "invalid"
    _verb = "returned"

    def __init__(self, upstream: str, request: str, reason: str, excerpt: bytes = b"", title: str = ""):
        super().__init__(upstream, request, reason)
        self.upstream = upstream
        self.title = title or upstream
        self.request = request
        self.reason = reason
        self.excerpt = excerpt[:80].decode("utf-8", "replace")

    @property
    def sentence(self) -> str:
        """The message without anything from the response."""
        return f"{self.title}: {self.request} {self._verb} {self.reason}"

    def __str__(self) -> str:
        return f"{self.sentence}: {self.excerpt!r}" if self.excerpt else self.sentence


class UpstreamUnavailable(UpstreamError):
    """The upstream did not respond in time, or said that it cannot respond now.  Try again later."""

    kind = "unavailable"
    _verb = "failed:"


class InvalidResponse(UpstreamError):
    """The upstream returned something that it does not promise.  Nothing of it was kept.  Try again later; tell its operators."""


class NotServed(UpstreamError):
    """The upstream does not serve this.  Show the last known value and why; another try would not help for now."""

    kind = "not served"
    _verb = "failed:"


class ReleaseNotServed(NotServed):
    """The upstream does not have a release that is active.  Show that; it may have it later."""

    kind = "release not served"


class NotPublic(NotServed):
    """The upstream shows this to its accounts only, and we have none, or one that may not see it."""

    kind = "not public"


class CacheUnavailable(FedoraPackagesError):
    """Redis does not respond.  Pages fetch from the upstream and store nothing; the worker waits and tries again."""


class FillInProgress(FedoraPackagesError):
    """Another thread or process fills the entry and did not finish in time.  Show the last known value."""


class SearchUnavailable(FedoraPackagesError):
    """The search index is missing or corrupt.  Build one with ``fedora-packages-index``."""


class IndexLocked(FedoraPackagesError):
    """Another process writes the search index.  Stop it: the index has one writer."""
