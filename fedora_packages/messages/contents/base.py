"""What a family of messages is, and the bounded fields that its details are made of.

A message is untrusted, and its details are kept for long.  So every field has one type and a bound; a field that is missing or of
another type is left out, and the sentence is shorter.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from fedora_packages.messages import text
from fedora_packages.messages.body import named

#: Characters of a field that is a name, and of one that a person has written.
MAX_NAME, MAX_TEXT = 128, 200

#: Builds kept of one update, and the exclusive upper bound of an integer.
MAX_BUILDS = 5
MAX_ID = 1 << 53

#: Messages on a page of datagrepper, which gives no more.
MAX_ROWS = 100


class Links(Protocol):
    """The URLs that sentences need; the caller passes the links of its pages."""

    def build(self, build_id: int) -> str: ...

    def update(self, alias: str) -> str: ...

    def bug(self, number: int) -> str: ...

    def commits(self, package: str, branch: str) -> str: ...

    def commit(self, package: str, branch: str, commit: str) -> str: ...

    def maintainer(self, name: str) -> str: ...


@dataclass(frozen=True)
class Part:
    """A part of a sentence, and the URL that it links to, if any."""

    text: str
    address: str | None = None


#: A sentence without its full stop: its parts, those without a URL as strings; or a string if there is no other part.
Sentence = str | tuple[str | Part, ...]


class Documents(Enum):
    """Which of the packages that a message names get their document in the search index written again."""

    NONE = "none"
    ALL = "all"
    KNOWN = "those that the index has"
    NEW = "those that the index does not have"


def no_names(topic: str, body: Mapping[str, Any]) -> Iterable[Any]:
    """Return no names."""
    return ()


def no_details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return no details."""
    return {}


def something_changed(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return the sentence of a message that is not described any further."""
    return "Something changed"


@dataclass(frozen=True)
class Family:
    """One family of messages.  All functions are pure, and none fails for a body of any shape.

    * ``kind`` names the family in its details.
    * ``topics``: patterns of topics, without prefix and environment; ``*`` matches any string.
    * ``sources``, ``binaries``, ``external_ids``: (topic, body) -> candidates for the packages and upstream ids that a message
      names.  The caller drops candidates that cannot be names.
    * ``details``: (topic, body, source package) -> the fields worth keeping, without ``kind``; None stands for a missing one.
    * ``sentence``: (topic, details, source package, links) -> a `Sentence`.  It says less if details are missing, and never
      nothing.
    * ``documents``: which of the named packages get their document in the search index written again.
    * ``is_listed``: whether the messages are on timelines; None: if a query listens to them.
    * ``believed``: (topic, body) -> the only part of a body that anything may keep or read, for messages that anybody can send
      (``is_public``).  None of other messages, whose publishers the bus knows.
    * ``proves_repository``: only a package with a repository in dist-git can cause the message.
    * ``rows``: messages on a page of datagrepper; fewer where bodies are large.
    """

    kind: str
    topics: tuple[str, ...]
    sources: Callable[[str, Mapping[str, Any]], Iterable[Any]] = no_names
    binaries: Callable[[str, Mapping[str, Any]], Iterable[Any]] = no_names
    external_ids: Callable[[str, Mapping[str, Any]], Iterable[int]] = no_names
    details: Callable[[str, Mapping[str, Any], str], Mapping[str, Any]] = no_details
    sentence: Callable[[str, Mapping[str, Any], str, Links], Sentence] = something_changed
    documents: Documents = Documents.NONE
    is_listed: bool | None = None
    believed: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] | None = None
    proves_repository: bool = False
    rows: int = MAX_ROWS

    @property
    def is_public(self) -> bool:
        """Whether anybody can send such a message: it is a reason to look, and no text of it is shown."""
        return self.believed is not None


def line(value: Any, limit: int = MAX_NAME) -> str | None:
    """Return the first line of a string, cleaned and of at most ``limit`` characters; None for any other value.

    A longer line ends in an ellipsis.
    """
    if not isinstance(value, str):
        return None
    first = text.line(value[: 4 * limit].strip().partition("\n")[0]).strip()
    return (first if len(first) <= limit else f"{first[: limit - 1]}…") or None


def integer(value: Any, minimum: int = 0) -> int | None:
    """Return an integer from ``minimum`` to below `MAX_ID`; None for any other value."""
    return value if isinstance(value, int) and not isinstance(value, bool) and minimum <= value < MAX_ID else None


def account(value: Any) -> str | None:
    """Return the name of an account, which is a string or an object with a ``name``."""
    return line(named(value))


def by(details: Mapping[str, Any]) -> str:
    """Return the end of a sentence that says who did it, if that is known."""
    return f" by {details['who']}" if "who" in details else ""
