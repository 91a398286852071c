"""Events: messages of either bus in one form.

A message is untrusted: `parse` refuses what is not a message, and what an event names is read field by field.  What each kind of
message names is in ``contents/table.py``; which queries a topic affects is beside the queries.
"""

import hashlib
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from fedora_packages.errors import MessageNotUnderstood
from fedora_packages.messages.body import dig
from fedora_packages.messages.contents.base import Family
from fedora_packages.messages.contents.table import details_of, family_of
from fedora_packages.rpm.nvr import is_package_name

#: Bytes of a message as it comes from the bus.  mdapi's old form had 25 MB; no valid one is larger.
MAX_MESSAGE_BYTES = 32 << 20

#: Names read from one message: more than Fedora has packages.
MAX_NAMES = 200_000

#: Characters of a message's id.
MAX_ID_LENGTH = 200

#: What an id of a message that anybody can send must look like: another one is a text of theirs, and pages show ids.
_PLAIN_ID = re.compile(r"[0-9a-fA-F-]{1,60}")

#: Keys of a body that is an envelope itself, which is how the hub passes messages to consumers.
_WRAPPED = frozenset({"topic", "msg"})

#: Some versions of fedora-messaging have put the prefix before a topic that had it already.
_TOPIC = re.compile(
    r"(?P<prefix>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*?\.(?:prod|stg|dev))\.(?:(?P=prefix)\.)?(?P<rest>[!-~]{1,500})"
)


@dataclass(frozen=True)
class Event:
    """One message of either bus, or a change that a sweep has found, in the form of the message that announces it.

    ``topic`` follows the environment (``"buildsys.tag"``), ``prefix`` ends with it (``"org.fedoraproject.prod"``).  ``sent`` is
    UTC in seconds since 1970, ``body`` the message proper.  ``swept`` is when the sweep found it; None for a message.
    """

    prefix: str
    topic: str
    id: str
    sent: float
    body: Mapping[str, Any]
    swept: float | None = None

    @property
    def family(self) -> Family:
        """The family of its topic."""
        return family_of(self.topic)

    @cached_property
    def source_packages(self) -> tuple[str, ...]:
        """The source packages that the message names, each once, in order of appearance.  They need not exist."""
        return self._names(self.family.sources(self.topic, self.body))

    @cached_property
    def binary_packages(self) -> tuple[str, ...]:
        """The binary packages that the message names; mdapi's messages mix them with names of capabilities."""
        return self._names(self.family.binaries(self.topic, self.body))

    @cached_property
    def external_ids(self) -> tuple[int, ...]:
        """The upstream's ids in a message that names no package, such as those of Anitya's projects."""
        return tuple(dict.fromkeys(self.family.external_ids(self.topic, self.body)))

    def cause(self) -> dict[str, Any]:
        """Return the event as a stamp has it: ``{"id", "topic", "sent"}``, and ``"swept"`` if a sweep has found it."""
        cause = {"id": self.id, "topic": self.topic, "sent": self.sent}
        return cause if self.swept is None else {**cause, "swept": self.swept}

    def details(self, package: str) -> dict[str, Any]:
        """Return the details for the timeline of a source package; see `details_of`."""
        return details_of(self.topic, self.body, package)

    def _names(self, candidates: Iterable[Any]) -> tuple[str, ...]:
        names = dict.fromkeys(name for name in candidates if is_package_name(name))
        if len(names) > MAX_NAMES:
            raise MessageNotUnderstood(
                f"message {self.id} ({self.topic}) names {len(names)} packages; at most {MAX_NAMES} are read"
            )
        return tuple(names)


def parse(message: Any, received: float | None = None) -> Event:
    """Return the event of a message in any of its envelopes.

    Those are classic fedmsg (``{"topic", "msg", "timestamp", "msg_id"}``, which the hub passes to consumers below ``"body"``)
    and fedora-messaging (``{"topic", "body", "id", "headers": {"sent-at"}}``).  A message without an id gets one made from its
    content.  One without a timestamp, or with one in the future, counts as sent when it was ``received``.

    Of a message that anybody can send, the event has only what its family believes.  Raises `MessageNotUnderstood`, which shows
    no part of a body: that can have credentials.
    """
    received = time.time() if received is None else received
    envelope = _envelope(message)
    if envelope is None:
        raise MessageNotUnderstood(f"expected a message as an object, found {type(message).__name__}")
    body = envelope["msg"] if "msg" in envelope else envelope.get("body")
    identity = _id(envelope) or _generated_id(envelope)
    topic = envelope.get("topic")
    match = _TOPIC.fullmatch(topic) if isinstance(topic, str) else None
    if match is None:
        raise MessageNotUnderstood(
            f"message {identity} has the topic {topic!r:.200}; expected PREFIX.ENVIRONMENT.NAME, such as "
            "org.fedoraproject.prod.buildsys.tag"
        )
    if not isinstance(body, Mapping):
        raise MessageNotUnderstood(
            f"message {identity} ({topic}) has a body of type {type(body).__name__}; expected an object"
        )
    topic, family = match["rest"], family_of(match["rest"])
    if family.believed is not None:
        body = family.believed(topic, body)
        identity = identity if _PLAIN_ID.fullmatch(identity) else _generated_id(envelope)
    return Event(match["prefix"], topic, identity, min(_sent(envelope, received), received), body)


def label(message: Any) -> str:
    """Return topic and id of a message, for logs, or its type if it has none: its body can have credentials."""
    envelope = _envelope(message)
    if envelope is None:
        return f"a message of type {type(message).__name__}"
    return f"message {_id(envelope)} ({envelope.get('topic')!r:.200})"


def _envelope(message: Any) -> Mapping[str, Any] | None:
    """Return the envelope of a message; None if it is not an object."""
    if not isinstance(message, Mapping):
        return None
    inner = message.get("body")
    return inner if isinstance(inner, Mapping) and inner.keys() >= _WRAPPED else message


def _id(envelope: Mapping[str, Any]) -> str | None:
    return next((envelope[key] for key in ("msg_id", "id", "message_id") if _is_id(envelope.get(key))), None)


def _is_id(value: Any) -> bool:
    # A lone surrogate could not be stored.
    return isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH and value.isprintable()


def _generated_id(envelope: Mapping[str, Any]) -> str:
    content = json.dumps(envelope, sort_keys=True, default=str, skipkeys=True).encode("utf-8", "replace")
    return "made-up-" + hashlib.sha256(content).hexdigest()[:24]


def _sent(envelope: Mapping[str, Any], received: float) -> float:
    timestamp = envelope.get("timestamp")
    if timestamp is None:
        timestamp = dig(envelope, "headers", "sent-at")
    if isinstance(timestamp, str):
        try:
            date = datetime.fromisoformat(timestamp)
        except ValueError:
            return received
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    if isinstance(timestamp, int | float) and not isinstance(timestamp, bool) and 0 < timestamp < 1e11:
        return float(timestamp)
    return received
