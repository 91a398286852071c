"""The bus: messages go out through fedmsg on one zmq endpoint, and into the archive.

fedmsg alone would listen on all addresses of the machine; the socket is therefore made here, on the loopback address, and given
to fedmsg.  A zmq publisher never waits for who listens, so publishing is done in place.
"""

import copy
import json
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

#: A topic that is whole already: it starts with the name of a domain, reversed.
WHOLE_TOPIC = re.compile(r"(org|io|com|net)\.[a-z0-9-]+\..+")

#: Messages that no one has read are dropped beyond this many, for each who listens.
HIGH_WATER_MARK = 100_000


class BusError(Exception):
    """The endpoint cannot be used; the message says why."""


class Bus:
    """A publisher and what it published.  ``endpoint`` is where to connect to; close() ends it."""

    def __init__(self, endpoint: str | None = None):
        # These two take half a second to import, and the commands that ask a running sandbox need neither.
        import fedmsg.core
        import zmq

        self.archive = Archive()
        self._foreign: Counter[str] = Counter()
        self._keep_back = 0
        self._archive_kept_back = False
        self._held: list[list[bytes]] | None = None
        self._context = fedmsg.core.FedMsgContext(
            name="sandbox", io_threads=1, active=False, mute=True, environment=ENVIRONMENT, topic_prefix=TOPIC_PREFIX,
            sign_messages=False, zmq_enabled=True, endpoints={}, post_init_sleep=0,
        )  # fmt: skip
        self._socket = self._context.context.socket(zmq.PUB)
        self._socket.setsockopt(zmq.LINGER, 500)
        self._socket.setsockopt(zmq.SNDHWM, HIGH_WATER_MARK)
        self.endpoint = self._bind(endpoint, zmq.ZMQError)
        # fedmsg sends through whatever stands here: ourselves, so that a message can be kept back.
        self._context.publisher = self

    def _bind(self, endpoint: str | None, failed: type[Exception]) -> str:
        if endpoint is None:
            return f"tcp://127.0.0.1:{self._socket.bind_to_random_port('tcp://127.0.0.1')}"
        if not ENDPOINT.fullmatch(endpoint):
            self.close()
            raise BusError(f"{endpoint!r} is no endpoint: tcp://127.0.0.1:PORT is expected")
        try:
            self._socket.bind(endpoint)
        except failed as error:
            self.close()
            raise BusError(f"the endpoint {endpoint} cannot be used: {error}") from error
        return endpoint

    def close(self) -> None:
        """Stop publishing.  What is on its way has half a second to leave."""
        self._socket.close()
        self._context.context.term()

    def keep_back(self, count: int, archive: bool) -> None:
        """Keep the next ``count`` messages from the bus; ``archive``: datagrepper has them none the less."""
        self._keep_back, self._archive_kept_back = count, archive

    def hold(self, is_held: bool) -> int:
        """Have messages wait, or let those that wait leave all at once; returns how many wait or have left."""
        held = self._held or []
        self._held = held if is_held else None
        if not is_held:
            for frames in held:
                self._socket.send_multipart(frames)
        return len(held)

    def send_multipart(self, frames: list[bytes], flags: int = 0) -> None:
        """Send a message's frames, unless it is to be kept back (called by fedmsg)."""
        if self._keep_back:
            self._keep_back -= 1
            return
        if self._held is not None:
            self._held.append(frames)
            return
        self._socket.send_multipart(frames, flags=flags)

    def publish(self, topic: str, body: Any) -> dict[str, str]:
        """Publish a message; returns its ``msg_id`` and its whole topic.

        ``topic`` begins with the name of the application (``bodhi.update.comment``), or is whole already.
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
        """Send any text in the place of a message.  The archive, which holds messages, does not get it."""
        self.send_multipart([topic.encode(), text.encode()])
        return {"msg_id": "", "topic": topic}

    def _publish_foreign(self, topic: str, body: Any) -> dict[str, Any]:
        # Another publisher, who counts for himself.
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
        # The account that runs the sandbox is nobody's business.
        envelope["username"] = "sandbox"
        if not self._keep_back or self._archive_kept_back:
            self.archive.add(copy.deepcopy(envelope), time.time())
        return envelope
