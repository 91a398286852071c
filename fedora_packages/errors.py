"""What can go wrong, and what the reader of the message can do about it.

::

    FedoraPackagesError
     ├── SettingsError            a setting is missing or wrong: mend the ini file or the environment
     ├── InvalidNVR               (also a ValueError) text that is no name-version-release
     ├── InvalidArgument          (also a ValueError) a query was asked with arguments that it does not take
     ├── MessageNotUnderstood     a bus message of no known shape: log its id, count it, skip it
     ├── UpstreamError            an upstream gave no answer that can be used
     │    ├── UpstreamUnavailable    none came: down, slow, refused, or its circuit is open; try later
     │    ├── InvalidResponse           one came that cannot be true: HTML, half an answer, the wrong types
     │    └── ReleaseNotServed       it does not know a release that there is (yet, or any more)
     ├── CacheUnavailable         Redis does not answer: ask upstream, store nothing
     ├── FillInProgress           another process is filling this entry and was waited for long enough
     ├── SearchUnavailable        the search index is missing or damaged: build it anew
     └── IndexLocked              another process writes the search index: there must be only one

Every message is a sentence that says what was wrong, where, and what was found there.
"""

#: The exit status of a command that Ctrl-C has ended, by the convention of shells.
INTERRUPTED = 130


class FedoraPackagesError(Exception):
    """The base of every error this package raises on purpose."""

    @property
    def sentence(self) -> str:
        """What went wrong, for people."""
        return str(self)


class SettingsError(FedoraPackagesError):
    """A setting is missing or wrong; the message names the key and what was expected.

    Raised at start, before anything is served or consumed.
    """


class InvalidNVR(FedoraPackagesError, ValueError):
    """A text is not a name-version-release.  Skip the item that carries it."""


class InvalidArgument(FedoraPackagesError, ValueError):
    """A query was asked with arguments that it does not take.  The message names what is allowed."""


class MessageNotUnderstood(FedoraPackagesError):
    """A bus message has no known shape.  Log its id, count it and skip it: it will not get better."""


class UpstreamError(FedoraPackagesError):
    """An upstream gave no usable answer.

    ``upstream`` is its name (``"koji"``), ``asked`` what it was asked, ``came`` what came instead of an answer, ``excerpt``
    how that began, for the log only.  ``kind`` is the error in one word, for whoever tells people.
    """

    kind = "unusable"

    def __init__(self, upstream: str, asked: str, came: str, excerpt: bytes = b""):
        super().__init__(upstream, asked, came)
        self.upstream = upstream
        self.asked = asked
        self.came = came
        self.excerpt = excerpt[:80].decode("utf-8", "replace")

    @property
    def sentence(self) -> str:
        """What went wrong, without anything of what upstream said."""
        return f"{self.upstream} was asked {self.asked}: {self.came}"

    def __str__(self) -> str:
        return f"{self.sentence}: {self.excerpt!r}" if self.excerpt else self.sentence


class UpstreamUnavailable(UpstreamError):
    """No answer came in time, or the upstream said that it cannot answer now.  Try again later."""

    kind = "silent"


class InvalidResponse(UpstreamError):
    """An answer came that cannot be true.  Nothing of it was kept; try again later, tell its operators."""


class ReleaseNotServed(UpstreamError):
    """Upstream does not know a release that others call active.  Show that; it may know it later."""

    kind = "release not served"


class CacheUnavailable(FedoraPackagesError):
    """Redis does not answer.  Readers ask upstream and store nothing; the worker waits and tries again."""


class FillInProgress(FedoraPackagesError):
    """Another thread or process fills the entry and did not finish within the time given.  Show what is known."""


class SearchUnavailable(FedoraPackagesError):
    """The search index is missing or damaged.  Build it with ``fedora-packages-index``."""


class IndexLocked(FedoraPackagesError):
    """Another process holds the search index open for writing.  Stop it: the index has one writer."""
