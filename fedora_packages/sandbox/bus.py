"""The bus: messages go through fedmsg to one zmq endpoint, and into the archive.

fedmsg's own socket would listen on all addresses of the machine, so the socket is opened here, on the loopback address, and
passed to fedmsg.  A zmq publisher never waits for subscribers, so that publishing needs no thread.
"""

import copy
import json
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

from fedora_packages.sandbox.archive import Archive

TOPIC_PREFIX = "org.fedoraproject"
ENVIRONMENT = "dev"

ENDPOINT = re.compile(r"tcp://(127\.0\.0\.1):([0-9]{1,5})")

#: A complete topic: it starts with a reversed domain name.
WHOLE_TOPIC = re.compile(r"(org|io|com|net)\.[a-z0-9-]+\..+")

#: The maximum number of unread messages of a subscriber; zmq drops the others.
HIGH_WATER_MARK = 100_000


class BusError(Exception):
    """The endpoint cannot be used; the message has the reason."""


class Bus:
    """A publisher with the archive of its messages.  Subscribers connect to ``endpoint``."""

    def __init__(self, endpoint: str | None = None):
        # These two take half a second to import; the commands for a running sandbox need neither.
        import fedmsg.core
        import zmq

        self.archive = Archive()
        self._foreign: Counter[str] = Counter()
        self._keep_back = 0
        self._archive_kept_back = False
        self._share, self._dice, self._is_lost = 0.0, random.Random(0), False
        self._held: list[list[bytes]] | None = None
        self._context = fedmsg.core.FedMsgContext(
            name="sandbox", io_threads=1, active=False, mute=True, environment=ENVIRONMENT, topic_prefix=TOPIC_PREFIX,
            sign_messages=False, zmq_enabled=True, endpoints={}, post_init_sleep=0,
        )  # fmt: skip
        self._socket = self._context.context.socket(zmq.PUB)
        self._socket.setsockopt(zmq.LINGER, 500)
        self._socket.setsockopt(zmq.SNDHWM, HIGH_WATER_MARK)
        self.endpoint = self._bind(endpoint, zmq.ZMQError)
        # fedmsg sends through this attribute; this object can withhold a message.
        self._context.publisher = self

    def _bind(self, endpoint: str | None, failed: type[Exception]) -> str:
        if endpoint is None:
            return f"tcp://127.0.0.1:{self._socket.bind_to_random_port('tcp://127.0.0.1')}"
        if not ENDPOINT.fullmatch(endpoint):
            self.close()
            raise BusError(f"invalid endpoint {endpoint!r}; use tcp://127.0.0.1:PORT")
        try:
            self._socket.bind(endpoint)
        except failed as error:
            self.close()
            raise BusError(f"cannot use the endpoint {endpoint}: {error}") from error
        return endpoint

    def close(self) -> None:
        """Close the socket; messages in transit have half a second to leave."""
        self._socket.close()
        self._context.context.term()

    def keep_back(self, count: int, archive: bool) -> None:
        """Withhold the next ``count`` messages from the bus; with ``archive``, datagrepper still gets them."""
        self._keep_back, self._archive_kept_back = count, archive

    def lose(self, share: float) -> None:
        """Lose a share (0 to 1) of all messages from now on, for the bus and for datagrepper."""
        self._share = share

    def hold(self, is_held: bool) -> int:
        """Hold messages, or send all held ones at once; returns their number."""
        held = self._held or []
        self._held = held if is_held else None
        if not is_held:
            for frames in held:
                self._socket.send_multipart(frames)
        return len(held)

    def send_multipart(self, frames: list[bytes], flags: int = 0) -> None:
        """Send a message's frames, unless it is withheld or held.  fedmsg calls this."""
        if self._keep_back:
            self._keep_back -= 1
            return
        is_lost, self._is_lost = self._is_lost, False
        if is_lost:
            return
        if self._held is not None:
            self._held.append(frames)
            return
        self._socket.send_multipart(frames, flags=flags)

    def publish(self, topic: str, body: Any) -> dict[str, str]:
        """Publish a message; returns its ``msg_id`` and its complete topic.

        ``topic`` starts with the name of the application (``bodhi.update.comment``), or is complete already.
        """
        came: list[dict[str, Any]] = []
        if WHOLE_TOPIC.fullmatch(topic) and not topic.startswith(f"{TOPIC_PREFIX}."):
            came.append(self._publish_foreign(topic, body))
        else:
            application, _, rest = topic.partition(".")
            self._context.publish(
                modname=application,
                topic=rest,
                msg=copy.deepcopy(body),
                pre_fire_hook=lambda envelope: came.append(self._note(envelope)),
            )
        return {"msg_id": came[0]["msg_id"], "topic": came[0]["topic"]}

    def publish_raw(self, topic: str, text: str) -> dict[str, str]:
        """Send any string in place of a message; the archive does not get it."""
        self.send_multipart([topic.encode(), text.encode()])
        return {"msg_id": "", "topic": topic}

    def _publish_foreign(self, topic: str, body: Any) -> dict[str, Any]:
        # Another publisher, with a counter of its own.
        publisher = ".".join(topic.split(".")[:3])
        self._foreign[publisher] += 1
        envelope = {
            "topic": topic,
            "msg": body,
            "timestamp": int(time.time()),
            "msg_id": f"{time.gmtime().tm_year}-{uuid.uuid4()}",
            "i": self._foreign[publisher],
            "username": "sandbox",
        }
        self._note(envelope)
        self.send_multipart([topic.encode(), json.dumps(envelope).encode()])
        return envelope

    def _note(self, envelope: dict[str, Any]) -> Mapping[str, Any]:
        # Do not publish the account that runs the sandbox.
        envelope["username"] = "sandbox"
        self._is_lost = self._dice.random() < self._share
        if not self._is_lost and (not self._keep_back or self._archive_kept_back):
            self.archive.add(copy.deepcopy(envelope), time.time())
        return envelope
